//! The hook's log: nobody looks at its standard error. It is a line for each thing that matters,
//! and never grows beyond twice its limit.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::render::safe;

/// Then it is put aside, in bytes.
const LIMIT: u64 = 1 << 20;
/// A line is cut here, in characters: the kernel's verifier says much.
const LONGEST: usize = 1000;

/// A log in the folder of the recordings.
#[derive(Debug, Clone)]
pub(super) struct Log {
    path: PathBuf,
    who: String,
}

impl Log {
    /// The log, for what `who` has to say.
    pub(super) fn new(folder: &Path, who: &str) -> Self {
        Self {
            path: Self::file(folder),
            who: who.to_owned(),
        }
    }

    /// Where it stands.
    pub(super) fn file(folder: &Path) -> PathBuf {
        folder.join("hook.log")
    }

    /// Adds a line. On a full disk there is nobody left to tell it to.
    pub(super) fn line(&self, text: &str) {
        let full = std::fs::metadata(&self.path).is_ok_and(|it| it.len() > LIMIT);
        if full {
            drop(std::fs::rename(
                &self.path,
                self.path.with_extension("log.1"),
            ));
        }
        let text: String = safe(text).chars().take(LONGEST).collect();
        let line = format!("{} {}: {text}\n", now(), safe(&self.who));
        let file = File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path);
        if let Ok(mut file) = file {
            // In one write, which others' lines can't come into.
            drop(file.write_all(line.as_bytes()));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a log tells when")]
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    date(since.map_or(0, |since| since.as_secs()))
}

/// `2026-06-30T12:00:00Z`, by the calendar as it is since 1582.
fn date(seconds: u64) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut days, rest) = (seconds / DAY, seconds % DAY);
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!(
        "{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        days + 1
    )
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
