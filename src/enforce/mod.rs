//! Filters that the kernel takes.

mod assemble;
mod compile;

pub use self::compile::{CompileError, compile};
