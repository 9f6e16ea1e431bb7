//! Walks over the arguments of a call to its result.
//!
//! Only the forward way is right: strings may hold `) = 0`, and the path that `-y` prints behind
//! a result may too (`) = 3</tmp/we (ird) = x>`).

use super::result::result;
use crate::event::Outcome;

/// A call from behind its opening parenthesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scanned<'a> {
    /// The arguments, as far as they are there.
    pub(super) args: &'a [u8],
    /// How it ends.
    pub(super) end: End,
}

/// How the text of a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// `) = …`; the number, where it is one and no error.
    Result {
        outcome: Outcome,
        value: Option<u64>,
    },
    /// `<unfinished ...>`
    Unfinished,
    /// `<detached ...>`
    Detached,
    /// `<pid changed to N ...>`: goes on in the log of that process.
    PidChanged(u32),
    /// In the middle.
    Missing,
}

/// Splits the text of a call.
pub(super) fn call(tail: &[u8]) -> Scanned<'_> {
    if tail.last() == Some(&b'>')
        && let Some(scanned) = suspended(tail)
    {
        return scanned;
    }
    let mut depth = 0usize;
    let mut at = 0;
    while let Some((here, byte)) =
        next_mark(tail, at, |byte| matches!(byte, b'(' | b')' | b'"' | b'<'))
    {
        at = here;
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => {
                let args = tail.get(..at).unwrap_or_default();
                let rest = tail.get(at + 1..).unwrap_or_default();
                if let Some(end) = result(rest) {
                    return Scanned { args, end };
                }
            }
            b')' => depth -= 1,
            _ => {}
        }
        at = next(tail, at);
    }
    Scanned {
        args: tail,
        end: End::Missing,
    }
}

/// The first byte from `from` on that is a mark, and where it is. To go from mark to mark is the
/// same as going byte by byte with [`next`], as long as `"` and `<` are marks.
fn next_mark(bytes: &[u8], from: usize, is_mark: impl Fn(u8) -> bool) -> Option<(usize, u8)> {
    let rest = bytes.get(from..)?;
    let (skipped, byte) = rest.iter().enumerate().find(|(_, byte)| is_mark(**byte))?;
    Some((from + skipped, *byte))
}

/// Whether text that starts inside a call holds its result.
pub(super) fn has_result(tail: &[u8]) -> bool {
    matches!(call(tail).end, End::Result { .. })
}

/// Whether text ends as strace ends a call, with nothing else behind its result.
pub(super) fn is_whole(tail: &[u8]) -> bool {
    let scanned = call(tail);
    let End::Result { .. } = scanned.end else {
        return scanned.end != End::Missing;
    };
    let rest = tail.get(scanned.args.len() + 1..).unwrap_or_default();
    let rest = rest
        .trim_ascii_start()
        .strip_prefix(b"= ")
        .unwrap_or_default();
    let word = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || b"-?_".contains(b))
        .count();
    let mut rest = rest.get(word..).unwrap_or_default();
    if rest.first() == Some(&b'<') {
        rest = path_end(rest, 0)
            .and_then(|end| rest.get(end..))
            .unwrap_or_default();
    }
    let rest = rest.trim_ascii();
    // ` ENOENT (…)`, ` (flags …)`, ` <0.000012>`.
    rest.is_empty() || rest.ends_with(b")") || (rest.starts_with(b"<") && rest.ends_with(b">"))
}

fn suspended(tail: &[u8]) -> Option<Scanned<'_>> {
    if let Some(args) = tail.strip_suffix(b"<unfinished ...>") {
        return Some(Scanned {
            args: args.trim_ascii_end(),
            end: End::Unfinished,
        });
    }
    if let Some(args) = tail.strip_suffix(b"<detached ...>") {
        return Some(Scanned {
            args: args.trim_ascii_end(),
            end: End::Detached,
        });
    }
    let rest = tail.strip_suffix(b" ...>")?;
    let digits = rest.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (rest, pid) = rest.split_at_checked(rest.len() - digits)?;
    let args = rest.strip_suffix(b"<pid changed to ")?;
    let pid = std::str::from_utf8(pid).ok()?.parse().ok()?;
    Some(Scanned {
        args: args.trim_ascii_end(),
        end: End::PidChanged(pid),
    })
}

/// The position behind what stands at `at`: a whole string or path, else one byte.
fn next(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at).unwrap_or(bytes.len()),
        Some(b'<') => match at.checked_sub(1).and_then(|before| bytes.get(before)) {
            // A descriptor's path; `1<<CAP_CHOWN` and `<... resuming` are none.
            Some(before) if before.is_ascii_digit() || *before == b'D' => {
                if bytes.get(at + 1) == Some(&b'<') {
                    at + 2
                } else {
                    path_end(bytes, at).unwrap_or(at + 1)
                }
            }
            _ => at + 1,
        },
        _ => at + 1,
    }
}

/// The position behind the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The position behind the `<path>` that begins at `at`. Paths nest (`</dev/null<char 1:3>>`);
/// addresses of sockets hold `->` and end with `]>` (`<TCP:[127.0.0.1:80->127.0.0.1:9]>`).
pub(super) fn path_end(bytes: &[u8], at: usize) -> Option<usize> {
    /// Names of protocols are short.
    const MAX_PROTOCOL: usize = 24;
    let inside = bytes.get(at + 1..)?;
    let protocol = inside
        .iter()
        .take(MAX_PROTOCOL)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        .count();
    let socket = inside.first().is_some_and(u8::is_ascii_uppercase)
        && inside.get(protocol..)?.starts_with(b":[");
    let mut at = at + 1;
    let mut depth = 1usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if socket => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'>' if socket && bytes.get(at - 1) != Some(&b']') => {}
            b'<' => depth += 1,
            b'>' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The bytes that matter to where an argument ends.
const SEPARATING: [bool; 256] = {
    let mut table = [false; 256];
    let mut bytes: &[u8] = b"(),\"<[]{}";
    while let [byte, rest @ ..] = bytes {
        let (_, from) = table.split_at_mut(*byte as usize);
        if let [here, ..] = from {
            *here = true;
        }
        bytes = rest;
    }
    table
};

fn separates(byte: u8) -> bool {
    SEPARATING.get(usize::from(byte)) == Some(&true)
}

/// The arguments, split at the commas between them.
pub(super) fn arguments(args: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(args);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let mut depth = 0usize;
        let mut at = 0;
        while let Some((here, byte)) = next_mark(bytes, at, separates) {
            at = here;
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    rest = bytes.get(at + 1..);
                    return bytes.get(..at).map(<[u8]>::trim_ascii);
                }
                _ => {}
            }
            at = next(bytes, at);
        }
        rest = None;
        Some(bytes.trim_ascii())
    })
}

/// Where the strings among the arguments begin.
pub(super) fn strings(args: &[u8]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let (at, byte) = next_mark(args, from, |byte| matches!(byte, b'"' | b'<'))?;
            from = next(args, at);
            if byte == b'"' {
                return Some(at);
            }
        }
    })
}

/// The first string among the arguments, its escapes undone. `None` if there is none, or if
/// strace cut it short.
pub(super) fn first_string(args: &[u8], max: usize) -> Option<Vec<u8>> {
    let start = memchr::memchr(b'"', args)?;
    let end = string_end(args, start)?;
    if args.get(end..)?.starts_with(b"...") {
        return None;
    }
    Some(unescape(args.get(start + 1..end - 1)?, max))
}

/// Undoes C escapes, up to `max` bytes of result.
pub(super) fn unescape(text: &[u8], max: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while out.len() < max
        && let Some(byte) = bytes.next()
    {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(escape) = bytes.next() else { break };
        out.push(match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'a' => 0x07,
            b'b' => 0x08,
            b'x' => {
                let mut value = 0u8;
                for _ in 0..2 {
                    let Some(digit) = bytes.peek().and_then(|b| char::from(*b).to_digit(16)) else {
                        break;
                    };
                    value = (value << 4) | u8::try_from(digit).unwrap_or_default();
                    bytes.next();
                }
                value
            }
            b'0'..=b'7' => {
                let mut value = escape - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = bytes.peek().copied() else {
                        break;
                    };
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                    bytes.next();
                }
                value
            }
            other => other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Errno;

    fn ok(value: u64) -> End {
        End::Result {
            outcome: Outcome::Success,
            value: Some(value),
        }
    }

    fn failed(name: &str) -> End {
        End::Result {
            outcome: Outcome::Error(Errno::named(name).unwrap()),
            value: None,
        }
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "shorter to call")]
    fn check(tail: &str, end: End) {
        assert_eq!(call(tail.as_bytes()).end, end, "{tail}");
    }

    #[test]
    fn results() {
        check("3) = 0", ok(0));
        check("3)                                = 0", ok(0));
        check("NULL) = 0x55d4c0e3f000", ok(0x55d4_c0e3_f000));
        check(
            r#"AT_FDCWD, "/x", O_RDONLY) = -1 ENOENT (No such file or directory)"#,
            failed("ENOENT"),
        );
        check(
            "3) = -1 (errno 524)",
            End::Result {
                outcome: Outcome::Error(Errno::numbered(524)),
                value: None,
            },
        );
        check(
            "0) = ?",
            End::Result {
                outcome: Outcome::NoReturn,
                value: None,
            },
        );
        check(
            "0) = ? <0.000012>",
            End::Result {
                outcome: Outcome::NoReturn,
                value: None,
            },
        );
        check(
            "4, 0x7f, 1) = ? ERESTARTSYS (To be restarted)",
            End::Result {
                outcome: Outcome::Interrupted,
                value: None,
            },
        );
        check(
            "3) = ? <unavailable>",
            End::Result {
                outcome: Outcome::Unknown,
                value: None,
            },
        );
    }

    #[test]
    fn injected_results() {
        let injected = End::Result {
            outcome: Outcome::Injected,
            value: Some(7),
        };
        check(r#"3, "x(y) = 1\n", 9) = 7 (INJECTED)"#, injected);
        check("3, 832) = 832 (INJECTED: args)", ok(832));
        check(
            "3</a>, 832) = -1 EPERM (Operation not permitted) (INJECTED: args, retval)",
            End::Result {
                outcome: Outcome::Injected,
                value: None,
            },
        );
        check(r#""x") = 3</tmp/(INJECTED)> (DELAYED)"#, ok(3));
    }

    #[test]
    fn strings_and_paths_are_opaque() {
        check(r#"1, "a) = 5\"", 3) = 3"#, ok(3));
        check(
            r#"AT_FDCWD</cwd>, "/tmp/we (ird)", O_RDONLY) = 3</tmp/we (ird) = \74name\76 \"q\">"#,
            ok(3),
        );
        check("3</tmp/a) = 9>, 1) = 2", ok(2));
        check("1</dev/null<char 1:3>>, 1) = 2", ok(2));
        check("3<TCP:[127.0.0.1:80->127.0.0.1:9]>, 1) = 2", ok(2));
        check(r#"3<UNIX-STREAM:[1->2,"/a]>) = 7"]>, 1) = 2"#, ok(2));
        check("1<<CAP_CHOWN|1<<CAP_KILL, x) = 2", ok(2));
        check("{effective=1<<CAP_CHOWN}) = 2", ok(2));
        check("htons(80), WIFEXITED(s) && x) = 2", ok(2));
        check("<... resuming interrupted read ...>) = 0", ok(0));
        check("2, \"no newline\", 17no newline at end)       = 17", ok(17));
    }

    #[test]
    fn ends_without_result() {
        check("3,  <unfinished ...>", End::Unfinished);
        check("CLOCK_MONOTONIC,  <detached ...>", End::Detached);
        check(
            r#""/bin/true", [] <pid changed to 351 ...>"#,
            End::PidChanged(351),
        );
        check("0, ", End::Missing);
        check(r#"0, "abc"#, End::Missing);
    }

    /// [`call`] byte by byte, as it is meant.
    fn plain_call(tail: &[u8]) -> Scanned<'_> {
        if tail.last() == Some(&b'>')
            && let Some(scanned) = suspended(tail)
        {
            return scanned;
        }
        let mut depth = 0usize;
        let mut at = 0;
        while let Some(&byte) = tail.get(at) {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 0 => {
                    if let Some(end) = result(&tail[at + 1..]) {
                        return Scanned {
                            args: &tail[..at],
                            end,
                        };
                    }
                }
                b')' => depth -= 1,
                _ => {}
            }
            at = next(tail, at);
        }
        Scanned {
            args: tail,
            end: End::Missing,
        }
    }

    /// Arguments, byte by byte.
    fn plain_arguments(args: &[u8]) -> Vec<&[u8]> {
        let (mut all, mut start, mut depth, mut at) = (Vec::new(), 0, 0usize, 0);
        while let Some(&byte) = args.get(at) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    all.push(args[start..at].trim_ascii());
                    start = at + 1;
                }
                _ => {}
            }
            at = next(args, at);
        }
        all.push(args[start..].trim_ascii());
        all
    }

    /// Lines of real logs, from behind the first parenthesis.
    fn real_tails() -> Vec<Vec<u8>> {
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
        let mut tails = Vec::new();
        for case in [
            "all-flags",
            "attach",
            "endings",
            "injected",
            "int80",
            "mixed",
        ] {
            let log = std::fs::read(samples.join(case).join("trace.strace")).unwrap();
            for line in log.split(|byte| *byte == b'\n') {
                if let Some(at) = line.iter().position(|byte| *byte == b'(') {
                    tails.push(line[at + 1..].to_vec());
                }
            }
        }
        assert!(tails.len() > 500);
        tails
    }

    #[track_caller]
    fn same_as_plain(tail: &[u8]) {
        let shown = String::from_utf8_lossy(tail);
        let scanned = call(tail);
        assert_eq!(scanned, plain_call(tail), "{shown}");
        let all: Vec<&[u8]> = arguments(scanned.args).collect();
        assert_eq!(all, plain_arguments(scanned.args), "{shown}");
    }

    #[test]
    fn real_lines_as_byte_by_byte() {
        for tail in real_tails() {
            same_as_plain(&tail);
        }
    }

    proptest::proptest! {
        /// Real lines with a few bytes put in, most of them such as mean something.
        #[test]
        fn changed_lines_as_byte_by_byte(
            pick in proptest::prelude::any::<proptest::sample::Index>(),
            changes in proptest::collection::vec(
                (proptest::prelude::any::<proptest::sample::Index>(),
                 proptest::sample::select(b"()\"<>\\=[]{},-?01 D:|\xff".to_vec()),
                 proptest::prelude::any::<bool>()),
                0..12,
            ),
        ) {
            thread_local! {
                static TAILS: Vec<Vec<u8>> = real_tails();
            }
            let mut tail = TAILS.with(|tails| pick.get(tails).clone());
            for (at, byte, replace) in changes {
                let at = at.index(tail.len() + 1);
                if replace && at < tail.len() {
                    tail[at] = byte;
                } else {
                    tail.insert(at, byte);
                }
            }
            same_as_plain(&tail);
        }
    }

    #[test]
    fn whole_lines() {
        for whole in [
            "3) = 0",
            "3) = -1 ENOENT (No such file)",
            "3) = 3</a b> <0.000012>",
            "3,  <unfinished ...>",
        ] {
            assert!(is_whole(whole.as_bytes()), "{whole}");
        }
        for other in ["b) = 0 is no call", "b) = maybe", "b"] {
            assert!(!is_whole(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn arguments_are_split_at_their_own_commas() {
        let args: Vec<_> = arguments(br#"AT_FDCWD</a,b>, "x,y", {a=1, b=[1, 2]}, 3"#).collect();
        assert_eq!(
            args,
            [
                &b"AT_FDCWD</a,b>"[..],
                br#""x,y""#,
                b"{a=1, b=[1, 2]}",
                b"3"
            ]
        );
    }

    #[test]
    fn escapes() {
        assert_eq!(
            unescape(br"\177ELF\2\1\1\3\0>\0", 64),
            b"\x7fELF\x02\x01\x01\x03\x00>\x00"
        );
        assert_eq!(unescape(br"\x7f\x45LF\n\\", 64), b"\x7fELF\n\\");
        assert_eq!(unescape(br"abc", 2), b"ab");
        assert_eq!(
            first_string(br#"AT_FDCWD, "/bin/true", [...]"#, 99),
            Some(b"/bin/true".to_vec())
        );
        assert_eq!(first_string(br#""/bin/tr"..., [...]"#, 99), None);
    }
}
