//! When calls were seen first, where lines tell the time: `-t`, `-tt`, `-ttt`, `-r`.
//!
//! Only the first call of each kind needs its time, so that few lines are looked at. The time of
//! a day (`-t`, `-tt`) needs more: midnight passes unseen unless it is looked at now and then. What
//! is looked at depends on the numbers of lines alone, so that it is the same however a log is cut
//! into blocks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::leader::{self, Told};

/// The times of a log.
#[derive(Debug)]
pub(super) struct Times {
    kind: Kind,
    /// Lines are looked at whose number has none of these bits.
    mask: u64,
    /// Lines without a time at the begin of this file.
    without: u64,
    /// Whether the file is one of a set.
    of_set: bool,
    /// When the log begins.
    start: Option<Duration>,
    /// When the line that was looked at last was printed; for [`Kind::Sum`] since the start.
    now: Duration,
    /// When processes of a set began whose times are those of a day: which day, that is.
    births: BTreeMap<u32, Duration>,
}

/// What the times of a log are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not known yet.
    Open,
    /// There are none, or none to be sure of.
    None,
    /// Since 1970.
    Epoch,
    /// Since midnight.
    Day,
    /// Since the line before.
    Sum,
}

/// Looks at no line.
const NONE: u64 = u64::MAX;
/// Looks at each line.
const EACH: u64 = 0;
/// Looks at one line in sixteen.
const SOME: u64 = 15;
/// Looks at one line in 64.
const FEW: u64 = 63;
/// A log that begins with so many lines without a time has none.
const PATIENCE: u64 = 64;
/// Lines looked at are this far from each other where calls are rare: then each is looked at.
const SLOW: Duration = Duration::from_secs(60);
/// And so far where there are many.
const FAST: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A clock may be set back, by an hour when summer ends; what is more is another day.
const SET_BACK: Duration = Duration::from_secs(2 * 3600);
/// Processes of a set whose begin is remembered.
const MAX_BIRTHS: usize = 50_000;

impl Default for Times {
    fn default() -> Self {
        Self {
            kind: Kind::Open,
            mask: EACH,
            without: 0,
            of_set: false,
            start: None,
            now: Duration::ZERO,
            births: BTreeMap::new(),
        }
    }
}

impl Times {
    /// The next lines are of this file.
    pub(super) fn file(&mut self, pid: Option<u32>) {
        self.of_set = pid.is_some();
        self.without = 0;
        if self.kind != Kind::None {
            self.mask = EACH;
        }
        if self.kind == Kind::Day {
            let birth = pid.and_then(|pid| self.births.get(&pid));
            self.now = birth.copied().or(self.start).unwrap_or_default();
        }
    }

    /// Whether to look at the line with this number, from 1 on.
    pub(super) const fn wants(&self, line: u64) -> bool {
        line & self.mask == 0
    }

    /// Looks at a line. Returns by how much the log begins earlier than was known before.
    pub(super) fn look(&mut self, line: &[u8]) -> Option<Duration> {
        let Some(told) = leader::time_told(line) else {
            self.without += 1;
            let over = self.without >= PATIENCE;
            if over && self.mask == EACH && matches!(self.kind, Kind::Open | Kind::Epoch) {
                self.mask = NONE;
            }
            return None;
        };
        match (self.kind, told) {
            (Kind::Open, told) => self.begin(told),
            (Kind::Epoch, Told::Epoch(time)) => {
                self.mask = NONE;
                let start = self.start.replace(self.start?.min(time))?;
                return start.checked_sub(time).filter(|by| !by.is_zero());
            }
            (Kind::Day, Told::Day(time)) => self.day(time),
            (Kind::Sum, Told::Before(time)) => self.now = self.now.saturating_add(time),
            _ => {}
        }
        None
    }

    /// The first line with a time.
    fn begin(&mut self, told: Told) {
        let (kind, mask, start) = match told {
            Told::Epoch(time) => (Kind::Epoch, NONE, time),
            Told::Day(time) => (Kind::Day, SOME, time),
            // The files of a set tell the time since a line of any of them.
            Told::Before(Duration::ZERO) if !self.of_set => (Kind::Sum, EACH, Duration::ZERO),
            // The begin of the log is missing, or a clock begins in 1970.
            Told::Before(_) => (Kind::None, NONE, Duration::ZERO),
        };
        (self.kind, self.mask) = (kind, mask);
        self.start = Some(start);
        self.now = start;
    }

    /// A time of a day, the next one if it is earlier by much than that of the last line.
    fn day(&mut self, time: Duration) {
        let last = self.now;
        let days = Duration::from_secs(last.as_secs() / DAY.as_secs() * DAY.as_secs());
        let mut now = days.saturating_add(time);
        if now.saturating_add(SET_BACK) < last {
            now = now.saturating_add(DAY);
        }
        self.now = now;
        self.mask = match now.saturating_sub(last) {
            passed if passed >= SLOW => EACH,
            passed if passed >= FAST => SOME,
            _ => FEW,
        };
    }

    /// When a line was printed, since what [`Self::since_start`] knows.
    pub(super) fn of(&mut self, line: &[u8]) -> Option<Duration> {
        match (self.kind, leader::time_told(line)?) {
            (Kind::Epoch, Told::Epoch(time)) => Some(time),
            (Kind::Day, Told::Day(time)) => {
                self.day(time);
                Some(self.now)
            }
            (Kind::Sum, Told::Before(_)) => Some(self.now),
            _ => None,
        }
    }

    /// A process of a set is made by a line.
    pub(super) fn birth(&mut self, pid: u32, line: &[u8]) {
        if self.of_set
            && self.kind == Kind::Day
            && self.births.len() < MAX_BIRTHS
            && let Some(time) = self.of(line)
        {
            self.births.insert(pid, time);
        }
    }

    /// How long after its start a log has this time. A clock that was set back may tell none.
    pub(super) fn since_start(&self, time: Option<Duration>) -> Option<Duration> {
        time?.checked_sub(self.start?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of lines in milliseconds, all looked at as a log is.
    fn check(files: &[(Option<u32>, &[&str])], expected: &[Option<u128>]) {
        let mut times = Times::default();
        let mut all = Vec::new();
        for (pid, lines) in files {
            times.file(*pid);
            for (number, line) in (1..).zip(*lines) {
                if times.wants(number) {
                    times.look(line.as_bytes());
                }
                let time = times.of(line.as_bytes());
                all.push(times.since_start(time).map(|time| time.as_millis()));
            }
        }
        assert_eq!(all, expected);
    }

    #[test]
    fn each_kind_of_time() {
        let lines = ["7  1795459454.100 brk(", "7  1795459454.25 brk("];
        check(&[(None, &lines)], &[Some(0), Some(150)]);
        let lines = ["strace: x", "[pid 7] 23:59:59.9 brk(", "00:00:01 brk("];
        check(&[(None, &lines)], &[None, Some(0), Some(1100)]);
        let lines = [
            "7       0.000000 brk(",
            "7       0.000300 brk(",
            "9       0.002000 brk(",
        ];
        check(&[(None, &lines)], &[Some(0), Some(0), Some(2)]);
        let lines = ["10:00:00 (+     0.000000) brk(", "10:00:02 (+  1.5) brk("];
        check(&[(None, &lines)], &[Some(0), Some(2000)]);
        check(&[(None, &["brk(", "7 brk("])], &[None, None]);
    }

    #[test]
    fn what_is_not_sure_is_no_time() {
        // The head is missing, or the machine's clock began in 1970.
        check(&[(None, &["7  35.123456 brk("])], &[None]);
        // Since a line of any file.
        let lines: &[&str] = &["     0.000000 brk("];
        check(&[(Some(7), lines), (Some(8), lines)], &[None, None]);
        // Set back by an hour.
        let lines = ["03:00:00 brk(", "02:00:01 brk(", "03:00:01 brk("];
        check(&[(None, &lines)], &[Some(0), None, Some(1000)]);
    }

    #[test]
    fn days_pass_and_a_child_begins_on_the_day_of_its_birth() {
        let mut times = Times::default();
        times.file(Some(7));
        let lines = ["08:00:00 brk(", "20:00:00 brk(", "07:00:00 clone("];
        for line in lines {
            times.of(line.as_bytes());
            times.look(line.as_bytes());
        }
        times.birth(9, b"07:00:00 clone(");
        times.file(Some(9));
        let time = times.of(b"07:00:00 brk(");
        let hours = times.since_start(time).map(|time| time.as_secs() / 3600);
        assert_eq!(hours, Some(23));
    }

    #[test]
    fn a_file_of_a_set_may_begin_before_the_first() {
        let mut times = Times::default();
        times.file(Some(7));
        assert_eq!(times.look(b"1795459454.5 brk("), None);
        times.file(Some(8));
        let earlier = times.look(b"1795459454.2 brk(");
        assert_eq!(earlier, Some(Duration::from_millis(300)));
    }

    #[test]
    fn any_time_is_borne() {
        let most = format!("{}.999999999", u64::MAX);
        let lines = [format!("{most} brk("), format!("(+ {most}) brk(")];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check(&[(None, &lines)], &[Some(0), None]);
        let sums = ["0.0 brk(", "4194303.9 brk(", "99:99:99.9 brk("];
        check(&[(None, &sums)], &[Some(0), Some(4_194_303_900), None]);
    }
}
