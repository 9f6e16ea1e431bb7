//! Waits for the end, and looks into the tables now and then.

use std::collections::BTreeSet;
use std::time::Duration;

use super::observe::Frame;
use super::probe::Probe;
use super::snapshot::{Reader, Snapshot};
use crate::arch::Arch;
use crate::event::{CallId, Gap};
use crate::record::counts::Observations;
use crate::record::{Control, End, Finished, Progress, RecordError, TerminalUse, Watch};
use crate::sys::kernel::{Asked, Change, Kernel, Signo, Tid, Wait};
use crate::sys::{process, programs};

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// What the loop is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Recording,
    Ending(Duration),
    Killing,
}

/// The state of a recording.
pub(super) struct Loop<'a, K> {
    kernel: K,
    probe: Probe,
    reader: Reader,
    frame: Frame,
    watch: &'a mut dyn Watch,
    /// The child that became the program.
    pub(super) main: Option<Tid>,
    /// The process that was there before.
    pub(super) followed: Option<Tid>,
    main_end: Option<End>,
    main_stopped: bool,
    phase: Phase,
    interrupts: u32,
    /// What was counted when the recording began anew.
    before: Option<Snapshot>,
    /// When it began, after the recorder did.
    began: Duration,
    /// Kinds of calls that were told.
    told: BTreeSet<(Arch, CallId)>,
}

impl<'a, K: Kernel> Loop<'a, K> {
    pub(super) fn new(kernel: K, probe: Probe, frame: Frame, watch: &'a mut dyn Watch) -> Self {
        if frame.launched {
            // Nobody tells in time that the program writes to the terminal.
            watch.uses_terminal(TerminalUse::TakesOver);
        }
        Self {
            kernel,
            probe,
            reader: Reader::new(),
            frame,
            watch,
            main: None,
            followed: None,
            main_end: None,
            main_stopped: false,
            phase: Phase::Recording,
            interrupts: 0,
            before: None,
            began: Duration::ZERO,
            told: BTreeSet::new(),
        }
    }

    /// Records until the last child is gone.
    pub(super) fn with_children(&mut self) -> Result<(), RecordError> {
        loop {
            process::await_child();
            let asked = self.kernel.asked();
            if asked != Asked::default() {
                self.attend(asked)?;
            }
            if self.reap()? {
                return Ok(());
            }
        }
    }

    /// Records until somebody says that it is enough, or there is nobody left.
    pub(super) fn until_enough(&mut self) -> Result<(), RecordError> {
        loop {
            process::await_signal();
            let asked = self.kernel.asked();
            let anew = asked.forward == Some(Signo(libc::SIGHUP)) && asked.interrupts == 0;
            if anew {
                self.begin_anew()?;
            } else if asked.forward.is_some() || asked.interrupts > 0 {
                self.let_go();
                return Ok(());
            }
            if !asked.tick {
                continue;
            }
            if self.tick()? == Control::Enough {
                self.let_go();
                return Ok(());
            }
            if self
                .followed
                .is_some_and(|pid| programs::name(pid).is_none())
            {
                self.main_end = Some(End::Gone);
                return Ok(());
            }
        }
    }

    /// What was counted so far is a recording of its own.
    fn begin_anew(&mut self) -> Result<(), RecordError> {
        let elapsed = self.kernel.elapsed();
        let (whole, _, seen) = self.look_at(elapsed)?;
        if self.watch.begins_anew(&seen) {
            self.frame.begin_anew(elapsed.saturating_sub(self.began));
            self.before = Some(whole);
            self.began = elapsed;
        }
        Ok(())
    }

    fn let_go(&mut self) {
        self.frame.gaps.push(Gap::Detached);
        self.main_end = Some(End::LeftRunning);
    }

    pub(super) fn finish(mut self) -> Result<Finished, RecordError> {
        let (snapshot, seen) = self.look()?;
        self.tell(&seen);
        let elapsed = self.kernel.elapsed();
        let end = self.main_end.unwrap_or(End::Gone);
        // The first one was there before anybody counted.
        let processes = snapshot.processes + u64::from(seen.calls() > 0);
        Ok(Finished::of(seen, end, elapsed, processes))
    }

    fn look(&mut self) -> Result<(Snapshot, Observations), RecordError> {
        let elapsed = self.kernel.elapsed();
        let (_, snapshot, seen) = self.look_at(elapsed)?;
        Ok((snapshot, seen))
    }

    /// All that was counted, and what of it is this recording's.
    fn look_at(
        &mut self,
        elapsed: Duration,
    ) -> Result<(Snapshot, Snapshot, Observations), RecordError> {
        let taken = elapsed.saturating_sub(self.began);
        self.frame.capture.milliseconds = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        let whole = self.reader.read(&self.probe)?;
        let snapshot = match &self.before {
            Some(before) => whole.since(before),
            None => whole.clone(),
        };
        let seen = self.frame.observations(&snapshot, 0);
        Ok((whole, snapshot, seen))
    }

    /// Tells of kinds of calls that are new.
    fn tell(&mut self, seen: &Observations) {
        for first in seen.firsts() {
            if self.told.insert((first.arch, first.call.clone())) {
                self.watch.first(first);
            }
        }
    }

    fn attend(&mut self, asked: Asked) -> Result<(), RecordError> {
        if let Some(signal) = asked.forward {
            self.signal(signal);
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
            let control = self.tick()?;
            let elapsed = self.kernel.elapsed();
            match self.phase {
                Phase::Recording if control == Control::Enough => self.ask_to_end(),
                Phase::Ending(since) if elapsed.saturating_sub(since) >= GRACE => self.kill(),
                Phase::Recording | Phase::Ending(_) | Phase::Killing => {}
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<Control, RecordError> {
        let (snapshot, seen) = self.look()?;
        self.tell(&seen);
        let alive = (snapshot.processes + 1).saturating_sub(snapshot.ended);
        let progress = Progress {
            elapsed: self.kernel.elapsed(),
            processes: usize::try_from(alive).unwrap_or(usize::MAX),
            met: snapshot.processes + 1,
            seen: &seen,
        };
        Ok(self.watch.tick(&progress))
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
        if Some(tid) == self.main {
            self.main_end = Some(end);
            self.main_stops(tid, false);
        }
    }

    /// Tells when job control stops the first process, or lets it go on.
    fn main_stops(&mut self, tid: Tid, stopped: bool) {
        if Some(tid) == self.main && self.main_stopped != stopped {
            self.main_stopped = stopped;
            self.watch.stopped(stopped);
        }
    }

    fn ask_to_end(&mut self) {
        self.phase = Phase::Ending(self.kernel.elapsed());
        self.signal(Signo(libc::SIGTERM));
    }

    fn kill(&mut self) {
        self.phase = Phase::Killing;
        self.signal_all(Signo(libc::SIGKILL));
    }

    /// To the program, or to what it left behind.
    fn signal(&mut self, signal: Signo) {
        match self.main.filter(|_| self.main_end.is_none()) {
            Some(main) => self.kernel.signal(main, signal),
            None => self.signal_all(signal),
        }
    }

    /// To all processes that the recorder has: orphans are its children.
    fn signal_all(&mut self, signal: Signo) {
        let Ok(own) = i32::try_from(std::process::id()) else {
            return;
        };
        for pid in super::descendants(Tid(own)) {
            if pid != Tid(own) {
                self.kernel.signal(pid, signal);
            }
        }
    }
}
