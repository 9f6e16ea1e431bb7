//! What `verify` found, for a review: a comment, SARIF, annotations.

use callsieve::arch::Arch;
use callsieve::enforce::{Finding, Report, Standing};
use callsieve::event::CallId;
use serde_json::json as object;

use super::github::{self, Annotation};
use super::markdown::Comment;
use super::pieces::{Line, Piece, outside, own, plain};
use super::sarif::{self, Found, Level, RuleText};
use super::verified::{self, reason};
use crate::cli::operand::ProfileFile;

/// What came of a command or a container under a profile.
#[derive(Debug)]
pub(crate) struct Denied<'a> {
    /// What was run.
    pub(crate) command: &'a str,
    pub(crate) profile: &'a str,
    pub(crate) native: Arch,
    /// What came of it, in a sentence or two.
    pub(crate) verdict: String,
    /// Nothing was refused but on purpose, and all was seen.
    pub(crate) passed: bool,
    /// The step of a container that failed, and what was said last.
    pub(crate) failed: Option<(&'static str, String)>,
    /// Calls of the runtime that the profile refuses.
    pub(crate) lacks: Vec<Lack>,
    /// What was refused, by the words for when.
    pub(crate) reports: Vec<(String, &'a Report)>,
    /// What could not be seen.
    pub(crate) gaps: Vec<String>,
    /// The profile's file, where there is one.
    pub(crate) file: Option<&'a ProfileFile>,
}

/// A call of the runtime that the profile refuses.
#[derive(Debug)]
pub(crate) struct Lack {
    pub(crate) call: &'static str,
    pub(crate) why: String,
    /// Containers don't start without it.
    pub(crate) fails: bool,
}

/// The kinds of results, by position.
const RULES: [RuleText<'static>; 4] = [
    RuleText {
        id: "refused",
        name: "Refused",
        title: "the profile refuses a call that the program makes",
        reason: "The call was made under the profile and refused. Docker's default permits it.",
        help: "`callsieve generate --also CALL=REASON` allows it as far as the default does.",
        level: Level::Error,
    },
    RuleText {
        id: "refused-outside-default",
        name: "RefusedOutsideDockersDefault",
        title: "the profile and Docker's default refuse a call that the program makes",
        reason: "The call was made under the profile and refused, as Docker's default would.",
        help: "If it has to be, `callsieve generate --allow CALL=REASON` goes beyond the default.",
        level: Level::Error,
    },
    RuleText {
        id: "runtime-lacks",
        name: "RuntimeLacks",
        title: "the profile refuses a call that the runtime makes under it",
        reason: "The runtime makes the call between loading the profile and starting the program.",
        help: "`callsieve generate --runtime-floor auto` allows what the local runtime needs.",
        level: Level::Error,
    },
    RuleText {
        id: "fails-under-profile",
        name: "FailsUnderProfile",
        title: "the container fails under the profile and not without it",
        reason: "Start, health check, probe, load or stop failed under the profile alone.",
        help: "`callsieve verify --repair` makes the profile again until it holds.",
        level: Level::Error,
    },
];
const REFUSED: usize = 0;
const BEYOND: usize = 1;
const LACKS: usize = 2;
const FAILS: usize = 3;

/// Something to be told at a place of the profile.
struct Told<'a> {
    rule: usize,
    level: Level,
    title: String,
    message: Line,
    name: Option<&'a str>,
    /// What makes it this one whatever the numbers of processes.
    identity: String,
}

impl Denied<'_> {
    fn headline(&self) -> Line {
        vec![
            own("Seccomp profile "),
            outside(self.profile),
            own(" with "),
            outside(self.command),
            own(": "),
            // It may name calls that a recording names.
            outside(self.verdict.trim_end_matches('.')),
        ]
    }

    /// All refusals, those on purpose apart.
    fn findings(&self, expected: bool) -> impl Iterator<Item = (&str, &Finding)> {
        let reports = self.reports.iter();
        reports.flat_map(move |(when, report)| {
            let findings = report.findings.iter();
            findings
                .filter(move |it| (it.expected || !it.denial.answer.refuses()) == expected)
                .map(move |it| (when.as_str(), it))
        })
    }

    fn told(&self) -> Vec<Told<'_>> {
        let refused = self
            .findings(false)
            .map(|(when, it)| self.refusal(when, it));
        let lacks = self.lacks.iter().map(|lack| Told {
            rule: LACKS,
            level: if lack.fails {
                Level::Error
            } else {
                Level::Warning
            },
            title: format!("{} is refused to the runtime", lack.call),
            message: vec![own(format!("{}: {}", lack.call, lack.why))],
            name: Some(lack.call),
            identity: lack.call.to_owned(),
        });
        let failed = self.failed.iter().map(|(step, said)| Told {
            rule: FAILS,
            level: Level::Error,
            title: format!("{step} fails under the profile"),
            message: vec![
                own(format!("{step} fails under the profile: ")),
                outside(said),
            ],
            name: None,
            identity: (*step).to_owned(),
        });
        refused.chain(lacks).chain(failed).collect()
    }

    fn refusal<'f>(&self, when: &str, finding: &'f Finding) -> Told<'f> {
        let [_, call, answer, calls, who, then] = verified::row(finding, self.native);
        let name = match &finding.denial.call {
            CallId::Name(name) => Some(name.as_str()),
            CallId::Number(_) => None,
        };
        let mut message = vec![
            outside(when),
            outside(&call),
            own(format!(" gets {answer}, {calls} by ")),
            outside(&who),
            own(format!(", {then}; {}", standing(finding))),
        ];
        if let Some(risk) = name.and_then(super::risk) {
            message.push(own(format!("; {risk}")));
        }
        Told {
            rule: match finding.standing {
                Standing::Inside | Standing::Depends => REFUSED,
                Standing::Outside { .. } | Standing::Unnamed => BEYOND,
            },
            level: Level::Error,
            title: format!("{call} is refused"),
            message,
            name,
            identity: format!("{when}{} {call} {answer}", finding.denial.program),
        }
    }
}

/// How Docker's default stands to a refused call.
fn standing(finding: &Finding) -> String {
    match finding.standing {
        Standing::Inside => "inside Docker's default".to_owned(),
        Standing::Depends => "inside Docker's default for some arguments".to_owned(),
        Standing::Outside { .. } | Standing::Unnamed => {
            let why = verified::outside(&finding.standing);
            format!("OUTSIDE Docker's default: {why}")
        }
    }
}

/// A comment for a review.
pub(crate) fn markdown(denied: &Denied<'_>) -> String {
    let headline = denied.headline();
    if denied.passed {
        return Comment::new(&headline, "verify", denied.profile).finish();
    }
    let mut comment = Comment::titled(&headline, "verify", denied.profile);
    if let Some((step, said)) = &denied.failed {
        comment.paragraph(&[own(format!("{step} fails, and says: ")), outside(said)]);
    }
    let lacks = denied
        .lacks
        .iter()
        .map(|lack| vec![vec![outside(lack.call)], vec![own(lack.why.clone())]]);
    comment.table(
        &["refused to the runtime", "why"],
        &lacks.collect::<Vec<_>>(),
        "calls",
    );
    let heads = [
        "refused",
        "answer",
        "calls",
        "by",
        "then",
        "Docker's default",
    ];
    let rows = |expected| -> Vec<Vec<Line>> {
        let findings = denied.findings(expected);
        findings.map(|(when, it)| row(denied, when, it)).collect()
    };
    comment.table(&heads, &rows(false), "refusals");
    for gap in &denied.gaps {
        comment.paragraph(&[outside(gap)]);
    }
    let repairs: Vec<Line> = denied
        .reports
        .iter()
        .flat_map(|(_, report)| report.repairs())
        .map(|(name, by)| vec![outside(&format!("--also {name}={}", reason(&by)))])
        .collect();
    if !repairs.is_empty() {
        comment.folded(
            "what allows them: options of callsieve generate",
            |comment| {
                comment.list(&repairs, "options");
            },
        );
    }
    let expected = rows(true);
    if !expected.is_empty() {
        comment.folded("refused on purpose, or only logged", |comment| {
            comment.table(&heads, &expected, "refusals");
        });
    }
    comment.finish()
}

fn row(denied: &Denied<'_>, when: &str, finding: &Finding) -> Vec<Line> {
    let [_, call, answer, calls, who, then] = verified::row(finding, denied.native);
    let mut name: Vec<Piece> = Vec::new();
    if !when.is_empty() {
        name.push(outside(when.trim()));
        name.push(own(" "));
    }
    name.push(outside(&call));
    vec![
        name,
        vec![own(answer)],
        vec![own(calls)],
        vec![outside(&who)],
        vec![own(then)],
        vec![own(standing(finding))],
    ]
}

/// For code scanning.
pub(crate) fn sarif(denied: &Denied<'_>) -> String {
    let uri = denied.file.map_or_else(
        || sarif::uri(std::path::Path::new(denied.profile)),
        ProfileFile::uri,
    );
    let found = denied.told().into_iter().map(|told| Found {
        rule: told.rule,
        level: told.level,
        message: plain(&told.message),
        uri: uri.clone(),
        span: denied.file.and_then(|file| file.span(told.name)),
        identity: told.identity,
        properties: object!({"command": denied.command}),
        fixes: Vec::new(),
    });
    let notes = denied.gaps.iter().map(|gap| sarif::note(gap, Some(&uri)));
    sarif::log(&RULES, found.collect(), notes.collect())
}

/// For a workflow of GitHub Actions.
pub(crate) fn github(denied: &Denied<'_>) -> String {
    let file = denied
        .file
        .map(|file| file.path.to_string_lossy().into_owned());
    let found = denied.told().into_iter().map(|told| Annotation {
        level: match told.level {
            Level::Error => github::Level::Error,
            Level::Warning | Level::Note => github::Level::Warning,
        },
        file: file.clone(),
        line: denied
            .file
            .and_then(|file| file.span(told.name))
            .map(|span| span.start.line),
        title: told.title,
        message: plain(&told.message),
    });
    let mut total = plain(&denied.headline());
    for gap in &denied.gaps {
        total.push_str("; ");
        total.push_str(gap);
    }
    github::commands(found.collect(), &total)
}
