//! What reviewers and pipelines read: comments through a real renderer, SARIF and JSON against
//! their schemas, annotations.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../cli/util.rs"]
mod util;

mod annotations;
mod comments;
mod evidence;
mod rendered;
mod sarif;
mod schemas;
mod verified;
