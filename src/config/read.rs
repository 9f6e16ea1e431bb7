//! Reads the file, strictly.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use toml::de::DeTable;

use super::keys::{ENGINE, GENERATE, Takes};
use super::table::{At, Table};
use super::{Ci, Config, Exception, Kind, MAX_BYTES, Profile};
use crate::lint::{Level, Places, Rule, Severity};
use crate::syscalls::{SyscallName, exists, nearest};

/// More of anything than this is a mistake.
const MOST: usize = 10_000;

/// The first mistake of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct ConfigError {
    /// From 1 on.
    pub line: usize,
    /// From 1 on, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    offset: usize,
}

impl ConfigError {
    pub(super) fn at(offset: usize, what: impl Into<String>) -> Self {
        Self {
            line: 1,
            column: 1,
            what: what.into(),
            offset,
        }
    }
}

/// Reads a file.
///
/// # Errors
///
/// [`ConfigError`] with the place of the first mistake.
pub fn read(bytes: &[u8]) -> Result<Config, ConfigError> {
    if bytes.len() > MAX_BYTES {
        return Err(ConfigError::at(
            0,
            format!("the file is larger than {MAX_BYTES} bytes"),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ConfigError::at(0, format!("the file is not UTF-8: {error}")))?;
    let places = Places::new(text);
    let config = DeTable::parse(text)
        .map_err(|error| {
            let message: Vec<&str> = error.message().lines().collect();
            let offset = error.span().map_or(0, |span| span.start);
            ConfigError::at(offset, message.join("; "))
        })
        .and_then(|root| whole(root.get_ref(), &places));
    config.map_err(|error| {
        let place = places.place(error.offset);
        ConfigError {
            line: place.line,
            column: place.column,
            ..error
        }
    })
}

fn whole(root: &DeTable<'_>, places: &Places<'_>) -> Result<Config, ConfigError> {
    let mut table = Table::new("the file", root);
    let mut exceptions = Vec::new();
    let mut profiles = Vec::new();
    let given = table.take("profile");
    let given = given.ok_or_else(|| ConfigError::at(0, "there is no `[profile]`"))?;
    for (position, (profile, start)) in given.tables()?.into_iter().enumerate() {
        let mut profile_table = Table::new("a profile", profile);
        let of = Some(position);
        exceptions_in(&mut profile_table, of, places, &mut exceptions)?;
        profiles.push(one(profile_table, start, places)?);
    }
    if profiles.is_empty() {
        return Err(given.error("at least one"));
    }
    let mut paths = BTreeSet::new();
    if let Some(twice) = profiles.iter().find(|it| !paths.insert(it.path.as_str())) {
        let what = format!("two profiles would be written to `{}`", twice.path);
        return Err(ConfigError::at(twice.span.start.offset, what));
    }
    exceptions_in(&mut table, None, places, &mut exceptions)?;
    exceptions.sort_by_key(|it| it.span.start.offset);
    check_once(&exceptions)?;
    let config = Config {
        profiles,
        exceptions,
        levels: levels(&mut table)?,
        ci: ci(&mut table)?,
    };
    table.finish()?;
    Ok(config)
}

fn one(mut table: Table<'_>, start: usize, places: &Places<'_>) -> Result<Profile, ConfigError> {
    let Some(path) = table.take("path") else {
        return Err(ConfigError::at(start, "the profile has no `path`"));
    };
    let Some(recordings) = table.take("recordings") else {
        return Err(ConfigError::at(start, "the profile has no `recordings`"));
    };
    let mut files = Vec::new();
    for at in recordings.texts()? {
        files.push(relative(at)?);
    }
    if files.is_empty() {
        return Err(recordings.error("at least one file, folder or pattern"));
    }
    let mut options = Vec::new();
    for (key, takes) in GENERATE {
        let Some(at) = table.take(key) else { continue };
        match values(at, takes)? {
            None => {}
            Some(values) => options.push((key, values)),
        }
    }
    let mut engine = BTreeMap::new();
    for (key, takes) in ENGINE {
        if let Some(at) = table.take(key) {
            engine.extend(values(at, takes)?.into_iter().flatten().map(|it| (key, it)));
        }
    }
    let reasons = table.take("reasons").map(relative).transpose()?;
    let keep = table.take("keep").map(|at| at.switch()).transpose()?;
    let prune_after = table.take("prune-after").map(count).transpose()?;
    table.finish()?;
    Ok(Profile {
        span: places.span(&(path.start..path.end)),
        path: relative(path)?,
        recordings: files,
        options,
        engine,
        reasons,
        keep: keep.unwrap_or(true),
        prune_after,
    })
}

/// The values of an option; `None` if it is a switch that is off.
fn values(at: At<'_>, takes: Takes) -> Result<Option<Vec<String>>, ConfigError> {
    let (items, check) = match takes {
        Takes::Switch => return Ok(at.switch()?.then(Vec::new)),
        Takes::One(check) => {
            at.text()?;
            (vec![at], check)
        }
        Takes::Many(check) => (at.texts()?, check),
    };
    let mut values = Vec::new();
    for item in items {
        let text = item.text()?;
        check(text).map_err(|error| ConfigError::at(item.start, error))?;
        values.push(text.to_owned());
    }
    Ok((!values.is_empty()).then_some(values))
}

/// A path that leads nowhere but from the folder of the file on.
fn relative(at: At<'_>) -> Result<String, ConfigError> {
    let text = at.text()?;
    if text.is_empty() || text.starts_with('/') || text == "-" {
        return Err(at.error("a path from the folder of this file on"));
    }
    Ok(text.to_owned())
}

fn count(at: At<'_>) -> Result<NonZeroUsize, ConfigError> {
    let number = at.value.as_integer().filter(|number| number.radix() == 10);
    let number = number.and_then(|number| number.as_str().parse().ok());
    number.ok_or_else(|| at.error("a number from 1 on"))
}

fn exceptions_in(
    table: &mut Table<'_>,
    profile: Option<usize>,
    places: &Places<'_>,
    all: &mut Vec<Exception>,
) -> Result<(), ConfigError> {
    for kind in [Kind::Allow, Kind::Deny] {
        let Some(given) = table.take(kind.name()) else {
            continue;
        };
        for (entry, start) in given.tables()? {
            if all.len() >= MOST {
                return Err(ConfigError::at(start, format!("over {MOST} exceptions")));
            }
            all.push(exception(kind, entry, start, profile, places)?);
        }
    }
    Ok(())
}

fn exception(
    kind: Kind,
    entry: &DeTable<'_>,
    start: usize,
    profile: Option<usize>,
    places: &Places<'_>,
) -> Result<Exception, ConfigError> {
    let mut table = Table::new("an exception", entry);
    let Some(at) = table.take("syscall") else {
        return Err(ConfigError::at(start, "the exception names no `syscall`"));
    };
    let mut names = Vec::new();
    for item in at.texts()? {
        names.push(name(item)?);
    }
    if names.is_empty() {
        return Err(at.error("at least one name"));
    }
    let text = |at: Option<At<'_>>| -> Result<Option<String>, ConfigError> {
        let text = at.map(|at| at.text()).transpose()?;
        Ok(text
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()))
    };
    let reason = text(table.take("reason"))?;
    let owner = text(table.take("owner"))?;
    let expires = table.take("expires").map(|at| {
        let text = match at.value.as_datetime() {
            Some(date) => date.to_string(),
            None => at.text()?.to_owned(),
        };
        text.parse()
            .map_err(|_no_date| at.error("a day, as 2027-06-30"))
    });
    let expires = expires.transpose()?;
    let beyond_base = match kind {
        Kind::Allow => table
            .take("beyond-base")
            .map(|at| at.switch())
            .transpose()?,
        Kind::Deny => None,
    };
    table.finish()?;
    Ok(Exception {
        kind,
        names,
        reason,
        owner,
        expires,
        beyond_base: beyond_base.unwrap_or_default(),
        profile,
        span: places.span(&(at.start..at.end)),
    })
}

fn name(at: At<'_>) -> Result<SyscallName, ConfigError> {
    let text = at.text()?;
    let name =
        SyscallName::new(text).map_err(|error| ConfigError::at(at.start, error.to_string()))?;
    if exists(&name) {
        return Ok(name);
    }
    let near = nearest(text);
    let hint = match near.as_slice() {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    };
    Err(ConfigError::at(
        at.start,
        format!("unknown system call `{name}`{hint}"),
    ))
}

/// Makes sure that no call has two exceptions in one profile.
fn check_once(exceptions: &[Exception]) -> Result<(), ConfigError> {
    let mut known: BTreeMap<&SyscallName, Vec<Option<usize>>> = BTreeMap::new();
    for exception in exceptions {
        for name in &exception.names {
            let of = known.entry(name).or_default();
            let meets = |other: &Option<usize>| {
                other.is_none() || exception.profile.is_none() || *other == exception.profile
            };
            if of.iter().any(meets) {
                let offset = exception.span.start.offset;
                return Err(ConfigError::at(
                    offset,
                    format!("a second exception for `{name}`"),
                ));
            }
            of.push(exception.profile);
        }
    }
    Ok(())
}

fn levels(table: &mut Table<'_>) -> Result<BTreeMap<Rule, Level>, ConfigError> {
    let mut levels = BTreeMap::new();
    let Some(at) = table.take("lint") else {
        return Ok(levels);
    };
    let Some(given) = at.value.as_table() else {
        return Err(at.error("a table, as `[lint]`"));
    };
    let mut lint = Table::new("[lint]", given);
    for rule in Rule::ALL {
        let info = rule.info();
        for key in [info.id, info.name] {
            let Some(at) = lint.take(key) else { continue };
            let level =
                match at.text()? {
                    "off" => Level::Off,
                    word => Level::At(word.parse::<Severity>().map_err(|_unknown| {
                        at.error("\"error\", \"warning\", \"note\" or \"off\"")
                    })?),
                };
            levels.insert(*rule, level);
        }
    }
    lint.finish_rules()?;
    Ok(levels)
}

fn ci(table: &mut Table<'_>) -> Result<Ci, ConfigError> {
    let Some(at) = table.take("ci") else {
        return Ok(Ci::default());
    };
    let Some(given) = at.value.as_table() else {
        return Err(at.error("a table, as `[ci]`"));
    };
    let mut ci = Table::new("[ci]", given);
    let fail_on = match ci.take("fail-on") {
        Some(at) => {
            let words = ["wider", "any", "outside-default", "none"];
            let word = at.text()?;
            if !words.contains(&word) {
                return Err(at.error("\"wider\", \"any\", \"outside-default\" or \"none\""));
            }
            Some(word.to_owned())
        }
        None => None,
    };
    let read = Ci {
        fail_on,
        against: ci
            .take("against")
            .map(|at| at.text().map(ToOwned::to_owned))
            .transpose()?,
        markdown: ci.take("markdown").map(relative).transpose()?,
        sarif: ci.take("sarif").map(relative).transpose()?,
    };
    ci.finish()?;
    Ok(read)
}
