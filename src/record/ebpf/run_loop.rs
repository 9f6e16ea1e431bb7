//! Waits for the end, and looks into the tables now and then.

use std::collections::BTreeSet;
use std::time::Duration;

use super::observe::Frame;
use super::probe::Probe;
use super::snapshot::{Reader, Snapshot};
use super::tables::{Tables, double_at};
use crate::arch::Arch;
use crate::ebpf::layout::Counter;
use crate::event::{CallId, Gap};
use crate::record::children::Children;
use crate::record::counts::Observations;
use crate::record::{Control, End, Finished, Progress, RecordError, TerminalUse, Used, Watch};
use crate::sys::kernel::{Kernel, Signo, Tid};
use crate::sys::{process, programs};

/// The state of a recording.
pub(super) struct Loop<'a, K> {
    kernel: K,
    probe: Probe,
    reader: Reader,
    frame: Frame,
    watch: &'a mut dyn Watch,
    end: Option<End>,
    /// What was counted when the recording began anew.
    before: Option<Snapshot>,
    /// When it began, after the recorder did.
    began: Duration,
    /// Kinds of calls that were told.
    told: BTreeSet<(Arch, CallId)>,
    /// How often the terminal was used, of which was told.
    uses: Uses,
}

/// How often the program wrote to the terminal and read from it. Nobody hears of that in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Uses {
    writes: u64,
    reads: u64,
}

impl Uses {
    fn by_now(tables: &Tables) -> Result<Self, RecordError> {
        let counters = tables.counters()?;
        let at = |counter: Counter| double_at(&counters, counter.offset());
        Ok(Self {
            writes: at(Counter::Writes),
            reads: at(Counter::Reads),
        })
    }
}

/// What was told of the terminal, and where the kernel counts.
#[derive(Debug)]
struct Since<'a> {
    told: Uses,
    tables: &'a Tables,
}

impl Used for Since<'_> {
    fn used(&self) -> bool {
        Uses::by_now(self.tables).ok() != Some(self.told)
    }
}

impl<'a, K: Kernel> Loop<'a, K> {
    pub(super) fn new(kernel: K, probe: Probe, frame: Frame, watch: &'a mut dyn Watch) -> Self {
        Self {
            kernel,
            probe,
            reader: Reader::new(),
            frame,
            watch,
            end: None,
            before: None,
            began: Duration::ZERO,
            told: BTreeSet::new(),
            uses: Uses::default(),
        }
    }

    /// Records until the last child is gone, of which `main` became the program.
    pub(super) fn with_children(&mut self, main: Tid) -> Result<(), RecordError> {
        let mut children = Children::new(main);
        loop {
            process::await_child();
            // Whoever stopped has written before that.
            self.tell_of_terminal()?;
            let asked = self.kernel.asked();
            children.asked(&mut self.kernel, asked);
            if asked.tick {
                let control = self.tick()?;
                children.control(&mut self.kernel, control);
            }
            // The kernel tells how each of them ended.
            if children.reap(&mut self.kernel, self.watch, |_tid, _end| {})? {
                self.end = children.end();
                return Ok(());
            }
        }
    }

    /// Records until somebody says that it is enough, or a process that was there before is gone.
    pub(super) fn until_enough(&mut self, followed: Tid) -> Result<(), RecordError> {
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
            if programs::name(followed).is_none() {
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
        self.end = Some(End::LeftRunning);
    }

    pub(super) fn finish(mut self) -> Result<Finished, RecordError> {
        let (snapshot, seen) = self.look()?;
        self.tell_of_terminal()?;
        self.tell(&seen);
        let elapsed = self.kernel.elapsed();
        let end = self.end.unwrap_or(End::Gone);
        self.probe.let_go();
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

    /// Tells what the program has done to the terminal.
    fn tell_of_terminal(&mut self) -> Result<(), RecordError> {
        let uses = Uses::by_now(&self.probe.tables)?;
        if uses.writes != self.uses.writes {
            self.watch.uses_terminal(TerminalUse::Writes);
        }
        if uses.reads != self.uses.reads {
            self.watch.uses_terminal(TerminalUse::Reads);
        }
        self.uses = uses;
        Ok(())
    }

    fn tick(&mut self) -> Result<Control, RecordError> {
        let (snapshot, seen) = self.look()?;
        if self.frame.launched && seen.takes_over() {
            self.watch.uses_terminal(TerminalUse::TakesOver);
        }
        self.tell_of_terminal()?;
        self.tell(&seen);
        let alive = (snapshot.processes + 1).saturating_sub(snapshot.ended);
        let progress = Progress {
            elapsed: self.kernel.elapsed(),
            processes: usize::try_from(alive).unwrap_or(usize::MAX),
            met: snapshot.processes + 1,
            seen: &seen,
            used_since: Some(&Since {
                told: self.uses,
                tables: &self.probe.tables,
            }),
        };
        Ok(self.watch.tick(&progress))
    }
}
