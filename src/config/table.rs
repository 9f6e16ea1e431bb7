//! A table of the file, of which every key has to be asked for.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::read::ConfigError;
use crate::syscalls::distance;

/// A value and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) value: &'a DeValue<'a>,
    pub(super) key: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is left of a table.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// What it is, for people.
    name: &'static str,
    known: Vec<&'static str>,
    rest: BTreeMap<&'a str, (Range<usize>, At<'a>)>,
}

impl<'a> Table<'a> {
    pub(super) fn new(name: &'static str, table: &'a DeTable<'a>) -> Self {
        let rest = table.iter().map(|(key, value)| {
            let span = value.span();
            let at = At {
                value: value.get_ref(),
                key: key.get_ref(),
                start: span.start,
                end: span.end,
            };
            (at.key, (key.span(), at))
        });
        Self {
            name,
            known: Vec::new(),
            rest: rest.collect(),
        }
    }

    /// The value of a key.
    pub(super) fn take(&mut self, key: &'static str) -> Option<At<'a>> {
        self.known.push(key);
        self.rest.remove(key).map(|(_, at)| at)
    }

    /// The same where the known keys are rules, too many to be listed.
    pub(super) fn finish_rules(mut self) -> Result<(), ConfigError> {
        self.known = vec!["rules of `callsieve lint --list-rules`"];
        self.finish()
    }

    /// Fails if there is a key that nobody asked for: the first in the file.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        let mut rest: Vec<_> = self.rest.into_iter().collect();
        rest.sort_by_key(|(_, (span, _))| span.start);
        let Some((key, (span, _))) = rest.into_iter().next() else {
            return Ok(());
        };
        let near = |known: &&&str| distance(known.as_bytes(), key.as_bytes()) <= 2;
        let nearest = self
            .known
            .iter()
            .filter(near)
            .min_by_key(|known| distance(known.as_bytes(), key.as_bytes()));
        let shown: String = key.chars().take(60).collect();
        let hint = match nearest {
            Some(known) => format!("; did you mean `{known}`?"),
            None => format!("; known are {}", self.known.join(", ")),
        };
        Err(ConfigError::at(
            span.start,
            format!(
                "unknown key `{}` in {}{hint}",
                shown.escape_debug(),
                self.name
            ),
        ))
    }
}

impl<'a> At<'a> {
    pub(super) fn error(&self, expected: &str) -> ConfigError {
        let key = self.key;
        ConfigError::at(self.start, format!("`{key}` must be {expected}"))
    }

    /// Text without characters that do not print.
    pub(super) fn text(&self) -> Result<&'a str, ConfigError> {
        match self.value.as_str() {
            Some(text) if text.chars().any(|c| c.is_control() && c != '\t') => {
                Err(self.error("text without control characters"))
            }
            Some(text) if text.len() > 4096 => Err(self.error("text of at most 4096 bytes")),
            Some(text) => Ok(text),
            None => Err(self.error("text, as \"…\"")),
        }
    }

    pub(super) fn switch(&self) -> Result<bool, ConfigError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.error("true or false"))
    }

    /// One text or a list of them.
    pub(super) fn texts(&self) -> Result<Vec<Self>, ConfigError> {
        let Some(list) = self.value.as_array() else {
            self.text()?;
            return Ok(vec![*self]);
        };
        let items = list.iter().map(|item| {
            let at = Self {
                value: item.get_ref(),
                key: self.key,
                start: item.span().start,
                end: item.span().end,
            };
            at.text().map(|_| at)
        });
        items.collect()
    }

    /// One table or a list of them.
    pub(super) fn tables(&self) -> Result<Vec<(&'a DeTable<'a>, usize)>, ConfigError> {
        if let Some(table) = self.value.as_table() {
            return Ok(vec![(table, self.start)]);
        }
        let list = self.value.as_array();
        let tables = list.into_iter().flat_map(|list| list.iter()).map(|item| {
            let table = item.get_ref().as_table();
            let table = table.ok_or_else(|| self.error("a table, as `[[…]]`"))?;
            Ok((table, item.span().start))
        });
        match self.value.as_array() {
            Some(_) => tables.collect(),
            None => Err(self.error("a table, as `[…]`")),
        }
    }
}
