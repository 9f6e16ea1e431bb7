//! What a filter refused while a program ran under it.

use std::collections::BTreeMap;
use std::fmt;

use super::{CallId, Errno};
use crate::arch::Arch;
use crate::bpf;

/// How many kinds of refusals are kept of a run; a bound against a program that makes calls up.
pub const MAX_DENIALS: usize = 1_024;
/// How many ways in which processes ended are kept for one kind.
pub const MAX_DENIAL_ENDS: usize = 16;

/// What a filter answers where it does not simply allow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The call fails with this error.
    Errno(Errno),
    /// SIGSYS, which the program may handle.
    Trap,
    /// The thread is killed.
    KillThread,
    /// The process is killed.
    KillProcess,
    /// A listener is asked; where there is none the call fails with ENOSYS.
    Notify,
    /// A tracer is asked; where there is none the call fails with ENOSYS.
    Trace,
    /// The call is carried out and logged.
    Log,
}

impl Answer {
    /// What a filter's return value means; `None` if it allows the call.
    pub fn from_return(value: u32) -> Option<Self> {
        Some(match value & bpf::RET_ACTION {
            bpf::RET_ALLOW => return None,
            bpf::RET_LOG => Self::Log,
            bpf::RET_TRACE => Self::Trace,
            bpf::RET_USER_NOTIF => Self::Notify,
            bpf::RET_ERRNO => {
                let number = u16::try_from(value & bpf::RET_DATA).unwrap_or(u16::MAX);
                Self::Errno(Errno::numbered(number))
            }
            bpf::RET_TRAP => Self::Trap,
            bpf::RET_KILL_THREAD => Self::KillThread,
            // The kernel takes what it does not know for this.
            _ => Self::KillProcess,
        })
    }

    /// Whether the kernel does not carry the call out, with nobody there to be asked.
    pub const fn refuses(&self) -> bool {
        match self {
            Self::Errno(_)
            | Self::Trap
            | Self::KillThread
            | Self::KillProcess
            | Self::Notify
            | Self::Trace => true,
            Self::Log => false,
        }
    }

    /// Whether it may end the program.
    pub const fn kills(&self) -> bool {
        match self {
            Self::Trap | Self::KillThread | Self::KillProcess => true,
            Self::Errno(_) | Self::Notify | Self::Trace | Self::Log => false,
        }
    }

    /// The key in files: the error's name, or a word in lower case.
    pub fn key(&self) -> &str {
        match self {
            Self::Errno(errno) => errno.as_str(),
            Self::Trap => "trap",
            Self::KillThread => "kill-thread",
            Self::KillProcess => "kill-process",
            Self::Notify => "notify",
            Self::Trace => "trace",
            Self::Log => "log",
        }
    }

    /// The answer with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "trap" => Self::Trap,
            "kill-thread" => Self::KillThread,
            "kill-process" => Self::KillProcess,
            "notify" => Self::Notify,
            "trace" => Self::Trace,
            "log" => Self::Log,
            _ => Self::Errno(match key.strip_prefix("errno ") {
                Some(number) => Errno::numbered(number.parse().ok()?),
                None => Errno::named(key)?,
            }),
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// One kind of call that a filter did not simply allow: by one program, with the same values of
/// the arguments that the filter looked at, and the same answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The architecture.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// The arguments that the filter looked at, by position.
    pub args: BTreeMap<u8, u64>,
    /// What the filter answered.
    pub answer: Answer,
    /// The program; empty if it was refused its start.
    pub program: String,
    /// The process that was first.
    pub pid: u32,
    /// How often.
    pub calls: u64,
    /// The first time, in milliseconds since the start.
    pub milliseconds: u64,
    /// How the processes ended that made the call: `exit 1`, `SIGSYS`. One that runs on, or that
    /// was no longer seen, is not there.
    pub ends: BTreeMap<String, DenialEnd>,
}

impl Denial {
    /// Adds what another run has of the same kind.
    pub fn absorb(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        if other.milliseconds < self.milliseconds {
            (self.milliseconds, self.pid) = (other.milliseconds, other.pid);
        }
        for (how, end) in other.ends {
            if let Some(known) = self.ends.get_mut(&how) {
                known.processes = known.processes.saturating_add(end.processes);
                known.milliseconds = known.milliseconds.min(end.milliseconds);
            } else if self.ends.len() < MAX_DENIAL_ENDS {
                self.ends.insert(how, end);
            }
        }
    }
}

/// How processes ended that had a call refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenialEnd {
    /// How many.
    pub processes: u64,
    /// The shortest time from the last such refusal of a process to its end, in milliseconds.
    pub milliseconds: u64,
}

/// The profile that a program ran under, and what that refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnderProfile {
    /// Its name, for people.
    pub profile: String,
    /// Whether calls got its answers. If not they went on and were noted alone.
    pub enforced: bool,
    /// What it did not allow, in the order of first times.
    pub denials: Vec<Denial>,
    /// Calls of further kinds that were not kept, as there are [`MAX_DENIALS`] already.
    pub dropped: u64,
}

impl UnderProfile {
    /// Whether it refused a call, or would have.
    pub fn refused(&self) -> bool {
        self.dropped > 0 || self.denials.iter().any(|denial| denial.answer.refuses())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_filter() {
        assert_eq!(Answer::from_return(bpf::RET_ALLOW), None);
        for (value, key, refuses) in [
            (bpf::RET_ERRNO | 1, "EPERM", true),
            (bpf::RET_ERRNO + 4000, "errno 4000", true),
            (bpf::RET_ERRNO, "errno 0", true),
            (bpf::RET_TRAP | 7, "trap", true),
            (bpf::RET_KILL_THREAD, "kill-thread", true),
            (bpf::RET_KILL_PROCESS, "kill-process", true),
            (0x1234_0000, "kill-process", true),
            (bpf::RET_USER_NOTIF, "notify", true),
            (bpf::RET_TRACE | 9, "trace", true),
            (bpf::RET_LOG, "log", false),
        ] {
            let answer = Answer::from_return(value).unwrap();
            assert_eq!((answer.key(), answer.refuses()), (key, refuses));
            assert_eq!(Answer::from_key(key), Some(answer));
        }
        assert_eq!(Answer::from_key("nonsense"), None);
    }
}
