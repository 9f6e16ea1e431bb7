//! The formats that are read, and which one a log is in.

use std::fmt;
use std::str::FromStr;

use super::by_line::Frame;
use super::reader::{Reader, Start};
use super::{
    audit, bpftrace, ftrace, gadget, gvisor, json_lines, lttng, names, perf_script, perf_trace,
    policy, qemu, spo, strace, strace_json, sysdig, tracee,
};
use crate::arch::Arch;

/// How many bytes of a log's start tell its format.
pub const DETECT_BYTES: usize = 64 << 10;

/// What kind of log a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Text of strace, with whatever options.
    Strace,
    /// Strace's proposed JSON lines.
    StraceJson,
    /// Audit records: auditd, ausearch, dmesg, syslog, journald.
    Audit,
    /// Perf trace, its tables too.
    PerfTrace,
    /// Perf script and perf stat of system call tracepoints.
    PerfScript,
    /// The kernel's trace file and trace-cmd report.
    Ftrace,
    /// System call events of LTTng as babeltrace prints them.
    Lttng,
    /// The strace that gVisor has.
    Gvisor,
    /// Events of Tracee as JSON.
    Tracee,
    /// Gadgets with a column or field of system calls.
    Gadget,
    /// The log enricher of the Security Profiles Operator.
    Enricher,
    /// Calls from elsewhere, as docs/formats.md describes.
    JsonLines,
    /// Maps of bpftrace, keyed by number or tracepoint.
    Bpftrace,
    /// Events of sysdig and Falco; chosen events, so incomplete.
    Sysdig,
    /// Qemu-user with -strace.
    Qemu,
    /// Names that a seccomp profile or `SeccompProfile` allows; not observed, so incomplete.
    Policy,
    /// Names or numbers of calls, one or several a line; not observed, so incomplete.
    Names,
}

/// What is known of a format.
struct Entry {
    format: Format,
    /// Its name for users.
    name: &'static str,
    /// What it is, for a list.
    about: &'static str,
    /// What a line of it may be, for errors.
    example: &'static str,
    /// Whether the start of a log shows it.
    detect: fn(&Start<'_>) -> bool,
    /// A reader of it.
    reader: fn(Option<Arch>) -> Box<dyn Reader>,
}

const STRACE: Entry = Entry {
    format: Format::Strace,
    name: "strace",
    about: "strace with whatever options, -c tables too",
    example: "openat(AT_FDCWD, \"/etc\", 0) = 3",
    detect: strace::detect,
    reader: |told| Box::new(strace::Reader::new(told)),
};

/// The formats. Of several that a log may be in, the first counts, so those whose lines can't be
/// another's stand first.
const ENTRIES: &[Entry] = &[
    Entry {
        format: Format::StraceJson,
        name: "strace-json",
        about: "strace's proposed JSON lines",
        example: "{\"event\":\"syscall\",\"pid\":7,\"syscall\":{\"name\":\"openat\",\"scno\":\"257\"}}",
        detect: strace_json::detect,
        reader: |told| {
            Box::new(Frame::new(
                Format::StraceJson,
                strace_json::StraceJson,
                told,
            ))
        },
    },
    Entry {
        format: Format::Audit,
        name: "audit",
        about: "audit records: auditd, ausearch, dmesg, syslog, journald",
        example: "type=SECCOMP msg=audit(1.2:3): arch=c000003e syscall=59",
        detect: audit::detect,
        reader: |told| Box::new(Frame::new(Format::Audit, audit::Audit::default(), told)),
    },
    Entry {
        format: Format::PerfTrace,
        name: "perf-trace",
        about: "perf trace, its tables too",
        example: "1.550 ( 0.015 ms): ls/7 openat(dfd: CWD) = 3",
        detect: perf_trace::detect,
        reader: |told| {
            Box::new(Frame::new(
                Format::PerfTrace,
                perf_trace::PerfTrace::default(),
                told,
            ))
        },
    },
    Entry {
        format: Format::PerfScript,
        name: "perf-script",
        about: "perf script and perf stat of system call tracepoints",
        example: "ls 7 [001] 4.1: raw_syscalls:sys_enter: NR 9 (0, 2000)",
        detect: perf_script::detect,
        reader: |told| {
            Box::new(Frame::new(
                Format::PerfScript,
                perf_script::PerfScript,
                told,
            ))
        },
    },
    Entry {
        format: Format::Ftrace,
        name: "ftrace",
        about: "the kernel's trace file and trace-cmd report",
        example: "ls-7 [001] ..... 4.1: sys_enter: NR 9 (0, 2000)",
        detect: ftrace::detect,
        reader: |told| Box::new(Frame::new(Format::Ftrace, ftrace::Ftrace, told)),
    },
    Entry {
        format: Format::Lttng,
        name: "lttng",
        about: "system call events of LTTng as babeltrace prints them",
        example: "[19:46:37] (+0.1) host syscall_entry_openat: { cpu_id = 0 }, { }",
        detect: lttng::detect,
        reader: |told| Box::new(Frame::new(Format::Lttng, lttng::Lttng::default(), told)),
    },
    Entry {
        format: Format::Gvisor,
        name: "gvisor",
        about: "gVisor's strace",
        example: "I0101 10:00:00.0 1 strace.go:561] [ 1: 1] ls X openat(...) = 3 (0x3)",
        detect: gvisor::detect,
        reader: |told| Box::new(Frame::new(Format::Gvisor, gvisor::Gvisor::default(), told)),
    },
    Entry {
        format: Format::Tracee,
        name: "tracee",
        about: "events of Tracee as JSON",
        example: "{\"eventName\":\"openat\",\"processName\":\"ls\",\"returnValue\":3}",
        detect: tracee::detect,
        reader: |told| Box::new(Frame::new(Format::Tracee, tracee::Tracee, told)),
    },
    Entry {
        format: Format::Gadget,
        name: "inspektor-gadget",
        about: "gadgets with a column or field of system calls",
        example: "{\"syscall\":\"openat\",\"comm\":\"ls\",\"mntns_id\":1}",
        detect: gadget::detect,
        reader: |told| Box::new(Frame::new(Format::Gadget, gadget::Gadget::default(), told)),
    },
    Entry {
        format: Format::Enricher,
        name: "spo-log",
        about: "the log enricher of the Security Profiles Operator",
        example: "log-enricher \"msg\"=\"audit\" \"syscallName\"=\"openat\"",
        detect: spo::detect,
        reader: |told| Box::new(Frame::new(Format::Enricher, spo::Enricher::default(), told)),
    },
    Entry {
        format: Format::JsonLines,
        name: "json-lines",
        about: "calls from elsewhere, as docs/formats.md describes",
        example: "{\"syscall\": \"openat\", \"arch\": \"x86_64\", \"count\": 3}",
        detect: json_lines::detect,
        reader: |told| Box::new(Frame::new(Format::JsonLines, json_lines::JsonLines, told)),
    },
    Entry {
        format: Format::Bpftrace,
        name: "bpftrace",
        about: "maps of bpftrace, keyed by number or tracepoint",
        example: "@[257]: 10",
        detect: bpftrace::detect,
        reader: |told| Box::new(Frame::new(Format::Bpftrace, bpftrace::Bpftrace, told)),
    },
    Entry {
        format: Format::Sysdig,
        name: "sysdig",
        about: "events of sysdig and Falco; chosen events, so incomplete",
        example: "34378 12:02:36.2 2 ls (7896) > close fd=3",
        detect: sysdig::detect,
        reader: |told| Box::new(Frame::new(Format::Sysdig, sysdig::Sysdig::default(), told)),
    },
    Entry {
        format: Format::Qemu,
        name: "qemu",
        about: "qemu-user with -strace",
        example: "15856 openat(-100,\"/etc/x\",O_RDONLY) = 3",
        detect: qemu::detect,
        reader: |told| Box::new(Frame::new(Format::Qemu, qemu::Qemu, told)),
    },
    Entry {
        format: Format::Policy,
        name: "seccomp-profile",
        about: "names that a seccomp profile or `SeccompProfile` allows; not observed, so incomplete",
        example: "{\"syscalls\": [{\"names\": [\"openat\"], \"action\": \"SCMP_ACT_ALLOW\"}]}",
        detect: policy::detect,
        reader: |told| Box::new(Frame::new(Format::Policy, policy::Policy::default(), told)),
    },
    Entry {
        format: Format::Names,
        name: "names",
        about: "names or numbers of calls, one or several a line; not observed, so incomplete",
        example: "openat",
        detect: names::detect,
        reader: |told| Box::new(Frame::new(Format::Names, names::Names, told)),
    },
    STRACE,
];

impl Format {
    /// Every format.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        ENTRIES.iter().map(|entry| entry.format)
    }

    fn entry(self) -> &'static Entry {
        // Each has one; a test holds that.
        ENTRIES
            .iter()
            .find(|entry| entry.format == self)
            .unwrap_or(&STRACE)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        self.entry().about
    }

    /// A line of it.
    pub fn example(self) -> &'static str {
        self.entry().example
    }

    /// The format of a log that starts so, by its content; `None` if it is none of them. `whole`
    /// is whether that is all of it.
    pub fn detect(head: &[u8], whole: bool) -> Option<Self> {
        let head = head.get(..DETECT_BYTES).unwrap_or(head);
        let start = Start::new(head, whole);
        let found = ENTRIES.iter().find(|entry| (entry.detect)(&start));
        let found = found.map(|entry| entry.format);
        found
            .or_else(|| audit::detect_system(&start).then_some(Self::Audit))
            .or_else(|| gvisor::detect_system(&start).then_some(Self::Gvisor))
    }

    /// A reader of it; `told` is the architecture for what a log leaves open.
    pub(super) fn reader(self, told: Option<Arch>) -> Box<dyn Reader> {
        (self.entry().reader)(told)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no format; expected one of {}", word.escape_debug(), all_names())]
pub struct UnknownFormat {
    word: String,
}

fn all_names() -> String {
    let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
    names.join(", ")
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let found = ENTRIES.iter().find(|entry| entry.name == word);
        found
            .map(|entry| entry.format)
            .ok_or_else(|| UnknownFormat {
                word: word.chars().take(40).collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_entry() {
        for format in Format::all() {
            assert_eq!(format.entry().format, format);
            assert_eq!(format.name().parse::<Format>(), Ok(format));
            assert!(!format.about().is_empty() && !format.example().is_empty());
        }
        assert!("nonsense".parse::<Format>().is_err());
    }
}
