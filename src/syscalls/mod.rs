//! System calls: numbers and names of each architecture.
//!
//! The name of record is libseccomp's, since that is what a profile is read with.

mod alias;
mod args;
mod data;
mod groups;
mod multiplex;
mod name;
mod repair;
mod symbols;
mod table;

pub use alias::canonical;
pub use args::{ArgKind, closed_set_arguments, symbol_value};
pub use groups::{Group, group};
pub use multiplex::multiplexer;
pub use name::{BadName, SyscallName};
pub use table::{Table, table};

// Stand-ins until the tables are merged.
#[expect(missing_docs)]
pub fn canonical(arch: crate::arch::Arch, printed: &str) -> Option<&'static str> { table(arch).name(table(arch).number(printed)?) }
#[expect(missing_docs)]
pub fn multiplexer(_a: crate::arch::Arch, _s: &str) -> Option<&'static str> { None }
#[expect(missing_docs)]
#[derive(Debug, Clone, Copy)]
pub struct ArgKind;
#[expect(missing_docs)]
pub fn closed_set_arguments(_a: crate::arch::Arch, _s: &str) -> &'static [(u8, ArgKind)] { &[] }
#[expect(missing_docs)]
pub fn symbol_value(_a: crate::arch::Arch, _k: ArgKind, _s: &str) -> Option<u64> { None }
