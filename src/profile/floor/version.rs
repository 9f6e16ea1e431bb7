//! Versions of runtimes, as they print them.

use std::fmt;
use std::str::FromStr;

/// A version of a runtime: `1.1.5`, or `1.28` for all that begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: Option<u32>,
}

/// The first version of a range, or the first after it.
pub(super) type Bound = (u32, u32, u32);

impl Version {
    /// The versions that it stands for: the first, and the first after them.
    const fn range(self) -> (Bound, Bound) {
        match self.patch {
            Some(patch) => (
                (self.major, self.minor, patch),
                (self.major, self.minor, patch.saturating_add(1)),
            ),
            None => (
                (self.major, self.minor, 0),
                (self.major, self.minor.saturating_add(1), 0),
            ),
        }
    }

    /// Whether one of its versions is at least `from` and below `until`.
    pub(super) fn meets(self, from: Bound, until: Option<Bound>) -> bool {
        let (first, after) = self.range();
        after > from && until.is_none_or(|until| first < until)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no version of a runtime; expected one like 1.1.5", text.escape_debug())]
pub struct NoVersion {
    /// The text.
    pub text: String,
}

/// What distributions and release candidates add (`1.1.5+ds1`, `1.3.0-rc.1`) says nothing of the
/// calls and is left out.
impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let wrong = || NoVersion {
            text: text.to_owned(),
        };
        let plain = text.strip_prefix('v').unwrap_or(text);
        let plain = plain
            .split_once(['+', '-', '~'])
            .map_or(plain, |(plain, _)| plain);
        let number = |part: &str| -> Result<u32, NoVersion> {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            part.parse().map_err(|_too_large| wrong())
        };
        let mut parts = plain.split('.');
        let (Some(major), Some(minor)) = (parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let version = Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: parts.next().map(number).transpose()?,
        };
        // crun 1.14.4 has three, 1.8.1.12-3b7f has more; only the first three decide.
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (text, expected) in [
            ("1.1.5", "1.1.5"),
            ("1.1.5+ds1", "1.1.5"),
            ("v1.3.0-rc.1", "1.3.0"),
            ("1.28", "1.28"),
            ("1.8.1.12-3b7f", "1.8.1"),
        ] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), expected);
        }
        for text in [
            "",
            "1",
            "one.two",
            "1.",
            "1.x",
            "1.1.",
            "+1.1",
            "99999999999.1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_series_meets_all_ranges_that_it_reaches_into() {
        let meets = |text: &str, from, until| text.parse::<Version>().unwrap().meets(from, until);
        assert!(meets("1.2.7", (1, 2, 0), Some((1, 2, 8))));
        assert!(!meets("1.2.8", (1, 2, 0), Some((1, 2, 8))));
        assert!(meets("1.2", (1, 2, 0), Some((1, 2, 8))));
        assert!(meets("1.2", (1, 2, 8), Some((1, 3, 0))));
        assert!(!meets("1.2", (1, 3, 0), None));
        assert!(meets("7.0.0", (1, 3, 3), None));
    }
}
