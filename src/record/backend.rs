//! Which way of recording, and why, as a value.

use std::path::Path;

use super::{RecordError, Session, Target};
use crate::sys::programs;
use crate::sys::seccomp::{self, RET_TRACE};

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// Whatever fits.
    #[default]
    Auto,
    /// ptrace, with or without a filter.
    Ptrace,
}

/// A way of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// ptrace.
    Ptrace(Stops),
}

/// Where a traced program stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// Once a call, by a filter that reports to the tracer.
    Filter,
    /// At the beginning and the end of each call.
    BeginAndEnd,
}

/// A way of recording and why it is that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The way.
    pub backend: Backend,
    /// Why, for people.
    pub reason: String,
    /// The program gives up for ever what set-user-ID programs could gain, which the kernel
    /// wants before it takes a filter from an unprivileged user.
    pub no_new_privileges: bool,
    /// The program is started by the recorder.
    pub launched: bool,
}

impl Backend {
    /// The name in recordings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ptrace(Stops::Filter) => "ptrace+seccomp",
            Self::Ptrace(Stops::BeginAndEnd) => "ptrace",
        }
    }
}

/// What this machine and user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// Filters can be installed without giving up privileges: `CAP_SYS_ADMIN`.
    pub(crate) administrator: bool,
    /// Traced set-user-ID programs keep what they gain: `CAP_SYS_PTRACE`.
    pub(crate) tracer: bool,
    /// The kernel has filters that report to a tracer.
    pub(crate) trace_action: bool,
}

impl Host {
    /// That of the calling process.
    pub fn of_this_process() -> Self {
        // include/uapi/linux/capability.h
        const CAP_SYS_PTRACE: u32 = 19;
        const CAP_SYS_ADMIN: u32 = 21;
        let capabilities = programs::own_capabilities();
        Self {
            administrator: capabilities >> CAP_SYS_ADMIN & 1 == 1,
            tracer: capabilities >> CAP_SYS_PTRACE & 1 == 1,
            trace_action: seccomp::knows(RET_TRACE),
        }
    }
}

/// Chooses.
pub fn choose(session: &Session, host: &Host) -> Result<Choice, RecordError> {
    let begin_and_end = |reason: &str| Choice {
        backend: Backend::Ptrace(Stops::BeginAndEnd),
        reason: reason.to_owned(),
        no_new_privileges: false,
        launched: matches!(session.target, Target::Command(_)),
    };
    let command = match &session.target {
        Target::Process { .. } => {
            return Ok(begin_and_end(
                "a process that runs can't be given a filter that it could lose again",
            ));
        }
        Target::Command(command) => command,
    };
    if session.results {
        return Ok(begin_and_end("results are seen at the end of a call only"));
    }
    if !host.trace_action {
        return Ok(begin_and_end("this kernel has no filters for tracers"));
    }
    let first = command.candidates.iter().find(|path| path.is_file());
    let gives = first.is_some_and(|path: &_| programs::gives_privileges(Path::new(path)));
    if gives && !host.administrator {
        return Ok(begin_and_end(
            "the program's file gives privileges, and the filter of an unprivileged user would forbid them for good",
        ));
    }
    Ok(Choice {
        backend: Backend::Ptrace(Stops::Filter),
        reason: "one stop a call; nothing needs a second one".to_owned(),
        no_new_privileges: !host.administrator,
        launched: true,
    })
}
