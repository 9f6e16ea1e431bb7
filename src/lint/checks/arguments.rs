//! Conditions on arguments.

use super::Input;
use crate::arch::Arch;
use crate::lint::Rule;
use crate::lint::file::{Arg, Entry};
use crate::lint::finding::{Draft, Findings};
use crate::lint::fix;
use crate::lint::meaning::{Answers, always_holds};
use crate::profile::{Action, ArgIndex, Profile, Test};

/// Arguments of which the kernel uses 32 bits, and that profiles look at: `SYSCALL_DEFINE` of each
/// in Linux 6.18. (`clone` takes the low half of its flags and none of the high one.)
const WORDS: &[(&str, &[u8])] = &[
    ("accept4", &[3]),
    ("fcntl", &[1]),
    ("fcntl64", &[1]),
    ("ioctl", &[1]),
    ("kcmp", &[2]),
    ("madvise", &[2]),
    ("personality", &[0]),
    ("prctl", &[0]),
    ("setns", &[1]),
    ("socket", &[0, 1, 2]),
    ("socketpair", &[0, 1, 2]),
];

/// How many values of rules are tried. More are no list of a person.
const MOST: usize = 64;

/// What is added to a value that the kernel does not see.
const ABOVE: u64 = 1 << 32;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    for entry in &input.file.entries {
        for arg in &entry.args {
            values(input, arg, findings);
        }
        twice(input, entry, findings);
    }
    upper_half(input, findings);
}

fn values(input: &Input<'_, '_>, arg: &Arg, findings: &mut Findings<'_, '_>) {
    let test = arg.condition.test;
    match (test, &arg.value_two) {
        (Test::MaskedEqual { mask, expected }, _) if expected & !mask != 0 => {
            let message = format!("{expected:#x} has bits outside the mask {mask:#x}");
            findings.add(
                Draft::new(Rule::OutsideMask, &arg.range, message)
                    .note(format!(
                        "it holds where the bits are {:#x}",
                        expected & mask
                    ))
                    .help("`value` is the mask, `valueTwo` what must be left of the argument"),
            );
        }
        (Test::MaskedEqual { .. }, _) | (_, None) => {}
        (_, Some(two)) if two.value != 0 => {
            let message = "only `SCMP_CMP_MASKED_EQ` looks at `valueTwo`";
            let draft = Draft::new(Rule::ValueTwoUnused, &two.range, message);
            findings.add(match fix::without(input.file.text, &two.range) {
                Some(edit) => draft.fix("take it out", vec![edit]),
                None => draft,
            });
        }
        (_, Some(_)) => {}
    }
    let always = match test {
        Test::GreaterOrEqual(0)
        | Test::LessOrEqual(u64::MAX)
        | Test::MaskedEqual { mask: 0, .. } => Some(true),
        Test::Less(0) | Test::Greater(u64::MAX) => Some(false),
        Test::NotEqual(_)
        | Test::Less(_)
        | Test::LessOrEqual(_)
        | Test::Equal(_)
        | Test::GreaterOrEqual(_)
        | Test::Greater(_)
        | Test::MaskedEqual { .. } => None,
    };
    if let Some(always) = always {
        let what = if always { "always" } else { "never" };
        let message = format!("`{}` {what} holds", arg.condition);
        findings.add(Draft::new(Rule::ConstantCondition, &arg.range, message));
    }
}

fn twice(input: &Input<'_, '_>, entry: &Entry<'_>, findings: &mut Findings<'_, '_>) {
    let mut seen = [false; ArgIndex::COUNT];
    for arg in &entry.args {
        let Some(seen) = seen.get_mut(usize::from(arg.index.get())) else {
            continue;
        };
        if !*seen {
            *seen = true;
            continue;
        }
        let message = format!(
            "a second condition on argument {}: either is enough",
            arg.index.get()
        );
        let conditions: Vec<_> = entry.args.iter().map(|arg| arg.condition).collect();
        let draft = Draft::new(Rule::ArgumentTwice, &arg.range, message).help(
            "a range can't be said in one rule; rules of their own say that either is enough",
        );
        findings.add(if always_holds(&conditions, input.options.host.native) {
            draft.note("together they hold for every call")
        } else {
            draft
        });
        // One finding says it of the rule.
        return;
    }
}

/// Rules that a value gets around which the kernel takes for the one that is refused.
fn upper_half(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let native = input.options.host.native;
    if !native.is_64_bit() || native == Arch::X32 {
        return;
    }
    for reading in &input.readings {
        let Some(engine) = reading.engines.first() else {
            continue;
        };
        let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
        let words = WORDS
            .iter()
            .flat_map(|(name, indices)| indices.iter().map(move |index| (*name, *index)));
        for (name, index) in words {
            if let Some((value, low, high)) =
                around(&answers, native, &reading.profile, name, index)
            {
                let Some(entry) = rule_about(input, name, index) else {
                    continue;
                };
                let message = format!(
                    "`{name}` with argument {index} = {value:#x} is answered {low}, with \
                     {:#x} {high}; the kernel takes both for {value:#x}",
                    value | ABOVE
                );
                findings.add(
                    Draft::new(Rule::UpperHalf, &entry.range, message)
                        .of(&reading.engines)
                        .help(
                            "positive rules for the values that are meant, or \
                             `SCMP_CMP_MASKED_EQ` with the mask 4294967295",
                        ),
                );
            }
        }
    }
}

/// The last rule that looks at the argument: one that lets values through.
fn rule_about<'f, 't>(input: &Input<'f, 't>, name: &str, index: u8) -> Option<&'f Entry<'t>> {
    input.file.entries.iter().rev().find(|entry| {
        entry.known().any(|known| known == name)
            && entry.args.iter().any(|arg| arg.index.get() == index)
    })
}

/// A value that gets farther with a bit above its 32, of those near the values in the rules.
fn around(
    answers: &Answers<'_>,
    native: Arch,
    profile: &Profile,
    name: &str,
    index: u8,
) -> Option<(u64, Action, Action)> {
    if !answers.has(name) || !answers.depends(name) {
        return None;
    }
    let rules = profile
        .rules
        .iter()
        .filter(|rule| rule.names.iter().any(|known| known.as_str() == name));
    let values = rules
        .flat_map(|rule| &rule.conditions)
        .filter(|condition| condition.arg.get() == index)
        .map(|condition| match condition.test {
            Test::NotEqual(value)
            | Test::Less(value)
            | Test::LessOrEqual(value)
            | Test::Equal(value)
            | Test::GreaterOrEqual(value)
            | Test::Greater(value)
            | Test::MaskedEqual {
                expected: value, ..
            } => value,
        });
    let near = values
        .take(MOST)
        .flat_map(|value| [value, value.wrapping_add(1), value.wrapping_sub(1)])
        .filter(|value| *value < ABOVE);
    for value in near {
        let ask = |value: u64| {
            let mut args = [0; 6];
            if let Some(arg) = args.get_mut(usize::from(index)) {
                *arg = value;
            }
            answers.answer(native, name, &args)
        };
        let (low, high) = (ask(value), ask(value | ABOVE));
        if high.reach() > low.reach() {
            return Some((value, low, high));
        }
    }
    None
}
