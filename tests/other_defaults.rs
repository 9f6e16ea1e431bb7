//! The default profiles of Podman and containerd: the one against the file that Podman and CRI-O
//! embed, the other against Docker's, from which it is known how it differs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use callsieve::arch::Arch;
use callsieve::formats;
use callsieve::profile::diff::{CallId, Change, Difference};
use callsieve::profile::{
    Action, Capability, ConditionalProfile, DockerRelease, Host, KernelVersion, containerd_default,
    docker_default, podman_default,
};
use common::shared_data;

/// Architectures, capabilities and kernels of which each matters to some rule.
/// An engine that adds nothing of its own to what libseccomp makes of a profile.
const fn plain(native: Arch) -> callsieve::profile::View {
    callsieve::profile::View {
        engine: callsieve::profile::Engine::Crun,
        libseccomp: callsieve::profile::Libseccomp::NEWEST,
        native,
    }
}

fn hosts() -> Vec<Host> {
    let mut sets: Vec<BTreeSet<Capability>> = vec![
        BTreeSet::new(),
        Capability::docker_default().collect(),
        Capability::all().collect(),
    ];
    sets.extend(Capability::all().map(|one| BTreeSet::from([one])));
    let natives = Arch::ALL
        .into_iter()
        .filter(|arch| arch.docker_name().is_some());
    natives
        .flat_map(|native| {
            sets.iter().flat_map(move |capabilities| {
                [(4, 7), (6, 18)].map(|(major, minor)| Host {
                    native,
                    capabilities: capabilities.clone(),
                    kernel: KernelVersion { major, minor },
                })
            })
        })
        .collect()
}

#[test]
fn podman_s_is_the_published_one() {
    let Some(path) = shared_data("other-defaults/containers-common.json") else {
        return;
    };
    let mut published = formats::docker::read(&fs::read(path).unwrap()).unwrap();
    for rule in &mut published.rules {
        rule.rule.names.sort_unstable();
    }
    let stated = podman_default();
    assert_eq!(stated.rules.len(), published.rules.len());
    for (at, (stated, published)) in stated.rules.iter().zip(&published.rules).enumerate() {
        assert_eq!(stated, published, "rule {at}");
    }
    assert_eq!(stated, published);
}

fn difference(old: &ConditionalProfile, new: &ConditionalProfile, host: &Host) -> Difference {
    let (old, new) = (old.resolve(host), new.resolve(host));
    Difference::between(&old, &new, &plain(host.native)).unwrap()
}

fn names(changes: &[Change]) -> BTreeSet<String> {
    changes
        .iter()
        .map(|change| match &change.call {
            CallId::Name(name) => name.to_string(),
            CallId::AnyOther | CallId::AnyFrom(_) | CallId::WholeArchitecture => {
                panic!("{:?}", change.call)
            }
        })
        .collect()
}

/// What moby and containerd decided apart: who may ask the security modules
/// (moby/moby#50097, containerd/containerd#11906), and `riscv_hwprobe` for one architecture or all.
#[test]
fn containerd_s_is_docker_s_but_for_what_is_known() {
    let lsm = ["lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr"].map(str::to_owned);
    let docker = docker_default(DockerRelease::NEWEST);
    let containerd = containerd_default();
    for host in hosts() {
        // No daemon of these finds what it runs besides: containerd lacks their rows.
        let without_others = matches!(
            host.native,
            Arch::Mips64n32 | Arch::Mipsel64 | Arch::Mipsel64n32
        );
        let mut docker = docker.clone();
        if without_others {
            docker.arch_map.clear();
        }
        let found = difference(&docker, &containerd, &host);
        let admin = host.capabilities.contains(&Capability::SYS_ADMIN);
        let wider = if admin {
            BTreeSet::new()
        } else {
            lsm.iter().cloned().collect()
        };
        assert_eq!(names(&found.wider), wider, "{host:?}");
        assert_eq!(names(&found.narrower), BTreeSet::new(), "{host:?}");
        assert_eq!(names(&found.changed), BTreeSet::new(), "{host:?}");
    }
}

/// The profiles as people meet them: what a plain container gets on `x86_64`.
#[test]
fn plain_containers() {
    let host = Host {
        native: Arch::X86_64,
        capabilities: Capability::docker_default().collect(),
        kernel: KernelVersion {
            major: 6,
            minor: 18,
        },
    };
    let podman = podman_default().resolve(&host);
    let answer = |name: &str, args: [u64; 6]| {
        callsieve::profile::eval::answer(&podman, &plain(Arch::X86_64), Arch::X86_64, name, &args)
            .unwrap()
    };
    assert_eq!(podman.architectures, [Arch::X86_64, Arch::X86, Arch::X32]);
    assert_eq!(answer("clone3", [0; 6]), Action::Allow);
    assert_eq!(answer("bpf", [0; 6]), Action::Errno(1));
    assert_eq!(answer("io_uring_setup", [0; 6]), Action::Errno(38));
    assert_eq!(answer("socket", [40, 1, 0, 0, 0, 0]), Action::Errno(1));
    let containerd = containerd_default().resolve(&host);
    let answer = |name: &str, args: [u64; 6]| {
        callsieve::profile::eval::answer(
            &containerd,
            &plain(Arch::X86_64),
            Arch::X86_64,
            name,
            &args,
        )
        .unwrap()
    };
    assert_eq!(answer("clone3", [0; 6]), Action::Errno(38));
    assert_eq!(
        answer("clone", [0x1000_0000, 0, 0, 0, 0, 0]),
        Action::Errno(1)
    );
    assert_eq!(answer("socket", [38, 5, 0, 0, 0, 0]), Action::Errno(1));
    assert_eq!(answer("socket", [39, 5, 0, 0, 0, 0]), Action::Allow);
}
