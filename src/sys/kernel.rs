//! What the event loop asks of the kernel, as values: raw numbers in, the unknown included.

use std::fmt;
use std::time::Duration;

use nix::errno::Errno;

/// A thread, as the recorder's PID namespace numbers it. A process is named by its leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tid(pub i32);

/// The number of a signal, real-time ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signo(pub i32);

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The numbers of include/uapi/asm-generic/signal.h, from 1 on; MIPS, parisc, sparc and alpha have
/// others, so that only numbers are kept and names are for people.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// `SIGTERM`, `SIGRT_2` for the kernel's number 34, or `signal 99`.
impl fmt::Display for Signo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = usize::try_from(self.0 - 1)
            .ok()
            .and_then(|at| SIGNALS.get(at));
        match known {
            Some(name) => f.pad(name),
            None if (32..=64).contains(&self.0) => f.pad(&format!("SIGRT_{}", self.0 - 32)),
            None => f.pad(&format!("signal {}", self.0)),
        }
    }
}

/// What `waitpid` told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A thread changed.
    Changed(Tid, Change),
    /// A signal came to the recorder.
    Interrupted,
    /// There is nothing left to wait for.
    Nobody,
    /// The kernel refused.
    Failed(Errno),
}

/// A change of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It ended by itself.
    Exited(i32),
    /// A signal ended it.
    Killed(Signo),
    /// It stopped: the signal in the status, and the ptrace event above it.
    Stopped {
        /// The signal, with bit 7 for a stop at a call.
        signal: i32,
        /// `PTRACE_EVENT_*` or 0.
        event: i32,
    },
    /// SIGCONT let it go on; told only by [`Kernel::look`].
    Continued,
    /// Something else, as the status says it.
    Unknown(i32),
}

/// A call at which a thread stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallStop {
    /// At its beginning: the tracer's own stop or the filter's.
    Entry(RawCall),
    /// At its end, with the value it returned.
    Exit {
        /// The value, a negated error where `failed`.
        value: i64,
        /// Whether it is an error.
        failed: bool,
    },
    /// At no call.
    None,
}

/// A call as the kernel got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawCall {
    /// `AUDIT_ARCH_*`.
    pub(crate) arch: u32,
    /// The number; -1 as the largest one.
    pub(crate) number: u64,
    /// The arguments.
    pub(crate) args: [u64; 6],
    /// Where it was made.
    pub(crate) instruction_pointer: u64,
}

/// How a stopped thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// To the next event or trap of the filter.
    Free,
    /// To the next begin or end of a call.
    ToCall,
}

/// How the threads of a program are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceOptions {
    /// Processes that it starts are followed, and not only threads.
    pub(crate) processes: bool,
    /// The kernel ends everything if the recorder dies.
    pub(crate) kill_on_exit: bool,
}

/// What the recorder was asked since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// The timer went off: time for screens, checkpoints and limits.
    pub(crate) tick: bool,
    /// A child of the recorder changed. Only where it does not wait for that itself.
    pub(crate) children: bool,
    /// How often the user pressed Ctrl-C.
    pub(crate) interrupts: u32,
    /// Another signal that is meant for the program.
    pub(crate) forward: Option<Signo>,
}

/// The program that a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Program {
    /// Its path as the kernel has it, if it can be read.
    pub(crate) path: Option<String>,
    /// Its file gives privileges: set-user-ID, set-group-ID or capabilities.
    pub(crate) gives_privileges: bool,
}

/// The kernel calls of the event loop.
pub(crate) trait Kernel {
    /// Waits for a change of any thread, or a signal to the recorder.
    fn wait(&mut self) -> Wait;
    /// A change of a child, if there is one; does not wait.
    fn look(&mut self) -> Option<Wait>;
    /// What the recorder was asked; each question is given once.
    fn asked(&mut self) -> Asked;
    /// Since the start.
    fn elapsed(&mut self) -> Duration;

    /// Starts to trace without stopping the thread.
    fn seize(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno>;
    /// Has a stopped thread, and what it makes from now on, stop before the end too.
    fn stop_at_end(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno>;
    /// Lets a stopped thread go on, with a signal or none.
    fn resume(&mut self, tid: Tid, how: Resume, signal: Option<Signo>) -> Result<(), Errno>;
    /// Leaves a thread in its group stop, able to be continued by SIGCONT.
    fn listen(&mut self, tid: Tid) -> Result<(), Errno>;
    /// Makes a thread stop.
    fn interrupt(&mut self, tid: Tid) -> Result<(), Errno>;
    /// Lets a stopped thread go for good.
    fn detach(&mut self, tid: Tid, signal: Option<Signo>) -> Result<(), Errno>;
    /// The call at which a thread stopped.
    fn call(&mut self, tid: Tid) -> Result<CallStop, Errno>;
    /// What comes with an event: the number of a new thread, a thread's former number, or how it
    /// ends, as a status of `waitpid`.
    fn message(&mut self, tid: Tid) -> Result<u64, Errno>;
    /// Changes an argument of the call at whose beginning a thread stopped.
    fn set_argument(&mut self, tid: Tid, arch: u32, index: u8, value: u64) -> Result<(), Errno>;
    /// Makes the call at whose beginning a thread stopped fail with ENOSYS.
    fn refuse(&mut self, tid: Tid) -> Result<(), Errno>;
    /// Makes it fail with another error, at the stop of a filter.
    fn refuse_with(&mut self, tid: Tid, error: u16) -> Result<(), Errno>;
    /// Sets an argument of a call that has ended or was passed over, as the program will find it
    /// in its registers.
    fn restore_argument(&mut self, tid: Tid, arch: u32, index: u8, value: u64)
    -> Result<(), Errno>;
    /// The `si_code` of the signal that is about to reach a thread.
    fn signal_code(&mut self, tid: Tid) -> Result<i32, Errno>;
    /// Reads eight bytes of a stopped thread's memory.
    fn read_word(&mut self, tid: Tid, address: u64) -> Result<u64, Errno>;
    /// Writes eight bytes of a stopped thread's memory.
    fn write_word(&mut self, tid: Tid, address: u64, value: u64) -> Result<(), Errno>;

    /// What a thread runs.
    fn program(&mut self, tid: Tid) -> Program;
    /// The name that a thread has.
    fn name(&mut self, tid: Tid) -> Option<String>;
    /// The leader of a thread's process.
    fn leader(&mut self, tid: Tid) -> Option<Tid>;
    /// The threads of a process.
    fn threads(&mut self, pid: Tid) -> Vec<Tid>;
    /// The processes that a process started and that still run.
    fn children(&mut self, pid: Tid) -> Vec<Tid>;
    /// The processes that share a process's PID namespace, or nobody if that is this process's
    /// own too, where it says nothing of a container.
    fn companions(&mut self, pid: Tid) -> Vec<Tid>;
    /// Sends a signal to a process.
    fn signal(&mut self, pid: Tid, signal: Signo);
}

#[cfg(test)]
impl<K: Kernel> Kernel for &mut K {
    fn wait(&mut self) -> Wait {
        (**self).wait()
    }

    fn look(&mut self) -> Option<Wait> {
        (**self).look()
    }

    fn asked(&mut self) -> Asked {
        (**self).asked()
    }

    fn elapsed(&mut self) -> Duration {
        (**self).elapsed()
    }

    fn seize(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno> {
        (**self).seize(tid, options)
    }

    fn stop_at_end(&mut self, tid: Tid, options: TraceOptions) -> Result<(), Errno> {
        (**self).stop_at_end(tid, options)
    }

    fn resume(&mut self, tid: Tid, how: Resume, signal: Option<Signo>) -> Result<(), Errno> {
        (**self).resume(tid, how, signal)
    }

    fn listen(&mut self, tid: Tid) -> Result<(), Errno> {
        (**self).listen(tid)
    }

    fn interrupt(&mut self, tid: Tid) -> Result<(), Errno> {
        (**self).interrupt(tid)
    }

    fn detach(&mut self, tid: Tid, signal: Option<Signo>) -> Result<(), Errno> {
        (**self).detach(tid, signal)
    }

    fn call(&mut self, tid: Tid) -> Result<CallStop, Errno> {
        (**self).call(tid)
    }

    fn message(&mut self, tid: Tid) -> Result<u64, Errno> {
        (**self).message(tid)
    }

    fn set_argument(&mut self, tid: Tid, arch: u32, index: u8, value: u64) -> Result<(), Errno> {
        (**self).set_argument(tid, arch, index, value)
    }

    fn refuse(&mut self, tid: Tid) -> Result<(), Errno> {
        (**self).refuse(tid)
    }

    fn refuse_with(&mut self, tid: Tid, error: u16) -> Result<(), Errno> {
        (**self).refuse_with(tid, error)
    }

    fn restore_argument(
        &mut self,
        tid: Tid,
        arch: u32,
        index: u8,
        value: u64,
    ) -> Result<(), Errno> {
        (**self).restore_argument(tid, arch, index, value)
    }

    fn signal_code(&mut self, tid: Tid) -> Result<i32, Errno> {
        (**self).signal_code(tid)
    }

    fn read_word(&mut self, tid: Tid, address: u64) -> Result<u64, Errno> {
        (**self).read_word(tid, address)
    }

    fn write_word(&mut self, tid: Tid, address: u64, value: u64) -> Result<(), Errno> {
        (**self).write_word(tid, address, value)
    }

    fn program(&mut self, tid: Tid) -> Program {
        (**self).program(tid)
    }

    fn name(&mut self, tid: Tid) -> Option<String> {
        (**self).name(tid)
    }

    fn leader(&mut self, tid: Tid) -> Option<Tid> {
        (**self).leader(tid)
    }

    fn threads(&mut self, pid: Tid) -> Vec<Tid> {
        (**self).threads(pid)
    }

    fn children(&mut self, pid: Tid) -> Vec<Tid> {
        (**self).children(pid)
    }

    fn companions(&mut self, pid: Tid) -> Vec<Tid> {
        (**self).companions(pid)
    }

    fn signal(&mut self, pid: Tid, signal: Signo) {
        (**self).signal(pid, signal);
    }
}
