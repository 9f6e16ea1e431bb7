//! Filters that the kernel takes.

mod assemble;
mod compile;
mod installed;

pub use self::compile::{CompileError, compile};
pub use self::installed::{InstalledError, installed};
