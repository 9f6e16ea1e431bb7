//! Reads what strace prints, whatever options it was given.
//!
//! A line is split into leader, body and result (`leader`, `body`, `scan`); `processes` follows
//! who is in which call and runs which program; `images` gathers what each program did and, once
//! its architecture is known, hands it over. The grammar is that of strace 4.4 to 7.2.

mod arguments;
mod blocks;
mod body;
mod cursor;
mod detect;
#[cfg(test)]
mod differential;
mod drive;
mod elf;
mod finish;
mod images;
mod leader;
mod lex;
mod marks;
mod processes;
mod quick;
mod recent;
mod result;
mod scan;
mod shape;
mod slots;
mod spelling;
mod summary;
mod tables;
mod times;
mod usual;
mod values;
mod words;

use std::collections::BTreeSet;

pub(super) use detect::detect;
pub(super) use drive::read;

use body::{Body, Exit, Message, Mode, Name};
use images::Places;
use leader::Leader;
use processes::{Begin, Processes};
use quick::KnownWords;
use scan::End;
use slots::Kept;
use spelling::{ArchSet, Role, Spellings};
use times::Times;

use super::lines::{ESCAPE, Line};
use super::reader;
use super::{Format, IngestError};
use crate::arch::Arch;
use crate::event::{Gap, Outcome, Sink, Skip, Tally};

/// Longest path kept of a program, in bytes.
const MAX_PATH: usize = 256;
/// One line in so many may be something else before a recording counts as incomplete.
const TOLERATED: u64 = 20;

/// Reads one log, or the files of one `-ff` set.
#[derive(Debug)]
pub(super) struct Reader {
    told: Option<Arch>,
    files: Vec<String>,
    /// The position of the last of them.
    file_number: u32,
    line: u64,
    file_pid: Option<u32>,
    at_start: bool,
    spellings: Spellings,
    known: KnownWords,
    processes: Processes,
    times: Times,
    tally: Tally,
    /// Processes that strace said it attached to.
    attached: BTreeSet<u32>,
    /// The process that was not named at first.
    unnumbered: Option<u32>,
    interrupted: Option<Interrupted>,
    table: Option<summary::Table>,
    table_mode: Option<Mode>,
    rows: Vec<TableRow>,
    /// Lines named a process so far.
    names_processes: bool,
    begins_with_exec: bool,
    saw: Saw,
    flush_at: usize,
    /// The tool whose log this turned out to be.
    foreign: Option<&'static str>,
}

/// A call was cut by something printed into it.
#[derive(Debug, Clone, Copy)]
struct Interrupted {
    /// Whose.
    pid: Option<u32>,
}

/// A row of a table, until the log is over.
#[derive(Debug)]
struct TableRow {
    name: String,
    calls: u64,
    errors: u64,
    mode: Option<Mode>,
    place: (u32, u64),
}

/// Signs of a complete log.
#[derive(Debug, Default)]
struct Saw {
    memory: bool,
    exit_call: bool,
    exit_line: bool,
}

/// Attached processes remembered: a bound against a log of made-up ones.
const MAX_ATTACHED: usize = 50_000;
/// Images are looked through for finished ones when there are this many.
const FLUSH_AT: usize = 256;

impl Reader {
    /// A reader; `told` is the architecture for what the log leaves open.
    pub(super) fn new(told: Option<Arch>) -> Self {
        Self {
            told,
            files: Vec::new(),
            file_number: 0,
            line: 0,
            file_pid: None,
            at_start: true,
            spellings: Spellings::default(),
            known: KnownWords::new(),
            processes: Processes::default(),
            times: Times::default(),
            tally: Tally::default(),
            attached: BTreeSet::new(),
            unnumbered: None,
            interrupted: None,
            table: None,
            table_mode: None,
            rows: Vec::new(),
            names_processes: false,
            begins_with_exec: false,
            saw: Saw::default(),
            flush_at: FLUSH_AT,
            foreign: None,
        }
    }

    /// The next lines are of this file; `pid` is the process it belongs to, in a `-ff` set.
    fn next_file(&mut self, name: &str, pid: Option<u32>) {
        self.file_number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(name.to_owned());
        self.line = 0;
        self.file_pid = pid;
        self.at_start = true;
        self.interrupted = None;
        self.table = None;
        self.times.file(pid);
    }

    /// Takes in the next line.
    fn next_line(&mut self, line: Line<'_>, sink: &mut dyn Sink) -> Result<(), IngestError> {
        if self.times.wants(self.line + 1) {
            self.look_at_time(line.bytes, sink);
        }
        self.careful(line, sink)
    }

    /// The time of the next line is looked at.
    fn look_at_time(&mut self, line: &[u8], sink: &mut dyn Sink) {
        if let Some(by) = self.times.look(line) {
            sink.begins_earlier(by);
        }
    }

    /// Takes in a line whose time was looked at, if it has to be.
    fn careful(&mut self, line: Line<'_>, sink: &mut dyn Sink) -> Result<(), IngestError> {
        self.line += 1;
        self.tally.lines += 1;
        if line.cut {
            self.tally.skip(Skip::TooLong);
        }
        let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
        // A crash while the disk was full leaves blocks of NUL.
        let nuls = bytes.iter().take_while(|b| **b == 0).count();
        let bytes = bytes.get(nuls..).unwrap_or_default();
        let plain;
        let bytes = if line.near_escape && memchr::memchr(ESCAPE, bytes).is_some() {
            plain = without_escapes(bytes);
            &plain
        } else {
            bytes
        };
        if self.table_row(bytes) {
            return Ok(());
        }
        self.body(bytes, &line, false);
        if let Some(what) = self.foreign {
            return Err(IngestError::Foreign {
                file: self.files.last().cloned().unwrap_or_default(),
                format: Format::Strace,
                line: self.line,
                what,
            });
        }
        self.flush(sink);
        Ok(())
    }

    /// Hands over images that are over, if there are many.
    fn flush(&mut self, sink: &mut dyn Sink) {
        if self.processes.images() >= self.flush_at {
            let place = Places {
                files: &self.files,
                times: &self.times,
            };
            self.processes.flush(&self.spellings, &place, sink);
            self.flush_at = FLUSH_AT.max(self.processes.images() * 2);
        }
    }

    fn body(&mut self, bytes: &[u8], line: &Line<'_>, glued: bool) {
        let (mut leader, rest) = leader::split(bytes);
        self.names_processes |= leader.pid.is_some();
        leader.pid = self.who(&leader, rest.starts_with(b"<... "));
        match body::sort(rest) {
            Body::Call { name, tail } => {
                if !self.call(&leader, name, tail, line) {
                    self.strange(bytes, line, glued);
                }
            }
            Body::Resumed { name, tail } => self.resumed(&leader, name, tail, line),
            Body::Sigsys { name, arch } => self.sigsys(&leader, name, arch),
            Body::Signal => self.tally.skip(Skip::Event),
            Body::Exit(exit) => self.exit(&leader, exit),
            Body::Mode { pid, mode } => {
                self.tally.skip(Skip::Event);
                let alone = !self.names_processes && self.file_pid.is_none();
                // Inside a PID namespace the number is another than that on the lines.
                let pid = leader.pid.unwrap_or(pid);
                self.processes.set_mode(pid, alone, mode);
            }
            Body::SummaryOf(mode) => {
                self.tally.skip(Skip::Decoration);
                self.table_mode = Some(mode);
            }
            Body::Message(message) => {
                self.tally.skip(Skip::Message);
                self.message(message);
            }
            Body::Decoration => self.tally.skip(Skip::Decoration),
            Body::Continuation { tail } => self.continuation(tail),
            Body::Blank => self.tally.skip(Skip::Blank),
            Body::Ltrace => self.foreign = Some("ltrace"),
            Body::Qemu if names_process_bare(&leader) => self.foreign = Some("qemu"),
            Body::Unknown if !glued && self.table_header(bytes) => {}
            Body::Qemu | Body::Unknown => self.strange(bytes, line, glued),
        }
    }

    /// The process that a line is of.
    ///
    /// On a terminal strace names no process while there is only one. When a second one comes,
    /// the first is named like the others, and it is the one that was never said to be attached;
    /// when one is left, it is no longer named.
    fn who(&mut self, leader: &Leader<'_>, resumes: bool) -> Option<u32> {
        let Some(pid) = leader.pid else {
            return self
                .file_pid
                .or_else(|| self.processes.unnamed(self.unnumbered));
        };
        if leader.bracketed
            && self.unnumbered.is_none()
            && !self.attached.contains(&pid)
            && self
                .processes
                .name_first(pid, resumes || !self.attached.is_empty())
        {
            self.unnumbered = Some(pid);
            if let Some(Interrupted { pid: whose @ None }) = &mut self.interrupted {
                *whose = Some(pid);
            }
        }
        Some(pid)
    }

    const fn place(&self) -> (u32, u64) {
        (self.file_number, self.line)
    }

    /// A call begins; `false` if it is none after all.
    fn call(&mut self, leader: &Leader<'_>, name: Name<'_>, tail: &[u8], line: &Line<'_>) -> bool {
        let mut scanned = scan::call(tail);
        if names_process_bare(leader) && body::is_qemus(&scanned, tail) {
            self.foreign = Some("qemu");
            return true;
        }
        let mut torn = scanned.end == End::Missing;
        if torn && let Some(at) = memchr::memmem::find(scanned.args, b"strace: Process ") {
            let message = scanned
                .args
                .get(at + b"strace: ".len()..)
                .unwrap_or_default();
            self.message(body::attachment(message));
            scanned.args = scanned.args.get(..at).unwrap_or_default();
            torn = false;
        }
        let Some(id) = self.spellings.intern(name, leader.number) else {
            self.tally.skip(Skip::UnknownName);
            return true;
        };
        let Some(spelling) = self.spellings.get(id) else {
            return false;
        };
        if spelling.arches.is_empty() && spelling.name.is_some() {
            // Only a whole line is evidence of a call that no table has, and not one that stands
            // in the middle of another call, where the program's own output does.
            if !scan::is_whole(tail) || self.interrupted.is_some() {
                return false;
            }
            self.tally.skip(Skip::UnknownName);
        }
        let role = spelling.role;
        let arches = spelling.arches;
        let kept = Kept {
            args: spelling.args,
            by_name: spelling.names_arguments,
        };
        self.note(role);
        let path = (role == Role::Exec)
            .then(|| scan::first_string(scanned.args, MAX_PATH))
            .flatten()
            .map(|path| String::from_utf8_lossy(&path).into_owned());
        let begin = Begin {
            pid: leader.pid,
            comm: leader.comm,
            spelling: id,
            arches,
            role,
            path,
            place: self.place(),
        };
        self.tally.calls += 1;
        if let Some(slot) = self.processes.begin(begin) {
            if slot.calls == 1 {
                slot.time = self.times.of(line.bytes);
            }
            if !kept.args.is_empty() {
                let args = if torn { b"" } else { scanned.args };
                let complete = matches!(scanned.end, End::Result { .. });
                arguments::keep(slot, kept, args, args, complete);
            }
        }
        self.ended(leader.pid, role, scanned.args, scanned.end, line);
        true
    }

    fn message(&mut self, message: Message) {
        match message {
            Message::Attached(pid) => {
                if self.attached.len() < MAX_ATTACHED {
                    self.attached.insert(pid);
                }
            }
            Message::Detached => {
                self.tally.gaps.insert(Gap::Detached);
            }
            Message::Other => {}
        }
    }

    fn note(&mut self, role: Role) {
        if std::mem::take(&mut self.at_start) {
            self.begins_with_exec |= role == Role::Exec;
        }
        self.saw.memory |= role == Role::Memory;
        self.saw.exit_call |= role == Role::Exit;
    }

    fn ended(&mut self, pid: Option<u32>, role: Role, text: &[u8], end: End, line: &Line<'_>) {
        self.interrupted = None;
        match end {
            End::Result { outcome, value } => {
                if role == Role::Read
                    && let Some(arch) = elf::arch_in(text)
                {
                    self.processes.elf(pid, arch);
                }
                if role == Role::ArchPrctl
                    && [&b"ARCH_SET_FS,"[..], b"0x1002"]
                        .iter()
                        .any(|start| text.starts_with(start))
                {
                    self.processes.narrow(pid, ArchSet::with_set_fs());
                }
                if role == Role::Fork
                    && let Some(child) = value.and_then(|value| u32::try_from(value).ok())
                {
                    self.times.birth(child, line.bytes);
                }
                self.processes.end(pid, outcome, value);
            }
            End::Unfinished => {}
            End::Detached => {
                self.tally.gaps.insert(Gap::Detached);
            }
            End::PidChanged(leader) => self.processes.pid_changed(pid, leader),
            End::Missing => {
                self.interrupted = Some(Interrupted { pid });
                if !line.cut {
                    self.tally.skip(Skip::Unterminated);
                }
                if !line.terminated {
                    self.tally.gaps.insert(Gap::Torn);
                }
            }
        }
    }

    fn resumed(&mut self, leader: &Leader<'_>, name: Name<'_>, tail: &[u8], line: &Line<'_>) {
        let text = match name {
            Name::Named(text) => Some(text),
            Name::Numbered(_) | Name::Hidden => None,
        };
        let role = match self
            .processes
            .role_of_open(leader.pid, text, &self.spellings)
        {
            Some(role) => role,
            None if text == Some(b"execve") && self.processes.executes_elsewhere(leader.pid) => {
                // Begun in another file of the set, and counted there.
                self.processes.exec_elsewhere(leader.pid);
                return;
            }
            None => {
                let Some(id) = self.spellings.intern(name, leader.number) else {
                    self.tally.skip(Skip::UnknownName);
                    return;
                };
                let (role, arches) = self
                    .spellings
                    .get(id)
                    .map_or((Role::Other, ArchSet::ALL), |s| (s.role, s.arches));
                self.note(Role::Other);
                self.tally.calls += 1;
                self.tally.skip(Skip::ResumedOnly);
                let begin = Begin {
                    pid: leader.pid,
                    comm: leader.comm,
                    spelling: id,
                    arches,
                    role,
                    path: None,
                    place: self.place(),
                };
                if let Some(slot) = self.processes.begin(begin)
                    && slot.calls == 1
                {
                    slot.time = self.times.of(line.bytes);
                }
                role
            }
        };
        let scanned = scan::call(tail);
        self.ended(leader.pid, role, scanned.args, scanned.end, line);
    }

    fn continuation(&mut self, tail: &[u8]) {
        self.tally.skip(Skip::Continuation);
        let Some(Interrupted { pid }) = self.interrupted else {
            return;
        };
        match scan::call(tail).end {
            End::Result { outcome, value } => {
                self.unterminated_after_all();
                self.interrupted = None;
                self.processes.end(pid, outcome, value);
            }
            End::Unfinished => {
                self.unterminated_after_all();
                self.interrupted = None;
            }
            End::Detached => {
                self.tally.gaps.insert(Gap::Detached);
            }
            End::PidChanged(_) | End::Missing => {}
        }
    }

    /// The call counted as unterminated goes on.
    fn unterminated_after_all(&mut self) {
        if let Some(count) = self.tally.skipped.get_mut(&Skip::Unterminated) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.tally.skipped.remove(&Skip::Unterminated);
            }
        }
    }

    /// A filter of the program's own, or of its container, refused a call.
    fn sigsys(&mut self, leader: &Leader<'_>, name: Option<&str>, _arch: Option<&str>) {
        self.tally.skip(Skip::Event);
        // strace printed the call itself before, with its number for a result.
        if let Some(name) = name {
            self.processes.refused(leader.pid, name, &self.spellings);
        }
    }

    fn exit(&mut self, leader: &Leader<'_>, exit: Exit) {
        self.tally.skip(Skip::Event);
        match exit {
            Exit::Status => {
                self.saw.exit_line = true;
                self.processes.exit(leader.pid, Outcome::NoReturn);
            }
            Exit::Killed { sigsys } => {
                if sigsys {
                    self.tally.gaps.insert(Gap::KilledByFilter);
                }
                self.processes.exit(leader.pid, Outcome::NoReturn);
            }
            Exit::Superseded { by } => self.processes.supersede(leader.pid, by),
        }
    }

    /// A line that makes no sense as a whole: a call may stand behind the program's own output.
    fn strange(&mut self, bytes: &[u8], line: &Line<'_>, glued: bool) {
        if !glued && let Some(rest) = body::glued(bytes) {
            self.tally.skip(Skip::Glued);
            self.body(rest, line, true);
            return;
        }
        let file = self.files.last().map_or("", String::as_str);
        self.tally.not_understood(file, self.line, bytes);
        if !line.terminated {
            self.tally.gaps.insert(Gap::Torn);
        }
    }
}

impl reader::Reader for Reader {
    fn file(&mut self, name: &str, pid: Option<u32>) {
        self.next_file(name, pid);
    }

    fn line(&mut self, line: Line<'_>, sink: &mut dyn Sink) -> Result<(), IngestError> {
        self.next_line(line, sink)
    }

    fn kinds(&self) -> usize {
        self.spellings.len()
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn finish(self: Box<Self>, sink: &mut dyn Sink) -> Result<Tally, IngestError> {
        self.end(sink)
    }
}

/// Whether a line begins as each of qemu's does. On a terminal, where the traced program prints
/// too, none of strace's does.
const fn names_process_bare(leader: &Leader<'_>) -> bool {
    leader.pid.is_some() && !leader.bracketed
}

/// The text without terminal escapes (`--color=always`).
fn without_escapes(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(ESCAPE, rest) {
        plain.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(inside) = rest.strip_prefix(b"[") {
            let len = inside
                .iter()
                .take_while(|b| !b.is_ascii_alphabetic())
                .count();
            rest = inside.get(len + 1..).unwrap_or_default();
        }
    }
    plain.extend_from_slice(rest);
    plain
}
