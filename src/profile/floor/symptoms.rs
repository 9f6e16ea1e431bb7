//! What engines say when a call of the runtime is refused, and what it means.
//!
//! They say which step failed and seldom which call. The words were collected by taking single
//! calls out of profiles that work: tests/engines/refused-starts.json has them whole, and
//! refused-otherwise.json those of exec and those that come by chance. The latter are of 100 starts each with runc 1.1.5, of which 17 fail without futex and 8
//! without `rt_sigreturn` (20 and 5 with no-new-privileges). Those of runc from 1.3.3 on were
//! collected in the same way on another machine.

use super::{Phase, Runtime};

/// Words of an engine, and the calls whose absence they tell of.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Symptom {
    /// Who says it, or of whom an engine says it.
    pub runtime: Runtime,
    /// What the runtime did then.
    pub phase: Phase,
    /// Parts of one line, in this order, in lower case and with EPERM for ENOSYS. None of them:
    /// nothing was said.
    pub says: &'static [&'static str],
    /// It comes with this exit status alone.
    pub status: Option<i32>,
    /// The calls, any of which may be the one that is refused; none where it can be any.
    pub names: &'static [&'static str],
    /// What the runtime was about.
    pub meaning: &'static str,
    /// With which versions it was seen.
    pub seen: &'static str,
    /// It tells little, and nothing where another one fits.
    pub vague: bool,
}

/// How EPERM and ENOSYS, with which profiles refuse, are written.
const REFUSED: &str = "operation not permitted";
const NOT_THERE: &str = "function not implemented";

/// Of longer texts the begin and the end are looked at, of so many bytes each.
const ENDS: usize = 32 * 1024;

/// All of them.
pub const fn symptoms() -> &'static [Symptom] {
    SYMPTOMS
}

/// What the words of a start that failed, and its exit status, may mean. Vague symptoms are left
/// out where others fit.
pub fn explain(text: &str, status: Option<i32>) -> Vec<&'static Symptom> {
    let text = ends(text).to_lowercase().replace(NOT_THERE, REFUSED);
    let mut found: Vec<&Symptom> = SYMPTOMS
        .iter()
        .filter(|symptom| symptom.fits(&text, status))
        .collect();
    if found.iter().any(|symptom| !symptom.vague) {
        found.retain(|symptom| !symptom.vague);
    }
    // What one runtime says may be a part of what another one says for the same reason.
    let mut told = Vec::new();
    found.retain(|symptom| {
        let new = !told.contains(&symptom.names);
        told.push(symptom.names);
        new
    });
    found
}

/// The begin and the end of a text.
fn ends(text: &str) -> String {
    let bytes = text.as_bytes();
    match (bytes.first_chunk::<ENDS>(), bytes.last_chunk::<ENDS>()) {
        (Some(first), Some(last)) if bytes.len() > 2 * ENDS => {
            let (first, last) = (
                String::from_utf8_lossy(first),
                String::from_utf8_lossy(last),
            );
            format!("{first}\n{last}")
        }
        _ => text.to_owned(),
    }
}

impl Symptom {
    fn fits(&self, text: &str, status: Option<i32>) -> bool {
        if self.status.is_some_and(|only| status != Some(only)) {
            return false;
        }
        if self.says.is_empty() {
            return text.trim().is_empty();
        }
        text.lines().any(|line| self.is_said_in(line))
    }

    fn is_said_in(&self, line: &str) -> bool {
        let mut parts = self.says.iter();
        let rest = parts.try_fold(line, |rest, part| {
            rest.split_once(part).map(|(_, after)| after)
        });
        rest.is_some()
    }
}

const fn says(
    runtime: Runtime,
    seen: &'static str,
    says: &'static [&'static str],
    names: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    Symptom {
        runtime,
        phase: Phase::Start,
        says,
        status: None,
        names,
        meaning,
        seen,
        vague: false,
    }
}

const fn runc(
    words: &'static [&'static str],
    names: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    says(Runtime::Runc, "runc 1.1.5", words, names, meaning)
}

const fn crun(
    words: &'static [&'static str],
    names: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    says(Runtime::Crun, "crun 1.8.1", words, names, meaning)
}

const fn crun_exec(
    words: &'static [&'static str],
    names: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    Symptom {
        phase: Phase::Exec,
        ..crun(words, names, meaning)
    }
}

const fn tini(
    words: &'static [&'static str],
    names: &'static [&'static str],
    meaning: &'static str,
) -> Symptom {
    Symptom {
        phase: Phase::Init,
        ..says(
            Runtime::DockerInit,
            "docker-init 0.19",
            words,
            names,
            meaning,
        )
    }
}

const SYMPTOMS: &[Symptom] = &[
    runc(
        &["unable to apply caps: operation not permitted"],
        &["capset"],
        "it sets the capabilities of the program",
    ),
    runc(
        &["unable to apply bounding set: operation not permitted"],
        &["prctl"],
        "it drops capabilities from the bounding set",
    ),
    runc(
        &["unable to setup user: setgroups: operation not permitted"],
        &["setgroups"],
        "it sets the groups of the program",
    ),
    runc(
        &[
            "unable to setup user: fstat /dev/",
            "operation not permitted",
        ],
        &["fstat"],
        "it looks whose the standard streams are",
    ),
    runc(
        &["unable to setup user: stat /dev/null: operation not permitted"],
        &["newfstatat"],
        "it looks whether a standard stream is /dev/null",
    ),
    runc(
        &["unable to setup user: operation not permitted"],
        &["setgid", "setuid"],
        "it becomes the user of the program",
    ),
    runc(
        &[
            "chdir to cwd (",
            "set in config.json failed: operation not permitted",
        ],
        &["chdir"],
        "it goes to the working directory",
    ),
    runc(
        &[
            "failed to verify if current working directory is safe",
            "operation not permitted",
        ],
        &["getcwd"],
        "it looks whether the working directory is inside of the container",
    ),
    runc(
        &["ensure /proc/self/fd is on procfs: operation not permitted"],
        &["fstatfs"],
        "it looks whether /proc is the kernel's before it closes what it has open",
    ),
    runc(
        &["readdirent /proc/self/fd: operation not permitted"],
        &["getdents64"],
        "it lists what it has open, to close it",
    ),
    runc(
        &["open /proc/self/fd: operation not permitted"],
        &["openat"],
        "it lists what it has open, to close it",
    ),
    runc(
        &["open exec fifo", "operation not permitted"],
        &["openat"],
        "it opens the pipe at which it waits for the word to start",
    ),
    runc(
        &["read /proc/self/status: operation not permitted"],
        &["read"],
        "it reads what capabilities it has",
    ),
    runc(
        &["close log pipe", "operation not permitted"],
        &["close"],
        "it closes the pipe to its other half",
    ),
    runc(
        &["exec /", ": operation not permitted"],
        &["execve"],
        "it executes the program, which may also be a file that the kernel does not execute",
    ),
    runc(
        &["cannot start an already running container"],
        &["write", "futex"],
        "it says that it is ready, and never was heard",
    ),
    runc(
        &["unable to start container process: operation not permitted"],
        &["capget", "getppid"],
        "it asks for its capabilities or whether its parent is there",
    ),
    runc(
        &["futexwakeup addr=", "returned -1"],
        &["futex"],
        "a thread of it wakes another, which happens now and then",
    ),
    says(
        Runtime::Runc,
        "runc 1.3.6, 1.5.1",
        &["reopen exec fifo", "operation not permitted"],
        &["openat2", "statx", "fstatfs"],
        "it opens the pipe at which it waits for the word to start",
    ),
    Symptom {
        status: Some(128 + 11),
        vague: true,
        ..runc(
            &[],
            &["rt_sigreturn", "exit_group"],
            "it, or the program at its end, crashed: a signal came now and then, or the end was refused",
        )
    },
    Symptom {
        vague: true,
        ..runc(
            &["container process is already dead"],
            &["rt_sigreturn"],
            "it died without a word",
        )
    },
    Symptom {
        vague: true,
        ..runc(
            &["cannot start a stopped process"],
            &["rt_sigreturn"],
            "it died without a word; a filter that kills says none either",
        )
    },
    Symptom {
        status: Some(128 + 31),
        vague: true,
        ..runc(
            &[],
            &[],
            "a call was answered by killing, of which only the kernel's log tells the number",
        )
    },
    crun(
        &["capset: operation not permitted"],
        &["capset"],
        "it sets the capabilities of the program",
    ),
    crun(
        &["prctl drop bounding: operation not permitted"],
        &["prctl"],
        "it drops capabilities from the bounding set",
    ),
    crun(
        &["cannot setresgid to", "operation not permitted"],
        &["setresgid"],
        "it becomes the group of the program",
    ),
    crun(
        &["cannot setresuid to", "operation not permitted"],
        &["setresuid"],
        "it becomes the user of the program",
    ),
    crun(
        &["exec container process", "operation not permitted"],
        &["execve"],
        "it executes the program, which may also be a file that the kernel does not execute",
    ),
    crun(
        &["read from the init process"],
        &["rt_sigaction", "rt_sigprocmask", "write"],
        "it sets signals back and tells its other half that it is ready",
    ),
    Symptom {
        vague: true,
        ..crun(
            &["container `", "` is not running"],
            &["pselect6", "read"],
            "its first process waited for the word to start, and died",
        )
    },
    Symptom {
        vague: true,
        ..crun(
            &["failed to connect to container's attach socket"],
            &["pselect6", "read"],
            "its first process waited for the word to start, and died",
        )
    },
    Symptom {
        status: Some(1),
        vague: true,
        ..crun(
            &[],
            &["execve", "read"],
            "it died without a word: it could not execute the program or, with create and start, not wait for its turn; or the program failed in silence",
        )
    },
    crun_exec(
        &["error opening file `/proc/self/setgroups`: operation not permitted"],
        &["openat"],
        "it looks whether groups may be set",
    ),
    crun_exec(
        &["error reading from file `/proc/self/setgroups`: operation not permitted"],
        &["read"],
        "it looks whether groups may be set",
    ),
    crun_exec(
        &["error stat'ing file `/proc/self/setgroups`: operation not permitted"],
        &["statx"],
        "it looks whether groups may be set",
    ),
    crun_exec(
        &["setgroups: operation not permitted"],
        &["setgroups"],
        "it sets the groups of the program",
    ),
    Symptom {
        vague: true,
        ..crun_exec(
            &["no logs from conmon"],
            &["write"],
            "it tells its other half that it is ready",
        )
    },
    Symptom {
        status: Some(255),
        vague: true,
        ..crun_exec(&[], &["write"], "it tells its other half that it is ready")
    },
    tini(
        &["[fatal tini", "fork failed"],
        &["clone"],
        "it starts the program",
    ),
    tini(
        &["tini", "sigprocmask failed"],
        &["rt_sigprocmask"],
        "it blocks signals, to hand them on",
    ),
    tini(
        &["tini", "setpgid failed"],
        &["setpgid"],
        "the program gets a process group of its own",
    ),
    tini(
        &["tini", "tcsetpgrp failed"],
        &["ioctl"],
        "the program gets the terminal",
    ),
    tini(
        &["tini", "failed to ignore sigtt"],
        &["rt_sigaction"],
        "it ignores the signals of the terminal",
    ),
    tini(
        &["tini", "unexpected error in sigtimedwait"],
        &["rt_sigtimedwait"],
        "it waits for signals, to hand them on",
    ),
    tini(
        &["tini", "error while waiting for pids"],
        &["wait4"],
        "it waits for the end of the program",
    ),
    Symptom {
        status: Some(127),
        vague: true,
        ..tini(&[], &["mprotect"], "libc, before the program begins")
    },
    tini(
        &["cannot allocate tls block"],
        &["brk"],
        "libc, before the program begins",
    ),
    tini(
        &["cannot set %fs base address"],
        &["arch_prctl"],
        "libc, before the program begins",
    ),
];

#[cfg(test)]
mod tests {
    use super::super::{Row, rows};
    use super::*;

    fn names(text: &str, status: i32) -> Vec<&'static str> {
        let found = explain(text, Some(status));
        found.iter().flat_map(|it| it.names).copied().collect()
    }

    #[test]
    fn words_are_found_in_what_engines_put_around_them() {
        let docker = "docker: Error response from daemon: OCI runtime create failed: unable to start \
                      container process: error closing exec fds: ensure /proc/self/fd is on procfs: \
                      operation not permitted: unknown.\nSee 'docker run --help'.\n";
        assert_eq!(names(docker, 125), ["fstatfs"]);
        // A profile may answer ENOSYS.
        let other = docker.replace("operation not permitted", "function not implemented");
        assert_eq!(names(&other, 125), ["fstatfs"]);
        let quoted = r#"msg="runc run failed: chdir to cwd (\"/\") set in config.json failed: operation not permitted""#;
        assert_eq!(names(quoted, 1), ["chdir"]);
        // A step that failed for another reason is none of these.
        assert_eq!(names("exec /bin/x: permission denied", 1), [""; 0]);
        assert_eq!(names("no such image", 125), [""; 0]);
    }

    #[test]
    fn parts_stand_in_one_line_in_order() {
        assert_eq!(names("operation not permitted: close log pipe", 1), [""; 0]);
        assert_eq!(names("close log pipe\noperation not permitted", 1), [""; 0]);
    }

    #[test]
    fn what_tells_little_gives_way() {
        assert_eq!(
            names("cannot start a stopped process", 125),
            ["rt_sigreturn"]
        );
        let both = "close log pipe fd 4: operation not permitted\ncannot start a stopped process";
        assert_eq!(names(both, 125), ["close"]);
        assert_eq!(names("", 139), ["rt_sigreturn", "exit_group"]);
        assert_eq!(names(" \n", 1), ["execve", "read"]);
        assert_eq!(names("", 0), [""; 0]);
        assert_eq!(explain("", Some(159)).len(), 1);
    }

    #[test]
    fn long_texts_are_looked_at_from_both_ends() {
        let filler = "é".repeat(100_000);
        let text = format!("futexwakeup addr=0x1 returned -1\n{filler}");
        assert_eq!(names(&text, 2), ["futex"]);
        let text = format!("{filler}\nread from the init process");
        assert!(names(&text, 126).contains(&"write"));
    }

    #[test]
    fn every_symptom_is_written_as_it_is_compared_and_names_what_is_in_the_table() {
        for symptom in symptoms() {
            for part in symptom.says {
                assert_eq!(*part, part.to_lowercase(), "{symptom:?}");
            }
            let rows = rows().iter().filter(|row| row.runtime == symptom.runtime);
            let calls: Vec<&str> = rows.flat_map(Row::calls).map(|it| it.0).collect();
            for name in symptom.names {
                // The program's own end looks like runc's.
                let own = *name == "exit_group";
                assert!(own || calls.contains(name), "{symptom:?}");
            }
        }
    }
}
