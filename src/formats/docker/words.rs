//! The vocabulary of profiles. Every word is spelt in one way: engines compare them byte by
//! byte, and some pass over what they do not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use nix::errno::Errno;

use super::FLAGS;
use super::error::quoted;
use super::object::Word;
use crate::arch::Arch;
use crate::profile::{Action, Capability, KernelVersion, Test};
use crate::syscalls::{self, SyscallName};

/// `SCMP_ACT_…`, with the number to come.
impl Word for Action {
    const EXPECTED: &'static str = "the name of an action";

    fn from_word(word: &str) -> Result<Self, String> {
        Self::from_scmp(word, None).ok_or_else(|| format!("unknown action {}", quoted(word)))
    }
}

/// `SCMP_ARCH_…`
impl Word for Arch {
    const EXPECTED: &'static str = "the name of an architecture";

    fn from_word(word: &str) -> Result<Self, String> {
        Self::from_scmp(word).ok_or_else(|| match Self::from_name(word) {
            Some(meant) => format!(
                "unknown architecture {}; here it is called `{}`",
                quoted(word),
                meant.scmp_name()
            ),
            None => format!("unknown architecture {}", quoted(word)),
        })
    }
}

/// An architecture as Docker's conditions name it.
#[derive(Debug)]
pub(crate) struct DockerArch(pub(crate) String);

impl Word for DockerArch {
    const EXPECTED: &'static str = "Docker's name of an architecture";

    fn from_word(word: &str) -> Result<Self, String> {
        // Docker's own profile has `x32`, although it is true of no daemon.
        let known = word == "x32" || Arch::ALL.iter().any(|a| a.docker_name() == Some(word));
        if known {
            return Ok(Self(word.to_owned()));
        }
        Err(match Arch::from_name(word).and_then(Arch::docker_name) {
            Some(meant) => format!(
                "unknown architecture {}; here it is called `{meant}`",
                quoted(word)
            ),
            None => format!("unknown architecture {}", quoted(word)),
        })
    }
}

/// `CAP_…`
impl Word for Capability {
    const EXPECTED: &'static str = "the name of a capability";

    fn from_word(word: &str) -> Result<Self, String> {
        Self::from_name(word).ok_or_else(|| match word.parse::<Self>() {
            Ok(meant) => format!(
                "unknown capability {}; here it is called `{meant}`",
                quoted(word)
            ),
            Err(_unknown) => format!("unknown capability {}", quoted(word)),
        })
    }
}

impl Word for KernelVersion {
    const EXPECTED: &'static str = "a kernel version";

    fn from_word(word: &str) -> Result<Self, String> {
        word.parse()
            .map_err(|_bad| format!("{} is no kernel version of the form 6.18", quoted(word)))
    }
}

impl Word for SyscallName {
    const EXPECTED: &'static str = "the name of a system call";

    fn from_word(word: &str) -> Result<Self, String> {
        let name = Self::new(word)
            .map_err(|_bad| format!("{} can't be the name of a system call", quoted(word)))?;
        if is_known(word) {
            Ok(name)
        } else {
            Err(format!(
                "unknown system call {}: no architecture has it",
                quoted(word)
            ))
        }
    }
}

/// Whether an architecture has the call.
pub(crate) fn is_known(name: &str) -> bool {
    // One set, so that a file of nothing but names is read fast.
    static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        let tables = Arch::ALL.into_iter().map(syscalls::table);
        tables
            .flat_map(|table| table.iter().map(|(name, _)| name))
            .collect()
    });
    KNOWN.contains(name)
}

/// `SECCOMP_FILTER_FLAG_…`
#[derive(Debug)]
pub(super) struct Flag(pub(super) String);

impl Word for Flag {
    const EXPECTED: &'static str = "the name of a flag";

    fn from_word(word: &str) -> Result<Self, String> {
        if FLAGS.contains(&word) {
            Ok(Self(word.to_owned()))
        } else {
            Err(format!("unknown flag {}", quoted(word)))
        }
    }
}

/// `SCMP_CMP_…`
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operator {
    NotEqual,
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
    MaskedEqual,
}

impl Word for Operator {
    const EXPECTED: &'static str = "the name of an operator";

    fn from_word(word: &str) -> Result<Self, String> {
        Ok(match word {
            "SCMP_CMP_NE" => Self::NotEqual,
            "SCMP_CMP_LT" => Self::Less,
            "SCMP_CMP_LE" => Self::LessOrEqual,
            "SCMP_CMP_EQ" => Self::Equal,
            "SCMP_CMP_GE" => Self::GreaterOrEqual,
            "SCMP_CMP_GT" => Self::Greater,
            "SCMP_CMP_MASKED_EQ" => Self::MaskedEqual,
            _ => return Err(format!("unknown operator {}", quoted(word))),
        })
    }
}

impl Operator {
    /// The test. Only `SCMP_CMP_MASKED_EQ` looks at the second value, for libseccomp too.
    pub(crate) const fn test(self, value: u64, value_two: u64) -> Test {
        match self {
            Self::NotEqual => Test::NotEqual(value),
            Self::Less => Test::Less(value),
            Self::LessOrEqual => Test::LessOrEqual(value),
            Self::Equal => Test::Equal(value),
            Self::GreaterOrEqual => Test::GreaterOrEqual(value),
            Self::Greater => Test::Greater(value),
            Self::MaskedEqual => Test::MaskedEqual {
                mask: value,
                expected: value_two,
            },
        }
    }
}

/// An error number by its name, as Podman writes it besides the number.
#[derive(Debug)]
pub(crate) struct ErrnoName(pub(crate) u16);

impl Word for ErrnoName {
    const EXPECTED: &'static str = "the name of an error";

    fn from_word(word: &str) -> Result<Self, String> {
        static NUMBERS: LazyLock<BTreeMap<String, u16>> = LazyLock::new(|| {
            let named = (1..=super::MAX_ERRNO).filter_map(|number| {
                let errno = Errno::from_raw(i32::from(number));
                (errno != Errno::UnknownErrno).then(|| (format!("{errno:?}"), number))
            });
            let mut numbers: BTreeMap<_, _> = named.collect();
            // Second names, errno(3).
            for (alias, name) in [
                ("EWOULDBLOCK", "EAGAIN"),
                ("EDEADLOCK", "EDEADLK"),
                ("ENOTSUP", "EOPNOTSUPP"),
            ] {
                if let Some(number) = numbers.get(name).copied() {
                    numbers.insert(alias.to_owned(), number);
                }
            }
            numbers
        });
        NUMBERS
            .get(word)
            .map(|number| Self(*number))
            .ok_or_else(|| format!("unknown error {}", quoted(word)))
    }
}
