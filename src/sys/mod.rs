//! The kernel's edge, and the only place with `unsafe` code: one safe function for each thing
//! that is asked of Linux.

#![expect(unsafe_code, reason = "the one place where it is allowed")]

pub(crate) mod installed;
