//! The architectures that a filter is made for.

use std::ops::Range;

use super::Input;
use crate::arch::Arch;
use crate::lint::Rule;
use crate::lint::engines::{DOCKER_FORM, OCI_FORM, titles};
use crate::lint::finding::{Draft, Findings};
use crate::lint::words::listed;
use crate::profile::Engine;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    two_lists(input, findings);
    byte_order(input, findings);
    too_new(input, findings);
    others(input, findings);
}

fn two_lists(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let Some(map) = input
        .file
        .arch_map
        .as_ref()
        .filter(|map| !map.value.is_empty())
    else {
        return;
    };
    let list = input.file.architectures.as_ref();
    if list.is_some_and(|list| !list.value.is_empty()) {
        let engines = input.asked(DOCKER_FORM);
        if !engines.is_empty() {
            let message = format!(
                "both `architectures` and `archMap`: {} refuse this",
                titles(&engines)
            );
            findings.add(
                Draft::new(Rule::TwoLists, &map.range, message)
                    .of(&engines)
                    .help("`architectures` is read by every engine"),
            );
        }
        return;
    }
    let engines = input.asked(OCI_FORM);
    let killed: Vec<&str> = input
        .file
        .listed(input.options.host.native)
        .into_iter()
        .filter(|arch| *arch != input.options.host.native)
        .map(Arch::name)
        .collect();
    if engines.is_empty() {
        return;
    }
    let message = format!("`archMap` is not read by {}", titles(&engines));
    let draft = Draft::new(Rule::ArchMapIgnored, &map.range, message).of(&engines);
    findings.add(if killed.is_empty() {
        draft
    } else {
        draft.note(format!("there programs of {} are killed", listed(killed)))
    });
}

fn byte_order(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let Some(list) = &input.file.architectures else {
        return;
    };
    let Some(first) = list.value.first() else {
        return;
    };
    let little = first.value.is_little_endian();
    if let Some(other) = list
        .value
        .iter()
        .find(|at| at.value.is_little_endian() != little)
    {
        let message = format!(
            "{} and {} differ in byte order: libseccomp makes no filter for both",
            first.value, other.value
        );
        findings.add(
            Draft::new(Rule::MixedEndianness, &other.range, message)
                .help("a file for each kind of machine"),
        );
    }
}

/// Since when runc knows an architecture, where that is not always; the engines that may have an
/// older one.
fn known_since(arch: Arch) -> Option<(&'static str, &'static [Engine])> {
    const OLD: &[Engine] = &[Engine::Docker20];
    const ALL: &[Engine] = &[
        Engine::Docker,
        Engine::Docker20,
        Engine::Containerd,
        Engine::Runc,
    ];
    match arch {
        Arch::Riscv64 => Some(("from 1.1.15 on", OLD)),
        Arch::Loongarch64 => Some(("from 1.5 on", ALL)),
        Arch::Parisc | Arch::Parisc64 | Arch::M68k | Arch::Sh | Arch::Sheb => {
            Some(("in no version", ALL))
        }
        Arch::Aarch64
        | Arch::Arm
        | Arch::Mips
        | Arch::Mips64
        | Arch::Mips64n32
        | Arch::Mipsel
        | Arch::Mipsel64
        | Arch::Mipsel64n32
        | Arch::Ppc
        | Arch::Ppc64
        | Arch::Ppc64le
        | Arch::S390
        | Arch::S390x
        | Arch::X32
        | Arch::X86
        | Arch::X86_64 => None,
    }
}

fn too_new(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    for at in input.file.architectures.iter().flat_map(|list| &list.value) {
        if let Some((since, engines)) = known_since(at.value) {
            let engines = input.asked(engines);
            if !engines.is_empty() {
                let message = format!("runc knows {} {since}", at.value);
                findings.add(Draft::new(Rule::NewArchitecture, &at.range, message).of(&engines));
            }
        }
        if !input.libseccomp().has(at.value) {
            let message = format!(
                "libseccomp {} makes no filter for {}",
                input.libseccomp(),
                at.value
            );
            findings.add(Draft::new(Rule::NewArchitecture, &at.range, message));
        }
    }
}

/// Where the architectures are named, or could be.
fn place(input: &Input<'_, '_>) -> Range<usize> {
    match (&input.file.architectures, &input.file.arch_map) {
        (Some(list), _) => list.range.clone(),
        (None, Some(map)) => map.range.clone(),
        (None, None) => input.file.default_range(),
    }
}

fn others(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let native = input.options.host.native;
    let listed_arches = input.file.listed(native);
    let runs_here = listed_arches.is_empty() || listed_arches.contains(&native);
    // x32 is a variant that hardly any kernel has.
    let missing: Vec<&str> = native
        .sub_architectures()
        .iter()
        .filter(|arch| **arch != Arch::X32 && !listed_arches.contains(arch))
        .map(|arch| arch.name())
        .collect();
    if input.file.default_action.is_none() || !runs_here || missing.is_empty() {
        return;
    }
    let message = format!(
        "programs of {} on a machine of {native} are killed",
        listed(missing)
    );
    findings.add(Draft::new(Rule::SubArchitecture, &place(input), message));
}
