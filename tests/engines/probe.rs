//! What every system call answers inside a container, and what it has to answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::engine::{Engine, Launch};
use crate::rig::Finished;

pub(crate) const EPERM: u32 = 1;
pub(crate) const ENOSYS: u32 = 38;

/// Calls that end, stop or double the probe instead of answering it, or take long.
const NOT_PROBED: [&str; 10] = [
    "clone",
    "exit",
    "exit_group",
    "fork",
    "pause",
    "rt_sigreturn",
    "sigreturn",
    "sigsuspend",
    "sync",
    "vfork",
];

/// One architecture the probe is built for.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    program: &'static str,
    numbers: BTreeMap<String, u32>,
}

impl Probe {
    /// The probe at `program`, with the numbers of the kernel's own header `header`.
    pub(crate) fn new(program: &'static str, header: &str) -> Self {
        let folders = ["/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm"];
        let header = folders.map(|folder| Path::new(folder).join(header));
        let header = header
            .iter()
            .find(|header| header.exists())
            .expect("linux-libc-dev is there");
        let numbers = fs::read_to_string(header)
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("#define __NR_")?.split_once(' '))
            .filter_map(|(name, number)| Some((name.to_owned(), number.trim().parse().ok()?)))
            .filter(|(name, _)| !NOT_PROBED.contains(&name.as_str()))
            .collect();
        Self { program, numbers }
    }

    pub(crate) fn x86_64() -> Self {
        Self::new("probe", "unistd_64.h")
    }

    pub(crate) fn i386() -> Self {
        Self::new("probe32", "unistd_32.h")
    }

    /// The error number of every call in `names` (0 for success), made in a container like
    /// `launch`.
    pub(crate) fn ask(
        &self,
        engine: Engine,
        launch: &Launch<'_>,
        names: &[&str],
    ) -> Result<BTreeMap<String, u32>, Finished> {
        let numbers: Vec<_> = names
            .iter()
            .map(|name| self.numbers[*name].to_string())
            .collect();
        let mut command = vec![self.program];
        command.extend(numbers.iter().map(String::as_str));
        let answer = engine.launch(&Launch {
            command: &command,
            ..*launch
        });
        let lines: Vec<_> = answer.stdout.lines().collect();
        if !answer.succeeded() || lines.len() != names.len() {
            return Err(answer);
        }
        let error = |line: &str| line.split_once(' ').unwrap().1.parse().unwrap();
        let names = names.iter().map(|name| (*name).to_owned());
        Ok(names.zip(lines.into_iter().map(error)).collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(String::as_str)
    }
}

/// The rules of a profile, as far as a call with senseless arguments meets them.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    allowed: BTreeSet<String>,
    /// Names whose rules look at arguments.
    conditional: BTreeSet<String>,
    refused: BTreeMap<String, u32>,
}

impl Rules {
    /// Reads a flat OCI profile.
    pub(crate) fn read(path: &Path) -> Self {
        let profile: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let mut rules = Self {
            allowed: BTreeSet::new(),
            conditional: BTreeSet::new(),
            refused: BTreeMap::new(),
        };
        for rule in profile["syscalls"].as_array().unwrap() {
            let conditional = rule["args"].as_array().is_some_and(|args| !args.is_empty());
            for name in rule["names"].as_array().unwrap() {
                let name = name.as_str().unwrap().to_owned();
                match rule["action"].as_str().unwrap() {
                    _ if conditional => {
                        rules.conditional.insert(name);
                    }
                    "SCMP_ACT_ALLOW" => {
                        rules.allowed.insert(name);
                    }
                    "SCMP_ACT_ERRNO" => {
                        let error = rule["errnoRet"].as_u64().unwrap_or(1);
                        rules.refused.insert(name, error.try_into().unwrap());
                    }
                    other => panic!("a rule for {name} with the action {other}"),
                }
            }
        }
        rules
    }

    /// The calls that the profile lets through whatever their arguments are.
    pub(crate) fn allowed<'a>(&'a self, probe: &Probe) -> Vec<&'a str> {
        let always = self
            .allowed
            .difference(&self.conditional)
            .map(String::as_str);
        always
            .filter(|name| probe.numbers.contains_key(*name))
            .collect()
    }

    /// Whether the profile refuses `name` whatever its arguments are.
    pub(crate) fn refuse(&self, name: &str) -> bool {
        !self.allowed.contains(name) && !self.conditional.contains(name)
    }

    /// Whether a refused call may answer `error`.
    ///
    /// runc, and Docker with it, answers ENOSYS instead of the default for every number above the
    /// highest that the profile names.
    pub(crate) fn may_answer(&self, probe: &Probe, name: &str, error: u32) -> bool {
        if let Some(explicit) = self.refused.get(name) {
            return error == *explicit;
        }
        let named = self
            .allowed
            .iter()
            .chain(&self.conditional)
            .chain(self.refused.keys());
        let highest = named.filter_map(|name| probe.numbers.get(name)).max();
        error == EPERM || (error == ENOSYS && probe.numbers.get(name) > highest)
    }
}
