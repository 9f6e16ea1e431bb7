//! Makes the room of a container that is over free for others: a recording may go on for months.
//!
//! First nobody can come into it any more; at a later look, when whoever was on the way has
//! arrived, its tables are emptied.

use super::EbpfError;
use super::probe::Probe;
use super::snapshot::{Reader, Snapshot, entries};
use super::tables::{bytes, double_at, put, word, word_at};
use crate::ebpf::layout::{COUNTS, counts, image, scope};

/// A container whose tables are to be freed.
#[derive(Debug)]
pub(super) struct Retired {
    scope: u32,
    slots: Vec<u32>,
    /// Calls when it was looked at last.
    calls: u64,
}

impl Retired {
    /// Lets nobody in any more.
    pub(super) fn new(
        probe: &Probe,
        serial: u64,
        scope: u32,
        whole: &Snapshot,
    ) -> Result<Self, EbpfError> {
        let tables = &probe.tables;
        tables.remove(&tables.by_namespace, &serial.to_ne_bytes())?;
        let mut slots = Vec::new();
        for (key, value) in entries(&tables.by_file)? {
            if word_at(&key, 0) == scope {
                tables.remove(&tables.by_file, &key)?;
                slots.push(word_at(&value, 0));
            }
        }
        let images = whole.images.iter().filter(|image| image.scope == scope);
        let calls = images.flat_map(|image| &image.calls);
        Ok(Self {
            scope,
            slots,
            calls: calls.map(|call| call.calls).sum(),
        })
    }

    /// Empties its tables if nobody is in it: how many calls came after the last look.
    pub(super) fn free(
        mut self,
        probe: &Probe,
        reader: &mut Reader,
    ) -> Result<Result<u64, Self>, EbpfError> {
        let tables = &probe.tables;
        let mut value = vec![0; bytes(scope::SIZE)];
        let found = tables.scopes.look_up(&word(self.scope), &mut value);
        found.map_err(EbpfError::Read)?;
        if double_at(&value, scope::LIVE) != 0 {
            return Ok(Err(self));
        }
        // One that came late may have executed something.
        for (key, value) in entries(&tables.by_file)? {
            if word_at(&key, 0) == self.scope {
                tables.remove(&tables.by_file, &key)?;
                self.slots.push(word_at(&value, 0));
            }
        }
        let shared = tables.shared_slot(self.scope);
        let mut calls = 0;
        for slot in self.slots.iter().chain([&shared]) {
            let mut value = vec![0; bytes(counts::SIZE)];
            let found = tables.counts.look_up(&word(*slot), &mut value);
            found.map_err(EbpfError::Read)?;
            calls += (0..COUNTS)
                .map(|place| double_at(&value, place * 8))
                .sum::<u64>();
            let empty = vec![0; bytes(counts::SIZE)];
            let set = tables.counts.set(&word(*slot), &empty);
            set.map_err(EbpfError::Read)?;
            let empty = vec![0; bytes(image::SIZE)];
            let set = tables.images.set(&word(*slot), &empty);
            set.map_err(EbpfError::Read)?;
            reader.forget(*slot);
        }
        let details = [
            &tables.firsts,
            &tables.values,
            &tables.results,
            &tables.odd,
            &tables.ends,
            &tables.starters,
        ];
        for map in details {
            for (key, value) in entries(map)? {
                let slot = word_at(&key, 0);
                if slot == shared || self.slots.contains(&slot) {
                    if std::ptr::eq(map, &raw const tables.odd) {
                        calls += double_at(&value, 0);
                    }
                    tables.remove(map, &key)?;
                }
            }
        }
        let mut value = vec![0; bytes(scope::SIZE)];
        put(&mut value, scope::OTHERS, &word(shared));
        let set = tables.scopes.set(&word(self.scope), &value);
        set.map_err(EbpfError::Read)?;
        for slot in &self.slots {
            tables.push(&tables.slots, &word(*slot))?;
        }
        tables.push(&tables.free_scopes, &word(self.scope))?;
        Ok(Ok(calls.saturating_sub(self.calls)))
    }
}
