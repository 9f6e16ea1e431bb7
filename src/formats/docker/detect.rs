//! Telling a profile from other JSON.

use super::MAX_BYTES;

/// Whether `bytes` look like a profile: an object with the key `defaultAction` or `syscalls`.
/// Looks no further than that key, so bytes that pass need not be readable.
pub fn detect(bytes: &[u8]) -> bool {
    let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let mut depth = 0_usize;
    // The string that was last read, where it may be a key.
    let mut key: &[u8] = b"";
    let mut rest = bytes.trim_ascii_start();
    if rest.first() != Some(&b'{') {
        return false;
    }
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => (key, rest) = string(after),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return false,
            b'}' | b']' => depth -= 1,
            b':' if depth == 1 && matches!(key, b"defaultAction" | b"syscalls") => return true,
            _ => {}
        }
    }
    false
}

/// What stands before the quotation mark that ends a string, and what after it.
fn string(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut escaped = false;
    let end = bytes.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((text, rest)) => (text, rest.get(1..).unwrap_or_default()),
        None => (bytes, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles() {
        for profile in [
            r#"{"defaultAction": "SCMP_ACT_ALLOW"}"#,
            " \n{\"comment\": \"a \\\" { [ \\\\\", \"flags\": [[], {}], \"syscalls\" : []}",
            r#"{"defaultAction":"#,
        ] {
            assert!(detect(profile.as_bytes()), "{profile}");
        }
    }

    #[test]
    fn other_things() {
        for other in [
            "",
            "{",
            "}",
            "{}",
            "execve(\"/bin/true\") = 0",
            r#"[{"syscalls": []}]"#,
            r#"{"version": 1, "recording": {"syscalls": []}}"#,
            r#"{"name": "syscalls"}"#,
            r#"{"a": 1} {"syscalls": []}"#,
            "{\"syscalls",
            "\u{feff}{\"syscalls\": []}",
        ] {
            assert!(!detect(other.as_bytes()), "{other}");
        }
    }
}
