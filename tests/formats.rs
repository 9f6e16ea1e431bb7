//! The JSON of profiles: laws over all profiles and bytes, and the profiles that others publish.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use std::fs;
use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::formats::docker::{detect, read, write};
use callsieve::profile::{
    Action, ArgIndex, Condition, ConditionalProfile, DockerRelease, Profile, Rule, Test,
    docker_default,
};
use callsieve::syscalls::{SyscallName, table};
use common::shared_data;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::KillProcess),
        Just(Action::KillThread),
        Just(Action::Trap),
        any::<u16>().prop_map(Action::Errno),
        Just(Action::Notify),
        any::<u16>().prop_map(Action::Trace),
        Just(Action::Log),
        Just(Action::Allow),
    ]
}

fn any_name() -> impl Strategy<Value = SyscallName> {
    let names: Vec<_> = table(Arch::X86_64).iter().map(|(name, _)| name).collect();
    select(names).prop_map(SyscallName::known)
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let test = prop_oneof![
        any::<u64>().prop_map(Test::NotEqual),
        any::<u64>().prop_map(Test::Less),
        any::<u64>().prop_map(Test::LessOrEqual),
        any::<u64>().prop_map(Test::Equal),
        any::<u64>().prop_map(Test::GreaterOrEqual),
        any::<u64>().prop_map(Test::Greater),
        (any::<u64>(), any::<u64>())
            .prop_map(|(mask, expected)| Test::MaskedEqual { mask, expected }),
    ];
    let arg = (0..6_u8).prop_map(|index| ArgIndex::new(index).unwrap());
    (arg, test).prop_map(|(arg, test)| Condition { arg, test })
}

prop_compose! {
    fn any_rule()(
        names in prop::collection::vec(any_name(), 0..5),
        action in any_action(),
        conditions in prop::collection::vec(any_condition(), 0..4),
        comment in prop::option::of(any::<String>()),
    ) -> Rule {
        Rule { names, action, conditions, comment }
    }
}

prop_compose! {
    fn any_profile()(
        default_action in any_action(),
        architectures in prop::collection::vec(select(Arch::ALL.to_vec()), 0..4),
        rules in prop::collection::vec(any_rule(), 0..6),
        flags in prop::collection::vec(
            select(vec!["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]), 0..2),
    ) -> Profile {
        let flags = flags.into_iter().map(str::to_owned).collect();
        Profile { default_action, architectures, rules, flags }
    }
}

/// What [`write`] says it normalises.
fn normalised(mut profile: Profile) -> Profile {
    fn capped(action: Action) -> Action {
        if let Action::Errno(number) = action {
            Action::Errno(number.min(4094))
        } else {
            action
        }
    }
    profile.default_action = capped(profile.default_action);
    profile.rules.retain(|rule| !rule.names.is_empty());
    for rule in &mut profile.rules {
        rule.action = capped(rule.action);
        rule.names.sort();
        rule.names.dedup();
        rule.comment.take_if(|comment| comment.is_empty());
    }
    profile
}

/// The profile of rules that all apply.
fn flat(profile: ConditionalProfile) -> Profile {
    assert!(profile.arch_map.is_empty());
    let rules = profile.rules.into_iter().map(|rule| {
        assert_eq!(rule.includes, callsieve::profile::Applies::default());
        assert_eq!(rule.excludes, callsieve::profile::Applies::default());
        rule.rule
    });
    Profile {
        rules: rules.collect(),
        default_action: profile.default_action,
        architectures: profile.architectures,
        flags: profile.flags,
    }
}

/// A profile to damage: of the default one what `x86_64` has, with a condition of Docker's.
fn sample() -> Vec<u8> {
    let newest = docker_default(DockerRelease::NEWEST);
    let rules = newest.rules.into_iter().map(|rule| {
        let mut rule = rule.rule;
        let table = table(Arch::X86_64);
        rule.names
            .retain(|name| table.number(name.as_str()).is_some());
        rule.names.truncate(3);
        rule
    });
    let text = write(&Profile {
        default_action: newest.default_action,
        architectures: vec![Arch::X86_64],
        rules: rules.collect(),
        flags: Vec::new(),
    });
    let condition = r#""includes": {"arches": ["s390"], "caps": ["CAP_BPF"], "minKernel": "4.8"}"#;
    let text = text.replacen("\"comment\"", &format!("{condition}, \"comment\""), 1);
    assert!(text.contains(condition));
    assert!(read(text.as_bytes()).is_ok());
    text.into_bytes()
}

proptest! {
    #[test]
    fn what_is_written_is_read(profile in any_profile()) {
        let text = write(&profile);
        prop_assert!(detect(text.as_bytes()));
        prop_assert_eq!(text.lines().last(), Some("}"));
        let back = flat(read(text.as_bytes()).unwrap());
        prop_assert_eq!(&back, &normalised(profile));
        prop_assert_eq!(write(&back), text);
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        answer(&bytes);
    }

    #[test]
    fn any_tokens_have_an_answer(
        tokens in prop::collection::vec(
            select(vec![
                "{", "}", "[", "]", ",", ":", "null", "-1", "1e9", "\"", "\"names\"", "\"action\"",
                "\"SCMP_ACT_ALLOW\"", "\"defaultAction\"", "\"syscalls\"", "\"args\"", "\"read\"",
                "\"includes\"", "\\u0000", "\\",
            ]),
            0..40,
        ),
    ) {
        answer(format!("{{\"defaultAction\":\"SCMP_ACT_ALLOW\",{}", tokens.concat()).as_bytes());
    }

    #[test]
    fn any_damage_has_an_answer(
        damage in prop::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = sample();
        for (at, byte, kind) in damage {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        answer(&bytes);
    }
}

/// An error is one line, and what is taken is taken again.
fn answer(bytes: &[u8]) {
    detect(bytes);
    match read(bytes) {
        Ok(profile) => {
            assert!(detect(bytes));
            assert_eq!(read(bytes), Ok(profile));
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.contains(char::is_control), "{line:?}");
            assert!(line.len() < 2000, "{line:?}");
        }
    }
}

/// The published profiles.
fn published() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["docker-default", "other-defaults"] {
        let entries = shared_data(folder).map(|path| fs::read_dir(path).unwrap());
        for entry in entries.into_iter().flatten() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn published_profiles_are_read() {
    for path in published() {
        let bytes = fs::read(&path).unwrap();
        assert!(detect(&bytes));
        match read(&bytes) {
            Ok(profile) => assert!(profile.rules.len() > 20, "{}", path.display()),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

/// Read from the file, Docker's default is what the library has of its own, name by name.
#[test]
fn published_defaults_are_our_own() {
    let Some(folder) = shared_data("docker-default") else {
        return;
    };
    for release in DockerRelease::known_snapshots() {
        let bytes = fs::read(folder.join(format!("{release}.json"))).unwrap();
        let mut file = read(&bytes).unwrap();
        let mut ours = docker_default(release);
        for profile in [&mut file, &mut ours] {
            for rule in &mut profile.rules {
                rule.rule.names.sort();
                rule.includes.arches.sort();
                rule.excludes.arches.sort();
            }
            // Ours says what the daemon does of it; see `docker_default`.
            profile.arch_map.retain(|(arch, _)| *arch != Arch::Riscv64);
            profile
                .rules
                .retain(|rule| rule.includes.arches != ["riscv64"]);
        }
        assert_eq!(ours, file, "{release}");
    }
}
