//! What a line says behind its leader.

use super::scan::{self, End, Scanned};
use crate::event::Outcome;

/// The rest of a line, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body<'a> {
    /// `name(args`: the name, and everything behind the parenthesis.
    Call { name: Name<'a>, tail: &'a [u8] },
    /// `<... name resumed>tail`.
    Resumed { name: Name<'a>, tail: &'a [u8] },
    /// `--- SIGSYS {…si_syscall=__NR_name, si_arch=AUDIT_ARCH_X…} ---`.
    Sigsys {
        name: Option<&'a str>,
        arch: Option<&'a str>,
    },
    /// Any other signal.
    Signal,
    /// `+++ … +++`
    Exit(Exit),
    /// `[ Process PID=12 runs in 32 bit mode. ]`
    Mode { pid: u32, mode: Mode },
    /// `strace: Process 12 attached` and other messages.
    Message(Message),
    /// A stack frame or a dump.
    Decoration,
    /// `System call usage summary for 32 bit mode:`
    SummaryOf(Mode),
    /// The rest of a call that something was printed into.
    Continuation { tail: &'a [u8] },
    /// Nothing on the line.
    Blank,
    /// A line of ltrace, whose calls look like strace's and mean something else.
    Ltrace,
    /// A line of `qemu -strace`, which may also be the program's own.
    Qemu,
    /// Nothing that strace prints.
    Unknown,
}

/// How a call is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// By a name: lower case letters of ASCII, digits and `_`.
    Named(&'a [u8]),
    /// By its number: `syscall_0x1f4`, `syscall_317`, `SYS_328`.
    Numbered(u32),
    /// `???`: strace could not tell.
    Hidden,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// `exited with N`
    Status,
    /// `killed by SIGNAL`; whether it was SIGSYS.
    Killed { sigsys: bool },
    /// `superseded by execve in pid N`
    Superseded { by: u32 },
}

/// Which of an architecture family's modes a process runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Bits32,
    Bits64,
    X32,
}

/// A message of strace itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// `Process N attached`
    Attached(u32),
    /// `Process N detached`
    Detached,
    /// Any other.
    Other,
}

/// Sorts the rest of a line.
pub(super) fn sort(rest: &[u8]) -> Body<'_> {
    let Some(&first) = rest.first() else {
        return Body::Blank;
    };
    match first {
        b'<' => resumed(rest),
        b'-' if rest.starts_with(b"--- ") => signal(rest),
        b'+' if rest.starts_with(b"+++ ") => exit(rest),
        b'[' => mode(rest).unwrap_or(Body::Unknown),
        b's' if rest.starts_with(b"strace: ") => message(rest),
        b'P' if rest.starts_with(b"Process ") => bare_message(rest),
        b'S' if rest.starts_with(b"System call usage summary for ") => {
            bits(rest).map_or(Body::Unknown, Body::SummaryOf)
        }
        b' ' if rest.starts_with(b" > ") || rest.starts_with(b" | ") => Body::Decoration,
        _ if rest.iter().all(u8::is_ascii_whitespace) => Body::Blank,
        b' ' | b',' | b')' if continues(rest) => Body::Continuation { tail: rest },
        b'_' if rest.starts_with(b"__libc_start_main(") => Body::Ltrace,
        b'U' if rest.starts_with(b"Unknown syscall ") => Body::Qemu,
        _ => call(rest).unwrap_or(Body::Unknown),
    }
}

/// Whether a call failed as `qemu -strace` prints it: ` = -1 errno=2 (No such file …)`.
pub(super) fn is_qemus(scanned: &Scanned<'_>, tail: &[u8]) -> bool {
    let failed = matches!(
        scanned.end,
        End::Result {
            outcome: Outcome::Failed,
            ..
        }
    );
    failed
        && tail
            .get(scanned.args.len() + 1..)
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"= -1 errno="))
}

fn call(rest: &[u8]) -> Option<Body<'_>> {
    let (name, tail) = name(rest)?;
    Some(Body::Call {
        name,
        tail: tail.strip_prefix(b"(")?,
    })
}

/// Longest name looked at; a longer word before a parenthesis is none.
const MAX_NAME: usize = 64;

fn name(bytes: &[u8]) -> Option<(Name<'_>, &[u8])> {
    if let Some(rest) = bytes
        .strip_prefix(b"????")
        .or_else(|| bytes.strip_prefix(b"???"))
    {
        return Some((Name::Hidden, rest));
    }
    let len = bytes
        .iter()
        .take(MAX_NAME + 1)
        .take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        .count();
    let (word, rest) = bytes.split_at_checked(len)?;
    if matches!(bytes.first(), Some(b's' | b'S'))
        && let Some((number, rest)) = numbered(bytes)
    {
        return Some((Name::Numbered(number), rest));
    }
    let well_formed = len <= MAX_NAME
        && word.first().is_some_and(|first| !first.is_ascii_digit())
        && !rest.first().is_some_and(u8::is_ascii_uppercase);
    well_formed.then_some((Name::Named(word), rest))
}

/// `syscall_0x1f4` (strace 4.21 and later), `syscall_317` (before), `SYS_328` (long before).
fn numbered(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (radix, digits) = if let Some(rest) = bytes.strip_prefix(b"syscall_") {
        match rest.strip_prefix(b"0x") {
            Some(hex) => (16, hex),
            None => (10, rest),
        }
    } else {
        (10, bytes.strip_prefix(b"SYS_")?)
    };
    let len = digits
        .iter()
        .take(MAX_NAME)
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    let (digits, rest) = digits.split_at_checked(len)?;
    let number = u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    Some((low_half(number), rest))
}

/// The kernel takes a number for an `int`; strace prints all 64 bits of the register, so that -1
/// is `syscall_0xffffffffffffffff`.
pub(super) fn low_half(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn resumed(rest: &[u8]) -> Body<'_> {
    let Some(inside) = rest.strip_prefix(b"<... ") else {
        return Body::Unknown;
    };
    let Some((name, after)) = name(inside) else {
        return Body::Unknown;
    };
    match after.strip_prefix(b" resumed>") {
        Some(tail) => Body::Resumed { name, tail },
        None => Body::Unknown,
    }
}

fn signal(rest: &[u8]) -> Body<'_> {
    if !rest.ends_with(b" ---") && !rest.ends_with(b"---") {
        return Body::Unknown;
    }
    if !rest.starts_with(b"--- SIGSYS {") {
        return Body::Signal;
    }
    let text = std::str::from_utf8(rest).unwrap_or_default();
    let field = |key: &str| -> Option<&str> {
        let (_, after) = text.split_once(key)?;
        let end = after.find([',', '}'])?;
        after.get(..end)
    };
    Body::Sigsys {
        name: field("si_syscall=").map(|name| name.strip_prefix("__NR_").unwrap_or(name)),
        arch: field("si_arch=AUDIT_ARCH_"),
    }
}

fn exit(rest: &[u8]) -> Body<'_> {
    let text = std::str::from_utf8(rest).unwrap_or_default();
    let Some(text) = text
        .strip_prefix("+++ ")
        .and_then(|text| text.strip_suffix("+++"))
    else {
        return Body::Unknown;
    };
    let text = text.trim_end();
    if text.starts_with("exited with ") {
        Body::Exit(Exit::Status)
    } else if let Some(signal) = text.strip_prefix("killed by ") {
        Body::Exit(Exit::Killed {
            sigsys: signal.starts_with("SIGSYS"),
        })
    } else if let Some(pid) = text.strip_prefix("superseded by execve in pid ") {
        // `--decode-pids=comm` puts the name behind the number.
        let digits = pid.split('<').next().unwrap_or_default();
        digits
            .parse()
            .map_or(Body::Unknown, |by| Body::Exit(Exit::Superseded { by }))
    } else if text.starts_with("exited (status ") {
        Body::Ltrace
    } else {
        Body::Unknown
    }
}

fn mode(rest: &[u8]) -> Option<Body<'_>> {
    let text = std::str::from_utf8(rest).ok()?.trim_end();
    let inside = text.strip_prefix("[ Process PID=")?;
    let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
    let (pid, after) = inside.split_at_checked(digits)?;
    let after = after.strip_prefix(" runs in ")?;
    Some(Body::Mode {
        pid: pid.parse().ok()?,
        mode: bits(after.as_bytes())?,
    })
}

fn bits(text: &[u8]) -> Option<Mode> {
    let has = |needle: &[u8]| memchr::memmem::find(text, needle).is_some();
    if has(b"64 bit mode") {
        Some(Mode::Bits64)
    } else if has(b"32 bit mode") {
        Some(Mode::Bits32)
    } else if has(b"x32 mode") {
        Some(Mode::X32)
    } else {
        None
    }
}

fn message(rest: &[u8]) -> Body<'_> {
    let inside = rest.strip_prefix(b"strace: ").unwrap_or_default();
    if let Some(mode) = mode(inside) {
        return mode;
    }
    Body::Message(attachment(inside))
}

/// Before strace 4.21 messages to a terminal had no `strace: ` in front.
fn bare_message(rest: &[u8]) -> Body<'_> {
    let message = attachment(rest);
    if message == Message::Other {
        Body::Unknown
    } else {
        Body::Message(message)
    }
}

/// `Process 12 attached`, `Process 12 attached with 2 threads`, `Process 12 detached`.
pub(super) fn attachment(text: &[u8]) -> Message {
    let Some(rest) = text.strip_prefix(b"Process ") else {
        return Message::Other;
    };
    let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(len).unwrap_or_default();
    let pid = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok());
    // `--decode-pids=comm` puts the name behind the number.
    match pid {
        Some(pid) if memchr::memmem::find(rest, b" attached").is_some() => Message::Attached(pid),
        Some(_) if memchr::memmem::find(rest, b" detached").is_some() => Message::Detached,
        _ => Message::Other,
    }
}

/// Whether text can be the rest of a call that a message was printed into.
fn continues(rest: &[u8]) -> bool {
    let trimmed = rest.trim_ascii_start();
    [&b"<unfinished ...>"[..], b"<detached ...>", b"=> {", b"= "]
        .iter()
        .any(|start| trimmed.starts_with(start))
        || (matches!(trimmed.first(), Some(b',' | b')')) && scan::has_result(trimmed))
}

/// Finds a call behind something else on a line that was not understood: the output of the
/// traced program, which did not end with a line end.
pub(super) fn glued(line: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(line, b"[pid ").filter(|at| *at > 0)?;
    let rest = line.get(at..)?;
    let body = sort(super::leader::split(rest).1);
    let is_call = matches!(body, Body::Resumed { .. } | Body::Exit(_))
        || matches!(body, Body::Call { tail, .. } if scan::is_whole(tail));
    is_call.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(
            name(b"openat(AT"),
            Some((Name::Named(b"openat"), &b"(AT"[..]))
        );
        assert_eq!(
            name(b"syscall_0x1f4("),
            Some((Name::Numbered(500), &b"("[..]))
        );
        assert_eq!(
            name(b"syscall_317("),
            Some((Name::Numbered(317), &b"("[..]))
        );
        assert_eq!(name(b"SYS_328("), Some((Name::Numbered(328), &b"("[..])));
        assert_eq!(
            name(b"syscall_0xffffffffffffffff("),
            Some((Name::Numbered(u32::MAX), &b"("[..]))
        );
        assert_eq!(
            name(b"syscall_0x1ffffffffffffffff("),
            Some((Name::Named(b"syscall_0x1ffffffffffffffff"), &b"("[..]))
        );
        assert_eq!(name(b"???("), Some((Name::Hidden, &b"("[..])));
        assert_eq!(name(b"Hello("), None);
        assert_eq!(name(b"("), None);
    }

    #[test]
    fn ends() {
        assert_eq!(sort(b"+++ exited with 0 +++"), Body::Exit(Exit::Status));
        assert_eq!(
            sort(b"+++ killed by SIGSYS (core dumped) +++"),
            Body::Exit(Exit::Killed { sigsys: true })
        );
        assert_eq!(
            sort(b"+++ superseded by execve in pid 2179 +++"),
            Body::Exit(Exit::Superseded { by: 2179 })
        );
        assert_eq!(sort(b"+++ exited (status 0) +++"), Body::Ltrace);
        assert_eq!(sort(b"+++ what +++"), Body::Unknown);
    }

    #[test]
    fn modes_of_every_version() {
        let expected = Body::Mode {
            pid: 12,
            mode: Mode::Bits32,
        };
        assert_eq!(sort(b"[ Process PID=12 runs in 32 bit mode. ]"), expected);
        assert_eq!(
            sort(b"strace: [ Process PID=12 runs in 32 bit mode. ]"),
            expected
        );
        assert_eq!(
            sort(b"[ Process PID=12 runs in x32 mode. ]"),
            Body::Mode {
                pid: 12,
                mode: Mode::X32
            }
        );
    }

    #[test]
    fn sigsys_names_the_call() {
        assert_eq!(
            sort(b"--- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x1, si_syscall=__NR_getppid, si_arch=AUDIT_ARCH_X86_64} ---"),
            Body::Sigsys { name: Some("getppid"), arch: Some("X86_64") }
        );
    }

    #[test]
    fn pieces_of_a_line_on_a_terminal() {
        for piece in [
            " <unfinished ...>",
            ", child_tidptr=0x7f1) = 2252",
            " => {parent_tid=[2258]}, 88) = 2258",
            ")       = 17",
        ] {
            assert!(
                matches!(sort(piece.as_bytes()), Body::Continuation { .. }),
                "{piece}"
            );
        }
        assert_eq!(sort(b", and so on"), Body::Unknown);
    }
}
