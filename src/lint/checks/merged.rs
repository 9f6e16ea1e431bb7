//! What libseccomp makes of rules that overlap.

use std::ops::Range;

use super::Input;
use crate::lint::Rule;
use crate::lint::finding::{Draft, Findings};
use crate::lint::meaning::{Answers, Merged};
use crate::lint::words::quoted;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    for reading in &input.readings {
        let Some(engine) = reading.engines.first() else {
            continue;
        };
        let native = input.options.host.native;
        let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
        if let Some((why, too_complex)) = answers.refusal() {
            if too_complex {
                findings.not_checked(format!("what libseccomp makes of the rules: {why}"));
                return;
            }
            // Equal conditions have a finding of their own, at the rule itself.
            if findings.count(Rule::EqualConditions) == 0 {
                let range = place(input, why.split('`').nth(1).unwrap_or_default());
                let message = format!("no filter can be made: {why}");
                findings.add(Draft::new(Rule::Refused, &range, message).of(&reading.engines));
            }
            continue;
        }
        let all = match answers.merged() {
            Ok(all) => all,
            Err(call) => {
                findings.not_checked(format!(
                    "whether libseccomp merges rules into something else: {call} is too complex"
                ));
                return;
            }
        };
        for merged in all {
            let range = place(input, merged.name);
            let draft = Draft::new(Rule::Merged, &range, message(&merged)).of(&reading.engines);
            let draft = draft.note(format!(
                "arguments that show it: {}",
                merged.args.map(|arg| format!("{arg:#x}")).join(", ")
            ));
            findings.add(draft.help("write rules of which at most one holds"));
        }
    }
}

fn message(merged: &Merged) -> String {
    format!(
        "the rules about {} say {}, and the filter does {} on {}",
        quoted(merged.name),
        merged.written,
        merged.made,
        merged.arch
    )
}

/// Where the name is last in the file; its start if it is not, as for a call behind a multiplexer.
fn place(input: &Input<'_, '_>, name: &str) -> Range<usize> {
    let mut names = input.file.entries.iter().flat_map(|entry| &entry.names);
    names
        .rfind(|it| it.value.text == name)
        .map_or(0..0, |it| it.range.clone())
}
