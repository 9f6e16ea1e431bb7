//! Commands with a time limit, and names that no other run uses.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) use crate::run::{Finished, LIMIT, Running, remove, run, start};

/// The tool under test.
pub(crate) fn callsieve() -> Command {
    Command::new(env!("CARGO_BIN_EXE_callsieve"))
}

/// A name for an image or a container, unique on this machine.
pub(crate) fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("callsieve-test-{}-{number}", std::process::id())
}
