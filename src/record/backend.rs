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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Programs can be loaded into the kernel, and processes have the kernel's numbers.
    pub(crate) ebpf: bool,
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
            ebpf: super::ebpf::may_load().is_ok() && super::ebpf::numbers_are_the_kernels(),
        }
    }
}

impl Host {
    /// Whether programs can be loaded into its kernel, as far as can be told without trying.
    pub const fn takes_programs(&self) -> bool {
        self.ebpf
    }
}

/// Chooses.
pub fn choose(session: &Session, host: &Host) -> Result<Choice, RecordError> {
    let launched = matches!(session.target, Target::Command(_));
    if session.under.is_some() {
        return under(session, *host);
    }
    if session.wish == Wish::Ebpf {
        let choice = ebpf(session, "asked for")?;
        super::ebpf::may_load()?;
        return Ok(choice);
    }
    if session.wish == Wish::Auto
        && host.ebpf
        && matches!(session.target, Target::Process { follow: true, .. })
    {
        let why = "a process that runs is counted in the kernel, and never stopped for it";
        return ebpf(session, why);
    }
    if session.wish == Wish::Notify {
        check_notify(session, *host)?;
        let waking = if host.sync_wake_up {
            ""
        } else {
            "; slower than from Linux 6.6 on"
        };
        return Ok(Choice {
            backend: Backend::Notify,
            reason: format!("asked for{waking}"),
            no_new_privileges: !host.administrator,
            launched,
        });
    }
    if let Some(reason) = begin_and_end(session, *host) {
        return Ok(Choice {
            backend: Backend::Ptrace(Stops::BeginAndEnd),
            reason: reason.to_owned(),
            no_new_privileges: false,
            launched,
        });
    }
    let (backend, reason) = if session.wish == Wish::Auto
        && !session.known.calls.is_empty()
        && !session.known.filters_itself()
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
    Ok(Choice {
        backend,
        reason: reason.to_owned(),
        no_new_privileges: !host.administrator,
        launched,
    })
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
    Ok(Choice {
        backend: Backend::Ebpf,
        reason: reason.to_owned(),
        no_new_privileges: false,
        launched: matches!(session.target, Target::Command(_)),
    })
}

/// To run a program under a filter takes a tracer, who answers in the filter's place.
fn under(session: &Session, host: Host) -> Result<Choice, RecordError> {
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
        no_new_privileges: !host.administrator,
        launched: true,
    })
}

fn check_notify(session: &Session, host: Host) -> Result<(), RecordError> {
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
    Ok(())
}

/// Why there is no filter, if there is none.
fn begin_and_end(session: &Session, host: Host) -> Option<&'static str> {
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
mod tests {
    use super::*;
    use crate::record::{Command, Known};
    use crate::sys::Tid;

    const HOST: Host = Host {
        administrator: false,
        tracer: false,
        trace_action: true,
        notify: true,
        sync_wake_up: true,
        ebpf: false,
    };

    fn session(wish: Wish) -> Session {
        Session {
            target: Target::Command(Command {
                candidates: vec!["/bin/true".into()],
                arguments: Vec::new(),
            }),
            wish,
            results: false,
            kill_on_exit: false,
            label: String::new(),
            labels: std::collections::BTreeMap::new(),
            known: Known::default(),
            under: None,
        }
    }

    fn name(session: &Session, host: Host) -> Result<&'static str, RecordError> {
        choose(session, &host).map(|choice| choice.backend.name())
    }

    #[test]
    fn choices() {
        let plain = session(Wish::Auto);
        assert_eq!(name(&plain, HOST).unwrap(), "ptrace+seccomp");
        assert!(choose(&plain, &HOST).unwrap().no_new_privileges);
        let old = Host {
            trace_action: false,
            notify: false,
            ..HOST
        };
        assert_eq!(name(&plain, old).unwrap(), "ptrace");
        let results = Session {
            results: true,
            ..session(Wish::Auto)
        };
        assert_eq!(name(&results, HOST).unwrap(), "ptrace");
        let process = Session {
            target: Target::Process {
                pid: Tid(1),
                follow: true,
            },
            ..session(Wish::Auto)
        };
        assert_eq!(name(&process, HOST).unwrap(), "ptrace");
        let kernel = Host { ebpf: true, ..HOST };
        assert_eq!(name(&process, kernel).unwrap(), "ebpf");
        assert_eq!(name(&plain, kernel).unwrap(), "ptrace+seccomp");
        let mut known = session(Wish::Auto);
        known.known.add(crate::arch::Arch::X86_64, "read");
        assert_eq!(name(&known, HOST).unwrap(), "notify");
        let slow = Host {
            sync_wake_up: false,
            ..HOST
        };
        assert_eq!(name(&known, slow).unwrap(), "ptrace+seccomp");
        known.known.add(crate::arch::Arch::X86_64, "seccomp");
        assert_eq!(name(&known, HOST).unwrap(), "ptrace+seccomp");
        known.known = Known::default();
        known.known.add(crate::arch::Arch::X86_64, "read");
        known.wish = Wish::Ptrace;
        assert_eq!(name(&known, HOST).unwrap(), "ptrace+seccomp");
    }

    #[test]
    fn under_a_profile_there_is_a_tracer() {
        let program = crate::bpf::Program::new(
            vec![crate::bpf::Instruction {
                code: 0x06,
                jump_true: 0,
                jump_false: 0,
                value: crate::bpf::RET_ALLOW,
            }],
            crate::bpf::Endian::native(),
        );
        let under = |wish| Session {
            under: Some(crate::record::Under {
                program: program.clone().unwrap(),
                name: "web.json".to_owned(),
                mode: crate::record::Mode::Enforce,
                everything: false,
            }),
            ..session(wish)
        };
        assert_eq!(name(&under(Wish::Auto), HOST).unwrap(), "ptrace+seccomp");
        let results = Session {
            results: true,
            ..under(Wish::Auto)
        };
        assert_eq!(name(&results, HOST).unwrap(), "ptrace+seccomp");
        assert!(name(&under(Wish::Notify), HOST).is_err());
        let mut known = under(Wish::Auto);
        known.known.add(crate::arch::Arch::X86_64, "read");
        assert!(name(&known, HOST).is_err());
        let process = Session {
            target: Target::Process {
                pid: Tid(1),
                follow: true,
            },
            ..under(Wish::Auto)
        };
        assert!(name(&process, HOST).is_err());
        let old = Host {
            trace_action: false,
            ..HOST
        };
        assert!(name(&under(Wish::Auto), old).is_err());
    }

    #[test]
    fn notifications_where_they_can_be() {
        let asked = session(Wish::Notify);
        assert_eq!(name(&asked, HOST).unwrap(), "notify");
        let old = Host {
            notify: false,
            ..HOST
        };
        assert!(name(&asked, old).is_err());
        for wrong in [
            Session {
                results: true,
                ..session(Wish::Notify)
            },
            Session {
                target: Target::Process {
                    pid: Tid(1),
                    follow: true,
                },
                ..session(Wish::Notify)
            },
        ] {
            assert!(name(&wrong, HOST).is_err());
        }
    }
}
