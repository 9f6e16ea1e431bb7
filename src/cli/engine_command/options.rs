//! The words of `docker run`, taken apart as the engine itself would.
//!
//! Which options there are and which take a value is what `run --help` prints; no list of them is
//! kept here, since each release has others.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::slice::Iter;

/// Options that take a value and that Docker's help does not show: old names of others.
const HIDDEN: [&str; 3] = ["net", "net-alias", "dns-opt"];

/// The options of a command, by their long names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether each takes a value.
    long: BTreeMap<String, bool>,
    short: BTreeMap<u8, String>,
}

/// One option as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Its long name.
    pub(crate) name: String,
    /// Its value; none if it takes none and was given none.
    pub(crate) value: Option<OsString>,
}

/// What follows `run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The options, in their order.
    pub(crate) options: Vec<Given>,
    /// The image.
    pub(crate) image: OsString,
    /// The words after it.
    pub(crate) rest: Vec<OsString>,
}

impl Options {
    /// Reads what `--help` prints: lines such as `  -e, --env list    Set …`. What follows the
    /// name after one blank is the kind of its value; after more it is the description.
    pub(crate) fn of_help(text: &str) -> Self {
        let mut options = Self::default();
        for line in text.lines() {
            let option = line.trim_start();
            // Descriptions that go on below stand further to the right.
            if line.len() - option.len() > 6 {
                continue;
            }
            let (short, option) = match option.as_bytes() {
                [b'-', short, b',', b' ', ..] if *short != b'-' => {
                    (Some(*short), option.get(4..).unwrap_or_default())
                }
                _ => (None, option),
            };
            let Some(option) = option.strip_prefix("--") else {
                continue;
            };
            let end = option.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let (name, rest) = option
                .split_at_checked(end.unwrap_or(option.len()))
                .unwrap_or((option, ""));
            // `--name type[="default"]` may stand without a value.
            let kind = rest.strip_prefix(' ').filter(|rest| !rest.starts_with(' '));
            let kind = kind.and_then(|kind| kind.split("  ").next());
            let takes = kind.is_some_and(|kind| !kind.is_empty() && !kind.contains("[="));
            if let Some(short) = short {
                options.short.insert(short, name.to_owned());
            }
            options.long.insert(name.to_owned(), takes);
        }
        for name in HIDDEN {
            options.long.entry(name.to_owned()).or_insert(true);
        }
        options
    }

    /// Whether there is such an option.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.long.contains_key(name)
    }

    /// Takes the words after `run` apart. The error names the word that is not understood.
    pub(crate) fn split(&self, words: &[OsString]) -> Result<Words, String> {
        let mut options = Vec::new();
        let mut words = words.iter();
        let image = loop {
            let word = words.next().ok_or("no image is named")?;
            match word.as_bytes() {
                b"--" => break words.next().ok_or("no image is named")?,
                [b'-', b'-', rest @ ..] => options.push(self.long(rest, &mut words)?),
                [b'-', rest @ ..] if !rest.is_empty() => {
                    self.short(rest, &mut words, &mut options)?;
                }
                _ => break word,
            }
        };
        Ok(Words {
            options,
            image: image.clone(),
            rest: words.cloned().collect(),
        })
    }

    fn long(&self, word: &[u8], words: &mut Iter<'_, OsString>) -> Result<Given, String> {
        let mut parts = word.splitn(2, |byte| *byte == b'=');
        let name = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let takes = self.long.get(&name);
        let takes = *takes.ok_or_else(|| format!("`--{name}` is no option of `run`"))?;
        let value = match parts.next() {
            Some(value) => Some(OsStr::from_bytes(value).to_owned()),
            None if takes => {
                let value = words.next();
                Some(
                    value
                        .ok_or_else(|| format!("`--{name}` needs a value"))?
                        .clone(),
                )
            }
            None => None,
        };
        Ok(Given { name, value })
    }

    /// `-it`, `-p8080:80`, `-itv /a:/b`, `-i=false`
    fn short(
        &self,
        cluster: &[u8],
        words: &mut Iter<'_, OsString>,
        options: &mut Vec<Given>,
    ) -> Result<(), String> {
        let mut rest = cluster;
        while let [letter, after @ ..] = rest {
            let unknown = || format!("`-{}` is no option of `run`", letter.escape_ascii());
            let name = self.short.get(letter).ok_or_else(unknown)?.clone();
            let takes = self.long.get(&name).copied().unwrap_or_default();
            let value = match after {
                [b'=', value @ ..] => Some(value.to_vec()),
                [] if takes => {
                    let value = words.next();
                    let missing = || format!("`-{}` needs a value", letter.escape_ascii());
                    Some(value.ok_or_else(missing)?.as_bytes().to_vec())
                }
                value if takes => Some(value.to_vec()),
                _ => None,
            };
            let ends = value.is_some();
            let value = value.map(OsString::from_vec);
            options.push(Given { name, value });
            if ends {
                break;
            }
            rest = after;
        }
        Ok(())
    }
}

impl Given {
    /// Whether a switch is on: `--rm`, and not `--rm=false`.
    pub(crate) fn is_on(&self) -> bool {
        let off = ["false", "0", "f", "F", "False", "FALSE"];
        self.value
            .as_ref()
            .is_none_or(|value| !off.iter().any(|off| value == off))
    }

    /// The option as one word.
    pub(crate) fn word(&self) -> OsString {
        let mut word = OsString::from("--");
        word.push(&self.name);
        if let Some(value) = &self.value {
            word.push("=");
            word.push(value);
        }
        word
    }
}

impl Words {
    /// The last value of an option.
    pub(crate) fn value(&self, name: &str) -> Option<&OsStr> {
        let given = self.options.iter().rev().find(|given| given.name == name)?;
        given.value.as_deref()
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        let given = self.options.iter().rev().find(|given| given.name == name);
        given.is_some_and(Given::is_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "\
Options:
      --add-host list                    Add a custom host-to-IP mapping
                                         (host:ip)
  -d, --detach                           Run container in background
      --detach-keys [a-Z]                Override
  -e, --env list                         Set environment variables
  -i, --interactive                      Keep STDIN open
  -m, --memory <number>[<unit>]          Memory limit (format:
                                         --fake list)
      --pull string[=\"always\"]           Pull
  -p, --publish list                     Publish
      --rm                               Remove it
      --help
  -t, --tty                              Allocate a pseudo-TTY
";

    fn split(line: &str) -> Result<String, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let words = Options::of_help(HELP).split(&words)?;
        let options: Vec<OsString> = words.options.iter().map(Given::word).collect();
        Ok(format!("{options:?} {:?} {:?}", words.image, words.rest).replace('"', ""))
    }

    #[test]
    fn where_the_image_stands() {
        for (line, expected) in [
            ("web", "[] web []"),
            (
                "-it --rm web sh -c x",
                "[--interactive, --tty, --rm] web [sh, -c, x]",
            ),
            (
                "-e A=1 --env=B -eC web",
                "[--env=A=1, --env=B, --env=C] web []",
            ),
            ("-dp 80:80 web -d", "[--detach, --publish=80:80] web [-d]"),
            (
                "-i=false -tm 1g -- web",
                "[--interactive=false, --tty, --memory=1g] web []",
            ),
            ("--pull web --rm", "[--pull] web [--rm]"),
            (
                "--net host --detach-keys a web",
                "[--net=host, --detach-keys=a] web []",
            ),
        ] {
            assert_eq!(split(line).as_deref(), Ok(expected), "{line}");
        }
        for (line, expected) in [
            ("", "no image is named"),
            ("--rm", "no image is named"),
            ("--fake x", "`--fake` is no option of `run`"),
            ("-x web", "`-x` is no option of `run`"),
            ("--env", "`--env` needs a value"),
            ("-e", "`-e` needs a value"),
        ] {
            assert_eq!(split(line), Err(expected.to_owned()), "{line}");
        }
    }

    #[test]
    fn switches() {
        let words: Vec<OsString> = ["--rm", "-d=false", "-m", "1", "-m=2", "x"]
            .map(OsString::from)
            .into();
        let words = Options::of_help(HELP).split(&words).unwrap();
        assert!(words.is_on("rm") && !words.is_on("detach") && !words.is_on("tty"));
        assert_eq!(words.value("memory"), Some(OsStr::new("2")));
    }
}
