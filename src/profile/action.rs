//! What a filter answers.

use std::fmt;

use nix::errno::Errno;

use crate::bpf;

/// The answer to a call. Names and meaning are those of seccomp(2) and of the OCI runtime
/// specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// `SCMP_ACT_KILL_PROCESS`
    KillProcess,
    /// `SCMP_ACT_KILL_THREAD`, of which `SCMP_ACT_KILL` is the older name.
    KillThread,
    /// `SCMP_ACT_TRAP`: SIGSYS.
    Trap,
    /// `SCMP_ACT_ERRNO` with its number.
    Errno(u16),
    /// `SCMP_ACT_NOTIFY`: a listener decides.
    Notify,
    /// `SCMP_ACT_TRACE` with its message: a tracer decides; without one the call gets ENOSYS.
    Trace(u16),
    /// `SCMP_ACT_LOG`: carried out and logged.
    Log,
    /// `SCMP_ACT_ALLOW`
    Allow,
}

/// How far a call gets, from the strictest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// The kernel does not carry it out.
    Refused,
    /// Another process decides.
    Delegated,
    /// The kernel carries it out.
    Permitted,
}

/// `EPERM`, what Docker answers.
pub const EPERM: u16 = 1;
/// `ENOSYS`, what libc takes for "this kernel does not have it".
pub const ENOSYS: u16 = 38;

impl Action {
    /// How far a call gets.
    pub const fn reach(self) -> Reach {
        match self {
            Self::KillProcess | Self::KillThread | Self::Trap | Self::Errno(_) => Reach::Refused,
            Self::Notify | Self::Trace(_) => Reach::Delegated,
            Self::Log | Self::Allow => Reach::Permitted,
        }
    }

    /// What a filter returns for it; include/uapi/linux/seccomp.h.
    pub const fn to_return(self) -> u32 {
        match self {
            Self::KillProcess => bpf::RET_KILL_PROCESS,
            Self::KillThread => bpf::RET_KILL_THREAD,
            Self::Trap => bpf::RET_TRAP,
            Self::Errno(number) => bpf::RET_ERRNO | number as u32,
            Self::Notify => bpf::RET_USER_NOTIF,
            Self::Trace(message) => bpf::RET_TRACE | message as u32,
            Self::Log => bpf::RET_LOG,
            Self::Allow => bpf::RET_ALLOW,
        }
    }

    /// What the kernel does when a filter returns `value`: it kills the process where it knows no
    /// such action (`__seccomp_filter` in kernel/seccomp.c).
    pub const fn from_return(value: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the data are 16 bits")]
        let data = value as u16;
        match value & bpf::RET_ACTION {
            bpf::RET_KILL_THREAD => Self::KillThread,
            bpf::RET_TRAP => Self::Trap,
            bpf::RET_ERRNO => Self::Errno(data),
            bpf::RET_USER_NOTIF => Self::Notify,
            bpf::RET_TRACE => Self::Trace(data),
            bpf::RET_LOG => Self::Log,
            bpf::RET_ALLOW => Self::Allow,
            _ => Self::KillProcess,
        }
    }

    /// The name in a profile.
    pub const fn scmp_name(self) -> &'static str {
        match self {
            Self::KillProcess => "SCMP_ACT_KILL_PROCESS",
            Self::KillThread => "SCMP_ACT_KILL_THREAD",
            Self::Trap => "SCMP_ACT_TRAP",
            Self::Errno(_) => "SCMP_ACT_ERRNO",
            Self::Notify => "SCMP_ACT_NOTIFY",
            Self::Trace(_) => "SCMP_ACT_TRACE",
            Self::Log => "SCMP_ACT_LOG",
            Self::Allow => "SCMP_ACT_ALLOW",
        }
    }

    /// The action called `name` in a profile; `number` is its `errnoRet`, 1 where there is none
    /// (the runtime specification's default, EPERM).
    pub fn from_scmp(name: &str, number: Option<u16>) -> Option<Self> {
        Some(match name {
            "SCMP_ACT_KILL_PROCESS" => Self::KillProcess,
            "SCMP_ACT_KILL_THREAD" | "SCMP_ACT_KILL" => Self::KillThread,
            "SCMP_ACT_TRAP" => Self::Trap,
            "SCMP_ACT_ERRNO" => Self::Errno(number.unwrap_or(EPERM)),
            "SCMP_ACT_NOTIFY" => Self::Notify,
            "SCMP_ACT_TRACE" => Self::Trace(number.unwrap_or(EPERM)),
            "SCMP_ACT_LOG" => Self::Log,
            "SCMP_ACT_ALLOW" => Self::Allow,
            _ => return None,
        })
    }
}

/// For people: `allow`, `EPERM`, `errno 4000`, `kill-process`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillProcess => f.write_str("kill-process"),
            Self::KillThread => f.write_str("kill-thread"),
            Self::Trap => f.write_str("trap"),
            Self::Errno(number) => {
                let name = Errno::from_raw(i32::from(*number));
                if name == Errno::UnknownErrno {
                    write!(f, "errno {number}")
                } else {
                    write!(f, "{name:?}")
                }
            }
            Self::Notify => f.write_str("notify"),
            Self::Trace(message) => write!(f, "trace {message}"),
            Self::Log => f.write_str("log"),
            Self::Allow => f.write_str("allow"),
        }
    }
}
