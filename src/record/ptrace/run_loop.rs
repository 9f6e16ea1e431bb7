//! The event loop: waits for a stop, counts what it shows, lets the thread go on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nix::errno::Errno;

use super::ending::Phase;
use super::stop::{Stop, stop};
use super::tracee::{Running, Stopped, Tracee};
use crate::event::{Gap, Outcome, Remark};
use crate::record::counts::{Observations, ProgramId};
use crate::record::under::Judge;
use crate::record::{Choice, End, Finished, RecordError, Watch};
use crate::sys::kernel::{Asked, Change, Kernel, Resume, Signo, Tid, TraceOptions, Wait};

/// How to record.
#[expect(
    clippy::struct_excessive_bools,
    reason = "settings that have nothing to do with each other"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) options: TraceOptions,
    /// How threads go on unless there is a reason to see more of them.
    pub(super) how: Resume,
    /// Keep how calls end.
    pub(super) results: bool,
    /// The program ran before.
    pub(super) attached: bool,
    /// Processes that share its PID namespace are recorded too, whoever started them.
    pub(super) container: bool,
    /// Programs get the privileges that their files give although they are traced.
    pub(super) keeps_privileges: bool,
}

/// The state of a recording.
pub(super) struct Loop<'a, K> {
    pub(super) kernel: K,
    pub(super) rules: Rules,
    pub(super) seen: Observations,
    pub(super) watch: &'a mut dyn Watch,
    pub(super) tracees: BTreeMap<Tid, Tracee>,
    /// New threads whose parent has not told of them yet, and since when they wait.
    pub(super) early: BTreeMap<Tid, (Stopped, Duration)>,
    /// The first process.
    pub(super) main: Option<Tid>,
    pub(super) main_end: Option<End>,
    /// The program runs: its first execve has succeeded.
    pub(super) begun: bool,
    /// Processes met so far.
    pub(super) met: u64,
    pub(super) phase: Phase,
    pub(super) interrupts: u32,
    pub(super) main_stopped: bool,
    /// Processes that somebody sent a SIGSYS.
    sent_sigsys: BTreeSet<Tid>,
    /// What the program runs under.
    pub(super) judge: Option<Judge>,
    /// That it may not be executed was told.
    pub(super) told_start: bool,
}

impl<'a, K: Kernel> Loop<'a, K> {
    pub(super) fn new(
        kernel: K,
        rules: Rules,
        seen: Observations,
        watch: &'a mut dyn Watch,
    ) -> Self {
        Self {
            kernel,
            rules,
            seen,
            watch,
            tracees: BTreeMap::new(),
            early: BTreeMap::new(),
            main: None,
            main_end: None,
            begun: false,
            met: 0,
            phase: Phase::Recording,
            interrupts: 0,
            main_stopped: false,
            sent_sigsys: BTreeSet::new(),
            judge: None,
            told_start: false,
        }
    }

    /// The child was seized and is on its way to become the program.
    pub(super) fn launched(&mut self, pid: Tid) {
        self.main = Some(pid);
        let program = self.seen.program("");
        self.add(Running::seized(pid), pid, program, pid);
    }

    /// Seizes all threads of a process, and the processes that it started.
    pub(super) fn attach(&mut self, pid: Tid) -> Result<(), Errno> {
        self.main = Some(pid);
        self.begun = true;
        self.attach_all(vec![pid])?;
        self.attach_companions()
    }

    /// Seizes processes that have come into the container from outside.
    pub(super) fn attach_companions(&mut self) -> Result<(), Errno> {
        let Some(main) = self.main.filter(|_| self.rules.container) else {
            return Ok(());
        };
        // One that forks meanwhile has a child that is seen at the next look, if not by itself.
        let companions = self.kernel.companions(main);
        let strangers = companions.into_iter();
        let strangers = strangers
            .filter(|pid| !self.tracees.contains_key(pid))
            .collect();
        self.attach_all(strangers)
    }

    fn attach_all(&mut self, mut rest: Vec<Tid>) -> Result<(), Errno> {
        while let Some(pid) = rest.pop() {
            match self.attach_threads(pid) {
                Ok(()) => {}
                // A child may have gone, or not be ours to trace; the process itself may not.
                Err(error) if Some(pid) == self.main => return Err(error),
                Err(Errno::ESRCH) => continue,
                Err(_) => self.seen.gap(Gap::NotFollowed),
            }
            if self.rules.options.processes {
                let children = self.kernel.children(pid);
                rest.extend(
                    children
                        .into_iter()
                        .filter(|child| !self.tracees.contains_key(child)),
                );
            }
        }
        Ok(())
    }

    /// Seizes threads until there is none left that is new.
    fn attach_threads(&mut self, pid: Tid) -> Result<(), Errno> {
        self.seize(pid, pid)?;
        loop {
            let known = self.tracees.len();
            for tid in self.kernel.threads(pid) {
                if !self.tracees.contains_key(&tid) {
                    match self.seize(tid, pid) {
                        // Gone, or a new one that its parent's seizure brought along.
                        Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            if self.tracees.len() == known {
                return Ok(());
            }
        }
    }

    fn seize(&mut self, tid: Tid, pid: Tid) -> Result<(), Errno> {
        self.kernel.seize(tid, self.rules.options)?;
        // It has to stop once before its calls are seen.
        match self.kernel.interrupt(tid) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error),
        }
        let program = self.program_of(tid);
        self.add(Running::seized(tid), tid, program, pid);
        self.runs(program, tid);
        Ok(())
    }

    pub(super) fn started(&mut self, choice: &Choice, pid: Tid) {
        self.watch.started(choice, pid);
    }

    /// Records until nobody is left.
    pub(super) fn run(&mut self) -> Result<(), RecordError> {
        loop {
            match self.kernel.wait() {
                Wait::Changed(tid, change) => self.changed(tid, change)?,
                Wait::Interrupted => {}
                Wait::Nobody => return Ok(()),
                Wait::Failed(error) => return Err(RecordError::kernel("wait", error)),
            }
            let asked = self.kernel.asked();
            if asked != Asked::default() {
                self.attend(asked)?;
            }
            if self.is_over() {
                return Ok(());
            }
        }
    }

    /// What there is to show.
    pub(super) fn finish(mut self) -> Finished {
        let elapsed = self.kernel.elapsed();
        let end = self.main_end.unwrap_or(if self.rules.attached {
            End::LeftRunning
        } else {
            End::Gone
        });
        Finished::of(self.seen, end, elapsed, self.met)
    }

    fn changed(&mut self, tid: Tid, change: Change) -> Result<(), RecordError> {
        match change {
            Change::Stopped { signal, event } => self.stopped(tid, stop(signal, event)),
            Change::Exited(status) => {
                self.died(tid, End::Exited(status));
                Ok(())
            }
            Change::Killed(signal) => {
                self.died(tid, End::Killed(signal));
                Ok(())
            }
            Change::Continued | Change::Unknown(_) => Ok(()),
        }
    }

    fn stopped(&mut self, tid: Tid, stop: Stop) -> Result<(), RecordError> {
        let known = self.tracees.get_mut(&tid);
        let Some(running) = known.and_then(|tracee| tracee.running.take()) else {
            self.newcomer(tid);
            return Ok(());
        };
        let stopped = running.stopped();
        if let Some(stopped) = self.let_go(stopped, stop)? {
            return self.at(stopped, stop);
        }
        Ok(())
    }

    fn at(&mut self, stopped: Stopped, stop: Stop) -> Result<(), RecordError> {
        let tid = stopped.tid();
        let mut deliver = None;
        match stop {
            Stop::Filter => self.call(&stopped, true),
            Stop::Call => self.call(&stopped, false),
            Stop::Exec => self.executed(&stopped),
            Stop::Birth { maybe_thread } => self.birth(&stopped, maybe_thread)?,
            Stop::End => self.ends(tid),
            Stop::Group => self.main_stops(tid, true),
            Stop::Signal(signo) => {
                self.notes_sigsys(tid, signo);
                deliver = Some(signo);
            }
            Stop::Trap | Stop::Unknown => self.main_stops(tid, false),
        }
        self.has_its_end_told(tid);
        let how = self.how(tid);
        let running = if stop == Stop::Group {
            stopped.listen(&mut self.kernel)?
        } else {
            stopped.resume(&mut self.kernel, how, deliver)?
        };
        if let Some(tracee) = self.tracees.get_mut(&tid) {
            tracee.running = Some(running);
        }
        Ok(())
    }

    /// Once a process ends, the kernel tells its end for all threads that nobody has looked at. A
    /// filter may have killed one before.
    fn has_its_end_told(&mut self, tid: Tid) {
        let filtered = self.tracees.get_mut(&tid).filter(|it| it.own_filter);
        if let Some(tracee) = filtered.filter(|it| !it.stops_at_end) {
            tracee.stops_at_end = true;
            let _gone = self.kernel.stop_at_end(tid, self.rules.options);
        }
    }

    /// A thread is about to end.
    fn ends(&mut self, tid: Tid) {
        let signal = self.kernel.message(tid).unwrap_or_default() & 0x7f;
        let leader = self.tracees.get(&tid).map(|tracee| tracee.leader);
        if let (Some(leader), Ok(signal)) = (leader, i32::try_from(signal)) {
            self.ended_by(leader, Signo(signal));
        }
    }

    /// A signal ends a thread.
    fn ended_by(&mut self, leader: Tid, signal: Signo) {
        if signal == Signo(libc::SIGSYS) && !self.sent_sigsys.contains(&leader) {
            self.seen.gap(Gap::KilledByFilter);
        }
    }

    /// A SIGSYS that a process sent is no filter's, which gives none or one with a code.
    fn notes_sigsys(&mut self, tid: Tid, signal: Signo) {
        /// In include/uapi/asm-generic/siginfo.h.
        const SYS_SECCOMP: i32 = 1;
        if signal.0 != libc::SIGSYS {
            return;
        }
        if self.kernel.signal_code(tid) == Ok(SYS_SECCOMP) {
            self.gives_back(tid);
            return;
        }
        if let Some(tracee) = self.tracees.get(&tid) {
            self.sent_sigsys.insert(tracee.leader);
        }
    }

    fn how(&self, tid: Tid) -> Resume {
        self.tracees
            .get(&tid)
            .map_or(self.rules.how, |tracee| tracee.how)
    }

    /// Tells when job control stops the first process, or lets it go on.
    fn main_stops(&mut self, tid: Tid, stopped: bool) {
        if Some(tid) == self.main && self.main_stopped != stopped && self.begun {
            self.main_stopped = stopped;
            self.watch.stopped(stopped);
        }
    }

    /// A thread of which nobody has told yet. It waits for its parent's word, which says what
    /// it runs and how closely it is watched.
    fn newcomer(&mut self, tid: Tid) {
        let now = self.kernel.elapsed();
        let _never_twice = self.early.insert(tid, (Stopped::new(tid), now));
    }

    /// Lets newcomers go whose parents say nothing: it was killed before it could.
    pub(super) fn release_early(&mut self, patience: Duration) -> Result<(), RecordError> {
        let now = self.kernel.elapsed();
        let waited: Vec<Tid> = self
            .early
            .iter()
            .filter(|(_, (_, since))| now.saturating_sub(*since) >= patience)
            .map(|(tid, _)| *tid)
            .collect();
        for tid in waited {
            let program = self.program_of(tid);
            let leader = self.kernel.leader(tid).unwrap_or(tid);
            self.born(tid, program, (self.rules.how, false), leader)?;
        }
        Ok(())
    }

    fn birth(&mut self, parent: &Stopped, maybe_thread: bool) -> Result<(), RecordError> {
        let Ok(child) = parent.message(&mut self.kernel) else {
            return Ok(());
        };
        let Some(of) = self.tracees.get(&parent.tid()) else {
            return Ok(());
        };
        let (program, how, own_filter) = (of.program, of.how, of.own_filter);
        let asked = maybe_thread.then(|| self.kernel.leader(child)).flatten();
        let leader = asked.unwrap_or(child);
        self.born(child, program, (how, own_filter), leader)
    }

    /// A thread is known from now on; one that waits goes on.
    fn born(
        &mut self,
        tid: Tid,
        program: ProgramId,
        (how, own_filter): (Resume, bool),
        leader: Tid,
    ) -> Result<(), RecordError> {
        let unwanted = leader == tid && !self.rules.options.processes;
        if !unwanted && !self.tracees.contains_key(&tid) {
            self.runs(program, tid);
        }
        self.add(Running::seized(tid), tid, program, leader);
        if let Some(tracee) = self.tracees.get_mut(&tid) {
            tracee.how = how;
            tracee.own_filter = own_filter;
            tracee.unwanted = unwanted;
        }
        if let Some((stopped, _)) = self.early.remove(&tid) {
            if unwanted {
                self.tracees.remove(&tid);
                return stopped.detach(&mut self.kernel, None);
            }
            let running = stopped.resume(&mut self.kernel, how, None)?;
            if let Some(tracee) = self.tracees.get_mut(&tid) {
                tracee.running = Some(running);
            }
        }
        Ok(())
    }

    fn add(&mut self, running: Running, tid: Tid, program: ProgramId, leader: Tid) {
        if leader == tid {
            self.met += 1;
        }
        let tracee = Tracee {
            running: Some(running),
            program,
            how: self.rules.how,
            leader,
            open: None,
            own_filter: false,
            stops_at_end: false,
            borrowed: None,
            unwanted: false,
        };
        // A number may come again after its thread's end was missed, as in an execve.
        let _missed = self.tracees.insert(tid, tracee);
    }

    pub(super) fn runs(&mut self, program: ProgramId, tid: Tid) {
        let name = self.kernel.name(tid);
        self.seen.runs(program, tid, name);
    }

    /// The program that a thread runs, by what the kernel says.
    fn program_of(&mut self, tid: Tid) -> ProgramId {
        self.program_and_rights(tid).0
    }

    fn program_and_rights(&mut self, tid: Tid) -> (ProgramId, bool) {
        let program = self.kernel.program(tid);
        let name = match program.path {
            Some(path) => path,
            None => self
                .kernel
                .name(tid)
                .map_or(String::new(), |name| format!("({name})")),
        };
        (self.seen.program(&name), program.gives_privileges)
    }

    /// A process executed another program. All its other threads are gone, and the one that did
    /// it has the number of the leader now.
    fn executed(&mut self, stopped: &Stopped) {
        let tid = stopped.tid();
        let former = stopped.message(&mut self.kernel).unwrap_or(tid);
        let by = if former == tid {
            None
        } else {
            self.tracees.remove(&former)
        };
        if let (Some(by), Some(leader)) = (by, self.tracees.get_mut(&tid)) {
            leader.program = by.program;
            leader.open = by.open;
            leader.how = by.how;
            leader.own_filter = by.own_filter;
        }
        let (program, gives_privileges) = self.program_and_rights(tid);
        if let Some(tracee) = self.tracees.get_mut(&tid) {
            self.seen.executes(program, tracee.program);
            tracee.program = program;
            tracee.leader = tid;
        }
        self.runs(program, tid);
        if !self.begun {
            self.begun = true;
            self.count_first_execve(program, tid);
        }
        if gives_privileges {
            if self.rules.keeps_privileges {
                self.seen.remark(Remark::Privileges, program);
            } else {
                self.seen.remark(Remark::NoPrivileges, program);
                self.seen.gap(Gap::NoPrivileges);
            }
        }
    }

    fn died(&mut self, tid: Tid, end: End) {
        let _gone = self.early.remove(&tid);
        if Some(tid) == self.main {
            self.main_end = Some(end);
            self.main_stops(tid, false);
        }
        let Some(tracee) = self.tracees.remove(&tid) else {
            return;
        };
        if let Some(open) = tracee.open.filter(|_| self.rules.results) {
            self.seen.end(open, Outcome::NoReturn);
        }
        if let End::Killed(signal) = end {
            self.ended_by(tracee.leader, signal);
        }
        if tracee.leads(tid) {
            self.sent_sigsys.remove(&tid);
        }
        if tracee.leads(tid) {
            let how = match end {
                End::Exited(status) => format!("exit {status}"),
                End::Killed(signal) => signal.to_string(),
                End::LeftRunning | End::Gone => return,
            };
            self.seen.gone(tid, &how, self.kernel.elapsed());
            if self.begun {
                self.seen.ended(tracee.program, how);
            }
        }
    }
}
