//! What came of a command under a profile: one line for each kind of refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::enforce::{Finding, Report, Standing};
use callsieve::event::{Answer, CallId, Denial, DenialEnd, Gap};
use callsieve::record::End;
use serde::Serialize;

use super::denied::Denied;
use super::wrap::Page;
use super::{counted, safe};
use crate::cli::operand::ProfileFile;

/// A command that has ended, and what its profile refused.
#[derive(Debug)]
pub(crate) struct Verified<'a> {
    pub(crate) command: &'a str,
    pub(crate) profile: &'a str,
    /// For what the profile was resolved: `default capabilities`.
    pub(crate) container: &'a str,
    pub(crate) native: Arch,
    pub(crate) enforced: bool,
    pub(crate) end: End,
    pub(crate) milliseconds: u64,
    pub(crate) processes: u64,
    pub(crate) report: &'a Report,
    pub(crate) gaps: &'a [Gap],
}

pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const RED: &str = "\x1b[31m";
pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const PLAIN: &str = "\x1b[0m";

/// How many ways of ending are told on a line.
const MAX_ENDS: usize = 2;
/// A process that ends later than this after a refusal, in milliseconds, went on first.
const WENT_ON: u64 = 1_000;

/// For people.
pub(crate) fn text(verified: &Verified<'_>, page: Page) -> String {
    let Verified {
        profile,
        container,
        native,
        ..
    } = verified;
    let how = if verified.enforced {
        ""
    } else {
        ", nothing enforced"
    };
    let mut text = format!(
        "{BOLD}{}{PLAIN} under {profile} ({native}, {container}{how})\n",
        safe(verified.command)
    );
    let report = verified.report;
    let refusals = refusals(report, *native);
    if !refusals.is_empty() {
        text.push('\n');
    }
    text.push_str(&refusals);
    text.push('\n');
    text.push_str(&verdict(verified));
    text.push('\n');
    // Commands in it are to be copied.
    page.wrapped(&text) + &advice(report, page.verbose)
}

/// A line for each kind of refusal.
pub(super) fn refusals(report: &Report, native: Arch) -> String {
    let mut text = String::new();
    let rows: Vec<[String; 6]> = report.findings.iter().map(|it| row(it, native)).collect();
    for (cells, finding) in padded(&rows).iter().zip(&report.findings) {
        let color = color(finding);
        // Writing to a string does not fail.
        let _infallible = writeln!(text, "  {color}{}{PLAIN}", cells.trim_end());
    }
    if report.dropped > 0 {
        let _infallible = writeln!(
            text,
            "  {RED}and {} of further kinds that were not kept{PLAIN}",
            counted(report.dropped, "calls")
        );
    }
    text
}

const fn color(finding: &Finding) -> &'static str {
    if finding.expected || !finding.denial.answer.refuses() {
        PLAIN
    } else if matches!(finding.standing, Standing::Outside { .. }) {
        YELLOW
    } else {
        RED
    }
}

/// When, what, answer, how often, who, and what became of it.
pub(super) fn row(finding: &Finding, native: Arch) -> [String; 6] {
    let denial = &finding.denial;
    let answer = match &denial.answer {
        Answer::Notify => "ENOSYS (notify)".to_owned(),
        Answer::Trace => "ENOSYS (trace)".to_owned(),
        other @ (Answer::Errno(_)
        | Answer::Trap
        | Answer::KillThread
        | Answer::KillProcess
        | Answer::Log) => other.to_string(),
    };
    let then = if finding.expected {
        "callers fall back on it".to_owned()
    } else if denial.program.is_empty() {
        "the command could not be started".to_owned()
    } else {
        then(&denial.ends)
    };
    [
        seconds(denial.milliseconds),
        name(finding, native),
        answer,
        counted(denial.calls, "calls"),
        who(denial),
        then,
    ]
}

/// `socket(AF_VSOCK)`, `clone(0x10000000)`, `x86 getpid`.
fn name(finding: &Finding, native: Arch) -> String {
    let denial = &finding.denial;
    let arch = if denial.arch == native {
        String::new()
    } else {
        format!("{} ", denial.arch)
    };
    let several = denial.args.len() > 1 || !denial.args.keys().all(|index| *index == 0);
    let args: Vec<String> = finding
        .arguments()
        .map(|(index, value, symbols)| {
            let value = symbols.unwrap_or_else(|| format!("{value:#x}"));
            if several {
                format!("arg{index} {value}")
            } else {
                value
            }
        })
        .collect();
    let args = if args.is_empty() {
        String::new()
    } else {
        format!("({})", args.join(", "))
    };
    format!("{arch}{}{args}", denial.call)
}

fn who(denial: &Denial) -> String {
    if denial.program.is_empty() {
        format!("[{}]", denial.pid)
    } else {
        format!("{}[{}]", safe(&denial.program), denial.pid)
    }
}

/// What became of the processes that made the call.
fn then(ends: &BTreeMap<String, DenialEnd>) -> String {
    if ends.is_empty() {
        return "went on".to_owned();
    }
    let mut all: Vec<(&String, &DenialEnd)> = ends.iter().collect();
    // Those that end soonest have most to do with it.
    all.sort_by_key(|(_, end)| end.milliseconds);
    let mut told: Vec<String> = all
        .iter()
        .take(MAX_ENDS)
        .map(|(how, end)| {
            let times = if end.processes > 1 {
                format!(" ({} times)", end.processes)
            } else {
                String::new()
            };
            let after = if end.milliseconds > WENT_ON || *how == "exit 0" {
                format!("went on, {how} after {}", time(end.milliseconds))
            } else {
                format!("{how} {} ms later", end.milliseconds)
            };
            let killed = if how.starts_with("SIG") || how.starts_with("signal") {
                "killed by "
            } else {
                ""
            };
            format!("{killed}{after}{times}")
        })
        .collect();
    if all.len() > MAX_ENDS {
        told.push(format!("and in {} other ways", all.len() - MAX_ENDS));
    }
    told.join("; ")
}

/// `12 ms`, `2.500 s`
fn time(milliseconds: u64) -> String {
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else {
        seconds(milliseconds)
    }
}

/// `0.012 s`
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

/// Columns of one width, two blanks apart. The first is flush right.
fn padded(rows: &[[String; 6]]) -> Vec<String> {
    /// A longer cell does not push the others out.
    const WIDEST: usize = 44;
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width).min(WIDEST);
        }
    }
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
                let _infallible = if at == 0 {
                    write!(line, "{cell:>width$}")
                } else {
                    write!(line, "  {cell:width$}")
                };
            }
            line
        })
        .collect()
}

/// What came of it, in a sentence or two.
pub(crate) fn verdict(verified: &Verified<'_>) -> String {
    let report = verified.report;
    let kinds: BTreeSet<(Arch, &CallId)> = report
        .refused()
        .map(|it| (it.denial.arch, &it.denial.call))
        .collect();
    let denied = u64::try_from(kinds.len()).unwrap_or(u64::MAX);
    let (verb, color) = match (report.passed(), verified.enforced) {
        (true, _) => ("", GREEN),
        (false, true) => ("refused", RED),
        (false, false) => ("would be refused", RED),
    };
    let mut text = if report.passed() {
        let but = if report.findings.is_empty() {
            ""
        } else {
            " but what is meant to be"
        };
        format!("{color}Nothing was refused{but}.{PLAIN}")
    } else {
        let what = if denied == 1 {
            "1 system call".to_owned()
        } else {
            format!("{} system calls", super::number(denied))
        };
        format!("{color}{what} {verb}.{PLAIN}")
    };
    let ended = match verified.end {
        End::Exited(0) => "The command ended with status 0.".to_owned(),
        End::Exited(status) => format!("{YELLOW}The command ended with status {status}.{PLAIN}"),
        End::Killed(signal) => format!("{YELLOW}The command was killed by {signal}.{PLAIN}"),
        End::LeftRunning | End::Gone => "The command is gone.".to_owned(),
    };
    text.push(' ');
    text.push_str(&ended);
    text
}

/// What to do about it.
pub(super) fn advice(report: &Report, verbose: bool) -> String {
    let mut text = String::new();
    let repairs = report.repairs();
    if !repairs.is_empty() {
        let them = if repairs.len() == 1 { "it" } else { "them" };
        let _infallible = write!(
            text,
            "\nInside Docker's default; to allow {them}:\n  callsieve generate RECORDING..."
        );
        for (name, by) in &repairs {
            let _infallible = write!(text, " \\\n    --also '{name}={}'", reason(by));
        }
        text.push('\n');
        let depends: BTreeSet<String> = report
            .refused()
            .filter(|it| it.standing == Standing::Depends)
            .map(|it| it.denial.call.to_string())
            .collect();
        if !depends.is_empty() {
            let depends: Vec<&str> = depends.iter().map(String::as_str).collect();
            let _infallible = writeln!(
                text,
                "As far as the default does, which looks at arguments: {}",
                depends.join(", ")
            );
        }
    }
    let mut beyond: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
    for finding in report.beyond() {
        let risk = match &finding.denial.call {
            CallId::Name(name) => super::risk(name.as_str()),
            CallId::Number(_) => None,
        };
        let name = name(finding, finding.denial.arch);
        beyond.insert(name, (outside(&finding.standing), risk));
    }
    if !beyond.is_empty() {
        text.push_str("\nOutside Docker's default, so no option above allows them:\n");
        for (name, (why, risk)) in &beyond {
            let _infallible = writeln!(text, "  {name}: {why}");
            if let Some(risk) = risk {
                let _infallible = writeln!(text, "    {risk}");
            }
        }
        let names: BTreeSet<String> = report
            .beyond()
            .filter_map(|it| match &it.denial.call {
                CallId::Name(name) => Some(format!("--allow {name}=REASON")),
                CallId::Number(_) => None,
            })
            .collect();
        if verbose && !names.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            let _infallible = writeln!(text, "If it has to be: {}", names.join(" "));
        }
    }
    text
}

/// Why Docker's default has a call outside.
pub(super) fn outside(standing: &Standing) -> String {
    match standing {
        Standing::Unnamed => "a number without a name; no profile can allow it".to_owned(),
        Standing::Outside { answer, with } => {
            let with: Vec<String> = with.iter().map(ToString::to_string).collect();
            match with.as_slice() {
                [] => format!("{answer} there, with any capabilities"),
                [one] => format!("{answer} there; permitted to containers with {one}"),
                several => format!(
                    "{answer} there; permitted to containers with one of {}",
                    several.join(", ")
                ),
            }
        }
        Standing::Inside | Standing::Depends => String::new(),
    }
}

/// Who called it, as it can stand between quotes of a shell.
pub(super) fn reason(by: &BTreeSet<&str>) -> String {
    let plain = |name: &&str| {
        let name = name.rsplit('/').next().unwrap_or_default();
        let harmless = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b));
        (harmless && !name.is_empty()).then(|| name.to_owned())
    };
    let names: BTreeSet<String> = by.iter().filter_map(plain).collect();
    let names: Vec<String> = names.into_iter().take(3).collect();
    if names.is_empty() {
        "refused under a profile".to_owned()
    } else {
        format!("called by {}", names.join(", "))
    }
}

/// A line for a refusal as it happens.
pub(crate) fn at_once(denial: &Denial) -> String {
    format!(
        "{}  {} {} {}  {}",
        seconds(denial.milliseconds),
        denial.arch,
        denial.call,
        denial.answer,
        who(denial)
    )
}

/// For a review.
pub(crate) fn denied<'a>(verified: &Verified<'a>, file: Option<&'a ProfileFile>) -> Denied<'a> {
    let gaps = verified.gaps.iter();
    Denied {
        command: verified.command,
        profile: verified.profile,
        native: verified.native,
        verdict: anstream::adapter::strip_str(&verdict(verified)).to_string(),
        passed: verified.report.passed() && verified.gaps.is_empty(),
        failed: None,
        lacks: Vec::new(),
        reports: vec![(String::new(), verified.report)],
        gaps: gaps
            .map(|gap| format!("not all of it was seen: {gap}"))
            .collect(),
        file,
    }
}

/// For machines; docs/verify-format.md describes it.
pub(crate) fn json(verified: &Verified<'_>) -> String {
    let report = verified.report;
    let (status, signal) = match verified.end {
        End::Exited(status) => (Some(status), None),
        End::Killed(signal) => (None, Some(signal.to_string())),
        End::LeftRunning | End::Gone => (None, None),
    };
    super::json(&Json {
        schema: 1,
        command: verified.command,
        profile: verified.profile,
        arch: verified.native.name(),
        container: verified.container,
        enforced: verified.enforced,
        passed: report.passed(),
        complete: verified.gaps.is_empty(),
        gaps: verified.gaps.iter().map(|gap| gap.key()).collect(),
        status,
        signal,
        milliseconds: verified.milliseconds,
        processes: verified.processes,
        denials: report.findings.iter().map(denial).collect(),
        dropped: report.dropped,
        also: report
            .repairs()
            .iter()
            .map(|(name, by)| (name.as_str(), reason(by)))
            .collect(),
    })
}

pub(super) fn denial(finding: &Finding) -> JsonDenial<'_> {
    let denial = &finding.denial;
    let (default, with) = match &finding.standing {
        Standing::Inside => ("inside", &[][..]),
        Standing::Depends => ("depends", &[][..]),
        Standing::Outside { with, .. } => ("outside", with.as_slice()),
        Standing::Unnamed => ("unnamed", &[][..]),
    };
    JsonDenial {
        arch: denial.arch.name(),
        call: denial.call.to_string(),
        args: finding
            .arguments()
            .map(|(index, value, symbols)| JsonArgument {
                index,
                value: format!("{value:#x}"),
                symbols,
            })
            .collect(),
        answer: denial.answer.key(),
        refused: denial.answer.refuses(),
        expected: finding.expected,
        by: &denial.program,
        pid: denial.pid,
        calls: denial.calls,
        milliseconds: denial.milliseconds,
        ends: denial
            .ends
            .iter()
            .map(|(how, end)| JsonEnd {
                how,
                processes: end.processes,
                milliseconds: end.milliseconds,
            })
            .collect(),
        docker_default: default,
        capabilities: with.iter().map(ToString::to_string).collect(),
    }
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    command: &'a str,
    profile: &'a str,
    arch: &'a str,
    container: &'a str,
    enforced: bool,
    passed: bool,
    complete: bool,
    gaps: Vec<&'a str>,
    status: Option<i32>,
    signal: Option<String>,
    milliseconds: u64,
    processes: u64,
    denials: Vec<JsonDenial<'a>>,
    dropped: u64,
    also: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
pub(super) struct JsonDenial<'a> {
    arch: &'a str,
    call: String,
    args: Vec<JsonArgument>,
    answer: &'a str,
    refused: bool,
    expected: bool,
    by: &'a str,
    pid: u32,
    calls: u64,
    milliseconds: u64,
    ends: Vec<JsonEnd<'a>>,
    docker_default: &'a str,
    capabilities: Vec<String>,
}

#[derive(Serialize)]
struct JsonArgument {
    index: u8,
    value: String,
    symbols: Option<String>,
}

#[derive(Serialize)]
struct JsonEnd<'a> {
    how: &'a str,
    processes: u64,
    milliseconds: u64,
}
