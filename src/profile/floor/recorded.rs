//! A floor as recordings of containers have it: what their runtimes called under a filter.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Evidence, Needed, Phase, Runtime, rows};
use crate::event::CallId;
use crate::recording::Recording;
use crate::syscalls::SyscallName;

/// The calls that runtimes were seen to make under a filter, each with who made it; and what those
/// runtimes are known to make now and then, which a recording lacks by luck.
///
/// Empty if no recording tells, as of containers that ran without a filter.
pub fn recorded(recording: &Recording) -> BTreeMap<SyscallName, Needed> {
    let mut all: BTreeMap<SyscallName, Needed> = BTreeMap::new();
    for (program, arches) in recording.runtime() {
        let by = name(&program);
        let calls = arches.values().flatten();
        let filtered = calls.filter(|(_, it)| it.filtered > 0);
        let mut any = false;
        for (call, _) in filtered {
            let CallId::Name(name) = call else { continue };
            add(&mut all, name.clone(), &by, Evidence::Observed);
            any = true;
        }
        if !any {
            continue;
        }
        let known = Runtime::ALL.into_iter().find(|it| by.contains(it.name()));
        let same = rows()
            .iter()
            .filter(|row| known.is_none_or(|runtime| row.runtime == runtime));
        for name in same.flat_map(|row| row.flaky) {
            add(&mut all, SyscallName::known(name), &by, Evidence::Flaky);
        }
    }
    all
}

fn add(all: &mut BTreeMap<SyscallName, Needed>, name: SyscallName, by: &str, evidence: Evidence) {
    let phase = Phase::Start;
    let needed = all.entry(name).or_insert_with(|| Needed {
        by: Vec::new(),
        phase,
        evidence,
    });
    needed.add(by, phase, evidence);
}

/// runc executes a copy of itself that has no name in any folder.
fn name(program: &str) -> String {
    let known = Runtime::ALL
        .into_iter()
        .find(|it| program.contains(it.name()));
    if let Some(runtime) = known {
        return runtime.name().to_owned();
    }
    let file = Path::new(program).file_name().unwrap_or(program.as_ref());
    file.to_string_lossy().into_owned()
}
