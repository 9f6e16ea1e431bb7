//! Exit codes, all of them. docs/exit-codes.md says the same to users.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; nothing that `--fail-on` names.
    Done,
    /// The answer is no: something that `--fail-on` names.
    Finding,
    /// Wrong usage or unreadable input; also clap's own code.
    Usage,
    /// What was observed is incomplete.
    Incomplete,
    /// This machine or user can't do it.
    NotPermitted,
    /// As the recorded command ended, or why it did not start.
    Status(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Finding => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Incomplete => Self::from(3),
            Exit::NotPermitted => Self::from(4),
            Exit::Status(status) => Self::from(status),
        }
    }
}
