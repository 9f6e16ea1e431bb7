//! Text on a page.

use std::time::Duration;

use callsieve::syscalls::{About, Risk};
use maud::{Markup, html};

use crate::cli::render::recorded::duration;

/// Characters of a text from outside that are shown.
const LONGEST: usize = 120;

/// A text from outside, cut in its middle if it is long: of a path both ends tell something.
pub(super) fn cut(text: &str) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text.to_owned();
    }
    let head: String = text.chars().take(LONGEST / 2).collect();
    let tail: String = text.chars().skip(count - LONGEST / 2).collect();
    format!("{head} […] {tail}")
}

/// The path of a program; what has none is told in words.
pub(super) fn program(path: &str) -> Markup {
    html! {
        @if path.is_empty() { em { "a program that is not told" } }
        @else { code { (cut(path)) } }
    }
}

/// The page with nothing in it that does not print: direction marks, controls and the like, which
/// HTML passes on. Markup has none, so that all of them came from outside.
pub(super) fn printable(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for c in page.chars() {
        // What is longer than itself is escaped; these are no more special here.
        if c == '\n' || matches!(c, '"' | '\'' | '\\') {
            text.push(c);
        } else {
            text.extend(c.escape_debug());
        }
    }
    text
}

/// A number with its noun, as in `12 calls`.
pub(super) fn many(count: usize, what: &str) -> String {
    crate::cli::render::counted(u64::try_from(count).unwrap_or(u64::MAX), what)
}

/// A number.
pub(super) fn size(count: usize) -> String {
    crate::cli::render::number(u64::try_from(count).unwrap_or(u64::MAX))
}

/// `21 ms`, `2 min 14 s`
pub(super) fn time(milliseconds: u64) -> String {
    duration(Duration::from_millis(milliseconds))
}

/// Class and name of a risk as a badge.
pub(super) fn badge(about: Option<&About>) -> Markup {
    let (class, name) = about.map_or(("rx", "unknown"), |about| {
        let class = match about.risk {
            Risk::Harmless => "r0",
            Risk::Ordinary => "r1",
            Risk::Watch => "r2",
            Risk::Sensitive => "r3",
            Risk::Host => "r4",
        };
        (class, about.risk.name())
    });
    html! {
        span.risk.(class) {
            @if let Some(about) = about { (about.risk.class()) " " }
            (name)
        }
    }
}

/// A few of many, and how many more there are.
pub(super) fn few<T>(all: &[T], most: usize) -> (&[T], usize) {
    let shown = all.get(..most).unwrap_or(all);
    (shown, all.len() - shown.len())
}

/// `2026-11-24 17:13:54 UTC`, of seconds since 1970.
pub(super) fn date(seconds: u64) -> String {
    const DAY: u64 = 86_400;
    let (days, rest) = (seconds / DAY, seconds % DAY);
    // Years from March on, so that the leap day is the last of one; Howard Hinnant's
    // `civil_from_days` (chrono-Compatible Low-Level Date Algorithms).
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months + 2) / 5 + 1;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_200, "2024-03-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn what_does_not_print_is_escaped() {
        let text = printable("a\u{202e}\0\u{1b}[2J\u{feff}é\n\"'\\●–");
        assert_eq!(text, "a\\u{202e}\\0\\u{1b}[2J\\u{feff}é\n\"'\\●–");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), LONGEST + 5);
    }
}
