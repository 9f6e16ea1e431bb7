//! The programs in the kernel, loaded and attached. All of it goes when it is dropped, or when
//! this process dies.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::errno::Errno;

use super::late::Late;
use super::tables::{Sizes, Tables, put, word};
use super::{EbpfError, at_once};
use crate::arch::Arch;
use crate::ebpf::btf::Btf;
use crate::ebpf::layout::{Counter, state};
use crate::ebpf::programs::{
    self, Fields, Loops, Maps, Plan, Program, ProgramError, Refused, Rule, Storage,
};
use crate::sys::ebpf::{self, Attached, Loaded};
use crate::sys::kernel::Tid;
use crate::sys::mapped::Bytes;
use crate::sys::process;
use crate::sys::programs as host;
use crate::sys::tracing::Tracefs;

/// What is to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) rule: Rule,
    /// How calls end too.
    pub(super) results: bool,
    pub(super) sizes: Sizes,
    /// Where the state of threads is kept; by the kernel's release if not told.
    pub(super) storage: Option<Storage>,
    /// Where refused calls are seen; where it costs least if not told.
    pub(super) refused: Option<Refused>,
    /// Whether programs run at events; by the kernel's release, if it can be, if not told.
    pub(super) at_events: Option<bool>,
    /// Whoever is recorded has no filter, and gets one by a call of those who are recorded alone.
    pub(super) unfiltered: bool,
    /// The number that the kernel has for the terminal of which it is to be known when it is used.
    pub(super) terminal: Option<i32>,
}

/// The programs and their tables.
#[derive(Debug)]
pub(super) struct Probe {
    ready: Vec<(&'static str, Loaded)>,
    attached: Vec<(&'static str, Attached)>,
    /// What looks at ends of calls, if that waits for a filter.
    late: Option<Late>,
    storage: Storage,
    /// Where programs run at events.
    events: Option<Tracefs>,
    /// Why refused calls are seen at the end of calls, if that was not wanted.
    pub(super) at_end: Option<String>,
    /// Why programs run where they may be left out, if they do.
    pub(super) left_out: Option<EbpfError>,
    pub(super) tables: Tables,
    /// When it began, in nanoseconds of the kernel's clock.
    pub(super) since: u64,
}

/// How often programs could not run: those that count calls as they begin and end, the one that
/// counts calls about which filters are asked, and those that follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) counting: u64,
    pub(super) asking: u64,
    pub(super) following: u64,
    /// A program that missed nothing itself tells whether that can be somebody's who is recorded.
    told: bool,
}

impl Missed {
    /// What of it may be of those who are recorded, who so often got a processor where that is
    /// missed. It must have been asked before that was.
    pub(super) fn of_recorded(self, blind: u64) -> Self {
        if self.told && blind == 0 {
            Self::default()
        } else {
            self
        }
    }
}

const TYPES: &str = "/sys/kernel/btf/vmlinux";

pub(super) fn not_permitted(source: Errno) -> EbpfError {
    let lockdown = std::fs::read_to_string("/sys/kernel/security/lockdown");
    EbpfError::NotPermitted {
        source,
        locked: lockdown.is_ok_and(|text| text.contains("[confidentiality]")),
    }
}

fn refusal(name: &'static str, source: Errno, log: String) -> EbpfError {
    if source == Errno::EPERM {
        not_permitted(source)
    } else {
        EbpfError::Refused { name, log, source }
    }
}

/// Whether this process may load programs, as far as can be told without trying.
pub(crate) fn may_load() -> Result<(), EbpfError> {
    // include/uapi/linux/capability.h
    const CAP_SYS_ADMIN: u32 = 21;
    const CAP_PERFMON: u32 = 38;
    const CAP_BPF: u32 = 39;
    /// `PROC_USER_INIT_INO` of include/uapi/linux/nsfs.h.
    const FIRST_USERS: u64 = 0xefff_fffd;
    /// It has `CAP_BPF`, and reads tables in batches.
    const OLDEST: (u32, u32) = (5, 8);
    if Arch::of_this_build() != Some(Arch::X86_64) {
        return Err(EbpfError::Architecture);
    }
    if host::kernel_release() < OLDEST {
        return Err(EbpfError::TooOld);
    }
    let capabilities = host::own_capabilities();
    let has = |bit: u32| capabilities >> bit & 1 == 1;
    let may = has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
    // In a user namespace of its own that is said of nothing that matters here.
    if !may || !is_first("user", FIRST_USERS) {
        return Err(not_permitted(Errno::EPERM));
    }
    if Path::new(TYPES).exists() {
        Ok(())
    } else {
        Err(EbpfError::NoTypes)
    }
}

/// Whether it may load programs that follow a child of its own, likewise, and will see all of it.
pub(crate) fn may_follow() -> Result<(), EbpfError> {
    may_load()?;
    if are_preempted() {
        Tracefs::open().map_err(EbpfError::Preempted)?;
    }
    if storage() == Storage::Table && !numbers_are_the_kernels() {
        return Err(EbpfError::Numbers);
    }
    Ok(())
}

/// Whether a thread can lose its processor within a program at a tracepoint, and for whoever gets
/// it that program is left out meanwhile; which the kernel counts. At events it can't.
fn are_preempted() -> bool {
    /// From here on at births, execves and ends, and since 7.2 at calls too.
    const PREEMPTED: (u32, u32) = (7, 0);
    host::kernel_release() >= PREEMPTED
}

/// Where this kernel keeps the state of threads.
fn storage() -> Storage {
    /// From here on the state of a thread is found with it, whatever else goes on.
    const STATES_WITH_THREADS: (u32, u32) = (6, 2);
    if host::kernel_release() >= STATES_WITH_THREADS {
        Storage::Task
    } else {
        Storage::Table
    }
}

/// Whether numbers of processes are the same for this process and the kernel.
pub(crate) fn numbers_are_the_kernels() -> bool {
    /// `PROC_PID_INIT_INO` of include/uapi/linux/nsfs.h.
    const FIRST: u64 = 0xefff_fffc;
    is_first("pid", FIRST)
}

/// Whether the first namespace of a kind, whose number is fixed, is this process's.
fn is_first(kind: &str, number: u64) -> bool {
    let found = std::fs::metadata(format!("/proc/self/ns/{kind}"));
    found.is_ok_and(|it| it.ino() == number)
}

pub(super) fn wrong(error: ProgramError) -> EbpfError {
    match error {
        ProgramError::Btf(error) => EbpfError::Types(error),
        ProgramError::Misassembled => EbpfError::Misassembled,
    }
}

pub(super) fn load(program: &Program) -> Result<Loaded, EbpfError> {
    let loaded = Loaded::new(program.name, &program.code, program.point);
    loaded.map_err(|refused| refusal(program.name, refused.error, refused.log))
}

fn attach(
    name: &'static str,
    loaded: Loaded,
    events: Option<&Tracefs>,
) -> Result<Attached, EbpfError> {
    let attached = loaded.attach(|event| events.ok_or(Errno::ENOENT)?.event(event));
    attached.map_err(|source| refusal(name, source, "can't attach it".to_owned()))
}

/// Attaches the program that counts calls about which filters are asked. Nobody is recorded yet.
fn asked(btf: &Btf<'_>, fields: Fields, plan: Plan, maps: Maps) -> Result<Attached, EbpfError> {
    /// Programs find the registers of a call.
    const REGISTERS: (u32, u32) = (5, 15);
    if host::kernel_release() < REGISTERS {
        return Err(EbpfError::Unasked);
    }
    let program = programs::asked(btf, fields, plan, maps).map_err(wrong)?;
    attach(program.name, load(&program)?, None)
}

/// How loops are bounded. Where the state of threads is kept as on older kernels, all is as there.
fn loops(storage: Storage) -> Loops {
    /// It has the instruction since 6.9, and has put it right since.
    const MAY_GO_ON: (u32, u32) = (6, 12);
    if storage == Storage::Task && host::kernel_release() >= MAY_GO_ON {
        Loops::MayGoOn
    } else {
        Loops::Counted
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.let_go_of_slow();
    }
}

impl Probe {
    /// Lets go of all of it while this thread goes on.
    pub(super) fn let_go(mut self) {
        // Before this process could end: the kernel would let go of these then.
        self.let_go_of_slow();
        at_once::let_go(self);
    }

    /// Of what runs before a function or is at an event, without waiting for the kernel, which makes
    /// sure that nobody is on the way to it: that takes tens of milliseconds.
    fn let_go_of_slow(&mut self) {
        let at_events = self.events.is_some();
        let (slow, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.attached)
            .into_iter()
            .partition(|(name, _)| at_events || *name == programs::ASKED);
        self.attached = others;
        let slow = slow.into_iter().map(|(_, attached)| attached.into_link());
        let late = self.late.take().and_then(|late| late.end());
        let slow: Vec<_> = slow.chain(late).collect();
        if !slow.is_empty() {
            process::close_aside(slow);
        }
    }

    /// Loads the programs. They run from [`Probe::attach`] on.
    pub(super) fn new(wanted: Wanted) -> Result<Self, EbpfError> {
        may_load()?;
        let bytes = Bytes::of(Path::new(TYPES)).map_err(|_error| EbpfError::NoTypes)?;
        let types: &[u8] = &bytes;
        let storage = wanted.storage.unwrap_or_else(storage);
        let tells_them_apart = storage == Storage::Task || numbers_are_the_kernels();
        let _limit = ebpf::Unlimited::new();
        // What the kernel's types are matters to programs alone.
        let (btf, tables) = at_once::both(
            || Btf::read(types, &programs::NAMES),
            || tells_them_apart.then(|| Tables::new(storage, wanted)),
        );
        let btf = btf?;
        let tables = tables.ok_or(EbpfError::Numbers)?;
        let at_events = wanted.at_events.unwrap_or_else(are_preempted);
        let (mut events, mut left_out) = (None, None);
        if at_events && storage == Storage::Task {
            match Tracefs::open() {
                Ok(tracefs) => events = Some(tracefs),
                Err(error) => left_out = Some(EbpfError::Preempted(error)),
            }
        }
        let mut tables = tables?;
        tables.keep(&btf, wanted.terminal.is_some())?;
        if let Rule::OldGroup(_, number) = wanted.rule {
            tables.set_counter(Counter::Group, number)?;
        }
        let fields = Fields::of(&btf, wanted.rule, events.is_some()).map_err(EbpfError::Types)?;
        tables.leave_programs_alone(fields)?;
        let mut plan = Plan {
            storage,
            loops: loops(storage),
            rule: wanted.rule,
            refused: Refused::AtEnd,
            results: wanted.results,
            late_ends: None,
            terminal: wanted.terminal,
            new_slots: tables.new_slots(),
        };
        let mut maps = tables.numbers();
        let mut attached = Vec::new();
        let mut at_end = None;
        if !wanted.results && wanted.refused != Some(Refused::AtEnd) {
            match asked(&btf, fields, plan, maps) {
                Ok(program) => {
                    attached.push((programs::ASKED, program));
                    plan.refused = Refused::Asked;
                }
                Err(error) => at_end = Some(error.cause()),
            }
        }
        let mut late = None;
        if wanted.unfiltered && events.is_none() && plan.may_be_late(fields) {
            late = Late::new()?;
        }
        let mut programs = Vec::new();
        if let Some(late) = &late {
            (maps.ends_wanted, maps.ends_seen) = late.numbers();
            plan.late_ends = Some(late.most());
            programs.push(programs::late_ends(&btf, fields, plan, maps).map_err(wrong)?);
        }
        programs.extend(programs::all(&btf, fields, plan, maps).map_err(wrong)?);
        let all = at_once::each(programs, |program| (program.name, load(&program)));
        let mut ready = Vec::new();
        for (name, loaded) in all {
            let loaded = loaded?;
            match &late {
                Some(late) if name == programs::ENDS => late.is(loaded),
                Some(_) | None => ready.push((name, loaded)),
            }
        }
        Ok(Self {
            ready,
            attached,
            late,
            storage,
            events,
            at_end,
            left_out,
            tables,
            since: ebpf::now(),
        })
    }

    /// Runs the programs from now on.
    pub(super) fn attach(&mut self) -> Result<(), EbpfError> {
        let ready = std::mem::take(&mut self.ready);
        let last = ready.len().saturating_sub(1);
        for (at, (name, loaded)) in ready.into_iter().enumerate() {
            if at == last {
                // Who is older than this was there before.
                self.since = ebpf::now();
                let tables = &self.tables;
                tables.set_counter(Counter::Since, self.since)?;
            }
            let attached = attach(name, loaded, self.events.as_ref())?;
            self.attached.push((name, attached));
        }
        let opened = self.late.as_ref().map_or(Ok(()), Late::open);
        opened.map_err(|source| refusal(programs::ENDS, source, "can't open its event".to_owned()))
    }

    /// Looks at ends of calls from the first filter on, if that is put off. The program to be
    /// recorded is there already, as its processors and signals are not this one's any more.
    pub(super) fn watch_for_filters(&mut self) {
        if let Some(late) = &mut self.late {
            late.watch();
        }
    }

    /// Whether ends of calls are looked at from the first filter on alone.
    pub(super) const fn looks_late(&self) -> bool {
        self.late.is_some()
    }

    /// Records a child that has not executed its program yet, from there on.
    pub(super) fn follow_child(&self, pid: Tid) -> Result<(), EbpfError> {
        let mut value = [0; state::SIZE as usize];
        put(&mut value, state::SLOT, &state::NONE.to_ne_bytes());
        let states = &self.tables.states;
        let _alone = self.tables.alone();
        let set = match self.storage {
            Storage::Task => ebpf::process(pid.0)
                .and_then(|process| states.set(&process.as_raw_fd().to_ne_bytes(), &value)),
            Storage::Table => states.set(&pid.0.to_ne_bytes(), &value),
        };
        set.map_err(|source| EbpfError::Table {
            name: "states",
            source,
        })
    }

    /// Whether a child could be told to the kernel, for which its descriptor is needed.
    pub(super) fn check_follows(&self) -> Result<(), EbpfError> {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        match self.storage {
            Storage::Task => ebpf::process(own).map(drop),
            Storage::Table => Ok(()),
        }
        .map_err(|source| EbpfError::Table {
            name: "states",
            source,
        })
    }

    /// Records a process that runs already, with what it starts from now on.
    pub(super) fn follow_process(&self, pid: Tid) -> Result<(), EbpfError> {
        let _alone = self.tables.alone();
        let set = self.tables.processes.set(&pid.0.to_ne_bytes(), &word(0));
        set.map_err(|source| EbpfError::Table {
            name: "processes",
            source,
        })
    }

    /// Records what is in a control group or below it.
    pub(super) fn follow_group(&self, path: &Path) -> Result<(), EbpfError> {
        let failed = |source| EbpfError::Group {
            path: path.display().to_string(),
            source,
        };
        let folder = File::open(path)
            .map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or_default())))?;
        let value = folder.as_raw_fd().to_ne_bytes();
        let _alone = self.tables.alone();
        self.tables.group.set(&word(0), &value).map_err(failed)
    }

    /// How often programs could not run.
    pub(super) fn missed(&self) -> Missed {
        let mut all = Missed::default();
        for (name, attached) in &self.attached {
            let sum = if *name == programs::TURN {
                all.told = attached.missed() == 0;
                continue;
            } else if *name == programs::ASKED {
                &mut all.asking
            } else if programs::COUNTING.contains(name) {
                &mut all.counting
            } else {
                &mut all.following
            };
            *sum += attached.missed();
        }
        all.counting += self.late.as_ref().map_or(0, Late::missed);
        all
    }
}
