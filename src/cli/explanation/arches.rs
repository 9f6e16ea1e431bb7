//! Where a call is, by which number, and since when.

use std::collections::BTreeMap;

use callsieve::arch::Arch;
use callsieve::syscalls::about::since;
use callsieve::syscalls::table;

use super::OnArch;

/// The architectures that people run containers on, the most usual first.
pub(crate) const USUAL: [Arch; 7] = [
    Arch::X86_64,
    Arch::Aarch64,
    Arch::X86,
    Arch::Arm,
    Arch::Riscv64,
    Arch::Ppc64le,
    Arch::S390x,
];

/// Number and release on each architecture that has the call.
pub(super) fn of(name: &str) -> BTreeMap<&'static str, OnArch> {
    Arch::ALL
        .into_iter()
        .filter_map(|arch| {
            let on = OnArch {
                number: table(arch).number(name)?,
                since: since(arch, name).map(|release| release.to_string()),
            };
            Some((arch.name(), on))
        })
        .collect()
}

/// The architecture of an engine that can be asked about a call: `native` if it or what it runs
/// besides has the call, or else the most usual one that has it.
pub(crate) fn home(name: &str, native: Arch) -> Arch {
    let has = |arch: Arch| table(arch).number(name).is_some();
    let runs = |arch: Arch| has(arch) || arch.sub_architectures().iter().any(|sub| has(*sub));
    if runs(native) {
        return native;
    }
    USUAL
        .into_iter()
        .chain(Arch::ALL)
        .find(|arch| has(*arch))
        .unwrap_or(native)
}
