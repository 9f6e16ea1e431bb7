//! One trial.

use std::ffi::OsString;
use std::io::Read as _;
use std::time::{Duration, Instant};

use super::{Done, Dress, Failure, Plan, Probe, Step, Tried};
use crate::cli::engine_command::{Answer, Call, Container, Engine, EngineError, Interrupts};
use crate::cli::error::CommandError;

/// How often a container is looked after that is to start or to become ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a container may take to end that is not tried any further.
const AFTER_FAILURE: Duration = Duration::from_secs(3);
/// How much of what is said is kept, in bytes, from its end.
const SAID: usize = 4096;
/// How much a container may have printed, in bytes, before what it said is left alone.
const LOGS: u64 = 64 << 20;

/// A trial that goes on.
struct Trial<'t> {
    plan: &'t Plan,
    dress: &'t dyn Dress,
    container: &'t Container<'t>,
    interrupts: &'t Interrupts,
    done: Vec<Done>,
}

/// Makes a container, does with it what is planned, up to the first failure, and removes it.
pub(crate) fn run(
    engine: &Engine,
    plan: &Plan,
    dress: &mut dyn Dress,
    interrupts: &Interrupts,
) -> Result<Tried, CommandError> {
    let mut words: Vec<OsString> = plan.options.clone();
    // It is run as a probe, which a container's own checks are too.
    words.push("--no-healthcheck".into());
    words.extend(dress.options());
    words.push(plan.image.clone());
    words.extend(dress.command(plan));
    let container = engine.create(words, interrupts)?;
    dress.prepare(&container)?;
    let mut trial = Trial {
        plan,
        dress,
        container: &container,
        interrupts,
        done: Vec::new(),
    };
    trial.all()?;
    let done = trial.done;
    // After a failure it may run on, and what is in it ends in order.
    if container.inspect()?.state.running {
        container.stop(AFTER_FAILURE)?;
    }
    dress.collect(&container)?;
    container.remove()?;
    Ok(Tried { done })
}

impl Trial<'_> {
    fn all(&mut self) -> Result<(), CommandError> {
        if !self.start()? {
            return Ok(());
        }
        for probe in &self.plan.probes {
            if !self.probe(probe)? {
                return Ok(());
            }
        }
        for load in &self.plan.loads {
            if !self.load(load)? {
                return Ok(());
            }
        }
        self.stop()
    }

    /// Notes how a step went; whether it went well.
    fn did(&mut self, step: Step, failure: Option<Failure>, remark: Option<String>) -> bool {
        let well = failure.is_none();
        self.done.push(Done {
            step,
            failure,
            remark,
        });
        well
    }

    /// Whether it runs, or is over and well.
    fn start(&mut self) -> Result<bool, CommandError> {
        let answer = self.container.try_start(self.interrupts)?;
        if !answer.status.success() {
            let state = self.container.inspect()?.state;
            let failure = Failure {
                status: Some(state.exit_code).filter(|status| *status != 0),
                said: end_of(&answer.stderr),
                runtime: true,
            };
            return Ok(self.did(Step::Start, Some(failure), None));
        }
        let begun = Instant::now();
        // What is probed is waited for by its probe.
        let settle = if self.plan.probes.is_empty() {
            self.plan.settle
        } else {
            Duration::ZERO
        };
        loop {
            let state = self.container.inspect()?.state;
            if !state.running {
                let used = !self.plan.probes.is_empty() || !self.plan.loads.is_empty();
                let failure = self.ended(state.exit_code, state.oom_killed)?;
                let failure = failure.or_else(|| used.then(Failure::too_early));
                let remark = failure.is_none().then(|| "it has ended".to_owned());
                return Ok(self.did(Step::Start, failure, remark));
            }
            if begun.elapsed() >= settle {
                return Ok(self.did(Step::Start, None, None));
            }
            self.pause()?;
        }
    }

    /// The failure of a container that has ended, if it is one.
    fn ended(&self, status: i64, out_of_memory: bool) -> Result<Option<Failure>, CommandError> {
        if status == 0 {
            return Ok(None);
        }
        let said = match self.container.logs(LOGS) {
            // The program's last words; the engine's stand among them.
            _ if out_of_memory => "it was killed for want of memory".to_owned(),
            Ok((stdout, stderr)) => end_of(&format!("{stdout}\n{stderr}")),
            Err(EngineError::TooMuch { .. }) => "(it printed too much to be looked at)".to_owned(),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Failure {
            status: Some(status),
            said,
            runtime: false,
        }))
    }

    /// Runs a program inside until it succeeds, as long as there is patience.
    fn probe(&mut self, probe: &Probe) -> Result<bool, CommandError> {
        let step = || Step::Probe(probe.text.clone());
        let begun = Instant::now();
        loop {
            let words = self.dress.inside(probe);
            let call = self.container.exec([""; 0], words);
            let answer = call
                .until(self.interrupts)
                .within(self.plan.patience)
                .answer();
            let Some(failure) = failure_of(answer)? else {
                return Ok(self.did(step(), None, None));
            };
            let state = self.container.inspect()?.state;
            if !state.running {
                let ended = self.ended(state.exit_code, state.oom_killed)?;
                return Ok(self.did(
                    step(),
                    Some(ended.unwrap_or(failure)),
                    Some("the container has ended".to_owned()),
                ));
            }
            if begun.elapsed() >= self.plan.patience {
                return Ok(self.did(step(), Some(failure), None));
            }
            self.pause()?;
        }
    }

    fn load(&mut self, line: &str) -> Result<bool, CommandError> {
        let id = self.container.id();
        let words = [&format!("CALLSIEVE_CONTAINER={id}"), "sh", "-c", line];
        let call = Call::of_this_machine("env", words);
        let answer = call
            .until(self.interrupts)
            .within(self.plan.patience)
            .answer();
        let failure = failure_of(answer)?;
        let state = self.container.inspect()?.state;
        let remark = (!state.running).then(|| "the container has ended".to_owned());
        let ended = if state.running {
            None
        } else {
            self.ended(state.exit_code, state.oom_killed)?
        };
        Ok(self.did(Step::Load(line.to_owned()), ended.or(failure), remark))
    }

    fn stop(&mut self) -> Result<(), CommandError> {
        if !self.container.inspect()?.state.running {
            return Ok(());
        }
        self.container.stop(self.plan.grace)?;
        let state = self.container.inspect()?.state;
        // Whether a program heeds SIGTERM is its own affair.
        let seconds = self.plan.grace.as_secs();
        let remark = (state.exit_code == 137)
            .then(|| format!("it was killed, as it had not ended after {seconds} s"));
        let remark = remark.or_else(|| {
            (state.exit_code != 0).then(|| format!("its status is {}", state.exit_code))
        });
        self.did(Step::Stop, None, remark);
        Ok(())
    }

    fn pause(&self) -> Result<(), CommandError> {
        match self.interrupts.wait(LOOK_EVERY) {
            None => Ok(()),
            Some(interrupt) => Err(EngineError::Interrupted {
                engine: "callsieve",
                what: "verify".to_owned(),
                signal: interrupt.signal,
            }
            .into()),
        }
    }
}

impl Failure {
    fn too_early() -> Self {
        Self {
            status: Some(0),
            said: "it ended before it could be used".to_owned(),
            runtime: false,
        }
    }
}

/// Why a probe or a load failed, if it did.
fn failure_of(answer: Result<Answer, EngineError>) -> Result<Option<Failure>, CommandError> {
    match answer {
        Ok(answer) if answer.status.success() => Ok(None),
        Ok(answer) => said_by(answer).map(Some),
        Err(EngineError::Late { seconds, .. }) => Ok(Some(Failure {
            status: None,
            said: format!("it did not end in {seconds} s"),
            runtime: false,
        })),
        Err(error) => Err(error.into()),
    }
}

/// What a command said that failed. A runtime that can't run a program inside exits with 126 or
/// 127 too, so that its words decide.
fn said_by(mut answer: Answer) -> Result<Failure, CommandError> {
    let mut printed = Vec::new();
    let read = answer.stdout.read_to_end(&mut printed);
    read.map_err(|error| CommandError::input("what a command printed", &error))?;
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let text = format!("{printed}\n{}", answer.stderr);
    Ok(Failure {
        status: answer.status.code().map(i64::from),
        runtime: text.contains("OCI runtime exec failed") || text.contains("OCI runtime error"),
        said: end_of(&text),
    })
}

/// The end of a text, at most [`SAID`] bytes of it.
fn end_of(text: &str) -> String {
    let text = text.trim();
    let from = text.len().saturating_sub(SAID);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at));
    from.and_then(|from| text.get(from..))
        .unwrap_or_default()
        .to_owned()
}
