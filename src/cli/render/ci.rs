//! What `ci` found: every profile with what changed, exceptions that want attention, the verdict.

use std::path::Path;

use callsieve::lint::{Finding, Rule, Severity};
use callsieve::profile::build::Reason;
use serde_json::{Value, json as object};

use super::difference::{self, Compared};
use super::github::{Annotation, Level as Notice, commands};
use super::markdown::Comment;
use super::pieces::{Line, number_of, outside, own, plain};
use super::sarif::{Found, Level, RuleText, log, uri};
use super::wrap::Page;
use super::{add, counted, safe, system_calls};
use crate::cli::ci::{Again, Judged};
use crate::cli::commands::diff::FailOn;
use crate::cli::config::Loaded;
use crate::cli::error::CommandError;

/// Everything that `ci` found.
#[derive(Debug)]
pub(crate) struct Whole<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) judged: &'a [Judged],
    pub(crate) findings: &'a [Finding],
    pub(crate) fail_on: FailOn,
    /// Nothing is written.
    pub(crate) check: bool,
}

impl Whole<'_> {
    /// Whether a profile has what makes it fail.
    pub(crate) fn fails(&self, judged: &Judged) -> bool {
        let again = judged.result.as_ref();
        again.is_ok_and(|again| self.fail_on.finds(&again.difference, &again.outside))
    }

    /// Whether the file of a profile is not what would be written.
    pub(crate) fn is_stale(&self, judged: &Judged) -> bool {
        self.check && judged.result.as_ref().is_ok_and(|again| again.is_new)
    }

    fn count(&self, severity: Severity) -> usize {
        let of = self.findings.iter().filter(|it| it.severity == severity);
        of.count()
    }

    /// The whole message in one line.
    fn headline(&self) -> Line {
        let mut line = match self.judged {
            [one] => match one.compared() {
                Some((_, compared)) => difference::headline(&compared),
                None => failed(one),
            },
            several => vec![own(several_in(several))],
        };
        let errors = self.count(Severity::Error);
        if errors > 0 {
            let what = counted(number_of(errors), "exceptions");
            line.push(own(format!("; {what} to be looked at")));
        }
        let stale = self.judged.iter().filter(|it| self.is_stale(it)).count();
        if stale > 0 {
            line.push(own("; not up to date"));
        }
        line
    }

    /// What is done with a profile.
    fn done(&self, again: &Again) -> &'static str {
        match (again.is_new, self.check) {
            (false, _) => "up to date",
            (true, false) => "written",
            (true, true) => "not up to date; run `callsieve ci` and commit the result",
        }
    }
}

/// What is new in several profiles.
fn several_in(all: &[Judged]) -> String {
    let made = || all.iter().filter_map(|it| it.result.as_ref().ok());
    let changed = made().filter(|it| !it.difference.is_identical()).count();
    let wider: usize = made().map(|it| it.difference.wider.len()).sum();
    let beyond: usize = made().map(|it| it.outside.len()).sum();
    let failed = all.len() - made().count();
    let mut text = format!("Seccomp profiles: {changed} of {} changed", all.len());
    if wider > 0 {
        let wider = system_calls(wider);
        add(
            &mut text,
            format_args!(", {wider} wider, {beyond} of them outside Docker's default"),
        );
    }
    if failed > 0 {
        add(&mut text, format_args!(", {failed} could not be made"));
    }
    text
}

fn failed(judged: &Judged) -> Line {
    let why = judged.result.as_ref().err().map(CommandError::to_string);
    vec![
        own("Seccomp profile "),
        outside(&judged.shown),
        own(": could not be made: "),
        outside(&why.unwrap_or_default()),
    ]
}

/// Names that are there for the committed profile's sake alone, and those that were dropped.
fn kept(again: &Again) -> (Vec<&str>, Vec<&str>) {
    let generated = &again.made.generated;
    let is_kept = |reasons: &Vec<Reason>| reasons.iter().any(|it| matches!(it, Reason::Kept(_)));
    let names = generated
        .reasons
        .iter()
        .filter(|(_, reasons)| is_kept(reasons));
    let pruned = generated.kept.iter().flat_map(|kept| &kept.pruned);
    (
        names.map(|(name, _)| name.as_str()).collect(),
        pruned
            .map(callsieve::syscalls::SyscallName::as_str)
            .collect(),
    )
}

/// What is said of them.
fn told(again: &Again) -> Vec<(String, Vec<&str>)> {
    let (kept, pruned) = kept(again);
    let mut lines = Vec::new();
    if !kept.is_empty() {
        lines.push(("Kept, not seen any more".to_owned(), kept));
    }
    let runs = again
        .made
        .generated
        .kept
        .as_ref()
        .map_or(0, |kept| kept.runs);
    if !pruned.is_empty() {
        lines.push((
            format!("Dropped, as no complete run shows it, of {runs}"),
            pruned,
        ));
    } else if let Some(after) = again
        .made
        .options
        .keep
        .as_ref()
        .and_then(|it| it.prune_after)
        && runs < after.get()
    {
        let text = format!("Nothing was dropped: {runs} complete runs, {after} are asked for");
        lines.push((text, Vec::new()));
    }
    lines
}

/// For people.
pub(crate) fn text(whole: &Whole<'_>, page: Page) -> String {
    let mut text = String::new();
    for judged in whole.judged {
        let Some((again, compared)) = judged.compared() else {
            let line = plain(&failed(judged));
            add(&mut text, format_args!("{line}\n\n"));
            continue;
        };
        text.push_str(&difference::text(&compared, page));
        let mut notes = String::new();
        for (what, names) in told(again) {
            if names.is_empty() {
                add(&mut notes, format_args!("{what}.\n"));
            } else {
                add(&mut notes, format_args!("{what}:\n"));
                for line in super::generated::wrapped(&names) {
                    add(&mut notes, format_args!("{line}\n"));
                }
            }
        }
        for left in &again.made.generated.left_out {
            let why = safe(&super::generated::why(left));
            add(
                &mut notes,
                format_args!("Left out: {} on {}: {why}\n", left.call, left.arch),
            );
        }
        text.push_str(&page.wrapped(&notes));
        add(
            &mut text,
            format_args!("{}: {}\n\n", judged.shown, whole.done(again)),
        );
    }
    let place = &whole.loaded.shown;
    for finding in whole.findings {
        let start = finding.span.start;
        let mut lines = format!(
            "{}[{}]: {}\n  --> {place}:{}:{}\n",
            finding.severity,
            finding.rule,
            safe(&finding.message),
            start.line,
            start.column
        );
        let help = finding.help.iter().map(|help| format!("help: {help}"));
        for more in finding.notes.iter().cloned().chain(help) {
            add(&mut lines, format_args!("   = {}\n", safe(&more)));
        }
        text.push_str(&page.wrapped(&lines));
        text.push('\n');
    }
    add(&mut text, format_args!("{}.\n", verdict(whole)));
    text
}

/// Whether it passes, and why not.
fn verdict(whole: &Whole<'_>) -> String {
    let mut why = Vec::new();
    let failing = whole.judged.iter().filter(|it| whole.fails(it)).count();
    let stale = whole.judged.iter().filter(|it| whole.is_stale(it)).count();
    let word = match whole.fail_on {
        FailOn::Wider => "wider",
        FailOn::Any => "changed",
        FailOn::OutsideDefault => "wider and outside Docker's default",
        FailOn::None => "",
    };
    let mut because = |count: usize, singular: &str, plural: &str, rest: &str| {
        if count > 0 {
            let noun = if count == 1 { singular } else { plural };
            why.push(format!("{count} {noun} {rest}").trim_end().to_owned());
        }
    };
    because(failing, "profile is", "profiles are", word);
    because(stale, "profile is", "profiles are", "not up to date");
    let broken = whole.judged.iter().filter(|it| it.result.is_err()).count();
    because(broken, "profile", "profiles", "could not be made");
    let errors = whole.count(Severity::Error);
    because(
        errors,
        "exception has",
        "exceptions have",
        "expired or no reason",
    );
    if why.is_empty() {
        let count = counted(number_of(whole.judged.len()), "profiles");
        return format!("Passed: {count}");
    }
    format!("Failed: {}", why.join(", "))
}

/// As a comment of a pull request.
pub(crate) fn markdown(whole: &Whole<'_>) -> String {
    let mut comment = Comment::titled(&whole.headline(), "ci", &whole.loaded.shown);
    let several = whole.judged.len() > 1;
    for judged in whole.judged {
        let Some((again, compared)) = judged.compared() else {
            comment.paragraph(&failed(judged));
            continue;
        };
        if several {
            comment.paragraph(&difference::headline(&compared));
        }
        comment.paragraph(&[own("Against "), outside(compared.heading.old), own(".")]);
        difference::wider_table(&mut comment, &compared);
        difference::details(&mut comment, &compared);
        folded(&mut comment, again);
        if whole.is_stale(judged) {
            comment.paragraph(&[own(
                "The file is not up to date: run `callsieve ci`, commit it.",
            )]);
        }
    }
    let rows: Vec<Vec<Line>> = whole.findings.iter().map(|it| row(whole, it)).collect();
    comment.table(
        &["", "exception", "what", "said about it"],
        &rows,
        "exceptions",
    );
    comment.paragraph(&[own(verdict(whole)), own(".")]);
    comment.finish()
}

fn folded(comment: &mut Comment, again: &Again) {
    for (what, names) in told(again) {
        if names.is_empty() {
            comment.paragraph(&[own(what), own(".")]);
            continue;
        }
        let summary = format!("{}: {what}", system_calls(names.len()));
        comment.folded(&summary, |comment| {
            let items: Vec<Line> = names.iter().map(|name| vec![outside(name)]).collect();
            comment.list(&items, "calls");
        });
    }
}

fn row(whole: &Whole<'_>, finding: &Finding) -> Vec<Line> {
    let place = format!("{}:{}", whole.loaded.shown, finding.span.start.line);
    vec![
        vec![own(format!("{} {}", finding.severity, finding.rule))],
        vec![outside(&place)],
        vec![own(safe(&finding.message))],
        finding
            .notes
            .first()
            .map(|note| vec![outside(note)])
            .unwrap_or_default(),
    ]
}

/// The rules of exceptions.
const EXCEPTIONS: [Rule; 5] = [
    Rule::ExceptionExpired,
    Rule::ExceptionUnexplained,
    Rule::AllowUnused,
    Rule::DenyUnused,
    Rule::ExceptionBeyondBase,
];

fn message(finding: &Finding) -> String {
    let parts = [finding.message.clone()].into_iter();
    let parts = parts
        .chain(finding.notes.iter().cloned())
        .chain(finding.help.clone());
    safe(&parts.collect::<Vec<_>>().join(". "))
}

/// For code scanning.
pub(crate) fn sarif(whole: &Whole<'_>) -> String {
    let mut rules: Vec<RuleText<'_>> = difference::RULES.into_iter().collect();
    let first = rules.len();
    rules.extend(EXCEPTIONS.iter().map(|rule| {
        let info = rule.info();
        RuleText::of(info, info.reason)
    }));
    let mut found: Vec<Found> = Vec::new();
    for (_, compared) in whole.judged.iter().filter_map(Judged::compared) {
        found.extend(difference::found(&compared));
    }
    found.extend(whole.findings.iter().map(|it| {
        Found {
            rule: first
                + EXCEPTIONS
                    .iter()
                    .position(|rule| *rule == it.rule)
                    .unwrap_or(0),
            level: Level::of(it.severity),
            message: message(it),
            uri: uri(Path::new(&whole.loaded.shown)),
            span: Some(it.span),
            identity: it.message.clone(),
            properties: object!({}),
            fixes: Vec::new(),
        }
    }));
    let notes = whole.judged.iter().filter(|it| it.result.is_err());
    let notes =
        notes.map(|it| super::sarif::note(&plain(&failed(it)), Some(&uri(Path::new(&it.shown)))));
    log(&rules, found, notes.collect())
}

/// For a workflow of GitHub Actions.
pub(crate) fn github(whole: &Whole<'_>) -> String {
    let mut all: Vec<Annotation> = Vec::new();
    for judged in whole.judged {
        match judged.compared() {
            Some((_, compared)) => all.extend(difference::annotations(&compared)),
            None => all.push(Annotation {
                level: Notice::Error,
                file: Some(judged.shown.clone()),
                line: None,
                title: "no profile".to_owned(),
                message: plain(&failed(judged)),
            }),
        }
        if whole.is_stale(judged) {
            all.push(Annotation {
                level: Notice::Error,
                file: Some(judged.shown.clone()),
                line: None,
                title: "not up to date".to_owned(),
                message: "run `callsieve ci` and commit the result".to_owned(),
            });
        }
    }
    all.extend(whole.findings.iter().map(|it| Annotation {
        level: match it.severity {
            Severity::Error => Notice::Error,
            Severity::Warning => Notice::Warning,
            Severity::Note => Notice::Notice,
        },
        file: Some(whole.loaded.shown.clone()),
        line: Some(it.span.start.line),
        title: it.rule.info().name.to_owned(),
        message: message(it),
    }));
    commands(all, &plain(&whole.headline()))
}

/// For machines.
pub(crate) fn json(whole: &Whole<'_>) -> String {
    let profiles: Vec<Value> = whole.judged.iter().map(|it| profile(whole, it)).collect();
    let findings: Vec<Value> = whole
        .findings
        .iter()
        .map(|it| {
            object!({
                "rule": it.rule.info().id,
                "name": it.rule.info().name,
                "severity": it.severity.name(),
                "message": it.message,
                "line": it.span.start.line,
                "column": it.span.start.column,
                "notes": it.notes,
                "help": it.help,
            })
        })
        .collect();
    super::json(&object!({
        "schema": 1,
        "config": whole.loaded.shown,
        "profiles": profiles,
        "findings": findings,
        "verdict": verdict(whole),
    }))
}

fn profile(whole: &Whole<'_>, judged: &Judged) -> Value {
    let Some((again, compared)) = judged.compared() else {
        let error = judged.result.as_ref().err().map(CommandError::to_string);
        return object!({"path": judged.shown, "error": error});
    };
    let (kept, pruned) = kept(again);
    object!({
        "path": judged.shown,
        "changed": again.is_new,
        "fails": whole.fails(judged),
        "kept": kept,
        "pruned": pruned,
        "difference": difference_of(&compared),
    })
}

fn difference_of(compared: &Compared<'_>) -> Value {
    // What is printed as JSON elsewhere is some.
    serde_json::to_value(difference::value(compared)).unwrap_or_default()
}
