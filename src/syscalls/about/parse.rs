//! The form of the data files: fields between bars, lines that begin with `#` are remarks.

/// The fields of each line, without the blanks around them.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split('|').map(str::trim).collect())
}
