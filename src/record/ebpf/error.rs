//! Why a kernel does not take programs, and what to change.

use nix::errno::Errno;

use crate::ebpf::btf::BtfError;

/// Why nothing can be recorded with eBPF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EbpfError {
    /// The programs are written for one architecture.
    #[error("eBPF recording is for x86_64 only")]
    Architecture,
    /// The kernel has no bpf(2), or one that lacks what is used.
    #[error("this kernel is too old for eBPF recording; Linux 5.8 or later can")]
    TooOld,
    /// The same, where filters are asked about calls.
    #[error("it takes Linux 5.15")]
    Unasked,
    /// Programs may be interrupted for others, which then find theirs taken, unless they run at
    /// events, which can't be had.
    #[error("can't read tracefs, without which Linux 7 leaves out calls on a busy processor")]
    Preempted(#[source] Errno),
    /// The kernel does not describe its types.
    #[error("this kernel does not describe its types: there is no /sys/kernel/btf/vmlinux")]
    NoTypes,
    /// It describes them in a way that is not known.
    #[error("can't use the kernel's description of its types")]
    Types(#[from] BtfError),
    /// Processes have other numbers here.
    #[error("processes have other numbers here than for the kernel")]
    Numbers,
    /// This user may not.
    #[error("not permitted to load eBPF programs")]
    NotPermitted {
        /// Why.
        #[source]
        source: Errno,
        /// The kernel is locked down.
        locked: bool,
    },
    /// There is no memory for tables.
    #[error("can't make the table `{name}` in the kernel")]
    Table {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: Errno,
    },
    /// The kernel did not take a program.
    #[error("the kernel did not take the program `{name}`: {log}")]
    Refused {
        /// Which.
        name: &'static str,
        /// What the verifier says.
        log: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// A program of ours is wrong.
    #[error("a program for the kernel does not fit together")]
    Misassembled,
    /// A hierarchy of the first version of control groups that has no controller.
    #[error("control group `{}` is in a hierarchy without a controller, which programs can't tell", path.escape_debug())]
    NoController {
        /// The folder.
        path: String,
    },
    /// A control group can't be used.
    #[error("can't use the control group `{}`", path.escape_debug())]
    Group {
        /// Its folder.
        path: String,
        /// Why.
        #[source]
        source: Errno,
    },
    /// What the programs counted can't be read.
    #[error("can't read what the programs in the kernel counted")]
    Read(#[source] Errno),
}

impl EbpfError {
    /// Its cause, or itself.
    pub(super) fn cause(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.in_a_line(), ToString::to_string)
    }

    /// It and its cause, without what the verifier says beyond a line.
    pub fn in_a_line(&self) -> String {
        let told = self.to_string();
        let line = told
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches([':', ' ']);
        match std::error::Error::source(self) {
            Some(cause) => format!("{line}: {cause}"),
            None => line.to_owned(),
        }
    }

    /// What to change.
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Architecture => "record with `--backend ptrace`",
            Self::Preempted(_) => {
                "mount it (`mount -t tracefs tracefs /sys/kernel/tracing`), or record as root, or with `--backend ptrace`"
            }
            Self::TooOld => "record with `--backend ptrace`, or with a newer kernel",
            Self::NoTypes => {
                "it takes a kernel built with CONFIG_DEBUG_INFO_BTF=y, as most distributions have it, and /sys in this container"
            }
            Self::NotPermitted { locked: true, .. } => {
                "the kernel is locked down in confidentiality mode, which forbids it to everybody; boot with lockdown=integrity or less"
            }
            Self::NotPermitted { .. } => {
                "run as root, or with CAP_BPF and CAP_PERFMON, outside of a user namespace"
            }
            Self::Table { .. } => {
                "before Linux 5.11 tables count as locked memory: raise `ulimit -l`"
            }
            Self::Group { .. } | Self::NoController { .. } => {
                "name a folder of a control group, below /sys/fs/cgroup"
            }
            Self::Numbers => {
                "run it in the machine's own PID namespace (`--pid=host` in a container), or with `--backend ptrace`"
            }
            Self::Types(_) | Self::Refused { .. } => {
                "record with `--backend ptrace`, and tell us of your kernel"
            }
            Self::Misassembled | Self::Unasked | Self::Read(_) => return None,
        })
    }
}
