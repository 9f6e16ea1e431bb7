//! The runs of a container put together, with what is known of it from outside.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::Arch;
use callsieve::event::{ArgValue, CallId, Gap};
use callsieve::recording::{Recording, Run};

/// The label of a run that was a probe; its value is the probe.
pub(super) const PROBE: &str = "probe";

/// The recording of a container: its program's runs, and of each probe's those that add
/// something, all with `labels`. A label that a run has already stays.
pub(super) fn gathered(recordings: &[Recording], labels: &BTreeMap<String, String>) -> Recording {
    let mut runs: Vec<Run> = recordings
        .iter()
        .flat_map(|recording| recording.runs().map(|(_, run)| run.clone()))
        .collect();
    // Whole ones first, so that one which was cut off adds only what no other has.
    runs.sort_by_key(|run| (run.tally.gaps.len(), calls(run)));
    let mut seen: BTreeMap<String, BTreeSet<Seen>> = BTreeMap::new();
    let mut all = Recording::default();
    for mut run in runs {
        if let Some(probe) = probe(&run) {
            let known = seen.entry(probe.to_owned()).or_default();
            let before = known.len();
            known.extend(what(&run));
            let tells_gap = run.tally.gaps.iter().any(|gap| *gap != Gap::Detached);
            if known.len() == before && before > 0 && !tells_gap {
                continue;
            }
        }
        let own = run.capture.get_or_insert_default();
        for (key, value) in labels {
            own.labels
                .entry(key.clone())
                .or_insert_with(|| value.clone());
        }
        all.merge(Recording::of(run));
    }
    all
}

/// The probe that a run is of; none for the program itself.
pub(super) fn probe(run: &Run) -> Option<&str> {
    let capture = run.capture.as_ref()?;
    capture.labels.get(PROBE).map(String::as_str)
}

/// A kind of call by a program, with a value of an argument or without.
type Seen = (Arch, CallId, String, Option<(u8, ArgValue)>);

fn calls(run: &Run) -> BTreeSet<(Arch, CallId)> {
    run.calls
        .iter()
        .flat_map(|(arch, calls)| calls.keys().map(|call| (*arch, call.clone())))
        .collect()
}

/// All that a run has to say of kinds of calls, counts apart.
fn what(run: &Run) -> BTreeSet<Seen> {
    let mut all = BTreeSet::new();
    for (arch, calls) in &run.calls {
        for (call, observed) in calls {
            for program in observed.by.keys() {
                all.insert((*arch, call.clone(), program.clone(), None));
            }
            for (index, facts) in &observed.args {
                for value in facts.values.keys() {
                    let value = Some((*index, value.clone()));
                    all.insert((*arch, call.clone(), String::new(), value));
                }
            }
        }
    }
    all
}
