//! What a source read, what it could not use, and what is therefore missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::shape;

/// Why a part of the input gave no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// Nothing on the line.
    Blank,
    /// A signal, an exit, a mode switch: understood, no call.
    Event,
    /// strace's own messages.
    Message,
    /// Stack frames (`-k`), data dumps (`-e read=`), rows of an `strace -c` table.
    Decoration,
    /// The rest of a line that something else was printed into.
    Continuation,
    /// The second half of a call whose first half is not in the log. The call is counted.
    ResumedOnly,
    /// A call without its result, and no half to come. The call is counted.
    Unterminated,
    /// A call found behind something else on the line. The call is counted.
    Glued,
    /// A call whose name no architecture has. The call is kept under that name.
    UnknownName,
    /// A line too long to be kept whole. Its call is counted, its result unknown.
    TooLong,
    /// A process that the log tells of and has no line of.
    NotFollowed,
    /// Nothing that the tool prints.
    NotUnderstood,
    /// A call that a recorder saw and has no room or no name for.
    Lost,
}

impl Skip {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Blank,
        Self::Event,
        Self::Message,
        Self::Decoration,
        Self::Continuation,
        Self::ResumedOnly,
        Self::Unterminated,
        Self::Glued,
        Self::UnknownName,
        Self::TooLong,
        Self::NotFollowed,
        Self::NotUnderstood,
        Self::Lost,
    ];

    /// The key in a recording.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Event => "event",
            Self::Message => "message",
            Self::Decoration => "decoration",
            Self::Continuation => "continuation",
            Self::ResumedOnly => "resumed-only",
            Self::Unterminated => "unterminated",
            Self::Glued => "glued",
            Self::UnknownName => "unknown-name",
            Self::TooLong => "too-long",
            Self::NotFollowed => "not-followed",
            Self::NotUnderstood => "not-understood",
            Self::Lost => "lost",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|skip| skip.key() == key)
    }
}

/// Something that makes a recording incomplete: there were calls that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The start is missing: attached to a running program, or only some calls were traced.
    NoStart,
    /// Only some calls were traced, by the look of those that are there.
    Filtered,
    /// The tracer let go of the program while it ran.
    Detached,
    /// Processes that the program started were not traced.
    NotFollowed,
    /// The last line is cut off.
    Torn,
    /// Only an `strace -c` table, in which calls that never return are missing.
    SummaryOnly,
    /// More than one line in twenty was nothing that strace prints.
    NotUnderstood,
    /// A filter killed the program, so that the rest of it was not seen.
    KilledByFilter,
    /// Calls were seen that could not be kept; or the source says that it lost some.
    Lost,
    /// Calls that were known beforehand were not recorded again.
    Incremental,
    /// A program that traces others could not do so, being traced itself.
    NestedTracer,
    /// A program ran without the privileges that its file gives.
    NoPrivileges,
    /// A program's own filter may have hidden calls from the recorder.
    HiddenByFilter,
    /// A program asked for notifications of its own, which only the recorder can have.
    OwnListener,
    /// A program asked for strict seccomp, which can't be had beside the recorder's filter.
    StrictSeccomp,
    /// A call that the profile refuses, under which the program ran, could not be refused.
    NotRefused,
    /// The source drops records when many come at once, as the kernel's log does.
    RateLimited,
    /// The source reports chosen events only, of which calls are a part.
    Selected,
    /// A list of names that something allows, which nobody saw called.
    NotObserved,
    /// The tool reads calls of 32-bit programs with the table of 64-bit ones, and it looks as if
    /// there were some.
    WrongTable,
}

impl Gap {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::NoStart,
        Self::Filtered,
        Self::Detached,
        Self::NotFollowed,
        Self::Torn,
        Self::SummaryOnly,
        Self::NotUnderstood,
        Self::KilledByFilter,
        Self::Lost,
        Self::Incremental,
        Self::NestedTracer,
        Self::NoPrivileges,
        Self::HiddenByFilter,
        Self::OwnListener,
        Self::StrictSeccomp,
        Self::NotRefused,
        Self::RateLimited,
        Self::Selected,
        Self::NotObserved,
        Self::WrongTable,
    ];

    /// The key in a recording.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NoStart => "no-start",
            Self::Filtered => "filtered",
            Self::Detached => "detached",
            Self::NotFollowed => "not-followed",
            Self::Torn => "torn",
            Self::SummaryOnly => "summary-only",
            Self::NotUnderstood => "not-understood",
            Self::KilledByFilter => "killed-by-filter",
            Self::Lost => "lost",
            Self::Incremental => "incremental",
            Self::NestedTracer => "nested-tracer",
            Self::NoPrivileges => "no-privileges",
            Self::HiddenByFilter => "hidden-by-filter",
            Self::OwnListener => "own-listener",
            Self::StrictSeccomp => "strict-seccomp",
            Self::NotRefused => "not-refused",
            Self::RateLimited => "rate-limited",
            Self::Selected => "selected",
            Self::NotObserved => "not-observed",
            Self::WrongTable => "wrong-table",
        }
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gap| gap.key() == key)
    }
}

/// For people.
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoStart => {
                "it does not begin with an execve: taken by attaching, or with a filter on what is traced"
            }
            Self::Filtered => {
                "calls that every program makes are missing: taken with a filter on what is traced"
            }
            Self::Detached => "the tracer let go of the program while it ran",
            Self::NotFollowed => {
                "processes or threads that it started were not traced (strace follows them with -f)"
            }
            Self::Torn => "the last line is cut off",
            Self::SummaryOnly => "a table of counts misses the calls that never return",
            Self::NotUnderstood => "more than one line in twenty was not understood",
            Self::KilledByFilter => "a seccomp filter killed the program, and the rest was not seen",
            Self::Lost => "calls were seen and lost, says what saw them",
            Self::Incremental => {
                "calls known beforehand were not recorded again; merge it with the recording that it was told"
            }
            Self::NestedTracer => "a program that traces others could not, being traced itself",
            Self::NoPrivileges => "a program ran without the privileges that its file gives",
            Self::HiddenByFilter => {
                "a program has a seccomp filter of its own, and what that refuses is not seen; `--backend ptrace` sees it"
            }
            Self::OwnListener => {
                "a program asked for seccomp notifications, which only one can have; `--backend ptrace` leaves them to it"
            }
            Self::StrictSeccomp => {
                "a program asked for strict seccomp, which can't be had beside the recorder's filter; `--results` records without one"
            }
            Self::NotRefused => "a call that the profile refuses could not be refused",
            Self::RateLimited => {
                "the kernel's log keeps 10 records in 5 seconds and drops the others; auditd keeps them all"
            }
            Self::Selected => "the tool reports chosen events, not every call",
            Self::NotObserved => "names from a list or a profile, which nobody saw called",
            Self::WrongTable => {
                "the tool tells calls of 32-bit programs wrong or not at all, and there seem to be some"
            }
        })
    }
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// The file, without its folder.
    pub file: String,
    /// The line, from 1 on.
    pub line: u64,
    /// The start of its text, escaped.
    pub text: String,
    /// Its [`shape()`]; empty in recordings that were made before shapes were told.
    pub shape: String,
    /// How many lines of this shape there are.
    pub lines: u64,
}

/// What was read and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Lines read.
    pub lines: u64,
    /// Calls found.
    pub calls: u64,
    /// Lines, or parts of lines, that gave no call or an unsure one, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// Lines that were not understood, the first of each of the first few shapes.
    pub examples: Vec<Example>,
    /// What is missing, by the look of what is there.
    pub gaps: BTreeSet<Gap>,
}

/// How many examples of lines that were not understood are kept.
const MAX_EXAMPLES: usize = 3;
/// How much of such a line is kept, in characters.
const MAX_EXAMPLE_CHARS: usize = 60;

impl Tally {
    /// Counts one.
    pub fn skip(&mut self, skip: Skip) {
        *self.skipped.entry(skip).or_default() += 1;
    }

    /// How many were skipped for this reason.
    pub fn skipped(&self, skip: Skip) -> u64 {
        self.skipped.get(&skip).copied().unwrap_or_default()
    }

    /// Counts a line that was not understood. The first of each of the first few shapes is kept.
    pub fn not_understood(&mut self, file: &str, line: u64, text: &[u8]) {
        self.skip(Skip::NotUnderstood);
        let shape = shape(text);
        if let Some(example) = self
            .examples
            .iter_mut()
            .find(|example| example.shape == shape)
        {
            example.lines = example.lines.saturating_add(1);
            return;
        }
        if self.examples.len() < MAX_EXAMPLES {
            let head = text.get(..MAX_EXAMPLE_CHARS * 4).unwrap_or(text);
            let text: String = String::from_utf8_lossy(head)
                .chars()
                .take(MAX_EXAMPLE_CHARS)
                .flat_map(char::escape_debug)
                .collect();
            self.examples.push(Example {
                file: file.to_owned(),
                line,
                text,
                shape,
                lines: 1,
            });
        }
    }
}
