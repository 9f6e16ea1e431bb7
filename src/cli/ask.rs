//! Short questions to other programs: their standard output, in bounded time and space.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a program may think.
const LIMIT: Duration = Duration::from_secs(20);
/// How much of an answer is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// It is not installed.
    #[error("{program} is not installed")]
    Missing {
        /// Its name.
        program: String,
    },
    /// It said no.
    #[error("{program} failed: {said}")]
    Failed {
        /// Its name.
        program: String,
        /// The last line of what it said.
        said: String,
    },
    /// It took too long.
    #[error("{program} did not answer in {} s", LIMIT.as_secs())]
    Late {
        /// Its name.
        program: String,
    },
    /// It can't be started or heard.
    #[error("can't ask {program}: {source}")]
    Io {
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// Runs a program without input and returns what it prints.
///
/// The answer goes through a file: a child of its that keeps a pipe open can't hold this up.
pub(crate) fn ask(program: &str, arguments: &[&str]) -> Result<String, AskError> {
    let failed = |source: io::Error| {
        let program = program.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            AskError::Missing { program }
        } else {
            AskError::Io { program, source }
        }
    };
    let mut out = tempfile::tempfile().map_err(failed)?;
    let mut err = tempfile::tempfile().map_err(failed)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(failed)?)
        .stderr(err.try_clone().map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(AskError::Late {
                program: program.to_owned(),
            });
        }
        sleep(Duration::from_millis(5));
    };
    if status.success() {
        return text(&mut out).map_err(failed);
    }
    let said = text(&mut err).map_err(failed)?;
    Err(AskError::Failed {
        program: program.to_owned(),
        said: said.trim().lines().last().unwrap_or("no answer").to_owned(),
    })
}

fn text(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_refusals() {
        assert_eq!(ask("sh", &["-c", "echo yes"]).unwrap(), "yes\n");
        let failed = ask("sh", &["-c", "echo first >&2; echo no >&2; exit 3"]).unwrap_err();
        assert_eq!(failed.to_string(), "sh failed: no");
        let missing = ask("no-such-program-here", &[]).unwrap_err();
        assert_eq!(missing.to_string(), "no-such-program-here is not installed");
    }
}
