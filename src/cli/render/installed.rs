//! What installed filters permit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use callsieve::arch::Arch;
use callsieve::bpf::Cost;
use callsieve::profile::diff::Difference;
use callsieve::profile::policy::Policy;
use callsieve::syscalls::table;
use serde::Serialize;

use crate::cli::error::CommandError;

/// A process and what is installed in it.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) pid: i32,
    pub(crate) name: &'a str,
    pub(crate) costs: &'a [Cost],
    pub(crate) policy: &'a dyn Policy,
    pub(crate) native: Arch,
}

/// Calls of one architecture by what they get, in words.
type Answers = BTreeMap<String, Vec<String>>;

impl Shown<'_> {
    fn arches(&self) -> Vec<Arch> {
        std::iter::once(self.native)
            .chain(Arch::ALL.into_iter().filter(|arch| *arch != self.native))
            .filter(|arch| self.policy.lists(*arch))
            .collect()
    }

    fn answers(&self, arch: Arch) -> Result<Answers, CommandError> {
        let mut answers = Answers::new();
        let mut add = |number: u32, name: String| -> Result<(), CommandError> {
            let answer = Difference::answer(self.policy, arch, number)
                .map_err(|error| CommandError::input("", &error))?;
            answers.entry(answer.to_string()).or_default().push(name);
            Ok(())
        };
        for (name, number) in table(arch).iter() {
            add(number, name.to_owned())?;
        }
        let other = table(arch).unnamed(arch.first_number()..u32::MAX);
        add(other.unwrap_or_default(), "any other".to_owned())?;
        Ok(answers)
    }
}

/// For people.
pub(crate) fn text(shown: &Shown<'_>) -> Result<String, CommandError> {
    /// Columns of a list of names.
    const WIDTH: usize = 72;
    let filters = match shown.costs.len() {
        1 => "1 filter".to_owned(),
        count => format!("{count} filters"),
    };
    let instructions: usize = shown.costs.iter().map(|cost| cost.instructions).sum();
    let longest: usize = shown.costs.iter().map(|cost| cost.longest).sum();
    let mut text = format!(
        "Process {} ({}): {filters} of {instructions} instructions, at most {longest} for a call\n",
        shown.pid, shown.name
    );
    let mut say = |line: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _infallible = writeln!(text, "{line}");
    };
    let arches = shown.arches();
    for arch in &arches {
        say(format_args!("\n{arch}"));
        for (answer, names) in shown.answers(*arch)? {
            say(format_args!("  {answer}: {}", names.len()));
            let mut line = String::new();
            for name in names {
                if line.len() + name.len() > WIDTH {
                    say(format_args!("     {line}"));
                    line.clear();
                }
                line.push(' ');
                line.push_str(&name);
            }
            say(format_args!("     {line}"));
        }
    }
    if arches.is_empty() {
        text.push_str("\nEvery call of every architecture kills.\n");
    } else {
        text.push_str("\nCalls of any other architecture kill.\n");
    }
    Ok(text)
}

/// For machines; docs/inspect-format.md describes it.
pub(crate) fn json(shown: &Shown<'_>) -> Result<String, CommandError> {
    let mut architectures = BTreeMap::new();
    for arch in shown.arches() {
        architectures.insert(arch.name(), shown.answers(arch)?);
    }
    Ok(super::json(&Json {
        schema: 1,
        pid: shown.pid,
        name: shown.name,
        filters: shown
            .costs
            .iter()
            .map(|cost| Filter {
                instructions: cost.instructions,
                longest: cost.longest,
            })
            .collect(),
        architectures,
    }))
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    pid: i32,
    name: &'a str,
    filters: Vec<Filter>,
    architectures: BTreeMap<&'static str, Answers>,
}

#[derive(Serialize)]
struct Filter {
    instructions: usize,
    longest: usize,
}
