//! Programs, and what runs them: tracepoints, functions, events, tables.

use std::os::fd::OwnedFd;

use nix::errno::Errno;

use super::{address, address_mut, call, command, name, number, open};
use crate::ebpf::assembler::Insn;
use crate::ebpf::programs::Point;

/// The most text that the verifier writes.
const LOG: usize = 1 << 16;

// `enum bpf_attach_type` of include/uapi/linux/bpf.h.
const TRACE_ITER: u32 = 28;
const PERF_EVENT: u32 = 41;
const TRACE_KPROBE_MULTI: u32 = 42;

/// The kernel's verifier, or the kernel itself, did not take a program.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Errno,
    /// The end of what the verifier says.
    pub(crate) log: String,
}

#[repr(C)]
#[derive(Default)]
struct LoadProgram {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
    attach: u32,
    btf: u32,
    function_size: u32,
    functions: u64,
    function_count: u32,
    line_size: u32,
    lines: u64,
    line_count: u32,
    attach_to: u32,
}

#[repr(C)]
#[derive(Default)]
struct OpenTracepoint {
    name: u64,
    program: u32,
    padding: u32,
}

#[repr(C)]
#[derive(Default)]
struct CreateLink {
    program: u32,
    target: u32,
    attach: u32,
    flags: u32,
    /// Of its kind, as is what follows.
    first: u64,
    second: u64,
    rest: [u64; 2],
}

#[repr(C)]
#[derive(Default)]
struct AskInfo {
    object: u32,
    size: u32,
    info: u64,
}

/// A program that the kernel has taken.
#[derive(Debug)]
pub(crate) struct Loaded {
    fd: OwnedFd,
    point: Point,
}

/// A program that runs, until this is dropped.
#[derive(Debug)]
pub(crate) struct Attached {
    program: Loaded,
    link: OwnedFd,
}

impl Loaded {
    /// Has the kernel check a program for where it is to run.
    pub(crate) fn new(text: &str, code: &[Insn], point: Point) -> Result<Self, Refused> {
        let first = Self::load(text, code, point, &mut []);
        first.or_else(|error| {
            // Who may not is told nothing.
            if error == Errno::EPERM {
                let log = String::new();
                return Err(Refused { error, log });
            }
            let mut log = vec![0; LOG];
            Self::load(text, code, point, &mut log).map_err(|_same| Refused {
                error,
                log: last_words(&log),
            })
        })
    }

    fn load(text: &str, code: &[Insn], point: Point, log: &mut [u8]) -> Result<Self, Errno> {
        const KPROBE: u32 = 2;
        const TRACEPOINT: u32 = 5;
        const TRACING: u32 = 26;
        const TRACE_RAW_TP: u32 = 23;
        const TRACE_FENTRY: u32 = 24;
        let (kind, attach, attach_to) = match point {
            Point::Tracepoint(id) => (TRACING, TRACE_RAW_TP, id),
            Point::Function(id) => (TRACING, TRACE_FENTRY, id),
            Point::Walk(id) => (TRACING, TRACE_ITER, id),
            Point::Entry(_) => (KPROBE, TRACE_KPROBE_MULTI, 0),
            Point::Event(_) => (TRACEPOINT, 0, 0),
        };
        let mut attributes = LoadProgram {
            kind,
            instructions: u32::try_from(code.len()).unwrap_or(u32::MAX),
            code: address(code),
            // What reads the kernel's memory has to have one that goes with the kernel's.
            license: address(c"GPL".to_bytes_with_nul()),
            log_level: u32::from(!log.is_empty()),
            log_size: u32::try_from(log.len()).unwrap_or_default(),
            log: address_mut(log),
            name: name(text),
            attach,
            attach_to,
            ..LoadProgram::default()
        };
        let fd = open(command::PROG_LOAD, &mut attributes)?;
        Ok(Self { fd, point })
    }

    /// Runs it from now on. If that is at an event, a descriptor of it is asked for.
    pub(crate) fn attach(
        self,
        event: impl FnOnce(&str) -> Result<OwnedFd, Errno>,
    ) -> Result<Attached, Errno> {
        let link = match self.point {
            Point::Tracepoint(_) | Point::Function(_) | Point::Walk(_) => {
                let mut attributes = OpenTracepoint {
                    program: number(&self.fd),
                    ..OpenTracepoint::default()
                };
                open(command::RAW_TRACEPOINT_OPEN, &mut attributes)?
            }
            Point::Entry(function) => {
                let functions =
                    [u64::try_from(function.as_ptr().expose_provenance()).unwrap_or_default()];
                let mut attributes = self.link(TRACE_KPROBE_MULTI);
                // No flags, and how many.
                attributes.first = 1 << 32;
                attributes.second = address(&functions);
                open(command::LINK_CREATE, &mut attributes)?
            }
            Point::Event(name) => {
                let event = event(name)?;
                let mut attributes = self.link(PERF_EVENT);
                attributes.target = number(&event);
                // The link has the event from here on.
                open(command::LINK_CREATE, &mut attributes)?
            }
        };
        Ok(Attached {
            program: self,
            link,
        })
    }
}

impl Loaded {
    /// A link of another kind than tracepoints have.
    fn link(&self, attach: u32) -> CreateLink {
        CreateLink {
            program: number(&self.fd),
            attach,
            ..CreateLink::default()
        }
    }

    /// What runs it for each entry of a map.
    pub(super) fn over(&self, map: &OwnedFd) -> Result<OwnedFd, Errno> {
        // `union bpf_iter_link_info`, which may be shorter than the kernel's.
        let about = [number(map)];
        let mut attributes = self.link(TRACE_ITER);
        attributes.first = address(&about);
        attributes.second = 4;
        open(command::LINK_CREATE, &mut attributes)
    }
}

impl Attached {
    /// What keeps it running.
    pub(crate) fn into_link(self) -> OwnedFd {
        self.link
    }

    /// How often it was not run because it ran already on the same processor; 0 on kernels
    /// before 5.12, which do not count it.
    pub(crate) fn missed(&self) -> u64 {
        /// `recursion_misses` in `struct bpf_prog_info`.
        const AT: usize = 208;
        let mut info = [0_u8; 224];
        let mut attributes = AskInfo {
            object: number(&self.program.fd),
            size: u32::try_from(info.len()).unwrap_or_default(),
            info: address_mut(&mut info),
        };
        if call(command::INFO, &mut attributes).is_err() {
            return 0;
        }
        info.get(AT..AT + 8)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u64::from_ne_bytes)
    }
}

/// The end of what stands before the first NUL.
fn last_words(log: &[u8]) -> String {
    const LINES: usize = 12;
    let text = log.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}
