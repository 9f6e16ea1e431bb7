//! Profiles compared: what is listed where, and that hostile profiles end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes them when it updates"
)]

use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::profile::decision::{Decisions, MAX_NODES, TooComplex};
use callsieve::profile::diff::{Answer, CallId, Change, DiffError, Difference, Extent, Relation};
use callsieve::profile::eval::{self, Meaning};
use callsieve::profile::{
    Action, ArgIndex, Condition, Engine, Libseccomp, Profile, Rule, Test, View,
};
use callsieve::syscalls::{SyscallName, table};
use expect_test::{Expect, expect};

const EPERM: Action = Action::Errno(1);

fn names(names: &str) -> Vec<SyscallName> {
    names
        .split(' ')
        .map(|n| SyscallName::new(n).unwrap())
        .collect()
}

fn on(arg: u8, test: Test) -> Condition {
    Condition {
        arg: ArgIndex::new(arg).unwrap(),
        test,
    }
}

fn rule(of: &str, action: Action, conditions: &[Condition]) -> Rule {
    Rule {
        conditions: conditions.to_vec(),
        ..Rule::unconditional(names(of), action)
    }
}

fn profile(architectures: &[Arch], rules: Vec<Rule>) -> Profile {
    Profile {
        default_action: EPERM,
        architectures: architectures.to_vec(),
        rules,
        flags: Vec::new(),
    }
}

/// crun adds nothing of its own to what libseccomp makes of a profile.
const VIEW: View = View {
    engine: Engine::Crun,
    libseccomp: Libseccomp::NEWEST,
    native: Arch::X86_64,
};

fn between(old: &Profile, new: &Profile) -> Difference {
    Difference::between(old, new, &VIEW).unwrap()
}

fn lines(difference: &Difference) -> String {
    let mut text = format!(
        "{:?}, {} unchanged\n",
        difference.relation,
        difference.unchanged()
    );
    let lists = [
        ("wider", &difference.wider),
        ("narrower", &difference.narrower),
        ("changed", &difference.changed),
    ];
    for (title, list) in lists {
        for change in list {
            writeln!(text, "{title} {}", line(change)).unwrap();
        }
    }
    text
}

fn line(change: &Change) -> String {
    let Change {
        arch,
        call,
        old,
        new,
        extent,
        ..
    } = change;
    let shown = change.witness.map_or(String::new(), |w| {
        format!(" at {:x?}: {} -> {}", w.args, w.old, w.new)
    });
    format!("{arch} {call}, {extent:?}: {old} -> {new}{shown}")
}

#[track_caller]
fn check(old: &Profile, new: &Profile, expected: &Expect) {
    expected.assert_eq(&lines(&between(old, new)));
}

#[test]
fn calls_and_arguments() {
    let old = profile(
        &[],
        vec![
            rule("read write lseek ptrace", Action::Allow, &[]),
            rule("socket", Action::Allow, &[]),
            rule("clone", Action::Allow, &[on(0, Test::Equal(17))]),
            rule("kill", Action::Log, &[]),
            rule("clone3", Action::Errno(38), &[]),
        ],
    );
    let new = profile(
        &[],
        vec![
            rule("write read ptrace keyctl kill", Action::Allow, &[]),
            rule(
                "socket",
                Action::Allow,
                &[on(0, Test::LessOrEqual(2)), on(1, Test::Equal(1))],
            ),
            rule(
                "clone",
                Action::Allow,
                &[on(
                    0,
                    Test::MaskedEqual {
                        mask: 0x7e02_0000,
                        expected: 0,
                    },
                )],
            ),
            rule(
                "clone",
                Action::Allow,
                &[on(0, Test::Equal(u64::MAX)), on(1, Test::Greater(4))],
            ),
        ],
    );
    check(
        &old,
        &new,
        &expect![[r#"
        Incomparable, 3 unchanged
        wider x86_64 clone, ByArgument: allow if arg0 == 0x11, else EPERM -> allow if arg0 == 0xffffffffffffffff and arg1 >= 0x5 | arg0 & 0x7e020000 == 0x0, else EPERM at [0, 0, 0, 0, 0, 0]: EPERM -> allow
        wider x86_64 keyctl, Whole: EPERM -> allow
        narrower x86_64 lseek, Whole: allow -> EPERM
        narrower x86_64 socket, ByArgument: allow -> allow if arg0 < 0x3 and arg1 == 0x1, else EPERM at [0, 0, 0, 0, 0, 0]: allow -> EPERM
        changed x86_64 clone3, Whole: ENOSYS -> EPERM
        changed x86_64 kill, Whole: log -> allow
    "#]],
    );
}

#[test]
fn wider_for_some_arguments_and_narrower_for_others() {
    let old = profile(
        &[],
        vec![rule("socket", Action::Allow, &[on(0, Test::Less(0x10))])],
    );
    let new = profile(
        &[],
        vec![rule(
            "socket",
            Action::Allow,
            &[on(0, Test::GreaterOrEqual(0x8))],
        )],
    );
    check(
        &old,
        &new,
        &expect![[r#"
        Incomparable, 0 unchanged
        wider x86_64 socket, ByArgument: allow if arg0 < 0x10, else EPERM -> allow if arg0 >= 0x8, else EPERM at [10, 0, 0, 0, 0, 0]: EPERM -> allow
        narrower x86_64 socket, ByArgument: allow if arg0 < 0x10, else EPERM -> allow if arg0 >= 0x8, else EPERM at [0, 0, 0, 0, 0, 0]: allow -> EPERM
    "#]],
    );
}

#[test]
fn written_differently_is_equal() {
    let old = profile(
        &[],
        vec![rule(
            "socket",
            Action::Allow,
            &[on(0, Test::GreaterOrEqual(1)), on(0, Test::LessOrEqual(2))],
        )],
    );
    let split = profile(
        &[],
        vec![
            rule(
                "socket",
                Action::Allow,
                &[on(
                    0,
                    Test::MaskedEqual {
                        mask: 1,
                        expected: 0,
                    },
                )],
            ),
            rule(
                "socket",
                Action::Allow,
                &[on(
                    0,
                    Test::MaskedEqual {
                        mask: 1,
                        expected: 3,
                    },
                )],
            ),
            rule("socket", EPERM, &[]),
        ],
    );
    let plain = profile(&[Arch::X86_64], vec![rule("socket", Action::Allow, &[])]);
    for new in [&split, &plain] {
        let difference = between(&old, new);
        assert!(difference.is_identical(), "{}", lines(&difference));
        assert_eq!(difference.unchanged(), 1);
    }
}

#[test]
fn architectures_of_one_side_are_one_line() {
    let rules = || vec![rule("read write", Action::Allow, &[])];
    let one = profile(&[Arch::X86_64], rules());
    let two = profile(&[Arch::X86_64, Arch::X86], rules());
    check(
        &one,
        &two,
        &expect![[r#"
        Wider, 2 unchanged
        wider x86 all calls, Whole: not listed: kill-thread -> 2 calls permitted
    "#]],
    );
    check(
        &two,
        &one,
        &expect![[r#"
        Narrower, 2 unchanged
        narrower x86 all calls, Whole: 2 calls permitted -> not listed: kill-thread
    "#]],
    );
    let nothing = profile(&[Arch::Aarch64], vec![]);
    check(
        &profile(&[], vec![]),
        &nothing,
        &expect![[r#"
        Equal, 0 unchanged
        changed aarch64 all calls, Whole: not listed: kill-thread -> 0 calls permitted
    "#]],
    );
    let logging = Profile {
        default_action: Action::Log,
        ..nothing
    };
    let difference = between(&profile(&[], vec![]), &logging);
    assert!(matches!(
        difference.wider[0],
        Change {
            arch: Arch::Aarch64,
            call: CallId::WholeArchitecture,
            ..
        }
    ));
    assert_eq!(difference.relation, Relation::Wider);
}

/// The engine's own architecture is part of the filter even where only others are listed.
#[test]
fn native_is_implied() {
    let unlisted = profile(&[Arch::Aarch64], vec![rule("read", Action::Allow, &[])]);
    let answer = |arch| eval::answer(&unlisted, &VIEW, arch, "read", &[0; 6]).unwrap();
    assert_eq!(answer(Arch::X86_64), Action::Allow);
    assert_eq!(answer(Arch::Aarch64), Action::Allow);
    assert_eq!(answer(Arch::Arm), eval::NOT_LISTED);
    assert_eq!(eval::likely_native(&unlisted), Some(Arch::Aarch64));
    let likely = |list: &[Arch]| eval::likely_native(&profile(list, vec![]));
    assert_eq!(
        likely(&[Arch::X86, Arch::X86_64, Arch::X32]),
        Some(Arch::X86_64)
    );
    assert_eq!(likely(&[Arch::X32]), Some(Arch::X86_64));
    assert_eq!(likely(&[Arch::X86]), Some(Arch::X86));
    assert_eq!(likely(&[Arch::X86_64, Arch::Aarch64]), None);
    assert_eq!(likely(&[]), None);
}

/// As libseccomp 2.5.4 does it: `socket` with a condition on each argument, on x86.
#[test]
fn sub_calls_reach_the_multiplexer() {
    let allowed = profile(
        &[Arch::X86],
        vec![rule(
            "socket",
            Action::Allow,
            &[on(0, Test::Equal(2)), on(1, Test::Equal(7))],
        )],
    );
    let meaning = Meaning::new(&allowed, &VIEW);
    let socketcall = |arch, a, b| {
        meaning
            .answer(arch, "socketcall", &[a, b, 0, 0, 0, 0])
            .unwrap()
    };
    assert_eq!(socketcall(Arch::X86, 1, 7), Action::Allow);
    assert_eq!(socketcall(Arch::X86, 2, 7), EPERM);
    assert_eq!(socketcall(Arch::X86, 1, 8), EPERM);
    assert_eq!(socketcall(Arch::X86_64, 1, 7), EPERM);
    assert!(meaning.names(Arch::X86, "socketcall"));
    assert!(!meaning.names(Arch::X86_64, "socketcall"));
}

/// 32-bit words: libseccomp 2.5.4 compares the low half of the value with that of the argument.
#[test]
fn low_words() {
    let equal = profile(
        &[Arch::X86, Arch::X32],
        vec![rule(
            "read",
            Action::Allow,
            &[on(0, Test::Equal(0x1_0000_0001))],
        )],
    );
    let meaning = Meaning::new(&equal, &VIEW);
    let read = |arch, arg| meaning.answer(arch, "read", &[arg, 0, 0, 0, 0, 0]).unwrap();
    for arch in [Arch::X86, Arch::X32] {
        assert_eq!(read(arch, 1), Action::Allow);
        assert_eq!(read(arch, 2), EPERM);
    }
    assert_eq!(read(Arch::X86_64, 1), EPERM);
    assert_eq!(read(Arch::X86_64, 0x1_0000_0001), Action::Allow);
}

#[test]
fn names_that_no_architecture_has() {
    let old = profile(&[], vec![rule("read syscall_1f4", Action::Allow, &[])]);
    let new = profile(
        &[],
        vec![rule("read", Action::Allow, &[]), rule("nosuch", EPERM, &[])],
    );
    let difference = between(&old, &new);
    assert!(difference.is_identical());
    let unknown: Vec<_> = difference
        .unknown_names
        .iter()
        .map(SyscallName::as_str)
        .collect();
    assert_eq!(unknown, ["nosuch", "syscall_1f4"]);
}

/// What follows from the defaults alone is marked, so that it can be shown as one line.
#[test]
fn default_actions() {
    let old = profile(&[], vec![rule("read", Action::Allow, &[])]);
    let new = Profile {
        default_action: Action::Allow,
        ..old.clone()
    };
    let difference = between(&old, &new);
    assert_eq!(difference.wider.len(), table(Arch::X86_64).len());
    assert!(difference.wider.iter().all(|c| c.by_default));
    assert_eq!(difference.wider.last().unwrap().call, CallId::AnyOther);
    let enosys = Profile {
        default_action: Action::Errno(38),
        ..old.clone()
    };
    let difference = between(&old, &enosys);
    assert_eq!(difference.relation, Relation::Equal);
    assert_eq!(difference.changed.len(), table(Arch::X86_64).len());
    assert!(difference.changed.iter().all(|c| c.extent == Extent::Whole));
}

/// The size and the shape of Docker's default: some 450 names, three architectures, few conditions.
#[test]
fn few_nodes_for_an_ordinary_profile() {
    let all: Vec<&str> = table(Arch::X86_64).iter().map(|(name, _)| name).collect();
    let personality = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff]
        .map(|value| rule("personality", Action::Allow, &[on(0, Test::Equal(value))]));
    let mut rules = vec![Rule::unconditional(
        all.iter()
            .filter(|n| !["personality", "clone", "socket"].contains(n))
            .map(|n| SyscallName::new(n).unwrap())
            .collect(),
        Action::Allow,
    )];
    rules.extend(personality);
    let mask = Test::MaskedEqual {
        mask: 0x7e02_0000,
        expected: 0,
    };
    rules.push(rule("clone", Action::Allow, &[on(0, mask)]));
    rules.push(rule("socket", Action::Allow, &[on(0, Test::NotEqual(40))]));
    let default = profile(&[Arch::X86_64, Arch::X86, Arch::X32], rules);
    let meaning = Meaning::new(&default, &VIEW);
    let mut decisions = Decisions::new();
    for arch in meaning.architectures() {
        for name in &all {
            decisions.build(&meaning.written(*arch, name)).unwrap();
        }
    }
    assert!(decisions.node_count() < 1000, "{}", decisions.node_count());
    let difference = between(&default, &default);
    assert_eq!(difference.arches.len(), 3);
    assert_eq!(difference.arches[&Arch::X86_64].unchanged, all.len());
    let permitted: usize = difference.arches.values().map(|a| a.new_permitted).sum();
    assert_eq!(difference.unchanged(), permitted);
}

/// A sequence of numbers without a pattern that a diagram could use.
fn scattered(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 27)
    })
}

/// More than a filter can hold: the kernel takes 4096 instructions.
#[test]
fn thousands_of_values_are_compared_exactly() {
    let with = |values: Vec<u64>| {
        let rules = values
            .into_iter()
            .map(|value| rule("ioctl", Action::Allow, &[on(1, Test::Equal(value))]))
            .collect();
        profile(&[], rules)
    };
    let values: Vec<u64> = scattered(1).take(4_000).map(|v| v >> 32).collect();
    let backwards: Vec<u64> = values.iter().rev().copied().collect();
    let old = with(values.clone());
    assert!(between(&old, &with(backwards)).is_identical());
    let difference = between(&old, &with(values[1..].to_vec()));
    assert_eq!(difference.relation, Relation::Narrower);
    assert_eq!(
        difference.narrower[0].witness.unwrap().args,
        [0, values[0], 0, 0, 0, 0]
    );
}

#[test]
fn ten_thousand_values_end() {
    let rules = scattered(5)
        .take(10_000)
        .map(|value| rule("ioctl", Action::Allow, &[on(1, Test::Equal(value))]))
        .collect();
    let large = profile(&[], rules);
    match Difference::between(&large, &large, &VIEW) {
        Ok(difference) => assert!(difference.is_identical()),
        Err(error) => assert!(error.to_string().contains("`ioctl` on x86_64"), "{error}"),
    }
}

/// Sums of products over different bits: no order of bits makes the diagram small.
#[test]
fn hostile_masks_end_in_an_error() {
    let rules = scattered(2)
        .zip(scattered(3))
        .take(10_000)
        .map(|(a, b)| {
            let test = |v: u64| Test::MaskedEqual {
                mask: v & (v >> 7),
                expected: v,
            };
            rule("ioctl", Action::Allow, &[on(1, test(a)), on(2, test(b))])
        })
        .collect();
    let hostile = profile(&[], rules);
    let error = Difference::between(&hostile, &hostile, &VIEW).unwrap_err();
    assert!(error.to_string().contains("`ioctl` on x86_64"), "{error}");
    let mut decisions = Decisions::new();
    let meaning = Meaning::new(&hostile, &VIEW);
    assert_eq!(
        decisions.build(&meaning.written(Arch::X86_64, "ioctl")),
        Err(TooComplex)
    );
    assert!(decisions.node_count() <= MAX_NODES);
}

#[test]
fn a_million_names_and_many_conditions_end() {
    let many: Vec<SyscallName> = (0..1_000_000)
        .map(|i| SyscallName::new(&format!("n{i}")).unwrap())
        .collect();
    let all = || {
        table(Arch::X86_64)
            .iter()
            .map(|(name, _)| SyscallName::known(name))
            .collect()
    };
    let conditions: Vec<Condition> = scattered(4)
        .take(5_000)
        .map(|v| on(0, Test::Equal(v & 0xffff)))
        .collect();
    let mut rules = vec![
        Rule::unconditional(many, Action::Allow),
        Rule {
            conditions,
            ..Rule::unconditional(all(), Action::Allow)
        },
    ];
    // Every call gets a set of rules of its own, each with all conditions.
    for (at, (name, _)) in table(Arch::X86_64).iter().enumerate() {
        let value = u64::try_from(at).unwrap() << 20;
        rules.push(rule(name, Action::Log, &[on(3, Test::Equal(value))]));
    }
    let large = profile(&[], rules);
    match Difference::between(&large, &large, &VIEW) {
        Ok(difference) => {
            assert!(difference.is_identical());
            assert_eq!(difference.unknown_names.len(), 1_000_000);
        }
        Err(error) => assert!(error.to_string().contains("on x86_64"), "{error}"),
    }
}

#[test]
fn answers_for_people() {
    assert_eq!(Answer::NotListed.to_string(), "not listed: kill-thread");
    let listed = |permitted, delegated| {
        Answer::Listed {
            permitted,
            delegated,
        }
        .to_string()
    };
    assert_eq!(listed(1, 0), "1 call permitted");
    assert_eq!(listed(0, 2), "0 calls permitted, 2 delegated");
    let error = DiffError::TooComplex {
        arch: Arch::X86,
        call: SyscallName::known("ioctl"),
    };
    assert_eq!(
        error.to_string(),
        "the conditions on arguments of `ioctl` on x86 are too complex to be compared"
    );
}
