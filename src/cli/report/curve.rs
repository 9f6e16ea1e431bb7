//! When each kind of call was seen first.

use callsieve::arch::Arch;
use callsieve::recording::{Observed, Recording, Run};

use super::{millis, run_name};

/// The curves of the runs that have an order.
#[derive(Debug)]
pub(crate) struct Curves {
    pub(crate) shown: Vec<Curve>,
    /// Runs that are left out, as there are many.
    pub(crate) more: usize,
    /// Runs whose order is not known.
    pub(crate) unordered: usize,
}

/// What a run went along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Milliseconds.
    Time,
    /// Lines of a log.
    Lines,
    /// Calls.
    Calls,
}

/// How many kinds of calls had been seen when.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) run: String,
    pub(crate) axis: Axis,
    /// How long the run is.
    pub(crate) end: u64,
    /// The first sights, in order.
    pub(crate) firsts: Vec<(u64, String)>,
    /// The last of those in the later half of the run, in order.
    pub(crate) late: Vec<Late>,
    /// Other ones in that half.
    pub(crate) more_late: usize,
}

/// A call that was first seen late.
#[derive(Debug)]
pub(crate) struct Late {
    pub(crate) call: String,
    pub(crate) at: u64,
    /// How many kinds there were with it.
    pub(crate) count: usize,
}

/// Curves that are drawn.
const MOST_RUNS: usize = 6;
/// Late calls that are named.
const MOST_LATE: usize = 8;

impl Curves {
    pub(super) fn of(recording: &Recording, arch: Arch) -> Self {
        let runs = || {
            recording
                .runs()
                .filter(|(_, run)| run.calls.contains_key(&arch))
        };
        let mut shown: Vec<Curve> = runs().filter_map(|(_, run)| Curve::of(run, arch)).collect();
        let unordered = runs().count() - shown.len();
        // The order of the names of runs is that of their hashes.
        shown.sort_by(|one, other| one.run.cmp(&other.run));
        let more = shown.len().saturating_sub(MOST_RUNS);
        shown.truncate(MOST_RUNS);
        Self {
            shown,
            more,
            unordered,
        }
    }
}

impl Curve {
    /// `None` if it is not known in which order calls were seen.
    fn of(run: &Run, arch: Arch) -> Option<Self> {
        let calls = run.calls.get(&arch)?;
        let (axis, end) = axis(run)?;
        let at = |observed: &Observed| match axis {
            Axis::Time => observed.since_start.map(millis),
            Axis::Lines | Axis::Calls => Some(observed.first.1),
        };
        let mut firsts = Vec::new();
        for (call, observed) in calls {
            firsts.push((at(observed)?, call.to_string()));
        }
        firsts.sort_unstable();
        let end = firsts.last().map_or(0, |(at, _)| *at).max(end).max(1);
        let late: Vec<Late> = firsts
            .iter()
            .enumerate()
            .filter(|(_, (at, _))| *at > end / 2)
            .map(|(before, (at, call))| Late {
                call: call.clone(),
                at: *at,
                count: before + 1,
            })
            .collect();
        let more_late = late.len().saturating_sub(MOST_LATE);
        Some(Self {
            run: run_name(run),
            axis,
            end,
            late: late.into_iter().skip(more_late).collect(),
            more_late,
            firsts,
        })
    }
}

/// What a run goes along, and how far. Time where it is known of every call and of the end.
fn axis(run: &Run) -> Option<(Axis, u64)> {
    let knows_times = || {
        run.calls
            .values()
            .flatten()
            .all(|(_, it)| it.since_start.is_some())
    };
    match &run.capture {
        Some(capture) if capture.milliseconds > 0 && knows_times() => {
            Some((Axis::Time, capture.milliseconds))
        }
        // Counted by kind and program in the kernel, which is no common order.
        Some(capture) if capture.backend == "ebpf" => None,
        Some(_) => Some((Axis::Calls, run.tally.calls)),
        // Each file of a set counts its own lines.
        None if run.files.len() > 1 => None,
        None => Some((Axis::Lines, run.tally.lines)),
    }
}
