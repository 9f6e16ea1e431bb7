//! A scratch directory in which the program runs with nothing from outside.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_callsieve");

/// A directory with the repository's `sample-traces` linked into it.
pub(crate) struct Sandbox {
    directory: TempDir,
}

/// What a run of the program gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
        std::os::unix::fs::symlink(samples, directory.path().join("sample-traces")).unwrap();
        Self { directory }
    }

    /// Puts a copy of the program into it, for another user. By a program of its own, as a child
    /// that another test starts meanwhile would hold the file open for writing ("Text file busy").
    pub(crate) fn copy_program(&self) {
        let copied = self.command("cp").args([PROGRAM, "callsieve"]).status();
        assert!(copied.unwrap().success());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let mut file = File::create(self.path(name)).unwrap();
        file.write_all(content.as_ref()).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The bytes of a file after decompression by the library.
    pub(crate) fn plain(&self, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let file = File::open(self.path(name)).unwrap();
        let mut reader = callsieve::ingest::decompressed(file).unwrap();
        std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
        bytes
    }

    /// A command in the sandbox with a pinned environment.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "dumb")
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with arguments split at blanks.
    pub(crate) fn run(&self, line: &str) -> Ran {
        self.args(line.split_whitespace())
    }

    /// Runs the program.
    pub(crate) fn args<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        ran(&self.command(PROGRAM).args(args).output().unwrap())
    }

    /// Runs the program with `input` on its standard input.
    pub(crate) fn piped(&self, line: &str, input: &[u8]) -> Ran {
        let mut child = self
            .command(PROGRAM)
            .args(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // It may end before it has read everything.
            scope.spawn(move || drop(stdin.write_all(input)));
            child.wait_with_output().unwrap()
        });
        ran(&output)
    }

    /// Runs a shell with the program's path in `$CALLSIEVE`.
    pub(crate) fn shell(&self, script: &str) -> Ran {
        ran(&self
            .command("bash")
            .env("CALLSIEVE", PROGRAM)
            .args(["-c", script])
            .output()
            .unwrap())
    }

    /// The standard output of a run that must succeed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let ran = self.run(line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.stderr);
        ran.stdout
    }

    /// Names, contents and times of all files, to see that nothing was touched.
    pub(crate) fn state(&self) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
        let mut state = Vec::new();
        let mut folders = vec![self.directory.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else if metadata.is_file() {
                    let content = fs::read(entry.path()).unwrap();
                    state.push((entry.path(), content, metadata.modified().unwrap()));
                }
            }
        }
        state.sort();
        state
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    let ran = Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8"),
    };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

impl Ran {
    /// Everything, for a snapshot.
    pub(crate) fn whole(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!(
            "code {code}\n--- stdout\n{}--- stderr\n{}",
            self.stdout, self.stderr
        )
    }

    /// Fails unless this is one line `error: …`, perhaps with hints, and the code.
    pub(crate) fn assert_error(&self, code: i32, says: &str) {
        let what = self.whole();
        assert_eq!(self.code, Some(code), "{what}");
        assert_eq!(self.stdout, "", "{what}");
        let mut lines = self
            .stderr
            .lines()
            .filter(|line| !line.starts_with("warning: "));
        let first = lines.next().unwrap_or_default();
        assert!(first.starts_with("error: "), "{what}");
        assert!(first.contains(says), "expected `{says}`: {what}");
        assert!(!first.trim_end_matches("...").ends_with('.'), "{what}");
        assert!(lines.all(|line| line.starts_with("hint: ")), "{what}");
        assert!(self.stderr.ends_with('\n'), "{what}");
        assert_harmless(&self.stderr);
    }
}

/// Fails if text holds what does more to a terminal than print.
pub(crate) fn assert_harmless(text: &str) {
    for c in text.chars() {
        let bad = (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        assert!(!bad, "{c:?} in {text:?}");
    }
}

/// Says that a test did not run, and fails where it has to.
pub(crate) fn skipped(component: &str, why: &str) {
    crate::common::require(component, false, why);
}
