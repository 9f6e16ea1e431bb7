//! What a name that nobody knows may have been meant to be.

use std::collections::BTreeSet;

use super::about;

/// How many names are offered.
const OFFERED: usize = 3;

/// The known names that are nearest to a word, or have it in them; none if none is near.
pub fn nearest(word: &str) -> Vec<&'static str> {
    // Longer words are no misspelling of a known one.
    if word.len() > 40 || word.len() < 3 {
        return Vec::new();
    }
    let word = word.to_ascii_lowercase();
    let most = if word.len() < 6 { 1 } else { 2 };
    let near: BTreeSet<(usize, &str)> = about::all()
        .keys()
        .map(|name| (distance(word.as_bytes(), name.as_bytes()), *name))
        .filter(|(far, _)| *far <= most)
        .collect();
    let least = near.first().map(|(far, _)| *far);
    let mut names: Vec<&str> = near
        .into_iter()
        .filter(|(far, _)| Some(*far) == least)
        .map(|(_, name)| name)
        .collect();
    if names.is_empty() {
        // A part of the name, as `uring` of `io_uring_setup`.
        let part = about::all().keys().copied();
        names.extend(part.filter(|name| name.contains(&word)));
    }
    names.truncate(OFFERED);
    names
}

/// How many bytes must be put in, taken out or changed.
pub(crate) fn distance(one: &[u8], other: &[u8]) -> usize {
    if one.len().abs_diff(other.len()) > 2 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, byte) in one.iter().enumerate() {
        let mut last = at + 1;
        let mut next = vec![last];
        for (with, pair) in other.iter().zip(row.windows(2)) {
            let &[above_left, above] = pair else {
                continue;
            };
            let change = above_left + usize::from(byte != with);
            last = change.min(above + 1).min(last + 1);
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts() {
        assert_eq!(nearest("opnat"), ["openat"]);
        assert_eq!(nearest("OpenAt")[0], "openat");
        assert_eq!(nearest("uring").len(), 3);
        assert_eq!(nearest("zz"), [""; 0]);
        assert_eq!(nearest(&"x".repeat(1 << 20)), [""; 0]);
    }
}
