//! Lines of JSON for whoever has calls from elsewhere:
//! `{"syscall": "openat", "arch": "x86_64", "exe": "/bin/ls", "pid": 7, "ret": -2, "count": 3}`.
//!
//! `syscall` (or `nr`, the number) must be there, the rest may. Other fields are errors, so that
//! a mistyped one is not lost.

use serde::Deserialize;

use super::by_line::{ByLine, Was};
use super::gather::{Call, Gather, Told, returned};
use super::reader::Start;
use crate::arch::Arch;

/// Reads such lines.
#[derive(Debug, Default)]
pub(super) struct JsonLines;

/// A line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    syscall: Option<String>,
    nr: Option<u32>,
    arch: Option<String>,
    exe: Option<String>,
    comm: Option<String>,
    pid: Option<u32>,
    ret: Option<i64>,
    count: Option<u64>,
}

/// Whether the start of a log has such lines.
pub(super) fn detect(start: &Start<'_>) -> bool {
    start.has_many(|line| {
        line.starts_with(b"{")
            && serde_json::from_slice::<Wire>(line)
                .is_ok_and(|wire| wire.syscall.is_some() || wire.nr.is_some())
    })
}

impl ByLine for JsonLines {
    fn line(&mut self, line: &str, to: &mut Gather) -> Was {
        let Ok(wire) = serde_json::from_str::<Wire>(line) else {
            return Was::Strange;
        };
        let arch = match wire.arch.as_deref().map(Arch::from_name) {
            Some(None) => return Was::Strange,
            Some(arch) => arch,
            None => None,
        };
        let id = match (wire.syscall.as_deref(), wire.nr) {
            (Some(name), _) => Told::Name(name),
            (None, Some(number)) => Told::Number(number),
            (None, None) => return Was::Strange,
        };
        let program = wire
            .exe
            .or_else(|| wire.comm.map(|comm| format!("({comm})")));
        let call = Call {
            id,
            arch,
            program: program.as_deref(),
            pid: wire.pid,
        };
        let count = wire.count.unwrap_or(1).clamp(1, 1 << 48);
        to.calls(call, wire.ret.map(returned), count);
        Was::Call
    }
}
