//! The table and what is made of it.

use super::*;
use crate::arch::Arch;

fn names(floor: &str, no_new_privileges: bool) -> Vec<&'static str> {
    let floor: RuntimeFloor = floor.parse().unwrap();
    let calls = floor.calls(Arch::X86_64, no_new_privileges);
    calls.map(|(name, _)| name).collect()
}

fn count(floor: &str, no_new_privileges: bool) -> usize {
    names(floor, no_new_privileges).len()
}

/// The sizes measured are 17 and 36 for both, 16 and 31 for runc, 3 and 12 for crun;
/// `sched_yield`, seen once, is added to those of runc.
#[test]
fn sizes_are_those_measured() {
    let sizes = |floor| [count(floor, true), count(floor, false)];
    assert_eq!(sizes("runc+crun"), [18, 37]);
    assert_eq!(sizes("runc"), [17, 32]);
    assert_eq!(sizes("crun"), [3, 12]);
    assert_eq!(sizes("none"), [0, 0]);
}

#[test]
fn versions_have_what_they_need() {
    let has = |floor, name| names(floor, true).contains(&name);
    assert!(!has("runc@1.1.5", "openat2") && !has("runc@1.2.7", "openat2"));
    assert!(has("runc@1.2.8", "openat2") && !has("runc@1.3.2", "openat2"));
    assert!(has("runc@1.3.3", "openat2") && has("runc@2.0.0", "openat2"));
    assert!(has("runc@1.2", "openat2") && has("runc@1.2", "getpid"));
    assert!(!has("crun@1.8.1", "close_range") && has("crun@1.28", "close_range"));
    // Of which nothing is known: all that any needs.
    assert_eq!(names("runc@1.0.2", false), names("runc", false));
    let old: RuntimeFloor = "runc@1.0.2+crun".parse().unwrap();
    assert_eq!(old.unmeasured(), ["runc 1.0.2"]);
}

#[test]
fn exec_and_init_come_when_asked_for() {
    let floor = RuntimeFloor::BOTH;
    let names = |floor: RuntimeFloor, nnp| -> Vec<&str> {
        floor
            .calls(Arch::X86_64, nnp)
            .map(|(name, _)| name)
            .collect()
    };
    let start = names(floor, false);
    let more = |floor| -> Vec<&str> {
        let mut more = names(floor, false);
        more.retain(|name| !start.contains(name));
        more
    };
    assert_eq!(more(floor.with_exec(true)), ["ioctl", "umask"]);
    assert!(more(floor.with_init(true)).contains(&"wait4"));
    // What runc only tries is for no profile.
    assert!(!names(floor.with_exec(true), true).contains(&"fsopen"));
}

#[test]
fn other_architectures_have_their_own_names() {
    let names = |arch| -> Vec<&str> {
        let floor = RuntimeFloor::BOTH.with_init(true);
        floor.calls(arch, false).map(|(name, _)| name).collect()
    };
    let arm64 = names(Arch::Aarch64);
    assert!(arm64.contains(&"readlinkat") && arm64.contains(&"getpgid"));
    assert!(!arm64.contains(&"readlink") && !arm64.contains(&"arch_prctl"));
    assert!(names(Arch::X86).contains(&"setuid32"));
}

#[test]
fn every_row_is_sorted_and_says_each_name_once() {
    for row in rows() {
        for names in [row.required, row.observed, row.flaky, row.tried] {
            assert!(names.is_sorted(), "{row:?}");
        }
        let mut all: Vec<&str> = row.calls().map(|(name, _)| name).collect();
        all.sort_unstable();
        let mut once = all.clone();
        once.dedup();
        assert_eq!(all, once, "{row:?}");
        for name in once {
            assert_eq!(elsewhere::names(name, Arch::X86_64).next(), Some(name));
        }
    }
}

#[test]
fn names_lead_back() {
    for name in [
        "runc",
        "crun",
        "runc+crun",
        "none",
        "runc@1.1.5",
        "runc@1.1.5+crun@1.28",
    ] {
        assert_eq!(name.parse::<RuntimeFloor>().unwrap().to_string(), name);
    }
    let floor: RuntimeFloor = "runc@1.1.5+ds1+crun".parse().unwrap();
    assert_eq!(floor.to_string(), "runc@1.1.5+crun");
    for name in [
        "kata",
        "runc+",
        "+",
        "",
        "runc+runc",
        "runc@x",
        "docker-init",
    ] {
        assert!(name.parse::<RuntimeFloor>().is_err(), "{name}");
    }
}
