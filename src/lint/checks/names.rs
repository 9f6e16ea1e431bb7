//! Names of calls, and where they stand.

use super::Input;
use crate::lint::Rule;
use crate::lint::engines::{DOCKER_FORM, OCI_FORM, RUNC, titles};
use crate::lint::file::Entry;
use crate::lint::finding::{Draft, Findings};
use crate::lint::fix;
use crate::lint::words::{meant, quoted};
use crate::profile::Libseccomp;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    for entry in &input.file.entries {
        fields(input, entry, findings);
        for name in &entry.names {
            let text = name.value.text.as_ref();
            if text.is_empty() {
                empty(input, entry, &name.range, findings);
            } else if name.value.known.is_none() {
                unknown(input, text, &name.range, findings);
            } else {
                too_new(input, text, &name.range, findings);
            }
        }
    }
}

fn fields(input: &Input<'_, '_>, entry: &Entry<'_>, findings: &mut Findings<'_, '_>) {
    if let (Some(_), Some(name)) = (&entry.names_field, &entry.name_field) {
        let engines = input.asked(DOCKER_FORM);
        if !engines.is_empty() {
            let message = format!("both `name` and `names`: {} refuse this", titles(&engines));
            findings.add(Draft::new(Rule::NameAndNames, name, message).of(&engines));
        }
    } else if let (Some(name), Some(first)) = (&entry.name_field, entry.names.first()) {
        let engines = input.asked(OCI_FORM);
        if !engines.is_empty() {
            let message = format!("`name` is not read by {}", titles(&engines));
            let value = input.file.text.get(first.range.clone()).unwrap_or_default();
            findings.add(
                Draft::new(Rule::SingleName, name, message)
                    .of(&engines)
                    .note("the rule is about no call there, or the profile is refused")
                    .fix(
                        "write `names`",
                        vec![(name.clone(), format!("\"names\": [{value}]"))],
                    ),
            );
        }
    } else if entry.names.is_empty() {
        let draft = Draft::new(Rule::NoNames, &entry.range, "a rule without a name");
        findings.add(match entry.names_field {
            Some(_) => draft,
            None => draft.note("crun refuses a rule without `names`"),
        });
    }
}

fn empty(
    input: &Input<'_, '_>,
    entry: &Entry<'_>,
    range: &std::ops::Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    let engines = input.asked(RUNC);
    if engines.is_empty() {
        return;
    }
    let draft = Draft::new(Rule::EmptyName, range, "an empty name").of(&engines);
    let alone = entry.names.len() == 1;
    findings.add(match fix::without(input.file.text, range) {
        Some(edit) if !alone => draft.fix("take it out", vec![edit]),
        Some(_) | None => draft,
    });
}

fn unknown(
    input: &Input<'_, '_>,
    name: &str,
    range: &std::ops::Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    let message = format!("unknown system call {}", quoted(name));
    let draft = Draft::new(Rule::UnknownName, range, message)
        .note("no architecture has it: engines ignore the name");
    let help = findings
        .keeps(Rule::UnknownName)
        .then(|| meant(name, input.options.host.native))
        .flatten();
    findings.add(match help {
        Some(help) => draft.help(help),
        None => draft,
    });
}

fn too_new(
    input: &Input<'_, '_>,
    name: &str,
    range: &std::ops::Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    let since = Libseccomp::since(name);
    if input.libseccomp() >= since {
        return;
    }
    let message = format!(
        "libseccomp {} does not know {}",
        input.libseccomp(),
        quoted(name)
    );
    findings.add(
        Draft::new(Rule::TooNew, range, message).note(format!("{since} is the first that does")),
    );
}
