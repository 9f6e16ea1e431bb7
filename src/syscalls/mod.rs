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
pub use args::{ArgKind, closed_set_arguments, symbol_value, value_symbols};
pub use groups::{Group, group};
pub use multiplex::multiplexer;
pub use name::{BadName, SyscallName};
pub use table::{Table, table};
