//! What Kubernetes takes from a pod.

use super::Input;
use crate::lint::Rule;
use crate::lint::engines::KUBERNETES;
use crate::lint::finding::{Draft, Findings};
use crate::profile::Action;

/// Rules of a profile.
const MAX_RULES: usize = 128;
/// Bytes of a profile.
const MAX_BYTES: usize = 1 << 20;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let engines = input.asked(KUBERNETES);
    if engines.is_empty() {
        return;
    }
    let file = input.file;
    if let Some(entry) = file.entries.get(MAX_RULES) {
        let message = format!(
            "{} rules; runtimes of KEP-6061 take {MAX_RULES}",
            file.entries.len()
        );
        findings.add(
            Draft::new(Rule::Kep6061, &entry.range, message)
                .of(&engines)
                .help("rules of one action without conditions can be one rule"),
        );
    }
    if file.text.len() > MAX_BYTES {
        let message = format!(
            "{} bytes; runtimes of KEP-6061 take {MAX_BYTES}",
            file.text.len()
        );
        findings.add(
            Draft::new(
                Rule::Kep6061,
                &(file.range.start..file.range.start + 1),
                message,
            )
            .of(&engines),
        );
    }
    let actions = file
        .entries
        .iter()
        .filter_map(|entry| entry.action.as_ref());
    let notify = file
        .default_action
        .iter()
        .chain(actions)
        .find(|action| action.value == Action::Notify);
    if let Some(action) = notify {
        let message = "runtimes of KEP-6061 refuse `SCMP_ACT_NOTIFY`";
        findings.add(Draft::new(Rule::Kep6061, &action.range, message).of(&engines));
    }
}
