//! What `ausearch --format csv` and `--format text` tell of a call: of a `SECCOMP` record its name
//! and the program, but neither the architecture nor what the filter did; of a `SYSCALL` record
//! nothing.

use std::time::Duration;

use crate::event::{Gap, Skip};
use crate::ingest::by_line::Was;
use crate::ingest::clock::{self, Dates};
use crate::ingest::gather::{Call, Gather, Told};
use crate::ingest::text;

/// The word for the action of a `SECCOMP` record.
const ACTION: &str = "called-seccomp-controlled-syscall";

/// Where columns are, in a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    /// From the action to the program.
    how: usize,
    date: usize,
    milli: Option<usize>,
}

/// Those of a table without a head.
const USUAL: Columns = Columns {
    how: 5,
    date: 2,
    milli: None,
};

/// Whether a line is of such a report.
pub(super) fn is_line(line: &str) -> bool {
    line.starts_with("NODE,EVENT,DATE,")
        || line.contains(ACTION) && sentence(line).is_some()
        || !line.contains('"') && line.split(',').any(|cell| cell == ACTION)
}

/// Reads reports.
#[derive(Debug, Default)]
pub(super) struct Report {
    columns: Option<Columns>,
    /// There were lines of text.
    text: bool,
    dates: Dates,
}

impl Report {
    /// Whether lines were of a report so far.
    pub(super) const fn is_one(&self) -> bool {
        self.columns.is_some() || self.text
    }

    /// Takes in a line if it is of a report.
    pub(super) fn line(&mut self, line: &str, to: &mut Gather) -> Option<Was> {
        if line.starts_with("NODE,EVENT,DATE,") {
            self.columns = Some(columns(line));
            return Some(Was::No(Skip::Decoration));
        }
        let cells: Vec<&str> = line.split(',').collect();
        if let Some(at) = cells.iter().position(|cell| *cell == ACTION) {
            let columns = *self.columns.get_or_insert(USUAL);
            let exe = cells.get(at + columns.how).copied();
            return Some(call(cells.get(at + 2)?, exe, to));
        }
        let is_sentence = sentence(line).is_some();
        if let Some((_, rest)) = line.split_once(ACTION).filter(|_| is_sentence) {
            self.text = true;
            let exe = rest.split_once(" using ").map(|(_, exe)| exe);
            return Some(call(rest.trim_start().split(' ').next()?, exe, to));
        }
        if self.columns.is_some() && cells.len() > 5 {
            if cells.get(1) == Some(&"SYSCALL") {
                to.gap(Gap::Selected);
            }
            return Some(Was::No(Skip::Event));
        }
        if is_sentence {
            // What calls become that rules log can't be told from what others report.
            const NO_CALLS: [&str; 5] = [
                " started-audit",
                " shutdown-audit",
                " set ",
                " add_rule",
                " remove_rule",
            ];
            if !NO_CALLS.iter().any(|no_call| line.contains(no_call)) {
                to.gap(Gap::Selected);
            }
            self.text = true;
            return Some(Was::No(Skip::Event));
        }
        None
    }

    /// When it was, to the second or, with `--extra-time`, the thousandth of it.
    pub(super) fn time(&mut self, line: &str) -> Option<Duration> {
        if let Some(columns) = self.columns {
            let cells: Vec<&str> = line.split(',').collect();
            let (time, _) = clock::of_day(cells.get(columns.date + 1)?)?;
            let milli = columns.milli.and_then(|at| cells.get(at)?.parse().ok());
            let time = time.saturating_add(Duration::from_millis(milli.unwrap_or_default()));
            return self.dates.time(cells.get(columns.date)?, time);
        }
        let (time, rest) = sentence(line)?;
        self.dates.time(rest.trim_start().split(' ').next()?, time)
    }

    /// When a record was whose date is in the order of a locale: `11/29/26 17:10:35.888:40`.
    pub(super) fn interpreted(&mut self, line: &str) -> Option<Duration> {
        let stamp = text::after(line, "audit(", &[')'])?;
        let (date, time) = stamp.rsplit_once(' ')?;
        let (time, _) = clock::of_day(time)?;
        self.dates.time(date, time)
    }
}

/// `At 17:10:35 11/29/26 system, acting as root, successfully …`, also `On NODE at …`: the time and
/// what follows it.
fn sentence(line: &str) -> Option<(Duration, &str)> {
    let rest = match line.strip_prefix("On ") {
        Some(node) => node.split_once(" at ")?.1,
        None => line.strip_prefix("At ")?,
    };
    clock::of_day(rest)
}

fn columns(head: &str) -> Columns {
    let at = |name: &str| head.split(',').position(|cell| cell.trim_end() == name);
    let how = at("HOW").zip(at("ACTION"));
    Columns {
        how: how.map_or(USUAL.how, |(how, action)| how.saturating_sub(action)),
        date: at("DATE").unwrap_or(USUAL.date),
        milli: at("MILLI"),
    }
}

fn call(syscall: &str, exe: Option<&str>, to: &mut Gather) -> Was {
    let Some(id) = told(syscall) else {
        return Was::Strange;
    };
    let exe = exe.map(|exe| exe.trim().escape_debug().to_string());
    let call = Call {
        id,
        arch: None,
        program: exe.as_deref().filter(|exe| !exe.is_empty()),
        pid: None,
    };
    to.call(call, None);
    Was::Call
}

/// A call as records tell it: by its number, or interpreted by its name, with what a multiplexer
/// was called for: `socketcall(socket)`, `unknown-syscall(999)`.
pub(super) fn told(syscall: &str) -> Option<Told<'_>> {
    let number = syscall.parse().ok().or_else(|| {
        text::after(syscall, "unknown-syscall(", &[')'])?
            .parse()
            .ok()
    });
    let name = text::word(syscall);
    match number {
        Some(number) => Some(Told::Number(number)),
        None if name.is_empty() || name == "unknown" => None,
        None => Some(Told::Name(name)),
    }
}
