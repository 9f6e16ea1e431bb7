//! Starts the program to be recorded, suspended, and tells why it did not start.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;

use nix::errno::Errno;

use super::{Command, RecordError};
use crate::arch::Arch;
use crate::bpf::Instruction;
use crate::sys::kernel::RawCall;
use crate::sys::process::{self, Failed, Launch, Suspended};
use crate::sys::seccomp::For;
use crate::syscalls::table;

/// A child that waits to become the program.
pub(super) fn suspended(
    command: &Command,
    filter: Option<(Vec<Instruction>, For)>,
    no_new_privileges: bool,
) -> Result<Suspended, RecordError> {
    let candidates = command
        .candidates
        .iter()
        .map(|path| {
            CString::new(path.as_os_str().as_bytes()).map_err(|_nul| RecordError::Nul {
                program: name(command),
            })
        })
        .collect::<Result<_, _>>()?;
    let launch = Launch {
        candidates,
        arguments: command.arguments.clone(),
        filter,
        no_new_privileges,
    };
    process::suspended(&launch).map_err(|error| RecordError::kernel("start a process", error))
}

/// The execve that started the program: it was made when it was not clear yet that it would
/// succeed, and is counted when it is.
pub(super) fn first_execve() -> Option<RawCall> {
    let arch = Arch::of_this_build()?;
    Some(RawCall {
        arch: arch.audit_value(),
        number: u64::from(table(arch).number("execve")?),
        args: [0; 6],
        instruction_pointer: 0,
    })
}

/// The name by which a program was called.
pub(super) fn name(command: &Command) -> String {
    command
        .arguments
        .first()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Why a child did not become the program.
pub(super) fn failure(command: &Command, failed: Option<Failed>) -> RecordError {
    let program = name(command);
    match failed {
        Some(Failed::Exec(Errno::ENOENT | Errno::ENOTDIR)) => RecordError::NotFound { program },
        Some(Failed::Exec(source)) => RecordError::NotExecutable { program, source },
        Some(Failed::Filter(source)) => RecordError::NotPermitted {
            what: "install a seccomp filter".to_owned(),
            source,
        },
        Some(Failed::NoNewPrivileges(source)) => RecordError::kernel("give up privileges", source),
        // It was killed before it could say anything.
        None => RecordError::NotExecutable {
            program,
            source: Errno::EINTR,
        },
    }
}
