//! The calls of one program image, a slot for each kind.

use std::collections::BTreeMap;
use std::time::Duration;

use super::images::ModeKey;
use super::lex::Ended;
use super::recent::{Key, RecentMap};
use super::spelling::{Role, SpellingId};
use super::values::PrintedValues;
use super::words::{self, CallWord};
use crate::event::Outcome;
use crate::syscalls::ArgKind;

/// One kind of call in one mode.
pub(super) type SlotKey = (SpellingId, Option<ModeKey>);

/// The position of a slot in the [`Slots`] of its image.
pub(super) type SlotId = usize;

/// The slots of an image.
#[derive(Debug, Default)]
pub(super) struct Slots {
    by_kind: RecentMap<SlotKey, Slot>,
    /// By the number of a name in [`words::calls`]: the position and one of the slot of calls that
    /// are written so, if its calls have the mode of the machine. 0 if there is none so far.
    by_word: Vec<u16>,
}

impl Key for SlotKey {
    fn low(self) -> u32 {
        self.0
    }
}

impl Slots {
    /// The slot of a kind of call, made where there is none.
    pub(super) fn enter(&mut self, key: SlotKey) -> SlotId {
        match self.by_kind.position(key) {
            Some(id) => id,
            None => self.by_kind.insert(key, Slot::default()),
        }
    }

    /// The slot of a kind of call, if it is one of those met last.
    #[inline]
    pub(super) fn remembered(&self, key: SlotKey) -> Option<SlotId> {
        self.by_kind.remembered(key)
    }

    /// The slot of calls that a name is known to stand for, and its position.
    #[inline]
    pub(super) fn named(&mut self, word: CallWord) -> Option<(SlotId, SlotKey, &mut Slot)> {
        let behind = *self.by_word.get(usize::from(word))?;
        let id = usize::from(behind).checked_sub(1)?;
        let (key, slot) = self.by_kind.entry(id)?;
        Some((id, key, slot))
    }

    /// What a name stands for, from now on.
    pub(super) fn name(&mut self, word: CallWord, id: SlotId) {
        if self.by_word.is_empty() {
            self.by_word.resize(words::calls().len(), 0);
        }
        if let Some(behind) = self.by_word.get_mut(usize::from(word)) {
            *behind = u16::try_from(id + 1).unwrap_or_default();
        }
    }

    /// The slot at a position.
    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.by_kind.at(id)
    }

    /// The slot of a kind of call, if there is one.
    pub(super) fn find_mut(&mut self, key: SlotKey) -> Option<&mut Slot> {
        self.by_kind.get_mut(key)
    }

    /// The kinds of calls, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = SlotKey> {
        self.by_kind.keys()
    }

    /// How many calls there are in all.
    pub(super) fn calls(&self) -> u64 {
        let calls = self.by_kind.iter().map(|(_, slot)| slot.calls);
        calls.fold(0, u64::saturating_add)
    }

    /// Takes in the calls of a part of the image.
    pub(super) fn absorb(&mut self, other: Self) {
        for (key, slot) in other.into_sorted() {
            let id = self.enter(key);
            if let Some(have) = self.get_mut(id) {
                have.absorb(slot);
            }
        }
    }

    /// The calls, sorted by kind.
    pub(super) fn into_sorted(self) -> Vec<(SlotKey, Slot)> {
        self.by_kind.into_sorted()
    }
}

/// A call has no more arguments.
const ARGUMENTS: usize = 6;

/// What is known of one kind of call.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// How many were begun.
    pub(super) calls: u64,
    /// How many returned without error.
    pub(super) ok: u64,
    /// How others ended. What is left of `calls` is unknown.
    pub(super) other: BTreeMap<Outcome, u64>,
    /// How others ended of which the lines were looked at quickly.
    pub(super) quick: Vec<(Ended, u64)>,
    /// Printed values of the arguments worth keeping.
    args: [Option<Box<PrintedValues>>; ARGUMENTS],
    /// The first one.
    pub(super) first: Option<(u32, u64)>,
    /// When that was, where the log tells.
    pub(super) time: Option<Duration>,
    /// The arguments worth keeping, where that was looked up.
    pub(super) kept: Kept,
    /// What such a call does, likewise.
    pub(super) role: Role,
}

/// The arguments of a call that are worth keeping.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    /// By position.
    pub(super) args: &'static [(u8, ArgKind)],
    /// They are printed by name, so that their position tells nothing.
    pub(super) by_name: bool,
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

    /// The values of an argument, by its position.
    pub(super) fn argument(&mut self, position: u8) -> Option<&mut PrintedValues> {
        let values = self.args.get_mut(usize::from(position))?;
        Some(values.get_or_insert_default())
    }

    /// The values of all arguments, by position.
    pub(super) fn take_arguments(&mut self) -> BTreeMap<u8, PrintedValues> {
        let all = std::mem::take(&mut self.args).into_iter().zip(0..);
        all.filter_map(|(values, position)| Some((position, values?.settled())))
            .collect()
    }

    /// Counts how a call ended whose line was looked at quickly.
    pub(super) fn end_quickly(&mut self, ended: Ended) {
        if ended == Ended::Ok {
            self.ok += 1;
        } else {
            self.add_quick(ended, 1);
        }
    }

    fn add_quick(&mut self, ended: Ended, calls: u64) {
        match self.quick.iter_mut().find(|(known, _)| *known == ended) {
            Some((_, count)) => *count = count.saturating_add(calls),
            None => self.quick.push((ended, calls)),
        }
    }

    fn absorb(&mut self, other: Self) {
        let when = |slot: &Self| (slot.time.unwrap_or(Duration::MAX), slot.first);
        if self.first.is_none() || (other.first.is_some() && when(&other) < when(self)) {
            (self.first, self.time) = (other.first, other.time);
        }
        for (ended, calls) in other.quick {
            self.add_quick(ended, calls);
        }
        self.calls = self.calls.saturating_add(other.calls);
        self.ok = self.ok.saturating_add(other.ok);
        for (outcome, count) in other.other {
            let sum = self.other.entry(outcome).or_default();
            *sum = sum.saturating_add(count);
        }
        for (ours, theirs) in self.args.iter_mut().zip(other.args) {
            if let Some(theirs) = theirs {
                ours.get_or_insert_default().absorb(*theirs);
            }
        }
    }
}
