//! Commands with a time limit.
#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Long enough for any step of these tests on a loaded machine with two cores.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// How many times longer everything may take: machines that are emulated are slow.
pub(crate) fn patience() -> u32 {
    let told = std::env::var("CALLSIEVE_TEST_PATIENCE").unwrap_or_default();
    told.parse().unwrap_or(1)
}

/// Whether only programs in the kernel are to record: what other ways do has nothing to do with its
/// version, and takes hours where it is emulated.
pub(crate) fn only_in_kernel() -> bool {
    std::env::var_os("CALLSIEVE_TEST_ONLY_IN_KERNEL").is_some()
}

/// How long to wait between two looks, which is short beside what is waited for.
const PAUSE: Duration = Duration::from_millis(4);

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    command: String,
    /// The exit status as a shell gives it, or `None` when the time limit ended the command.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that runs. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Running {
    command: String,
    child: Child,
    out: File,
    err: File,
}

impl Finished {
    /// What a command left behind elsewhere.
    pub(crate) fn elsewhere(command: String, status: i32, stdout: String, stderr: String) -> Self {
        Self {
            command,
            status: Some(status),
            stdout,
            stderr,
        }
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.status == Some(0)
    }

    /// The command itself, for one whose failure is a failure of the test.
    #[track_caller]
    pub(crate) fn expect_success(self) -> Self {
        assert!(self.succeeded(), "{self}");
        self
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "status {status} from `{}`", self.command)?,
            None => write!(f, "ended by the time limit: `{}`", self.command)?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            for line in text.lines() {
                write!(f, "\n  {name}: {line}")?;
            }
        }
        Ok(())
    }
}

/// Runs `command` without stdin for at most [`LIMIT`] and collects what it prints.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Finished {
    start(command).finish()
}

/// Runs a command that removes what a test has made with an engine, until it is gone: a busy daemon
/// may refuse for a while. What stays is a failure.
pub(crate) fn remove(command: &mut Command) {
    let deadline = Instant::now() + LIMIT * patience();
    loop {
        let finished = run(command);
        let gone = ["no such", "not known"]
            .iter()
            .any(|it| finished.stderr.to_lowercase().contains(it));
        if finished.succeeded() || gone {
            return;
        }
        if Instant::now() > deadline {
            // A test that fails already says why itself.
            assert!(std::thread::panicking(), "not removed: {finished}");
            return;
        }
        sleep(PAUSE * 50);
    }
}

/// Starts `command` without stdin.
///
/// The output goes through files: a grandchild which keeps a pipe open cannot hold the test up.
#[track_caller]
pub(crate) fn start(command: &mut Command) -> Running {
    let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(err.try_clone().unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let command = words.join(" ");
    Running {
        command,
        child,
        out,
        err,
    }
}

impl Running {
    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&mut self) {
        // Its number is its own until it was waited for.
        if !self.ended() {
            let pid = Pid::from_raw(self.child.id().try_into().unwrap());
            kill(pid, Signal::SIGTERM).unwrap();
        }
    }

    /// Waits for its end, for at most [`LIMIT`].
    pub(crate) fn finish(self) -> Finished {
        self.finish_within(LIMIT)
    }

    /// Waits for its end, for at most so long.
    pub(crate) fn finish_within(mut self, limit: Duration) -> Finished {
        let deadline = Instant::now() + limit * patience();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status
                    .code()
                    .or_else(|| status.signal().map(|signal| 128 + signal));
            }
            if Instant::now() > deadline {
                self.end();
                break None;
            }
            sleep(PAUSE);
        };
        Finished {
            command: std::mem::take(&mut self.command),
            status,
            stdout: contents(&mut self.out),
            stderr: contents(&mut self.err),
        }
    }

    fn end(&mut self) {
        if !self.ended() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn contents(file: &mut File) -> String {
    file.rewind().unwrap();
    let bytes: Result<Vec<u8>, _> = BufReader::new(file).bytes().collect();
    String::from_utf8_lossy(&bytes.unwrap()).into_owned()
}
