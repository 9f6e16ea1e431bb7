//! The event loop: hears of a call, counts it, lets it go on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::arch::Arch;
use crate::event::{Gap, Remark};
use crate::record::counts::{Observations, ProgramId, Special};
use crate::record::{Control, End, Finished, Progress, RecordError, TerminalUse, Watch};
use crate::sys::kernel::{Asked, Change, Kernel, RawCall, Signo, Tid, Wait};
use crate::sys::notify::{Notice, Notices};
use crate::syscalls::table;

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`.
const NEW_LISTENER: u64 = 8;
const SECCOMP_SET_MODE_STRICT: u64 = 0;
const SECCOMP_MODE_STRICT: u64 = 1;
const SECCOMP_SET_MODE_FILTER: u64 = 1;
const PR_SET_SECCOMP: u64 = 22;

/// What the loop is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Recording,
    Ending(Duration),
    Killing,
}

/// The state of a recording.
pub(super) struct Loop<'a, K, N> {
    kernel: K,
    notices: N,
    seen: Observations,
    watch: &'a mut dyn Watch,
    main: Tid,
    main_end: Option<End>,
    main_stopped: bool,
    /// The program runs: its first execve has succeeded.
    begun: bool,
    /// What threads run. Nobody tells when they end, so it is asked again after each tick.
    programs: BTreeMap<Tid, ProgramId>,
    /// What processes ran when they asked for another program.
    executing: BTreeMap<Tid, ProgramId>,
    /// Threads that were counted for a program.
    counted: BTreeSet<(Tid, ProgramId)>,
    processes: BTreeSet<Tid>,
    phase: Phase,
    interrupts: u32,
    /// Programs get the privileges that their files give.
    pub(super) keeps_privileges: bool,
    /// `execve` and `execveat` of each architecture, as the kernel tells them.
    executes: BTreeSet<(u32, u64)>,
}

/// More threads are not remembered as counted.
const MAX_COUNTED: usize = 1 << 16;

impl<'a, K: Kernel, N: Notices> Loop<'a, K, N> {
    pub(super) fn new(
        kernel: K,
        notices: N,
        seen: Observations,
        watch: &'a mut dyn Watch,
        main: Tid,
    ) -> Self {
        let mut executes = BTreeSet::new();
        for arch in Arch::ALL {
            for name in ["execve", "execveat"] {
                if let Some(number) = table(arch).number(name) {
                    executes.insert((arch.audit_value(), u64::from(number)));
                }
            }
        }
        Self {
            kernel,
            notices,
            seen,
            watch,
            main,
            main_end: None,
            main_stopped: false,
            begun: false,
            programs: BTreeMap::new(),
            executing: BTreeMap::new(),
            counted: BTreeSet::new(),
            processes: BTreeSet::new(),
            phase: Phase::Recording,
            interrupts: 0,
            keeps_privileges: true,
            executes,
        }
    }

    /// Records until nobody is left. `failed` tells whether the child could not execute.
    pub(super) fn run(&mut self, failed: impl Fn() -> bool) -> Result<(), RecordError> {
        loop {
            match self.notices.next() {
                Notice::Call { id, tid, call } => {
                    self.heard(tid, &call, &failed);
                    self.notices.go_on(id);
                }
                Notice::Interrupted => {}
                Notice::Failed(error) => return Err(RecordError::kernel("listen", error)),
            }
            let asked = self.kernel.asked();
            if asked != Asked::default() && self.attend(asked)? {
                // Everything may have been known beforehand.
                if !self.begun && !failed() {
                    self.begin();
                }
                return Ok(());
            }
        }
    }

    pub(super) fn finish(mut self) -> Finished {
        let elapsed = self.kernel.elapsed();
        let processes = u64::try_from(self.processes.len()).unwrap_or(u64::MAX);
        let end = self.main_end.unwrap_or(End::Gone);
        Finished::of(self.seen, end, elapsed, processes)
    }

    fn heard(&mut self, tid: Tid, call: &RawCall, failed: &impl Fn() -> bool) {
        let executes = self.executes.contains(&(call.arch, call.number));
        if !self.begun {
            // The child's attempts, and what it does when all of them have failed.
            if executes || failed() {
                return;
            }
            self.begin();
        }
        let program = self.program_of(tid);
        let kernel = &mut self.kernel;
        let (_, special, new) = self.seen.begin(program, call, tid, || kernel.elapsed());
        if let Some(first) = self.seen.last_new().filter(|_| new) {
            self.watch.first(first);
        }
        self.special(program, call, special);
        if executes {
            // If it succeeds, its next call is another program's, and it is another thread's
            // if this one does not lead its process.
            self.programs.remove(&tid);
            self.executing.remove(&tid);
            let leader = self.kernel.leader(tid).unwrap_or(tid);
            self.programs.remove(&leader);
            if self.executing.len() < MAX_COUNTED {
                self.executing.insert(leader, program);
            }
        }
    }

    /// The program runs from now on, and its first call was the execve that started it.
    fn begin(&mut self) {
        self.begun = true;
        let Some(arch) = Arch::of_this_build() else {
            return;
        };
        let Some(number) = table(arch).number("execve") else {
            return;
        };
        let call = RawCall {
            arch: arch.audit_value(),
            number: u64::from(number),
            args: [0; 6],
            instruction_pointer: 0,
        };
        let program = self.program_of(self.main);
        let before = self.seen.program("");
        self.seen.executes(program, before);
        let kernel = &mut self.kernel;
        let (_, _, new) = self
            .seen
            .begin(program, &call, self.main, || kernel.elapsed());
        if let Some(first) = self.seen.last_new().filter(|_| new) {
            self.watch.first(first);
        }
    }

    fn program_of(&mut self, tid: Tid) -> ProgramId {
        if let Some(known) = self.programs.get(&tid) {
            return *known;
        }
        let name = self.kernel.name(tid);
        let found = self.kernel.program(tid);
        let path = found
            .path
            .or_else(|| name.as_ref().map(|name| format!("({name})")));
        let program = self.seen.program(&path.unwrap_or_default());
        self.programs.insert(tid, program);
        // One that failed to is still what it was.
        if let Some(former) = self.executing.remove(&tid).filter(|it| *it != program) {
            self.seen.executes(program, former);
        }
        if self.counted.len() < MAX_COUNTED && self.counted.insert((tid, program)) {
            self.seen.runs(program, tid, name);
            let leader = self.kernel.leader(tid).unwrap_or(tid);
            self.processes.insert(leader);
            self.notes_privileges(program, found.gives_privileges);
        }
        program
    }

    fn notes_privileges(&mut self, program: ProgramId, gives: bool) {
        if gives && self.keeps_privileges {
            self.seen.remark(Remark::Privileges, program);
        } else if gives {
            self.seen.remark(Remark::NoPrivileges, program);
            self.seen.gap(Gap::NoPrivileges);
        }
    }

    fn special(&mut self, program: ProgramId, call: &RawCall, special: Special) {
        let [first, second, ..] = call.args;
        let strict = (special == Special::Seccomp && first == SECCOMP_SET_MODE_STRICT)
            || (special == Special::Prctl
                && (first, second) == (PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
        if strict {
            self.seen.remark(Remark::StrictSeccomp, program);
            self.seen.gap(Gap::StrictSeccomp);
            return;
        }
        let filters = match special {
            Special::Seccomp => first == SECCOMP_SET_MODE_FILTER,
            Special::Prctl => first == PR_SET_SECCOMP,
            Special::Output | Special::Input | Special::Ioctl => {
                if let Some(how) = TerminalUse::of(special, first, second) {
                    self.watch.uses_terminal(how);
                }
                false
            }
            Special::None | Special::Clone(_) | Special::Clone3 | Special::Ptrace => false,
        };
        if !filters {
            return;
        }
        self.seen.remark(Remark::OwnFilter, program);
        self.seen.gap(Gap::HiddenByFilter);
        if special == Special::Seccomp && second & NEW_LISTENER != 0 {
            self.seen.remark(Remark::OwnListener, program);
            self.seen.gap(Gap::OwnListener);
        }
    }

    /// Whether it is over.
    fn attend(&mut self, asked: Asked) -> Result<bool, RecordError> {
        if let Some(signal) = asked.forward {
            match self.main_end {
                None => self.kernel.signal(self.main, signal),
                Some(_) => self.signal_all(signal),
            }
        }
        for _ in 0..asked.interrupts {
            self.interrupts += 1;
            if self.interrupts > 1 {
                self.kill();
            } else if self.main_end.is_some() {
                self.ask_to_end();
            }
        }
        if asked.tick {
            self.tick();
        }
        if asked.children || asked.tick {
            return self.reap();
        }
        Ok(false)
    }

    fn tick(&mut self) {
        self.programs.clear();
        let elapsed = self.kernel.elapsed();
        self.seen.has_taken(elapsed);
        let progress = Progress {
            elapsed,
            processes: self.descendants().len(),
            met: u64::try_from(self.processes.len()).unwrap_or(u64::MAX),
            seen: &self.seen,
        };
        let control = self.watch.tick(&progress);
        match self.phase {
            Phase::Recording if control == Control::Enough => self.ask_to_end(),
            Phase::Ending(since) if elapsed.saturating_sub(since) >= GRACE => self.kill(),
            Phase::Recording | Phase::Ending(_) | Phase::Killing => {}
        }
    }

    /// Looks how children ended; whether nobody is left.
    fn reap(&mut self) -> Result<bool, RecordError> {
        while let Some(wait) = self.kernel.look() {
            match wait {
                Wait::Changed(tid, change) => self.changed(tid, change),
                Wait::Nobody => return Ok(true),
                Wait::Interrupted => {}
                Wait::Failed(error) => return Err(RecordError::kernel("wait", error)),
            }
        }
        Ok(false)
    }

    fn changed(&mut self, tid: Tid, change: Change) {
        let end = match change {
            Change::Exited(status) => End::Exited(status),
            Change::Killed(signal) => End::Killed(signal),
            Change::Stopped { .. } | Change::Continued => {
                self.main_stops(tid, change != Change::Continued);
                return;
            }
            Change::Unknown(_) => return,
        };
        if end == End::Killed(Signo(libc::SIGSYS)) {
            self.seen.gap(Gap::KilledByFilter);
        }
        if tid == self.main {
            self.main_end = Some(end);
            self.main_stops(tid, false);
        }
        self.programs.remove(&tid);
    }

    /// Tells when job control stops the first process, or lets it go on. That it went on may
    /// be hidden by its end.
    fn main_stops(&mut self, tid: Tid, stopped: bool) {
        if tid == self.main && self.main_stopped != stopped {
            self.main_stopped = stopped;
            self.watch.stopped(stopped);
        }
    }

    fn ask_to_end(&mut self) {
        self.phase = Phase::Ending(self.kernel.elapsed());
        match self.main_end {
            None => self.kernel.signal(self.main, Signo(libc::SIGTERM)),
            Some(_) => self.signal_all(Signo(libc::SIGTERM)),
        }
    }

    fn kill(&mut self) {
        self.phase = Phase::Killing;
        self.signal_all(Signo(libc::SIGKILL));
    }

    fn signal_all(&mut self, signal: Signo) {
        for pid in self.descendants() {
            self.kernel.signal(pid, signal);
        }
    }

    /// All processes that the recorder has, as the kernel tells them: orphans are its children.
    fn descendants(&mut self) -> BTreeSet<Tid> {
        let mut all = BTreeSet::new();
        let mut rest = match i32::try_from(std::process::id()) {
            Ok(own) => self.kernel.children(Tid(own)),
            Err(_) => return all,
        };
        while let Some(pid) = rest.pop() {
            if all.insert(pid) {
                rest.extend(self.kernel.children(pid));
            }
        }
        all
    }
}
