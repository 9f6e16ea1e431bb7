//! The filters that are installed in a running process.

use nix::errno::Errno;

use crate::bpf::{BadProgram, Endian, Program};
use crate::sys::installed::Stopped;

/// More filters than a process has. The kernel's own bound is on their instructions together,
/// 32768 with four for each filter (`MAX_INSNS_PER_PATH` in kernel/seccomp.c).
const MAX_FILTERS: usize = 8192;

/// Why the filters of a process can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstalledError {
    /// There is no such process.
    #[error("there is no process {pid}")]
    NoProcess {
        /// Its number.
        pid: i32,
    },
    /// It may not be traced.
    #[error("process {pid} can't be traced: it has a tracer already, or this account may not")]
    NotTraceable {
        /// Its number.
        pid: i32,
    },
    /// `CAP_SYS_ADMIN` is missing, or this process has a filter itself.
    #[error(
        "the filters of process {pid} are not shown: that takes CAP_SYS_ADMIN and no filter of one's own"
    )]
    NotShown {
        /// Its number.
        pid: i32,
    },
    /// The process has no filter.
    #[error("process {pid} has no seccomp filter")]
    NoFilter {
        /// Its number.
        pid: i32,
    },
    /// The kernel can't show filters.
    #[error("this kernel was built without CONFIG_CHECKPOINT_RESTORE and shows no filters")]
    Kernel,
    /// A filter makes no sense.
    #[error("a filter of process {pid} is not understood")]
    Program {
        /// Its number.
        pid: i32,
        /// Why.
        #[source]
        source: BadProgram,
    },
    /// Anything else.
    #[error("process {pid}: {errno}")]
    Other {
        /// Its number.
        pid: i32,
        /// What the kernel says.
        errno: Errno,
    },
}

/// The filters of a process in the order in which they were installed. The process is stopped for
/// a moment.
///
/// # Errors
///
/// [`InstalledError`] if they can't be had; [`InstalledError::NoFilter`] if there is none.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kernel has many error numbers, of which a few say something particular"
)]
pub fn installed(pid: i32) -> Result<Vec<Program>, InstalledError> {
    let stopped = Stopped::new(pid).map_err(|errno| match errno {
        Errno::ESRCH => InstalledError::NoProcess { pid },
        Errno::EPERM | Errno::EACCES => InstalledError::NotTraceable { pid },
        errno => InstalledError::Other { pid, errno },
    })?;
    let mut programs = Vec::new();
    for index in 0..MAX_FILTERS {
        let filter = stopped.filter(index).map_err(|errno| match errno {
            Errno::EACCES => InstalledError::NotShown { pid },
            Errno::EINVAL => InstalledError::NoFilter { pid },
            Errno::EIO => InstalledError::Kernel,
            errno => InstalledError::Other { pid, errno },
        })?;
        let Some(filter) = filter else {
            break;
        };
        let program = Program::new(filter, Endian::native())
            .map_err(|source| InstalledError::Program { pid, source })?;
        programs.push(program);
    }
    programs.reverse();
    if programs.is_empty() {
        return Err(InstalledError::NoFilter { pid });
    }
    Ok(programs)
}
