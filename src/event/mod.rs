//! What a source of evidence reports, whatever it is: the currency between `ingest` or `record`
//! below and `recording` above.
//!
//! A source does not report call by call. It gathers what one program image did and hands over a
//! [`Sighting`] for each kind of call, so that a log of millions of lines costs a few hundred
//! hand-overs. Nothing here says whether a call is to be allowed.

mod argument;
mod capture;
mod denial;
mod outcome;
mod shape;
mod tally;

pub use argument::{ArgFacts, ArgValue, MAX_ARG_VALUES};
pub use capture::{Capture, MAX_REMARKED, Remark};
pub use denial::{Answer, Denial, DenialEnd, MAX_DENIAL_ENDS, MAX_DENIALS, UnderProfile};
pub use outcome::{Errno, Outcome};
pub use shape::shape;
pub use tally::{Example, Gap, Skip, Tally};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use crate::arch::Arch;
use crate::syscalls::SyscallName;

/// Which system call: by name where there is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallId {
    /// A name, known to the architecture's table or not.
    Name(SyscallName),
    /// A number that the architecture's table has no name for.
    Number(u32),
}

/// `openat`, or `#500` for a number without a name.
impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Number(number) => f.pad(&format!("#{number}")),
        }
    }
}

/// One kind of call made by one program image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The architecture the call was made with.
    pub arch: Arch,
    /// The call.
    pub call: CallId,
    /// The source can't tell whether it was this call or another that is reported beside it, as
    /// where strace prints a sub-call of `socketcall` by its own name.
    pub either: bool,
    /// How many were begun.
    pub calls: u64,
    /// How they ended; the counts add up to `calls`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Values of those arguments that come from a small set, by position.
    pub args: BTreeMap<u8, ArgFacts>,
    /// The first of them.
    pub first: Place,
    /// When the first of them was made, since the source began, where the source tells.
    pub since_start: Option<Duration>,
}

/// Where in its source something was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, without its folder.
    pub file: String,
    /// The line, from 1 on.
    pub line: u64,
}

/// A program in execution, from its execve on: the processes and threads that share it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// The path it was started by, as the source shows it, or its `comm` where only that is
    /// known. `None` for what ran before the first execve and for processes met on the way.
    pub executable: Option<String>,
    /// The process that was seen in it first, where the source tells.
    pub pid: Option<u32>,
    /// How many processes and threads ran it.
    pub processes: u64,
    /// Names that they gave themselves, where the source tells.
    pub names: BTreeSet<String>,
    /// How the processes ended, where the source tells: `exit 0` or a signal.
    pub ends: BTreeMap<String, u64>,
    /// The programs that processes ran before they executed this one, where the source tells, and
    /// how often; the empty name stands for what the source began with.
    pub started_by: BTreeMap<String, u64>,
}

/// What container runtimes called within a container, before they executed its program there: by
/// program, architecture and call. It is no part of what the container's programs did.
pub type RuntimeCalls = BTreeMap<String, BTreeMap<Arch, BTreeMap<CallId, RuntimeCall>>>;

/// How often a runtime made a kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuntimeCall {
    /// In all.
    pub calls: u64,
    /// Under a filter, which had to allow it: the runtime's floor.
    pub filtered: u64,
}

/// Receives what a source found.
pub trait Sink {
    /// A program image is over, or the source is, and this is what it did.
    fn image(&mut self, image: &Image, sightings: Vec<Sighting>);

    /// The source began so much earlier than was known when images were handed over: their times
    /// are longer by that.
    fn begins_earlier(&mut self, _by: Duration) {}
}
