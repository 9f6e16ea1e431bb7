//! The page of `callsieve report`: as HTML reads it, and as a browser shows it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;

mod browser;
mod hostile;
mod page;
mod shown;
mod wrong;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory in which the program runs.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
        std::os::unix::fs::symlink(samples, place.path().join("sample-traces")).unwrap();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsieve"));
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        let words = line.split_whitespace();
        self.command().args(words).output().unwrap()
    }

    /// The standard output of what must succeed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let output = self.run(line);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A page of two runs, a profile and an older one: everything that a page can have.
    pub(crate) fn whole(&self) -> String {
        self.ok("import -q sample-traces/nginx/trace.strace.gz -o nginx.rec.json");
        self.ok("import -q sample-traces/redis/trace.strace.gz -o redis.rec.json");
        self.ok("generate -q nginx.rec.json -o new.json");
        self.ok("generate -q redis.rec.json -o old.json");
        self.ok("report -q nginx.rec.json redis.rec.json new.json --against old.json")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let mut file = File::create(self.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
}
