//! Profiles that are in use.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use callsieve::lint::{Rule, Severity, architectures, lint};
use callsieve::profile::Engine;

use super::common::shared_data;
use super::{of, options, shown};

/// What `generate` makes has nothing but notes.
#[test]
fn our_own_profiles_are_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let mut options = options();
        options.engines = Engine::ALL.to_vec();
        options.host.native = *architectures(&bytes)
            .iter()
            .find(|arch| arch.is_64_bit())
            .unwrap_or(&callsieve::arch::Arch::X86_64);
        let report = lint(&bytes, &options);
        assert_eq!(report.not_checked, Vec::<String>::new());
        for finding in &report.findings {
            // Docker's own rule on `socket` is carried over as it is.
            let docker_s = finding.rule == Rule::UpperHalf;
            assert!(
                docker_s || finding.severity == Severity::Note,
                "{}: {}",
                path.display(),
                shown(finding)
            );
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

/// Docker's default is made for Docker: for it there is nothing to say but of values that its
/// rules on `socket` let through, and what containerd makes of it is the reason for CS016.
#[test]
fn dockers_default() {
    let Some(path) = shared_data("docker-default/29.4.3.json") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let mut docker = options();
    docker.engines = vec![Engine::Docker];
    let report = lint(&bytes, &docker);
    let rules: BTreeSet<Rule> = report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.rule)
        .collect();
    assert_eq!(rules, BTreeSet::from([Rule::UpperHalf]));
    let mut containerd = options();
    containerd.engines = vec![Engine::Containerd];
    let report = lint(&bytes, &containerd);
    let notes: Vec<&str> = of(&report, Rule::ConditionWidens)
        .iter()
        .flat_map(|finding| finding.notes.iter().map(String::as_str))
        .collect();
    let opened = notes.join(" ");
    // Measured with runc and crun on this file.
    for name in ["clone3", "bpf", "open_by_handle_at"] {
        assert!(opened.contains(&format!("`{name}`")), "{opened}");
    }
}

/// Podman's default for Podman.
#[test]
fn podmans_default() {
    let Some(path) = shared_data("other-defaults/containers-common.json") else {
        return;
    };
    let bytes = fs::read(path).unwrap();
    let mut options = options();
    options.engines = vec![Engine::Podman, Engine::CriO];
    let report = lint(&bytes, &options);
    let rules: BTreeSet<Rule> = report
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.rule)
        .collect();
    assert!(!rules.contains(&Rule::ConditionWidens), "{rules:?}");
    assert_eq!(report.count(Severity::Error), 0, "{rules:?}");
}
