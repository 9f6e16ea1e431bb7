//! `callsieve docker`, `callsieve podman` and `record --container` on real engines.
//!
//! Nothing is downloaded: images are made of busybox and of a guest that links nothing. Images and
//! containers are named `callsieve-test-…`, and each test sees to it that nothing of its own is
//! left. An engine that is not there is said on stderr (`SKIPPED: …`), or is a failure when
//! `CALLSIEVE_TEST_REQUIRE` names it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, write files and read its own environment"
)]

mod attached;
mod broken;
#[path = "../common/mod.rs"]
mod common;
mod daemon;
mod ends;
mod hook;
mod recorded;
mod rig;
#[path = "../common/run.rs"]
mod run;
#[path = "../common/static_binary.rs"]
mod static_binary;
mod verify;
