//! Docker's releases, as far as their default profile is known.

use std::fmt;
use std::str::FromStr;

/// A release of Docker Engine the default profile of which is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DockerRelease {
    major: u16,
    minor: u16,
    patch: u16,
}

/// A line of releases that get fixes together.
struct Line {
    major: u16,
    minor: u16,
    /// The patch numbers of the first and the last known release.
    patches: (u16, u16),
}

const fn line(major: u16, minor: u16, first: u16, last: u16) -> Line {
    Line {
        major,
        minor,
        patches: (first, last),
    }
}

/// The tags `v20.10.0` to `v28.5.2` and `docker-v29.0.0` to `docker-v29.7.2` of moby/moby. 27.0.0
/// was never tagged. 25.0.16 is left out: it came after the fix of CVE-2026-31431, and whether
/// its profile blocks `AF_ALG` as 29.4.2 does (moby/moby#52507) is not known.
const LINES: [Line; 26] = [
    line(20, 10, 0, 27),
    line(23, 0, 0, 18),
    line(24, 0, 0, 9),
    line(25, 0, 0, 15),
    line(26, 0, 0, 2),
    line(26, 1, 0, 5),
    line(27, 0, 1, 3),
    line(27, 1, 0, 2),
    line(27, 2, 0, 1),
    line(27, 3, 0, 1),
    line(27, 4, 0, 1),
    line(27, 5, 0, 1),
    line(28, 0, 0, 4),
    line(28, 1, 0, 1),
    line(28, 2, 0, 2),
    line(28, 3, 0, 3),
    line(28, 4, 0, 0),
    line(28, 5, 0, 2),
    line(29, 0, 0, 4),
    line(29, 1, 0, 5),
    line(29, 2, 0, 1),
    line(29, 3, 0, 1),
    line(29, 4, 0, 3),
    line(29, 5, 0, 3),
    line(29, 6, 0, 2),
    line(29, 7, 0, 2),
];

/// The first release of each of the profiles that differ.
const SNAPSHOTS: [DockerRelease; 17] = [
    known(20, 10, 0),
    known(20, 10, 4),
    known(20, 10, 10),
    known(20, 10, 18),
    known(20, 10, 22),
    known(20, 10, 23),
    known(20, 10, 26),
    known(23, 0, 0),
    known(23, 0, 7),
    known(23, 0, 10),
    known(24, 0, 0),
    known(24, 0, 3),
    known(25, 0, 0),
    known(25, 0, 3),
    known(28, 2, 0),
    known(29, 4, 2),
    known(29, 4, 3),
];

/// A release that is in [`LINES`], or the bound of a span of releases.
pub(super) const fn known(major: u16, minor: u16, patch: u16) -> DockerRelease {
    DockerRelease {
        major,
        minor,
        patch,
    }
}

impl DockerRelease {
    /// The newest release known.
    pub const NEWEST: Self = known(29, 7, 2);

    /// The oldest release known.
    pub const OLDEST: Self = known(20, 10, 0);

    /// Every release known, from the oldest on. Lines are one after the other, so this is not
    /// the order in time.
    pub fn all() -> impl Iterator<Item = Self> {
        LINES
            .iter()
            .flat_map(|line| (line.patches.0..=line.patches.1).map(|patch| line.release(patch)))
    }

    /// The first release of each of the profiles that differ as moby publishes them
    /// (profiles/seccomp/default.json in moby/moby, from 29 on seccomp/default.json in
    /// moby/profiles). Between two of them nothing changes but for riscv64; see
    /// [`docker_default`](super::docker_default).
    pub fn known_snapshots() -> impl Iterator<Item = Self> {
        SNAPSHOTS.into_iter()
    }
}

impl Line {
    const fn release(&self, patch: u16) -> DockerRelease {
        known(self.major, self.minor, patch)
    }

    const fn newest(&self) -> DockerRelease {
        self.release(self.patches.1)
    }
}

/// A release the default profile of which is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownDockerRelease {
    /// Not one to three numbers.
    #[error("`{}` is no Docker release of the form 29.7.2, 29.7 or 29", text.escape_debug())]
    Form {
        /// The text, cut to 80 characters.
        text: String,
    },
    /// Older than the oldest.
    #[error(
        "the default profile of Docker {text} is not known: the oldest known is {}",
        DockerRelease::OLDEST
    )]
    Older {
        /// The release.
        text: String,
    },
    /// Newer than the newest.
    #[error(
        "the default profile of Docker {text} is not known: the newest known is {}",
        DockerRelease::NEWEST
    )]
    Newer {
        /// The release.
        text: String,
    },
    /// In a line that is known, but not one of its known releases.
    #[error(
        "the default profile of Docker {text} is not known: known of that line are {first} to {last}"
    )]
    Patch {
        /// The release.
        text: String,
        /// The first release of the line.
        first: DockerRelease,
        /// The last known release of the line.
        last: DockerRelease,
    },
    /// Between the lines.
    #[error("there is no Docker {text}: the lines known are {}", lines())]
    Line {
        /// The release.
        text: String,
    },
}

/// The names of all lines: `20.10, 23.0, …`.
fn lines() -> String {
    let names: Vec<_> = LINES
        .iter()
        .map(|line| format!("{}.{}", line.major, line.minor))
        .collect();
    names.join(", ")
}

/// `25.0.3`; `25.0` and `25` are the newest known release of that line.
impl FromStr for DockerRelease {
    type Err = UnknownDockerRelease;

    fn from_str(text: &str) -> Result<Self, UnknownDockerRelease> {
        let numbers = numbers(text).ok_or_else(|| UnknownDockerRelease::Form {
            text: text.chars().take(80).collect(),
        })?;
        let text = || text.to_owned();
        let (major, minor, patch) = numbers;
        let line = LINES
            .iter()
            .rev()
            .find(|line| line.major == major && minor.is_none_or(|minor| line.minor == minor));
        let Some(line) = line else {
            let line = (major, minor.unwrap_or(0));
            return Err(if line < (Self::OLDEST.major, Self::OLDEST.minor) {
                UnknownDockerRelease::Older { text: text() }
            } else if line > (Self::NEWEST.major, Self::NEWEST.minor) {
                UnknownDockerRelease::Newer { text: text() }
            } else {
                UnknownDockerRelease::Line { text: text() }
            });
        };
        let Some(patch) = patch else {
            return Ok(line.newest());
        };
        let (first, last) = line.patches;
        if (first..=last).contains(&patch) {
            Ok(line.release(patch))
        } else if line.newest() == Self::NEWEST && patch > last {
            Err(UnknownDockerRelease::Newer { text: text() })
        } else {
            Err(UnknownDockerRelease::Patch {
                text: text(),
                first: line.release(first),
                last: line.newest(),
            })
        }
    }
}

/// One to three numbers with points between them.
fn numbers(text: &str) -> Option<(u16, Option<u16>, Option<u16>)> {
    let number = |part: &str| -> Option<u16> {
        // `parse` takes a sign.
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    };
    let mut parts = text.splitn(3, '.');
    let major = number(parts.next()?)?;
    let minor = parts.next().map(|part| number(part).ok_or(()));
    let patch = parts.next().map(|part| number(part).ok_or(()));
    Some((major, minor.transpose().ok()?, patch.transpose().ok()?))
}

impl fmt::Display for DockerRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        expected.assert_eq(&match text.parse::<DockerRelease>() {
            Ok(release) => release.to_string(),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn releases_and_lines() {
        check("25.0.3", &expect!["25.0.3"]);
        check("25.0", &expect!["25.0.15"]);
        check("26", &expect!["26.1.5"]);
        check("27.0", &expect!["27.0.3"]);
        check("29", &expect!["29.7.2"]);
        check("20", &expect!["20.10.27"]);
    }

    #[test]
    fn unknown_releases() {
        check(
            "19.03.9",
            &expect![
                "the default profile of Docker 19.03.9 is not known: the oldest known is 20.10.0"
            ],
        );
        check(
            "29.7.3",
            &expect![
                "the default profile of Docker 29.7.3 is not known: the newest known is 29.7.2"
            ],
        );
        check(
            "29.8",
            &expect!["the default profile of Docker 29.8 is not known: the newest known is 29.7.2"],
        );
        check(
            "30",
            &expect!["the default profile of Docker 30 is not known: the newest known is 29.7.2"],
        );
        check(
            "25.0.16",
            &expect![
                "the default profile of Docker 25.0.16 is not known: known of that line are 25.0.0 to 25.0.15"
            ],
        );
        check(
            "27.0.0",
            &expect![
                "the default profile of Docker 27.0.0 is not known: known of that line are 27.0.1 to 27.0.3"
            ],
        );
        check(
            "24.1",
            &expect![
                "there is no Docker 24.1: the lines known are 20.10, 23.0, 24.0, 25.0, 26.0, 26.1, 27.0, 27.1, 27.2, 27.3, 27.4, 27.5, 28.0, 28.1, 28.2, 28.3, 28.4, 28.5, 29.0, 29.1, 29.2, 29.3, 29.4, 29.5, 29.6, 29.7"
            ],
        );
        check(
            "22",
            &expect![
                "there is no Docker 22: the lines known are 20.10, 23.0, 24.0, 25.0, 26.0, 26.1, 27.0, 27.1, 27.2, 27.3, 27.4, 27.5, 28.0, 28.1, 28.2, 28.3, 28.4, 28.5, 29.0, 29.1, 29.2, 29.3, 29.4, 29.5, 29.6, 29.7"
            ],
        );
        for bad in [
            "",
            ".",
            "25.",
            "25.0.3.1",
            "v25.0.3",
            "25.0.3-rc.1",
            "+25",
            "70000",
            "25..3",
        ] {
            assert!(
                matches!(
                    bad.parse::<DockerRelease>(),
                    Err(UnknownDockerRelease::Form { .. })
                ),
                "{bad}"
            );
        }
        check(
            "2\u{202e}\n",
            &expect![[r"`2\u{202e}\n` is no Docker release of the form 29.7.2, 29.7 or 29"]],
        );
    }

    #[test]
    fn all_are_sorted_and_readable() {
        let all: Vec<_> = DockerRelease::all().collect();
        assert!(all.is_sorted());
        assert_eq!(all.first(), Some(&DockerRelease::OLDEST));
        assert_eq!(all.last(), Some(&DockerRelease::NEWEST));
        for release in &all {
            assert_eq!(release.to_string().parse(), Ok(*release));
        }
        let snapshots: Vec<_> = DockerRelease::known_snapshots().collect();
        assert!(snapshots.is_sorted());
        assert!(snapshots.iter().all(|snapshot| all.contains(snapshot)));
    }
}
