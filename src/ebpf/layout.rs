//! How programs and their reader share memory: the shapes of keys and values.

/// Numbers of one kind of call that are counted by their place. x32 has its own up to 547; the
/// rest is kept by number, as what no kernel of today has.
pub(crate) const WIDTH: i32 = 576;
/// Kinds of calls: `x86_64`, x86 and x32, in this order.
pub(crate) const KINDS: i32 = 3;
/// Counts of one program.
pub(crate) const COUNTS: i32 = WIDTH * KINDS;
/// The bit of an x32 call's number.
pub(crate) const X32_BIT: i32 = 0x4000_0000;

/// Calls whose arguments are kept are numbered from 1 on, below this.
pub(crate) const CLOSED: i32 = 128;
/// What stands for a call that uses a descriptor which may be the terminal, in place of arguments
/// that are kept: this, [`READS`] if it reads, and where its descriptor stands.
pub(crate) const USES: u32 = 1 << 31;
pub(crate) const READS: u32 = 1 << 30;
/// Where arguments stand is a multiple of eight, and the first of them tells whether the call may
/// install a filter: always, or by its first argument.
pub(crate) const INSTALLS: i32 = 1;
pub(crate) const MAY_INSTALL: i32 = 2;
/// What is left of where an argument stands.
pub(crate) const PLACE: i32 = 0xf8;
/// How many values of a program's arguments of one call are kept; a bound against a program that
/// makes values up.
pub(crate) const MAX_VALUES: i32 = 512;

/// The counts of a program: one for each number, then, for each call with arguments that are
/// kept, how many calls had a value that was not kept and how many distinct values were.
pub(crate) mod counts {
    use super::{CLOSED, COUNTS};
    pub(crate) const OVERFLOW: i32 = COUNTS * 8;
    pub(crate) const DISTINCT: i32 = OVERFLOW + CLOSED * 8;
    pub(crate) const SIZE: i32 = DISTINCT + CLOSED * 8;
}

/// What stands in a thread's storage.
pub(crate) mod state {
    /// The program, or [`NONE`] before the first execve.
    pub(crate) const SLOT: i16 = 0;
    pub(crate) const SCOPE: i16 = 4;
    /// The call that has begun: its place plus 1, 0, [`SKIP`] or [`ODD`].
    pub(crate) const OPEN: i16 = 8;
    /// Whether the program came into its scope from outside: 0, or as [`super::image::ENTERED`].
    pub(crate) const ENTERED: i16 = 12;
    /// Whether the kernel asked filters about the call that is to begin, which counts from there
    /// on: 0 or 1; and its number.
    pub(crate) const ASKED: i16 = 16;
    pub(crate) const ASKED_NUMBER: i16 = 20;
    /// In the same places, where ends matter of threads with a filter alone: whether the call that
    /// has begun is a 32-bit one and [`FREE`], and its number.
    pub(crate) const BEGUN: i16 = ASKED;
    pub(crate) const BEGUN_NUMBER: i16 = ASKED_NUMBER;
    /// The thread had no filter when the call began.
    pub(crate) const FREE: i32 = 1;
    /// No call is noted yet, so that any that ends has another begin.
    pub(crate) const BEFORE: i32 = 8;
    pub(crate) const SIZE: i32 = 24;
    pub(crate) const NONE: i32 = -1;
    /// The end of the call that made the thread, which is its parent's, and any other that is to be
    /// left.
    pub(crate) const SKIP: i32 = -2;
    /// A call without a place.
    pub(crate) const ODD: i32 = -3;
}

/// A program that ran.
pub(crate) mod image {
    pub(crate) const READY: i16 = 0;
    /// It came into its scope without being executed there: a container's runtime. 1, or
    /// [`FILTERED`] for the same under a filter.
    pub(crate) const ENTERED: i16 = 8;
    pub(crate) const FILTERED: i32 = 2;
    pub(crate) const MODE: i16 = 12;
    pub(crate) const THREAD: i16 = 16;
    pub(crate) const TIME: i16 = 24;
    /// Threads and processes that ran it.
    pub(crate) const TASKS: i16 = 32;
    pub(crate) const NAME: i16 = 40;
    pub(crate) const LENGTH: i16 = 56;
    pub(crate) const FLAGS: i16 = 60;
    /// How often it was executed by somebody for whom there was no room.
    pub(crate) const UNTOLD: i16 = 64;
    /// Its path from the last component to the first, each with a NUL.
    pub(crate) const PATH: i16 = 72;
    pub(crate) const PATH_SIZE: i32 = 4096;
    pub(crate) const SIZE: i32 = PATH as i32 + PATH_SIZE;
    pub(crate) const NAME_SIZE: i32 = 16;
    /// Flag: the file was deleted.
    pub(crate) const DELETED: i32 = 1;
    /// Flag: the path has more components than fit.
    pub(crate) const CUT: i32 = 2;
    /// Above the flags, steps through the path are counted.
    pub(crate) const STEP: i32 = 4;
}

/// What executed a program, in place of the slot of another one.
pub(crate) mod starter {
    /// It was the first of all.
    pub(crate) const NOBODY: i32 = super::state::NONE;
    /// It was there before, or came from outside.
    pub(crate) const UNKNOWN: i32 = -2;
}

/// A process tree, a container, a control group.
pub(crate) mod scope {
    pub(crate) const USED: i16 = 0;
    /// The number of its mount namespace.
    pub(crate) const NAMESPACE: i16 = 4;
    pub(crate) const THREAD: i16 = 8;
    pub(crate) const TIME: i16 = 16;
    /// The slot that counts its programs which have none.
    pub(crate) const OTHERS: i16 = 24;
    /// Names of the control group and of the one above it.
    pub(crate) const GROUP: i16 = 32;
    pub(crate) const ABOVE: i16 = 160;
    pub(crate) const GROUP_SIZE: i32 = 128;
    /// Threads that are in it now.
    pub(crate) const LIVE: i16 = 288;
    /// What no other namespace has had or will have, as its number may come again.
    pub(crate) const SERIAL: i16 = 296;
    pub(crate) const SIZE: i32 = 304;
}

/// In place of how a process ended: a filter killed it, or one of its threads.
pub(crate) const KILLED_BY_FILTER: i32 = 1 << 30;

/// What could not be kept, and what was met, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(crate) enum Counter {
    /// Calls without a place, nor room for their number.
    LostCalls = 0,
    /// Threads that could not be followed.
    NotFollowed,
    /// Programs that had to share a slot.
    Shared,
    /// Processes met.
    Processes,
    /// Processes ended.
    Ended,
    /// First sights without a time.
    NoTime,
    /// Ends of calls that were not kept.
    NoResult,
    /// Ends of processes that were not kept.
    NoEnd,
    /// Calls of scopes that had no room.
    LostScopes,
    /// No count, but when recording began, in nanoseconds of the monotonic clock: a process that
    /// is older was there before.
    Since,
    /// No count either, but the number of the control group of the first version that is recorded.
    Group,
    /// No count either, but 1 once filters were asked about a call.
    Filtered,
    /// Calls that began, and nobody saw filters asked about them though there are some.
    Unasked,
    /// Times that somebody who is recorded got a processor on which no program runs at events.
    Blind,
    /// Calls that began to write to the terminal, and to read from it.
    Writes,
    Reads,
    /// Times that a filter may have been installed before ends of calls were looked at.
    Unawaited,
    /// Slots that were taken for the first time, or wanted where none was left.
    Slots,
    /// Threads that wait, or have waited with success, until ends of calls are looked at.
    Waiting,
}

pub(crate) const COUNTERS: i32 = 19;

impl Counter {
    /// Where it stands, in bytes.
    pub(crate) const fn offset(self) -> i16 {
        self as i16 * 8
    }
}
