//! Commands to type next, which work when they are pasted.

use std::fmt::Write as _;
use std::path::Path;

/// A word as a shell takes it: as it is where it means nothing there, else in quotes, and where it
/// does not print in those of bash, zsh and ksh. What begins like an option is a path.
pub(crate) fn word(text: &str) -> String {
    let text = if text.starts_with('-') && text != "-" {
        format!("./{text}")
    } else {
        text.to_owned()
    };
    let prints = |c: char| c == ' ' || super::safe(&c.to_string()).chars().count() == 1;
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(|c| plain(c) && prints(c)) {
        return text;
    }
    if text.chars().all(prints) {
        return ["'", &text.replace('\'', "'\\''"), "'"].concat();
    }
    let mut quoted = String::from("$'");
    for c in text.chars() {
        if c == '\'' || c == '\\' {
            quoted.extend(['\\', c]);
        } else if prints(c) {
            quoted.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a string does not fail.
                let _infallible = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push('\'');
    quoted
}

/// A path as a shell takes it.
pub(crate) fn path(path: &Path) -> String {
    word(&path.to_string_lossy())
}

/// The name of a file that is made of a name from outside.
pub(crate) fn file(name: &str, end: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c == '/' || c.is_control() { '_' } else { c })
        .collect();
    word(&[&name, end].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_them_as_they_were() {
        let hostile = "\u{1b}[31m\u{202e}\n\r\t'\\\u{7f}\u{9b}é";
        for text in [
            "web.rec.json",
            "a b",
            "it's",
            "$(id)",
            "*",
            "",
            "~x",
            "a;b&|",
            hostile,
        ] {
            let word = word(text);
            assert!(
                word.chars().all(|c| !c.is_control() && c != '\u{202e}'),
                "{word}"
            );
            let script = format!("printf %s {word}");
            let said = std::process::Command::new("bash")
                .args(["-c", &script])
                .output();
            assert_eq!(
                String::from_utf8(said.unwrap().stdout).unwrap(),
                text,
                "{word}"
            );
        }
        assert_eq!(word("-rf"), "./-rf");
        assert_eq!(file("a/b c", ".json"), "'a_b c.json'");
    }
}
