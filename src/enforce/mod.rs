//! Filters that the kernel takes.

mod compile;
mod installed;
mod report;

pub use self::compile::{CompileError, compile};
pub use self::installed::{InstalledError, installed};
pub use self::report::{Finding, Report, Standing};
