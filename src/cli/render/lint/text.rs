//! Findings for people, as cargo prints them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use callsieve::lint::{Edit, Finding, Rule, Severity};

use super::{Linted, Target};
use crate::cli::render::wrap::Page;
use crate::cli::render::{counted, safe};

const BOLD: &str = "\x1b[1m";
const BLUE: &str = "\x1b[1;34m";
const PLAIN: &str = "\x1b[0m";

/// How many findings of a rule are printed unless all are asked for: notes, others.
const SHOWN: (usize, usize) = (3, 10);
/// How much of a line is shown, in characters.
const WIDTH: usize = 100;

const fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\x1b[1;31m",
        Severity::Warning => "\x1b[1;33m",
        Severity::Note => "\x1b[1;32m",
    }
}

/// All findings and how many there are.
pub(crate) fn text(linted: &[Linted], target: &Target, page: Page) -> String {
    let verbose = page.verbose;
    let mut text = String::new();
    for file in linted {
        let mut seen: BTreeMap<Rule, usize> = BTreeMap::new();
        let lines: Vec<&str> = file.text.split('\n').collect();
        for finding in &file.report.findings {
            let shown = if finding.severity == Severity::Note {
                SHOWN.0
            } else {
                SHOWN.1
            };
            let count = seen.entry(finding.rule).or_default();
            *count += 1;
            if verbose || *count <= shown {
                text.push_str(&one(finding, &file.place, &lines, (target, page)));
            }
        }
        text.push_str(&folded(file, verbose));
    }
    text + &summary(linted)
}

/// What is not printed in full.
fn folded(file: &Linted, verbose: bool) -> String {
    let mut more: BTreeMap<Rule, usize> = file.report.dropped.clone();
    if !verbose {
        let mut counts: BTreeMap<Rule, (usize, usize)> = BTreeMap::new();
        for finding in &file.report.findings {
            let shown = if finding.severity == Severity::Note {
                SHOWN.0
            } else {
                SHOWN.1
            };
            let (count, most) = counts.entry(finding.rule).or_default();
            (*count, *most) = (*count + 1, shown);
        }
        for (rule, (count, most)) in counts {
            if count > most {
                *more.entry(rule).or_default() += count - most;
            }
        }
    }
    let hint = if verbose { "" } else { " (-v shows more)" };
    let lines = more.into_iter().map(|(rule, count)| {
        let title = rule.info().title;
        format!("{}: {count} more of {rule}: {title}{hint}\n\n", file.place)
    });
    lines.collect()
}

fn one(finding: &Finding, place: &str, lines: &[&str], (target, page): (&Target, Page)) -> String {
    let color = color(finding.severity);
    let (line, column) = (finding.span.start.line, finding.span.start.column);
    let margin = " ".repeat(line.to_string().len());
    let mut text = page.wrapped(&format!(
        "{color}{}[{}]{PLAIN}{BOLD}: {}{PLAIN}\n",
        finding.severity,
        finding.rule,
        safe(&finding.message)
    ));
    // Writing to a string does not fail.
    let _infallible = writeln!(text, "{margin}{BLUE}-->{PLAIN} {place}:{line}:{column}");
    if let Some(shown) = lines.get(line.saturating_sub(1)) {
        text.push_str(&snippet(finding, shown, &margin, color));
    }
    let mut add = |what: &str, detail: &str| {
        let detail = safe(detail);
        let line = format!("{margin} {BLUE}={PLAIN} {BOLD}{what}{PLAIN}: {detail}\n");
        // What a fix writes is to be seen as it is.
        text.push_str(&if what == "fix" {
            line
        } else {
            page.wrapped(&line)
        });
    };
    if finding.engines != target.engines {
        let names: Vec<&str> = finding.engines.iter().map(|engine| engine.name()).collect();
        add("engines", &names.join(", "));
    }
    for note in &finding.notes {
        add("note", note);
    }
    if let Some(help) = &finding.help {
        add("help", help);
    }
    if let Some(fix) = &finding.fix {
        let edits: Vec<String> = fix.edits.iter().map(shown).collect();
        add("fix", &format!("{}: {}", fix.title, edits.join("; ")));
    }
    text.push('\n');
    text
}

/// `4:7-4:12 becomes "names"`
fn shown(edit: &Edit) -> String {
    let (start, end) = (edit.span.start, edit.span.end);
    if start == end {
        return format!("{}:{} + {}", start.line, start.column, edit.text);
    }
    let place = format!(
        "{}:{}-{}:{}",
        start.line, start.column, end.line, end.column
    );
    if edit.text.is_empty() {
        format!("{place} goes")
    } else {
        format!("{place} becomes {}", edit.text)
    }
}

/// The line with the place underlined. Of a long line, what is around it.
fn snippet(finding: &Finding, line: &str, margin: &str, color: &str) -> String {
    let (start, end) = (finding.span.start, finding.span.end);
    let from = start.column.saturating_sub(1);
    let skipped = if from > WIDTH - 20 { from - 20 } else { 0 };
    let visible: Vec<char> = line
        .trim_end_matches('\r')
        .chars()
        .skip(skipped)
        .take(WIDTH)
        .collect();
    // A tab is one character wide here, and so is what does not print.
    let shown: String = visible
        .iter()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control()
                || c.escape_debug().len() > 1 && !matches!(c, '"' | '\'' | '\\') =>
            {
                '\u{fffd}'
            }
            c => *c,
        })
        .collect();
    let left = from - skipped;
    let rest = visible.len().saturating_sub(left);
    let width = if end.line == start.line {
        (end.column - start.column).min(rest)
    } else {
        rest
    };
    let dots = if skipped > 0 { "…" } else { "" };
    let pad = " ".repeat(left + dots.chars().count());
    format!(
        "{margin} {BLUE}|{PLAIN}\n{BLUE}{} |{PLAIN} {dots}{}\n{margin} {BLUE}|{PLAIN} {pad}{color}{}{PLAIN}\n",
        start.line,
        shown.trim_end(),
        "^".repeat(width.max(1))
    )
}

fn summary(linted: &[Linted]) -> String {
    let count = |severity| -> u64 {
        let counts = linted.iter().map(|file| file.report.count(severity) as u64);
        counts.sum()
    };
    let dropped: usize = linted
        .iter()
        .flat_map(|file| file.report.dropped.values())
        .sum();
    let mut parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| counted(count(severity), &format!("{severity}s")))
        .collect();
    if dropped > 0 {
        parts.push(format!(
            "{} more",
            crate::cli::render::number(dropped as u64)
        ));
    }
    if parts.is_empty() {
        parts.push("Nothing found".to_owned());
    }
    format!(
        "{} in {}. {} rules checked.\n",
        parts.join(", "),
        counted(linted.len() as u64, "profiles"),
        Rule::ALL.len()
    )
}

/// All rules, one a line.
pub(crate) fn list(rules: &[Rule]) -> String {
    let lines = rules.iter().map(|rule| {
        let info = rule.info();
        format!(
            "{BOLD}{}{PLAIN}  {}{:<7}{PLAIN}  {:<24}  {}\n",
            info.id,
            color(info.severity),
            info.severity,
            info.name,
            info.title
        )
    });
    lines.collect()
}

/// What a rule is about.
pub(crate) fn explanation(rule: Rule) -> String {
    let info = rule.info();
    format!(
        "{BOLD}{} {}{PLAIN} ({})\n\n{}\n\n{}\n\nengines: {}\nsource:  {}\n",
        info.id, info.name, info.severity, info.title, info.reason, info.engines, info.source
    )
}
