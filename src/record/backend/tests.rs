//! The choice, for hosts and wishes.

use super::*;
use crate::record::{Command, Known};
use crate::sys::Tid;

const HOST: Host = Host {
    administrator: false,
    tracer: false,
    trace_action: true,
    notify: true,
    sync_wake_up: true,
    no_programs: Some(String::new()),
    same_numbers: true,
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
        draws: false,
    }
}

fn name(session: &Session, host: &Host) -> Result<&'static str, RecordError> {
    choose(session, host).map(|choice| choice.backend.name())
}

fn process(follow: bool) -> Target {
    Target::Process {
        pid: Tid(1),
        follow,
    }
}

fn known(mut session: Session, call: &str) -> Session {
    session.known.add(crate::arch::Arch::X86_64, call);
    session
}

/// This machine, one without filters for tracers, one that wakes slowly, one that takes programs
/// into its kernel, and the same where processes have numbers of their own.
fn hosts() -> [Host; 5] {
    let old = Host {
        trace_action: false,
        notify: false,
        ..HOST
    };
    let slow = Host {
        sync_wake_up: false,
        ..HOST
    };
    let kernel = Host {
        no_programs: None,
        ..HOST
    };
    let apart = Host {
        same_numbers: false,
        ..kernel.clone()
    };
    [HOST, old, slow, kernel, apart]
}

#[test]
fn choices() {
    const F: &str = "ptrace+seccomp";
    const P: &str = "ptrace";
    const N: &str = "notify";
    const E: &str = "ebpf";
    let plain = || session(Wish::Auto);
    let results = Session {
        results: true,
        ..plain()
    };
    let killed = Session {
        kill_on_exit: true,
        ..plain()
    };
    // Whoever is notified takes nothing with it.
    let killed_of_known = known(killed.clone(), "read");
    let of = |target| Session { target, ..plain() };
    let read = |wish| known(session(wish), "read");
    let first = Tid(1);
    let table = [
        (plain(), [F, P, F, E, E]),
        (results, [P, P, P, E, E]),
        (killed, [F, P, F, F, F]),
        (killed_of_known, [F, P, F, F, F]),
        (of(process(true)), [P, P, P, E, P]),
        (of(process(false)), [P; 5]),
        (of(Target::Container { first }), [P; 5]),
        (read(Wish::Auto), [N, P, F, N, N]),
        // Who installs a filter is not notified of.
        (known(plain(), "seccomp"), [F, P, F, F, F]),
        (read(Wish::Ptrace), [F, P, F, F, F]),
        (session(Wish::Ptrace), [F, P, F, F, F]),
        (session(Wish::Notify), [N, "-", N, N, N]),
    ];
    for (session, expected) in table {
        for (host, expected) in hosts().iter().zip(expected) {
            let found = name(&session, host).unwrap_or("-");
            assert_eq!(found, expected, "{session:?} {host:?}");
        }
    }
    let [tracer, .., kernel, _] = hosts();
    assert!(choose(&plain(), &tracer).unwrap().no_new_privileges);
    assert!(!choose(&plain(), &kernel).unwrap().no_new_privileges);
}

/// Which and why, in words.
#[test]
fn why_it_is_not_ebpf() {
    let host = Host {
        no_programs: Some("not permitted to load eBPF programs".to_owned()),
        ..HOST
    };
    let reason = |wish, host: &Host| choose(&session(wish), host).unwrap().reason;
    assert_eq!(
        reason(Wish::Auto, &host),
        "one stop a call; nothing needs a second one; eBPF can't be had: not permitted to load eBPF programs"
    );
    assert_eq!(
        reason(Wish::Ptrace, &host),
        "one stop a call; nothing needs a second one"
    );
    let kernel = Host {
        no_programs: None,
        ..HOST
    };
    assert_eq!(
        reason(Wish::Auto, &kernel),
        "calls are counted in the kernel, and nothing is stopped for it"
    );
}

#[test]
fn the_tracer_of_what_is_to_end_with_it() {
    for wish in [Wish::Ebpf, Wish::Notify, Wish::Auto] {
        let session = Session {
            kill_on_exit: true,
            ..session(wish)
        };
        let kernel = Host {
            no_programs: None,
            ..HOST
        };
        assert_eq!(choose(&session, &kernel).is_err(), wish != Wish::Auto);
    }
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
    assert_eq!(name(&under(Wish::Auto), &HOST).unwrap(), "ptrace+seccomp");
    let results = Session {
        results: true,
        ..under(Wish::Auto)
    };
    assert_eq!(name(&results, &HOST).unwrap(), "ptrace+seccomp");
    assert!(name(&under(Wish::Notify), &HOST).is_err());
    let mut known = under(Wish::Auto);
    known.known.add(crate::arch::Arch::X86_64, "read");
    assert!(name(&known, &HOST).is_err());
    let process = Session {
        target: Target::Process {
            pid: Tid(1),
            follow: true,
        },
        ..under(Wish::Auto)
    };
    assert!(name(&process, &HOST).is_err());
    let old = Host {
        trace_action: false,
        ..HOST
    };
    assert!(name(&under(Wish::Auto), &old).is_err());
}

#[test]
fn notifications_where_they_can_be() {
    let asked = session(Wish::Notify);
    assert_eq!(name(&asked, &HOST).unwrap(), "notify");
    let old = Host {
        notify: false,
        ..HOST
    };
    assert!(name(&asked, &old).is_err());
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
        assert!(name(&wrong, &HOST).is_err());
    }
}
