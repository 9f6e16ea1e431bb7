//! Text in the width of a page.

/// What a page for people is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Columns.
    pub(crate) width: usize,
    /// Print what is folded otherwise.
    pub(crate) verbose: bool,
}

/// How much farther the rest of a line begins than its first part.
const HANGING: usize = 2;

impl Page {
    /// Text of which no line is wider than the page, but for words that are.
    pub(crate) fn wrapped(self, text: &str) -> String {
        let lines = text.split_inclusive('\n');
        lines.map(|line| self.line(line)).collect()
    }

    /// Text in lines that fit behind so many columns; a longer word is on a line of its own.
    pub(crate) fn filled(self, text: &str, indent: usize) -> Vec<String> {
        let width = self.width.saturating_sub(indent);
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if columns(line) + 1 + columns(word) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    /// A name and what is said of it, beside it: `  last new        sendfile`.
    pub(crate) fn row(self, name: &str, what: &str) -> String {
        const INDENT: usize = 18;
        let mut text = String::new();
        let mut name = name;
        for line in self.filled(what, INDENT) {
            super::add(&mut text, format_args!("  {name:<15} {line}\n"));
            name = "";
        }
        text
    }

    fn line(self, line: &str) -> String {
        if columns(line.trim_end()) <= self.width {
            return line.to_owned();
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let hanging = (indent + HANGING).min(self.width / 2);
        let mut text = String::with_capacity(line.len() + 2 * hanging);
        let mut column = 0;
        for word in line.split_inclusive(' ') {
            let wide = columns(word.trim_end());
            // At the begin of a line a step of GitHub Actions would take it for a command.
            let is_command = word.starts_with("::");
            if wide > 0 && column > hanging && column + wide > self.width && !is_command {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
                text.push_str(&" ".repeat(hanging));
                column = hanging;
            }
            text.push_str(word);
            column += columns(word);
        }
        text
    }
}

/// How many characters are printed: colours are none.
fn columns(text: &str) -> usize {
    let mut count = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            // All that is written here are colours, which end so.
            chars.by_ref().find(|c| *c == 'm');
        } else {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: usize, text: &str, expected: &str) {
        let page = Page {
            width,
            verbose: false,
        };
        assert_eq!(page.wrapped(text), expected);
    }

    #[test]
    fn lines_are_as_wide_as_the_page() {
        check(10, "aaaa bbbb\ncc\n", "aaaa bbbb\ncc\n");
        check(10, "aaaa bbbb cccc\n", "aaaa bbbb\n  cccc\n");
        check(12, "  a  b  cc dd ee\n", "  a  b  cc\n    dd ee\n");
        check(10, "aaaaaaaaaaaaaaa b\n", "aaaaaaaaaaaaaaa\n  b\n");
        check(
            9,
            "\x1b[31maaaa\x1b[0m bbbb\n",
            "\x1b[31maaaa\x1b[0m bbbb\n",
        );
        check(9, "aaaa bbbb ::error::x\n", "aaaa bbbb ::error::x\n");
        check(4, "", "");
    }
}
