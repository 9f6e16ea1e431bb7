//! Days of the calendar.

use std::fmt;
use std::str::FromStr;

/// A day, as `2027-06-30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// From 0 to 9999.
    pub year: u16,
    /// From 1 on.
    pub month: u8,
    /// From 1 on.
    pub day: u8,
}

/// Text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no day; expected one like 2027-06-30", text.escape_debug())]
pub struct NoDate {
    /// The text.
    pub text: String,
}

impl Date {
    /// The day in UTC of a time in seconds since 1970. The last one of 9999 stands for all later.
    pub fn from_unix(seconds: u64) -> Self {
        let mut days = seconds / 86_400;
        let mut year = 1970;
        while year < 9999 && days >= in_year(year) {
            days -= in_year(year);
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days >= u64::from(in_month(year, month)) {
            days -= u64::from(in_month(year, month));
            month += 1;
        }
        let last = u64::from(in_month(year, month)) - 1;
        let day = u8::try_from(days.min(last)).unwrap_or_default() + 1;
        Self { year, month, day }
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn in_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let parse = || {
            let mut parts = text.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            let lengths = (year.len(), month.len(), day.len()) == (4, 2, 2);
            let date = Self {
                year: year.parse().ok()?,
                month: month.parse().ok()?,
                day: day.parse().ok()?,
            };
            let exists = (1..=12).contains(&date.month)
                && (1..=in_month(date.year, date.month)).contains(&date.day);
            (digits && lengths && exists && parts.next().is_none()).then_some(date)
        };
        parse().ok_or_else(|| NoDate {
            text: text.chars().take(40).collect(),
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_798_761_599, "2026-12-31"),
            (1_798_761_600, "2027-01-01"),
            (4_107_542_400, "2100-03-01"),
            (u64::MAX, "9999-12-31"),
        ] {
            assert_eq!(Date::from_unix(seconds).to_string(), day);
        }
        for good in ["2028-02-29", "0000-01-01"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in [
            "2027-02-29",
            "2027-13-01",
            "27-1-1",
            "2027-06-30T00:00:00Z",
            "",
            "+027-01-01",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
    }
}
