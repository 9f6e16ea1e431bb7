//! What can be done on a machine.

use std::fmt::Write as _;

use serde::Serialize;

use super::safe;
use super::wrap::Page;
use crate::cli::doctor::{Answer, Check, Found, Purpose};

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Where what is said begins.
const INDENT: usize = 23;

/// For people.
pub(crate) fn text(found: &Found, page: Page) -> String {
    let mut text = String::new();
    for (purpose, title) in [
        (Purpose::Record, "Record"),
        (Purpose::Verify, "Verify"),
        (Purpose::Inspect, "Inspect"),
    ] {
        text.push_str(&[BOLD, title, PLAIN, "\n"].concat());
        for check in found.checks.iter().filter(|it| it.purpose == purpose) {
            text.push_str(&way(check, page));
        }
        text.push('\n');
    }
    text.push_str(&[BOLD, "Machine", PLAIN, "\n"].concat());
    for (name, value) in &found.machine.facts {
        let mut label = *name;
        for line in page.filled(&safe(value), 20) {
            // Writing to a string does not fail.
            let _infallible = writeln!(text, "  {label:<18}{line}");
            label = "";
        }
    }
    text
}

/// One way: whether, why, how it is called for or what to do.
fn way(check: &Check, page: Page) -> String {
    let color = match check.answer {
        Answer::Yes => GREEN,
        Answer::Limited => YELLOW,
        Answer::No => RED,
    };
    let mut lines: Vec<String> = page.filled(&safe(&check.why), INDENT);
    match &check.todo {
        Some(todo) if check.answer != Answer::Yes => {
            lines.extend(page.filled(&format!("do: {}", safe(todo)), INDENT));
        }
        _ => {}
    }
    if check.answer != Answer::No {
        lines.push(check.command.to_owned());
    }
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let line = if at == 0 {
            let word = check.answer.word();
            format!("  {color}{word:<7}{PLAIN}  {:<11} {line}", check.name)
        } else {
            format!("{:INDENT$}{line}", "")
        };
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    records: bool,
    ways: Vec<Way<'a>>,
    machine: Vec<Fact<'a>>,
}

#[derive(Serialize)]
struct Way<'a> {
    name: &'a str,
    purpose: &'a str,
    command: &'a str,
    answer: &'a str,
    why: &'a str,
    todo: Option<&'a str>,
}

#[derive(Serialize)]
struct Fact<'a> {
    name: &'a str,
    value: &'a str,
}

/// For machines: docs/doctor-format.md.
pub(crate) fn json(found: &Found) -> String {
    let ways = found.checks.iter().map(|check| Way {
        name: check.name,
        purpose: check.purpose.word(),
        command: check.command,
        answer: check.answer.word(),
        why: &check.why,
        todo: check.todo.as_deref(),
    });
    let facts = found.machine.facts.iter();
    super::json(&Json {
        schema: 1,
        records: found.records(),
        ways: ways.collect(),
        machine: facts.map(|(name, value)| Fact { name, value }).collect(),
    })
}
