//! What the programs have counted so far, read out of their tables.

use std::collections::BTreeMap;

use super::EbpfError;
use super::probe::Probe;
use super::tables::{KINDS, bytes, double_at, kept_arguments, numbers_of_kept, word, word_at};
use crate::ebpf::layout::{COUNTS, Counter, WIDTH, counts, image, scope, starter};
use crate::event::{ArgFacts, ArgValue};
use crate::record::counts::OTHERS;
use crate::sys::ebpf::{Entry, Map};
use crate::sys::kernel::Tid;

/// All that was counted.
#[derive(Debug, Default, Clone)]
pub(super) struct Snapshot {
    pub(super) images: Vec<Image>,
    pub(super) lost: u64,
    pub(super) not_followed: u64,
    /// Times that filters were asked and the program which sees it could not run, of which no
    /// call is known that began all the same.
    pub(super) unasked: u64,
    pub(super) processes: u64,
    pub(super) ended: u64,
}

/// A program that ran in a scope.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    slot: u32,
    pub(super) scope: u32,
    /// It came into its scope from outside: a container's runtime.
    pub(super) entered: bool,
    /// The same, and it had a filter by then.
    pub(super) filtered: bool,
    /// The slots of the programs that executed it, and how often, as far as that is known.
    starters: BTreeMap<i32, u64>,
    /// How often it was executed by others.
    untold: u64,
    /// Its file gives privileges.
    pub(super) set_id: bool,
    /// The path, or nothing for those that share a slot.
    pub(super) path: Option<String>,
    pub(super) name: String,
    pub(super) tid: i32,
    /// When it was met, in nanoseconds of the kernel's clock.
    pub(super) time: u64,
    /// Threads and processes that ran it.
    pub(super) tasks: u64,
    /// How processes ended, as `waitpid` has it.
    pub(super) ends: BTreeMap<i32, u64>,
    pub(super) calls: Vec<Call>,
}

/// One kind of call of a program.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// `AUDIT_ARCH_*`.
    pub(super) arch: u32,
    pub(super) number: u32,
    pub(super) calls: u64,
    /// When it was seen first, and who made it.
    pub(super) first: Option<(u64, Tid)>,
    pub(super) args: BTreeMap<u8, ArgFacts>,
    /// By error, 0 for none.
    pub(super) results: BTreeMap<u16, u64>,
}

/// A container, as the programs met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) number: u32,
    pub(super) namespace: u32,
    pub(super) serial: u64,
    pub(super) tid: Tid,
    pub(super) time: u64,
    /// Threads that are in it.
    pub(super) live: u64,
    /// The name of the control group, and of the one above it.
    pub(super) group: [String; 2],
}

/// Reads tables, and remembers what does not change.
#[derive(Debug)]
pub(super) struct Reader {
    /// Programs by slot, without their counts.
    known: BTreeMap<u32, Image>,
    kept: Vec<u32>,
}

/// What is told of programs and calls, by slot and place.
#[derive(Debug, Default)]
struct Details {
    firsts: BTreeMap<(u32, u32), (u64, Tid)>,
    values: BTreeMap<(u32, u32), Vec<(u64, u64)>>,
    results: BTreeMap<(u32, u32), BTreeMap<u16, u64>>,
    odd: BTreeMap<u32, Vec<Call>>,
    ends: BTreeMap<u32, BTreeMap<i32, u64>>,
    starters: BTreeMap<u32, BTreeMap<i32, u64>>,
}

pub(super) fn entries(map: &Map) -> Result<Vec<Entry>, EbpfError> {
    map.entries().map_err(EbpfError::Read)
}

/// The thread of what the kernel has as process and thread in one.
fn thread(both: u64) -> Tid {
    Tid(i32::try_from(both & 0x7fff_ffff).unwrap_or_default())
}

fn text(value: &[u8], at: impl Into<i32>, most: i32) -> String {
    let at = bytes(at);
    let field = value.get(at..at + bytes(most)).unwrap_or_default();
    let end = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(end).into_owned()
}

impl Snapshot {
    /// What was counted since another snapshot.
    pub(super) fn since(&self, before: &Self) -> Self {
        let mut images = Vec::new();
        for image in &self.images {
            let same = |it: &&Image| it.slot == image.slot && it.time == image.time;
            let mut rest = image.clone();
            if let Some(before) = before.images.iter().find(same) {
                rest.subtract(before);
            }
            if !rest.calls.is_empty() || !rest.ends.is_empty() {
                images.push(rest);
            }
        }
        Self {
            images,
            lost: self.lost.saturating_sub(before.lost),
            not_followed: self.not_followed.saturating_sub(before.not_followed),
            unasked: self.unasked.saturating_sub(before.unasked),
            processes: self.processes.saturating_sub(before.processes),
            ended: self.ended.saturating_sub(before.ended),
        }
    }
}

impl Snapshot {
    /// The paths of what executed a program, and how often. Nothing stands for whoever brought the
    /// first one.
    pub(super) fn starters(&self, of: &Image) -> BTreeMap<&str, u64> {
        let mut all = BTreeMap::new();
        for (former, times) in &of.starters {
            *all.entry(self.starter(of, *former)).or_default() += times;
        }
        if of.untold > 0 {
            *all.entry(OTHERS).or_default() += of.untold;
        }
        all
    }

    fn starter(&self, of: &Image, former: i32) -> &str {
        if former == starter::NOBODY {
            return "";
        }
        let slot = former.cast_unsigned();
        let mut all = self.images.iter();
        match all.find(|it| it.slot == slot && it.scope == of.scope) {
            Some(former) if former.entered => "",
            Some(former) => former.path.as_deref().unwrap_or(OTHERS),
            None => OTHERS,
        }
    }
}

impl Image {
    fn subtract(&mut self, before: &Self) {
        for (counts, before) in [
            (&mut self.ends, &before.ends),
            (&mut self.starters, &before.starters),
        ] {
            for (what, count) in &mut *counts {
                *count = count.saturating_sub(before.get(what).copied().unwrap_or_default());
            }
            counts.retain(|_, count| *count > 0);
        }
        self.untold = self.untold.saturating_sub(before.untold);
        self.tasks = self.tasks.saturating_sub(before.tasks).max(1);
        for call in &mut self.calls {
            let same = |it: &&Call| (it.arch, it.number) == (call.arch, call.number);
            if let Some(before) = before.calls.iter().find(same) {
                call.subtract(before);
            }
        }
        self.calls.retain(|call| call.calls > 0);
    }
}

impl Call {
    fn subtract(&mut self, before: &Self) {
        self.calls = self.calls.saturating_sub(before.calls);
        for (error, calls) in &mut self.results {
            *calls = calls.saturating_sub(before.results.get(error).copied().unwrap_or_default());
        }
        self.results.retain(|_, calls| *calls > 0);
        for (index, facts) in &mut self.args {
            let Some(before) = before.args.get(index) else {
                continue;
            };
            for (value, calls) in &mut facts.values {
                *calls =
                    calls.saturating_sub(before.values.get(value).copied().unwrap_or_default());
            }
            facts.values.retain(|_, calls| *calls > 0);
            facts.overflow = facts.overflow.saturating_sub(before.overflow);
        }
    }
}

impl Details {
    fn read(probe: &Probe) -> Result<Self, EbpfError> {
        let tables = &probe.tables;
        let mut all = Self::default();
        let key = |key: &[u8]| (word_at(key, 0), word_at(key, 4));
        for (at, value) in entries(&tables.firsts)? {
            let first = (double_at(&value, 0), thread(double_at(&value, 8)));
            all.firsts.insert(key(&at), first);
        }
        for (at, value) in entries(&tables.values)? {
            let known = all.values.entry(key(&at)).or_default();
            known.push((double_at(&at, 8), double_at(&value, 0)));
        }
        for (at, value) in entries(&tables.results)? {
            let error = u16::try_from(double_at(&at, 8)).unwrap_or(u16::MAX);
            let known = all.results.entry(key(&at)).or_default();
            known.insert(error, double_at(&value, 0));
        }
        for (at, value) in entries(&tables.odd)? {
            let kind = usize::try_from(word_at(&at, 4)).unwrap_or(usize::MAX);
            let Some((arch, bit)) = KINDS.get(kind) else {
                continue;
            };
            all.odd.entry(word_at(&at, 0)).or_default().push(Call {
                arch: arch.audit_value(),
                number: word_at(&at, 8) | bit,
                calls: double_at(&value, 0),
                ..Call::default()
            });
        }
        for (table, map) in [
            (&mut all.ends, &tables.ends),
            (&mut all.starters, &tables.starters),
        ] {
            for (at, value) in entries(map)? {
                let what = word_at(&at, 4).cast_signed();
                let known = table.entry(word_at(&at, 0)).or_default();
                known.insert(what, double_at(&value, 0));
            }
        }
        Ok(all)
    }
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            known: BTreeMap::new(),
            kept: numbers_of_kept(),
        }
    }

    /// A slot is another program's from now on.
    pub(super) fn forget(&mut self, slot: u32) {
        self.known.remove(&slot);
    }

    /// All that was counted so far. Counts go on meanwhile: those that are not here yet are in
    /// the next.
    pub(super) fn read(&mut self, probe: &Probe) -> Result<Snapshot, EbpfError> {
        let tables = &probe.tables;
        let mut details = Details::read(probe)?;
        let mut snapshot = Snapshot::default();
        let mut slots: BTreeMap<u32, (u32, bool)> = BTreeMap::new();
        for (key, value) in entries(&tables.by_file)? {
            slots.insert(word_at(&value, 0), (word_at(&key, 0), false));
        }
        let scopes: Vec<u32> = Self::scopes(probe)?.iter().map(|it| it.number).collect();
        for scope in scopes.iter().copied().chain([0]) {
            slots.insert(tables.shared_slot(scope), (scope, true));
        }
        for (slot, (scope, shared)) in slots {
            let mut image = self.image(probe, slot, shared)?;
            image.slot = slot;
            image.scope = scope;
            image.calls = self.calls(probe, slot, &mut details)?;
            image.ends = details.ends.remove(&slot).unwrap_or_default();
            image.starters = details.starters.remove(&slot).unwrap_or_default();
            if !shared || !image.calls.is_empty() {
                snapshot.images.push(image);
            }
        }
        let missed = probe.missed();
        let counters = tables.counters()?;
        let counter = |which: Counter| double_at(&counters, which.offset());
        let missed = missed.of_recorded(counter(Counter::Blind));
        snapshot.lost =
            counter(Counter::LostCalls) + counter(Counter::LostScopes) + missed.counting;
        snapshot.not_followed = counter(Counter::NotFollowed) + missed.following;
        // It runs for every thread of the machine that has a filter, so that it may have been
        // another one's call.
        if counter(Counter::Filtered) > 0 {
            snapshot.unasked = missed.asking.saturating_sub(counter(Counter::Unasked));
        }
        snapshot.unasked += counter(Counter::Unawaited);
        snapshot.processes = counter(Counter::Processes);
        snapshot.ended = counter(Counter::Ended);
        Ok(snapshot)
    }

    /// Threads that are in the one scope that there is.
    pub(super) fn live(probe: &Probe) -> Result<u64, EbpfError> {
        let mut value = vec![0; bytes(scope::SIZE)];
        let found = probe.tables.scopes.look_up(&word(0), &mut value);
        found.map_err(EbpfError::Read)?;
        Ok(double_at(&value, scope::LIVE))
    }

    /// The containers that were met.
    pub(super) fn scopes(probe: &Probe) -> Result<Vec<Scope>, EbpfError> {
        let tables = &probe.tables;
        let mut all = Vec::new();
        for (_, number) in entries(&tables.by_namespace)? {
            let mut value = vec![0; bytes(scope::SIZE)];
            let found = tables.scopes.look_up(&number, &mut value);
            found.map_err(EbpfError::Read)?;
            all.push(Scope {
                number: word_at(&number, 0),
                namespace: word_at(&value, scope::NAMESPACE),
                serial: double_at(&value, scope::SERIAL),
                tid: thread(double_at(&value, scope::THREAD)),
                time: double_at(&value, scope::TIME),
                live: double_at(&value, scope::LIVE),
                group: [scope::GROUP, scope::ABOVE].map(|at| text(&value, at, scope::GROUP_SIZE)),
            });
        }
        all.sort_by_key(|scope| scope.number);
        Ok(all)
    }

    fn image(&mut self, probe: &Probe, slot: u32, shared: bool) -> Result<Image, EbpfError> {
        /// `S_ISUID | S_ISGID`.
        const SET_ID: u32 = 0o6000;
        let mut value = vec![0; bytes(image::SIZE)];
        let found = probe.tables.images.look_up(&word(slot), &mut value);
        found.map_err(EbpfError::Read)?;
        let tasks = double_at(&value, image::TASKS);
        let untold = double_at(&value, image::UNTOLD);
        if let Some(known) = self.known.get(&slot) {
            return Ok(Image {
                untold,
                tasks,
                ..known.clone()
            });
        }
        let name = text(&value, image::NAME, image::NAME_SIZE);
        let made = Image {
            entered: word_at(&value, image::ENTERED) != 0,
            filtered: word_at(&value, image::ENTERED).cast_signed() == image::FILTERED,
            set_id: word_at(&value, image::MODE) & SET_ID != 0,
            path: (!shared).then(|| path(&value, &name)),
            name,
            tid: thread(double_at(&value, image::THREAD)).0,
            time: double_at(&value, image::TIME),
            tasks,
            untold,
            ..Image::default()
        };
        if word_at(&value, image::READY) != 0 {
            self.known.insert(slot, made.clone());
        }
        Ok(made)
    }

    fn calls(
        &self,
        probe: &Probe,
        slot: u32,
        details: &mut Details,
    ) -> Result<Vec<Call>, EbpfError> {
        let mut value = vec![0; bytes(counts::SIZE)];
        let found = probe.tables.counts.look_up(&word(slot), &mut value);
        found.map_err(EbpfError::Read)?;
        let mut all = details.odd.remove(&slot).unwrap_or_default();
        for (place, kept) in (0..COUNTS).zip(&self.kept) {
            let calls = double_at(&value, place * 8);
            let kind = usize::try_from(place / WIDTH).unwrap_or_default();
            let Some((arch, bit)) = KINDS.get(kind).copied().filter(|_| calls > 0) else {
                continue;
            };
            let number = (place % WIDTH).cast_unsigned() | bit;
            let at = (slot, place.cast_unsigned());
            let overflow = double_at(&value, counts::OVERFLOW + kept.cast_signed() * 8);
            let mut args = BTreeMap::new();
            for (position, index) in kept_arguments(arch, number) {
                let at = (slot, place.cast_unsigned() << 2 | u32::from(position));
                let mut facts = ArgFacts::default();
                let mut values = details.values.remove(&at).unwrap_or_default();
                values.sort_unstable();
                for (value, calls) in values {
                    facts.add(ArgValue::Number(value), calls);
                }
                facts.overflow += overflow;
                args.insert(index, facts);
            }
            all.push(Call {
                arch: arch.audit_value(),
                number,
                calls,
                first: details.firsts.remove(&at),
                args,
                results: details.results.remove(&at).unwrap_or_default(),
            });
        }
        Ok(all)
    }
}

/// A path of which the programs have written the components from its end on. A file that is
/// mounted nowhere has none, and the process's name stands for it.
fn path(value: &[u8], name: &str) -> String {
    let length = bytes(word_at(value, image::LENGTH).cast_signed());
    let start = bytes(image::PATH);
    let written = value.get(start..start + length).unwrap_or_default();
    let written = written.strip_suffix(&[0]).unwrap_or(written);
    if written.is_empty() {
        return format!("({name})");
    }
    let mut components: Vec<&[u8]> = written.split(|byte| *byte == 0).collect();
    components.reverse();
    let flags = word_at(value, image::FLAGS).cast_signed();
    let joined = components.join(&b'/');
    let start = if flags & image::CUT == 0 {
        "/"
    } else {
        "(...)/"
    };
    let end = if flags & image::DELETED == 0 {
        ""
    } else {
        " (deleted)"
    };
    format!("{start}{}{end}", String::from_utf8_lossy(&joined))
}
