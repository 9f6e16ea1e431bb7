//! Exceptions of a configuration file, looked at beside a profile that was made with them.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::config::{self, Date, Kind};
use callsieve::event::Tally;
use callsieve::ingest::{Source, read_strace};
use callsieve::lint::Report;
use callsieve::profile::build::{Base, DefaultAction, Options, build};
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::floor::RuntimeFloor;
use callsieve::recording::{Recording, RunBuilder};
use callsieve::syscalls::SyscallName;

const LOG: &[u8] = b"execve(\"/bin/true\", [\"true\"], 0x7ffd /* 1 var */) = 0\n\
    fsync(3) = 0\naccept4(3, NULL, NULL, 0) = 4\nexit_group(0) = ?\n+++ exited with 0 +++\n";

/// What is found on the first of January 2027.
pub(crate) fn report(bytes: &[u8]) -> Report {
    let config = config::read(bytes).unwrap();
    let mut run = RunBuilder::new("strace", vec!["log".to_owned()]);
    let source = Source {
        name: "log".to_owned(),
        pid: None,
        reader: Box::new(LOG),
    };
    let told = Some(callsieve::arch::Arch::X86_64);
    let tally: Tally = read_strace(std::iter::once(source), told, &mut run, &mut |_| {}).unwrap();
    let recording = Recording::of(run.finish(tally));
    let named = |kind: Kind, beyond: bool| -> BTreeMap<SyscallName, String> {
        let of = config.exceptions.iter();
        let of = of.filter(|it| it.kind == kind && it.beyond_base == beyond);
        of.flat_map(|it| it.names.iter().map(|name| (name.clone(), it.why())))
            .collect()
    };
    let host = crate::options().host;
    let options = Options {
        arches: BTreeSet::new(),
        base: Some(Base {
            name: "docker-default".to_owned(),
            profile: docker_default(DockerRelease::NEWEST),
        }),
        capabilities: host.capabilities,
        kernel: host.kernel,
        floor: RuntimeFloor::BOTH,
        recorded_floor: BTreeMap::new(),
        no_new_privileges: false,
        allow: named(Kind::Allow, true),
        also: named(Kind::Allow, false),
        deny: named(Kind::Deny, false),
        keep: None,
        default: DefaultAction::Errno,
        observed_arguments: false,
    };
    let generated = build(&recording, &options).unwrap();
    let today: Date = "2027-01-01".parse().unwrap();
    Report {
        findings: config::findings(&config, today, &[(0, &generated)]),
        ..Report::default()
    }
}
