//! The tables that programs in the kernel share with this process.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use nix::errno::Errno;

use super::probe::{Wanted, load, not_permitted, wrong};
use super::{EbpfError, at_once};
use crate::arch::{Arch, X32_BIT};
use crate::ebpf::btf::Btf;
use crate::ebpf::layout::{self, COUNTS, Counter, WIDTH, counts, image, scope, state};
use crate::ebpf::programs::{self, ARGUMENTS, Fields, KEPT, Maps, Rule, Storage};
use crate::record::counts::Special;
use crate::sys::ebpf::{Kind, Loaded, Map, Shape};
use crate::sys::tracing::Undisturbed;
use crate::syscalls::{closed_set_arguments, table};

/// The kinds of calls in the order of their places, and what is added to a place.
pub(super) const KINDS: [(Arch, u32); 3] =
    [(Arch::X86_64, 0), (Arch::X86, 0), (Arch::X32, X32_BIT)];

/// How much the tables hold. What does not fit is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Programs.
    pub(super) programs: u32,
    /// Process trees or containers.
    pub(super) scopes: u32,
    /// Kinds of calls with the time of their first, values of arguments, ways in which calls
    /// ended: so many of each.
    pub(super) details: u32,
    /// Numbers without a place.
    pub(super) odd: u32,
    /// Ways in which processes ended.
    pub(super) ends: u32,
    /// Programs that executed a program.
    pub(super) starters: u32,
    /// Threads at a time, where their state is kept in a table.
    pub(super) threads: u32,
}

impl Sizes {
    /// For one process tree, or one container.
    pub(super) const ONE: Self = Self {
        programs: 1000,
        scopes: 1,
        details: 1 << 15,
        odd: 1024,
        ends: 4096,
        starters: 1 << 13,
        threads: 1 << 16,
    };
    /// For all containers of a machine.
    pub(super) const ALL: Self = Self {
        programs: 2048,
        scopes: 256,
        details: 1 << 16,
        odd: 4096,
        ends: 1 << 14,
        starters: 1 << 15,
        threads: 1 << 17,
    };
}

/// The tables.
#[derive(Debug)]
pub(super) struct Tables {
    sizes: Sizes,
    storage: Storage,
    pub(super) states: Map,
    pub(super) counts: Map,
    pub(super) firsts: Map,
    closed: Map,
    pub(super) values: Map,
    pub(super) odd: Map,
    pub(super) results: Map,
    pub(super) images: Map,
    pub(super) by_file: Map,
    pub(super) slots: Map,
    pub(super) scopes: Map,
    pub(super) by_namespace: Map,
    pub(super) free_scopes: Map,
    pub(super) ends: Map,
    pub(super) starters: Map,
    counters: Map,
    pub(super) processes: Map,
    pub(super) group: Map,
    /// What bpf(2) does to them keeps programs from running.
    delicate: bool,
}

/// Sizes of the layout are small and have no sign.
pub(super) fn bytes(of: impl Into<i32>) -> usize {
    usize::try_from(of.into()).unwrap_or_default()
}

pub(super) const fn word(value: u32) -> [u8; 4] {
    value.to_ne_bytes()
}

/// Writes into a value at a place of the layout.
pub(super) fn put(value: &mut [u8], at: impl Into<i32>, what: &[u8]) {
    for (to, from) in value.iter_mut().skip(bytes(at)).zip(what) {
        *to = *from;
    }
}

/// Four bytes of a key or value.
pub(super) fn word_at(value: &[u8], at: impl Into<i32>) -> u32 {
    let at = bytes(at);
    let found = value.get(at..at + 4).and_then(|it| it.try_into().ok());
    found.map_or(0, u32::from_ne_bytes)
}

/// Eight bytes of a key or value.
pub(super) fn double_at(value: &[u8], at: impl Into<i32>) -> u64 {
    let at = bytes(at);
    let found = value.get(at..at + 8).and_then(|it| it.try_into().ok());
    found.map_or(0, u64::from_ne_bytes)
}

pub(super) fn make(name: &'static str, shape: Shape) -> Result<Map, EbpfError> {
    Map::new(name, shape).map_err(|source| {
        if matches!(source, Errno::EPERM | Errno::EACCES) {
            not_permitted(source)
        } else if source == Errno::ENOSYS {
            EbpfError::TooOld
        } else {
            EbpfError::Table { name, source }
        }
    })
}

pub(super) const fn shape(kind: Kind, key: u32, value: u32, entries: u32) -> Shape {
    Shape {
        kind,
        key,
        value,
        entries,
    }
}

/// What the tables are to be, the largest first: that one takes the longest.
fn shapes(storage: Storage, wanted: Wanted) -> Vec<(&'static str, Shape)> {
    let sizes = wanted.sizes;
    let hash = |key, value, entries| shape(Kind::Hash, key, value, entries);
    let array = |value: i32, entries| shape(Kind::Array, 4, value.cast_unsigned(), entries);
    let queue = |entries| shape(Kind::Queue, 0, 4, entries);
    let state = state::SIZE.cast_unsigned();
    // Memory for each entry when it comes costs no time at the start. Before 6.1 that may stop
    // the kernel.
    let many = |key, value, entries| {
        let kind = match storage {
            Storage::Task => Kind::GrowingHash,
            Storage::Table => Kind::Hash,
        };
        shape(kind, key, value, entries)
    };
    // Only that rule looks into the table.
    let processes = if wanted.rule == Rule::Processes {
        sizes.threads
    } else {
        1
    };
    let results = if wanted.results { sizes.details } else { 1 };
    // One slot more for each scope's programs without one.
    let slots = sizes.programs + sizes.scopes;
    let states = match storage {
        Storage::Task => shape(Kind::TaskStorage, 4, state, 0),
        Storage::Table => hash(4, state, sizes.threads),
    };
    vec![
        ("counts", array(counts::SIZE, slots)),
        ("states", states),
        ("images", array(image::SIZE, slots)),
        ("firsts", many(8, 16, sizes.details)),
        ("closed", array(COUNTS * 4, 1)),
        ("values", many(16, 8, sizes.details)),
        ("odd", hash(16, 8, sizes.odd)),
        ("results", many(16, 8, results)),
        ("by_file", hash(32, 4, slots)),
        ("slots", queue(slots)),
        ("scopes", array(scope::SIZE, sizes.scopes)),
        ("by_namespace", hash(8, 4, sizes.scopes)),
        ("free_scopes", queue(sizes.scopes)),
        ("ends", many(8, 8, sizes.ends)),
        ("starters", many(8, 8, sizes.starters)),
        ("counters", array(layout::COUNTERS * 8, 1)),
        ("processes", hash(4, 4, processes)),
        ("group", shape(Kind::CgroupArray, 4, 4, 1)),
    ]
}

fn set(name: &'static str, map: &Map, key: &[u8], value: &[u8]) -> Result<(), EbpfError> {
    map.set(key, value)
        .map_err(|source| EbpfError::Table { name, source })
}

impl Tables {
    /// Makes them, empty but for what programs take from.
    pub(super) fn new(storage: Storage, wanted: Wanted) -> Result<Self, EbpfError> {
        let shapes = shapes(storage, wanted);
        let made = at_once::each(shapes, |(name, shape)| (name, make(name, shape)));
        let mut made: BTreeMap<_, _> = made.into_iter().collect();
        let mut take = |name| {
            let missing = Err(EbpfError::Table {
                name,
                source: Errno::EINVAL,
            });
            made.remove(name).unwrap_or(missing)
        };
        // What fails first in this order is told.
        let tables = Self {
            sizes: wanted.sizes,
            storage,
            states: take("states")?,
            counts: take("counts")?,
            firsts: take("firsts")?,
            closed: take("closed")?,
            values: take("values")?,
            odd: take("odd")?,
            results: take("results")?,
            images: take("images")?,
            by_file: take("by_file")?,
            slots: take("slots")?,
            scopes: take("scopes")?,
            by_namespace: take("by_namespace")?,
            free_scopes: take("free_scopes")?,
            ends: take("ends")?,
            starters: take("starters")?,
            counters: take("counters")?,
            processes: take("processes")?,
            group: take("group")?,
            delicate: false,
        };
        tables.fill()?;
        Ok(tables)
    }

    /// If programs run at events, nothing that reads them keeps these from running from now on:
    /// bpf(2) does so on the processor where it is, and while another thread has that.
    pub(super) fn leave_programs_alone(&mut self, fields: Fields) -> Result<(), EbpfError> {
        let mut walks: BTreeMap<(usize, usize), Loaded> = BTreeMap::new();
        for map in [
            &mut self.by_file,
            &mut self.by_namespace,
            &mut self.firsts,
            &mut self.values,
            &mut self.results,
            &mut self.odd,
            &mut self.ends,
            &mut self.starters,
        ] {
            let walk = match walks.entry(map.sizes()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let (key, value) = map.sizes();
                    let [key, value] =
                        [key, value].map(|size| i32::try_from(size).unwrap_or_default());
                    let Some(program) = programs::walk(fields, key, value).map_err(wrong)? else {
                        return Ok(());
                    };
                    new.insert(load(&program)?)
                }
            };
            map.read_with(walk).map_err(|source| EbpfError::Table {
                name: "entries",
                source,
            })?;
        }
        self.delicate = true;
        Ok(())
    }

    /// Has the processor alone, as far as that can be had, while a table is changed.
    pub(super) fn alone(&self) -> Option<Undisturbed> {
        self.delicate.then(Undisturbed::new)
    }

    /// Takes an entry away.
    pub(super) fn remove(&self, from: &Map, key: &[u8]) -> Result<(), EbpfError> {
        let _alone = self.alone();
        from.remove(key).map_err(EbpfError::Read)
    }

    /// Makes an entry of a queue.
    pub(super) fn push(&self, to: &Map, value: &[u8]) -> Result<(), EbpfError> {
        let _alone = self.alone();
        to.set(&[], value).map_err(EbpfError::Read)
    }

    pub(super) fn numbers(&self) -> Maps {
        Maps {
            states: self.states.number(),
            counts: self.counts.number(),
            firsts: self.firsts.number(),
            closed: self.closed.number(),
            values: self.values.number(),
            odd: self.odd.number(),
            results: self.results.number(),
            images: self.images.number(),
            by_file: self.by_file.number(),
            slots: self.slots.number(),
            scopes: self.scopes.number(),
            by_namespace: self.by_namespace.number(),
            free_scopes: self.free_scopes.number(),
            ends: self.ends.number(),
            starters: self.starters.number(),
            counters: self.counters.number(),
            processes: self.processes.number(),
            group: self.group.number(),
            ends_wanted: 0,
            ends_seen: 0,
        }
    }

    /// Fills what the programs take from: slots and scopes.
    fn fill(&self) -> Result<(), EbpfError> {
        if self.new_slots().is_none() {
            for slot in 0..self.sizes.programs {
                set("slots", &self.slots, &[], &word(slot))?;
            }
        }
        for scope in 0..self.sizes.scopes {
            let mut value = vec![0; bytes(scope::SIZE)];
            put(&mut value, scope::OTHERS, &word(self.shared_slot(scope)));
            set("scopes", &self.scopes, &word(scope), &value)?;
            set("free_scopes", &self.free_scopes, &[], &word(scope))?;
        }
        Ok(())
    }

    /// Tells the programs which arguments are kept.
    pub(super) fn keep(&self, btf: &Btf<'_>, terminal: bool) -> Result<(), EbpfError> {
        set("closed", &self.closed, &word(0), &kept(btf, terminal)?)
    }

    /// How many slots programs give one after the other, which costs nothing at the start. It takes
    /// Linux 5.12, and kernels with the state of threads elsewhere may be older.
    pub(super) fn new_slots(&self) -> Option<i32> {
        let slots = self.sizes.programs.cast_signed();
        (self.storage == Storage::Task).then_some(slots)
    }

    /// Where programs of a scope are counted that have no slot of their own.
    pub(super) const fn shared_slot(&self, scope: u32) -> u32 {
        self.sizes.programs + scope
    }

    pub(super) fn counters(&self) -> Result<Vec<u8>, EbpfError> {
        let mut value = vec![0; bytes(layout::COUNTERS * 8)];
        let found = self.counters.look_up(&word(0), &mut value);
        found.map_err(EbpfError::Read)?;
        Ok(value)
    }

    /// Sets a counter while nobody counts.
    pub(super) fn set_counter(&self, counter: Counter, to: u64) -> Result<(), EbpfError> {
        let mut value = self.counters()?;
        put(&mut value, counter.offset(), &to.to_ne_bytes());
        self.counters.set(&word(0), &value).map_err(EbpfError::Read)
    }
}

/// The arguments of a call that are kept, of those that come from a small set: which one each is
/// of the kept ones, and of all.
pub(super) fn kept_arguments(arch: Arch, number: u32) -> impl Iterator<Item = (u8, u8)> {
    let name = table(arch).name(number);
    let closed = name.map_or(&[][..], |name| closed_set_arguments(arch, name));
    (0..KEPT).zip(closed.iter().map(|(index, _)| *index))
}

/// For each place where up to three arguments stand, and a number for the call; or where a
/// descriptor stands that may be the terminal.
fn kept(btf: &Btf<'_>, terminal: bool) -> Result<Vec<u8>, EbpfError> {
    let mut all = Vec::new();
    let mut calls: u32 = 0;
    for ((arch, bit), registers) in KINDS.into_iter().zip(ARGUMENTS) {
        let mut offsets = Vec::new();
        for register in registers {
            offsets.push(btf.offset("pt_regs", register)?);
        }
        for number in 0..WIDTH.cast_unsigned() {
            let mut packed: u32 = 0;
            for (position, index) in kept_arguments(arch, number | bit) {
                let offset = offsets.get(usize::from(index)).copied();
                let offset = offset.unwrap_or_default();
                packed |= offset.cast_unsigned() << (8 * position);
            }
            if packed != 0 {
                // Beyond the last number, calls share what is told of values that were dropped.
                calls = (calls + 1).min(layout::CLOSED.cast_unsigned() - 1);
                packed |= calls << 24;
                packed |= installs(table(arch).name(number | bit));
            }
            if let Some(uses) = uses(arch, number | bit).filter(|_| terminal && packed == 0) {
                let offset = offsets.first().copied().unwrap_or_default();
                packed = uses | offset.cast_unsigned();
            }
            all.extend(word(packed));
        }
    }
    Ok(all)
}

/// Whether a call installs filters.
fn installs(name: Option<&str>) -> u32 {
    let how = match Special::of(name, &[]) {
        Special::Seccomp => layout::INSTALLS,
        Special::Prctl => layout::MAY_INSTALL,
        Special::None
        | Special::Output
        | Special::Input
        | Special::Clone(_)
        | Special::Clone3
        | Special::Ptrace
        | Special::Ioctl => 0,
    };
    how.cast_unsigned()
}

/// How a call uses its first argument, if that may be the terminal.
fn uses(arch: Arch, number: u32) -> Option<u32> {
    match Special::of(table(arch).name(number), &[]) {
        Special::Output => Some(layout::USES),
        Special::Input => Some(layout::USES | layout::READS),
        Special::None
        | Special::Clone(_)
        | Special::Clone3
        | Special::Ptrace
        | Special::Seccomp
        | Special::Prctl
        | Special::Ioctl => None,
    }
}

/// The number by which the programs know a call whose arguments are kept, or 0.
pub(super) fn numbers_of_kept() -> Vec<u32> {
    let mut calls = 0;
    let mut all = Vec::new();
    for (arch, bit) in KINDS {
        for number in 0..WIDTH.cast_unsigned() {
            let any = kept_arguments(arch, number | bit).next().is_some();
            if any {
                calls = (calls + 1).min(layout::CLOSED.cast_unsigned() - 1);
            }
            all.push(if any { calls } else { 0 });
        }
    }
    all
}
