//! What lines have in common that differ in numbers and texts alone.

/// Longest part of a line that is looked at, in bytes.
const MAX_LINE: usize = 400;
/// Longest shape, in characters.
const MAX_SHAPE: usize = 100;

/// The shape of a line: numbers become `0`, quoted texts `"…"`, the name before a parenthesis
/// `name`, and what stands in brackets `…`. What does not print is escaped.
pub fn shape(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.get(..MAX_LINE).unwrap_or(line)).into_owned();
    let chars: Vec<char> = text.chars().collect();
    let mut shape = String::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied()
        && shape.len() < MAX_SHAPE
    {
        let rest = chars.get(at..).unwrap_or_default();
        match c {
            '"' => {
                shape.push_str("\"…\"");
                at += quoted(rest);
            }
            '(' | '[' | '{' => {
                let len = bracketed(rest);
                shape.push(c);
                if len > 2 {
                    shape.push('…');
                }
                if let Some(close @ (')' | ']' | '}')) = chars.get(at + len - 1) {
                    shape.push(*close);
                }
                at += len;
            }
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let word: String = rest
                    .iter()
                    .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
                    .collect();
                at += word.len();
                let numbers = word.bytes().filter(u8::is_ascii_digit).count();
                let is_call = chars.get(at) == Some(&'(');
                shape.push_str(
                    if is_call && !word.starts_with(|c: char| c.is_ascii_digit()) {
                        "name"
                    } else if numbers * 3 > word.len() {
                        "0"
                    } else {
                        &word
                    },
                );
            }
            ' ' => {
                // Columns differ in width.
                if !shape.ends_with(' ') {
                    shape.push(' ');
                }
                at += 1;
            }
            c => {
                shape.extend(c.escape_debug());
                at += 1;
            }
        }
    }
    shape
}

/// The length of a quoted text, with its quotes.
fn quoted(chars: &[char]) -> usize {
    let mut escaped = false;
    for (at, c) in chars.iter().enumerate().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    chars.len()
}

/// The length of what stands in brackets, with them.
fn bracketed(chars: &[char]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(c) = chars.get(at) {
        match c {
            '"' => {
                at += quoted(chars.get(at..).unwrap_or_default());
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_alike_have_one_shape() {
        for (line, expected) in [
            (
                r#"49  openat(AT_FDCWD, "/a) = 3", O_RDONLY) = 3"#,
                "0 name(…) = 0",
            ),
            ("7    close(3) = 0", "0 name(…) = 0"),
            (
                "7 close(9) = -1 EBADF (Bad file)",
                "0 name(…) = -0 EBADF (…)",
            ),
            ("12:30:01 [pid 7] x", "0:0:0 […] x"),
            (
                "type=SYSCALL arch=c000003e comm=\"a\"",
                "type=SYSCALL arch=0 comm=\"…\"",
            ),
            ("()", "()"),
            ("(", "("),
            ("\"unclosed", "\"…\""),
            ("a\x1b[31mb", "a\\u{1b}[…"),
        ] {
            assert_eq!(shape(line.as_bytes()), expected, "{line}");
        }
        assert!(shape(&[b'-'; 9999]).len() <= MAX_SHAPE + 10);
    }
}
