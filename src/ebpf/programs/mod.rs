//! The programs, for one kernel and one task.

mod adopt;
mod births;
mod calls;
mod common;
mod image;
mod late;
mod turn;
mod walk;

use std::ffi::CStr;

use super::assembler::{Insn, Misassembled};
use super::btf::{Btf, BtfError};

pub(crate) use calls::KEPT;
pub(crate) use walk::walk;

/// The names of the programs that count calls.
pub(crate) const COUNTING: [&str; 3] = ["callsieve_begin", ENDS, "callsieve_page"];
/// The name of the one that looks at ends of calls.
pub(crate) const ENDS: &str = "callsieve_end";
/// The event at ends of calls.
pub(crate) const END_EVENT: &str = "raw_syscalls/sys_exit";
/// The name of the one that counts calls about which filters are asked.
pub(crate) const ASKED: &str = "callsieve_asked";
/// The name of the one that tells whether what others at events missed matters.
pub(crate) const TURN: &str = "callsieve_turn";

/// Where a thread's state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    /// With the thread. The kernel lets go of it when the thread ends.
    Task,
    /// In a table by number, for older kernels.
    Table,
}

/// How the kernel's verifier knows that a loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loops {
    /// By counting in a register, for which it goes through each turn: some milliseconds.
    Counted,
    /// By an instruction of newer kernels that leaves a loop which goes on for too long.
    MayGoOn,
}

/// Who is recorded, of those that were not born to somebody who is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Nobody.
    Nobody,
    /// Processes in a table.
    Processes,
    /// Whoever is in a control group or below it.
    Group,
    /// Whoever is in a control group of the first version or below it, in the hierarchy of a
    /// controller: the kernel's constant for that, and the group's number.
    OldGroup(&'static str, u64),
    /// Whoever has this mount namespace.
    Namespace(u32),
    /// The same, and whoever is there has come from outside: its program was not executed there.
    NewNamespace(u32),
    /// Whoever has another mount namespace than this, one scope for each.
    AllBut(u32),
}

/// Descriptors of the maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Maps {
    pub(crate) states: i32,
    pub(crate) counts: i32,
    pub(crate) firsts: i32,
    pub(crate) closed: i32,
    pub(crate) values: i32,
    pub(crate) odd: i32,
    pub(crate) results: i32,
    pub(crate) images: i32,
    pub(crate) by_file: i32,
    pub(crate) slots: i32,
    pub(crate) scopes: i32,
    pub(crate) by_namespace: i32,
    pub(crate) free_scopes: i32,
    pub(crate) ends: i32,
    pub(crate) starters: i32,
    pub(crate) counters: i32,
    pub(crate) processes: i32,
    pub(crate) group: i32,
    /// Told when ends of calls are to be looked at, and whether they are; if they may not be from
    /// the start on.
    pub(crate) ends_wanted: i32,
    pub(crate) ends_seen: i32,
}

/// What is to be recorded, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) storage: Storage,
    pub(crate) loops: Loops,
    pub(crate) rule: Rule,
    pub(crate) refused: Refused,
    /// How calls end is kept. It takes [`Refused::AtEnd`].
    pub(crate) results: bool,
    /// Ends of calls are looked at only once a filter may be there: who installs one waits for
    /// that, unless so many wait already. It takes [`Refused::AtEnd`].
    pub(crate) late_ends: Option<i32>,
    /// The number that the kernel has for the terminal of which it is to be known when it is used.
    pub(crate) terminal: Option<i32>,
    /// How many slots are given one after the other; if not, all of them are in the queue.
    pub(crate) new_slots: Option<i32>,
}

impl Plan {
    /// Whether ends of calls need not be looked at before there is a filter, and the kernel takes
    /// what waits for that.
    pub(crate) fn may_be_late(self, fields: Fields) -> bool {
        let mode = fields.filtered.map(i16::try_from);
        let knows = self.loops == Loops::MayGoOn && matches!(mode, Some(Ok(_near)));
        knows && self.refused == Refused::AtEnd && !self.results && self.rule == Rule::Nobody
    }
}

/// Where calls are seen that a filter refuses: they do not begin, for `sys_enter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Where the kernel asks filters, which it does for threads that have any. What kills is
    /// seen too.
    Asked,
    /// At their end, where every call passes. What kills has none.
    AtEnd,
}

/// Where a program is to run, by the number of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// At a tracepoint.
    Tracepoint(u32),
    /// Before a function of the kernel.
    Function(u32),
    /// Before a function of the kernel, by its name, where no other thread gets the processor.
    Entry(&'static CStr),
    /// At a tracepoint as an event, by its group and name. No other thread gets the processor.
    Event(&'static str),
    /// For each entry of a table, to read it.
    Walk(u32),
}

/// A program and where it is to run.
#[derive(Debug)]
pub(crate) struct Program {
    /// For people, in what the kernel lists.
    pub(crate) name: &'static str,
    pub(crate) point: Point,
    pub(crate) code: Vec<Insn>,
}

/// Why there are no programs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    #[error(transparent)]
    Btf(#[from] BtfError),
    #[error("a program in the kernel does not fit together")]
    Misassembled,
}

impl From<Misassembled> for ProgramError {
    fn from(_mistake: Misassembled) -> Self {
        Self::Misassembled
    }
}

/// How the names begin of all types that are asked for.
pub(crate) const NAMES: [&str; 26] = [
    "task_struct",
    "nsproxy",
    "mnt_namespace",
    "mm_struct",
    "inode",
    "file",
    "files_struct",
    "fdtable",
    "dentry",
    "vfsmount",
    "mount",
    "css_set",
    "cgroup",
    "cgroup_subsys_id",
    "kernfs_node",
    "pt_regs",
    "trace_event_raw_",
    "btf_trace_",
    "bpf_task_from_pid",
    "bpf_iter_bpf_map_elem",
    "bpf_prog_active",
    "bpf_local_storage",
    "bpf_rdonly_cast",
    "__secure_computing",
    "__seccomp_permit_syscall",
    "cgroup_subsys_state",
];

/// Where fields stand in this kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    status: i32,
    pid: i32,
    tgid: i32,
    exit_code: i32,
    /// A kernel may have no seccomp.
    filtered: Option<i32>,
    /// What programs keep of a thread; null where none does.
    stored: Option<i32>,
    leader: i32,
    start_time: i32,
    namespaces: i32,
    mounts: i32,
    namespace_number: i32,
    namespace_serial: i32,
    memory: i32,
    exe_file: i32,
    file_dentry: i32,
    file_mount: i32,
    file_inode: i32,
    inode_number: i32,
    inode_generation: i32,
    inode_mode: i32,
    inode_device: i32,
    files: i32,
    files_table: i32,
    table_files: i32,
    dentry_parent: i32,
    dentry_name: i32,
    dentry_hashed: i32,
    mount_root: i32,
    mount_within: i32,
    mount_parent: i32,
    mount_point: i32,
    groups: i32,
    group: i32,
    group_node: i32,
    /// Of the controller that matters.
    group_states: i32,
    state_group: i32,
    node_number: i32,
    node_name: i32,
    node_parent: i32,
    registers_number: i32,
    registers_place: i32,
    /// If programs run at events.
    events: Option<Events>,
    /// A kernel may not let its memory be read like this.
    peek: Option<Peek>,
}

/// What it takes to read the state of a thread where it stands, without asking for it.
#[derive(Debug, Clone, Copy)]
struct Peek {
    /// What makes readable what stands at an address, and as what: registers, which are all numbers.
    cast: i32,
    registers: i32,
    /// The first of what programs keep of a thread.
    first: i32,
    /// From there to its content.
    content: i32,
    /// Whose it is.
    map: i16,
    data: i16,
}

impl Peek {
    fn of(btf: &Btf<'_>) -> Result<Self, BtfError> {
        let small = |offset: i32| i16::try_from(offset).map_err(|_too_large| BtfError::Damaged);
        let element = |field| btf.offset("bpf_local_storage_elem", field);
        let data = |field| btf.offset("bpf_local_storage_data", field).and_then(small);
        Ok(Self {
            cast: btf.function("bpf_rdonly_cast")?.cast_signed(),
            registers: btf.structure("pt_regs")?.cast_signed(),
            first: btf.offset("bpf_local_storage", "list.first")?,
            content: element("sdata")? - element("snode")?,
            map: data("smap")?,
            data: data("data")?,
        })
    }
}

/// What is told at events in place of the arguments of tracepoints, and what finds the rest.
#[derive(Debug, Clone, Copy)]
struct Events {
    begin_number: i16,
    end_number: i16,
    end_value: i16,
    /// A kernel may have no such page.
    page_number: Option<i16>,
    child: i16,
    /// The thread of a number, and what lets go of it.
    thread: i32,
    let_go: i32,
    /// What goes through a table.
    walk: u32,
    /// A kernel may not tell where it counts who keeps programs from running.
    active: Option<i32>,
}

impl Events {
    fn of(btf: &Btf<'_>) -> Result<Self, BtfError> {
        let place = |structure: &str, field| {
            let offset = btf.offset(&format!("trace_event_raw_{structure}"), field)?;
            i16::try_from(offset).map_err(|_too_large| BtfError::Damaged)
        };
        let number = |name| {
            let number = btf.function(name)?;
            i32::try_from(number).map_err(|_too_large| BtfError::Damaged)
        };
        Ok(Self {
            begin_number: place("sys_enter", "id")?,
            end_number: place("sys_exit", "id")?,
            end_value: place("sys_exit", "ret")?,
            page_number: place("emulate_vsyscall", "nr").ok(),
            child: place("sched_process_fork", "child_pid")?,
            thread: number("bpf_task_from_pid")?,
            let_go: number("bpf_task_release")?,
            walk: number("bpf_iter_bpf_map_elem")?.cast_unsigned(),
            active: number("bpf_prog_active").ok(),
        })
    }
}

impl Fields {
    /// Those that a rule takes, for programs at events or at tracepoints.
    pub(crate) fn of(btf: &Btf<'_>, rule: Rule, at_events: bool) -> Result<Self, BtfError> {
        let task = |path| btf.offset("task_struct", path);
        let inode = |path| btf.offset("inode", path);
        let file = |path| btf.offset("file", path);
        let mount = |path| btf.offset("mount", path);
        Ok(Self {
            status: task("thread_info.status")?,
            pid: task("pid")?,
            tgid: task("tgid")?,
            exit_code: task("exit_code")?,
            filtered: task("seccomp.mode").ok(),
            stored: task("bpf_storage").ok(),
            leader: task("group_leader")?,
            start_time: task("start_time")?,
            namespaces: task("nsproxy")?,
            mounts: btf.offset("nsproxy", "mnt_ns")?,
            namespace_number: btf.offset("mnt_namespace", "ns.inum")?,
            // All namespaces have one since Linux 6.18.
            namespace_serial: btf.offset_of_any("mnt_namespace", &["seq", "ns.ns_id"])?,
            memory: task("mm")?,
            exe_file: btf.offset("mm_struct", "exe_file")?,
            file_dentry: file("f_path.dentry")?,
            file_mount: file("f_path.mnt")?,
            file_inode: file("f_inode")?,
            inode_number: inode("i_ino")?,
            inode_generation: inode("i_generation")?,
            inode_mode: inode("i_mode")?,
            inode_device: inode("i_rdev")?,
            files: task("files")?,
            files_table: btf.offset("files_struct", "fdt")?,
            table_files: btf.offset("fdtable", "fd")?,
            dentry_parent: btf.offset("dentry", "d_parent")?,
            dentry_name: btf.offset_of_any("dentry", &["d_name.name", "__d_name.name"])?,
            dentry_hashed: btf.offset("dentry", "d_hash.pprev")?,
            mount_root: btf.offset("vfsmount", "mnt_root")?,
            mount_within: mount("mnt")?,
            mount_parent: mount("mnt_parent")?,
            mount_point: mount("mnt_mountpoint")?,
            groups: task("cgroups")?,
            group: btf.offset("css_set", "dfl_cgrp")?,
            group_node: btf.offset("cgroup", "kn")?,
            group_states: btf.offset("css_set", "subsys")? + controller(btf, rule)? * 8,
            state_group: btf.offset("cgroup_subsys_state", "cgroup")?,
            node_number: btf.offset("kernfs_node", "id")?,
            node_name: btf.offset("kernfs_node", "name")?,
            // It got underscores in Linux 6.15.
            node_parent: btf.offset_of_any("kernfs_node", &["parent", "__parent"])?,
            registers_number: btf.offset("pt_regs", "orig_ax")?,
            registers_place: btf.offset("pt_regs", "ip")?,
            events: at_events.then(|| Events::of(btf)).transpose()?,
            peek: Peek::of(btf).ok(),
        })
    }
}

/// The number of the controller in whose hierarchy the recorded control group is.
fn controller(btf: &Btf<'_>, rule: Rule) -> Result<i32, BtfError> {
    let Rule::OldGroup(name, _) = rule else {
        return Ok(0);
    };
    let number = btf.constant("cgroup_subsys_id", name)?;
    i32::try_from(number).map_err(|_too_large| BtfError::Damaged)
}

/// Where the six arguments of a call stand in `struct pt_regs`, by kind.
pub(crate) const ARGUMENTS: [[&str; 6]; 3] = [
    ["di", "si", "dx", "r10", "r8", "r9"],
    ["bx", "cx", "dx", "si", "di", "bp"],
    ["di", "si", "dx", "r10", "r8", "r9"],
];

/// The program that counts calls about which filters are asked; `Refused::Asked` takes it.
pub(crate) fn asked(
    btf: &Btf<'_>,
    fields: Fields,
    plan: Plan,
    maps: Maps,
) -> Result<Program, ProgramError> {
    /// It has the second name since Linux 7.
    const NAMES: [&CStr; 2] = [c"__secure_computing", c"__seccomp_permit_syscall"];
    let with = common::With { fields, plan, maps };
    let number = |name: &CStr| btf.function(&name.to_string_lossy());
    let [first, second] = NAMES;
    let (name, number) = match number(first) {
        Ok(number) => (first, number),
        Err(missing) => (second, number(second).map_err(|_as_well| missing)?),
    };
    Ok(Program {
        name: ASKED,
        point: match fields.events {
            Some(_) => Point::Entry(name),
            None => Point::Function(number),
        },
        code: with.asked()?,
    })
}

/// The program that looks at ends of calls once that is needed. To run a program at a tracepoint may
/// take until all processors have done something else, for which whoever waits can't be waited for;
/// at an event it does not.
pub(crate) fn late_ends(
    btf: &Btf<'_>,
    fields: Fields,
    plan: Plan,
    maps: Maps,
) -> Result<Program, ProgramError> {
    let fields = Fields {
        events: Some(Events::of(btf)?),
        ..fields
    };
    let with = common::With { fields, plan, maps };
    Ok(Program {
        name: ENDS,
        point: Point::Event(END_EVENT),
        code: with.end()?,
    })
}

/// All other programs that a plan needs, in the order in which they are to be attached: nobody is met
/// at the begin of a call before what follows him is there.
pub(crate) fn all(
    btf: &Btf<'_>,
    fields: Fields,
    plan: Plan,
    maps: Maps,
) -> Result<Vec<Program>, ProgramError> {
    let with = common::With { fields, plan, maps };
    let program = |name, event: &'static str, code: Result<Vec<Insn>, Misassembled>| {
        let (_group, tracepoint) = event.split_once('/').unwrap_or_default();
        Ok::<_, ProgramError>(Program {
            name,
            point: match fields.events {
                Some(_) => Point::Event(event),
                None => Point::Tracepoint(btf.typedef(&format!("btf_trace_{tracepoint}"))?),
            },
            code: code?,
        })
    };
    let mut programs = vec![
        program("callsieve_fork", "sched/sched_process_fork", with.fork())?,
        program("callsieve_exec", "sched/sched_process_exec", with.exec())?,
        program("callsieve_gone", "sched/sched_process_exit", with.gone())?,
    ];
    if plan.refused == Refused::AtEnd && plan.late_ends.is_none() {
        programs.push(program(ENDS, END_EVENT, with.end())?);
    }
    // Calls of the vsyscall page, where the kernel has one.
    if btf.typedef("btf_trace_emulate_vsyscall").is_ok() {
        let code = with.vsyscall();
        programs.push(program(
            "callsieve_page",
            "vsyscall/emulate_vsyscall",
            code,
        )?);
    }
    if let Some(active) = fields.events.and_then(|events| events.active) {
        programs.push(Program {
            name: TURN,
            point: Point::Tracepoint(btf.typedef("btf_trace_sched_switch")?),
            code: with.turn(active)?,
        });
    }
    let code = with.begin();
    programs.push(program("callsieve_begin", "raw_syscalls/sys_enter", code)?);
    Ok(programs)
}
