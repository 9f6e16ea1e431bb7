//! callsieve: minimal seccomp profiles from what a program really calls.

pub mod arch;
pub mod event;
pub mod ingest;
pub mod profile;
pub mod recording;
pub mod syscalls;
