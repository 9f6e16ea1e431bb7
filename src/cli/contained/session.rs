//! A container that is recorded, from its start to its end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use callsieve::recording::{self, Recording};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::archive::{OUT, PROGRAM, unpack};
use super::gathered::{PROBE, gathered};
use crate::cli::engine_command::{Container, Details, EngineError, Interrupt, Interrupts};
use crate::cli::error::CommandError;
use crate::cli::output;
use crate::cli::render::printable;
use crate::cli::ui::Ui;

/// How often is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The first probe comes this long after the start, or at its interval if that is shorter.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// The interrupt that kills a container, counted from the first; as `docker run` gives up.
const KILLS: u32 = 3;

/// A command that looks whether a container is well.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// What people call it.
    pub(super) name: String,
    /// Its words.
    pub(super) command: Vec<String>,
    /// The time between two runs; none for a single one.
    pub(super) interval: Option<Duration>,
    /// How long one may take.
    pub(super) timeout: Duration,
    /// The recorder's options for a profile.
    pub(super) under: Vec<OsString>,
}

/// How often a probe was run, and failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    pub(super) runs: u64,
    pub(super) failures: u64,
}

/// A container that runs.
pub(super) struct Session<'a> {
    pub(super) container: &'a Container<'a>,
    pub(super) interrupts: &'a Interrupts,
    pub(super) labels: &'a BTreeMap<String, String>,
    pub(super) path: &'a Path,
    pub(super) checkpoint: Option<Duration>,
    /// The command that ends with the container hands signals on to it.
    attached: bool,
    pub(super) probes: Vec<Scheduled>,
    pub(super) ui: &'a Ui,
    start: Instant,
    written: Instant,
    failed: bool,
    interrupted: u32,
}

/// A probe and when it comes next.
#[derive(Debug)]
pub(super) struct Scheduled {
    pub(super) probe: Probe,
    pub(super) tries: Tries,
    /// Since the start; none if it does not come again.
    next: Option<Duration>,
    running: Option<Child>,
}

impl Scheduled {
    pub(super) fn new(probe: Probe) -> Self {
        let first = probe.interval.unwrap_or(FIRST_PROBE).min(FIRST_PROBE);
        Self {
            probe,
            tries: Tries::default(),
            next: Some(first),
            running: None,
        }
    }
}

impl<'a> Session<'a> {
    pub(super) fn new(
        container: &'a Container<'a>,
        interrupts: &'a Interrupts,
        labels: &'a BTreeMap<String, String>,
        output: (&'a Path, Option<Duration>),
        probes: Vec<Probe>,
        ui: &'a Ui,
    ) -> Self {
        let now = Instant::now();
        Self {
            container,
            interrupts,
            labels,
            path: output.0,
            checkpoint: output.1,
            attached: false,
            probes: probes.into_iter().map(Scheduled::new).collect(),
            ui,
            start: now,
            written: now,
            failed: false,
            interrupted: 0,
        }
    }

    /// Waits until the container has ended. `child` is a command that ends with it, and that
    /// hands signals on if it is attached.
    pub(super) fn wait(&mut self, child: Child, attached: bool) -> Result<Details, CommandError> {
        self.start = Instant::now();
        self.attached = attached;
        let mut child = Ending(child);
        loop {
            self.follow(&mut child.0)?;
            let details = self.container.inspect()?;
            if !details.state.running {
                self.end_probes();
                return Ok(details);
            }
            // It was detached from, or is started again.
            self.attached = false;
            child = Ending(self.container.waiter()?);
        }
    }

    fn follow(&mut self, child: &mut Child) -> Result<(), CommandError> {
        let failed = |error: io::Error| CommandError::input("can't wait for the engine", &error);
        while child.try_wait().map_err(failed)?.is_none() {
            if let Some(interrupt) = self.interrupts.wait(LOOK_EVERY) {
                self.interrupt(interrupt, child);
            }
            self.run_probes();
            self.write_checkpoint();
        }
        Ok(())
    }

    /// What only this process got is handed on; what the terminal sends reaches the engine's
    /// command by itself.
    fn interrupt(&mut self, interrupt: Interrupt, child: &Child) {
        self.interrupted += 1;
        if self.interrupted >= KILLS {
            // It may have ended by itself just now; the loop sees it.
            let _gone = self.container.kill("KILL");
            return;
        }
        let signal = Signal::try_from(i32::from(interrupt.signal)).unwrap_or(Signal::SIGTERM);
        if self.attached {
            let pid = i32::try_from(child.id()).unwrap_or_default();
            if !interrupt.from_terminal && pid > 0 {
                let _gone = kill(Pid::from_raw(pid), signal);
            }
        } else {
            let _gone = self.container.kill(signal.as_str());
        }
    }

    fn run_probes(&mut self) {
        let now = self.start.elapsed();
        for scheduled in &mut self.probes {
            if let Some(running) = &mut scheduled.running {
                match running.try_wait() {
                    Ok(None) => continue,
                    Ok(Some(status)) if status.success() => {}
                    Ok(Some(_)) | Err(_) => scheduled.tries.failures += 1,
                }
                scheduled.running = None;
                scheduled.next = scheduled.probe.interval.map(|interval| now + interval);
            }
            if scheduled.next.is_some_and(|next| now >= next) {
                scheduled.next = None;
                scheduled.tries.runs += 1;
                match self.container.exec_child(&words(&scheduled.probe)) {
                    Ok(child) => scheduled.running = Some(child),
                    Err(_) => scheduled.tries.failures += 1,
                }
            }
        }
    }

    /// A probe that the container's end has cut short has not failed.
    fn end_probes(&mut self) {
        for scheduled in &mut self.probes {
            if let Some(mut running) = scheduled.running.take() {
                let _gone = running.kill();
                let _reaped = running.wait();
            }
        }
    }

    fn write_checkpoint(&mut self) {
        let due = self
            .checkpoint
            .is_some_and(|every| self.written.elapsed() >= every);
        if !due {
            return;
        }
        self.written = Instant::now();
        let written = self
            .collect()
            .map_err(CommandError::from)
            .and_then(|(recording, _)| {
                // None of the recorders has written anything yet.
                if recording.runs().len() == 0 {
                    return Ok(());
                }
                let text = printable(recording::write(&recording));
                output::write(Some(self.path), &text, self.ui)
            });
        if let (Err(error), false) = (written, self.failed) {
            self.failed = true;
            self.ui.warn(&error.to_string());
        }
    }

    /// What the recorders have written by now, and files that are no recordings.
    pub(super) fn collect(&self) -> Result<(Recording, Vec<(String, String)>), EngineError> {
        let archive = self.container.copy_out(OUT)?;
        let found = unpack(archive).map_err(|source| self.container.failed(source))?;
        Ok((gathered(&found.recordings, self.labels), found.unreadable))
    }
}

/// A command that does not outlive the value.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// What is run inside for a probe: it, with a recorder of its own in front.
fn words(probe: &Probe) -> Vec<OsString> {
    let label = format!("{PROBE}={}", probe.name);
    let timeout = format!("{}ms", probe.timeout.as_millis());
    let options = ["record", "--quiet", "--output-folder", OUT];
    let mut words: Vec<OsString> = vec![PROGRAM.into()];
    words.extend(options.map(OsString::from));
    words.extend(["--backend", "ptrace", "--duration"].map(OsString::from));
    words.extend([&timeout, "--label", &label].map(OsString::from));
    words.extend(probe.under.iter().cloned());
    words.push("--".into());
    words.extend(probe.command.iter().map(OsString::from));
    words
}
