//! Calls that change nothing in who runs what, of which most logs consist.

use super::{Begin, NO_PID, Open, Process, Processes};
use crate::ingest::strace::lex::{Ended, Found};
use crate::ingest::strace::slots::{Kept, Slot, SlotId, SlotKey};
use crate::ingest::strace::spelling::SpellingId;
use crate::ingest::strace::words::CallWord;

impl Process {
    /// It makes a call, which ends at once unless it is unfinished.
    #[inline]
    fn calls(&mut self, key: SlotKey, (id, slot): (SlotId, &mut Slot), ended: Ended) {
        if ended == Ended::Unfinished {
            self.open = Some(Open {
                key,
                image: self.image,
                slot: id,
                role: slot.role,
                path: None,
            });
        } else {
            self.open = None;
            slot.end_quickly(ended);
        }
    }
}

impl Processes {
    /// The most usual of those: a process met lately makes a call that its program made before.
    /// `None` says nothing.
    pub(in crate::ingest::strace) fn usual(
        &mut self,
        pid: u32,
        found: &Found,
    ) -> Option<&mut Slot> {
        if !self.announced.is_empty() {
            return None;
        }
        let process = self.by_pid.recent_mut(pid)?;
        if process.mode.is_some() {
            return None;
        }
        let image = self.images.recent_mut(process.image)?;
        // The first header that a program reads tells its architecture.
        if found.header && image.elf.is_none() {
            return None;
        }
        let (id, key, slot) = image.slots.named(found.word)?;
        slot.calls += 1;
        process.calls(key, (id, slot), found.ended);
        Some(slot)
    }

    /// The most usual rest of a call: a process met lately ends the call that it is in. `None`
    /// says nothing.
    pub(in crate::ingest::strace) fn usual_end(&mut self, pid: u32, found: &Found) -> Option<()> {
        let process = self.by_pid.recent_mut(pid)?;
        let open = process.open.as_ref()?;
        let image = self.images.recent_mut(open.image)?;
        if found.header && image.elf.is_none() {
            return None;
        }
        let (id, (_, mode), slot) = image.slots.named(found.word)?;
        if id != open.slot || open.key.1 != mode {
            return None;
        }
        if found.ended != Ended::Unfinished {
            process.open = None;
            slot.end_quickly(found.ended);
        }
        Some(())
    }

    /// A call that was looked at quickly: it changes nothing in who runs what. Unless it is
    /// unfinished, it ends at once.
    pub(in crate::ingest::strace) fn quick(
        &mut self,
        begin: &Begin<'_>,
        kept: Kept,
        word: Option<CallWord>,
        ended: Ended,
    ) -> Option<&mut Slot> {
        let pid = begin.pid.unwrap_or(NO_PID);
        let known = self.by_pid.remembered(pid);
        let position = if let Some(known) = known.filter(|_| self.announced.is_empty()) {
            known
        } else {
            let pid = self.admitted(begin.pid);
            self.by_pid.remember_position(pid)?
        };
        let process = self.by_pid.at(position)?;
        let image = self.images.get_mut(process.image)?;
        if begin.comm.is_some() {
            image.met(begin.comm);
        }
        let key = (begin.spelling, process.mode);
        // What narrows the architectures once need not do so again.
        let id = if let Some(id) = image.slots.remembered(key) {
            id
        } else {
            if process.mode.is_none() {
                image.narrow(begin.arches);
            }
            image.slots.enter(key)
        };
        if let Some(word) = word.filter(|_| process.mode.is_none()) {
            image.slots.name(word, id);
        }
        let slot = image.slots.get_mut(id)?;
        (slot.role, slot.kept) = (begin.role, kept);
        slot.calls += 1;
        if slot.calls == 1 {
            slot.first.get_or_insert(begin.place);
        }
        process.calls(key, (id, slot), ended);
        Some(slot)
    }

    /// Whether the program of a process read the header of an ELF file before.
    pub(in crate::ingest::strace) fn knows_header(&self, pid: Option<u32>) -> bool {
        let process = self.by_pid.get(pid.unwrap_or(NO_PID));
        let image = process.and_then(|process| self.images.get(process.image));
        image.is_some_and(|image| image.elf.is_some())
    }

    /// The rest of a call that was looked at quickly, if the process is in a call written so.
    pub(in crate::ingest::strace) fn quick_end(
        &mut self,
        pid: Option<u32>,
        spelling: SpellingId,
        ended: Ended,
    ) -> bool {
        let Some(process) = self.by_pid.get_mut(pid.unwrap_or(NO_PID)) else {
            return false;
        };
        let Some(open) = &process.open else {
            return false;
        };
        if open.key.0 != spelling {
            return false;
        }
        if ended == Ended::Unfinished {
            return true;
        }
        let (key, image, slot) = (open.key, open.image, open.slot);
        process.open = None;
        if let Some(image) = self.images.get_mut(image) {
            if let Some(slot) = image.slots.get_mut(slot) {
                slot.end_quickly(ended);
            }
            return true;
        }
        let image = self.resolve(image);
        let slot = self
            .images
            .get_mut(image)
            .and_then(|image| image.slots.find_mut(key));
        if let Some(slot) = slot {
            slot.end_quickly(ended);
        }
        true
    }
}
