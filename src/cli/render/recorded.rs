//! What a recording that has ended tells, and what to do next.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::{ArgValue, CallId, Outcome, Remark, UnderProfile};
use callsieve::profile::build::Stance;
use callsieve::profile::{
    Capability, DockerRelease, Host, KernelVersion, Profile, Rule, docker_default,
};
use callsieve::record::{End, Finished};
use callsieve::recording::{Observed, Recording, Run};

use super::screen::processes;
use super::wrap::Page;
use super::{add, counted, number, safe, shell};
use crate::cli::output;

/// Names on one line.
const MAX_NAMES: usize = 8;

/// A recording that has ended.
#[derive(Debug)]
pub(crate) struct Recorded<'a> {
    pub(crate) finished: &'a Finished,
    pub(crate) recording: &'a Recording,
    pub(crate) path: &'a Path,
    /// The recordings and profiles whose calls were left out.
    pub(crate) known: &'a [PathBuf],
}

/// What to tell, on standard error.
pub(crate) fn summary(recorded: &Recorded<'_>, page: Page) -> String {
    let seen = &recorded.finished.seen;
    let mut rows: Vec<String> = Vec::new();
    let head = format!(
        "Recorded {} for {}: {}, {}, {}, {}.\n",
        safe(seen.label()),
        duration(recorded.finished.elapsed),
        counted(u64::try_from(seen.kinds()).unwrap_or(u64::MAX), "syscalls"),
        processes(recorded.finished.processes),
        counted(seen.calls(), "calls"),
        lost(seen.lost()),
    );
    let mut row = |name: &str, what: &str| {
        rows.push(page.row(name, what));
    };
    row(
        "with",
        &format!(
            "{}: {}",
            safe(&seen.capture().backend),
            safe(&seen.capture().reason)
        ),
    );
    match recorded.finished.end {
        End::Exited(0) => {}
        End::Exited(status) => row("ended", &format!("with status {status}")),
        End::Killed(signal) => row("ended", &format!("by {signal}")),
        End::LeftRunning => row("ended", "not; it runs on and is recorded no longer"),
        End::Gone => row("ended", "meanwhile"),
    }
    for (_, run) in recorded.recording.runs() {
        docker(run, &mut row);
    }
    if let Some(under) = &seen.capture().under {
        row("under", &safe(&under.profile));
        row("refused there", &refused(under));
    }
    for (remark, programs) in &seen.capture().remarks {
        row(word(*remark), &list(programs.iter().map(String::as_str)));
    }
    if let Some(last) = seen.last_new() {
        let before = recorded.finished.elapsed.saturating_sub(last.at);
        row(
            "last new",
            &format!("{}, {} before the end", last.call, duration(before)),
        );
    }
    if !matches!(recorded.finished.end, End::LeftRunning | End::Gone) {
        row(
            "not recorded",
            "health checks, probes, `docker exec`: a profile will confine them too",
        );
    }
    let mut text = page.wrapped(&head) + &rows.concat();
    if !output::is_stdout(Some(recorded.path)) {
        let path = safe(&recorded.path.display().to_string());
        add(&mut text, format_args!("Wrote {path}\n"));
        if output::is_kept(recorded.path) {
            add(&mut text, format_args!("\nNext: {}\n", next(recorded)));
        }
    }
    text
}

/// The command to type next: with what was left out a recording is complete; what lacks its start
/// makes no profile unasked.
fn next(recorded: &Recorded<'_>) -> String {
    let path = shell::path(recorded.path);
    let label = recorded.finished.seen.label();
    if !recorded.known.is_empty() {
        let known: Vec<String> = recorded.known.iter().map(|it| shell::path(it)).collect();
        let to = shell::file(label, ".all.rec.json");
        return format!("callsieve merge {} {path} -o {to}", known.join(" "));
    }
    if recorded.recording.gaps().next().is_some() {
        return format!("callsieve list {path}");
    }
    format!(
        "callsieve generate {path} -o {}",
        shell::file(label, ".json")
    )
}

/// The call that was seen first after all others were, and when since the start of the run.
pub(super) fn last_new(run: &Run) -> Option<(String, Duration)> {
    let calls = run.calls.values().flatten();
    let timed = calls.filter_map(|(call, observed)| Some((observed.since_start?, call)));
    timed.max().map(|(at, call)| (call.to_string(), at))
}

/// Whether rules of which one must match permit all values that were seen.
fn permits(rules: &[Rule], observed: &Observed) -> bool {
    observed.args.iter().all(|(index, facts)| {
        facts.values.keys().all(|value| match value {
            ArgValue::Number(value) => rules.iter().any(|rule| {
                let mut asked = rule.conditions.iter();
                asked.all(|it| it.arg.get() != *index || it.test.holds(*value))
            }),
            ArgValue::Text(_) => true,
        })
    })
}

/// How what was seen stands to Docker's default.
pub(super) fn docker(run: &Run, row: &mut impl FnMut(&str, &str)) {
    let Some(native) = Arch::of_this_build() else {
        return;
    };
    let profile: Profile = docker_default(DockerRelease::NEWEST).resolve(&Host {
        native,
        capabilities: Capability::docker_default().collect(),
        kernel: KernelVersion {
            major: 6,
            minor: 18,
        },
    });
    let (mut inside, mut outside, mut refused) = (0, BTreeSet::new(), BTreeSet::new());
    for (call, observed) in run.calls.values().flatten() {
        let allowed = match call {
            CallId::Name(name) => match Stance::of(&profile, name.as_str()) {
                Stance::Conditional(rules) => permits(&rules, observed),
                Stance::Allowed | Stance::NotCarried => true,
                Stance::Refused(_) => false,
            },
            CallId::Number(_) => false,
        };
        if allowed {
            inside += 1;
        } else {
            outside.insert(call.to_string());
        }
        let no = |outcome: &Outcome| match outcome {
            Outcome::Error(errno) => matches!(errno.as_str(), "EPERM" | "ENOSYS"),
            Outcome::Sigsys => true,
            Outcome::Success
            | Outcome::Failed
            | Outcome::Interrupted
            | Outcome::NoReturn
            | Outcome::Injected
            | Outcome::Unknown => false,
        };
        if observed.outcomes.keys().all(no) && !observed.outcomes.is_empty() {
            refused.insert(call.to_string());
        }
    }
    let names = if outside.is_empty() {
        String::new()
    } else {
        format!(" ({})", list(outside.iter().map(String::as_str)))
    };
    row(
        "Docker default",
        &format!("{inside} inside, {} outside{names}", outside.len()),
    );
    // Under a profile more is known of what was refused.
    let capture = run.capture.as_ref();
    if capture.is_some_and(|capture| capture.results && capture.under.is_none()) {
        let names = match refused.len() {
            0 => "none".to_owned(),
            _ => list(refused.iter().map(String::as_str)),
        };
        row("refused", &names);
    }
}

pub(super) const fn word(remark: Remark) -> &'static str {
    match remark {
        Remark::NestedTracer => "tried to trace",
        Remark::NoPrivileges => "lacked rights",
        Remark::Privileges => "gained rights",
        Remark::OwnFilter => "own filter",
        Remark::StrictSeccomp => "strict seccomp",
        Remark::Untraced => "hid a child",
        Remark::OwnListener => "own listener",
    }
}

/// `none lost`
pub(super) fn lost(count: u64) -> String {
    match count {
        0 => "none lost".to_owned(),
        count => format!("{} lost", number(count)),
    }
}

/// What a profile did not allow.
pub(super) fn refused(under: &UnderProfile) -> String {
    let names: BTreeSet<String> = under.denials.iter().map(|it| it.call.to_string()).collect();
    match names.len() {
        0 => "none".to_owned(),
        _ => list(names.iter().map(String::as_str)),
    }
}

/// A few names, and how many more there are.
pub(super) fn list<S: AsRef<str>>(names: impl ExactSizeIterator<Item = S>) -> String {
    let more = names.len().saturating_sub(MAX_NAMES);
    let mut text = names
        .take(MAX_NAMES)
        .map(|name| safe(name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        text.push_str(&[" and ", &more.to_string(), " more"].concat());
    }
    text
}

/// `2 min 14 s`, `3.2 s`, `40 ms`
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.subsec_millis()),
        1..10 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}
