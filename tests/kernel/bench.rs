//! The test bed: a folder, a namespace, and three ways to run a program in them.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use callsieve::arch::Arch;
use callsieve::event::Skip;
use callsieve::ingest::{Source, read_strace};
use callsieve::recording::{self, Recording, RunBuilder};
use tempfile::TempDir;

use crate::common::{require, require_program};
use crate::guest::Method;
use crate::run::{Finished, patience, run};

/// Calls as `x86_64 openat`.
pub(crate) type Calls = BTreeSet<String>;

/// Namespaces of its own: what is started in them ends with them, and neither signals, addresses
/// nor queues reach further.
const NAMESPACES: [&str; 7] = [
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--net",
    "--ipc",
    "--",
];

/// How a program runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way<'a> {
    Alone,
    Strace,
    /// `callsieve record` with these options.
    Record(&'a [&'a str]),
    /// `callsieve verify` with these options and the profile.
    Verify(&'a [&'a str]),
    /// Where engines run containers, recorded from outside: `all`, `container` or `cgroup`.
    Outside(&'a str),
    /// Under the filter in this file.
    Filtered(&'a Path),
}

/// A run: what it left behind, and the calls that were seen, where something looked.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) finished: Finished,
    pub(crate) calls: Calls,
    /// The keys of what the recording says is missing in it.
    pub(crate) gaps: Vec<&'static str>,
    /// The file that callsieve or strace wrote.
    pub(crate) bytes: Vec<u8>,
}

/// A folder that everybody may enter, with the programs of a test.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A bench, or `None` where this machine can't have one.
    pub(crate) fn new() -> Option<Self> {
        if !require_abilities() {
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("callsieve-test-")
            .tempdir()
            .unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let bench = Self { folder };
        bench.compile(&source("init.c"), "init", &[]);
        fs::copy(env!("CARGO_BIN_EXE_callsieve"), bench.path("callsieve")).unwrap();
        Some(bench)
    }

    /// Whether the kernel takes eBPF programs from within the bench's namespaces.
    pub(crate) fn takes_programs(&self) -> bool {
        let words = ["record", "--backend", "ebpf", "-o", "/dev/null", "true"];
        let mut line = Command::new("unshare");
        line.args(NAMESPACES).arg(self.path("callsieve"));
        let tried = run(line.args(words));
        require("ebpf", tried.succeeded(), tried.stderr.trim())
    }

    /// How programs in the kernel see what filters refuse, where it takes programs.
    pub(crate) fn in_kernel(&self) -> Option<Method> {
        let out = self.path("in-kernel");
        let mut command = Command::new(self.path("callsieve"));
        command
            .args(["record", "--backend", "ebpf", "-o"])
            .arg(&out);
        if !run(command.arg("true")).succeeded() {
            return None;
        }
        Some(method_of(&fs::read_to_string(out).unwrap()))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Compiles a C or assembly program; `musl-gcc` among the flags chooses that compiler.
    #[track_caller]
    pub(crate) fn compile(&self, source: &Path, name: &str, flags: &[&str]) {
        let (musl, flags): (Vec<&str>, Vec<&str>) =
            flags.iter().partition(|flag| **flag == "musl-gcc");
        let compiler = musl.first().unwrap_or(&"gcc");
        let mut command = Command::new(compiler);
        command
            .args(["-O1", "-pthread", "-Wall", "-Werror"])
            .args(flags);
        command.arg("-o").arg(self.path(name)).arg(source);
        let _finished = run(&mut command).expect_success();
    }

    /// Runs a program, as root or as another user, in a fresh, empty folder that everybody may
    /// write to.
    pub(crate) fn run(&self, way: Way<'_>, user: Option<&str>, command: &[&str]) -> Seen {
        let scratch = TempDir::new_in(self.folder.path()).unwrap();
        fs::set_permissions(scratch.path(), Permissions::from_mode(0o1777)).unwrap();
        let out = TempDir::new_in(self.folder.path()).unwrap();
        fs::set_permissions(out.path(), Permissions::from_mode(0o1777)).unwrap();
        let out = out.path().join("out");

        let mut line = Command::new("unshare");
        line.args(NAMESPACES)
            .arg(self.path("init"))
            .current_dir(scratch.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8");
        if let Some(user) = user {
            line.arg("setpriv")
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={user}"))
                .args(["--clear-groups", "--"]);
        }
        match way {
            Way::Alone => {}
            // The number beside each name leaves no doubt about the architecture.
            Way::Strace => {
                line.args(["strace", "-f", "-n", "-o"]).arg(&out).arg("--");
            }
            Way::Filtered(filter) => {
                line.arg(self.path("load")).arg(filter);
            }
            Way::Verify(options) => {
                line.arg(self.path("callsieve"));
                line.args(["verify", "-f", "json", "-o"]).arg(&out);
                line.args(options);
            }
            Way::Outside(how) => {
                line.env("PATIENCE", patience().to_string());
                line.arg("sh").arg(source("outside.sh")).arg(how);
                line.arg(self.path("callsieve")).arg(&out);
            }
            Way::Record(options) => {
                line.arg(self.path("callsieve")).arg("record").args(options);
                line.arg("-o").arg(&out).arg("--");
            }
        }
        let finished = run(line.args(command));
        let recording = match way {
            Way::Alone | Way::Verify(_) | Way::Filtered(_) => Recording::default(),
            Way::Strace => strace(&out),
            Way::Record(_) | Way::Outside(_) => recorded(&out, &finished),
        };
        let gaps = match way {
            // How the reader judges strace's log is not the matter here.
            Way::Alone | Way::Strace | Way::Verify(_) | Way::Filtered(_) => Vec::new(),
            Way::Record(_) | Way::Outside(_) => {
                recording.gaps().map(|(_run, gap)| gap.key()).collect()
            }
        };
        Seen {
            finished,
            calls: calls(&recording),
            gaps,
            bytes: fs::read(&out).unwrap_or_default(),
        }
    }
}

/// How programs in the kernel saw what filters refuse, by what a recording says.
pub(crate) fn method_of(recording: &str) -> Method {
    if recording.contains("at the end of calls") {
        Method::EbpfAtEnd
    } else {
        Method::Ebpf
    }
}

/// A file below `tests/kernel`.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/kernel")
        .join(name)
}

/// Whether this machine can run a program in a namespace and trace it there.
fn require_abilities() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|file| file.uid() == 0);
    let tools = require(
        "root",
        root,
        "only root makes a process namespace without more",
    ) && require_program("gcc", "gcc")
        && require_program("strace", "strace")
        && require_program("unshare", "util-linux")
        && require_program("setpriv", "util-linux");
    if !tools {
        return false;
    }
    let works = |command: &[&str]| {
        let mut line = Command::new("unshare");
        line.args(NAMESPACES);
        run(line.args(command)).succeeded()
    };
    require(
        "namespaces",
        works(&["true"]),
        "unshare makes no process namespace",
    ) && require(
        "ptrace",
        works(&["strace", "-o", "/dev/null", "true"]),
        "strace may not trace",
    )
}

/// What strace wrote to a file.
#[track_caller]
pub(crate) fn strace(file: &Path) -> Recording {
    let mut builder = RunBuilder::new("strace", vec!["out".to_owned()]);
    let source = Source {
        name: "out".to_owned(),
        pid: None,
        reader: Box::new(File::open(file).unwrap()),
    };
    let told = std::env::consts::ARCH.parse::<Arch>().ok();
    let tally = read_strace([source], told, &mut builder, &mut |_| ())
        .unwrap_or_else(|error| panic!("strace's log: {error}"));
    assert_eq!(
        tally.skipped(Skip::NotUnderstood),
        0,
        "{}",
        String::from_utf8_lossy(&fs::read(file).unwrap())
    );
    Recording::of(builder.finish(tally))
}

/// What callsieve wrote to a file.
#[track_caller]
fn recorded(file: &Path, finished: &Finished) -> Recording {
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{finished}\nno recording: {error}"));
    recording::read(&bytes).unwrap_or_else(|error| panic!("{finished}\nbad recording: {error}"))
}

fn calls(recording: &Recording) -> Calls {
    recording
        .totals()
        .into_iter()
        .flat_map(|(arch, calls)| calls.into_keys().map(move |call| format!("{arch} {call}")))
        .collect()
}
