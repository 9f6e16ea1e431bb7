//! callsieve: minimal seccomp profiles from what a program really calls.
//!
//! Traces become a [`recording::Recording`] (through [`ingest`] and [`event`]), and so does what
//! [`record`] sees of a running program; a recording and options become a [`profile::Profile`],
//! which [`formats`] writes. [`lint`] finds mistakes in one;
//! [`config`] says which are made again and again. Modules name only those below them;
//! docs/ARCHITECTURE.md has the picture.

pub mod arch;
pub mod bpf;
pub mod config;
pub mod ebpf;
pub mod enforce;
pub mod event;
pub mod formats;
pub mod ingest;
pub mod lint;
pub mod profile;
pub mod record;
pub mod recording;
pub mod sys;
pub mod syscalls;
