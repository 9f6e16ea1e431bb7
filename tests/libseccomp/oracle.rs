//! The real library behind a pipe.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use callsieve::bpf::{Endian, Program};
use callsieve::profile::{Condition, Profile, Test};

use crate::common::{find_program, require};

/// The "error" of a filter that libseccomp does not get done with, or dies of.
pub(crate) const NO_ANSWER: u32 = u32::MAX;

/// A process that makes filters.
pub(crate) struct Oracle {
    folder: tempfile::TempDir,
    child: Child,
    answers: BufReader<ChildStdout>,
    pub(crate) version: String,
}

impl Oracle {
    /// Compiles and starts it; `None` where there is no compiler or no library.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("oracle");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libseccomp/oracle.c");
        let compiled = find_program("cc").is_some_and(|cc| {
            Command::new(cc)
                .args(["-O1", "-o"])
                .arg(&program)
                .arg(source)
                .arg("-lseccomp")
                .output()
                .unwrap()
                .status
                .success()
        });
        let why =
            "tests/libseccomp/oracle.c does not compile (Debian packages gcc, libseccomp-dev)";
        if !require("libseccomp-dev", compiled, why) {
            return None;
        }
        Some(Self::run(folder))
    }

    fn run(folder: tempfile::TempDir) -> Self {
        let mut child = Command::new(folder.path().join("oracle"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut version = String::new();
        answers.read_line(&mut version).unwrap();
        Self {
            folder,
            child,
            answers,
            version: version.trim().to_owned(),
        }
    }

    fn restart(&mut self) {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        *self = Self::run(folder);
    }

    /// The filter that runc makes of a profile (`libcontainer/seccomp/seccomp_linux.go`), or the
    /// number of the error that libseccomp has.
    pub(crate) fn filter(&mut self, profile: &Profile) -> Result<Program, u32> {
        let mut script = format!("F {}\n", profile.default_action.to_return());
        for arch in &profile.architectures {
            writeln!(script, "A {arch}").unwrap();
        }
        for rule in &profile.rules {
            if rule.action == profile.default_action {
                continue;
            }
            for name in &rule.names {
                for conditions in rule.alternatives(usize::MAX) {
                    let action = rule.action.to_return();
                    write!(script, "R {action} {name} {}", conditions.len()).unwrap();
                    for condition in conditions {
                        write!(script, " {}", words(condition)).unwrap();
                    }
                    script.push('\n');
                }
            }
        }
        script.push_str("E\n");
        let input = self.child.stdin.as_mut().unwrap();
        let asked = input
            .write_all(script.as_bytes())
            .and_then(|()| input.flush());
        let mut head = [0; 8];
        if asked
            .and_then(|()| self.answers.read_exact(&mut head))
            .is_err()
        {
            self.restart();
            return Err(NO_ANSWER);
        }
        let word =
            |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (error, length) = (word(0), word(4));
        if error != 0 {
            return Err(error);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        self.answers.read_exact(&mut bytes).unwrap();
        Ok(Program::from_bytes(&bytes, Endian::native()).expect("libseccomp makes valid programs"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// `enum scmp_compare` of include/seccomp.h.in, and what goes with it.
fn words(condition: Condition) -> String {
    let (op, a, b) = match condition.test {
        Test::NotEqual(value) => (1, value, 0),
        Test::Less(value) => (2, value, 0),
        Test::LessOrEqual(value) => (3, value, 0),
        Test::Equal(value) => (4, value, 0),
        Test::GreaterOrEqual(value) => (5, value, 0),
        Test::Greater(value) => (6, value, 0),
        Test::MaskedEqual { mask, expected } => (7, mask, expected),
    };
    format!("{} {op} {a} {b}", condition.arg.get())
}
