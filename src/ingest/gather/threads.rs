//! Which call each thread is in, where a call's begin and its end stand on lines of their own, and
//! which of a machine's two tables the thread's numbers are of.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Gather, Kept, Key, MAX_KINDS, OfProgram, Told, has_name, key};
use crate::arch::Arch;
use crate::event::{Gap, Outcome, Skip};
use crate::ingest::text::return_value;
use crate::syscalls::table;

/// The threads of a log.
#[derive(Debug, Default)]
pub(super) struct Threads {
    all: BTreeMap<u32, Thread>,
    /// Those that run a program of the 32-bit architecture beside the machine's own.
    compat: BTreeSet<u32>,
    /// Processes and threads that a call returned and that no line is of yet, and whether they
    /// begin in a 32-bit program.
    announced: BTreeMap<u32, bool>,
    /// How many were met that no call returned.
    strangers: u64,
}

#[derive(Debug, Default)]
struct Thread {
    /// The call that it is in.
    open: Option<OfProgram>,
    last: Last,
    /// The number of the call whose end is all that was seen of it.
    only: Option<u32>,
}

/// The last event of a thread. A log of two kinds of tracepoints tells each begin and each end
/// twice: by name and by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Last {
    #[default]
    Other,
    Begin {
        by_name: bool,
    },
    End {
        by_name: bool,
    },
}

/// More threads are not followed.
const MAX_THREADS: usize = 50_000;

impl Threads {
    /// The thread with this number, met now.
    fn met(&mut self, pid: Option<u32>) -> Option<&mut Thread> {
        let pid = pid?;
        if !self.all.contains_key(&pid) {
            if self.all.len() >= MAX_THREADS {
                return None;
            }
            let announced = self.announced.remove(&pid);
            self.strangers += u64::from(announced.is_none());
            if announced == Some(true) {
                self.compat.insert(pid);
            }
            self.all.insert(pid, Thread::default());
        }
        self.all.get_mut(&pid)
    }
}

impl Gather {
    /// A call begins; its end stands on a line of its own.
    pub(in crate::ingest) fn enter(&mut self, call: Call<'_>) {
        let by_name = !matches!(call.id, Told::Number(_));
        self.runs(&call, None);
        let Some(thread) = self.threads.met(call.pid) else {
            self.begin(call, 1);
            return;
        };
        if thread.last == (Last::Begin { by_name: !by_name }) {
            return;
        }
        thread.last = Last::Begin { by_name };
        let only = thread.only.take();
        self.looks_compat(only, call.id);
        let call = self.in_mode(call);
        let open = (self.program(&call), key(&call));
        self.begin(call, 1);
        if let Some(thread) = self.threads.met(call.pid) {
            thread.open = Some(open);
        }
    }

    /// A call ends. One whose beginning is not in the log is counted all the same.
    pub(in crate::ingest) fn exit(&mut self, call: Call<'_>, outcome: Option<Outcome>) {
        let by_name = !matches!(call.id, Told::Number(_));
        self.runs(&call, outcome.as_ref());
        let Some(thread) = self.threads.met(call.pid) else {
            self.tally.skip(Skip::ResumedOnly);
            self.calls(call, outcome, 1);
            return;
        };
        if thread.last == (Last::End { by_name: !by_name }) {
            return;
        }
        thread.only = match call.id {
            Told::Number(number) if thread.last == Last::Other => Some(number),
            Told::Number(_) | Told::Name(_) | Told::OneOf(_) => None,
        };
        thread.last = Last::End { by_name };
        let open = thread.open.take();
        let call = self.in_mode(call);
        let ended = key(&call);
        let executed = open
            .as_ref()
            .and_then(|open| self.executed(&open.1, &ended));
        let began = match (open, executed, call.pid) {
            (Some(open), Some(compat), Some(pid)) => Some(self.changes_mode(pid, open, compat)),
            (open, _, _) => open.filter(|open| open.1 == ended),
        };
        let Some((program, began)) = began else {
            self.tally.skip(Skip::ResumedOnly);
            self.calls(call, outcome, 1);
            return;
        };
        let program = self.programs.get_mut(&program);
        let counted = program.and_then(|program| program.calls.get_mut(&began));
        if let (Some(counted), Some(outcome)) = (counted, outcome) {
            *counted.outcomes.entry(outcome).or_default() += 1;
        }
    }

    /// A call returns `value`, if the log tells it. The call that makes a process returns in both,
    /// with 0 in the new one, which called nothing.
    pub(in crate::ingest) fn returns(&mut self, call: Call<'_>, value: Option<&str>) {
        self.born_compat(&call);
        self.threads.met(call.pid);
        let call = self.in_mode(call);
        let makes = self.makes_process(&call);
        if makes && value.is_some_and(|value| matches!(value, "0" | "0x0")) {
            self.birth(call);
            return;
        }
        if makes && let Some(child) = value.and_then(process) {
            self.announce(&call, child);
        }
        self.exit(call, value.and_then(return_value));
    }

    /// A new process returns from the call that made it.
    pub(in crate::ingest) fn birth(&mut self, call: Call<'_>) {
        if let Some(thread) = self.threads.met(call.pid) {
            let by_name = !matches!(call.id, Told::Number(_));
            if thread.last == (Last::End { by_name: !by_name }) {
                return;
            }
            thread.open = None;
            thread.last = Last::End { by_name };
        }
        if self.births.len() < MAX_KINDS {
            let place = self.place();
            let program = self.program(&call);
            self.births.entry((program, key(&call))).or_insert(place);
        }
    }

    /// Whether it is a call that makes a process or thread.
    pub(in crate::ingest) fn makes_process(&self, call: &Call<'_>) -> bool {
        let name = self.name(call);
        matches!(name, Some("clone" | "clone2" | "clone3" | "fork" | "vfork"))
    }

    /// The name of a call, if it is known.
    pub(super) fn name<'a>(&self, call: &Call<'a>) -> Option<&'a str> {
        match call.id {
            Told::Name(name) => Some(name),
            Told::Number(number) => {
                let arch = call.arch.or(self.told);
                arch.and_then(|arch| table(arch).name(number))
            }
            Told::OneOf(_) => None,
        }
    }

    fn announce(&mut self, call: &Call<'_>, child: u32) {
        let threads = &mut self.threads;
        let compat = call.pid.is_some_and(|pid| threads.compat.contains(&pid));
        if threads.all.contains_key(&child) {
            // It was faster than its parent's call.
            threads.strangers = threads.strangers.saturating_sub(1);
        } else if threads.announced.len() < MAX_THREADS {
            threads.announced.insert(child, compat);
        }
    }

    /// Processes that calls returned and that no line is of. In a namespace of their own they have
    /// other numbers; then as many are there that no call returned, besides the first.
    pub(in crate::ingest) fn find_not_followed(&mut self) {
        let strangers = self.threads.strangers.saturating_sub(1);
        let announced = u64::try_from(self.threads.announced.len()).unwrap_or(u64::MAX);
        let missing = announced.saturating_sub(strangers);
        if missing > 0 {
            self.gap(Gap::NotFollowed);
            self.tally.skipped.insert(Skip::NotFollowed, missing);
        }
    }

    /// Whether a thread is in an execve that never ends: tracepoints that have names tell nothing
    /// of 32-bit programs.
    pub(in crate::ingest) fn has_vanished(&self) -> bool {
        let executes = |thread: &Thread| match &thread.open {
            Some((_, (_, Kept::Name(name)))) => is_execve(name),
            Some((_, (_, Kept::Number(_) | Kept::OneOf(_)))) | None => false,
        };
        self.threads.all.values().any(executes)
    }
}

fn is_execve(name: &str) -> bool {
    matches!(name, "execve" | "execveat")
}

/// A process that a call returned.
fn process(value: &str) -> Option<u32> {
    let number = match value.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => value.parse(),
    };
    number.ok().filter(|pid| *pid > 0 && *pid < u32::MAX / 2)
}

/// Numbers say nothing of the table that they are of. What does is an execve that begins with the
/// number that one table has for it and ends with that of the other: the thread runs a program of
/// the other architecture from then on, and so do its children.
impl Gather {
    /// The machine's own architecture and the 32-bit one that it runs besides.
    fn two_tables(&self) -> Option<(Arch, Arch)> {
        let told = self.told?;
        let native = if told.is_64_bit() {
            told
        } else {
            told.natives().find(|native| native.is_64_bit())?
        };
        let mut subs = native.sub_architectures().iter().copied();
        let compat = subs.find(|arch| !arch.is_64_bit() && *arch != Arch::X32)?;
        Some((native, compat))
    }

    /// A call with the architecture that its thread's numbers are of.
    fn in_mode<'a>(&self, call: Call<'a>) -> Call<'a> {
        let compat = call
            .pid
            .is_some_and(|pid| self.threads.compat.contains(&pid));
        let by_number = matches!(call.id, Told::Number(_));
        match self.two_tables() {
            Some((_, arch)) if compat && by_number && self.told != Some(arch) => Call {
                arch: call.arch.or(Some(arch)),
                ..call
            },
            _ => call,
        }
    }

    /// Whether one call begins and another ends as an execve of a program of the other
    /// architecture does, and whether that is the 32-bit one.
    fn executed(&self, began: &Key, ended: &Key) -> Option<bool> {
        let (native, compat) = self.two_tables()?;
        let executes = |arch: Arch, kept: &Kept| match kept {
            Kept::Name(name) => arch == native && is_execve(name),
            Kept::Number(number) => table(arch).name(*number).is_some_and(is_execve),
            Kept::OneOf(_) => false,
        };
        let is = |key: &Key, arch: Option<Arch>| match &key.1 {
            Kept::Name(name) => key.0 == arch && is_execve(name),
            Kept::Number(_) | Kept::OneOf(_) => false,
        };
        // By names, where these tell the architecture.
        if is(began, None) && is(ended, Some(compat)) {
            return Some(true);
        }
        if is(began, Some(compat)) && is(ended, None) {
            return Some(false);
        }
        let (began, ended) = (&began.1, &ended.1);
        if began == ended {
            None
        } else if executes(native, began) && executes(compat, ended) {
            Some(true)
        } else if executes(compat, began) && executes(native, ended) {
            Some(false)
        } else {
            None
        }
    }

    /// A thread runs a program of the other architecture. Returns the call that did it, under the
    /// architecture that it was made with.
    fn changes_mode(&mut self, pid: u32, open: OfProgram, compat: bool) -> OfProgram {
        if compat {
            self.threads.compat.insert(pid);
        } else {
            self.threads.compat.remove(&pid);
        }
        let Some((native, _)) = self.two_tables().filter(|_| compat) else {
            return open;
        };
        // What the thread did before was read with the table of the 32-bit programs that the log
        // is said to be of.
        let ((program, key), Some(had)) = (&open, self.programs.get_mut(&open.0)) else {
            return open;
        };
        if self.told == Some(native) || key.0.is_some() {
            return open;
        }
        let alone = had.pids.len() == 1;
        for ((arch, kept), counted) in std::mem::take(&mut had.calls) {
            let moves = arch.is_none() && (alone || kept == key.1);
            let arch = if moves { Some(native) } else { arch };
            had.calls.insert((arch, kept), counted);
        }
        (program.clone(), (Some(native), key.1.clone()))
    }

    /// `perf record` begins with the end of the execve. What every program calls next is `brk`: if
    /// these are numbers of the 32-bit table, the whole log is read with the wrong one.
    fn looks_compat(&mut self, ended: Option<u32>, next: Told<'_>) {
        let (Some(ended), Told::Number(next)) = (ended, next) else {
            return;
        };
        let Some((native, compat)) = self.two_tables() else {
            return;
        };
        let executes = |arch: Arch| {
            table(arch).name(ended).is_some_and(is_execve) && table(arch).name(next) == Some("brk")
        };
        if self.told == Some(native) && executes(compat) && !executes(native) {
            self.gap(Gap::WrongTable);
        }
    }

    /// In a log by names that tells no architecture, a program that called what only the table of
    /// 32-bit programs has is one, and all its calls are of that table. The path of a program is
    /// no proof that it is one, so such a log is not complete.
    pub(in crate::ingest) fn split_by_names(&mut self) {
        let Some((native, compat)) = self.two_tables().filter(|two| self.told == Some(two.0))
        else {
            return;
        };
        let is = |arch: Arch, kept: &Kept| match kept {
            Kept::Name(name) => has_name(arch, name),
            Kept::Number(_) => false,
            Kept::OneOf(names) => names.iter().any(|name| has_name(arch, name)),
        };
        for program in self.programs.values_mut() {
            let foreign =
                |(arch, kept): &Key| arch.is_none() && is(compat, kept) && !is(native, kept);
            if !program.calls.keys().any(foreign) {
                continue;
            }
            self.tally.gaps.insert(Gap::WrongTable);
            for ((arch, kept), counted) in std::mem::take(&mut program.calls) {
                let arch = arch.or_else(|| is(compat, &kept).then_some(compat));
                program.calls.insert((arch, kept), counted);
            }
        }
    }

    /// A number that only the table of 32-bit programs has was called by one.
    pub(in crate::ingest) fn find_wrong_table(&mut self) {
        let Some((native, compat)) = self.two_tables().filter(|two| self.told == Some(two.0))
        else {
            return;
        };
        let mut keys = self.programs.values().flat_map(|it| it.calls.keys());
        let foreign = keys.any(|(arch, kept)| match kept {
            Kept::Number(number) => {
                arch.is_none()
                    && table(native).name(*number).is_none()
                    && table(compat).name(*number).is_some()
            }
            Kept::Name(_) | Kept::OneOf(_) => false,
        });
        if foreign {
            self.gap(Gap::WrongTable);
        }
    }

    /// A thread whose first event is the end of a call that a thread of a 32-bit program is in,
    /// and that makes threads, is made by that.
    fn born_compat(&mut self, call: &Call<'_>) {
        let threads = &mut self.threads;
        let Some(pid) = call.pid.filter(|pid| !threads.all.contains_key(pid)) else {
            return;
        };
        // Where there is no room for it, it is not followed.
        if threads.all.len() >= MAX_THREADS {
            return;
        }
        let kept = key(call).1;
        let made = threads.compat.iter().any(|pid| {
            let thread = threads.all.get(pid);
            let open = thread.and_then(|thread| thread.open.as_ref());
            open.is_some_and(|(_, (_, open))| *open == kept)
        });
        if made && threads.met(Some(pid)).is_some() {
            threads.compat.insert(pid);
        }
    }
}
