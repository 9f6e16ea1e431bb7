//! callsieve: minimal seccomp profiles from what a program really calls.
//!
//! Traces become a [`recording::Recording`] (through [`ingest`] and [`event`]); a recording and
//! options become a [`profile::Profile`], which [`formats`] writes. [`lint`] finds mistakes in
//! one. Modules name only those below them; docs/ARCHITECTURE.md has the picture.

pub mod arch;
pub mod bpf;
pub mod enforce;
pub mod event;
pub mod formats;
pub mod ingest;
pub mod lint;
pub mod profile;
pub mod recording;
mod sys;
pub mod syscalls;
