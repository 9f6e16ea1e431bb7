//! callsieve: minimal seccomp profiles from what a program really calls.

pub mod arch;
pub mod formats;
pub mod profile;
pub mod syscalls;
