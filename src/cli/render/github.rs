//! Workflow commands of GitHub Actions, which become annotations of a pull request.
//!
//! How they are written and escaped: docs.github.com, "Workflow commands for GitHub Actions", and
//! `ActionCommand.cs` of actions/runner.

use super::pieces::number_of;
use super::{add, counted, safe};

/// How many annotations of a step are shown.
const SHOWN: usize = 10;

/// How bad something is, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Notice,
    Warning,
    Error,
}

/// Something to be shown beside a line of a file.
#[derive(Debug, Clone)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    /// As it is named from the root of the repository; `None` for no file.
    pub(crate) file: Option<String>,
    pub(crate) line: Option<usize>,
    pub(crate) title: String,
    pub(crate) message: String,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Annotations, the worst first, and what they come to. As no more than ten are shown, others
/// stand in the log of the step.
pub(crate) fn commands(mut all: Vec<Annotation>, total: &str) -> String {
    all.sort_by_key(|annotation| std::cmp::Reverse(annotation.level));
    let mut text: String = all.iter().take(SHOWN).map(command).collect();
    if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let more = counted(number_of(more), "more findings");
        add(&mut text, format_args!("::group::{more}\n"));
        text.extend(all.iter().skip(SHOWN).map(plain));
        text.push_str("::endgroup::\n");
    }
    text + &format!("::notice title=callsieve::{}\n", data(total))
}

fn command(annotation: &Annotation) -> String {
    let mut properties = Vec::new();
    if let Some(file) = &annotation.file {
        properties.push(format!("file={}", property(file)));
        properties.extend(annotation.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(&annotation.title)));
    format!(
        "::{} {}::{}\n",
        annotation.level.name(),
        properties.join(","),
        data(&annotation.message)
    )
}

/// A line that is no command.
fn plain(annotation: &Annotation) -> String {
    let place = match (&annotation.file, annotation.line) {
        (Some(file), Some(line)) => format!(" {file}:{line}:"),
        (Some(file), None) => format!(" {file}:"),
        (None, _) => String::new(),
    };
    let line = format!(
        "{}:{place} {}: {}",
        annotation.level.name(),
        annotation.title,
        annotation.message
    );
    safe(&line) + "\n"
}

/// What may stand behind the second `::`.
fn data(text: &str) -> String {
    safe(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What may stand behind a `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_is_a_command() {
        let evil = "a,b:c%d\n::error::x\r##[add-mask]x".to_owned();
        let annotation = |level| Annotation {
            level,
            file: Some(evil.clone()),
            line: Some(3),
            title: evil.clone(),
            message: evil.clone(),
        };
        let mut all = vec![annotation(Level::Notice); 11];
        all.push(annotation(Level::Error));
        let text = commands(all, &evil);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 10 + 1 + 2 + 1 + 1);
        assert!(lines[0].starts_with("::error file=a%2Cb%3Ac%25d"), "{text}");
        assert_eq!(lines[10], "::group::2 more findings");
        assert!(lines[11].starts_with("notice: a,b:c%d"), "{text}");
        assert_eq!(lines[13], "::endgroup::");
        assert!(lines[14].starts_with("::notice title=callsieve::a,b:c%25d"));
        assert!(!text.contains("##["), "{text}");
    }
}
