//! Profiles of other tools as evidence of what they allow: seccomp profiles in JSON as Docker and
//! OCI have them, and `SeccompProfile` of the Security Profiles Operator in YAML or JSON. Nobody
//! saw these names called.

use serde_json::Value;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::{Start, has};
use crate::arch::Arch;
use crate::event::{Gap, Skip};

/// Gathers a profile, of which no line stands for itself.
#[derive(Debug, Default)]
pub(super) struct Policy {
    text: String,
    too_long: bool,
}

/// Larger profiles are refused. Docker's default has 15 kB.
const MAX_SIZE: usize = 16 << 20;

/// Whether the start of a log is a profile of the operator.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.count(|line| has(line, "SeccompProfile") && has(line, "kind")) > 0
        && start.count(|line| has(line, "SCMP_ACT_")) > 0
}

/// The actions after which the kernel sees the call.
fn permits(action: &str) -> bool {
    matches!(action, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG")
}

impl ByLine for Policy {
    fn line(&mut self, line: &str, _to: &mut Gather) -> Was {
        if self.text.len() + line.len() > MAX_SIZE {
            self.too_long = true;
            return Was::Strange;
        }
        self.text.push_str(line);
        self.text.push('\n');
        // What it is shows when all of it is there.
        Was::No(Skip::Decoration)
    }

    fn end(&mut self, to: &mut Gather) {
        to.gap(Gap::NotObserved);
        if self.too_long {
            to.gap(Gap::Torn);
        }
        let found = match serde_json::from_str::<Value>(&self.text) {
            Ok(value) => of_json(&value),
            Err(_) => of_yaml(&self.text),
        };
        let arches: Vec<Option<Arch>> = if found.arches.is_empty() {
            vec![None]
        } else {
            found.arches.iter().copied().map(Some).collect()
        };
        for arch in arches {
            for name in &found.names {
                // A profile names calls that only some of its architectures have.
                if arch.is_some_and(|arch| crate::syscalls::canonical(arch, name).is_none()) {
                    continue;
                }
                let call = Call {
                    id: Told::Name(name),
                    arch,
                    program: None,
                    pid: None,
                };
                to.call(call, None);
            }
        }
    }
}

/// What a profile allows, and where.
#[derive(Debug, Default)]
struct Found {
    names: Vec<String>,
    arches: Vec<Arch>,
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice);
    list.unwrap_or_default().iter().filter_map(Value::as_str)
}

fn of_json(value: &Value) -> Found {
    // Bare, in a `SeccompProfile`, in an OCI configuration.
    let inner = value
        .get("spec")
        .or_else(|| value.get("linux").and_then(|linux| linux.get("seccomp")))
        .unwrap_or(value);
    let mut found = Found::default();
    let map = inner.get("archMap").and_then(Value::as_array);
    let mapped = map.into_iter().flatten().flat_map(|entry| {
        let first = entry.get("architecture").and_then(Value::as_str);
        first
            .into_iter()
            .chain(texts(entry.get("subArchitectures")))
    });
    // A profile with a map is for every machine; it takes the user to say for which.
    if mapped.count() == 0 {
        let listed = texts(inner.get("architectures"));
        found.arches.extend(listed.filter_map(Arch::from_scmp));
    }
    let rules = inner.get("syscalls").and_then(Value::as_array);
    for rule in rules.into_iter().flatten() {
        let action = rule.get("action").and_then(Value::as_str);
        if action.is_some_and(permits) {
            found
                .names
                .extend(texts(rule.get("names")).map(str::to_owned));
            let name = rule.get("name").and_then(Value::as_str);
            found.names.extend(name.map(str::to_owned));
        }
    }
    found
}

/// The part of YAML that such profiles are written in: maps and lists by indentation, or lists in
/// brackets, of plain or quoted words.
fn of_yaml(text: &str) -> Found {
    let mut found = Found::default();
    let mut list = "";
    let mut names: Vec<String> = Vec::new();
    let mut action = None;
    let mut settle = |names: &mut Vec<String>, action: &mut Option<String>| {
        let permitted = action.take().is_some_and(|action| permits(&action));
        let names = std::mem::take(names);
        if permitted {
            found.names.extend(names);
        }
    };
    let mut arches = Vec::new();
    for line in text.lines() {
        let mut entry = line.split(" #").next().unwrap_or_default().trim();
        let is_item = entry.starts_with("- ");
        entry = entry.trim_start_matches("- ").trim();
        let (key, value) = match entry.split_once(':') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => ("", entry),
        };
        // A rule begins with an item that is a map.
        if is_item && !key.is_empty() {
            settle(&mut names, &mut action);
        }
        match key {
            "action" => action = Some(plain(value).to_owned()),
            "" => {}
            key => list = key,
        }
        let words = value
            .trim_matches(['[', ']'])
            .split(',')
            .map(plain)
            .filter(|word| !word.is_empty());
        match (key, list) {
            ("names", _) => names.extend(words.map(str::to_owned)),
            ("", "names") if is_item => names.extend(words.map(str::to_owned)),
            ("architectures", _) => arches.extend(words.filter_map(Arch::from_scmp)),
            ("", "architectures") if is_item => arches.extend(words.filter_map(Arch::from_scmp)),
            _ => {}
        }
    }
    settle(&mut names, &mut action);
    found.arches = arches;
    found
}

/// A word without its quotes.
fn plain(word: &str) -> &str {
    word.trim().trim_matches(['"', '\''])
}
