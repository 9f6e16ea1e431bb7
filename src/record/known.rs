//! Calls that need no recording, as they are known already.

use std::collections::{BTreeMap, BTreeSet};

use super::filter;
use crate::arch::Arch;
use crate::syscalls::table;

/// Calls that are known beforehand, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Numbers by architecture.
    pub calls: BTreeMap<Arch, BTreeSet<u32>>,
    /// The names of runs, or of other sources, that they are known from.
    pub from: BTreeSet<String>,
}

/// What a tracer wants to see each time: it looks at more than the number.
pub(super) const LOOKED_AT: [&str; 4] = ["clone3", "ptrace", "prctl", "seccomp"];
/// What a listener wants to hear each time: that a process runs another program, or filters.
const HEARD: [&str; 4] = ["execve", "execveat", "prctl", "seccomp"];
/// What a listener must not hear: interrupted while it waits, it returns an error into the
/// handler's frame, and the program crashes.
const NEVER_HEARD: [&str; 2] = ["rt_sigreturn", "sigreturn"];

impl Known {
    /// Adds a call by name, on an architecture.
    pub fn add(&mut self, arch: Arch, name: &str) {
        if let Some(number) = table(arch).number(name) {
            self.calls.entry(arch).or_default().insert(number);
        }
    }

    /// Adds a call by number, on an architecture.
    pub fn add_number(&mut self, arch: Arch, number: u32) {
        self.calls.entry(arch).or_default().insert(number);
    }

    /// Whether a program is known to install filters of its own, from which only a tracer can
    /// see what they refuse.
    pub(super) fn filters_itself(&self) -> bool {
        self.calls.iter().any(|(arch, calls)| {
            let number = table(*arch).number("seccomp");
            number.is_some_and(|number| calls.contains(&number))
        })
    }

    /// What the filter lets pass for a tracer.
    pub(super) fn for_tracer(&self) -> filter::Known {
        self.numbers(&LOOKED_AT, &[])
    }

    /// What the filter lets pass for a listener.
    pub(super) fn for_listener(&self) -> filter::Known {
        self.numbers(&HEARD, &NEVER_HEARD)
    }

    /// Those of this machine's architectures, less and more some names.
    fn numbers(&self, less: &[&str], more: &[&str]) -> filter::Known {
        let mut all = filter::Known::new();
        let Some(native) = Arch::of_this_build() else {
            return all;
        };
        for arch in std::iter::once(native).chain(native.sub_architectures().iter().copied()) {
            let number = |name: &&str| table(arch).number(name);
            let less: BTreeSet<u32> = less.iter().filter_map(number).collect();
            let numbers = self.calls.get(&arch).into_iter().flatten().copied();
            all.entry(arch.audit_value()).or_default().extend(
                numbers
                    .filter(|number| !less.contains(number))
                    .chain(more.iter().filter_map(number)),
            );
        }
        all
    }
}
