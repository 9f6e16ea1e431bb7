//! The calls of one program image, a slot for each kind.

use std::collections::BTreeMap;

use super::images::ModeKey;
use super::spelling::SpellingId;
use crate::event::{MAX_ARG_VALUES, Outcome};

/// One kind of call in one mode.
pub(super) type SlotKey = (SpellingId, Option<ModeKey>);

/// The position of a slot in the [`Slots`] of its image.
pub(super) type SlotId = usize;

/// Positions remembered, by the last bits of the spelling. Programs make some fifty kinds of
/// calls.
const RECENT: usize = 64;

/// The slots of an image. Each call of a log looks for one, so positions found lately are
/// remembered: mostly one comparison tells the slot.
#[derive(Debug)]
pub(super) struct Slots {
    all: Vec<(SlotKey, Slot)>,
    by_key: BTreeMap<SlotKey, SlotId>,
    recent: [SlotId; RECENT],
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            by_key: BTreeMap::new(),
            recent: [0; RECENT],
        }
    }
}

impl Slots {
    /// The slot of a kind of call, made where there is none.
    pub(super) fn enter(&mut self, key: SlotKey) -> SlotId {
        let cell = usize::try_from(key.0).unwrap_or_default() % RECENT;
        let recent = self.recent.get(cell).copied().unwrap_or_default();
        if self.all.get(recent).is_some_and(|(at, _)| *at == key) {
            return recent;
        }
        let id = *self.by_key.entry(key).or_insert_with(|| {
            self.all.push((key, Slot::default()));
            self.all.len() - 1
        });
        if let Some(recent) = self.recent.get_mut(cell) {
            *recent = id;
        }
        id
    }

    /// The slot at a position.
    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.all.get_mut(id).map(|(_, slot)| slot)
    }

    /// The slot of a kind of call, if there is one.
    pub(super) fn find_mut(&mut self, key: SlotKey) -> Option<&mut Slot> {
        let id = *self.by_key.get(&key)?;
        self.get_mut(id)
    }

    /// The kinds of calls, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = SlotKey> {
        self.by_key.keys().copied()
    }

    /// Takes in the calls of a part of the image.
    pub(super) fn absorb(&mut self, other: Self) {
        for (key, slot) in other.all {
            let id = self.enter(key);
            if let Some(have) = self.get_mut(id) {
                have.absorb(slot);
            }
        }
    }

    /// The calls, sorted by kind.
    pub(super) fn into_sorted(mut self) -> Vec<(SlotKey, Slot)> {
        self.all.sort_by_key(|(key, _)| *key);
        self.all
    }
}

/// What is known of one kind of call.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// How many were begun.
    pub(super) calls: u64,
    /// How many returned without error.
    pub(super) ok: u64,
    /// How others ended. What is left of `calls` is unknown.
    pub(super) other: BTreeMap<Outcome, u64>,
    /// Printed values of the arguments worth keeping.
    pub(super) args: BTreeMap<u8, PrintedValues>,
    /// The first one.
    pub(super) first: Option<(u32, u64)>,
}

/// Values of an argument as strace printed them.
#[derive(Debug, Default)]
pub(super) struct PrintedValues {
    pub(super) values: BTreeMap<Box<[u8]>, u64>,
    pub(super) unseen: u64,
    pub(super) overflow: u64,
}

/// A longer text is no constant.
const MAX_VALUE_LEN: usize = 160;

impl PrintedValues {
    pub(super) fn add(&mut self, text: Option<&[u8]>) {
        match text {
            None => self.unseen += 1,
            Some(text) => {
                if let Some(count) = self.values.get_mut(text) {
                    *count += 1;
                } else if self.values.len() < MAX_ARG_VALUES && text.len() <= MAX_VALUE_LEN {
                    self.values.insert(text.into(), 1);
                } else {
                    self.overflow += 1;
                }
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        for (text, count) in other.values {
            if let Some(have) = self.values.get_mut(&text) {
                *have += count;
            } else if self.values.len() < MAX_ARG_VALUES {
                self.values.insert(text, count);
            } else {
                self.overflow += count;
            }
        }
        self.unseen += other.unseen;
        self.overflow += other.overflow;
    }
}

impl Slot {
    /// Counts how a call ended.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if outcome == Outcome::Success {
            self.ok += 1;
        } else {
            *self.other.entry(outcome).or_default() += 1;
        }
    }

    fn absorb(&mut self, other: Self) {
        self.calls += other.calls;
        self.ok += other.ok;
        for (outcome, count) in other.other {
            *self.other.entry(outcome).or_default() += count;
        }
        for (index, values) in other.args {
            self.args.entry(index).or_default().absorb(values);
        }
        self.first = [self.first, other.first].into_iter().flatten().min();
    }
}
