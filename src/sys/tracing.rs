//! Tracepoints as events of perf: their numbers, which tracefs tells, and descriptors for them.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use libc::{c_int, c_long};
use nix::errno::Errno;

use super::descriptor;

/// A folder of tracefs.
#[derive(Debug)]
pub(crate) struct Tracefs(OwnedFd);

fn open_at(folder: RawFd, path: &CStr, flags: c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: `path` ends with a NUL and lives through the call; the flags make no file.
    let fd = unsafe { libc::openat(folder, path.as_ptr(), flags | libc::O_CLOEXEC) };
    descriptor::made(fd.into())
}

/// Mounts tracefs nowhere: it is there for who has the descriptor.
fn mounted_aside() -> Result<OwnedFd, Errno> {
    // include/uapi/linux/mount.h
    const FSOPEN_CLOEXEC: u32 = 1;
    const FSCONFIG_CMD_CREATE: u32 = 6;
    const FSMOUNT_CLOEXEC: u32 = 1;
    // SAFETY: the name ends with a NUL and lives through the call.
    let opened = unsafe { libc::syscall(libc::SYS_fsopen, c"tracefs".as_ptr(), FSOPEN_CLOEXEC) };
    let opened = descriptor::made(opened)?;
    let nothing = std::ptr::null::<u8>();
    // SAFETY: this command takes neither a key nor a value.
    let made = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            opened.as_raw_fd(),
            FSCONFIG_CMD_CREATE,
            nothing,
            nothing,
            0,
        )
    };
    Errno::result(made)?;
    // SAFETY: takes numbers only.
    let mounted =
        unsafe { libc::syscall(libc::SYS_fsmount, opened.as_raw_fd(), FSMOUNT_CLOEXEC, 0) };
    descriptor::made(mounted)
}

impl Tracefs {
    /// Where it is mounted, or from a mount of this process's own.
    pub(crate) fn open() -> Result<Self, Errno> {
        let mounted = open_at(libc::AT_FDCWD, c"/sys/kernel/tracing", libc::O_DIRECTORY);
        let mounted = mounted.map(Self);
        // The folder may be there without what is to be mounted on it.
        let works = |it: &Self| it.number("raw_syscalls/sys_enter").is_ok();
        match mounted {
            Ok(it) if works(&it) => Ok(it),
            Ok(_) | Err(_) => {
                let own = Self(mounted_aside()?);
                own.number("raw_syscalls/sys_enter").map(|_number| own)
            }
        }
    }

    /// A descriptor for an event, by its group and name, which counts nothing. Programs run at it on
    /// all processors all the same, as the kernel has one list of them for an event; so it does not
    /// matter either which processors come and go.
    pub(crate) fn event(&self, event: &str) -> Result<OwnedFd, Errno> {
        open(self.number(event)?)
    }

    fn number(&self, event: &str) -> Result<u64, Errno> {
        let path = CString::new(format!("events/{event}/id")).map_err(|_nul| Errno::EINVAL)?;
        let mut text = String::new();
        File::from(open_at(self.0.as_raw_fd(), &path, libc::O_RDONLY)?)
            .read_to_string(&mut text)
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
        text.trim().parse().map_err(|_no_number| Errno::EINVAL)
    }
}

/// `struct perf_event_attr` as of its first version.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    period: u64,
    sample: u64,
    read: u64,
    flags: u64,
    wakeup: u32,
    breakpoint: u32,
    place: u64,
}

fn open(number: u64) -> Result<OwnedFd, Errno> {
    const TRACEPOINT: u32 = 2;
    const DISABLED: u64 = 1;
    const CLOSE_ON_EXEC: u64 = 8;
    let attributes = Attributes {
        kind: TRACEPOINT,
        size: u32::try_from(size_of::<Attributes>()).unwrap_or_default(),
        config: number,
        flags: DISABLED,
        ..Attributes::default()
    };
    let place: *const Attributes = &raw const attributes;
    let open_for = |process: c_int, processor: c_int| {
        let no_group = -1;
        // SAFETY: `place` is a live structure that begins as the kernel's does, of the size in it.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                place,
                process,
                processor,
                no_group,
                CLOSE_ON_EXEC,
            )
        };
        descriptor::made(fd)
    };
    // The first event of a thread on a machine has the kernel wait for all processors.
    let (own, any) = (0, -1);
    // SAFETY: takes nothing.
    open_for(any, unsafe { libc::sched_getcpu() }).or_else(|_gone| open_for(own, any))
}

/// Keeps other threads from its processor while this one changes tables by bpf(2), as far as this
/// process may: until the kernel has done it, no program runs at an event there.
#[derive(Debug)]
pub(crate) struct Undisturbed(Option<(c_long, c_int)>);

impl Undisturbed {
    pub(crate) fn new() -> Self {
        /// The most urgent.
        const PRIORITY: c_int = 99;
        let mut former: c_int = 0;
        // SAFETY: takes a number only.
        let policy = unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) };
        // SAFETY: `former` has room for what the kernel writes, `struct sched_param`.
        let told = unsafe { libc::syscall(libc::SYS_sched_getparam, 0, &raw mut former) };
        let set = policy >= 0 && told == 0 && schedule(libc::SCHED_FIFO.into(), PRIORITY);
        Self(set.then_some((policy, former)))
    }

    /// Whether this process may.
    pub(crate) const fn is_had(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        if let Some((policy, priority)) = self.0 {
            let _as_before = schedule(policy, priority);
        }
    }
}

/// Changes how this thread gets a processor; whether it may.
fn schedule(policy: c_long, priority: c_int) -> bool {
    let priority: *const c_int = &raw const priority;
    // SAFETY: `priority` is a live `struct sched_param`.
    unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, priority) == 0 }
}
