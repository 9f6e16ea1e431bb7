//! Plain lists: names or numbers of calls, one or several on a line, as many tools print them, and
//! what `callsieve list` prints. Nobody saw these called, so such a list is no recording of a run.

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told};
use super::reader::Start;
use crate::arch::Arch;
use crate::event::{Gap, Skip};
use crate::syscalls::canonical;

/// Reads a list.
#[derive(Debug, Default)]
pub(super) struct Names;

/// Whether the start of a log is a list of names.
pub(super) fn detect(start: &Start<'_>) -> bool {
    let is = |line: &[u8]| {
        std::str::from_utf8(line).is_ok_and(|line| {
            let (arch, words) = split(line);
            let mut words = words.peekable();
            let named = words.peek().is_some();
            named && words.all(|word| is_call(arch, word))
        })
    };
    let names = start.count(is);
    let comments = start.count(|line| line.trim_ascii_start().starts_with(b"#"));
    names > 0 && (names + comments) * 10 >= start.len() * 9
}

/// The architecture that a line begins with, as in `callsieve list`, and its words.
fn split(line: &str) -> (Option<Arch>, impl Iterator<Item = &str>) {
    let mut words = line
        .split(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | '"' | '\'' | '-' | '[' | ']'))
        .filter(|word| !word.is_empty())
        .peekable();
    let arch = words.peek().and_then(|word| Arch::from_name(word));
    if arch.is_some() {
        words.next();
    }
    (arch, words)
}

fn is_call(arch: Option<Arch>, word: &str) -> bool {
    if let Some(number) = word.strip_prefix('#') {
        return arch.is_some() && number.parse::<u32>().is_ok();
    }
    match arch {
        Some(arch) => canonical(arch, word).is_some(),
        None => Arch::ALL
            .into_iter()
            .any(|arch| canonical(arch, word).is_some()),
    }
}

impl ByLine for Names {
    fn line(&mut self, text: &str, to: &mut Gather) -> Was {
        let (arch, words) = split(text);
        // `#500` is a number only behind an architecture.
        if arch.is_none() && text.trim_start().starts_with(['#', ';']) {
            return Was::No(Skip::Decoration);
        }
        to.gap(Gap::NotObserved);
        let (mut found, mut strange) = (false, false);
        for word in words {
            let digits = word.strip_prefix('#').unwrap_or(word);
            let id = match digits.parse::<u32>() {
                Ok(number) => Told::Number(number),
                Err(_) if is_call(arch, word) => Told::Name(word),
                Err(_) => {
                    strange = true;
                    continue;
                }
            };
            found = true;
            let call = Call {
                id,
                arch,
                program: None,
                pid: None,
            };
            to.call(call, None);
        }
        if strange || !found {
            Was::Strange
        } else {
            Was::Call
        }
    }
}
