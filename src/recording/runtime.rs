//! What runtimes called in a container, as it stands in a file.

use std::collections::BTreeMap;

use super::Recording;
use super::file::{FileError, bad, call_id};
use super::wire;
use crate::arch::Arch;
use crate::event::{CallId, RuntimeCall, RuntimeCalls};

type Wire = BTreeMap<String, BTreeMap<String, BTreeMap<String, wire::RuntimeCall>>>;

pub(super) fn to_wire(runtime: &RuntimeCalls) -> Wire {
    let call = |(id, call): (&CallId, &RuntimeCall)| {
        let RuntimeCall { calls, filtered } = *call;
        (id.to_string(), wire::RuntimeCall { calls, filtered })
    };
    let arch = |(arch, calls): (&Arch, &BTreeMap<CallId, RuntimeCall>)| {
        (arch.name().to_owned(), calls.iter().map(call).collect())
    };
    let programs = runtime.iter();
    programs
        .map(|(program, arches)| (program.clone(), arches.iter().map(arch).collect()))
        .collect()
}

pub(super) fn from_wire(wire: Wire, run: &str) -> Result<RuntimeCalls, FileError> {
    let mut runtime = RuntimeCalls::new();
    for (program, arches) in wire {
        let known = runtime.entry(program).or_default();
        for (arch, calls) in arches {
            let found = Arch::ALL.into_iter().find(|it| it.name() == arch);
            let found = found.ok_or_else(|| bad("architecture", &arch, run))?;
            let known = known.entry(found).or_default();
            for (call, it) in calls {
                let id = call_id(&call).ok_or_else(|| bad("system call", &call, run))?;
                let wire::RuntimeCall { calls, filtered } = it;
                known.insert(id, RuntimeCall { calls, filtered });
            }
        }
    }
    Ok(runtime)
}

impl Recording {
    /// What runtimes called in containers, by program: all runs together.
    pub fn runtime(&self) -> RuntimeCalls {
        let mut all = RuntimeCalls::new();
        let captures = self.runs.values().filter_map(|run| run.capture.as_ref());
        for (program, arches) in captures.flat_map(|capture| &capture.runtime) {
            let known = all.entry(program.clone()).or_default();
            for (arch, calls) in arches {
                let known = known.entry(*arch).or_default();
                for (call, it) in calls {
                    let sum = known.entry(call.clone()).or_default();
                    sum.calls = sum.calls.saturating_add(it.calls);
                    sum.filtered = sum.filtered.saturating_add(it.filtered);
                }
            }
        }
        all
    }
}
