//! System calls: numbers and names of each architecture.
//!
//! The name of record is libseccomp's, since that is what a profile is read with.

pub mod about;
mod alias;
mod args;
mod data;
mod groups;
mod multiplex;
mod name;
mod nearest;
mod repair;
mod symbols;
mod table;

pub use about::{About, Risk, about};
pub use alias::canonical;
pub use args::{ArgKind, closed_set_arguments, symbol_value, value_symbols};
pub use groups::{Group, group};
pub use multiplex::multiplexer;
pub use name::{BadName, SyscallName};
pub(crate) use nearest::distance;
pub use nearest::nearest;
pub use table::{Table, exists, table};
