//! Calls that change nothing in who runs what, of which most logs consist.

use super::{Begin, NO_PID, Open, Processes};
use crate::ingest::strace::lex::Ended;
use crate::ingest::strace::slots::Slot;
use crate::ingest::strace::spelling::SpellingId;

impl Processes {
    /// A call that was looked at quickly: it changes nothing in who runs what. Unless it is
    /// unfinished, it ends at once.
    pub(in crate::ingest::strace) fn quick(
        &mut self,
        begin: &Begin<'_>,
        ended: Ended,
    ) -> Option<&mut Slot> {
        let pid = begin.pid.unwrap_or(NO_PID);
        let known = self.by_pid.remember_position(pid);
        let position = if let Some(known) = known.filter(|_| self.announced.is_empty()) {
            known
        } else {
            let pid = self.admitted(begin.pid);
            self.by_pid.position(pid)?
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
        let slot = image.slots.get_mut(id)?;
        slot.calls += 1;
        if slot.first.is_none() {
            slot.first = Some(begin.place);
        }
        if ended == Ended::Unfinished {
            process.open = Some(Open {
                key,
                image: process.image,
                slot: id,
                role: begin.role,
                path: None,
            });
        } else {
            process.open = None;
            slot.end_quickly(ended);
        }
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
