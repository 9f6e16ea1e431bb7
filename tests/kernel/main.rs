//! The recorder against the kernel: tiny programs with one behaviour each, and real programs.
//!
//! Each runs three times: alone, under `strace -f`, and under `callsieve record`. What it prints
//! and how it ends must not change, and the calls recorded must be those that strace sees. What
//! differs is listed with the program, with the reason, and a listed difference that does not
//! show is a failure too.
//!
//! Everything runs in a process namespace of its own, which ends with the test: nothing that a
//! program starts or signals reaches further.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, write files and read its own environment"
)]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod control;
mod elsewhere;
mod guest;
mod guests;
mod in_kernel;
mod programs;
mod refused;
#[path = "../common/run.rs"]
mod run;
mod terminal;
