//! callsieve: minimal seccomp profiles from what a program really calls.
//!
//! Traces become a [`recording::Recording`] (through [`ingest`] and [`event`]); a recording and
//! options become a [`profile::Profile`], which [`formats`] writes. Modules name only those below
//! them; docs/ARCHITECTURE.md has the picture.

pub mod arch;
pub mod event;
pub mod formats;
pub mod ingest;
pub mod profile;
pub mod recording;
pub mod sys;
pub mod syscalls;
