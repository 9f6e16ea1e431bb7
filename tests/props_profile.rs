//! Laws of the meaning of profiles and of their comparison.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeSet;

use callsieve::arch::Arch;
use callsieve::bpf::{Data, Endian, Instruction, Program};
use callsieve::profile::action::Reach;
use callsieve::profile::decision::Decisions;
use callsieve::profile::diff::{CallId, Change, Difference, Extent, Relation};
use callsieve::profile::eval::{self, Meaning};
use callsieve::profile::policy::Policy as _;
use callsieve::profile::program::follow;
use callsieve::profile::recover::{UnionError, union};
use callsieve::profile::{
    Action, ArgIndex, Condition, Engine, Libseccomp, Profile, Rule, Test, View,
};
use callsieve::syscalls::{SyscallName, table};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const NATIVE: Arch = Arch::X86_64;
/// crun adds nothing of its own to what libseccomp makes of a profile.
const VIEW: View = View {
    engine: Engine::Crun,
    libseccomp: Libseccomp::NEWEST,
    native: NATIVE,
};
const ARCHES: [Arch; 4] = [Arch::Aarch64, Arch::X32, Arch::X86, Arch::X86_64];
const NAMES: [&str; 8] = [
    "accept",
    "clone",
    "ipc",
    "personality",
    "read",
    "semop",
    "socket",
    "socketcall",
];
const LOW: u64 = 0xffff_ffff;

fn action() -> impl Strategy<Value = Action> {
    select(vec![
        Action::Allow,
        Action::Allow,
        Action::Log,
        Action::Notify,
        Action::Trace(1),
        Action::Errno(1),
        Action::Errno(38),
        Action::KillProcess,
        Action::KillThread,
    ])
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => select(vec![0, 1, 2, 3, 5, 7, 8, LOW - 1, LOW, LOW + 1, LOW + 2, 1 << 63, u64::MAX - 1, u64::MAX]),
        1 => any::<u64>(),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    (value(), value(), 0..8).prop_map(|(a, b, kind)| match kind {
        0 => Test::NotEqual(a),
        1 => Test::Less(a),
        2 => Test::LessOrEqual(a),
        3 => Test::Equal(a),
        4 => Test::GreaterOrEqual(a),
        5 => Test::Greater(a),
        6 => Test::MaskedEqual {
            mask: a,
            expected: a & b,
        },
        _ => Test::MaskedEqual {
            mask: a,
            expected: b,
        },
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    (select(vec![0u8, 0, 1, 1, 2, 5]), test()).prop_map(|(arg, test)| Condition {
        arg: ArgIndex::new(arg).unwrap(),
        test,
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    (
        subsequence(NAMES.to_vec(), 1..4),
        action(),
        prop_oneof![1 => Just(Vec::new()).boxed(), 5 => prop::collection::vec(condition(), 1..4).boxed()],
    )
        .prop_map(|(names, action, conditions)| Rule {
            names: names.into_iter().map(|n| SyscallName::new(n).unwrap()).collect(),
            action,
            conditions,
            comment: None,
        })
}

/// A profile that a filter can be made of.
fn profile() -> impl Strategy<Value = Profile> {
    any_profile().prop_filter("two rules contradict each other", loads)
}

fn loads(profile: &Profile) -> bool {
    eval::answer(profile, &VIEW, NATIVE, "read", &[0; 6]).is_ok()
}

/// One rule for a call, so that nothing overlaps and all mean what they say.
fn plain_profile() -> impl Strategy<Value = Profile> {
    let names = ["clone", "personality", "read", "semop", "socketcall"];
    let rules = names.map(|name| {
        rule().prop_map(move |rule| {
            let mut indices = BTreeSet::new();
            Rule {
                names: vec![SyscallName::new(name).unwrap()],
                conditions: rule
                    .conditions
                    .into_iter()
                    .filter(|condition| indices.insert(condition.arg))
                    .collect(),
                ..rule
            }
        })
    });
    (
        action(),
        subsequence(ARCHES.to_vec(), 0..4),
        rules,
        0..6_usize,
    )
        .prop_map(|(default_action, architectures, rules, count)| {
            let mut rules: Vec<Rule> = rules.into_iter().take(count).collect();
            // A call that every architecture has; see `Assembled::numberless`.
            let exit = vec![SyscallName::new("exit").unwrap()];
            let action = if default_action == Action::Allow {
                Action::Log
            } else {
                Action::Allow
            };
            rules.push(Rule::unconditional(exit, action));
            Profile {
                default_action,
                architectures,
                rules,
                flags: Vec::new(),
            }
        })
}

fn any_profile() -> impl Strategy<Value = Profile> {
    (
        action(),
        subsequence(ARCHES.to_vec(), 0..4),
        prop::collection::vec(rule(), 0..7),
    )
        .prop_map(|(default_action, architectures, rules)| Profile {
            default_action,
            architectures,
            rules,
            flags: Vec::new(),
        })
}

/// A profile with one rule more or less, an action or a condition exchanged: closer to another
/// than two that are drawn apart.
fn related() -> impl Strategy<Value = (Profile, Profile)> {
    (
        profile(),
        rule(),
        action(),
        any::<prop::sample::Index>(),
        0..5,
    )
        .prop_map(|(old, rule, action, at, kind)| {
            let mut new = old.clone();
            let len = new.rules.len();
            match kind {
                0 => new.rules.push(rule),
                1 => new.rules.insert(at.index(len + 1), rule),
                2 if len > 0 => drop(new.rules.remove(at.index(len))),
                3 if len > 0 => new.rules[at.index(len)].action = action,
                4 if len > 0 => new.rules[at.index(len)].conditions = rule.conditions,
                _ => new.default_action = action,
            }
            (old, new)
        })
        .prop_filter("two rules contradict each other", |(_, new)| loads(new))
}

fn pair() -> impl Strategy<Value = (Profile, Profile)> {
    prop_oneof![1 => (profile(), profile()), 3 => related()]
}

/// Where answers may change: next to every value of a condition, and masks of them.
fn boundary(profiles: &[&Profile]) -> Vec<u64> {
    let mut points = BTreeSet::from([0, 1, 5, LOW, LOW + 1, u64::MAX]);
    for condition in profiles
        .iter()
        .flat_map(|p| &p.rules)
        .flat_map(|r| &r.conditions)
    {
        let values = match condition.test {
            Test::NotEqual(v)
            | Test::Less(v)
            | Test::LessOrEqual(v)
            | Test::Equal(v)
            | Test::GreaterOrEqual(v)
            | Test::Greater(v) => vec![v],
            Test::MaskedEqual { mask, expected } => {
                vec![expected & mask, expected | !mask, !expected & mask]
            }
        };
        for v in values {
            points.extend([v, v.wrapping_add(1), v.wrapping_sub(1), v ^ (1 << 32)]);
        }
    }
    points.into_iter().collect()
}

/// Arguments made of boundary points and of chance.
fn args() -> impl Strategy<Value = Vec<[(prop::sample::Index, Option<u64>); 6]>> {
    let one = (
        any::<prop::sample::Index>(),
        prop::option::weighted(0.2, any::<u64>()),
    );
    prop::collection::vec(prop::array::uniform6(one), 40)
}

fn place(picks: &[(prop::sample::Index, Option<u64>); 6], points: &[u64]) -> [u64; 6] {
    picks.map(|(at, random)| random.unwrap_or_else(|| *at.get(points)))
}

/// What libseccomp answers, said once more and as plainly as can be.
fn plain(profile: &Profile, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
    if arch != NATIVE && !profile.architectures.contains(&arch) {
        return Action::KillThread;
    }
    let word = if arch == Arch::X86 || arch == Arch::X32 {
        LOW
    } else {
        u64::MAX
    };
    let number = |sub_call: &str| {
        if arch != Arch::X86 {
            return None;
        }
        match (name, sub_call) {
            ("socketcall", "socket") | ("ipc", "semop") => Some(1),
            ("socketcall", "accept") => Some(5),
            _ => None,
        }
    };
    let holds = |c: &Condition, sub_call: Option<u64>| {
        let arg = args[usize::from(c.arg.get())] & word;
        match c.test {
            _ if sub_call.is_some() && c.arg.get() == 0 => true,
            Test::NotEqual(v) => arg != v & word,
            Test::Less(v) => arg < v & word,
            Test::LessOrEqual(v) => arg <= v & word,
            Test::Equal(v) => arg == v & word,
            Test::GreaterOrEqual(v) => arg >= v & word,
            Test::Greater(v) => arg > v & word,
            Test::MaskedEqual { mask, expected } => arg & mask & word == expected & mask & word,
        }
    };
    let passed_on = || {
        profile
            .rules
            .iter()
            .filter(|r| r.action != profile.default_action)
    };
    for rule in passed_on() {
        if rule.conditions.is_empty() && rule.names.iter().any(|n| n.as_str() == name) {
            return rule.action;
        }
    }
    for rule in passed_on() {
        for of in &rule.names {
            let sub_call = number(of.as_str());
            if sub_call.is_none() && of.as_str() != name {
                continue;
            }
            if sub_call.is_some_and(|number| args[0] & word != number) {
                continue;
            }
            let indices: BTreeSet<_> = rule.conditions.iter().map(|c| c.arg).collect();
            let matches = if indices.len() < rule.conditions.len() {
                rule.conditions.iter().any(|c| holds(c, sub_call))
            } else {
                rule.conditions.iter().all(|c| holds(c, sub_call))
            };
            if matches {
                return rule.action;
            }
        }
    }
    profile.default_action
}

/// What the model answers; tests/libseccomp holds it against the library.
fn real(meaning: &Meaning<'_>, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
    meaning.answer(arch, name, args).unwrap()
}

fn union_of_one(profile: &Profile) -> Result<Profile, UnionError> {
    union(&[profile.clone(), profile.clone()], &VIEW)
}

fn between(old: &Profile, new: &Profile) -> Difference {
    Difference::between(old, new, &VIEW).expect("small profiles are never too complex")
}

/// The change about a call or about its whole architecture.
fn find<'d>(changes: &'d [Change], arch: Arch, name: &str) -> Option<&'d Change> {
    changes.iter().find(|change| {
        change.arch == arch
            && match &change.call {
                CallId::Name(call) => call.as_str() == name,
                CallId::WholeArchitecture => true,
                CallId::AnyOther | CallId::AnyFrom(_) => false,
            }
    })
}

fn mirrored(mut difference: Difference) -> Difference {
    std::mem::swap(&mut difference.wider, &mut difference.narrower);
    let changes = difference
        .wider
        .iter_mut()
        .chain(&mut difference.narrower)
        .chain(&mut difference.changed);
    for change in changes {
        std::mem::swap(&mut change.old, &mut change.new);
        std::mem::swap(&mut change.old_because, &mut change.new_because);
        if let Some(witness) = &mut change.witness {
            std::mem::swap(&mut witness.old, &mut witness.new);
        }
    }
    difference
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rules_that_do_not_overlap_mean_what_they_say(profile in plain_profile(), picks in args()) {
        let points = boundary(&[&profile]);
        let meaning = Meaning::new(&profile, &VIEW);
        for arch in ARCHES {
            for name in NAMES {
                if table(arch).number(name).is_none() {
                    continue;
                }
                for picks in &picks {
                    let args = place(picks, &points);
                    let expected = plain(&profile, arch, name, &args);
                    prop_assert_eq!(meaning.answer(arch, name, &args).unwrap(), expected, "{} {}", arch, name);
                }
            }
        }
    }

    #[test]
    fn decisions_are_exact(profile in profile(), picks in args()) {
        let points = boundary(&[&profile]);
        let meaning = Meaning::new(&profile, &VIEW);
        let mut decisions = Decisions::new();
        for arch in ARCHES {
            for name in NAMES {
                let Some(number) = table(arch).number(name) else { continue };
                let call = meaning.call(arch, number).unwrap();
                let root = decisions.of_flow(&call.flow).unwrap();
                let mut seen = BTreeSet::new();
                for picks in &picks {
                    let args = place(picks, &points);
                    let expected = call.flow.answer(&args);
                    prop_assert_eq!(meaning.answer(arch, name, &args).unwrap(), expected);
                    prop_assert_eq!(decisions.answer(root, &args), Some(expected));
                    seen.insert(expected);
                }
                let all = decisions.answers(root).unwrap();
                prop_assert!(seen.is_subset(&all));
                prop_assert_eq!(decisions.as_constant(root).is_some(), all.len() == 1);
                for wanted in all {
                    let args = decisions.witness(root, root, |a, _| a == wanted).unwrap().unwrap();
                    prop_assert_eq!(call.flow.answer(&args), wanted);
                }
                // What is read back from a decision says the same.
                if let Ok((cases, otherwise)) = decisions.cases(root, None, matches!(arch, Arch::X86 | Arch::X32)) {
                    for picks in &picks {
                        let args = place(picks, &points);
                        let word = if matches!(arch, Arch::X86 | Arch::X32) { LOW } else { u64::MAX };
                        let holds = |c: &Condition| c.test.holds(args[usize::from(c.arg.get())] & word);
                        let mut matching = cases.iter().filter(|case| case.conditions.iter().all(holds));
                        let read = matching.next().map_or(otherwise, |case| case.action);
                        prop_assert_eq!(Some(read), decisions.answer(root, &args), "{:?}", cases);
                        prop_assert_eq!(matching.next(), None, "cases overlap");
                    }
                }
            }
        }
    }

    /// No arguments that are smaller show it, at least none of those that are tried.
    #[test]
    fn witnesses_are_the_smallest(profile in profile(), picks in args()) {
        let points = boundary(&[&profile]);
        let meaning = Meaning::new(&profile, &VIEW);
        let mut decisions = Decisions::new();
        for name in NAMES {
            let Some(number) = table(NATIVE).number(name) else { continue };
            let root = decisions.of_flow(&meaning.call(NATIVE, number).unwrap().flow).unwrap();
            for picks in &picks {
                let args = place(picks, &points);
                let wanted = meaning.answer(NATIVE, name, &args).unwrap();
                let least = decisions.witness(root, root, |a, _| a == wanted).unwrap().unwrap();
                prop_assert!(least <= args);
            }
        }
    }

    #[test]
    fn a_profile_does_not_differ_from_itself(profile in profile()) {
        let difference = between(&profile, &profile);
        prop_assert_eq!(difference.relation, Relation::Equal);
        prop_assert!(difference.is_identical());
        let permitted: usize = difference.arches.values().map(|a| a.old_permitted).sum();
        prop_assert_eq!(difference.unchanged(), permitted);
    }

    /// The union permits what either does, and everything that permits what both do permits what
    /// the union does.
    #[test]
    fn the_union_is_the_least_upper_bound((a, b) in (plain_profile(), plain_profile()), c in plain_profile()) {
        let Ok(union) = union(&[a.clone(), b.clone()], &VIEW) else { return Ok(()) };
        let is_at_most = |less: &Profile, more: &Profile| between(more, less).wider.is_empty();
        prop_assert!(is_at_most(&a, &union) && is_at_most(&b, &union));
        if is_at_most(&a, &c) && is_at_most(&b, &c) {
            prop_assert!(is_at_most(&union, &c));
        }
        let meanings = [Meaning::new(&a, &VIEW), Meaning::new(&b, &VIEW)];
        let together = Meaning::new(&union, &VIEW);
        for arch in ARCHES {
            for (_, number) in table(arch).iter().step_by(7) {
                for args in [[0; 6], [1; 6], [LOW; 6], [u64::MAX; 6]] {
                    let reach = |m: &Meaning<'_>| m.answer_number(arch, number, &args).unwrap().reach();
                    let most = meanings.iter().map(reach).max().unwrap();
                    prop_assert_eq!(reach(&together), most);
                }
            }
        }
        if let Ok(same) = union_of_one(&a) {
            prop_assert_eq!(between(&a, &same).relation, Relation::Equal);
        }
    }

    #[test]
    fn the_other_way_round_is_the_mirror_image((old, new) in pair()) {
        let there = between(&old, &new);
        let mut back = mirrored(between(&new, &old));
        prop_assert_eq!(there.unchanged(), back.unchanged());
        let mirrored_relation = match back.relation {
            Relation::Narrower => Relation::Wider,
            Relation::Wider => Relation::Narrower,
            same @ (Relation::Equal | Relation::Incomparable) => same,
        };
        prop_assert_eq!(there.relation, mirrored_relation);
        back.relation = there.relation;
        back.arches.clone_from(&there.arches);
        prop_assert_eq!(there, back);
    }

    #[test]
    fn narrower_is_transitive(a in profile(), cuts in prop::collection::vec(
        (rule(), select(vec![Action::Errno(1), Action::Errno(38), Action::KillProcess])), 2)
    ) {
        let cut = |from: &Profile, (rule, action): &(Rule, Action)| {
            let mut to = from.clone();
            to.rules.insert(0, Rule { action: *action, ..rule.clone() });
            to
        };
        let b = cut(&a, &cuts[0]);
        let c = cut(&b, &cuts[1]);
        prop_assume!(loads(&b) && loads(&c));
        let narrows = |old: &Profile, new: &Profile| between(old, new).wider.is_empty();
        for [x, y, z] in [[&a, &b, &c], [&c, &b, &a], [&b, &a, &c], [&a, &c, &b]] {
            if narrows(x, y) && narrows(y, z) {
                prop_assert!(narrows(x, z));
            }
        }
    }

    #[test]
    fn every_change_is_shown_by_its_witness((old, new) in pair()) {
        let (old_meaning, new_meaning) = (Meaning::new(&old, &VIEW), Meaning::new(&new, &VIEW));
        let difference = between(&old, &new);
        let lists = [
            (&difference.wider, std::cmp::Ordering::Greater),
            (&difference.narrower, std::cmp::Ordering::Less),
            (&difference.changed, std::cmp::Ordering::Equal),
        ];
        for (list, direction) in lists {
            prop_assert!(list.is_sorted_by(|a, b| (a.arch, &a.call) < (b.arch, &b.call)));
            for change in list {
                let CallId::Name(name) = &change.call else { continue };
                let args = change.witness.map_or([7; 6], |witness| witness.args);
                let before = real(&old_meaning, change.arch, name.as_str(), &args);
                let after = real(&new_meaning, change.arch, name.as_str(), &args);
                prop_assert_eq!(after.reach().cmp(&before.reach()), direction);
                prop_assert_ne!(before, after);
                if let Some(witness) = change.witness {
                    prop_assert_eq!((witness.old, witness.new), (before, after));
                }
            }
        }
    }

    #[test]
    fn a_difference_that_chance_finds_is_reported((old, new) in pair(), picks in args()) {
        let (old_meaning, new_meaning) = (Meaning::new(&old, &VIEW), Meaning::new(&new, &VIEW));
        let difference = between(&old, &new);
        let points = boundary(&[&old, &new]);
        // The table of an architecture may lack a call, which then has no effect there.
        for (arch, name) in ARCHES.into_iter().flat_map(|a| NAMES.map(|n| (a, n))) {
            if table(arch).number(name).is_none() {
                continue;
            }
            let listed = |p: &Profile| arch == NATIVE || p.architectures.contains(&arch);
            for picks in &picks {
                let args = place(picks, &points);
                let before = real(&old_meaning, arch, name, &args);
                let after = real(&new_meaning, arch, name, &args);
                let found = |changes: &[Change]| find(changes, arch, name).is_some();
                match after.reach().cmp(&before.reach()) {
                    std::cmp::Ordering::Greater => prop_assert!(found(&difference.wider)),
                    std::cmp::Ordering::Less => prop_assert!(found(&difference.narrower)),
                    std::cmp::Ordering::Equal => prop_assert!(
                        before == after
                            || found(&difference.changed)
                            || found(&difference.wider)
                            || found(&difference.narrower)
                    ),
                }
            }
            if listed(&old) && listed(&new) {
                prop_assert_eq!(
                    difference.wider.iter().any(|c| c.arch == arch && c.call == CallId::AnyOther),
                    new.default_action.reach() > old.default_action.reach()
                );
            }
        }
    }

    #[test]
    fn extent_tells_what_is_newly_reachable((old, new) in pair(), picks in args()) {
        let (old_meaning, new_meaning) = (Meaning::new(&old, &VIEW), Meaning::new(&new, &VIEW));
        let points = boundary(&[&old, &new]);
        for change in between(&old, &new).wider {
            let CallId::Name(name) = &change.call else { continue };
            let witness = change.witness.map_or([0; 6], |w| w.args);
            let reach = real(&new_meaning, change.arch, name.as_str(), &witness).reach();
            if change.extent == Extent::Whole && reach == Reach::Permitted {
                for picks in &picks {
                    let args = place(picks, &points);
                    let before = real(&old_meaning, change.arch, name.as_str(), &args).reach();
                    prop_assert_ne!(before, Reach::Permitted);
                }
            }
        }
    }
}

/// A division by 0 ends a program, whatever is divided, and one by what may be 0 may.
#[test]
fn divisions_of_a_filter() {
    let program = |instructions: &[(u16, u8, u8, u32)]| {
        let instruction = |&(code, jump_true, jump_false, value)| Instruction {
            code,
            jump_true,
            jump_false,
            value,
        };
        let instructions = instructions.iter().map(instruction).collect();
        Program::new(instructions, Endian::Little).unwrap()
    };
    // The lower half of the first argument divided by the index, which is 0.
    let by_zero = [(0x20, 0, 0, 16), (0x3c, 0, 0, 0), (0x06, 0, 0, 0x7fff_0000)];
    let by_zero = program(&by_zero);
    let audit = Arch::X86_64.audit_value();
    let flow = follow(&by_zero, audit, 0).unwrap();
    assert_eq!(flow.as_constant(), Some(Action::KillThread));
    let data = Data {
        number: 0,
        arch: audit,
        instruction_pointer: 0,
        args: [7; 6],
    };
    assert_eq!(by_zero.run(&data), (0, 2));
    // 7 divided by an argument.
    let by_argument = program(&[
        (0x20, 0, 0, 16),
        (0x07, 0, 0, 0),
        (0x00, 0, 0, 7),
        (0x3c, 0, 0, 0),
        (0x06, 0, 0, 0x7fff_0000),
    ]);
    assert!(follow(&by_argument, audit, 0).is_err());
    // By the number of the call it is known.
    let by_number = program(&[
        (0x20, 0, 0, 0),
        (0x07, 0, 0, 0),
        (0x00, 0, 0, 7),
        (0x3c, 0, 0, 0),
        (0x06, 0, 0, 0x7fff_0000),
    ]);
    let constant = |number| follow(&by_number, audit, number).unwrap().as_constant();
    assert_eq!(constant(0), Some(Action::KillThread));
    assert_eq!(constant(1), Some(Action::Allow));
}
