//! All calls of a filter together, as libseccomp puts them into one program.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::chains::{Blocks, ChainError, Chains, Start};
use super::eval::{CallKey, Meaning, is_sub_call, multiplexes};
use super::policy::{Call, PolicyError, call_name};
use crate::arch::Arch;
use crate::syscalls::{SyscallName, table};

/// What follows from all rules together.
#[derive(Debug)]
pub(super) struct Assembled {
    /// The calls that depend on arguments, by architecture and number.
    pub(super) calls: BTreeMap<(Arch, u32), Arc<Call>>,
    /// Architectures for which the number of the call is never loaded, so that all calls get the
    /// default action. The first call of the program loads it; calls that the architecture does
    /// not have are in libseccomp's list too, and are left out of the program, also where one of
    /// them is the first (`_gen_bpf_syscalls` in `src/gen_bpf.c`). This takes a profile that permits
    /// hardly anything without conditions.
    pub(super) numberless: BTreeSet<Arch>,
}

/// A call in libseccomp's list, which is sorted by this: calls with few comparisons first, then in
/// the order of architectures, then by number, those that do not exist last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    section: usize,
    comparisons: u32,
    within: usize,
    number: Option<u32>,
}

impl Entry {
    /// `None` sorts first by itself.
    fn order(&self) -> (usize, u32, usize, u32) {
        let number = self.number.unwrap_or(u32::MAX);
        (self.section, self.comparisons, self.within, number)
    }
}

struct Assembler<'m, 'p> {
    meaning: &'m Meaning<'p>,
    blocks: Blocks,
    steps: u64,
}

impl Assembled {
    /// All calls, or the reason why there is no filter.
    pub(super) fn new(meaning: &Meaning<'_>) -> Result<Self, PolicyError> {
        meaning.check_loads().map_err(PolicyError::load)?;
        let mut assembler = Assembler {
            meaning,
            blocks: Blocks::default(),
            steps: 0,
        };
        let mut calls = BTreeMap::new();
        let mut starts: Vec<(Entry, Arch, u32, CallKey, Start)> = Vec::new();
        let mut firsts: BTreeMap<usize, Entry> = BTreeMap::new();
        for &arch in &meaning.arches {
            for (name, number) in table(arch).iter() {
                let key = meaning.key(arch, Some(number), name);
                let made = assembler
                    .call(&key)
                    .map_err(|error| PolicyError::new(arch, SyscallName::known(name), error))?;
                let (comparisons, start) = match made {
                    Some(made) => made,
                    None if meaning.names(arch, name) => (0, None),
                    None => continue,
                };
                let entry = entry(meaning, arch, comparisons, Some(number));
                note(&mut firsts, &entry);
                if let Some(start) = start {
                    starts.push((entry, arch, number, key, start));
                }
            }
            for comparisons in assembler.missing(arch)? {
                note(&mut firsts, &entry(meaning, arch, comparisons, None));
            }
        }
        starts.sort_by_key(|(entry, ..)| entry.order());
        // From the last call of the last architecture to the first of the first.
        for (.., start) in starts.iter().rev() {
            assembler.blocks.pull(*start);
        }
        for (_, arch, number, key, start) in starts {
            let flow = assembler
                .blocks
                .flow(start)
                .map_err(|error| PolicyError::new(arch, call_name(arch, number), error))?;
            let rules = Some(meaning.rules_of(&key));
            calls.insert((arch, number), Arc::new(Call { flow, rules }));
        }
        Ok(Self {
            calls,
            numberless: numberless(meaning, &firsts),
        })
    }
}

impl Assembler<'_, '_> {
    /// The comparisons of a call that depends on its arguments.
    fn call(&mut self, key: &CallKey) -> Result<Option<(u32, Option<Start>)>, ChainError> {
        let CallKey::Rules { low_word, parts } = key else {
            return Ok(None);
        };
        let mut chains = Chains::new(*low_word, self.steps);
        let start = self
            .meaning
            .conjunctions(parts)
            .try_for_each(|(conditions, sub_call, action)| chains.add(conditions, sub_call, action))
            .and_then(|()| self.blocks.add(&mut chains, self.meaning.default_action));
        self.steps = chains.steps();
        Ok(Some((chains.count(), Some(start?))))
    }

    /// How many comparisons the calls have that rules name and the architecture does not have.
    /// Where it has multiplexers, libseccomp leaves such calls out from the start, but for those
    /// that are behind a multiplexer.
    fn missing(&mut self, arch: Arch) -> Result<Vec<u32>, PolicyError> {
        let names: Vec<&str> = self.meaning.by_name.keys().copied().collect();
        let mut counts = Vec::new();
        for name in names {
            let is_kept = !multiplexes(arch) || is_sub_call(arch, name);
            if !is_kept || table(arch).number(name).is_some() || !exists(name) {
                continue;
            }
            let key = self.meaning.key(arch, None, name);
            let made = self.call(&key).map_err(|error| {
                let name = SyscallName::new(name).unwrap_or_else(|_bad| SyscallName::known("?"));
                PolicyError::new(arch, name, error)
            })?;
            counts.push(made.map_or(0, |(comparisons, _)| comparisons));
        }
        Ok(counts)
    }
}

fn exists(name: &str) -> bool {
    Arch::ALL
        .into_iter()
        .any(|arch| table(arch).number(name).is_some())
}

fn entry(meaning: &Meaning<'_>, arch: Arch, comparisons: u32, number: Option<u32>) -> Entry {
    // x32 and x86_64 are one list, at the place of the first of them.
    let is_amd64 = |arch: Arch| matches!(arch, Arch::X32 | Arch::X86_64);
    let position = |found: &dyn Fn(Arch) -> bool| {
        let mut order = meaning.order.iter();
        order.position(|it| found(*it)).unwrap_or_default()
    };
    Entry {
        section: position(&|it| it == arch || (is_amd64(it) && is_amd64(arch))),
        comparisons,
        within: position(&|it| it == arch),
        number,
    }
}

fn note(firsts: &mut BTreeMap<usize, Entry>, entry: &Entry) {
    let first = firsts.entry(entry.section).or_insert_with(|| entry.clone());
    if entry.order() < first.order() {
        *first = entry.clone();
    }
}

fn numberless(meaning: &Meaning<'_>, firsts: &BTreeMap<usize, Entry>) -> BTreeSet<Arch> {
    // By itself x86_64 or x32 loads the number to tell the one from the other.
    let both = [Arch::X32, Arch::X86_64]
        .iter()
        .all(|arch| meaning.arches.contains(arch));
    let loads = |arch: Arch| matches!(arch, Arch::X32 | Arch::X86_64) && !both;
    meaning
        .arches
        .iter()
        .copied()
        .filter(|arch| !loads(*arch))
        .filter(|arch| {
            let section = entry(meaning, *arch, 0, None).section;
            firsts
                .get(&section)
                .is_some_and(|first| first.number.is_none())
        })
        .collect()
}
