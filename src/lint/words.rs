//! Words of the file in messages, and what they may have been meant to be.

use crate::arch::Arch;
use crate::syscalls::{distance, table};

/// How much of a word is shown.
const MAX_SHOWN: usize = 60;

/// A word from the file, cut.
pub(super) fn quoted(word: &str) -> String {
    let mut text = String::from("`");
    text.extend(word.chars().take(MAX_SHOWN));
    if word.chars().nth(MAX_SHOWN).is_some() {
        text.push('…');
    }
    text.push('`');
    text
}

/// `a`, `b` and 3 more.
pub(super) fn listed<'n, I: IntoIterator<Item = &'n str>>(names: I) -> String {
    // More than a runtime's floor has.
    const SHOWN: usize = 40;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = String::new();
    for (at, name) in names.iter().take(SHOWN).enumerate() {
        if at > 0 {
            text.push_str(if at + 1 == names.len() { " and " } else { ", " });
        }
        text.push_str(&quoted(name));
    }
    if names.len() > SHOWN {
        text.push_str(&format_more(names.len() - SHOWN));
    }
    text
}

fn format_more(more: usize) -> String {
    format!(" and {more} more")
}

/// The one known word that is closest, if it is near enough to be what was meant.
pub(super) fn closest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // Longer words are no misspelling of a known one.
    if word.len() > 40 || !word.is_ascii() || word.len() < 3 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let near = if word.len() < 6 { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    let mut tied = false;
    for candidate in known {
        let far = distance(word.as_bytes(), candidate.to_ascii_lowercase().as_bytes());
        match best {
            Some((least, _)) if far > least => {}
            Some((least, known)) if far == least => tied |= known != candidate,
            _ => (best, tied) = (Some((far, candidate)), false),
        }
    }
    best.filter(|(far, _)| *far <= near && !tied)
        .map(|(_, candidate)| candidate)
}

/// What an unknown name may be: a number, as some tools write calls they can't name, or a slip.
pub(super) fn meant(name: &str, native: Arch) -> Option<String> {
    if let Some(digits) = name.strip_prefix("syscall_") {
        let hex = digits.strip_prefix("0x").unwrap_or(digits);
        let number = u32::from_str_radix(hex, 16).ok()?;
        return Some(match table(native).name(number) {
            Some(call) => format!("{number:#x} is {number}, which is `{call}` on {native}"),
            None => format!("{number:#x} is {number}; no call of {native} has that number"),
        });
    }
    let known = table(native).iter().map(|(name, _)| name);
    closest(name, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["defaultAction", "defaultErrnoRet", "names", "name"];
        let closest = |word| closest(word, known.into_iter());
        assert_eq!(closest("defaultAcion"), Some("defaultAction"));
        assert_eq!(closest("defaulterrnoret"), Some("defaultErrnoRet"));
        assert_eq!(closest("nmaes"), None);
        assert_eq!(closest("nams"), None);
        assert_eq!(closest("namess"), Some("names"));
        assert_eq!(closest("x"), None);
        assert_eq!(distance(b"abc", b"abc"), 0);
        assert_eq!(distance(b"abc", b"acc"), 1);
        assert_eq!(distance(b"", b"ab"), 2);
    }

    #[test]
    fn numbers_are_explained() {
        let meant = |name| meant(name, Arch::X86_64).unwrap();
        assert_eq!(
            meant("syscall_1f4"),
            "0x1f4 is 500; no call of x86_64 has that number"
        );
        assert_eq!(meant("syscall_0x1"), "0x1 is 1, which is `write` on x86_64");
        assert_eq!(meant("open_at"), "did you mean `openat`?");
    }

    #[test]
    fn lists_are_cut() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
        assert!(listed(["a"; 50]).ends_with("`a` and 10 more"));
    }
}
