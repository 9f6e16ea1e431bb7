//! Maps that bpftrace prints, keyed by number (`@[257]: 10`), with other keys before it
//! (`@c[multi, 334]: 1`), by the name of a tracepoint, and as JSON (`-f json`).

use serde_json::Value;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::Start;
use crate::event::{Gap, Skip};

/// Reads maps.
#[derive(Debug, Default)]
pub(super) struct Bpftrace;

/// Larger counts are no counts of calls.
const MAX_COUNT: u64 = 1 << 48;

/// Whether the start of a log has maps with keys that can be calls.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        std::str::from_utf8(line).is_ok_and(|line| {
            entry(line).is_some_and(|(keys, _)| key(keys).is_some())
                || json(line).is_some_and(|maps| !maps.is_empty())
        })
    };
    start.has_many(is)
}

/// `@name[keys]: count`
fn entry(line: &str) -> Option<(&str, u64)> {
    let rest = line.trim().strip_prefix('@')?;
    let open = rest.find('[')?;
    let name = rest.get(..open)?;
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let (keys, count) = rest.get(open + 1..)?.rsplit_once("]: ")?;
    Some((keys, count.parse().ok()?))
}

/// The maps of a line of JSON: keys and counts.
fn json(line: &str) -> Option<Vec<(String, u64)>> {
    if !line.starts_with('{') {
        return None;
    }
    let value: Value = serde_json::from_str(line).ok()?;
    if value.get("type")? != "map" {
        return Some(Vec::new());
    }
    let mut all = Vec::new();
    for map in value.get("data")?.as_object()?.values() {
        for (keys, count) in map.as_object()? {
            all.push((keys.clone(), count.as_u64()?));
        }
    }
    Some(all)
}

/// The call that keys tell, and the program, if there is a text before it.
fn key(keys: &str) -> Option<(Option<String>, Told<'_>)> {
    let (before, last) = match keys.rsplit_once(',') {
        Some((before, last)) => (before.trim(), last.trim()),
        None => ("", keys.trim()),
    };
    let id = if let Ok(number) = last.parse::<u32>() {
        Told::Number(number)
    } else {
        const PROBES: [&str; 4] = ["sys_enter_", "__x64_sys_", "__arm64_sys_", "sys_"];
        let name = last.rsplit(':').next()?;
        let known = PROBES.iter().find_map(|probe| name.strip_prefix(probe))?;
        Told::Name(known)
    };
    let program = before.split(',').find(|text| {
        let text = text.trim();
        !text.is_empty() && text.parse::<i64>().is_err()
    });
    let program = program.map(|text| format!("({})", text.trim().escape_debug()));
    Some((program, id))
}

impl ByLine for Bpftrace {
    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        if line.starts_with("Lost ") || line.contains("\"lost_events\"") {
            to.gap(Gap::Lost);
            return Was::No(Skip::Message);
        }
        let messages = ["Attaching ", "ERROR:", "WARNING:", "stdin:"];
        if messages.iter().any(|start| line.starts_with(start)) {
            return Was::No(Skip::Message);
        }
        let entries = match entry(line) {
            Some((keys, count)) => vec![(keys.to_owned(), count)],
            None => match json(line) {
                Some(maps) if maps.is_empty() => return Was::No(Skip::Message),
                Some(maps) => maps,
                // Another map, without keys.
                None if line.starts_with('@') => return Was::No(Skip::Decoration),
                None => return Was::Strange,
            },
        };
        let mut strange = false;
        for (keys, count) in entries {
            let Some((program, id)) = key(&keys).filter(|_| count <= MAX_COUNT) else {
                strange = true;
                continue;
            };
            let call = Call {
                id,
                arch: None,
                program: program.as_deref(),
                pid: None,
            };
            // Maps are counted without a lock: an entry is there, so there was a call.
            to.calls(call, None, count.max(1));
        }
        if strange { Was::Strange } else { Was::Call }
    }
}
