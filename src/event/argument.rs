//! Values of arguments that come from a small set: a socket's family, clone's flags.

use std::collections::BTreeMap;

/// How many distinct values of one argument are kept. Enough for every ioctl of a real program;
/// a bound against a program that makes values up.
pub const MAX_ARG_VALUES: usize = 256;

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArgValue {
    /// A number, as the kernel got it.
    Number(u64),
    /// What the source printed, where callsieve does not know the number behind it.
    Text(String),
}

/// What is known of one argument of one kind of call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArgFacts {
    /// How often each value was seen.
    pub values: BTreeMap<ArgValue, u64>,
    /// Calls whose value was not seen, as it stood in a part of the line that is missing.
    pub unseen: u64,
    /// Calls whose value was dropped since [`MAX_ARG_VALUES`] were kept already.
    pub overflow: u64,
}

impl ArgFacts {
    /// Counts `calls` calls with `value`.
    pub fn add(&mut self, value: ArgValue, calls: u64) {
        if let Some(count) = self.values.get_mut(&value) {
            *count = count.saturating_add(calls);
        } else if self.values.len() < MAX_ARG_VALUES {
            self.values.insert(value, calls);
        } else {
            self.overflow = self.overflow.saturating_add(calls);
        }
    }

    /// Adds what another saw of the same argument.
    pub fn absorb(&mut self, other: &Self) {
        for (value, calls) in &other.values {
            self.add(value.clone(), *calls);
        }
        self.unseen = self.unseen.saturating_add(other.unseen);
        self.overflow = self.overflow.saturating_add(other.overflow);
    }

    /// The numbers seen, if that is all there is to know: no text, nothing unseen or dropped.
    pub fn all_numbers(&self) -> Option<Vec<u64>> {
        if self.unseen > 0 || self.overflow > 0 || self.values.is_empty() {
            return None;
        }
        self.values
            .keys()
            .map(|value| match value {
                ArgValue::Number(number) => Some(*number),
                ArgValue::Text(_) => None,
            })
            .collect()
    }
}
