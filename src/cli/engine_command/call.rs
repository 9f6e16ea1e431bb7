//! One run of the engine's command: its time, its output and the user's patience are bounded.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::error::EngineError;
use super::interrupts::Interrupts;

/// How long a command may take if nothing else is said.
pub(super) const LIMIT: Duration = Duration::from_secs(60);
/// How much it may say, in bytes.
const LONGEST: u64 = 4 << 20;
/// How often it is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A command of an engine that is to be run.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    engine: &'static str,
    /// Its file, or the name that is looked for in `PATH`.
    program: OsString,
    arguments: Vec<OsString>,
    what: String,
    limit: Option<Duration>,
    longest: u64,
    input: Option<File>,
    interrupts: Option<&'a Interrupts>,
}

/// What a command gave, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it printed, from its start.
    pub(crate) stdout: File,
    /// What it said, as much of it as is taken.
    pub(crate) stderr: String,
}

impl<'a> Call<'a> {
    /// A command: the engine's name, its own options, and the words after them, the first of
    /// which names it in errors.
    pub(super) fn new<S: AsRef<OsStr>>(
        engine: &'static str,
        globals: &[OsString],
        words: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut arguments = globals.to_vec();
        arguments.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        let what = arguments.get(globals.len());
        let what = what.map(|word| word.to_string_lossy().into_owned());
        Self {
            engine,
            program: engine.into(),
            what: what.unwrap_or_default(),
            arguments,
            limit: Some(LIMIT),
            longest: LONGEST,
            input: None,
            interrupts: None,
        }
    }

    /// A command that is no engine's, in the same bounds.
    pub(crate) fn of_this_machine<S: AsRef<OsStr>>(
        program: &'static str,
        words: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::new(program, &[], words)
    }

    /// A command of this very program, whatever has its name by now.
    pub(crate) fn of_this_program<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut call = Self::new("callsieve", &[], words);
        call.program = this_program();
        call
    }

    /// It may take this long; 60 s if nothing is said.
    pub(crate) const fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// It may take as long as it likes, until the user interrupts it.
    pub(crate) const fn until(mut self, interrupts: &'a Interrupts) -> Self {
        self.limit = None;
        self.interrupts = Some(interrupts);
        self
    }

    /// It may print this much, in bytes; 4 MiB if nothing is said.
    pub(crate) const fn at_most(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    /// What stands on its standard input; nothing otherwise.
    pub(crate) fn input(mut self, file: File) -> Self {
        self.input = Some(file);
        self
    }

    /// Runs it and returns what it gave, whatever its status.
    ///
    /// Its output goes through files: a child of its that keeps a pipe open can't hold this up.
    /// It is in a process group of its own, so that Ctrl-C does not break it off half way.
    pub(crate) fn answer(self) -> Result<Answer, EngineError> {
        let io = |source| failed(self.engine, source);
        let mut stdout = tempfile::tempfile().map_err(io)?;
        let mut stderr = tempfile::tempfile().map_err(io)?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(
                self.input
                    .as_ref()
                    .map_or_else(
                        || Ok(Stdio::null()),
                        |file| file.try_clone().map(Stdio::from),
                    )
                    .map_err(io)?,
            )
            .stdout(stdout.try_clone().map_err(io)?)
            .stderr(stderr.try_clone().map_err(io)?)
            .process_group(0)
            .spawn()
            .map_err(io)?;
        let status = self.ended(&mut child, &stdout, &stderr);
        if status.is_err() {
            end(&mut child);
        }
        let status = status?;
        stdout.rewind().map_err(io)?;
        stderr.rewind().map_err(io)?;
        let mut said = Vec::new();
        stderr.take(LONGEST).read_to_end(&mut said).map_err(io)?;
        Ok(Answer {
            status,
            stdout,
            stderr: String::from_utf8_lossy(&said).into_owned(),
        })
    }

    /// Runs it and returns what it printed, if it succeeded.
    pub(crate) fn output(self) -> Result<File, EngineError> {
        let (engine, what) = (self.engine, self.what.clone());
        let answer = self.answer()?;
        if answer.status.success() {
            return Ok(answer.stdout);
        }
        Err(EngineError::told(engine, what, &answer.stderr))
    }

    /// Runs it and returns what it printed, as text, if it succeeded.
    pub(crate) fn text(self) -> Result<String, EngineError> {
        let (engine, longest) = (self.engine, self.longest);
        let mut bytes = Vec::new();
        let mut file = self.output()?;
        file.by_ref()
            .take(longest)
            .read_to_end(&mut bytes)
            .map_err(|source| failed(engine, source))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn ended(
        &self,
        child: &mut Child,
        stdout: &File,
        stderr: &File,
    ) -> Result<ExitStatus, EngineError> {
        let io = |source| failed(self.engine, source);
        let (engine, what) = (self.engine, || self.what.clone());
        let start = Instant::now();
        loop {
            let status = child.try_wait().map_err(io)?;
            let length = stdout.metadata().map_err(io)?.len();
            let said = stderr.metadata().map_err(io)?.len();
            if length > self.longest || said > LONGEST {
                let (what, bytes) = (what(), self.longest);
                return Err(EngineError::TooMuch {
                    engine,
                    what,
                    bytes,
                });
            }
            if let Some(status) = status {
                return Ok(status);
            }
            if let Some(limit) = self.limit.filter(|limit| start.elapsed() > *limit) {
                let (what, seconds) = (what(), limit.as_secs());
                return Err(EngineError::Late {
                    engine,
                    what,
                    seconds,
                });
            }
            match self.interrupts {
                None => std::thread::sleep(LOOK_EVERY),
                Some(interrupts) => {
                    if let Some(interrupt) = interrupts.wait(LOOK_EVERY) {
                        let (what, signal) = (what(), interrupt.signal);
                        return Err(EngineError::Interrupted {
                            engine,
                            what,
                            signal,
                        });
                    }
                }
            }
        }
    }
}

/// The file of this program. Without `/proc`, how it was called.
pub(crate) fn this_program() -> OsString {
    let own = OsString::from("/proc/self/exe");
    if Path::new(&own).exists() {
        return own;
    }
    std::env::args_os().next().unwrap_or(own)
}

/// Ends a command that is not waited for any longer.
pub(super) fn end(child: &mut Child) {
    // With all that it has started. It may have ended by itself just now.
    if let Ok(group) = i32::try_from(child.id()) {
        let _gone = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _gone = child.kill();
    let _reaped = child.wait();
}

pub(super) fn failed(engine: &'static str, source: io::Error) -> EngineError {
    if source.kind() == io::ErrorKind::NotFound {
        EngineError::NotInstalled { engine }
    } else {
        EngineError::Io { engine, source }
    }
}
