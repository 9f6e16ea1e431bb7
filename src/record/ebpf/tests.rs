//! Tables that are too small, and both places for the state of threads: what does not fit is told.
//! They need a kernel that takes programs, and say so where there is none.

use std::ffi::CString;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::observe::Frame;
use super::probe::{Probe, Wanted, may_load};
use super::snapshot::{Reader, Snapshot};
use super::tables::Sizes;
use crate::ebpf::programs::{Refused, Rule, Storage};
use crate::event::{Capture, Gap, Image, Sighting, Sink, Skip};
use crate::record::counts::{OTHERS, Observations};
use crate::record::{Command, launch};
use crate::sys::ebpf::{Kind, Map, Shape, Unlimited};
use crate::sys::kernel::{Change, Kernel as _, Wait};
use crate::sys::linux::Linux;
use crate::sys::programs::kernel_release;

/// Records a shell command with tables of these sizes.
fn record(
    sizes: Sizes,
    storage: Option<Storage>,
    command: &str,
) -> Option<(Snapshot, Observations)> {
    record_beside(sizes, storage, command, &AtomicBool::new(false))
}

/// The same, and tells somebody while it does.
fn record_beside(
    sizes: Sizes,
    storage: Option<Storage>,
    command: &str,
    records: &AtomicBool,
) -> Option<(Snapshot, Observations)> {
    let wanted = Wanted {
        results: true,
        sizes,
        storage,
        refused: None,
        unfiltered: false,
        ..filters()
    };
    record_as(wanted, true, command, records).map(|(_late, snapshot, seen)| (snapshot, seen))
}

/// Records as is wanted, and watches for filters or not; also tells whether ends of calls were put
/// off.
fn record_as(
    wanted: Wanted,
    watches: bool,
    command: &str,
    records: &AtomicBool,
) -> Option<(bool, Snapshot, Observations)> {
    if let Err(error) = may_load() {
        // Past the capture of the test harness.
        let line = format!("SKIPPED: record::ebpf: {error}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    let mut probe = Probe::new(wanted).unwrap();
    let words = ["sh", "-c", command].map(|word| CString::new(word).unwrap());
    let command = Command {
        candidates: vec!["/bin/sh".into()],
        arguments: words.to_vec(),
    };
    let child = launch::suspended(&command, None, false).unwrap();
    let pid = child.pid();
    probe.follow_child(pid).unwrap();
    probe.attach().unwrap();
    if watches {
        probe.watch_for_filters();
    }
    records.store(true, Ordering::Relaxed);
    let _report = child.go();
    let mut kernel = Linux::new();
    loop {
        // Whoever looks keeps nobody from counting.
        Reader::new().read(&probe).unwrap();
        // Other tests have children too, and this takes what is there.
        match kernel.look() {
            Some(Wait::Changed(tid, Change::Exited(0))) if tid == pid => break,
            Some(Wait::Nobody) => break,
            _ => thread::sleep(Duration::from_millis(5)),
        }
    }
    records.store(false, Ordering::Relaxed);
    let snapshot = Reader::new().read(&probe).unwrap();
    let frame = Frame {
        label: "sh".to_owned(),
        capture: Capture::default(),
        gaps: Vec::new(),
        since: probe.since,
        launched: true,
        contained: false,
    };
    let seen = frame.observations(&snapshot, 0);
    Some((probe.looks_late(), snapshot, seen))
}

/// The places for the state of threads that this kernel has.
fn storages() -> impl Iterator<Item = Storage> {
    /// `BPF_MAP_TYPE_TASK_STORAGE` is there from this on.
    const STATES_WITH_THREADS: (u32, u32) = (5, 11);
    let task = (kernel_release() >= STATES_WITH_THREADS).then_some(Storage::Task);
    task.into_iter().chain([Storage::Table])
}

/// Only the tally matters here.
struct Nothing;

impl Sink for Nothing {
    fn image(&mut self, _image: &Image, _sightings: Vec<Sighting>) {}
}

fn gaps(seen: &Observations) -> Vec<Gap> {
    seen.report(&mut Nothing).gaps.into_iter().collect()
}

/// The kernel's verifier takes the programs of every plan.
#[test]
fn every_plan_is_taken() {
    if record(Sizes::ONE, None, "exit 0").is_none() {
        return;
    }
    for storage in storages() {
        for rule in [
            Rule::Nobody,
            Rule::Processes,
            Rule::Group,
            Rule::OldGroup("pids_cgrp_id", 1),
            Rule::Namespace(1),
            Rule::NewNamespace(1),
            Rule::AllBut(1),
        ] {
            // What ends of calls tell, and what is taken without them here; at events, if this
            // kernel is one for that, and at tracepoints.
            for (results, at_events) in [
                (false, None),
                (true, None),
                (false, Some(false)),
                (true, Some(false)),
            ] {
                let wanted = Wanted {
                    rule,
                    results,
                    sizes: Sizes::ONE,
                    storage: Some(storage),
                    refused: None,
                    at_events,
                    unfiltered: true,
                    // Where ends are looked at, it is in their program too.
                    terminal: (!results).then_some(1 << 20),
                };
                let mut probe =
                    Probe::new(wanted).unwrap_or_else(|error| panic!("{wanted:?}: {error}"));
                probe.attach().unwrap();
            }
        }
    }
}

#[test]
fn the_state_of_threads_with_them_or_in_a_table() {
    let command = "/bin/true; (/bin/true; exit 3) & wait; ls / > /dev/null | cat";
    let all: Vec<_> = storages()
        .filter_map(|storage| record(Sizes::ONE, Some(storage), command))
        .collect();
    for (snapshot, seen) in &all {
        assert_eq!(gaps(seen), [], "{snapshot:?}");
        assert!(seen.kinds() > 20, "{snapshot:?}");
        // sh, true, a subshell, true, ls, cat; a shell may execute the last of its commands.
        assert!((4..=6).contains(&snapshot.processes), "{snapshot:?}");
    }
    let calls = |seen: &Observations| {
        let firsts = seen.firsts().iter();
        firsts
            .map(|first| first.call.to_string())
            .collect::<std::collections::BTreeSet<_>>()
    };
    if let [(_, task), (_, table)] = all.as_slice() {
        assert_eq!(calls(task), calls(table));
    }
}

/// Calls of a name by programs whose path has a part.
fn calls(snapshot: &Snapshot, part: &str, number: u32) -> u64 {
    let by = |image: &&super::snapshot::Image| {
        let path = image.path.as_deref();
        path.is_some_and(|path| path.contains(part))
    };
    let all = snapshot.images.iter().filter(by).flat_map(|it| &it.calls);
    all.filter(|call| call.number == number)
        .map(|call| call.calls)
        .sum()
}

/// Threads that take the processor from each other within programs; from Linux 7.0 on for whoever
/// gets it programs at tracepoints are left out.
const BUSY: &str =
    "for i in 1 2 3 4; do taskset -c 0 perl -e 'getppid for 1 .. 30000' & done; wait";
const GETPPID: u32 = 110;

#[test]
fn no_call_is_lost_on_a_busy_processor() {
    let Some((snapshot, seen)) = record(Sizes::ONE, None, BUSY) else {
        return;
    };
    assert_eq!(gaps(&seen), [], "{snapshot:?}");
    assert_eq!(calls(&snapshot, "perl", GETPPID), 120_000, "{snapshot:?}");
}

#[test]
fn no_child_is_lost_on_a_busy_processor() {
    let command = "for i in 1 2 3 4; do taskset -c 0 perl -e '
        for (1 .. 100) { my $child = fork; if (!$child) { getppid; exit } waitpid $child, 0 }
    ' & done; wait";
    let Some((snapshot, seen)) = record(Sizes::ONE, None, command) else {
        return;
    };
    assert_eq!(gaps(&seen), [], "{snapshot:?}");
    assert_eq!(calls(&snapshot, "perl", GETPPID), 400, "{snapshot:?}");
    assert_eq!(snapshot.processes, 404, "{snapshot:?}");
}

/// Somebody else's bpf(2) keeps programs at events from running while it waits for the processor.
#[test]
fn what_others_keep_from_being_counted_is_told() {
    // On all processors, so that it has to wait on a machine with few.
    let command = BUSY.replace("taskset -c 0", "");
    let ready = Barrier::new(2);
    let [records, over] = [(); 2].map(|()| AtomicBool::new(false));
    let recorded = thread::scope(|scope| {
        scope.spawn(|| disturb(&ready, &records, &over));
        ready.wait();
        let recorded = record_beside(Sizes::ONE, None, &command, &records);
        over.store(true, Ordering::Relaxed);
        recorded
    });
    let Some((snapshot, seen)) = recorded else {
        return;
    };
    let counted = calls(&snapshot, "perl", GETPPID);
    assert!(counted + snapshot.lost >= 120_000, "{snapshot:?}");
    assert_eq!(gaps(&seen).contains(&Gap::Lost), snapshot.lost > 0);
    if kernel_release() < (7, 0) {
        assert_eq!(counted, 120_000, "{snapshot:?}");
    }
}

/// Looks into a table while somebody records.
fn disturb(ready: &Barrier, records: &AtomicBool, over: &AtomicBool) {
    let shape = Shape {
        kind: Kind::Hash,
        key: 4,
        value: 64,
        entries: 1,
    };
    let limit = Unlimited::new();
    let map = may_load().map(|()| Map::new("disturbs", shape));
    drop(limit);
    ready.wait();
    let Ok(map) = map else { return };
    let map = map.unwrap();
    map.set(&[0; 4], &[0; 64]).unwrap();
    while !over.load(Ordering::Relaxed) {
        let looks = if records.load(Ordering::Relaxed) {
            10_000
        } else {
            0
        };
        for _ in 0..looks {
            assert!(map.look_up(&[0; 4], &mut [0; 64]).unwrap());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Has getppid refused and calls it, with `seccomp` and with `prctl`, one after the other or so many
/// at once.
fn refuses_itself(times: u8, at_once: bool) -> String {
    let how = if at_once { "&" } else { ";" };
    format!(
        "for i in $(seq {times}); do perl -e '
            my $code = join \"\", map {{ pack \"SCCL\", @$_ }} \
                [0x20, 0, 0, 0], [0x15, 0, 1, {GETPPID}], [6, 0, 0, 0x50001], [6, 0, 0, 0x7fff0000];
            my $filter = pack \"S x6 P32\", 4, $code;
            syscall 157, 38, 1, 0, 0, 0;
            $ARGV[0] % 2 ? syscall 317, 1, 0, $filter : syscall 157, 22, 2, $filter;
            getppid;
        ' $i {how} done; wait"
    )
}

/// A command whose first filter has ends of calls looked at.
fn filters() -> Wanted {
    Wanted {
        rule: Rule::Nobody,
        results: false,
        sizes: Sizes::ONE,
        storage: None,
        refused: Some(Refused::AtEnd),
        at_events: None,
        unfiltered: true,
        terminal: None,
    }
}

/// Told to end with the scope, also by a panic.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Whoever waits keeps a processor, and there may be two.
static ONE_WAITS: Mutex<()> = Mutex::new(());

/// What is recorded without a filter, where refused calls are seen at their end; and whether that
/// waits for a filter on this machine.
fn record_filters(watches: bool, command: &str) -> Option<(bool, Snapshot, Observations)> {
    let wanted = filters();
    let _alone = ONE_WAITS.lock().unwrap_or_else(PoisonError::into_inner);
    record_as(wanted, watches, command, &AtomicBool::new(false))
}

/// Also while others put programs to tracepoints and take them away, for which the kernel waits
/// for all processors.
#[test]
fn whoever_installs_a_filter_waits_for_ends_of_calls() {
    const TIMES: usize = 20;
    let goes_on = AtomicBool::new(may_load().is_ok());
    thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on.load(Ordering::Relaxed) {
                let unfiltered = false;
                let mut other = Probe::new(Wanted {
                    unfiltered,
                    ..filters()
                })
                .unwrap();
                other.attach().unwrap();
            }
        });
        let _ends = Ends(&goes_on);
        for _ in 0..TIMES {
            let found = record_filters(true, &refuses_itself(4, false));
            let Some((_late, snapshot, seen)) = found else {
                return;
            };
            assert_eq!(gaps(&seen), [], "{snapshot:?}");
            assert_eq!(calls(&snapshot, "perl", GETPPID), 4, "{snapshot:?}");
        }
    });
}

/// Those who wait may hold all processors.
#[test]
fn many_install_filters_at_once() {
    let Some((_late, snapshot, seen)) = record_filters(true, &refuses_itself(8, true)) else {
        return;
    };
    let all = calls(&snapshot, "perl", GETPPID);
    let told = gaps(&seen).contains(&Gap::HiddenByFilter);
    assert!(all == 8 || told && all < 8, "{snapshot:?}");
}

/// Nobody comes: the thread goes on, and the recording says that something may be missing.
#[test]
fn whoever_waits_in_vain_tells() {
    let Some((late, snapshot, seen)) = record_filters(false, &refuses_itself(1, false)) else {
        return;
    };
    let calls = calls(&snapshot, "perl", GETPPID);
    let expected: (&[Gap], u64) = if late {
        (&[Gap::HiddenByFilter], 0)
    } else {
        (&[], 1)
    };
    assert_eq!((gaps(&seen).as_slice(), calls), expected, "{snapshot:?}");
}

#[test]
fn programs_without_a_slot_share_one() {
    let sizes = Sizes {
        programs: 1,
        ..Sizes::ONE
    };
    let Some((snapshot, seen)) = record(sizes, None, "/bin/true; ls / > /dev/null; exit 0") else {
        return;
    };
    // Complete all the same: what is not known is whose calls they are.
    assert_eq!(gaps(&seen), [], "{snapshot:?}");
    let shared: Vec<_> = snapshot
        .images
        .iter()
        .filter(|it| it.path.is_none())
        .collect();
    assert_eq!(shared.len(), 1, "{snapshot:?}");
    assert!(shared[0].calls.len() > 10, "{snapshot:?}");
}

#[test]
fn details_without_room_are_unknown() {
    let sizes = Sizes {
        details: 2,
        ..Sizes::ONE
    };
    let Some((snapshot, seen)) = record(sizes, None, "ls / > /dev/null; exit 0") else {
        return;
    };
    assert_eq!(gaps(&seen), [], "{snapshot:?}");
    assert!(seen.kinds() > 20, "{snapshot:?}");
    let values: Vec<_> = snapshot
        .images
        .iter()
        .flat_map(|image| &image.calls)
        .flat_map(|call| call.args.values())
        .collect();
    let kept: usize = values.iter().map(|facts| facts.values.len()).sum();
    assert!(kept <= 2, "{values:?}");
    assert!(values.iter().any(|facts| facts.overflow > 0), "{values:?}");
}

/// Who executed a program stands under a common name where there is no room.
#[test]
fn starters_without_room() {
    let sizes = Sizes {
        starters: 2,
        ..Sizes::ONE
    };
    let command = "/bin/true; ls / > /dev/null; nice ls / > /dev/null; exit 0";
    let Some((snapshot, seen)) = record(sizes, None, command) else {
        return;
    };
    assert_eq!(gaps(&seen), [], "{snapshot:?}");
    let by: Vec<_> = snapshot
        .images
        .iter()
        .map(|image| snapshot.starters(image))
        .collect();
    let sum = |which: &dyn Fn(&str) -> bool| -> u64 {
        let all = by.iter().flatten();
        all.filter(|(by, _)| which(by))
            .map(|(_, times)| times)
            .sum()
    };
    assert_eq!(sum(&|by| by == OTHERS), 3, "{by:?}");
    assert_eq!(sum(&|by| by != OTHERS), 2, "{by:?}");
}

/// Numbers that no kernel has, through 32-bit calls: more than there is room for.
#[test]
fn numbers_without_room_are_lost() {
    let sizes = Sizes {
        odd: 3,
        ..Sizes::ONE
    };
    let script = "exec perl -e 'for my $n (2000 .. 2009) { syscall($n) }'";
    let Some((snapshot, seen)) = record(sizes, None, script) else {
        return;
    };
    assert_eq!(gaps(&seen), [Gap::Lost], "{snapshot:?}");
    assert_eq!(snapshot.lost, 7, "{snapshot:?}");
    assert_eq!(seen.report(&mut Nothing).skipped(Skip::Lost), 7);
}

/// In a table for two threads, the others are not followed, which is told.
#[test]
fn threads_without_room_are_not_followed() {
    let sizes = Sizes {
        threads: 2,
        ..Sizes::ONE
    };
    let command = "sleep 0.3 & sleep 0.3 & sleep 0.3 & wait";
    let Some((snapshot, seen)) = record(sizes, Some(Storage::Table), command) else {
        return;
    };
    assert_eq!(gaps(&seen), [Gap::NotFollowed], "{snapshot:?}");
}
