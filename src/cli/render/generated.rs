//! What `generate` tells: what is in the profile and why, what is not, and how it stands to the
//! base.

use std::collections::BTreeMap;

use callsieve::arch::Arch;
use callsieve::event::CallId;
use callsieve::profile::action::ENOSYS;
use callsieve::profile::build::{Generated, LeftOut, Options, Reason, Why};
use callsieve::profile::{Action, View};
use callsieve::syscalls::SyscallName;

use super::difference::{self, Compared, Heading};
use super::wrap::Page;
use super::{counted, safe};
use crate::cli::error::CommandError;
use callsieve::profile::diff::Difference;
use callsieve::profile::floor::Phase;
use callsieve::profile::implied::probed;

/// Names on one line of a list.
const WIDTH: usize = 72;

/// For people, on standard error.
pub(crate) fn summary(
    generated: &Generated,
    options: &Options,
    container: &str,
    page: Page,
) -> Result<String, CommandError> {
    let mut text = String::new();
    let mut say = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    say(&counts(generated));
    for line in floor(generated, options) {
        say(&line);
    }
    for line in left_out(&generated.left_out) {
        say(&line);
    }
    for line in kept(generated, options) {
        say(&line);
    }
    if !generated.never_succeeded.is_empty() {
        let names: Vec<String> = generated
            .never_succeeded
            .iter()
            .map(|(_, name)| name.to_string())
            .collect();
        say(
            "Tried but never successful, allowed all the same (they may have been refused while recording):",
        );
        for line in wrapped(&names) {
            say(&line);
        }
    }
    if page.verbose {
        for (name, reasons) in &generated.reasons {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            say(&format!("  {name}: {}", reasons.join("; ")));
        }
    }
    if let (Some(base), Some(profile)) = (&options.base, &generated.base) {
        let difference =
            Difference::between(profile, &generated.profile, &View::docker(generated.native))
                .map_err(|error| CommandError::input("", &error))?;
        let heading = Heading {
            old: &safe(&base.name),
            new: "This profile",
            native: generated.native,
            container,
        };
        say("");
        let page = Page {
            verbose: false,
            ..page
        };
        text.push_str(&difference::text(
            &Compared::plain(&difference, heading),
            page,
        ));
    } else {
        say(
            "There is no base: nothing keeps the profile from allowing what Docker's default refuses.",
        );
    }
    Ok(text)
}

/// Why a name is allowed, in one word; the strongest reason.
fn kind(reasons: &[Reason]) -> &'static str {
    let has = |test: fn(&Reason) -> bool| reasons.iter().any(test);
    if has(|reason| matches!(reason, Reason::Observed { .. })) {
        "observed"
    } else if has(|reason| matches!(reason, Reason::Asked(_))) {
        "asked for"
    } else if has(|reason| matches!(reason, Reason::Kept(_))) {
        "kept"
    } else if has(|reason| matches!(reason, Reason::Floor(_))) {
        "needed by the runtime"
    } else if has(|reason| matches!(reason, Reason::Instead(_))) {
        "called instead of refused ones"
    } else if has(|reason| matches!(reason, Reason::Probed)) {
        "answered ENOSYS"
    } else {
        "always needed"
    }
}

fn counts(generated: &Generated) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for reasons in generated.reasons.values() {
        *kinds.entry(kind(reasons)).or_default() += 1;
    }
    let enosys = kinds.remove("answered ENOSYS").unwrap_or_default();
    let allowed: usize = kinds.values().sum();
    let order = [
        "observed",
        "needed by the runtime",
        "always needed",
        "called instead of refused ones",
        "asked for",
        "kept",
    ];
    let parts: Vec<String> = order
        .iter()
        .filter_map(|kind| kinds.get(kind).map(|count| format!("{count} {kind}")))
        .collect();
    let arches: Vec<&str> = generated
        .profile
        .architectures
        .iter()
        .map(|arch| arch.name())
        .collect();
    format!(
        "{allowed} calls allowed on {}: {}. {enosys} answered ENOSYS.",
        arches.join(", "),
        parts.join(", ")
    )
}

/// The runtime's share, by who needs it, and what no-new-privileges would save.
fn floor(generated: &Generated, options: &Options) -> Vec<String> {
    let mut groups: BTreeMap<(Phase, &[String]), Vec<String>> = BTreeMap::new();
    for (name, needed) in generated.floor_only() {
        let group = groups.entry((needed.phase, &needed.by)).or_default();
        group.push(name.to_string());
    }
    let mut lines = Vec::new();
    for ((phase, by), names) in groups {
        let by = match by {
            [] => String::new(),
            [one] => one.clone(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        };
        let what = match phase {
            Phase::Start => "start a container",
            Phase::Exec => "run further programs in it",
            Phase::Init => "be its first process",
        };
        lines.push(format!("Needed by {by} to {what}, not by the program:"));
        lines.extend(wrapped(&names));
    }
    let saved = generated.saved_by_no_new_privileges(options).len();
    if saved > 0 {
        let names = counted(u64::try_from(saved).unwrap_or(u64::MAX), "names");
        lines.push(format!(
            "With no-new-privileges (`--no-new-privileges`) the profile would be {names} smaller."
        ));
    }
    lines
}

/// What is there for the older profile's sake alone, and what of it was dropped or was not.
fn kept(generated: &Generated, options: &Options) -> Vec<String> {
    let (Some(keep), Some(kept)) = (&options.keep, &generated.kept) else {
        return Vec::new();
    };
    let name = safe(&keep.name);
    let is_kept = |reasons: &[Reason]| reasons.iter().any(|it| matches!(it, Reason::Kept(_)));
    let names: Vec<&str> = generated
        .reasons
        .iter()
        .filter(|(_, reasons)| is_kept(reasons))
        .map(|(name, _)| name.as_str())
        .collect();
    let mut lines = Vec::new();
    if !names.is_empty() {
        lines.push(format!("Kept from {name}, not seen any more:"));
        lines.extend(wrapped(&names));
    }
    let runs = kept.runs;
    if !kept.pruned.is_empty() {
        lines.push(format!(
            "Dropped from {name}, as no complete run shows it, of {runs}:"
        ));
        let pruned: Vec<&str> = kept.pruned.iter().map(SyscallName::as_str).collect();
        lines.extend(wrapped(&pruned));
    } else if let Some(after) = keep.prune_after.filter(|after| kept.runs < after.get()) {
        lines.push(format!(
            "Nothing is dropped: `--prune-after` asks for {after} complete runs, and there are {runs}."
        ));
    }
    lines
}

fn left_out(all: &[LeftOut]) -> Vec<String> {
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["Observed, but left out:".to_owned()];
    let mut arches: BTreeMap<Arch, u64> = BTreeMap::new();
    for left in all.iter().filter(|left| left.why == Why::ArchRefused) {
        *arches.entry(left.arch).or_default() += 1;
    }
    for (arch, kinds) in arches {
        lines.push(format!(
            "  {arch}: all {kinds} kinds of calls; the base does not list the architecture"
        ));
    }
    for left in all.iter().filter(|left| left.why != Why::ArchRefused) {
        let by: Vec<String> = left
            .by
            .iter()
            .filter(|name| !name.is_empty())
            .take(3)
            .map(|name| safe(name))
            .collect();
        let by = if by.is_empty() {
            String::new()
        } else {
            format!(" by {}", by.join(", "))
        };
        let calls = if left.calls > 0 {
            format!("{}{by}; ", counted(left.calls, "calls"))
        } else {
            String::new()
        };
        lines.push(format!(
            "  {} {}: {calls}{}",
            left.arch,
            left.call,
            safe(&why(left))
        ));
        if let CallId::Name(name) = &left.call {
            let risk = super::risk(name.as_str());
            lines.extend(risk.map(|risk| format!("      {risk}")));
        }
    }
    lines
}

pub(crate) fn why(left: &LeftOut) -> String {
    match &left.why {
        Why::Refused(answer) => {
            let add = match &left.call {
                // What is allowed instead stands in the profile already.
                CallId::Name(name)
                    if *answer == Action::Errno(ENOSYS) && probed(name.as_str()).is_some() =>
                {
                    ", on which its callers fall back".to_owned()
                }
                CallId::Name(name) => format!("; to allow it: --allow {name}=REASON"),
                CallId::Number(_) => String::new(),
            };
            format!("the base answers {answer}{add}")
        }
        Why::Denied(reason) => format!("denied: {reason}"),
        Why::KeptBeyond => {
            let add = match &left.call {
                CallId::Name(name) => format!("; to allow it: --allow {name}=REASON"),
                CallId::Number(_) => String::new(),
            };
            format!("the older profile allows more of it than the base, which was not kept{add}")
        }
        Why::NotCarried => "the base's argument rules can't be carried over".to_owned(),
        Why::UnknownName => "no architecture has a call of this name".to_owned(),
        Why::UnknownNumber => "a number without a name; a profile can't name it".to_owned(),
        Why::ArchRefused => "the base does not list the architecture".to_owned(),
        Why::Values(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("{value:#x}")).collect();
            format!(
                "argument values outside the base's rule: {}",
                values.join(", ")
            )
        }
    }
}

pub(crate) fn wrapped<T: AsRef<str>>(names: &[T]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < WIDTH => {
                line.push(' ');
                line.push_str(name);
            }
            _ => lines.push(format!("  {name}")),
        }
    }
    lines
}
