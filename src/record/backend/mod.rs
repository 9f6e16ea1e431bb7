//! Which way of recording, and why, as a value.

use super::{RecordError, Session, Target};
use crate::bpf::{RET_TRACE, RET_USER_NOTIF};
use crate::sys::programs;
use crate::sys::seccomp;

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// Whatever fits.
    #[default]
    Auto,
    /// ptrace, with or without a filter.
    Ptrace,
    /// Notifications.
    Notify,
    /// Programs in the kernel.
    Ebpf,
}

/// A way of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// ptrace.
    Ptrace(Stops),
    /// seccomp's user notification.
    Notify,
    /// Programs in the kernel.
    Ebpf,
}

/// Where a traced program stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Once a call, by a filter that reports to the tracer.
    Filter,
    /// At the beginning and the end of each call.
    BeginAndEnd,
}

/// A way of recording and why it is that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The way.
    pub backend: Backend,
    /// Why, for people.
    pub reason: String,
    /// Why it is not eBPF, which was to be had as far as could be told without trying.
    pub instead_of_ebpf: Option<String>,
    /// The program gives up for ever what set-user-ID programs could gain, which the kernel
    /// wants before it takes a filter from an unprivileged user.
    pub no_new_privileges: bool,
    /// The program is started by the recorder.
    pub launched: bool,
}

impl Backend {
    /// The name in recordings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ptrace(Stops::Filter) => "ptrace+seccomp",
            Self::Ptrace(Stops::BeginAndEnd) => "ptrace",
            Self::Notify => "notify",
            Self::Ebpf => "ebpf",
        }
    }
}

/// What this machine and user can do.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that have nothing to do with each other"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Filters can be installed without giving up privileges: `CAP_SYS_ADMIN`.
    pub(crate) administrator: bool,
    /// Traced set-user-ID programs keep what they gain: `CAP_SYS_PTRACE`.
    pub(crate) tracer: bool,
    /// The kernel has filters that report to a tracer.
    pub(crate) trace_action: bool,
    /// It has filters that notify, and lets the notified say that a call goes on.
    pub(crate) notify: bool,
    /// It wakes the notified on the same processor.
    pub(crate) sync_wake_up: bool,
    /// Why no programs can be loaded into the kernel that follow what they are told, as far as
    /// can be told without trying.
    pub(crate) no_programs: Option<String>,
    /// Processes have the kernel's numbers.
    pub(crate) same_numbers: bool,
}

impl Host {
    /// That of the calling process.
    pub fn of_this_process() -> Self {
        // include/uapi/linux/capability.h
        const CAP_SYS_PTRACE: u32 = 19;
        const CAP_SYS_ADMIN: u32 = 21;
        /// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`.
        const CONTINUE: (u32, u32) = (5, 5);
        /// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`.
        const SYNC_WAKE_UP: (u32, u32) = (6, 6);
        let capabilities = programs::own_capabilities();
        let kernel = programs::kernel_release();
        Self {
            administrator: capabilities >> CAP_SYS_ADMIN & 1 == 1,
            tracer: capabilities >> CAP_SYS_PTRACE & 1 == 1,
            trace_action: seccomp::knows(RET_TRACE),
            notify: seccomp::knows(RET_USER_NOTIF) && kernel >= CONTINUE,
            sync_wake_up: kernel >= SYNC_WAKE_UP,
            no_programs: super::ebpf::may_follow()
                .err()
                .map(|error| error.in_a_line()),
            same_numbers: super::ebpf::numbers_are_the_kernels(),
        }
    }
}

impl Host {
    /// Whether programs can be loaded into its kernel, as far as can be told without trying.
    pub const fn takes_programs(&self) -> bool {
        self.no_programs.is_none() && self.same_numbers
    }
}

/// The reason for what the user names. What costs more than it has to stands behind a semicolon.
pub const ASKED_FOR: &str = "asked for";

/// Where a recorder that dies could not take the program with it.
const NEEDS_A_TRACER: &str = "it takes a tracer to end the program with the recorder; use ptrace";

/// Chooses.
pub fn choose(session: &Session, host: &Host) -> Result<Choice, RecordError> {
    let launched = matches!(session.target, Target::Command(_));
    if session.under.is_some() {
        return under(session, host);
    }
    if session.wish == Wish::Ebpf {
        let choice = ebpf(session, ASKED_FOR)?;
        super::ebpf::may_load()?;
        return Ok(choice);
    }
    let instead = match in_kernel(session, host) {
        Ok(why) => return ebpf(session, why),
        Err(instead) => instead,
    };
    if session.wish == Wish::Notify {
        check_notify(session, host)?;
        let waking = if host.sync_wake_up {
            ""
        } else {
            "; slower than from Linux 6.6 on"
        };
        return Ok(Choice {
            backend: Backend::Notify,
            reason: format!("{ASKED_FOR}{waking}"),
            instead_of_ebpf: None,
            no_new_privileges: !host.administrator,
            launched,
        });
    }
    let (backend, reason) = if let Some(reason) = begin_and_end(session, host) {
        (Backend::Ptrace(Stops::BeginAndEnd), reason)
    } else if session.wish == Wish::Auto
        && !session.known.calls.is_empty()
        && !session.known.filters_itself()
        && !session.kill_on_exit
        && host.notify
        && host.sync_wake_up
    {
        (Backend::Notify, "most calls are known beforehand")
    } else {
        (
            Backend::Ptrace(Stops::Filter),
            "one stop a call; nothing needs a second one",
        )
    };
    let filtered = backend != Backend::Ptrace(Stops::BeginAndEnd);
    Ok(Choice {
        backend,
        reason: match instead {
            Some(why) => format!("{reason}; {why}"),
            None => reason.to_owned(),
        },
        instead_of_ebpf: None,
        no_new_privileges: filtered && !host.administrator,
        launched,
    })
}

/// Why programs in the kernel fit best where nobody has asked for anything, or why they are
/// not taken if they would.
fn in_kernel(session: &Session, host: &Host) -> Result<&'static str, Option<String>> {
    let why = match session.target {
        // What is known is told to a filter.
        Target::Command(_) if session.known.calls.is_empty() => {
            "calls are counted in the kernel, and nothing is stopped for it"
        }
        Target::Process { follow: true, .. } => {
            "a process that runs is counted in the kernel, and never stopped for it"
        }
        Target::Command(_) | Target::Process { .. } | Target::Container { .. } => return Err(None),
    };
    if session.wish != Wish::Auto {
        return Err(None);
    }
    if session.kill_on_exit {
        return Err(Some(
            "a tracer takes what it traces with it, which eBPF can't".to_owned(),
        ));
    }
    if let Some(why) = &host.no_programs {
        return Err(Some(format!("eBPF can't be had: {why}")));
    }
    if session.target.is_attached() && !host.same_numbers {
        let why = "eBPF can't be had: processes have other numbers here than for the kernel";
        return Err(Some(why.to_owned()));
    }
    Ok(why)
}

/// Programs in the kernel, if they are taken: that is seen when they are loaded.
fn ebpf(session: &Session, reason: &str) -> Result<Choice, RecordError> {
    if !session.known.calls.is_empty() {
        return Err(RecordError::Contradiction(
            "eBPF records known calls at no price; leave `--known` away",
        ));
    }
    if matches!(session.target, Target::Process { follow: false, .. }) {
        return Err(RecordError::Contradiction(
            "eBPF follows what a process starts; attach with ptrace",
        ));
    }
    if session.kill_on_exit {
        return Err(RecordError::Contradiction(NEEDS_A_TRACER));
    }
    Ok(Choice {
        backend: Backend::Ebpf,
        reason: reason.to_owned(),
        instead_of_ebpf: None,
        no_new_privileges: false,
        launched: matches!(session.target, Target::Command(_)),
    })
}

/// To run a program under a filter takes a tracer, who answers in the filter's place.
fn under(session: &Session, host: &Host) -> Result<Choice, RecordError> {
    if matches!(session.wish, Wish::Notify | Wish::Ebpf) {
        return Err(RecordError::Contradiction(
            "what a filter refuses is seen by a tracer only; use ptrace",
        ));
    }
    if matches!(session.target, Target::Process { .. }) {
        return Err(RecordError::Contradiction(
            "a process that runs can't be put under a profile; start it under one",
        ));
    }
    if !session.known.calls.is_empty() {
        return Err(RecordError::Contradiction(
            "under a profile it is the profile that says which calls need no stop",
        ));
    }
    if !crate::sys::ptrace::SETS_REGISTERS {
        return Err(RecordError::NotSupported {
            what: "be made to refuse calls by callsieve on this architecture",
        });
    }
    if !host.trace_action {
        return Err(RecordError::NotSupported {
            what: "ask a tracer what a filter is to answer; Linux 4.8 can",
        });
    }
    Ok(Choice {
        backend: Backend::Ptrace(Stops::Filter),
        reason: if session.results {
            "a tracer answers for the profile, and sees how calls end"
        } else {
            "a tracer answers for the profile"
        }
        .to_owned(),
        instead_of_ebpf: None,
        no_new_privileges: !host.administrator,
        launched: true,
    })
}

fn check_notify(session: &Session, host: &Host) -> Result<(), RecordError> {
    if !host.notify {
        return Err(RecordError::NotSupported {
            what: "let a notified call go on; Linux 5.5 can, where seccomp is not itself forbidden",
        });
    }
    if session.results {
        return Err(RecordError::Contradiction(
            "results are not seen by notifications; record them with ptrace",
        ));
    }
    if session.target.is_attached() {
        return Err(RecordError::Contradiction(
            "a process that runs can't be given a filter; attach with ptrace",
        ));
    }
    if session.kill_on_exit {
        return Err(RecordError::Contradiction(NEEDS_A_TRACER));
    }
    Ok(())
}

/// Why there is no filter, if there is none.
fn begin_and_end(session: &Session, host: &Host) -> Option<&'static str> {
    let command = match &session.target {
        Target::Process { .. } | Target::Container { .. } => {
            return Some("a process that runs can't be given a filter that it could lose again");
        }
        Target::Command(command) => command,
    };
    if session.results {
        return Some("results are seen at the end of a call only");
    }
    if !host.trace_action {
        return Some("this kernel has no filters for tracers");
    }
    let first = command.candidates.iter().find(|path| path.is_file());
    let gives = first.is_some_and(|path| programs::gives_privileges(path));
    (gives && !host.administrator).then_some(
        "the program's file gives privileges, and the filter of an unprivileged user would forbid them for good",
    )
}

#[cfg(test)]
mod tests;
