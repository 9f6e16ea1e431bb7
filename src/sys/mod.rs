//! The kernel's edge, and the only place with `unsafe` code: one safe function for each thing
//! that is asked of Linux.
//!
//! [`kernel::Kernel`] is the seam: the event loop knows the kernel through it alone, so that
//! orders of stops which take luck to meet are unit tests (`sys::fake`). What stays outside of
//! it runs once: starting the program ([`process`]) and hearing signals ([`signals`]).

#![expect(unsafe_code, reason = "the one place where it is allowed")]

mod bytes;
mod descriptor;
pub(crate) mod ebpf;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod front;
mod inherited;
pub(crate) mod installed;
pub(crate) mod kernel;
pub(crate) mod left;
pub(crate) mod linux;
pub(crate) mod mapped;
pub(crate) mod notify;
mod padded;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod ptrace;
pub(crate) mod seccomp;
pub(crate) mod signals;
pub(crate) mod tracing;
#[cfg(target_arch = "x86_64")]
mod wide;

pub use bytes::{
    BITS, Common, Planes, Take, Vectors, Work, find_bytes, planes, with_wide_instructions,
};
pub use kernel::{Signo, Tid};
pub use padded::{PADDING, Padded};
