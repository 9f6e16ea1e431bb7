//! What is wrong with exceptions: expired, without a reason, without an effect.

use super::{Config, Date, Exception, Kind};
use crate::event::CallId;
use crate::lint::{Finding, Level, Rule, Severity};
use crate::profile::build::{Generated, Reason, Stance, Why};
use crate::syscalls::SyscallName;

/// What is found, in the order of the file. `made` are profiles that were made, by their position
/// in the file; without any, nothing is said of what has no effect.
pub fn findings(config: &Config, today: Date, made: &[(usize, &Generated)]) -> Vec<Finding> {
    let mut all = Vec::new();
    for exception in &config.exceptions {
        let drafts = [
            unexplained(exception),
            expired(exception, today),
            beyond(exception),
            unused(exception, made),
        ];
        for (rule, message, help) in drafts.into_iter().flatten() {
            let severity = match config.levels.get(&rule) {
                Some(Level::Off) => continue,
                Some(Level::At(severity)) => *severity,
                None => rule.info().severity,
            };
            all.push(finding(exception, rule, severity, message, help));
        }
    }
    all
}

/// A rule, what is wrong, what to do about it.
type Draft = (Rule, String, &'static str);

fn finding(
    exception: &Exception,
    rule: Rule,
    severity: Severity,
    message: String,
    help: &'static str,
) -> Finding {
    let told =
        |what: &str, text: &Option<String>| text.as_ref().map(|text| format!("{what}: {text}"));
    let notes = [
        told("reason", &exception.reason),
        told("owner", &exception.owner),
    ];
    Finding {
        rule,
        severity,
        engines: Vec::new(),
        message,
        span: exception.span,
        notes: notes.into_iter().flatten().collect(),
        help: Some(help.to_owned()),
        fix: None,
    }
}

fn names(exception: &Exception) -> String {
    let names: Vec<String> = exception
        .names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    names.join(", ")
}

fn done(kind: Kind) -> &'static str {
    match kind {
        Kind::Allow => "allowed",
        Kind::Deny => "denied",
    }
}

fn unexplained(exception: &Exception) -> Option<Draft> {
    if exception.reason.is_some() {
        return None;
    }
    let message = format!(
        "{} {} without a reason",
        names(exception),
        if exception.names.len() == 1 {
            "is"
        } else {
            "are"
        }
    );
    let done = done(exception.kind);
    Some((
        Rule::ExceptionUnexplained,
        message.replace(" without", &format!(" {done} without")),
        "say why in `reason`: an exception without one can't be reviewed",
    ))
}

fn expired(exception: &Exception, today: Date) -> Option<Draft> {
    let expires = exception.expires.filter(|expires| *expires < today)?;
    Some((
        Rule::ExceptionExpired,
        format!(
            "the exception for {} has expired: its last day was {expires}",
            names(exception)
        ),
        "it still applies; take it out, or give it another day and say why in the review",
    ))
}

fn beyond(exception: &Exception) -> Option<Draft> {
    exception.beyond_base.then(|| {
        (
            Rule::ExceptionBeyondBase,
            format!("{} is allowed whatever the base says", names(exception)),
            "take out `beyond-base` if what the base allows of it is enough",
        )
    })
}

/// Names that make no difference in any of the profiles that it is for.
fn unused(exception: &Exception, made: &[(usize, &Generated)]) -> Option<Draft> {
    let of: Vec<&Generated> = made
        .iter()
        .filter(|(position, _)| exception.profile.is_none_or(|of| of == *position))
        .map(|(_, generated)| *generated)
        .collect();
    if of.is_empty() {
        return None;
    }
    let without: Vec<(&SyscallName, &'static str)> = exception
        .names
        .iter()
        .filter_map(|name| {
            let whys = of.iter().map(|generated| match exception.kind {
                Kind::Allow => idle_allowance(name, exception.beyond_base, generated),
                Kind::Deny => idle_denial(name, generated),
            });
            let whys: Option<Vec<&str>> = whys.collect();
            Some((name, *whys?.first()?))
        })
        .collect();
    let (_, why) = without.first()?;
    let told: Vec<String> = without
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    let (rule, help) = match exception.kind {
        Kind::Allow => (
            Rule::AllowUnused,
            "take it out, unless recordings show it only now and then",
        ),
        Kind::Deny => (
            Rule::DenyUnused,
            "take it out, or keep it as a guard for what recordings may show one day",
        ),
    };
    Some((
        rule,
        format!(
            "that {} is {} changes nothing: {why}",
            told.join(", "),
            done(exception.kind)
        ),
        help,
    ))
}

/// Why an allowance makes no difference.
fn idle_allowance(
    name: &SyscallName,
    beyond_base: bool,
    generated: &Generated,
) -> Option<&'static str> {
    let Some(reasons) = generated.reasons.get(name) else {
        return Some("the base refuses it; `beyond-base = true` would allow it");
    };
    if reasons.contains(&Reason::Probed) {
        return Some("the base refuses it; `beyond-base = true` would allow it");
    }
    let refused = generated
        .base
        .as_ref()
        .is_some_and(|base| Stance::of(base, name.as_str()) != Stance::Allowed);
    if beyond_base && refused {
        return None;
    }
    let has = |test: fn(&Reason) -> bool| reasons.iter().any(test);
    if has(|reason| matches!(reason, Reason::Observed { .. })) {
        Some("recordings show it anyway")
    } else if has(|reason| matches!(reason, Reason::Floor(_) | Reason::Implied(_))) {
        Some("every container needs it anyway")
    } else {
        None
    }
}

/// Why a denial makes no difference.
fn idle_denial(name: &SyscallName, generated: &Generated) -> Option<&'static str> {
    let denies = generated
        .left_out
        .iter()
        .any(|left| matches!(left.why, Why::Denied(_)) && left.call == CallId::Name(name.clone()));
    let refuses = |base| matches!(Stance::of(base, name.as_str()), Stance::Refused(_));
    if generated.base.as_ref().is_some_and(refuses) {
        Some("the base refuses it anyway")
    } else if denies {
        None
    } else {
        Some("no recording shows it")
    }
}
