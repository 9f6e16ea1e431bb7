//! What is known of each call: what it does, which kernel brought it, how far it can be trusted.
//!
//! One line a call, in a file for each [`Group`], so that a line can be judged by itself. Sources:
//! man-pages 6.03 (syscalls(2) and the page of each call) and the kernel's tables for releases,
//! see `since.rs`; for classes what [`Source`] names. All text is our own.

mod parse;
mod refused;
mod risk;
mod since;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Group;

pub use refused::{Refusal, Refused, refusals};
pub use risk::{Risk, Source};
pub use since::{Release, port, since};

/// What is known of a call, whatever the architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The name.
    pub name: &'static str,
    /// The family in which one would look for it.
    pub group: Group,
    /// The first release of Linux that had it on some architecture; `None` if none ever did. See
    /// [`since()`] for one architecture.
    pub since: Option<Release>,
    /// What it does, in a few words.
    pub what: &'static str,
    /// How much harm a program can do with it.
    pub risk: Risk,
    /// Why it is of this class.
    pub why: &'static str,
    /// Where that can be read.
    pub sources: Vec<Source>,
}

impl About {
    /// Class and reason in one line: `3 sensitive: keyrings are not in namespaces`.
    pub fn judgement(&self) -> String {
        format!("{}: {}", self.risk, self.why)
    }
}

/// The files, by the group of what is in them.
const FILES: [(Group, &str); Group::ALL.len()] = [
    (Group::Process, include_str!("process.txt")),
    (Group::Memory, include_str!("memory.txt")),
    (Group::Files, include_str!("files.txt")),
    (Group::Metadata, include_str!("metadata.txt")),
    (Group::Events, include_str!("events.txt")),
    (Group::Network, include_str!("network.txt")),
    (Group::Signals, include_str!("signals.txt")),
    (Group::Time, include_str!("time.txt")),
    (Group::Scheduling, include_str!("scheduling.txt")),
    (Group::Ids, include_str!("ids.txt")),
    (Group::Ipc, include_str!("ipc.txt")),
    (Group::Limits, include_str!("limits.txt")),
    (Group::Aio, include_str!("aio.txt")),
    (Group::Mounts, include_str!("mounts.txt")),
    (Group::Security, include_str!("security.txt")),
    (Group::Tracing, include_str!("tracing.txt")),
    (Group::System, include_str!("system.txt")),
    (Group::Other, include_str!("other.txt")),
];

/// What is known of a call. Every name of every table has an entry; other names have none.
pub fn about(name: &str) -> Option<&'static About> {
    all().get(name)
}

/// Every call, sorted by name.
pub fn all() -> &'static BTreeMap<&'static str, About> {
    static ALL: LazyLock<BTreeMap<&'static str, About>> = LazyLock::new(|| {
        FILES
            .iter()
            .flat_map(|&(group, text)| parse::rows(text).map(move |row| (group, row)))
            .filter_map(|(group, row)| entry(group, &row))
            .map(|about| (about.name, about))
            .collect()
    });
    &ALL
}

/// A line; `None` if it is not well-formed, which a test excludes.
fn entry(group: Group, row: &[&'static str]) -> Option<About> {
    let &[name, release, class, what, why, sources] = row else {
        return None;
    };
    let since = match release {
        "-" => None,
        release => Some(Release::parse(release)?),
    };
    Some(About {
        name,
        group,
        since,
        what,
        risk: Risk::from_class(class.parse().ok()?)?,
        why,
        sources: sources
            .split_whitespace()
            .map(Source::parse)
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::arch::Arch;
    use crate::syscalls::table;

    /// Columns of a terminal that a line has after its heading.
    const WHAT: usize = 60;
    const WHY: usize = 78;

    #[test]
    fn every_line_is_an_entry_in_order() {
        let mut lines = 0;
        for (group, text) in FILES {
            let names: Vec<&str> = parse::rows(text)
                .map(|row| {
                    assert!(entry(group, &row).is_some(), "{group}: {row:?}");
                    row[0]
                })
                .collect();
            assert!(names.is_sorted(), "{group}");
            lines += names.len();
        }
        assert_eq!(all().len(), lines, "a name stands in two files");
        let groups: Vec<Group> = FILES.iter().map(|(group, _)| *group).collect();
        assert_eq!(groups, Group::ALL);
    }

    #[test]
    fn every_name_has_an_entry_and_no_other() {
        let known: BTreeSet<&str> = Arch::ALL
            .iter()
            .flat_map(|&arch| table(arch).iter().map(|(name, _)| name))
            .collect();
        let described: BTreeSet<&str> = all().keys().copied().collect();
        assert_eq!(known, described);
        assert_eq!(about("no_such_call"), None);
        assert_eq!(about(""), None);
    }

    #[test]
    fn text_is_short_and_plain() {
        for about in all().values() {
            let name = about.name;
            assert!(about.what.len() <= WHAT, "{name}: {}", about.what.len());
            assert!(about.why.len() <= WHY, "{name}: {}", about.why.len());
            for text in [about.what, about.why] {
                assert!(text.is_ascii() && !text.is_empty(), "{name}");
                assert!(!text.ends_with('.') && !text.contains("  "), "{name}");
            }
            assert!(!about.sources.is_empty(), "{name}");
        }
    }

    /// What nobody can call does no harm, and what hands over the host is not said lightly.
    #[test]
    fn classes_fit_their_sources() {
        for about in all().values() {
            let name = about.name;
            if about.group == Group::Other {
                assert_eq!((about.since, about.risk), (None, Risk::Harmless), "{name}");
            }
            if about.sources.contains(&Source::Docker) {
                assert!(about.risk >= Risk::Watch, "{name}");
            }
            let groups = ["@module", "@mount", "@raw-io", "@reboot"];
            let named = about
                .sources
                .iter()
                .any(|source| matches!(source, Source::Systemd(group) if groups.contains(group)));
            if named {
                assert!(about.risk >= Risk::Sensitive, "{name}");
            }
        }
        for (name, risk) in [
            ("getpid", Risk::Harmless),
            ("openat", Risk::Ordinary),
            ("ioctl", Risk::Watch),
            ("keyctl", Risk::Sensitive),
            ("kexec_load", Risk::Host),
        ] {
            assert_eq!(about(name).map(|about| about.risk), Some(risk), "{name}");
        }
    }
}
