//! What a runtime says of a container to its hooks; opencontainers/runtime-spec, runtime.md.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd;

use crate::cli::error::CommandError;

/// More is not taken, in bytes. Annotations of Kubernetes may have 256 KiB.
const LONGEST: usize = 1 << 20;

/// What is needed of it. There are more fields, and versions may add some.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct State {
    pub(super) id: String,
    pub(super) pid: i32,
    #[serde(default)]
    pub(super) bundle: String,
}

/// Reads what the runtime says, which may take this long. Bytes that come late are left.
pub(super) fn from_runtime(within: Duration) -> Result<Vec<u8>, CommandError> {
    let failed = |error: &dyn std::fmt::Display| {
        CommandError::user(format!("can't read the container's state: {error}"))
    };
    let until = Instant::now() + within;
    let stdin = std::io::stdin();
    let mut text = Vec::new();
    let mut part = vec![0; 1 << 16];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut polled, left).map_err(|error| failed(&error))?;
        if ready == 0 {
            return Err(failed(&"it did not come in time"));
        }
        let got = unistd::read(&stdin, &mut part).map_err(|error| failed(&error))?;
        text.extend_from_slice(part.get(..got).unwrap_or_default());
        if got == 0 {
            return Ok(text);
        }
        if text.len() > LONGEST {
            return Err(failed(&"it is too long"));
        }
    }
}

impl State {
    pub(super) fn read(text: &[u8]) -> Result<Self, CommandError> {
        let state: Self = serde_json::from_slice(text).map_err(|error| {
            CommandError::user(format!("what came is no container's state: {error}"))
        })?;
        // 1 is never a container's, seen from where its runtime runs.
        if state.pid <= 1 || state.id.is_empty() {
            return Err(CommandError::user(
                "the state is not of a container that starts",
            ));
        }
        Ok(state)
    }

    /// The first characters of its name, as engines show it.
    pub(super) fn short_id(&self) -> String {
        const SHOWN: usize = 12;
        self.id
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .take(SHOWN)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn states() {
        for (text, fine) in [
            (
                r#"{"ociVersion":"1.0","id":"a","pid":7,"bundle":"/b","status":"creating"}"#,
                true,
            ),
            (
                r#"{"id":"a","pid":7,"annotations":{"x":"y"},"new":[]}"#,
                true,
            ),
            (r#"{"id":"a","pid":1}"#, false),
            (r#"{"id":"a","pid":0}"#, false),
            (r#"{"id":"a","pid":-7}"#, false),
            (r#"{"id":"a","pid":4294967303}"#, false),
            (r#"{"id":"","pid":7}"#, false),
            (r#"{"id":"a"}"#, false),
            (r#"{"id":["a"],"pid":7}"#, false),
            ("", false),
            ("null", false),
            ("garbage", false),
        ] {
            assert_eq!(State::read(text.as_bytes()).is_ok(), fine, "{text}");
        }
        assert!(State::read(&[0xff; 100]).is_err());
        assert!(State::read("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn names_that_would_leave_the_folder() {
        let state = State::read(br#"{"id":"../../etc/\u001b[31mx","pid":7}"#).unwrap();
        assert_eq!(state.short_id(), "______etc___");
        assert_eq!(state.short_id().find('/'), None);
    }
}
