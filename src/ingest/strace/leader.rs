//! What stands before the call on a line: process, times, number, instruction pointer.
//!
//! strace prints these always in the same order, each only when asked to (`printleader()` in its
//! src/strace.c): `[pid] [security context] [time] [relative time] [number] [instruction
//! pointer]`. The reader takes any subset in that order, so that no option has to be known.

use std::time::Duration;

use super::body::low_half;

/// The leader of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Leader<'a> {
    /// The process or thread.
    pub(super) pid: Option<u32>,
    /// Its name, where `--decode-pids=comm` put it behind the number.
    pub(super) comm: Option<&'a [u8]>,
    /// The number of the call (`-n`).
    pub(super) number: Option<u32>,
    /// The prefix was `[pid N]`, which strace prints on a terminal or pipe, not into a file.
    pub(super) bracketed: bool,
}

/// Larger numbers at the start of a line are times: `PID_MAX_LIMIT` in include/linux/threads.h.
pub(super) const PID_MAX: u64 = 4_194_304;

/// Splits a line into its leader and the rest.
pub(super) fn split(line: &[u8]) -> (Leader<'_>, &[u8]) {
    let mut leader = Leader::default();
    let mut rest = pid(line, &mut leader);
    // A relative time may be padded on the left; a continuation also starts with a blank, but
    // then what follows is no time and the line is left as it is.
    loop {
        let next = trim_start(rest);
        let after = match next.first() {
            Some(b'[') => bracket(next, &mut leader),
            Some(b'(' | b'0'..=b'9') => time(next),
            _ => None,
        };
        let Some(after) = after else { break };
        rest = after;
    }
    (leader, rest)
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|b| **b == b' ').count();
    bytes.get(blanks..).unwrap_or_default()
}

/// `123   `, `123<comm> `, `[pid   123] `, `[pid 123<comm>] `.
fn pid<'a>(line: &'a [u8], leader: &mut Leader<'a>) -> &'a [u8] {
    if let Some(rest) = line.strip_prefix(b"[pid ") {
        if let Some((number, rest)) = digits(trim_start(rest))
            && number <= PID_MAX
        {
            let (comm, rest) = comm(rest);
            if let Some(rest) = rest.strip_prefix(b"] ") {
                leader.pid = u32::try_from(number).ok();
                leader.comm = comm;
                leader.bracketed = true;
                return rest;
            }
        }
        return line;
    }
    if let Some((number, rest)) = digits(line)
        && number <= PID_MAX
    {
        let (comm, rest) = comm(rest);
        if let Some(rest) = rest.strip_prefix(b" ") {
            leader.pid = u32::try_from(number).ok();
            leader.comm = comm;
            return trim_start(rest);
        }
    }
    line
}

/// `<comm>`. strace escapes `<` and `>` in it, so it ends at the first `>`.
fn comm(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    if let Some(inside) = bytes.strip_prefix(b"<")
        && let Some(end) = inside.iter().take(80).position(|b| *b == b'>')
    {
        return (inside.get(..end), inside.get(end + 1..).unwrap_or_default());
    }
    (None, bytes)
}

/// A time that stands in a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Since midnight.
    Day(Duration),
    /// Since 1970.
    Epoch(Duration),
    /// Since the line before.
    Before(Duration),
}

/// The time that a line tells, the one of the clock if it tells two.
pub(super) fn time_told(line: &[u8]) -> Option<Told> {
    let mut rest = trim_start(pid(line, &mut Leader::default()));
    if rest.starts_with(b"[") {
        // A security context.
        rest = trim_start(bracket(rest, &mut Leader::default())?);
    }
    if let Some(after) = clock(rest) {
        let digit = |at: usize| Some(u64::from(rest.get(at)? - b'0'));
        let number = |at| Some(10 * digit(at)? + digit(at + 1)?);
        let hour = number(0).filter(|hour| *hour < 24)?;
        let seconds = (hour * 60 + number(3)?) * 60 + number(6)?;
        after.strip_prefix(b" ")?;
        let (_, rest) = rest.split_at_checked(8)?;
        let time = Duration::new(seconds, nanoseconds(rest));
        return Some(Told::Day(time));
    }
    let (number, after) = digits(rest)?;
    seconds(rest)?.strip_prefix(b" ")?;
    let time = Duration::new(number, nanoseconds(after));
    Some(if number > PID_MAX {
        Told::Epoch(time)
    } else {
        Told::Before(time)
    })
}

/// The fraction of a second that stands there.
fn nanoseconds(bytes: &[u8]) -> u32 {
    let fraction = bytes.strip_prefix(b".").unwrap_or_default();
    let (mut nanoseconds, mut unit) = (0, 100_000_000);
    for digit in fraction.iter().take(9).take_while(|b| b.is_ascii_digit()) {
        nanoseconds += unit * u32::from(digit - b'0');
        unit /= 10;
    }
    nanoseconds
}

/// `18:39:34.595259 `, `1795459454.123 `, `0.000054 `, `(+     0.000028) `, `1795459454 `.
pub(super) fn time(bytes: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = bytes.strip_prefix(b"(+") {
        let rest = seconds(trim_start(rest))?;
        return rest.strip_prefix(b") ");
    }
    let rest = match clock(bytes) {
        Some(rest) => rest,
        None => seconds(bytes)?,
    };
    rest.strip_prefix(b" ")
}

/// `HH:MM:SS`, with a fraction or without.
fn clock(bytes: &[u8]) -> Option<&[u8]> {
    let two =
        |bytes: &'_ [u8]| -> bool { bytes.len() == 2 && bytes.iter().all(u8::is_ascii_digit) };
    let (head, rest) = bytes.split_at_checked(8)?;
    let well_formed = head.get(2) == Some(&b':')
        && head.get(5) == Some(&b':')
        && two(head.get(..2)?)
        && two(head.get(3..5)?)
        && two(head.get(6..8)?);
    well_formed.then(|| fraction(rest).unwrap_or(rest))
}

/// Seconds with a fraction, or an epoch without one; a small whole number is a process.
fn seconds(bytes: &[u8]) -> Option<&[u8]> {
    let (number, rest) = digits(bytes)?;
    match fraction(rest) {
        Some(rest) => Some(rest),
        None if number > PID_MAX => Some(rest),
        None => None,
    }
}

fn fraction(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b".")?;
    digits(rest).map(|(_, rest)| rest)
}

/// `[ 257] `, `[???] `, `[00007f3c9a3d4b21] `, `[????????] `, `[system_u:system_r:init_t:s0] `.
fn bracket<'a>(bytes: &'a [u8], leader: &mut Leader<'_>) -> Option<&'a [u8]> {
    /// Hexadecimal digits of an instruction pointer of a 32-bit and of a 64-bit process.
    const POINTER: [usize; 2] = [8, 16];
    let inside = bytes.strip_prefix(b"[")?;
    let end = inside.iter().take(256).position(|b| *b == b']')?;
    let rest = inside.get(end + 1..)?.strip_prefix(b" ")?;
    let inside = inside.get(..end)?;
    let unknown = !inside.is_empty() && inside.iter().all(|b| *b == b'?');
    let pointer = POINTER.contains(&inside.len()) && inside.iter().all(u8::is_ascii_hexdigit);
    let context = inside.contains(&b':') && !inside.contains(&b' ');
    if unknown || pointer || context {
        return Some(rest);
    }
    let (number, after) = digits(trim_start(inside))?;
    if !after.is_empty() {
        return None;
    }
    leader.number = Some(low_half(number));
    Some(rest)
}

/// A run of decimal digits that is no more than 64 bits, and what follows it.
fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    let mut len = 0;
    for byte in bytes.iter().take(20).take_while(|b| b.is_ascii_digit()) {
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(byte - b'0'))?;
        len += 1;
    }
    let rest = bytes.get(len..)?;
    if len == 0 || rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, pid: Option<u32>, number: Option<u32>, rest: &str) {
        let (leader, got) = split(line.as_bytes());
        assert_eq!(leader.pid, pid);
        assert_eq!(leader.number, number);
        assert_eq!(String::from_utf8_lossy(got), rest);
    }

    #[test]
    fn every_field_alone() {
        check("close(3) = 0", None, None, "close(3) = 0");
        check("49    close(3) = 0", Some(49), None, "close(3) = 0");
        check(
            "4194304 close(3) = 0",
            Some(4_194_304),
            None,
            "close(3) = 0",
        );
        check("[pid    49] close(3) = 0", Some(49), None, "close(3) = 0");
        check(
            "49<a b\\74c\\76(d)> close(3) = 0",
            Some(49),
            None,
            "close(3) = 0",
        );
        check("[pid 49<sh>] close(3) = 0", Some(49), None, "close(3) = 0");
        check("18:39:34 close(3) = 0", None, None, "close(3) = 0");
        check("18:39:34.595259 close(3) = 0", None, None, "close(3) = 0");
        check("1795459454 close(3) = 0", None, None, "close(3) = 0");
        check(
            "1795459454.595259123 close(3) = 0",
            None,
            None,
            "close(3) = 0",
        );
        check("     0.000054 close(3) = 0", None, None, "close(3) = 0");
        check("[ 257] openat(", None, Some(257), "openat(");
        check("[1073741863] getpid(", None, Some(1_073_741_863), "getpid(");
        check(
            "[18446744073709551615] syscall_0x",
            None,
            Some(u32::MAX),
            "syscall_0x",
        );
        let more = "[18446744073709551616] x(";
        check(more, None, None, more);
        check("[???] <... read", None, None, "<... read");
        check(
            "[00007f3c9a3d4b21] close(3) = 0",
            None,
            None,
            "close(3) = 0",
        );
        check("[f7f3c9a3] close(3) = 0", None, None, "close(3) = 0");
        check("[????????] close(3) = 0", None, None, "close(3) = 0");
        check(
            "[unconfined_u:unconfined_r:unconfined_t:s0] close(3) = 0",
            None,
            None,
            "close(3) = 0",
        );
    }

    #[test]
    fn all_fields_together() {
        check(
            "77    18:39:34 (+     0.000028) [ 257] [00007f3c9a3d4b21] openat(AT_FDCWD",
            Some(77),
            Some(257),
            "openat(AT_FDCWD",
        );
        check("77         0.000054 openat(", Some(77), None, "openat(");
        check(
            "175   [ 231] +++ exited with 0 +++",
            Some(175),
            Some(231),
            "+++ exited with 0 +++",
        );
    }

    #[test]
    fn what_is_no_leader_stays() {
        check(" <unfinished ...>", None, None, " <unfinished ...>");
        check(
            "[ Process PID=12 runs in 32 bit mode. ]",
            None,
            None,
            "[ Process PID=12 runs in 32 bit mode. ]",
        );
        check("[pid x] close(3)", None, None, "[pid x] close(3)");
        check(
            "12345678901234567890123 x",
            None,
            None,
            "12345678901234567890123 x",
        );
        check("12", None, None, "12");
        check("", None, None, "");
    }
}
