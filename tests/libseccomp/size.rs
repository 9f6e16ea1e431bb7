//! Size and cost of compiled filters beside those of libseccomp; docs/filter-size.md.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use callsieve::arch::Arch;
use callsieve::bpf::Endian;
use callsieve::enforce::compile;
use callsieve::profile::diff::{CallId, Change, Difference};
use callsieve::profile::eval::Meaning;
use callsieve::profile::program::ProgramPolicy;
use callsieve::profile::{
    Capability, DockerRelease, Engine, Host, Libseccomp, Profile, View, docker_default,
};
use callsieve::syscalls::{SyscallName, table};
use expect_test::expect_file;

use crate::oracle::Oracle;
use crate::view;

#[test]
fn filters_are_small_and_quick() {
    let Some(mut oracle) = Oracle::start() else {
        return;
    };
    let host = Host {
        native: Arch::X86_64,
        capabilities: Capability::docker_default().collect(),
        kernel: "6.18".parse().unwrap(),
    };
    let mut profiles = vec![(
        "Docker's default, 29.7.2".to_owned(),
        docker_default(DockerRelease::NEWEST).resolve(&host),
    )];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .collect();
    samples.sort();
    assert!(
        samples.len() > 10,
        "the sample profiles are where they are looked for"
    );
    for path in samples {
        let name = path.file_stem().unwrap();
        let profile = callsieve::formats::docker::read(&fs::read(&path).unwrap()).unwrap();
        profiles.push((name.to_str().unwrap().to_owned(), profile.resolve(&host)));
    }
    let mut rows = String::new();
    for (name, profile) in profiles {
        if !profile
            .architectures
            .iter()
            .all(|arch| arch.natives().any(|it| it == Arch::X86_64))
        {
            continue;
        }
        let meaning = Meaning::new(&profile, &view());
        let ours = compile(&meaning, Endian::Little).unwrap();
        let theirs = oracle.filter(&profile).unwrap();
        let with_stub = compile(&Meaning::new(&profile, &docker()), Endian::Little).unwrap();
        let (ours_cost, theirs_cost) = (ours.cost(), theirs.cost());
        assert!(ours_cost.longest <= theirs_cost.longest, "{name}");
        let same = Difference::of(&meaning, &ProgramPolicy::new(theirs).unwrap()).unwrap();
        // Debian's 2.5.4-1+deb12u1 has `map_shadow_stack`, but not on x32.
        let lacks = |change: &Change| {
            change.arch == Arch::X32
                && change.call == CallId::Name(SyscallName::known("map_shadow_stack"))
        };
        let changes = same.wider.iter().chain(&same.narrower).chain(&same.changed);
        let unlike: Vec<&Change> = changes.filter(|change| !lacks(change)).collect();
        assert!(unlike.is_empty(), "{name}: {unlike:#?}");
        every_allowed_number_is_cached(&profile, &meaning, &ours);
        writeln!(
            rows,
            "| {name} | {} | {} | {} | {} | {} |",
            theirs_cost.instructions,
            theirs_cost.longest,
            ours_cost.instructions,
            ours_cost.longest,
            with_stub.cost().longest,
        )
        .unwrap();
    }
    let head = include_str!("size.md");
    expect_file!["../../docs/filter-size.md"].assert_eq(&format!("{head}{rows}"));
}

const fn docker() -> View {
    View {
        engine: Engine::Docker,
        libseccomp: Libseccomp::V2_5_5,
        native: Arch::X86_64,
    }
}

/// The kernel need not run the filter for a call that is allowed whatever its arguments are.
fn every_allowed_number_is_cached(
    profile: &Profile,
    meaning: &Meaning<'_>,
    program: &callsieve::bpf::Program,
) {
    use callsieve::profile::Action;
    use callsieve::profile::policy::Policy as _;
    for arch in &profile.architectures {
        for (_, number) in table(*arch).iter() {
            let call = meaning.call(*arch, number).unwrap();
            if call.flow.as_constant() == Some(Action::Allow) {
                assert!(program.is_always_allowed(arch.audit_value(), number));
            }
        }
    }
}
