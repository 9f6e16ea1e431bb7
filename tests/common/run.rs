//! Commands with a time limit.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Long enough for any step of these tests on a loaded machine with two cores.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    command: String,
    /// The exit status as a shell gives it, or `None` when the time limit ended the command.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
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
            None => write!(f, "ended after {} s: `{}`", LIMIT.as_secs(), self.command)?,
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
///
/// The output goes through files: a grandchild which keeps a pipe open cannot hold the test up.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Finished {
    let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(err.try_clone().unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status
                .code()
                .or_else(|| status.signal().map(|signal| 128 + signal));
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        sleep(Duration::from_millis(10));
    };
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    Finished {
        command: words.join(" "),
        status,
        stdout: contents(&mut out),
        stderr: contents(&mut err),
    }
}

fn contents(file: &mut File) -> String {
    file.rewind().unwrap();
    let bytes: Result<Vec<u8>, _> = BufReader::new(file).bytes().collect();
    String::from_utf8_lossy(&bytes.unwrap()).into_owned()
}
