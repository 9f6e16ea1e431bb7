//! The only code that is `unsafe`, one safe function for each thing that needs it.
#![expect(unsafe_code, reason = "this is its place")]

mod bytes;

pub use bytes::{BITS, LineMarks};
