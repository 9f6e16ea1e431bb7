//! What /proc tells of a process: its program, its name, its threads.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::kernel::{Program, Tid};

/// No more threads or children of a process are read; a bound for damaged directories.
const MAX_TASKS: usize = 1 << 20;

pub(crate) fn program(tid: Tid) -> Program {
    let link = format!("/proc/{tid}/exe");
    let link = Path::new(&link);
    Program {
        path: fs::read_link(link)
            .ok()
            .map(|path| path.to_string_lossy().into_owned()),
        gives_privileges: gives_privileges(link),
    }
}

/// Whether executing a file may change what a process is allowed to do.
pub(crate) fn gives_privileges(file: &Path) -> bool {
    /// `S_ISUID | S_ISGID`.
    const SET_ID: u32 = 0o6000;
    let set_id = fs::metadata(file).is_ok_and(|it| it.permissions().mode() & SET_ID != 0);
    set_id || has_capabilities(file)
}

fn has_capabilities(file: &Path) -> bool {
    let Ok(path) = CString::new(file.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: both strings end with a NUL and outlive the call; with a size of 0 the kernel
    // writes nothing and gives the size of the value.
    let size = unsafe {
        libc::getxattr(
            path.as_ptr(),
            c"security.capability".as_ptr(),
            std::ptr::null_mut(),
            0,
        )
    };
    size > 0
}

pub(crate) fn name(tid: Tid) -> Option<String> {
    let bytes = fs::read(format!("/proc/{tid}/comm")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_end_matches('\n').to_owned())
}

/// A field of `/proc/PID/status`.
fn status(tid: Tid, field: &str) -> Option<String> {
    let bytes = fs::read(format!("/proc/{tid}/status")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .map(|value| value.trim().to_owned())
}

pub(crate) fn leader(tid: Tid) -> Option<Tid> {
    status(tid, "Tgid")?.parse().ok().map(Tid)
}

/// Who traces a thread, if anybody does.
pub(crate) fn tracer(tid: Tid) -> Option<Tid> {
    let tracer = status(tid, "TracerPid")?.parse().ok()?;
    (tracer != 0).then_some(Tid(tracer))
}

pub(crate) fn threads(pid: Tid) -> Vec<Tid> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let mut all: Vec<Tid> = entries
        .take(MAX_TASKS)
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Tid))
        .collect();
    all.sort_unstable();
    all
}

pub(crate) fn children(pid: Tid) -> Vec<Tid> {
    let mut all: Vec<Tid> = threads(pid)
        .into_iter()
        .filter_map(|tid| fs::read_to_string(format!("/proc/{pid}/task/{tid}/children")).ok())
        .flat_map(|text| {
            text.split_whitespace()
                .filter_map(|word| word.parse().ok().map(Tid))
                .collect::<Vec<_>>()
        })
        .take(MAX_TASKS)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The processes in a process's PID namespace that this process does not trace yet; nobody if
/// this process is in it too, as then it holds half the machine.
pub(crate) fn companions(pid: Tid) -> Vec<Tid> {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(theirs) = namespace(&pid.to_string()) else {
        return Vec::new();
    };
    if namespace("self").as_ref() == Some(&theirs) {
        return Vec::new();
    }
    let own = i32::try_from(std::process::id()).ok().map(Tid);
    let mut all: Vec<Tid> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok().map(Tid))
        .filter(|pid| namespace(&pid.to_string()).as_ref() == Some(&theirs))
        .filter(|pid| own.is_none() || tracer(*pid) != own)
        .take(MAX_TASKS)
        .collect();
    all.sort_unstable();
    all
}

/// The effective capabilities of this process, as a set of bits. The kernel is asked, as there may
/// be no `/proc`.
pub(crate) fn own_capabilities() -> u64 {
    // include/uapi/linux/capability.h
    const VERSION_3: u32 = 0x2008_0522;
    let mut header = [VERSION_3, 0];
    // Of each half, those that are effective, permitted and inheritable.
    let mut halves = [[0_u32; 3]; 2];
    let place = halves.as_mut_ptr();
    // SAFETY: the header is complete, that of this thread by the number 0, and there is room for
    // the two halves that the kernel writes for this version.
    let answer = unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), place) };
    if answer != 0 {
        return 0;
    }
    let [low, high] = halves.map(|[effective, ..]| u64::from(effective));
    high << 32 | low
}

/// The first two numbers of the kernel's release. The kernel is asked, as there may be no `/proc`.
pub(crate) fn kernel_release() -> (u32, u32) {
    let text = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let text = text.unwrap_or_default();
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse().ok());
    (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    )
}
