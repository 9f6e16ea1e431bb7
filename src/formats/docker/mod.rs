//! The JSON of Docker, OCI runtimes, Podman and Kubernetes.
//!
//! All of them read the OCI runtime specification's `LinuxSeccomp`, each with additions of its
//! own that the others silently ignore. [`read()`] takes every addition and nothing else;
//! [`write()`] emits only what all of them take alike.

mod detect;
mod error;
pub(crate) mod object;
mod raw;
mod read;
#[cfg(test)]
mod tests;
pub(crate) mod words;
mod write;

pub use self::detect::detect;
pub use self::error::FormatError;
pub use self::read::read;
pub use self::write::write;

/// The largest profile read, in bytes. Docker's default has 13 KB, and one with a rule of six
/// arguments for every call of every architecture stays below 1 MiB.
pub const MAX_BYTES: usize = 4 << 20;

/// The largest error number; the kernel makes this of a larger one (`MAX_ERRNO` in
/// kernel/seccomp.c, `__seccomp_filter`).
pub(crate) const MAX_ERRNO: u16 = 4094;

/// The flags of the OCI runtime specification, config-linux.md.
pub(crate) const FLAGS: [&str; 4] = [
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
];
