//! Which process runs which program image, and which call it is in.

mod heirs;
mod quick;

use std::collections::{BTreeMap, BTreeSet};

use heirs::Heirs;

use super::TableRow;
use super::body::Mode;
use super::images::{ImageData, ModeKey, Places, Verdict, hand_over, native_of};
use super::recent::RecentMap;
use super::slots::{Slot, SlotId, SlotKey};
use super::spelling::{ArchSet, Role, SpellingId, Spellings};
use crate::arch::Arch;
use crate::event::{Outcome, Sink};

/// The number of an image in [`Processes`].
type ImageId = u32;

/// The process in a log that names none.
const NO_PID: u32 = 0;

/// A process or thread.
#[derive(Debug, Clone)]
struct Process {
    image: ImageId,
    mode: Option<ModeKey>,
    open: Option<Open>,
}

/// A call that has begun.
#[derive(Debug, Clone)]
struct Open {
    key: SlotKey,
    image: ImageId,
    /// Its slot there, unless the image became part of another since.
    slot: SlotId,
    role: Role,
    /// The path, of an execve.
    path: Option<String>,
}

/// A call as it begins.
pub(super) struct Begin<'a> {
    pub(super) pid: Option<u32>,
    pub(super) comm: Option<&'a [u8]>,
    pub(super) spelling: SpellingId,
    /// The architectures on which it can be written so.
    pub(super) arches: ArchSet,
    pub(super) role: Role,
    pub(super) path: Option<String>,
    /// File and line.
    pub(super) place: (u32, u64),
}

/// Every process and image of a log.
#[derive(Debug, Default)]
pub(super) struct Processes {
    by_pid: RecentMap<u32, Process>,
    images: RecentMap<ImageId, ImageData>,
    /// Images that turned out to be part of another.
    merged: BTreeMap<ImageId, ImageId>,
    /// For processes whose parent is not known yet: the image they began in.
    orphans: BTreeMap<u32, ImageId>,
    /// Processes that a fork or clone returned and that no line is of yet.
    announced: BTreeSet<u32>,
    next_image: ImageId,
    /// What the images handed over so far were.
    verdict: Verdict,
    /// Images of `-ff` sets whose execve was begun by a thread with a file of its own that has
    /// not been read yet, by the process that goes on.
    path_to_come: BTreeMap<u32, ImageId>,
    /// Calls of execve that such a thread began, in a file that comes before its process's, by
    /// the process that goes on.
    exec_begun: BTreeMap<u32, Open>,
    /// Processes whose last line said that a thread took their place.
    superseded: BTreeSet<u32>,
    /// Images whose program is not known yet, and those that their processes ran next.
    heirs: Heirs,
}

/// Images kept waiting for a parent at most; a bound against a log of made-up processes.
const MAX_WAITING: usize = 10_000;
/// Processes told apart at most, for the same reason. More are taken for one.
const MAX_PROCESSES: usize = 50_000;
/// That one. No process has this number.
const OTHERS: u32 = u32::MAX;

impl Processes {
    /// A call begins. Returns its slot, to which arguments can be added.
    pub(super) fn begin(&mut self, begin: Begin<'_>) -> Option<&mut Slot> {
        let pid = self.admitted(begin.pid);
        let process = self.by_pid.get_mut(pid)?;
        let image = self.images.get_mut(process.image)?;
        image.met(begin.comm);
        if process.mode.is_none() && begin.role != Role::Exec {
            image.narrow(begin.arches);
        }
        let key = (begin.spelling, process.mode);
        let slot = image.slots.enter(key);
        process.open = Some(Open {
            key,
            image: process.image,
            slot,
            role: begin.role,
            path: begin.path,
        });
        let slot = image.slots.get_mut(slot)?;
        slot.calls += 1;
        slot.first.get_or_insert(begin.place);
        Some(slot)
    }

    /// A process that a line is of, under the number that it is known by here.
    fn admitted(&mut self, shown: Option<u32>) -> u32 {
        let pid = shown.unwrap_or(NO_PID);
        self.met(pid);
        if self.by_pid.contains(pid) {
            return pid;
        }
        if self.by_pid.len() < MAX_PROCESSES {
            self.process(pid, shown);
            return pid;
        }
        self.process(OTHERS, None);
        OTHERS
    }

    /// The image that a process runs and its mode; a process not met before begins one.
    fn process(&mut self, pid: u32, shown: Option<u32>) -> (ImageId, Option<ModeKey>) {
        if let Some(process) = self.by_pid.get(pid) {
            return (process.image, process.mode);
        }
        let image = self.new_image(shown);
        self.by_pid.insert(
            pid,
            Process {
                image,
                mode: None,
                open: None,
            },
        );
        if self.orphans.len() < MAX_PROCESSES {
            self.orphans.insert(pid, image);
        }
        (image, None)
    }

    /// The first process, not named so far, turns out to be `pid`; `false` if it is another one.
    /// `sure` is whether it can't be a process that the first one is making.
    pub(super) fn name_first(&mut self, pid: u32, sure: bool) -> bool {
        let Some(first) = self.by_pid.get(NO_PID) else {
            return false;
        };
        // With `-q` no message tells of a new process; one that comes while the first is making
        // one is the new one.
        let forking = !sure
            && first
                .open
                .as_ref()
                .is_some_and(|open| open.role == Role::Fork);
        if forking || self.by_pid.contains(pid) || self.orphans.contains_key(&pid) {
            return false;
        }
        if let Some(process) = self.by_pid.remove(NO_PID) {
            self.by_pid.insert(pid, process);
        }
        if let Some(image) = self.orphans.remove(&NO_PID) {
            self.orphans.insert(pid, image);
        }
        true
    }

    /// The process that a line without a name is of: the first one while it lives, then the only
    /// one left.
    pub(super) fn unnamed(&self, first: Option<u32>) -> Option<u32> {
        if first.is_some_and(|first| self.by_pid.contains(first)) {
            return first;
        }
        let mut left = self.by_pid.keys();
        left.next()
            .filter(|pid| *pid != NO_PID && left.next().is_none())
    }

    fn new_image(&mut self, pid: Option<u32>) -> ImageId {
        let id = self.next_image;
        self.next_image += 1;
        let mut image = ImageData::new(pid);
        image.alive = 1;
        image.processes = 1;
        self.images.insert(id, image);
        id
    }

    /// What the call does that a process is in, if it is written so; `None` for the name stands
    /// for one that strace could not tell.
    pub(super) fn role_of_open(
        &self,
        pid: Option<u32>,
        name: Option<&[u8]>,
        spellings: &Spellings,
    ) -> Option<Role> {
        let open = self.by_pid.get(pid.unwrap_or(NO_PID))?.open.as_ref()?;
        let written = spellings
            .get(open.key.0)?
            .name
            .as_deref()
            .map(str::as_bytes);
        (name.is_none() || written.is_none() || name == written).then_some(open.role)
    }

    /// The call that a process is in has ended.
    pub(super) fn end(&mut self, pid: Option<u32>, outcome: Outcome, value: Option<u64>) {
        let pid = pid.unwrap_or(NO_PID);
        let Some(process) = self.by_pid.get_mut(pid) else {
            return;
        };
        let Some(open) = process.open.take() else {
            return;
        };
        let mode = process.mode;
        let succeeded = outcome == Outcome::Success;
        let image = self.count_end(&open, outcome);
        if succeeded && open.role == Role::Exec {
            self.exec(pid, open.path);
        } else if succeeded
            && open.role == Role::Fork
            && let Some(child) = value
                .and_then(|value| u32::try_from(value).ok())
                .filter(|c| *c > 0)
        {
            self.fork(image, mode, child);
        }
    }

    /// Counts how a call ended. Returns the image it was made in.
    fn count_end(&mut self, open: &Open, outcome: Outcome) -> ImageId {
        if let Some(image) = self.images.get_mut(open.image) {
            if let Some(slot) = image.slots.get_mut(open.slot) {
                slot.end(outcome);
            }
            return open.image;
        }
        let image = self.resolve(open.image);
        if let Some(slot) = self
            .images
            .get_mut(image)
            .and_then(|image| image.slots.find_mut(open.key))
        {
            slot.end(outcome);
        }
        image
    }

    /// The image that `id` is part of now.
    fn resolve(&self, mut id: ImageId) -> ImageId {
        while let Some(into) = self.merged.get(&id) {
            id = *into;
        }
        id
    }

    fn exec(&mut self, pid: u32, path: Option<String>) {
        let shown = (pid != NO_PID).then_some(pid);
        let id = self.new_image(shown);
        if let Some(image) = self.images.get_mut(id) {
            image.executable = path;
            image.linked = true;
        }
        if let Some(process) = self.by_pid.get_mut(pid) {
            let old = std::mem::replace(&mut process.image, id);
            let old = self.resolve(old);
            self.inherit(old, id);
            self.leave(old);
        }
    }

    fn fork(&mut self, parent: ImageId, mode: Option<ModeKey>, child: u32) {
        if let Some(first) = self.orphans.remove(&child) {
            let first = self.resolve(first);
            let parent = self.resolve(parent);
            if first != parent
                && let Some(data) = self.images.remove(first)
            {
                if let Some(image) = self.images.get_mut(parent) {
                    image.absorb(data);
                    self.merged.insert(first, parent);
                    for process in self.by_pid.values_mut().filter(|p| p.image == first) {
                        process.image = parent;
                        process.mode = process.mode.or(mode);
                    }
                    self.found_parent(first, parent);
                } else {
                    self.images.insert(first, data);
                }
            }
        } else if !self.by_pid.contains(child)
            && self.by_pid.len() < MAX_PROCESSES
            && let Some(image) = self.images.get_mut(parent)
        {
            image.alive += 1;
            image.processes += 1;
            self.announced.insert(child);
            self.by_pid.insert(
                child,
                Process {
                    image: parent,
                    mode,
                    open: None,
                },
            );
        }
    }

    /// A line is of this process.
    fn met(&mut self, pid: u32) {
        if !self.announced.is_empty() {
            self.announced.remove(&pid);
        }
    }

    /// How many processes the log tells of and has no line of, as without `-f`. Inside a PID
    /// namespace a fork returns other numbers than those on the lines; then as many processes
    /// are there whose parent is not known, besides the first.
    pub(super) fn not_followed(&self) -> usize {
        let strangers = self.orphans.len().saturating_sub(1);
        self.announced.len().saturating_sub(strangers)
    }

    /// A process is over.
    pub(super) fn exit(&mut self, pid: Option<u32>, outcome: Outcome) {
        self.met(pid.unwrap_or(NO_PID));
        self.end(pid, outcome, None);
        if let Some(process) = self.by_pid.remove(pid.unwrap_or(NO_PID)) {
            self.leave(process.image);
        }
    }

    /// The thread `by` executes a program and takes the place of `pid`, which leads its group.
    pub(super) fn supersede(&mut self, pid: Option<u32>, by: u32) {
        let call = self
            .by_pid
            .get_mut(by)
            .and_then(|process| process.open.take());
        if let Some(process) = self.by_pid.remove(by) {
            self.leave(process.image);
        }
        self.process(pid.unwrap_or(NO_PID), pid);
        let process = self.by_pid.get_mut(pid.unwrap_or(NO_PID));
        match (call, process) {
            (Some(call), Some(process)) => process.open = Some(call),
            _ => {
                if self.superseded.len() < MAX_PROCESSES {
                    self.superseded.insert(pid.unwrap_or(NO_PID));
                }
            }
        }
    }

    /// Whether a process goes on with an execve that a thread of it began in another file.
    pub(super) fn executes_elsewhere(&mut self, pid: Option<u32>) -> bool {
        let pid = pid.unwrap_or(NO_PID);
        self.superseded.remove(&pid) || self.exec_begun.contains_key(&pid)
    }

    /// An execve that another file shows the beginning of.
    pub(super) fn exec_elsewhere(&mut self, pid: Option<u32>) {
        let pid = pid.unwrap_or(NO_PID);
        self.process(pid, Some(pid));
        if let Some(open) = self.exec_begun.remove(&pid) {
            self.count_end(&open, Outcome::Success);
            self.exec(pid, open.path);
            return;
        }
        self.exec(pid, None);
        if let Some(process) = self.by_pid.get(pid) {
            self.path_to_come.insert(pid, process.image);
        }
    }

    /// A thread's execve goes on in the file of the process it is part of.
    pub(super) fn pid_changed(&mut self, pid: Option<u32>, leader: u32) {
        let Some(process) = self.by_pid.get_mut(pid.unwrap_or(NO_PID)) else {
            return;
        };
        let Some(open) = process.open.take() else {
            return;
        };
        if let Some(image) = self.path_to_come.remove(&leader) {
            self.count_end(&open, Outcome::Success);
            if let Some(image) = self.images.get_mut(image) {
                image.executable = open.path;
            }
        } else {
            self.exec_begun.insert(leader, open);
        }
    }

    /// A filter stopped the last call of a process with SIGSYS. strace printed it before as if
    /// it had returned its own number.
    pub(super) fn refused(&mut self, pid: Option<u32>, name: &str, spellings: &Spellings) {
        let Some(process) = self.by_pid.get(pid.unwrap_or(NO_PID)) else {
            return;
        };
        let image = self.resolve(process.image);
        let Some(image) = self.images.get_mut(image) else {
            return;
        };
        let named = |id| {
            spellings
                .get(id)
                .is_some_and(|s| s.name.as_deref() == Some(name))
        };
        let keys: Vec<SlotKey> = image.slots.keys().filter(|(id, _)| named(*id)).collect();
        for key in keys {
            if let Some(slot) = image.slots.find_mut(key)
                && slot.ok > 0
            {
                slot.ok -= 1;
                slot.end(Outcome::Sigsys);
                return;
            }
        }
    }

    /// A row of an `strace -c` table.
    pub(super) fn count(&mut self, spelling: SpellingId, arches: ArchSet, row: &TableRow) {
        let (image, _) = self.process(NO_PID, None);
        let Some(image) = self.images.get_mut(image) else {
            return;
        };
        // Only a mode that is not the machine's own is told.
        image.narrow(if row.mode.is_none() {
            arches
        } else {
            ArchSet::with_modes()
        });
        let slot = image.slots.enter((spelling, row.mode.map(ModeKey::from)));
        let Some(slot) = image.slots.get_mut(slot) else {
            return;
        };
        slot.calls = slot.calls.saturating_add(row.calls);
        slot.ok = slot
            .ok
            .saturating_add(row.calls - row.errors.min(row.calls));
        if row.errors > 0 {
            let failed = slot.other.entry(Outcome::Failed).or_default();
            *failed = failed.saturating_add(row.errors);
        }
        slot.first.get_or_insert(row.place);
    }

    /// What a process did can only be done on these architectures.
    pub(super) fn narrow(&mut self, pid: Option<u32>, arches: ArchSet) {
        if let Some(process) = self.by_pid.get(pid.unwrap_or(NO_PID))
            && process.mode.is_none()
            && let Some(image) = self.images.get_mut(process.image)
        {
            image.narrow(arches);
        }
    }

    /// How many images are not handed over yet.
    pub(super) fn images(&self) -> usize {
        self.images.len()
    }

    fn leave(&mut self, image: ImageId) {
        let image = self.resolve(image);
        if let Some(data) = self.images.get_mut(image) {
            data.alive = data.alive.saturating_sub(1);
        }
    }

    /// The mode a process runs in from now on.
    pub(super) fn set_mode(&mut self, pid: u32, alone: bool, mode: Mode) {
        // A log of one process does not name it on its lines.
        let pid = if alone { NO_PID } else { pid };
        self.process(pid, (!alone).then_some(pid));
        if let Some(process) = self.by_pid.get_mut(pid) {
            process.mode = Some(mode.into());
        }
    }

    /// A process read the header of an ELF file.
    pub(super) fn elf(&mut self, pid: Option<u32>, arch: Arch) {
        if let Some(process) = self.by_pid.get(pid.unwrap_or(NO_PID))
            && let Some(image) = self.images.get_mut(process.image)
            && image.linked
        {
            image.elf.get_or_insert(arch);
        }
    }

    /// Hands over images that are over and whose architecture is known, so that memory stays
    /// bounded by what runs at once.
    pub(super) fn flush(
        &mut self,
        spellings: &Spellings,
        places: &Places<'_>,
        sink: &mut dyn Sink,
    ) {
        let overfull = self.images.len() > MAX_WAITING;
        let over: Vec<ImageId> = self
            .images
            .iter()
            .filter(|(_, image)| {
                image.alive == 0 && (overfull || (image.linked && image.own_arch().is_some()))
            })
            .map(|(id, _)| id)
            .collect();
        for id in over {
            let Some(image) = self.images.remove(id) else {
                continue;
            };
            match image.own_arch().or_else(|| self.verdict.only()) {
                Some(arch) => {
                    self.verdict.known.insert(arch);
                    self.heirs.gone(id, &image);
                    hand_over(image, arch, spellings, places, sink);
                }
                None if overfull => self.spill(id, image),
                None => {
                    self.images.insert(id, image);
                }
            }
        }
        self.merged.retain(|_, into| self.images.contains(*into));
        if overfull {
            let (images, merged) = (&self.images, &self.merged);
            self.orphans
                .retain(|_, image| images.contains(*image) || merged.contains_key(image));
        }
    }

    /// Puts an image, of which it is not known whose it is, to the others like it.
    fn spill(&mut self, id: ImageId, image: ImageData) {
        let (others, _) = self.process(OTHERS, None);
        let others = self.resolve(others);
        if let Some(all) = self.images.get_mut(others) {
            all.absorb(image);
        } else {
            self.images.insert(id, image);
        }
    }

    /// Hands over all that is left. `told` is the architecture that the user gave; gives the
    /// candidates back if there is no telling.
    pub(super) fn finish(
        mut self,
        told: Option<Arch>,
        spellings: &Spellings,
        places: &Places<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Vec<Arch>> {
        for (_, image) in self.images.iter() {
            // A mode is told only where it is not the machine's own.
            let native = image.slots.keys().all(|(_, mode)| mode.is_none());
            let arch = image.own_arch();
            self.verdict
                .known
                .extend(arch.map(|arch| if native { arch } else { native_of(arch) }));
        }
        let all = self
            .images
            .iter()
            .fold(None, |all: Option<ArchSet>, (_, image)| {
                Some(all.map_or(image.candidates, |all| all.and(image.candidates)))
            });
        self.found_begin();
        self.heirs.hand_over(sink);
        let native = self.verdict.native().or(told);
        for (_, image) in self.images.into_sorted() {
            // What ran before the first execve is the tracer, of which only the execve is seen.
            let bare = !image.linked && image.executable.is_none() && image.elf.is_none();
            let only_exec = image
                .slots
                .keys()
                .all(|(id, _)| spellings.get(id).is_some_and(|s| s.role == Role::Exec));
            let arch = if bare && only_exec {
                native
            } else {
                image
                    .own_arch()
                    .or_else(|| self.verdict.only())
                    .or(told)
                    .or(native.filter(|arch| image.candidates.contains(*arch)))
            };
            match arch {
                Some(arch) => hand_over(image, arch, spellings, places, sink),
                None => {
                    return Err(all.map(|all| all.iter().collect()).unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}
