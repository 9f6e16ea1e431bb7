//! What was made of the lines of a log, shape by shape.

use std::collections::BTreeMap;

use crate::event::{Skip, Tally, shape};

/// More shapes than this are put together: a bound against a log in which no two lines are alike.
const MAX_SHAPES: usize = 1_000;

/// What was made of each shape of line.
#[derive(Debug, Default)]
pub struct Explanation {
    shapes: BTreeMap<(String, Made), Lines>,
}

/// What was made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Made {
    /// A call, or several.
    Calls,
    /// The rest of a call that began on another line.
    Rest,
    /// A call that is unsure for a reason, and counted.
    Unsure(Skip),
    /// No call.
    Skipped(Skip),
}

/// Lines alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// The first of them: its file.
    pub file: String,
    /// Its number there.
    pub line: u64,
}

impl Explanation {
    /// The shapes and what was made of them, the most frequent first.
    pub fn shapes(&self) -> Vec<(&str, Made, &Lines)> {
        let mut all: Vec<_> = self
            .shapes
            .iter()
            .map(|((shape, made), lines)| (shape.as_str(), *made, lines))
            .collect();
        all.sort_by_key(|(_, _, lines)| std::cmp::Reverse(lines.count));
        all
    }

    /// Takes in a line, from the tally before it and after it.
    pub(super) fn line(&mut self, text: &[u8], place: (&str, u64), before: &Tally, after: &Tally) {
        let skipped = after
            .skipped
            .iter()
            .find(|(skip, count)| **count > before.skipped(**skip))
            .map(|(skip, _)| *skip);
        let made = match (after.calls > before.calls, skipped) {
            (true, None) => Made::Calls,
            (true, Some(skip)) => Made::Unsure(skip),
            (false, Some(skip)) => Made::Skipped(skip),
            (false, None) => Made::Rest,
        };
        let mut key = (shape(text), made);
        if self.shapes.len() >= MAX_SHAPES && !self.shapes.contains_key(&key) {
            "(other shapes)".clone_into(&mut key.0);
        }
        let (file, line) = place;
        self.shapes
            .entry(key)
            .or_insert_with(|| Lines {
                count: 0,
                file: file.to_owned(),
                line,
            })
            .count += 1;
    }
}
