//! Names of system calls as values: any well-formed name, known to a table or not.

use std::borrow::{Borrow, Cow};
use std::fmt;

/// Longest name accepted, in bytes. The longest in any table has 27.
const MAX_NAME_LEN: usize = 64;

/// A well-formed name of a system call: `[a-z_][a-z0-9_]*`, at most 64 bytes. Whether an architecture has it
/// is a question to its [`Table`](super::Table).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyscallName(Cow<'static, str>);

/// Text that can't be the name of a system call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` can't be the name of a system call", name.escape_debug())]
pub struct BadName {
    /// The text, cut to 80 bytes.
    pub name: String,
}

impl SyscallName {
    /// A name from a table of this crate.
    pub const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A name from outside.
    pub fn new(name: &str) -> Result<Self, BadName> {
        let mut bytes = name.bytes();
        let well_formed = name.len() <= MAX_NAME_LEN
            && bytes
                .next()
                .is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if well_formed {
            Ok(Self(Cow::Owned(name.to_owned())))
        } else {
            Err(BadName {
                name: name.chars().take(80).collect(),
            })
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SyscallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SyscallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for SyscallName {
    fn borrow(&self) -> &str {
        &self.0
    }
}
