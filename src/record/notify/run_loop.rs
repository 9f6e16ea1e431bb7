//! The event loop: hears of a call, counts it, lets it go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::event::{Gap, Remark};
use crate::record::children::{self, Children};
use crate::record::counts::{Observations, ProgramId, Special};
use crate::record::{End, Finished, Progress, RecordError, TerminalUse, Watch, launch};
use crate::sys::kernel::{Asked, Kernel, RawCall, Signo, Tid};
use crate::sys::notify::{Notice, Notices};
use crate::syscalls::table;

/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`.
const NEW_LISTENER: u64 = 8;
const SECCOMP_SET_MODE_STRICT: u64 = 0;
const SECCOMP_MODE_STRICT: u64 = 1;
const SECCOMP_SET_MODE_FILTER: u64 = 1;
const PR_SET_SECCOMP: u64 = 22;

/// The state of a recording.
pub(super) struct Loop<'a, K, N> {
    kernel: K,
    notices: N,
    seen: Observations,
    watch: &'a mut dyn Watch,
    main: Tid,
    children: Children,
    /// The program runs: its first execve has succeeded.
    begun: bool,
    /// What threads run. Nobody tells when they end, so it is asked again after each tick.
    programs: BTreeMap<Tid, ProgramId>,
    /// What processes ran when they asked for another program.
    executing: BTreeMap<Tid, ProgramId>,
    /// Threads that were counted for a program.
    counted: BTreeSet<(Tid, ProgramId)>,
    processes: BTreeSet<Tid>,
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
            children: Children::new(main),
            begun: false,
            programs: BTreeMap::new(),
            executing: BTreeMap::new(),
            counted: BTreeSet::new(),
            processes: BTreeSet::new(),
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
        let end = self.children.end().unwrap_or(End::Gone);
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
        let Some(call) = launch::first_execve() else {
            return;
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
        self.children.asked(&mut self.kernel, asked);
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
            processes: children::own(&mut self.kernel).len(),
            met: u64::try_from(self.processes.len()).unwrap_or(u64::MAX),
            seen: &self.seen,
            used_since: None,
        };
        let control = self.watch.tick(&progress);
        self.children.control(&mut self.kernel, control);
    }

    /// Looks how children ended; whether nobody is left.
    fn reap(&mut self) -> Result<bool, RecordError> {
        let (seen, programs) = (&mut self.seen, &mut self.programs);
        let ended = |tid, end| {
            if end == End::Killed(Signo(libc::SIGSYS)) {
                seen.gap(Gap::KilledByFilter);
            }
            programs.remove(&tid);
        };
        self.children.reap(&mut self.kernel, self.watch, ended)
    }
}
