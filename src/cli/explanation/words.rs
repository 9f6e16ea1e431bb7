//! Answers and conditions in words.

use callsieve::arch::Arch;
use callsieve::profile::answer::{Answer, Conditional};
use callsieve::profile::{Action, Applies, Condition, Test};
use callsieve::syscalls::{ArgKind, closed_set_arguments, value_symbols};

/// An answer in words: `allow if family is AF_UNIX (0x1); else EPERM`.
pub(crate) fn answer(answer: &Answer, arch: Arch, name: &str) -> String {
    match answer {
        Answer::Conditional(conditional) if !conditional.cases.is_empty() => {
            cases(conditional, arch, name)
        }
        Answer::NotListed => "kill-thread, as the architecture is not listed".to_owned(),
        Answer::Constant(_) | Answer::Conditional(_) | Answer::Listed { .. } => answer.to_string(),
    }
}

fn cases(conditional: &Conditional, arch: Arch, name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for run in conditional.cases.chunk_by(|a, b| a.action == b.action) {
        let cases: Vec<String> = run
            .iter()
            .map(|case| {
                let conditions = case.conditions.iter();
                let words: Vec<String> = conditions.map(|it| condition(it, arch, name)).collect();
                words.join(" and ")
            })
            .collect();
        if let Some(first) = run.first() {
            parts.push(format!("{} if {}", first.action, cases.join(", or ")));
        }
    }
    let merged = if conditional.is_merged {
        " (as libseccomp merges the rules)"
    } else {
        ""
    };
    format!(
        "{}; else {}{merged}",
        parts.join("; "),
        conditional.otherwise
    )
}

/// `family is AF_UNIX (0x1)`, `argument 3 is above 0x2`.
pub(super) fn condition(condition: &Condition, arch: Arch, name: &str) -> String {
    let index = condition.arg.get();
    let kind = kind(arch, name, index);
    let subject = kind.map_or_else(
        || format!("argument {index}"),
        |kind| title(kind).to_owned(),
    );
    let value = |value: u64| spelled(kind, value);
    match condition.test {
        Test::NotEqual(it) => format!("{subject} is not {}", value(it)),
        Test::Less(it) => format!("{subject} is below {}", value(it)),
        Test::LessOrEqual(it) => format!("{subject} is at most {}", value(it)),
        Test::Equal(it) => format!("{subject} is {}", value(it)),
        Test::GreaterOrEqual(it) => format!("{subject} is at least {}", value(it)),
        Test::Greater(it) => format!("{subject} is above {}", value(it)),
        Test::MaskedEqual { mask, expected: 0 } => {
            format!("none of {} is in {subject}", value(mask))
        }
        Test::MaskedEqual { mask, expected } if mask == expected => {
            format!("all of {} is in {subject}", value(mask))
        }
        Test::MaskedEqual { mask, expected } => {
            format!("{} of {} is in {subject}", value(expected), value(mask))
        }
    }
}

/// What is known of an argument.
pub(super) fn kind(arch: Arch, name: &str, index: u8) -> Option<ArgKind> {
    closed_set_arguments(arch, name)
        .iter()
        .find(|(at, _)| *at == index)
        .map(|(_, kind)| *kind)
}

/// What an argument is called in manual pages.
pub(super) const fn title(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::AddressFamily => "family",
        ArgKind::SocketType => "type",
        ArgKind::SocketProtocol => "protocol",
        ArgKind::CloneFlags | ArgKind::MapFlags => "flags",
        ArgKind::Personality => "persona",
        ArgKind::PrctlOption => "option",
        ArgKind::ArchPrctlCode => "code",
        ArgKind::FcntlCommand | ArgKind::BpfCommand => "command",
        ArgKind::Protection => "protection",
        ArgKind::Advice => "advice",
        ArgKind::SocketLevel => "level",
        ArgKind::SocketOption => "option name",
        ArgKind::FutexOperation | ArgKind::SeccompOperation | ArgKind::KeyctlOperation => {
            "operation"
        }
        ArgKind::PtraceRequest | ArgKind::IoctlRequest => "request",
        ArgKind::ShutdownHow => "how",
    }
}

/// A value as a programmer writes it; `None` where that depends on another argument, as a
/// protocol's number does on the family.
pub(super) fn symbols(kind: ArgKind, value: u64) -> Option<String> {
    if matches!(kind, ArgKind::SocketProtocol | ArgKind::SocketOption) {
        None
    } else {
        value_symbols(kind, value)
    }
}

/// `AF_UNIX (0x1)`, or the number alone.
fn spelled(kind: Option<ArgKind>, value: u64) -> String {
    match kind.and_then(|kind| symbols(kind, value)) {
        Some(symbols) => format!("{symbols} ({value:#x})"),
        None => format!("{value:#x}"),
    }
}

/// What a rule says: its action and all that must hold.
pub(crate) fn rule(
    action: Action,
    conditions: &[Condition],
    (includes, excludes): (&Applies, &Applies),
    (arch, name): (Arch, &str),
) -> String {
    let mut text = action.to_string();
    let words: Vec<String> = conditions
        .iter()
        .map(|it| condition(it, arch, name))
        .collect();
    if !words.is_empty() {
        text.push_str(" if ");
        text.push_str(&words.join(" and "));
    }
    for part in [applies(includes, "with"), applies(excludes, "without")] {
        if !part.is_empty() {
            text.push_str(", ");
            text.push_str(&part);
        }
    }
    text
}

/// `with CAP_BPF, on s390x, from Linux 4.8 on`
fn applies(applies: &Applies, with: &str) -> String {
    let with_it = with == "with";
    let mut parts = Vec::new();
    if !applies.capabilities.is_empty() {
        let names: Vec<String> = applies
            .capabilities
            .iter()
            .map(ToString::to_string)
            .collect();
        // All of those that are included, none of those that are excluded.
        let joint = if with_it { " and " } else { " or " };
        parts.push(format!("{with} {}", names.join(joint)));
    }
    if !applies.arches.is_empty() {
        let on = if with_it { "on" } else { "not on" };
        parts.push(format!("{on} {}", applies.arches.join(", ")));
    }
    if let Some(kernel) = applies.min_kernel {
        parts.push(if with_it {
            format!("from Linux {kernel} on")
        } else {
            format!("before Linux {kernel}")
        });
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use callsieve::profile::ArgIndex;

    use super::*;

    #[test]
    fn conditions_in_words() {
        let check = |name: &str, index: u8, test: Test, expected: &str| {
            let arg = ArgIndex::new(index).unwrap();
            let text = condition(&Condition { arg, test }, Arch::X86_64, name);
            assert_eq!(text, expected);
        };
        check("socket", 0, Test::Less(38), "family is below AF_ALG (0x26)");
        check("socket", 3, Test::Equal(7), "argument 3 is 0x7");
        check(
            "clone",
            0,
            Test::MaskedEqual {
                mask: 0x6000_0000,
                expected: 0,
            },
            "none of CLONE_NEWPID|CLONE_NEWNET (0x60000000) is in flags",
        );
        check(
            "mprotect",
            2,
            Test::MaskedEqual {
                mask: 4,
                expected: 4,
            },
            "all of PROT_EXEC (0x4) is in protection",
        );
    }
}
