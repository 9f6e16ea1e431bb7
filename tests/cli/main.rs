//! The command line as a user meets it: whole outputs, exit codes, files left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod bad_output;
mod check;
mod ci;
mod diff;
mod doctor;
mod explain;
mod export;
mod floor;
mod generate;
mod git;
mod help;
mod hostile;
mod hostile_logs;
mod import;
mod import_formats;
mod import_many;
mod inspect;
mod keep;
mod lint;
mod loads;
mod merge_list;
mod packaging;
mod progress;
mod record;
mod screens;
mod setup;
mod util;
mod verify;
