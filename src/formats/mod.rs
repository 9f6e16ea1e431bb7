//! The forms in which a profile is written down: from bytes and to bytes, no files.

pub mod docker;
pub mod manifest;
pub mod spo;
