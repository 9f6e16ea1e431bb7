//! One command a file: its arguments, which are its help, and what it does.

pub(crate) mod check;
pub(crate) mod ci;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod docker;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod floor;
pub(crate) mod generate;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod lint;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod oci_recorder;
pub(crate) mod oci_runtime;
pub(crate) mod podman;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod setup;
pub(crate) mod verify;
