//! Values of arguments as a log prints them, of which the same few come again and again.

use std::collections::BTreeMap;
use std::ops::Range;

use super::marks::position;
use super::words::load;
use crate::event::MAX_ARG_VALUES;
use crate::sys::{Common, Vectors as _};

/// Values of an argument as strace printed them.
#[derive(Debug, Default)]
pub(super) struct PrintedValues {
    pub(super) values: BTreeMap<Box<[u8]>, u64>,
    pub(super) unseen: u64,
    pub(super) overflow: u64,
    /// The texts met first, since the same come again and again.
    known: Vec<Known>,
    /// Where to look for a text, by its [`cell`]: its place among the known, and one. Of those
    /// that share a cell, the last one met.
    cells: [u8; CELLS],
}

/// A text and what became of it.
#[derive(Debug)]
struct Known {
    /// With zeros behind.
    text: Window,
    len: usize,
    /// Its value, unless there was no room for it.
    value: Option<Range<usize>>,
    /// How often it came since.
    again: u64,
}

/// The begin of a text and what is behind it.
pub(super) type Window = [u8; 64];

/// Texts remembered.
const KNOWN: usize = 8;
/// Places for them.
const CELLS: usize = 16;
/// A longer text is no constant.
const MAX_VALUE_LEN: usize = 160;

/// What tells texts apart mostly.
fn cell(text: &[u8], window: &Window) -> usize {
    /// Spreads what differs in any byte over the upper bits.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let ends = match text.len().checked_sub(8) {
        Some(last) => {
            let middle = load(text, last / 2).rotate_left(19);
            load(window, 0) ^ middle ^ load(text, last).rotate_left(43)
        }
        None => load(window, 0) & ((1 << (8 * text.len())) - 1),
    };
    usize::try_from(ends.wrapping_mul(MIX) >> 60).unwrap_or_default() % CELLS
}

impl Known {
    /// Whether it is the text of `len` bytes at the begin of a window.
    fn is(&self, len: usize, window: &Window) -> bool {
        let ([first, second], [ours, our_second]) = (halves(window), halves(&self.text));
        let first = Common.alike(first, ours);
        let second = Common.alike(second, our_second);
        let alike = u64::from(first) | (u64::from(second) << 32);
        self.len == len && position((!alike).trailing_zeros()) >= len
    }
}

fn halves(window: &Window) -> [&[u8; 32]; 2] {
    const NONE: &[u8; 32] = &[0; 32];
    let (halves, _) = window.as_chunks();
    match halves {
        [first, second] => [first, second],
        _ => [NONE; 2],
    }
}

impl PrintedValues {
    /// Counts a text; `value_of` is what counts of it. `window` begins with it, if more than it
    /// is at hand.
    pub(super) fn add(
        &mut self,
        text: Option<&[u8]>,
        window: Option<&Window>,
        value_of: fn(&[u8]) -> Range<usize>,
    ) {
        let Some(text) = text else {
            self.unseen += 1;
            return;
        };
        if text.len() <= size_of::<Window>() {
            if let Some(window) = window {
                self.add_short(text, window, value_of);
            } else {
                self.add_short(text, &window_of(text), value_of);
            }
        } else {
            self.add_new(text, value_of(text));
        }
    }

    fn add_short(&mut self, text: &[u8], window: &Window, value_of: fn(&[u8]) -> Range<usize>) {
        let cell = cell(text, window);
        let place = self.cells.get(cell).copied().map_or(0, usize::from);
        if let Some(place) = place.checked_sub(1)
            && let Some(known) = self.known.get_mut(place)
            && known.is(text.len(), window)
        {
            known.again += 1;
            return;
        }
        let mut all = self.known.iter_mut().zip(1..);
        let place =
            if let Some((known, place)) = all.find(|(known, _)| known.is(text.len(), window)) {
                known.again += 1;
                place
            } else {
                let value = value_of(text);
                let Some(kept) = self.add_new(text, value.clone()) else {
                    return;
                };
                if self.known.len() == KNOWN {
                    return;
                }
                self.known.push(Known {
                    text: window_of(text),
                    len: text.len(),
                    value: kept.then_some(value),
                    again: 0,
                });
                self.known.len()
            };
        if let Some(at) = self.cells.get_mut(cell) {
            *at = u8::try_from(place).unwrap_or_default();
        }
    }

    /// Counts a text that is not known; whether there is room for its value, if it has one.
    fn add_new(&mut self, text: &[u8], value: Range<usize>) -> Option<bool> {
        let value = text.get(value).unwrap_or_default();
        if value.is_empty() {
            self.unseen += 1;
            return None;
        }
        Some(self.count(value, 1))
    }

    /// Counts all that came again.
    pub(super) fn settled(mut self) -> Self {
        for known in std::mem::take(&mut self.known) {
            match known.value.clone().and_then(|value| known.text.get(value)) {
                Some(value) if known.again > 0 => {
                    self.count(value, known.again);
                }
                Some(_) => {}
                None => self.overflow += known.again,
            }
        }
        self.cells = [0; CELLS];
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

    /// Counts those of another.
    pub(super) fn absorb(&mut self, other: Self) {
        let other = other.settled();
        for (text, calls) in other.values {
            self.count(&text, calls);
        }
        self.unseen += other.unseen;
        self.overflow += other.overflow;
    }
}

/// A window of a text alone.
fn window_of(text: &[u8]) -> Window {
    let mut window = [0; size_of::<Window>()];
    window
        .iter_mut()
        .zip(text)
        .for_each(|(to, from)| *to = *from);
    window
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settled(texts: &[&str], windows: bool) -> (BTreeMap<Box<[u8]>, u64>, u64, u64) {
        let mut values = PrintedValues::default();
        for text in texts {
            let behind = format!("{text}, 0) = 0{:99}", "");
            let window = behind.as_bytes().first_chunk();
            let value = |text: &[u8]| usize::from(text.first() == Some(&b'x'))..text.len();
            values.add(Some(text.as_bytes()), window.filter(|_| windows), value);
        }
        let values = values.settled();
        (values.values, values.unseen, values.overflow)
    }

    proptest! {
        #[test]
        fn each_is_counted(texts in prop::collection::vec(
            prop::sample::select((0..300).map(|n| match n % 5 {
                0 => format!("F_GETFD{n}"),
                1 => "x".to_owned(),
                2 => format!("FUTEX_{:A>1$}_PRIVATE", n % 7, n % 60),
                3 => format!("x{:B>1$}", n % 3, 62 + n % 4),
                _ => "C".repeat(157 + n % 7),
            }).collect::<Vec<_>>()), 0..400)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (mut values, mut unseen, mut overflow) = (BTreeMap::<Box<[u8]>, u64>::new(), 0, 0);
            for text in &texts {
                let value = text.strip_prefix('x').unwrap_or(text).as_bytes();
                if value.is_empty() {
                    unseen += 1;
                } else if value.len() > MAX_VALUE_LEN {
                    overflow += 1;
                } else {
                    *values.entry(value.into()).or_default() += 1;
                }
            }
            prop_assert!(values.len() <= MAX_ARG_VALUES);
            let expected = (values, unseen, overflow);
            prop_assert_eq!(settled(&texts, true), expected.clone());
            prop_assert_eq!(settled(&texts, false), expected);
        }
    }

    #[test]
    fn what_has_no_room_is_counted_whenever_it_comes() {
        let texts: Vec<String> = (0..=MAX_ARG_VALUES).map(|n| format!("A{n:03}")).collect();
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        texts.extend(["A000", "A256", "A256"]);
        let (values, unseen, overflow) = settled(&texts, true);
        assert_eq!((values.len(), unseen, overflow), (MAX_ARG_VALUES, 0, 3));
        assert_eq!(values.get(&b"A000"[..]), Some(&2));
    }
}
