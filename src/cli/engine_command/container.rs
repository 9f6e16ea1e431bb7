//! A container that this program made, which goes when the value goes.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::call::{Answer, Call, failed};
use super::details::Details;
use super::error::EngineError;
use super::{Engine, Interrupts};

/// What an archive out of a container may hold, in bytes.
const LARGEST_ARCHIVE: u64 = 512 << 20;

/// How long an engine may take to start a container.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// A container that was made here. When the value is dropped it is ended and removed, with its
/// anonymous volumes.
#[derive(Debug)]
pub(crate) struct Container<'e> {
    engine: &'e Engine,
    id: String,
    removed: bool,
}

impl<'e> Container<'e> {
    pub(super) const fn new(engine: &'e Engine, id: String) -> Self {
        Self {
            engine,
            id,
            removed: false,
        }
    }

    /// Its name in hexadecimal.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What the engine says of it now.
    pub(crate) fn inspect(&self) -> Result<Details, EngineError> {
        self.engine.inspect(&self.id)
    }

    /// Starts it, and does not wait for its end.
    pub(crate) fn start(&self) -> Result<(), EngineError> {
        self.engine.call(["start", &self.id]).text().map(drop)
    }

    /// Starts it, and returns what the engine said, whatever came of it.
    pub(crate) fn try_start(&self, interrupts: &Interrupts) -> Result<Answer, EngineError> {
        let call = self.engine.call(["start", &self.id]);
        call.until(interrupts).within(STARTS_WITHIN).answer()
    }

    /// A command that starts it with the standard streams of this process: signals that it gets
    /// reach the container, and it ends with it. The status of the container is not that of the
    /// command where the start fails; [`Self::inspect`] has it.
    pub(crate) fn start_attached<S: AsRef<OsStr>>(
        &self,
        options: impl IntoIterator<Item = S>,
    ) -> Result<Child, EngineError> {
        let engine = self.engine.name();
        Command::new(engine)
            .args(&self.engine.globals)
            .args(["start", "--attach"])
            .args(options)
            .arg(&self.id)
            .spawn()
            .map_err(|source| failed(engine, source))
    }

    /// A command that ends when the container does.
    pub(crate) fn waiter(&self) -> Result<Child, EngineError> {
        let engine = self.engine.name();
        Command::new(engine)
            .args(&self.engine.globals)
            .args(["wait", &self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|source| failed(engine, source))
    }

    /// A command inside of it, which is not waited for and whose output nobody sees.
    pub(crate) fn exec_child<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<Child, EngineError> {
        let engine = self.engine.name();
        Command::new(engine)
            .args(&self.engine.globals)
            .args(["exec", &self.id])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|source| failed(engine, source))
    }

    /// An error of this engine's command.
    pub(crate) fn failed(&self, source: io::Error) -> EngineError {
        failed(self.engine.name(), source)
    }

    /// A command to be run inside: `exec OPTIONS ID WORDS`.
    pub(crate) fn exec<S: AsRef<OsStr>, W: AsRef<OsStr>>(
        &self,
        options: impl IntoIterator<Item = S>,
        words: impl IntoIterator<Item = W>,
    ) -> Call<'static> {
        let mut all = vec![OsStr::new("exec").to_owned()];
        all.extend(options.into_iter().map(|word| word.as_ref().to_owned()));
        all.push(self.id.clone().into());
        all.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self.engine.call(all)
    }

    /// Asks it to end, and kills it after `grace`.
    pub(crate) fn stop(&self, grace: Duration) -> Result<(), EngineError> {
        let seconds = grace.as_secs().to_string();
        self.engine
            .call(["stop", "-t", &seconds, &self.id])
            .within(grace.saturating_add(Duration::from_secs(60)))
            .text()
            .map(drop)
    }

    /// Sends a signal to its first process.
    pub(crate) fn kill(&self, signal: &str) -> Result<(), EngineError> {
        let call = self.engine.call(["kill", "--signal", signal, &self.id]);
        call.text().map(drop)
    }

    /// What it printed, at most so many bytes: standard output, then standard error.
    pub(crate) fn logs(&self, longest: u64) -> Result<(String, String), EngineError> {
        let call = self.engine.call(["logs", &self.id]).at_most(longest);
        let mut answer = call.answer()?;
        if !answer.status.success() {
            let what = "logs".to_owned();
            return Err(EngineError::told(self.engine.name(), what, &answer.stderr));
        }
        let mut bytes = Vec::new();
        answer
            .stdout
            .read_to_end(&mut bytes)
            .map_err(|source| failed(self.engine.name(), source))?;
        Ok((String::from_utf8_lossy(&bytes).into_owned(), answer.stderr))
    }

    /// Unpacks an archive (tar) in a folder of it.
    pub(crate) fn copy_in(&self, archive: File, folder: &str) -> Result<(), EngineError> {
        let place = format!("{}:{folder}", self.id);
        let call = self.engine.call(["cp", "-", &place]).input(archive);
        call.within(Duration::from_secs(300)).text().map(drop)
    }

    /// A folder of it as an archive (tar). It may run or not.
    pub(crate) fn copy_out(&self, folder: &str) -> Result<File, EngineError> {
        let place = format!("{}:{folder}", self.id);
        let call = self.engine.call(["cp", &place, "-"]);
        call.at_most(LARGEST_ARCHIVE)
            .within(Duration::from_secs(300))
            .output()
    }

    /// Ends and removes it, and says if that fails.
    pub(crate) fn remove(mut self) -> Result<(), EngineError> {
        self.removed = true;
        self.engine.remove(&self.id)
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        if !self.removed {
            // Something else has failed already, and that is what is told.
            let _failed = self.engine.remove(&self.id);
        }
    }
}
