//! Times as tools print them: of a day, with a date in whatever order, since 1970.

use std::time::Duration;

use serde_json::{Map, Value};

use super::text;

const DAY: u64 = 24 * 3600;
/// A clock may be set back, by an hour when summer ends; what is more is another day.
const SET_BACK: Duration = Duration::from_secs(2 * 3600);

/// A number made of digits alone.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `12:02:36.269753803`, also with a comma or without a fraction, at the begin of a text, and what
/// stands behind it.
pub(super) fn of_day(text: &str) -> Option<(Duration, &str)> {
    let part = |from: usize, below: u64| {
        let number = number(text.get(from..from + 2)?)?;
        (number < below).then_some(number)
    };
    let colons = text.get(2..3) == Some(":") && text.get(5..6) == Some(":");
    let seconds = (part(0, 24)? * 60 + part(3, 60)?) * 60 + part(6, 61)?;
    let rest = text.get(8..).filter(|_| colons)?;
    let Some(fraction) = rest.strip_prefix(['.', ',']) else {
        return Some((Duration::from_secs(seconds), rest));
    };
    let end = fraction.find(|c: char| !c.is_ascii_digit());
    let (digits, rest) = fraction.split_at_checked(end.unwrap_or(fraction.len()))?;
    let fraction = text::seconds(&format!("0.{digits}"))?;
    Some((Duration::from_secs(seconds).saturating_add(fraction), rest))
}

/// Days from 1970 on: `days_from_civil` (chrono-Compatible Low-Level Date Algorithms).
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn at(day: u64, time: Duration) -> Duration {
    Duration::from_secs(day.saturating_mul(DAY)).saturating_add(time)
}

/// `2026-11-29T17:11:02.158034+00:00`, also with a blank inside or without an offset.
pub(super) fn dated(text: &str) -> Option<Duration> {
    let part = |from: usize, to: usize| number(text.get(from..to)?);
    let dashes = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let day = days(part(0, 4)?, part(5, 7)?, part(8, 10)?).filter(|_| dashes)?;
    let (time, rest) = of_day(text.get(10..)?.strip_prefix(['T', ' '])?)?;
    let local = at(day, time);
    let offset = |rest: &str| {
        let minutes = rest.get(2..)?.trim_start_matches(':').get(..2)?;
        let minutes = number(rest.get(..2)?)? * 60 + number(minutes)?;
        Some(Duration::from_secs(minutes * 60))
    };
    if let Some(east) = rest.strip_prefix('+').and_then(offset) {
        return local.checked_sub(east);
    }
    let west = rest.strip_prefix('-').and_then(offset);
    Some(local.saturating_add(west.unwrap_or_default()))
}

/// What stands before a message of syslog, journald or dmesg, in whichever of their forms.
pub(super) fn printed(line: &str) -> Option<Duration> {
    let line = line.strip_prefix('[').unwrap_or(line).trim_start();
    let (first, rest) = line.split_once([' ', ']'])?;
    if let Some(time) = text::seconds(first).or_else(|| dated(line)) {
        return Some(time);
    }
    let is_word = first.len() == 3 && first.bytes().all(|b| b.is_ascii_alphabetic());
    let rest = Some(rest.trim_start()).filter(|_| is_word)?;
    // `Sun 2026-11-29 17:11:02 UTC`, `Sun Nov 29 17:11:02 2026`.
    if let Some(time) = dated(rest).or_else(|| of_month(rest)) {
        return Some(time);
    }
    of_month(line)
}

/// `Nov 29 17:11:02`. Without a year, it is one that has all days.
fn of_month(text: &str) -> Option<Duration> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (month, rest) = text.split_once(' ')?;
    let month = MONTHS
        .find(month)
        .filter(|at| month.len() == 3 && at % 3 == 0)?
        / 3
        + 1;
    let (day, rest) = rest.trim_start().split_once(' ')?;
    let (time, rest) = of_day(rest)?;
    let year = rest.trim_start().get(..4).and_then(number);
    let day = days(
        year.unwrap_or(1972),
        u64::try_from(month).ok()?,
        number(day)?,
    )?;
    Some(at(day, time))
}

/// `I0807 19:49:37.861294       1 file.go:1] x`, as programs in Go log. It has no year.
pub(super) fn of_go(line: &str) -> Option<Duration> {
    let stamp = line.strip_prefix(|c: char| c.is_ascii_uppercase())?;
    let part = |from: usize| number(stamp.get(from..from + 2)?);
    let day = days(1972, part(0)?, part(2)?)?;
    let (time, _) = of_day(stamp.get(4..)?.strip_prefix(' ')?)?;
    Some(at(day, time))
}

/// A field of JSON: nanoseconds, or a date and a time.
pub(super) fn of_json(object: &Map<String, Value>, key: &str) -> Option<Duration> {
    let value = object.get(key)?;
    let nanos = value.as_u64().map(Duration::from_nanos);
    nanos.or_else(|| dated(value.as_str()?))
}

/// A log whose lines have the time of a day alone.
#[derive(Debug, Default)]
pub(super) struct Midnights {
    last: Option<Duration>,
}

impl Midnights {
    /// When a line is: one that is earlier by much than the last is of the next day.
    pub(super) fn time(&mut self, of_day: Duration) -> Duration {
        let last = self.last.unwrap_or(of_day);
        let mut now = at(last.as_secs() / DAY, of_day);
        if now.saturating_add(SET_BACK) < last {
            now = now.saturating_add(Duration::from_secs(DAY));
        }
        self.last = Some(now);
        now
    }
}

/// A log whose dates are in the order of some locale, which it does not tell: `11/29/26`,
/// `29.11.2026`, `2026-11-29`.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// The last date, and its day.
    last: Option<(String, u64)>,
}

/// The day that stands for the first date: those of a log are told from each other only.
const FIRST: u64 = 100_000;

impl Dates {
    /// A date and a time of the day.
    pub(super) fn time(&mut self, date: &str, time: Duration) -> Option<Duration> {
        let day = match &self.last {
            Some((last, day)) if last == date => return Some(at(*day, time)),
            Some((last, day)) => day.checked_add_signed(passed(last, date)?)?,
            None => FIRST,
        };
        if !readings(date).is_empty() {
            self.last = Some((date.chars().take(40).collect(), day));
        }
        Some(at(self.last.as_ref()?.1, time))
    }
}

/// The days between two dates: in the order in which they are nearest, and not backwards.
fn passed(from: &str, to: &str) -> Option<i64> {
    let from = readings(from);
    let days = readings(to).into_iter().filter_map(|(order, to)| {
        let (_, from) = from.iter().find(|(other, _)| *other == order)?;
        Some(to.cast_signed() - from.cast_signed())
    });
    days.min_by_key(|days| (*days < 0, days.abs()))
}

/// The days that a date may be, with the order that it is in then.
fn readings(date: &str) -> Vec<(u8, u64)> {
    let parts: Vec<&str> = date
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty() && part.len() <= 4)
        .collect();
    let &[a, b, c] = parts.as_slice() else {
        return Vec::new();
    };
    let orders = match a.len() {
        4 => vec![(0, a, b, c)],
        _ => vec![(1, c, a, b), (2, c, b, a)],
    };
    let day = |year: &str, month: &str, day: &str| {
        let century = if year.len() == 2 { 2000 } else { 0 };
        days(century + number(year)?, number(month)?, number(day)?)
    };
    let read = |(order, y, m, d): (u8, &str, &str, &str)| Some((order, day(y, m, d)?));
    orders.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: Option<Duration>, expected: &str) {
        let time = time.map(|time| format!("{}.{:09}", time.as_secs(), time.subsec_nanos()));
        assert_eq!(time.as_deref().unwrap_or("-"), expected);
    }

    #[test]
    fn forms_of_syslog_and_journald() {
        for (line, expected) in [
            ("Nov 29 17:11:02 demo kernel: x", "91905062.000000000"),
            ("Nov  9 17:11:02.25 demo x", "90177062.250000000"),
            ("2026-11-29T17:11:02+0000 demo x", "1795972262.000000000"),
            (
                "2026-11-29T18:11:02.158034+01:00 demo x",
                "1795972262.158034000",
            ),
            ("2026-11-29T16:41:02,158034-00:30 x", "1795972262.158034000"),
            ("Sun 2026-11-29 17:11:02 UTC demo x", "1795972262.000000000"),
            (
                "Sun 2026-11-29 17:11:02.5 UTC [s=1]",
                "1795972262.500000000",
            ),
            ("1795972262.158034 demo x", "1795972262.158034000"),
            ("[  131.123456] demo x", "131.123456000"),
            (
                "[Sun Nov 29 17:11:02 2026] audit: x",
                "1795972262.000000000",
            ),
            ("type=SECCOMP msg=audit(1.2:3)", "-"),
            ("", "-"),
            ("Nov 31 25:00:00 x", "-"),
            ("é", "-"),
        ] {
            check(printed(line), expected);
        }
    }

    #[test]
    fn forms_of_go_and_json() {
        check(
            of_go("I0807 19:49:37.861294       1 strace.go:561] x"),
            "82064977.861294000",
        );
        for line in [
            "I0807",
            "i0807 19:49:37 x",
            "I1307 19:49:37 x",
            "",
            "É0807 19:49:37",
        ] {
            check(of_go(line), "-");
        }
        let object: Map<String, Value> =
            serde_json::from_str(r#"{"a": 5000000001, "b": "1970-01-02T00:00:00.5Z", "c": -1}"#)
                .unwrap();
        check(of_json(&object, "a"), "5.000000001");
        check(of_json(&object, "b"), "86400.500000000");
        check(of_json(&object, "c"), "-");
        check(of_json(&object, "d"), "-");
    }

    #[test]
    fn midnight() {
        let mut day = Midnights::default();
        let mut time = |text| day.time(of_day(text).unwrap().0).as_secs();
        assert_eq!(time("23:59:59.5"), 86_399);
        assert_eq!(time("00:00:01"), 86_401);
        assert_eq!(time("23:00:00"), 86_400 + 82_800);
        assert_eq!(time("22:00:00"), 86_400 + 79_200, "set back");
    }

    #[test]
    fn dates_of_locales() {
        for (dates, passed) in [
            (["11/30/26", "12/01/26", "01/01/27"], [1, 32]),
            (["05/11/2026", "06/11/2026", "13/11/2026"], [1, 8]),
            (["11/05/26", "11/06/26", "11/13/26"], [1, 8]),
            (["31.12.2026", "01.01.2027", "01.01.2027"], [1, 1]),
            (["2026-02-28", "2026-03-01", "2026-03-02"], [1, 2]),
            (["29/11/26", "28/11/26", "29/11/26"], [-1, 0]),
        ] {
            let mut log = Dates::default();
            let mut day = |date| log.time(date, Duration::ZERO).unwrap().as_secs() / DAY;
            let [first, second, third] = dates.map(&mut day).map(u64::cast_signed);
            assert_eq!([second - first, third - first], passed, "{dates:?}");
        }
        let mut log = Dates::default();
        assert_eq!(log.time("yesterday", Duration::ZERO), None);
        assert!(log.time("11/29/26", Duration::ZERO).is_some());
        assert_eq!(log.time("99/99/99", Duration::ZERO), None);
    }
}
