//! The event loop against scripts of notices.

use std::collections::{BTreeMap, VecDeque};

use nix::errno::Errno;

use super::run_loop::Loop;
use crate::event::{Capture, Gap, Image, Remark, Sighting, Sink, Tally};
use crate::record::counts::Observations;
use crate::record::{Choice, Control, End, First, Progress, TerminalUse, Watch};
use crate::sys::fake::{Fake, Step, raw};
use crate::sys::kernel::{Asked, Change, Kernel as _, Signo, Tid, Wait};
use crate::sys::notify::{Notice, Notices};

const READ: u64 = 0;
const EXECVE: u64 = 59;
const EXIT_GROUP: u64 = 231;
const SECCOMP: u64 = 317;

struct Script(VecDeque<Notice>, Vec<u64>);

impl Notices for Script {
    fn next(&mut self) -> Notice {
        self.0.pop_front().unwrap_or(Notice::Failed(Errno::EIO))
    }

    fn go_on(&mut self, id: u64) {
        self.1.push(id);
    }
}

struct Watcher(Control);

impl Watch for Watcher {
    fn started(&mut self, _choice: &Choice, _pid: Tid) {}
    fn first(&mut self, _first: &First) {}
    fn tick(&mut self, _progress: &Progress<'_>) -> Control {
        self.0
    }
    fn uses_terminal(&mut self, _how: TerminalUse) {}
    fn stopped(&mut self, _stopped: bool) {}
}

#[derive(Default)]
struct Calls(BTreeMap<String, u64>);

impl Sink for Calls {
    fn image(&mut self, image: &Image, sightings: Vec<Sighting>) {
        let name = image.executable.as_deref().unwrap_or_default();
        let named = sightings.iter();
        self.0
            .extend(named.map(|it| (format!("{name} {}", it.call), it.calls)));
    }
}

fn call(id: u64, tid: i32, number: u64, args: [u64; 6]) -> Notice {
    Notice::Call {
        id,
        tid: Tid(tid),
        call: raw(number, args),
    }
}

struct Ran {
    calls: BTreeMap<String, u64>,
    tally: Tally,
    capture: Capture,
    end: End,
    log: Vec<String>,
}

/// Plays notices; beside each stands what the recorder was asked then.
fn run(script: Vec<(Notice, Asked)>, changes: Vec<Wait>, failed: bool) -> Ran {
    let (notices, asked): (VecDeque<Notice>, Vec<Asked>) = script.into_iter().unzip();
    let mut fake = Fake::asking(asked);
    fake.changes = changes.into();
    fake.programs.insert(Tid(10), "/bin/a");
    fake.programs.insert(Tid(11), "/bin/b");
    let own = i32::try_from(std::process::id()).unwrap();
    fake.children.insert(Tid(own), vec![Tid(10)]);
    fake.children.insert(Tid(10), vec![Tid(11)]);
    let mut watcher = Watcher(Control::Continue);
    let seen = Observations::new("a", Capture::default());
    let heard = notices.len();
    let mut script = Script(notices, Vec::new());
    let mut run = Loop::new(&mut fake, &mut script, seen, &mut watcher, Tid(10));
    run.run(|| failed).unwrap();
    let finished = run.finish();
    assert!(script.1.len() <= heard);
    let mut calls = Calls::default();
    let tally = finished.seen.report(&mut calls);
    Ran {
        calls: calls.0,
        tally,
        capture: finished.seen.capture().clone(),
        end: finished.end,
        log: fake.log,
    }
}

impl<N: Notices> Notices for &mut N {
    fn next(&mut self) -> Notice {
        (**self).next()
    }
    fn go_on(&mut self, id: u64) {
        (**self).go_on(id);
    }
}

const NOTHING: Asked = Asked {
    tick: false,
    children: false,
    interrupts: 0,
    forward: None,
};
const CHILDREN: Asked = Asked {
    children: true,
    ..NOTHING
};

fn ended(status: i32) -> Vec<Wait> {
    vec![Wait::Changed(Tid(10), Change::Exited(status)), Wait::Nobody]
}

#[test]
fn counting_starts_at_the_execve_that_succeeds() {
    let ran = run(
        vec![
            (call(1, 10, EXECVE, [0; 6]), NOTHING),
            (call(2, 10, EXECVE, [0; 6]), NOTHING),
            (call(3, 10, READ, [0; 6]), NOTHING),
            (Notice::Interrupted, NOTHING),
            (call(4, 11, READ, [0; 6]), NOTHING),
            (call(5, 10, EXIT_GROUP, [0; 6]), CHILDREN),
        ],
        ended(3),
        false,
    );
    let expected = [
        ("/bin/a execve", 1),
        ("/bin/a exit_group", 1),
        ("/bin/a read", 1),
        ("/bin/b read", 1),
    ];
    assert_eq!(ran.calls, expected.map(|(k, v)| (k.to_owned(), v)).into());
    assert_eq!(ran.end, End::Exited(3));
    assert_eq!(ran.tally.gaps.len(), 0);
}

#[test]
fn a_program_that_never_starts_leaves_nothing() {
    let ran = run(
        vec![
            (call(1, 10, EXECVE, [0; 6]), NOTHING),
            (call(2, 10, EXIT_GROUP, [0; 6]), CHILDREN),
        ],
        ended(127),
        true,
    );
    assert_eq!(ran.tally.calls, 0);
}

#[test]
fn all_may_have_been_known() {
    let ran = run(
        vec![
            (call(1, 10, EXECVE, [0; 6]), NOTHING),
            (Notice::Interrupted, CHILDREN),
        ],
        ended(0),
        false,
    );
    assert_eq!(ran.calls, BTreeMap::from([("/bin/a execve".to_owned(), 1)]));
}

#[test]
fn filters_and_listeners_of_the_program() {
    let ran = run(
        vec![
            (call(1, 10, SECCOMP, [1, 8, 0, 0, 0, 0]), NOTHING),
            (Notice::Interrupted, CHILDREN),
        ],
        ended(0),
        false,
    );
    let gaps: Vec<Gap> = ran.tally.gaps.into_iter().collect();
    assert_eq!(gaps, [Gap::HiddenByFilter, Gap::OwnListener]);
    assert!(ran.capture.remarks.contains_key(&Remark::OwnListener));
}

#[test]
fn signals_reach_the_program_and_ctrl_c_twice_ends_all() {
    let term = Asked {
        forward: Some(Signo(libc::SIGTERM)),
        ..NOTHING
    };
    let ctrl_c = Asked {
        interrupts: 2,
        ..NOTHING
    };
    let ran = run(
        vec![
            (call(1, 10, READ, [0; 6]), term),
            (Notice::Interrupted, ctrl_c),
            (Notice::Interrupted, CHILDREN),
        ],
        vec![
            Wait::Changed(Tid(10), Change::Killed(Signo(libc::SIGKILL))),
            Wait::Nobody,
        ],
        false,
    );
    assert_eq!(
        ran.log,
        ["kill 10 SIGTERM", "kill 10 SIGKILL", "kill 11 SIGKILL"]
    );
    assert_eq!(ran.end, End::Killed(Signo(libc::SIGKILL)));
}

/// The steps of the other backend are not used up by this one.
#[test]
fn the_fake_asks_in_order() {
    let mut fake = Fake::asking(vec![CHILDREN, NOTHING]);
    assert_eq!(fake.asked(), CHILDREN);
    assert_eq!(fake.asked(), NOTHING);
    let mut fake = Fake::new([Step::tick()]);
    assert_eq!(fake.wait(), Wait::Interrupted);
    assert!(fake.asked().tick);
}
