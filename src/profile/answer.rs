//! What a call gets, in short and for people.

use std::fmt;
use std::sync::Arc;

use super::call_rules::{CallRules, Case};
use super::{Action, Condition, Test};

/// What a profile answers to a call or to an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The same for all argument values.
    Constant(Action),
    /// It depends on the arguments.
    Conditional(Arc<Conditional>),
    /// The filter is not made for the architecture: every call kills the thread.
    NotListed,
    /// The filter is made for the architecture; how many calls of its table get how far for at
    /// least some arguments.
    Listed {
        /// Calls that the kernel carries out.
        permitted: usize,
        /// Other calls that another process decides on.
        delegated: usize,
    },
}

/// The rules about a call in normal form, which follows from the order and the writing of the
/// rules less than they do themselves. Two that differ may still mean the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditional {
    /// The first that matches decides. None where there are too many to be told.
    pub cases: Vec<Case>,
    /// What the call gets if none does.
    pub otherwise: Action,
    /// Whether the rules in the profile say something else: they overlap, and this is what
    /// libseccomp makes of them.
    pub is_merged: bool,
}

impl From<&CallRules> for Conditional {
    fn from(rules: &CallRules) -> Self {
        Self {
            cases: rules.cases().to_vec(),
            otherwise: rules.otherwise(),
            is_merged: false,
        }
    }
}

/// `allow`, `allow if arg0 == 0x2, else EPERM`, `not listed: kill-thread`, `3 calls permitted`.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(action) => action.fmt(f),
            Self::Conditional(conditional) => conditional.fmt(f),
            Self::NotListed => write!(f, "not listed: {}", super::eval::NOT_LISTED),
            Self::Listed {
                permitted,
                delegated,
            } => {
                let noun = if *permitted == 1 { "call" } else { "calls" };
                write!(f, "{permitted} {noun} permitted")?;
                if *delegated > 0 {
                    write!(f, ", {delegated} delegated")?;
                }
                Ok(())
            }
        }
    }
}

/// How many cases are told; more are counted alone.
const SHOWN: usize = 12;

/// Cases of one action are joined by `|`, those of the next follow after `;`:
/// `allow if arg0 == 0x1 and arg1 < 0x3 | arg0 == 0x2; log if arg0 == 0x4, else EPERM`.
impl fmt::Display for Conditional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cases.is_empty() {
            return f.write_str("it depends on the arguments");
        }
        let shown = self.cases.get(..SHOWN).unwrap_or(&self.cases);
        for (at, run) in shown.chunk_by(|a, b| a.action == b.action).enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            for (at, case) in run.iter().enumerate() {
                if at == 0 {
                    write!(f, "{} if ", case.action)?;
                } else {
                    f.write_str(" | ")?;
                }
                for (at, condition) in case.conditions.iter().enumerate() {
                    if at > 0 {
                        f.write_str(" and ")?;
                    }
                    condition.fmt(f)?;
                }
            }
        }
        match self.cases.len().checked_sub(SHOWN) {
            None | Some(0) => {}
            Some(more) => write!(f, " and in {more} more cases")?,
        }
        write!(f, ", else {}", self.otherwise)?;
        if self.is_merged {
            f.write_str(" (merged by libseccomp)")?;
        }
        Ok(())
    }
}

/// `arg0 == 0x1`, `arg0 & 0x7e020000 == 0x0`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arg{} ", self.arg.get())?;
        match self.test {
            Test::NotEqual(value) => write!(f, "!= {value:#x}"),
            Test::Less(value) => write!(f, "< {value:#x}"),
            Test::LessOrEqual(value) => write!(f, "<= {value:#x}"),
            Test::Equal(value) => write!(f, "== {value:#x}"),
            Test::GreaterOrEqual(value) => write!(f, ">= {value:#x}"),
            Test::Greater(value) => write!(f, "> {value:#x}"),
            Test::MaskedEqual { mask, expected } => write!(f, "& {mask:#x} == {expected:#x}"),
        }
    }
}
