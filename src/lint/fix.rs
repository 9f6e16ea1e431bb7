//! Edits of JSON text.

use std::ops::Range;

use super::file::File;

/// An element taken out of a list, with the comma that goes with it.
pub(super) fn without(text: &str, element: &Range<usize>) -> Option<(Range<usize>, String)> {
    let after = text.get(element.end..)?;
    let before = text.get(..element.start)?;
    let blank = |c: char| c.is_ascii_whitespace();
    let rest = after.trim_start_matches(blank);
    let range = if let Some(rest) = rest.strip_prefix(',') {
        // Up to the next element.
        let next = rest.trim_start_matches(blank);
        element.start..text.len() - next.len()
    } else if let Some(before) = before.trim_end_matches(blank).strip_suffix(',') {
        before.len()..element.end
    } else {
        element.clone()
    };
    Some((range, String::new()))
}

/// A rule put after the last one.
pub(super) fn with_rule(file: &File<'_>, rule: &str) -> Option<(Range<usize>, String)> {
    let syscalls = file.syscalls.clone()?;
    let Some(last) = file.entries.last() else {
        let inside = syscalls.start + 1..syscalls.end - 1;
        return Some((inside, rule.to_owned()));
    };
    let line = file.text.get(..last.range.start)?;
    let start = line.rfind('\n').map_or(0, |at| at + 1);
    let indent = line.get(start..)?;
    // Where a rule begins its line, the next one does too.
    let gap = if indent.chars().all(|c| c.is_ascii_whitespace()) && start > 0 {
        format!(",\n{indent}")
    } else {
        ", ".to_owned()
    };
    let end = last.range.end;
    Some((end..end, format!("{gap}{rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str, element: &str) -> String {
        let start = text.find(element).unwrap();
        let (range, new) = without(text, &(start..start + element.len())).unwrap();
        let mut text = text.to_owned();
        text.replace_range(range, &new);
        text
    }

    #[test]
    fn the_comma_goes_too() {
        assert_eq!(taken("[1, 2, 3]", "1"), "[2, 3]");
        assert_eq!(taken("[1, 2, 3]", "2"), "[1, 3]");
        assert_eq!(taken("[1, 2,\n 3 ]", "3"), "[1, 2 ]");
        assert_eq!(taken("[ 1 ]", "1"), "[  ]");
    }
}
