//! What the recorder is asked by signals, the clock and its watcher, and how it ends.

use std::time::Duration;

use super::run_loop::Loop;
use super::stop::Stop;
use super::tracee::Stopped;
use crate::event::Gap;
use crate::record::children::GRACE;
use crate::record::{Control, End, Progress, RecordError};
use crate::sys::kernel::{Asked, Kernel, Signo, Tid};

/// How long a new thread waits for its parent's word.
const PATIENCE: Duration = Duration::from_millis(200);

/// What the loop is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It records.
    Recording,
    /// The program was asked to end, then.
    Ending(Duration),
    /// The program was told to end.
    Killing,
    /// Threads are let go one by one as they stop.
    LettingGo,
}

impl<K: Kernel> Loop<'_, K> {
    /// A signal came to the recorder.
    pub(super) fn attend(&mut self, asked: Asked) -> Result<(), RecordError> {
        if let Some(signal) = asked.forward {
            self.forward(signal)?;
        }
        for _ in 0..asked.interrupts {
            self.interrupted()?;
        }
        if asked.tick {
            self.tick()?;
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        self.release_early(PATIENCE)?;
        if self.phase == Phase::Recording {
            self.attach_companions()
                .map_err(|error| RecordError::kernel("trace a process of the container", error))?;
        }
        let elapsed = self.kernel.elapsed();
        self.seen.has_taken(elapsed);
        let progress = Progress {
            elapsed,
            processes: self
                .tracees
                .iter()
                .filter(|(tid, it)| it.leads(**tid))
                .count(),
            met: self.met,
            seen: &self.seen,
            used_since: None,
        };
        let control = self.watch.tick(&progress);
        match self.phase {
            Phase::Recording if control == Control::Enough => self.enough(),
            Phase::Ending(since) if elapsed.saturating_sub(since) >= GRACE => {
                self.kill();
                Ok(())
            }
            Phase::Recording | Phase::Ending(_) | Phase::Killing | Phase::LettingGo => Ok(()),
        }
    }

    /// A signal that only the recorder got.
    fn forward(&mut self, signal: Signo) -> Result<(), RecordError> {
        if self.rules.attached {
            // The program does not belong to whoever signals the recorder.
            if signal.0 == libc::SIGHUP && self.phase == Phase::Recording {
                self.begin_anew();
                return Ok(());
            }
            return self.let_all_go();
        }
        match self.main.filter(|main| self.tracees.contains_key(main)) {
            Some(main) => self.kernel.signal(main, signal),
            None => self.signal_all(signal),
        }
        Ok(())
    }

    /// What was seen so far is a recording of its own, and the next one begins with those that
    /// run now.
    fn begin_anew(&mut self) {
        let elapsed = self.kernel.elapsed();
        self.seen.has_taken(elapsed);
        if !self.watch.begins_anew(&self.seen) {
            return;
        }
        self.seen.begin_anew(elapsed);
        self.seen.gap(Gap::NoStart);
        let running: Vec<_> = self
            .tracees
            .iter()
            .map(|(tid, it)| (*tid, it.program))
            .collect();
        for (tid, program) in running {
            self.runs(program, tid);
        }
    }

    /// Ctrl-C, which the terminal has sent to the program too.
    fn interrupted(&mut self) -> Result<(), RecordError> {
        self.interrupts += 1;
        if self.rules.attached {
            return self.let_all_go();
        }
        if self.interrupts > 1 {
            self.kill();
        } else if self.main_end.is_some() {
            // What is left are daemons, which have left the terminal.
            self.ask_to_end();
        }
        Ok(())
    }

    fn enough(&mut self) -> Result<(), RecordError> {
        if self.rules.attached {
            return self.let_all_go();
        }
        // A filter stays for ever, and without its tracer every call would fail: the program
        // can't be left running.
        self.ask_to_end();
        Ok(())
    }

    fn ask_to_end(&mut self) {
        self.phase = Phase::Ending(self.kernel.elapsed());
        match self.main.filter(|main| self.tracees.contains_key(main)) {
            Some(main) => self.kernel.signal(main, Signo(libc::SIGTERM)),
            None => self.signal_all(Signo(libc::SIGTERM)),
        }
    }

    fn kill(&mut self) {
        self.phase = Phase::Killing;
        self.signal_all(Signo(libc::SIGKILL));
    }

    fn signal_all(&mut self, signal: Signo) {
        let processes: Vec<Tid> = self
            .tracees
            .iter()
            .filter(|(tid, tracee)| tracee.leads(**tid))
            .map(|(tid, _)| *tid)
            .collect();
        for pid in processes {
            self.kernel.signal(pid, signal);
        }
    }

    /// Lets every thread go at its next stop.
    fn let_all_go(&mut self) -> Result<(), RecordError> {
        if self.phase == Phase::LettingGo {
            return Ok(());
        }
        self.phase = Phase::LettingGo;
        self.seen.gap(Gap::Detached);
        self.release_early(Duration::ZERO)?;
        let all: Vec<Tid> = self.tracees.keys().copied().collect();
        for tid in all {
            // One that is gone reports its end.
            let _gone = self.kernel.interrupt(tid);
        }
        Ok(())
    }

    /// Detaches a thread that is not to be recorded, or not any more. A signal that was on its
    /// way arrives.
    pub(super) fn let_go(
        &mut self,
        stopped: Stopped,
        stop: Stop,
    ) -> Result<Option<Stopped>, RecordError> {
        let tid = stopped.tid();
        let unwanted = self.tracees.get(&tid).is_some_and(|it| it.unwanted);
        // What a birth or an execve tells is needed even now.
        let tells = matches!(stop, Stop::Birth { .. } | Stop::Exec);
        if tells || !(unwanted || self.phase == Phase::LettingGo) {
            return Ok(Some(stopped));
        }
        let signal = match stop {
            Stop::Signal(signal) => Some(signal),
            Stop::Call
            | Stop::Filter
            | Stop::Exec
            | Stop::Birth { .. }
            | Stop::End
            | Stop::Group
            | Stop::Trap
            | Stop::Unknown => None,
        };
        let _gone = self.tracees.remove(&tid);
        stopped.detach(&mut self.kernel, signal)?;
        if Some(tid) == self.main {
            self.main_end = Some(End::LeftRunning);
        }
        Ok(None)
    }

    /// Whether nobody is left to be let go.
    pub(super) fn is_over(&self) -> bool {
        self.phase == Phase::LettingGo && self.tracees.is_empty() && self.early.is_empty()
    }
}
