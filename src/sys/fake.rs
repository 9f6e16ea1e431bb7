//! A kernel that plays a script, for tests of the event loop.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use nix::errno::Errno;

use super::kernel::{
    Asked, CallStop, Change, Kernel, Program, RawCall, Resume, Signo, Tid, TraceOptions, Wait,
};
use super::ptrace::{
    CALL_STOP, EVENT_CLONE, EVENT_EXEC, EVENT_EXIT, EVENT_FORK, EVENT_SECCOMP, EVENT_STOP,
};
use super::seccomp::TRACE_COOKIE;

/// One thing that happens, and what the kernel answers about it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    wait: Wait,
    call: Result<CallStop, Errno>,
    message: Result<u64, Errno>,
    asked: Asked,
}

/// Plays steps in order; when there are no more, nobody is left.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    steps: VecDeque<Step>,
    now: Option<Step>,
    /// What was asked of the kernel, in order.
    pub(crate) log: Vec<String>,
    pub(crate) programs: BTreeMap<Tid, &'static str>,
    /// Threads that lead no process, and who does.
    pub(crate) leaders: BTreeMap<Tid, Tid>,
    pub(crate) memory: BTreeMap<u64, u64>,
    pub(crate) children: BTreeMap<Tid, Vec<Tid>>,
    /// Those that share a process's PID namespace.
    pub(crate) companions: BTreeMap<Tid, Vec<Tid>>,
    /// Threads that a request finds gone.
    pub(crate) gone: Vec<Tid>,
    pub(crate) time: Duration,
    /// `si_code` of signals, by thread; 0 is `SI_USER`.
    pub(crate) codes: BTreeMap<Tid, i32>,
    questions: VecDeque<Asked>,
    /// Changes of children for who does not wait for them.
    pub(crate) changes: VecDeque<Wait>,
}

fn step(tid: i32, change: Change) -> Step {
    Step {
        wait: Wait::Changed(Tid(tid), change),
        call: Ok(CallStop::None),
        message: Err(Errno::EINVAL),
        asked: Asked::default(),
    }
}

fn stop(tid: i32, signal: i32, event: i32) -> Step {
    step(tid, Change::Stopped { signal, event })
}

/// A call of `x86_64`.
pub(crate) fn raw(number: u64, args: [u64; 6]) -> RawCall {
    RawCall {
        arch: 0xc000_003e,
        number,
        args,
        instruction_pointer: 0,
    }
}

impl Step {
    pub(crate) fn filter(tid: i32, number: u64) -> Self {
        Self::filter_with(tid, number, [0; 6])
    }

    pub(crate) fn filter_with(tid: i32, number: u64, args: [u64; 6]) -> Self {
        Self::filter_raw(tid, raw(number, args))
    }

    /// The stop of a filter of the program's own.
    pub(crate) fn own_filter(tid: i32, number: u64) -> Self {
        Self {
            message: Ok(0),
            ..Self::filter(tid, number)
        }
    }

    pub(crate) fn filter_raw(tid: i32, call: RawCall) -> Self {
        Self {
            message: Ok(u64::from(TRACE_COOKIE)),
            call: Ok(CallStop::Entry(call)),
            ..stop(tid, libc::SIGTRAP, EVENT_SECCOMP)
        }
    }

    pub(crate) fn entry(tid: i32, number: u64) -> Self {
        Self {
            call: Ok(CallStop::Entry(raw(number, [0; 6]))),
            ..stop(tid, libc::SIGTRAP | CALL_STOP, 0)
        }
    }

    pub(crate) fn exit(tid: i32, value: i64) -> Self {
        let failed = (-4095..0).contains(&value);
        Self {
            call: Ok(CallStop::Exit { value, failed }),
            ..stop(tid, libc::SIGTRAP | CALL_STOP, 0)
        }
    }

    /// A filter's stop of a thread that is killed before it can be asked.
    pub(crate) fn killed_in_stop(tid: i32) -> Self {
        Self {
            call: Err(Errno::ESRCH),
            ..stop(tid, libc::SIGTRAP, EVENT_SECCOMP)
        }
    }

    pub(crate) fn exec(tid: i32, former: u64) -> Self {
        Self {
            message: Ok(former),
            ..stop(tid, libc::SIGTRAP, EVENT_EXEC)
        }
    }

    pub(crate) fn fork(tid: i32, child: u64) -> Self {
        Self {
            message: Ok(child),
            ..stop(tid, libc::SIGTRAP, EVENT_FORK)
        }
    }

    pub(crate) fn clone(tid: i32, child: u64) -> Self {
        Self {
            message: Ok(child),
            ..stop(tid, libc::SIGTRAP, EVENT_CLONE)
        }
    }

    pub(crate) fn trap(tid: i32) -> Self {
        stop(tid, libc::SIGTRAP, EVENT_STOP)
    }

    pub(crate) fn group(tid: i32, signal: i32) -> Self {
        stop(tid, signal, EVENT_STOP)
    }

    pub(crate) fn signal(tid: i32, signal: i32) -> Self {
        stop(tid, signal, 0)
    }

    /// Before its end, with the status that it is to have.
    pub(crate) fn ends(tid: i32, status: u64) -> Self {
        Self {
            message: Ok(status),
            ..stop(tid, libc::SIGTRAP, EVENT_EXIT)
        }
    }

    pub(crate) fn exited(tid: i32, status: i32) -> Self {
        step(tid, Change::Exited(status))
    }

    pub(crate) fn killed(tid: i32, signal: i32) -> Self {
        step(tid, Change::Killed(Signo(signal)))
    }

    pub(crate) fn asked(asked: Asked) -> Self {
        Self {
            wait: Wait::Interrupted,
            asked,
            ..step(0, Change::Unknown(0))
        }
    }

    pub(crate) fn tick() -> Self {
        Self::asked(Asked {
            tick: true,
            ..Asked::default()
        })
    }
}

impl Fake {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Asks these questions one after the other, to who does not wait for steps.
    pub(crate) fn asking(asked: Vec<Asked>) -> Self {
        Self {
            questions: asked.into(),
            ..Self::default()
        }
    }

    fn request(&mut self, tid: Tid, what: String) -> Result<(), Errno> {
        self.log.push(what);
        if self.gone.contains(&tid) {
            Err(Errno::ESRCH)
        } else {
            Ok(())
        }
    }
}

fn with(signal: Option<Signo>) -> String {
    signal.map_or(String::new(), |signal| format!(" with {signal}"))
}

impl Kernel for Fake {
    fn wait(&mut self) -> Wait {
        self.now = self.steps.pop_front();
        self.time += Duration::from_millis(100);
        self.now.as_ref().map_or(Wait::Nobody, |step| step.wait)
    }

    fn look(&mut self) -> Option<Wait> {
        self.changes.pop_front()
    }

    fn asked(&mut self) -> Asked {
        let question = self.questions.pop_front();
        let of_step = self.now.as_ref().map(|step| step.asked);
        question.or(of_step).unwrap_or_default()
    }

    fn elapsed(&mut self) -> Duration {
        self.time
    }

    fn seize(&mut self, tid: Tid, _options: TraceOptions) -> Result<(), Errno> {
        self.request(tid, format!("seize {tid}"))
    }

    fn stop_at_end(&mut self, tid: Tid, _options: TraceOptions) -> Result<(), Errno> {
        self.request(tid, format!("{tid} stops at its end"))
    }

    fn resume(&mut self, tid: Tid, how: Resume, signal: Option<Signo>) -> Result<(), Errno> {
        let how = match how {
            Resume::Free => "free",
            Resume::ToCall => "to call",
        };
        self.request(tid, format!("{tid} {how}{}", with(signal)))
    }

    fn listen(&mut self, tid: Tid) -> Result<(), Errno> {
        self.request(tid, format!("{tid} listens"))
    }

    fn interrupt(&mut self, tid: Tid) -> Result<(), Errno> {
        self.request(tid, format!("interrupt {tid}"))
    }

    fn detach(&mut self, tid: Tid, signal: Option<Signo>) -> Result<(), Errno> {
        self.request(tid, format!("detach {tid}{}", with(signal)))
    }

    fn call(&mut self, _tid: Tid) -> Result<CallStop, Errno> {
        self.now
            .as_ref()
            .map_or(Err(Errno::ESRCH), |step| step.call)
    }

    fn message(&mut self, _tid: Tid) -> Result<u64, Errno> {
        let step = self.now.as_ref();
        step.map_or(Err(Errno::ESRCH), |step| step.message)
    }

    fn set_argument(&mut self, tid: Tid, _arch: u32, index: u8, value: u64) -> Result<(), Errno> {
        self.request(tid, format!("{tid} argument {index} = {value:#x}"))
    }

    fn refuse(&mut self, tid: Tid) -> Result<(), Errno> {
        self.request(tid, format!("{tid} refused"))
    }

    fn refuse_with(&mut self, tid: Tid, error: u16) -> Result<(), Errno> {
        self.request(tid, format!("{tid} refused with {error}"))
    }

    fn restore_argument(
        &mut self,
        tid: Tid,
        _arch: u32,
        index: u8,
        value: u64,
    ) -> Result<(), Errno> {
        self.request(tid, format!("{tid} restores {index} = {value:#x}"))
    }

    fn signal_code(&mut self, tid: Tid) -> Result<i32, Errno> {
        let code = self.codes.get(&tid).copied();
        Ok(code.unwrap_or_default())
    }

    fn read_word(&mut self, _tid: Tid, address: u64) -> Result<u64, Errno> {
        self.memory.get(&address).copied().ok_or(Errno::EIO)
    }

    fn write_word(&mut self, tid: Tid, address: u64, value: u64) -> Result<(), Errno> {
        self.memory.insert(address, value);
        self.request(tid, format!("{tid} writes {value:#x}"))
    }

    fn program(&mut self, tid: Tid) -> Program {
        Program {
            path: self.programs.get(&tid).map(|path| (*path).to_owned()),
            gives_privileges: self.programs.get(&tid) == Some(&"/bin/su"),
        }
    }

    fn name(&mut self, tid: Tid) -> Option<String> {
        Some(format!("thread {tid}"))
    }

    fn leader(&mut self, tid: Tid) -> Option<Tid> {
        Some(self.leaders.get(&tid).copied().unwrap_or(tid))
    }

    fn threads(&mut self, pid: Tid) -> Vec<Tid> {
        let others = self.leaders.iter().filter(|(_, leader)| **leader == pid);
        std::iter::once(pid)
            .chain(others.map(|(tid, _)| *tid))
            .collect()
    }

    fn children(&mut self, pid: Tid) -> Vec<Tid> {
        self.children.get(&pid).cloned().unwrap_or_default()
    }

    fn companions(&mut self, pid: Tid) -> Vec<Tid> {
        self.companions.get(&pid).cloned().unwrap_or_default()
    }

    fn signal(&mut self, pid: Tid, signal: Signo) {
        self.log.push(format!("kill {pid} {signal}"));
    }
}
