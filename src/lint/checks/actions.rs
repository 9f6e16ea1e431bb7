//! Actions, their numbers and flags.

use std::ops::Range;

use super::Input;
use crate::formats::docker::MAX_ERRNO;
use crate::lint::Rule;
use crate::lint::engines::{CRUN, ERRNO_NAMES, RUNC};
use crate::lint::file::{At, Errno};
use crate::lint::finding::{Draft, Findings};
use crate::lint::fix;
use crate::profile::{Action, Engine};

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let file = input.file;
    if let Some(action) = &file.default_action {
        number(input, action, &file.default_errno, true, findings);
        if action.value == Action::Notify {
            let engines = input.asked(RUNC);
            if !engines.is_empty() {
                let message = "runc refuses `SCMP_ACT_NOTIFY` as default action";
                findings.add(Draft::new(Rule::Notify, &action.range, message).of(&engines));
            }
        }
    }
    for entry in &file.entries {
        let Some(action) = &entry.action else {
            continue;
        };
        number(input, action, &entry.errno, false, findings);
        match action.value {
            Action::Notify => notify(input, entry, &action.range, findings),
            Action::Trace(_) => findings.add(Draft::new(
                Rule::Trace,
                &action.range,
                "without a tracer this is ENOSYS",
            )),
            Action::KillProcess
            | Action::KillThread
            | Action::Trap
            | Action::Errno(_)
            | Action::Log
            | Action::Allow => {}
        }
        if entry.action() == file.default_action() && !entry.names.is_empty() {
            findings.add(
                Draft::new(
                    Rule::SameAsDefault,
                    &action.range,
                    "this is what the default action does",
                )
                .note("engines leave the rule out"),
            );
        }
    }
    flags(input, findings);
}

fn notify(
    input: &Input<'_, '_>,
    entry: &crate::lint::file::Entry<'_>,
    range: &Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    if !input.file.has_listener {
        findings.add(
            Draft::new(Rule::Notify, range, "`SCMP_ACT_NOTIFY` without a listener")
                .help("`listenerPath` names the socket of the one who decides"),
        );
    }
    let engines = input.asked(RUNC);
    if !engines.is_empty() && entry.known().any(|name| name == "write") {
        let message = "runc refuses `SCMP_ACT_NOTIFY` for `write`, which it needs itself";
        findings.add(Draft::new(Rule::Notify, range, message).of(&engines));
    }
}

/// The number of an action.
fn number(
    input: &Input<'_, '_>,
    action: &At<Action>,
    errno: &Errno,
    is_default: bool,
    findings: &mut Findings<'_, '_>,
) {
    let field = if is_default {
        "defaultErrnoRet"
    } else {
        "errnoRet"
    };
    if let (Some(number), Some(named)) = (&errno.number, &errno.named)
        && number.value != named.value
    {
        let message = format!(
            "the error is number {}, but the one of that name is {}",
            number.value, named.value
        );
        findings.add(Draft::new(Rule::BadValue, &named.range, message));
    }
    let takes = matches!(action.value, Action::Errno(_) | Action::Trace(_));
    match (&errno.number, &errno.named) {
        (Some(number), _) if takes => in_use(input, action, number, is_default, findings),
        (Some(number), _) => unused(input, action, (number, errno), field, findings),
        (None, Some(named)) if takes => by_name(input, named, field, findings),
        (None, _) => {}
    }
}

fn unused(
    input: &Input<'_, '_>,
    action: &At<Action>,
    (number, errno): (&At<u16>, &Errno),
    field: &str,
    findings: &mut Findings<'_, '_>,
) {
    let engines = input.asked(CRUN);
    if engines.is_empty() {
        return;
    }
    let message = format!("crun refuses `{field}` with `{}`", action.value.scmp_name());
    let draft = Draft::new(Rule::ErrnoUnused, &number.range, message)
        .of(&engines)
        .note("the action has no number");
    let edit = errno.field.as_ref();
    findings.add(
        match edit.and_then(|field| fix::without(input.file.text, field)) {
            Some(edit) => draft.fix(format!("take `{field}` out"), vec![edit]),
            None => draft,
        },
    );
}

fn in_use(
    input: &Input<'_, '_>,
    action: &At<Action>,
    number: &At<u16>,
    is_default: bool,
    findings: &mut Findings<'_, '_>,
) {
    if !matches!(action.value, Action::Errno(_)) {
        return;
    }
    if number.value == 0 {
        let message = "the call returns 0 and is not made";
        findings
            .add(Draft::new(Rule::ErrnoZero, &number.range, message).help("EPERM is 1, ENOSYS 38"));
    } else if number.value > MAX_ERRNO {
        let message = format!("errors are numbers from 1 to {MAX_ERRNO}");
        findings.add(Draft::new(Rule::BadValue, &number.range, message));
    }
    let engines = input.asked(&[Engine::Docker20]);
    if is_default && number.value != 1 && !engines.is_empty() {
        let message = "Docker 20.10 drops this and answers EPERM";
        findings.add(
            Draft::new(Rule::DefaultErrnoDropped, &number.range, message)
                .of(&engines)
                .help("a rule with `errnoRet` for each call that must fail otherwise is kept"),
        );
    }
}

fn by_name(input: &Input<'_, '_>, named: &At<u16>, field: &str, findings: &mut Findings<'_, '_>) {
    let asked = input.options.engines.iter().copied();
    let others: Vec<Engine> = asked.filter(|it| !ERRNO_NAMES.contains(it)).collect();
    if named.value == 1 || others.is_empty() {
        return;
    }
    let at = named.range.end..named.range.end;
    let message = "only Podman and CRI-O read the name of an error; others answer EPERM";
    findings.add(
        Draft::new(Rule::ErrnoByName, &named.range, message)
            .of(&others)
            .fix(
                format!("add `{field}`"),
                vec![(at, format!(", \"{field}\": {}", named.value))],
            ),
    );
}

fn flags(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    for flag in &input.file.flags {
        let old = input.asked(&[Engine::Docker20]);
        if !old.is_empty() {
            let message = "Docker 20.10 drops flags";
            findings.add(Draft::new(Rule::FlagsRefused, &flag.range, message).of(&old));
        }
        let engines = input.asked(&[Engine::Docker, Engine::Containerd, Engine::Runc]);
        if !engines.is_empty() {
            let since = if flag.value == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" {
                "1.5"
            } else {
                "1.2"
            };
            let message = format!("runc refuses this flag before {since}");
            findings.add(Draft::new(Rule::FlagsRefused, &flag.range, message).of(&engines));
        }
    }
}
