//! Whole runs on real container engines: an image is built from installed Debian packages, its
//! workload recorded with strace, a profile generated, and the workload run again under the
//! profile by `docker run`, `runc` and `crun`.
//!
//! Nothing is downloaded. The images are named `callsieve-test-…` and removed afterwards, as are
//! the containers. An engine that is not there is said on stderr (`SKIPPED: …`), or is a failure
//! when `CALLSIEVE_TEST_REQUIRE` names it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may panic, print, write files and read its own environment"
)]

#[path = "../common/mod.rs"]
mod common;
mod engine;
mod floor;
mod image;
mod installed;
mod probe;
mod refused;
mod rig;
#[path = "../common/run.rs"]
mod run;
mod services;
mod trial;
mod workloads;
