//! How a call ended.

use std::fmt;

/// The name of an error, `E[A-Z0-9]+`, or `errno N` for a number without one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errno(String);

/// Longest name of an error accepted. The kernel's longest, `ERESTART_RESTARTBLOCK`, has 21.
const MAX_ERRNO_LEN: usize = 24;

impl Errno {
    /// The error called `name`, or `None` if it is not well-formed.
    pub fn named(name: &str) -> Option<Self> {
        let well_formed = name.len() <= MAX_ERRNO_LEN
            && name.len() > 1
            && name.starts_with('E')
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        well_formed.then(|| Self(name.to_owned()))
    }

    /// The error with this number.
    pub fn numbered(number: u16) -> Self {
        let known = nix::errno::Errno::from_raw(i32::from(number));
        if known == nix::errno::Errno::UnknownErrno {
            Self(format!("errno {number}"))
        } else {
            Self(format!("{known:?}"))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a call ended, as far as the source tells. A failed call counts like any other: the filter
/// decides before the kernel does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It returned something that is no error.
    Success,
    /// It returned this error.
    Error(Errno),
    /// It failed and the source does not say how, as in an `strace -c` table.
    Failed,
    /// A signal interrupted it and it was to be made again (`ERESTARTSYS` and its kin).
    Interrupted,
    /// It did not return: the process ended in it.
    NoReturn,
    /// A tracer put the result there; the kernel did not see the call.
    Injected,
    /// A filter stopped it with SIGSYS.
    Sigsys,
    /// The source does not tell.
    Unknown,
}

impl Outcome {
    /// Whether it is what a filter or a missing capability gives: EPERM, EACCES, ENOSYS or SIGSYS.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Error(errno) => matches!(errno.as_str(), "EPERM" | "EACCES" | "ENOSYS"),
            Self::Sigsys => true,
            Self::Success
            | Self::Failed
            | Self::Interrupted
            | Self::NoReturn
            | Self::Injected
            | Self::Unknown => false,
        }
    }

    /// The key in a recording: the error's name, or a word in lower case.
    pub fn key(&self) -> &str {
        match self {
            Self::Success => "ok",
            Self::Error(errno) => errno.as_str(),
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::NoReturn => "no-return",
            Self::Injected => "injected",
            Self::Sigsys => "sigsys",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome with this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "ok" => Self::Success,
            "failed" => Self::Failed,
            "interrupted" => Self::Interrupted,
            "no-return" => Self::NoReturn,
            "injected" => Self::Injected,
            "sigsys" => Self::Sigsys,
            "unknown" => Self::Unknown,
            _ => match key.strip_prefix("errno ") {
                Some(number) => Self::Error(Errno::numbered(number.parse().ok()?)),
                None => Self::Error(Errno::named(key)?),
            },
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_back() {
        let mut all = vec![
            Outcome::Success,
            Outcome::Failed,
            Outcome::Interrupted,
            Outcome::NoReturn,
            Outcome::Injected,
            Outcome::Sigsys,
            Outcome::Unknown,
        ];
        all.extend((1..=600).map(|number| Outcome::Error(Errno::numbered(number))));
        for outcome in all {
            assert_eq!(
                Outcome::from_key(outcome.key()),
                Some(outcome.clone()),
                "{outcome}"
            );
        }
        assert_eq!(Outcome::from_key("E"), None);
        assert_eq!(Outcome::from_key("nonsense"), None);
    }
}
