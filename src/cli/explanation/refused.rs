//! What becomes of callers that are refused.

use callsieve::arch::Arch;
use callsieve::profile::implied::{IMPLIED, probed};
use callsieve::syscalls::about::{Refused, refusals};
use callsieve::syscalls::table;
use serde::Serialize;

/// What is known of one answer.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// `ENOSYS`, `EPERM` or `any`.
    pub(crate) answer: &'static str,
    pub(crate) effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'static str>,
}

/// All that is known; empty for most calls.
pub(super) fn rows(name: &str, native: Arch) -> Vec<Row> {
    let row = |answer: Refused, effect: String| Row {
        answer: answer.name(),
        effect,
        source: None,
    };
    let mut rows: Vec<Row> = Vec::new();
    if let Some(probed) = probed(name) {
        let has = |call: &&&str| table(native).number(call).is_some();
        let instead: Vec<&str> = probed.instead.iter().filter(has).copied().collect();
        rows.push(row(
            Refused::Enosys,
            if instead.is_empty() {
                "callers take it for an older kernel and go on without it".to_owned()
            } else {
                format!(
                    "callers take it for an older kernel and use {}",
                    instead.join(", ")
                )
            },
        ));
        if refusals(name).all(|known| known.answer == Refused::Enosys) {
            rows.push(row(
                Refused::Eperm,
                "callers report an error where they would fall back on ENOSYS".to_owned(),
            ));
        }
    }
    rows.extend(refusals(name).map(|known| Row {
        answer: known.answer.name(),
        effect: known.effect.to_owned(),
        source: Some(known.source),
    }));
    if let Some(implied) = IMPLIED.iter().find(|implied| implied.name == name) {
        rows.push(row(
            Refused::Any,
            format!("generated profiles always allow it: {}", implied.why),
        ));
    }
    rows
}
