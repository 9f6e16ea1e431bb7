//! The calls of one program image, a slot for each kind.

use std::collections::BTreeMap;
use std::time::Duration;

use super::images::ModeKey;
use super::lex::Ended;
use super::recent::{Key, RecentMap};
use super::spelling::SpellingId;
use super::words::load;
use crate::event::{MAX_ARG_VALUES, Outcome};

/// One kind of call in one mode.
pub(super) type SlotKey = (SpellingId, Option<ModeKey>);

/// The position of a slot in the [`Slots`] of its image.
pub(super) type SlotId = usize;

/// The slots of an image.
#[derive(Debug, Default)]
pub(super) struct Slots(RecentMap<SlotKey, Slot>);

impl Key for SlotKey {
    fn low(self) -> u32 {
        self.0
    }
}

impl Slots {
    /// The slot of a kind of call, made where there is none.
    pub(super) fn enter(&mut self, key: SlotKey) -> SlotId {
        match self.0.position(key) {
            Some(id) => id,
            None => self.0.insert(key, Slot::default()),
        }
    }

    /// The slot of a kind of call, if there is one.
    pub(super) fn remembered(&mut self, key: SlotKey) -> Option<SlotId> {
        self.0.remember_position(key)
    }

    /// The slot at a position.
    pub(super) fn get_mut(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.0.at(id)
    }

    /// The slot of a kind of call, if there is one.
    pub(super) fn find_mut(&mut self, key: SlotKey) -> Option<&mut Slot> {
        self.0.get_mut(key)
    }

    /// The kinds of calls, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = SlotKey> {
        self.0.keys()
    }

    /// How many calls there are in all.
    pub(super) fn calls(&self) -> u64 {
        let calls = self.0.iter().map(|(_, slot)| slot.calls);
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
        self.0.into_sorted()
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
}

/// Values of an argument as strace printed them.
#[derive(Debug, Default)]
pub(super) struct PrintedValues {
    pub(super) values: BTreeMap<Box<[u8]>, u64>,
    pub(super) unseen: u64,
    pub(super) overflow: u64,
    /// The texts met first, since the same come again and again.
    known: [Known; KNOWN],
    /// Of each of them what it is told from others by.
    tags: [u32; KNOWN],
}

/// A text and what became of it.
#[derive(Debug, Default)]
struct Known {
    text: Box<[u8]>,
    /// Its value, unless there was no room for it.
    value: Option<Box<[u8]>>,
    /// How often it came since.
    again: u64,
}

/// Texts remembered.
const KNOWN: usize = 8;
/// A longer text is no constant.
const MAX_VALUE_LEN: usize = 160;

/// What tells texts apart mostly; never 0.
fn tag(text: &[u8]) -> u32 {
    /// Spreads what differs in any byte over the upper bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let ends = load(text, 0) ^ load(text, text.len().saturating_sub(8)).rotate_left(29);
    let mixed = (ends ^ text.len() as u64).wrapping_mul(MIX);
    u32::try_from(mixed >> 32).unwrap_or_default() | 1
}

impl PrintedValues {
    /// Counts a text; `value_of` is what counts of it.
    pub(super) fn add(&mut self, text: Option<&[u8]>, value_of: fn(&[u8]) -> &[u8]) {
        let Some(text) = text else {
            self.unseen += 1;
            return;
        };
        let tag = tag(text);
        let mut free = None;
        for (cell, (known, of)) in self.known.iter_mut().zip(&self.tags).enumerate() {
            if *of == tag && *known.text == *text {
                known.again += 1;
                return;
            }
            if *of == 0 {
                free = Some(cell);
                break;
            }
        }
        let value = value_of(text);
        if value.is_empty() {
            self.unseen += 1;
            return;
        }
        let kept = self.count(value, 1);
        if text.len() <= MAX_VALUE_LEN
            && let Some(cell) = free
            && let (Some(known), Some(of)) = (self.known.get_mut(cell), self.tags.get_mut(cell))
        {
            *known = Known {
                text: text.into(),
                value: kept.then(|| value.into()),
                again: 0,
            };
            *of = tag;
        }
    }

    /// Counts all that came again.
    fn settled(mut self) -> Self {
        for known in std::mem::take(&mut self.known) {
            match known.value {
                Some(value) if known.again > 0 => {
                    self.count(&value, known.again);
                }
                Some(_) => {}
                None => self.overflow += known.again,
            }
        }
        self
    }

    /// Counts a value; whether there is room for it.
    fn count(&mut self, value: &[u8], calls: u64) -> bool {
        if let Some(count) = self.values.get_mut(value) {
            *count += calls;
        } else if self.values.len() < MAX_ARG_VALUES && value.len() <= MAX_VALUE_LEN {
            self.values.insert(value.into(), calls);
        } else {
            self.overflow += calls;
            return false;
        }
        true
    }

    fn absorb(&mut self, other: Self) {
        let other = other.settled();
        for (text, calls) in other.values {
            self.count(&text, calls);
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
