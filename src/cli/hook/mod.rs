//! An OCI hook that records: the runtime calls it when a container's namespaces are there and its
//! program has not begun. Whatever happens, the container starts.
//!
//! The hook gives what the runtime says to a recorder of its own session, waits until that counts,
//! and ends. The recorder stays until the container is over.

mod folder;
mod log;
mod origin;
mod recorder;
mod state;

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use callsieve::record::{Tid, mount_namespace};
use nix::unistd::geteuid;

use super::error::CommandError;
use super::exit::Exit;
use log::Log;
use state::State;

pub(crate) use recorder::{Job, record};

/// Where recordings go if nothing else is said.
pub(crate) const FOLDER: &str = "/var/lib/callsieve/recordings";
/// This program, even if another has been put in its place since it was started.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// How long a container waits for its recorder, at most. Half of it is for what the runtime says.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the recorder says when it counts.
const READY: u8 = b'+';
/// What it says when it can't, and has written down why.
const TOLD: u8 = b'-';

/// Whether arguments call the hook: it ends with status 0, whatever is wrong with them.
pub(crate) fn is_called(arguments: &[std::ffi::OsString]) -> bool {
    let words = arguments.iter().skip(1);
    let mut words = words.take_while(|word| *word != "--");
    words.any(|word| word == "--oci-hook")
}

/// Starts a recorder for the container that the runtime tells of on standard input.
pub(crate) fn start(folder: Option<&Path>, labels: &[String]) -> Result<Exit, CommandError> {
    if !geteuid().is_root() {
        return Err(CommandError::user("the hook is for root"));
    }
    let folder = folder.unwrap_or(Path::new(FOLDER));
    folder::prepare(folder)?;
    let answer = started(folder, labels).inspect_err(|error| {
        Log::new(folder, "hook").line(&error.to_string());
    })?;
    match answer {
        Answer::Counts => Ok(Exit::Done),
        Answer::Told => Err(CommandError::user(format!(
            "the container is not recorded: `{}` says why",
            Log::file(folder).display()
        ))),
    }
}

/// What a recorder says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Counts,
    /// It can't record, and the log says why.
    Told,
}

fn started(folder: &Path, labels: &[String]) -> Result<Answer, CommandError> {
    let text = state::from_runtime(PATIENCE / 2)?;
    let state = State::read(&text)?;
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let namespace = mount_namespace(Tid(state.pid)).ok_or_else(|| {
        CommandError::user(format!("there is no process {} to record", state.pid))
    })?;
    if Some(namespace) == mount_namespace(Tid(own)) {
        return Err(CommandError::user(format!(
            "container {} has no mount namespace of its own, so it can't be told from others",
            state.short_id()
        )));
    }
    recorder(folder, labels, &text).map_err(|error| {
        CommandError::user(format!(
            "can't start a recorder for {}: {error}",
            state.short_id()
        ))
    })
}

/// Starts the recorder and waits until it counts, but not for long: it notices that it is late.
fn recorder(folder: &Path, labels: &[String], state: &[u8]) -> std::io::Result<Answer> {
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(PATIENCE))?;
    ours.set_write_timeout(Some(PATIENCE))?;
    let mut command = Command::new(OWN_PROGRAM);
    // What it is to people who list processes.
    command.arg0("callsieve");
    command.arg("oci-recorder").arg("--folder").arg(folder);
    for label in labels {
        command.arg("--label").arg(label);
    }
    command
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // It holds the other end.
    drop(command);
    ours.write_all(state)?;
    ours.shutdown(Shutdown::Write)?;
    let mut said = [0];
    match ours.read(&mut said) {
        Ok(1) if said == [READY] => Ok(Answer::Counts),
        Ok(1) if said == [TOLD] => Ok(Answer::Told),
        Ok(_) => Err(std::io::Error::other("it ended before it counted")),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) =>
        {
            Err(std::io::Error::other(
                "it took too long; the container starts, and its recording is incomplete",
            ))
        }
        Err(error) => Err(error),
    }
}
