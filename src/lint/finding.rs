//! What is found, and where.

use std::collections::BTreeMap;
use std::ops::Range;

use super::place::{Places, Span};
use super::{Level, Options, Rule, Severity};
use crate::profile::Engine;

/// How many findings of a rule are kept. The rest is counted.
const MAX_PER_RULE: usize = 200;

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// Which of the engines asked about it concerns.
    pub engines: Vec<Engine>,
    /// What is wrong, in one line. Parts of the file are quoted as they are.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What follows from it.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Edits that put it right without changing what any engine makes of the rest.
    pub fix: Option<Fix>,
}

/// How to put a finding right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is done, in a few words.
    pub title: String,
    /// In the order of the file, apart from each other.
    pub edits: Vec<Edit>,
}

/// A piece of the file and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty where something is put in.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// What was found in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// In the order of the file.
    pub findings: Vec<Finding>,
    /// How many more there are of a rule than were kept.
    pub dropped: BTreeMap<Rule, usize>,
    /// What could not be looked at, and why.
    pub not_checked: Vec<String>,
}

impl Report {
    /// How many findings there are of this severity, those counted alone left out.
    pub fn count(&self, severity: Severity) -> usize {
        let of = self.findings.iter().filter(|f| f.severity == severity);
        of.count()
    }
}

/// What goes, and what comes in its place.
pub(super) type Change = (Range<usize>, String);

/// A finding as a check makes it.
#[derive(Debug)]
pub(super) struct Draft {
    rule: Rule,
    range: Range<usize>,
    message: String,
    engines: Vec<Engine>,
    notes: Vec<String>,
    help: Option<String>,
    fix: Option<(String, Vec<Change>)>,
}

impl Draft {
    pub(super) fn new(rule: Rule, range: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            rule,
            range: range.clone(),
            message: message.into(),
            engines: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Concerns these engines alone.
    pub(super) fn of(mut self, engines: &[Engine]) -> Self {
        self.engines = engines.to_vec();
        self
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn fix(mut self, title: impl Into<String>, edits: Vec<Change>) -> Self {
        self.fix = Some((title.into(), edits));
        self
    }
}

/// Takes findings in.
#[derive(Debug)]
pub(super) struct Findings<'o, 't> {
    options: &'o Options,
    places: Places<'t>,
    counts: BTreeMap<Rule, usize>,
    /// Where each finding that is kept is in the report.
    known: BTreeMap<(Rule, usize, usize, String), usize>,
    report: Report,
}

impl<'o, 't> Findings<'o, 't> {
    /// How many findings of a rule there are so far.
    pub(super) fn count(&self, rule: Rule) -> usize {
        self.counts.get(&rule).copied().unwrap_or_default()
    }

    pub(super) fn new(options: &'o Options, text: &'t str) -> Self {
        Self {
            options,
            places: Places::new(text),
            counts: BTreeMap::new(),
            known: BTreeMap::new(),
            report: Report::default(),
        }
    }

    /// Those of `engines` that are asked about.
    pub(super) fn asked(&self, engines: &[Engine]) -> Vec<Engine> {
        let asked = self.options.engines.iter().copied();
        asked.filter(|engine| engines.contains(engine)).collect()
    }

    /// Whether one more finding of the rule would be kept: what is counted alone needs no help.
    pub(super) fn keeps(&self, rule: Rule) -> bool {
        self.counts
            .get(&rule)
            .is_none_or(|count| *count < MAX_PER_RULE)
    }

    /// The line of an offset.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.places.place(offset).line
    }

    pub(super) fn add(&mut self, draft: Draft) {
        let severity = match self.options.levels.get(&draft.rule) {
            Some(Level::Off) => return,
            Some(Level::At(severity)) => *severity,
            None => draft.rule.info().severity,
        };
        let mut engines = if draft.engines.is_empty() {
            self.options.engines.clone()
        } else {
            draft.engines
        };
        engines.sort_unstable();
        engines.dedup();
        // What is found for engines one by one is one finding.
        let key = (
            draft.rule,
            draft.range.start,
            draft.range.end,
            draft.message.clone(),
        );
        if let Some(known) = self.known.get(&key) {
            if let Some(finding) = self.report.findings.get_mut(*known) {
                finding.engines.extend(engines);
                finding.engines.sort_unstable();
                finding.engines.dedup();
            }
            return;
        }
        let count = self.counts.entry(draft.rule).or_default();
        *count += 1;
        if *count > MAX_PER_RULE {
            *self.report.dropped.entry(draft.rule).or_default() += 1;
            return;
        }
        self.known.insert(key, self.report.findings.len());
        let fix = draft.fix.map(|(title, edits)| Fix {
            title,
            edits: edits
                .into_iter()
                .map(|(range, text)| Edit {
                    span: self.places.span(&range),
                    text,
                })
                .collect(),
        });
        self.report.findings.push(Finding {
            rule: draft.rule,
            severity,
            engines,
            message: draft.message,
            span: self.places.span(&draft.range),
            notes: draft.notes,
            help: draft.help,
            fix,
        });
    }

    pub(super) fn not_checked(&mut self, what: String) {
        if !self.report.not_checked.contains(&what) {
            self.report.not_checked.push(what);
        }
    }

    pub(super) fn finish(mut self) -> Report {
        self.report.findings.sort_by_key(|finding| {
            (
                finding.span.start.offset,
                finding.span.end.offset,
                finding.rule,
            )
        });
        self.report
    }
}
