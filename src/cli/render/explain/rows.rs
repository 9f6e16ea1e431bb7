//! The lines of an explanation, whatever they are written as.

use std::collections::BTreeMap;

use callsieve::arch::Arch;

use super::recorded;
use crate::cli::explanation::{Explanation, OnArches, Says, USUAL};
use crate::cli::render::pieces::{Line, outside, own};

/// A label and the lines beside it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) lines: Vec<Line>,
}

/// Everything, in the order in which it is shown.
pub(super) fn rows(it: &Explanation, verbose: bool) -> Vec<Row> {
    let mut rows = vec![risk(it)];
    rows.extend(it.profiles.iter().map(profile));
    rows.extend(defaults(it));
    if let Some(recorded) = &it.recorded {
        rows.push(recorded::calls(recorded, verbose));
        rows.extend(recorded::arguments(recorded, verbose));
    }
    rows.push(refused(it));
    rows.push(numbers(it, verbose));
    rows.push(kernel(it, verbose));
    rows
}

pub(super) fn row(label: impl Into<String>, lines: Vec<Line>) -> Row {
    Row {
        label: label.into(),
        lines,
    }
}

fn risk(it: &Explanation) -> Row {
    let risk = &it.risk;
    let mut by = vec![own("by ")];
    for (at, source) in risk.sources.iter().enumerate() {
        if at > 0 {
            by.push(own(", "));
        }
        // A set of systemd begins as a mention of somebody does.
        by.push(outside(source));
    }
    let first = format!("{} {}: {}", risk.class, risk.name, risk.why);
    row("risk", vec![vec![own(first)], by])
}

/// The answers of a profile or a default in one line.
fn in_line(answers: &[OnArches]) -> String {
    match answers {
        [] => "is for no architecture that has the call".to_owned(),
        [one] => one.answer.clone(),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|on| format!("{}: {}", on.architectures.join(", "), on.answer))
                .collect();
            parts.join("; ")
        }
    }
}

fn profile(says: &Says) -> Row {
    let answer = in_line(&says.answers);
    let at = |line: usize| {
        vec![
            own(" ("),
            outside(&format!("{}:{line}", says.name)),
            own(")"),
        ]
    };
    let mut first = vec![own(answer.clone())];
    let mut lines = Vec::new();
    match (says.lines.as_slice(), says.default_line) {
        ([], Some(line)) => {
            first.push(own(", not named"));
            first.extend(at(line));
        }
        ([], None) => first.extend([own(" ("), outside(&says.name), own(")")]),
        ([only], _) if only.rule == answer => first.extend(at(only.line)),
        (several, _) => {
            for line in several {
                lines.push(vec![
                    outside(&format!("{}:{}", says.name, line.line)),
                    own(": "),
                    outside(&line.rule),
                ]);
            }
        }
    }
    lines.insert(0, first);
    row("profile", lines)
}

fn defaults(it: &Explanation) -> Vec<Row> {
    let mut rows = Vec::new();
    for default in &it.defaults {
        let answer = in_line(&default.answers);
        let always = match default.history.as_slice() {
            [only] => format!(", as in all releases since {}", only.first),
            _ => String::new(),
        };
        let mut lines = vec![vec![own(format!("{answer}{always}"))]];
        if default.rules.len() > 1 || default.rules.iter().any(|rule| *rule != answer) {
            let rules = default.rules.iter();
            lines.extend(rules.map(|rule| vec![own(format!("rule: {rule}"))]));
        }
        if default.history.len() > 1 {
            lines.extend(default.history.iter().map(|era| {
                let until = if era.first == era.last {
                    String::new()
                } else {
                    format!(" to {}", era.last)
                };
                vec![own(format!("{}{until}: {}", era.first, era.answer))]
            }));
        }
        let title = match default.engine {
            "docker" => "Docker",
            "podman" => "Podman, CRI-O",
            other => other,
        };
        let label = match &default.version {
            Some(version) => format!("{title} {version}"),
            None => title.to_owned(),
        };
        rows.push(row(label, lines));
    }
    rows
}

fn refused(it: &Explanation) -> Row {
    if it.refused.is_empty() {
        return row(
            "if refused",
            vec![vec![own("not known; `callsieve verify` would show it")]],
        );
    }
    let lines = it.refused.iter().map(|known| {
        let source = known
            .source
            .map_or_else(String::new, |source| format!(" ({source})"));
        let answer = match known.answer {
            "any" => String::new(),
            answer => format!("{answer}: "),
        };
        vec![own(format!("{answer}{}{source}", known.effect))]
    });
    row("if refused", lines.collect())
}

fn numbers(it: &Explanation, verbose: bool) -> Row {
    let usual: Vec<&str> = USUAL.iter().map(|arch: &Arch| arch.name()).collect();
    let mut shown: Vec<String> = usual
        .iter()
        .filter_map(|name| Some(format!("{name} {}", it.architectures.get(name)?.number)))
        .collect();
    let others = it
        .architectures
        .iter()
        .filter(|(name, _)| !usual.contains(name));
    if verbose || shown.is_empty() {
        shown.extend(others.map(|(name, on)| format!("{name} {}", on.number)));
    } else {
        let count = others.count();
        if count > 0 {
            shown.push(format!("{count} more (-v)"));
        }
    }
    row("number", vec![vec![own(shown.join(", "))]])
}

fn kernel(it: &Explanation, verbose: bool) -> Row {
    let Some(first) = &it.since else {
        let text = "no kernel has carried it out: the number is only reserved";
        return row("kernel", vec![vec![own(text)]]);
    };
    let usual: Vec<&str> = USUAL.iter().map(|arch: &Arch| arch.name()).collect();
    let mut later: BTreeMap<(Vec<u32>, &str), Vec<&str>> = BTreeMap::new();
    for (name, on) in &it.architectures {
        if let Some(since) = on.since.as_deref().filter(|since| since != first)
            && (verbose || usual.contains(name))
        {
            // In the order of numbers: 3.10 after 3.7.
            let numbers = since.split('.').filter_map(|part| part.parse().ok());
            let key = (numbers.collect(), since);
            later.entry(key).or_default().push(name);
        }
    }
    let mut text = format!("Linux {first}");
    for ((_, since), names) in later {
        text.push_str(&format_args!("; {}: {since}", names.join(", ")).to_string());
    }
    row("kernel", vec![vec![own(text)]])
}
