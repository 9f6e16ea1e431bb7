//! Ways that are tried on a program which does nothing: this one, called again.

use std::io::{self, Read as _};
use std::process::{Command, Stdio};

use callsieve::record::backend::ASKED_FOR;
use callsieve::recording;

use super::{Answer, Check, LIMIT, Purpose};
use crate::cli::engine_command::{Call, this_program};

/// Words that make this program the one which does nothing.
const GUEST: [&str; 2] = ["doctor", "--guest"];

/// Longest recording of it that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a trial gave.
enum Tried {
    /// It worked; with what, and why with that.
    Done { backend: String, reason: String },
    /// It did not: the error, and the hint that came with it.
    Failed { why: String, todo: Option<String> },
}

/// All that need no engine.
pub(super) fn all() -> Vec<Check> {
    let ebpf = launched("ebpf");
    // The one that a command is recorded with if nothing is said.
    let plain = "callsieve record -- COMMAND";
    let (in_kernel, traced) = match &ebpf {
        Tried::Done { .. } => (plain, "callsieve record --backend ptrace -- COMMAND"),
        Tried::Failed { .. } => ("callsieve record --backend ebpf -- COMMAND", plain),
    };
    vec![
        ptrace(traced),
        notify(),
        from_outside(&ebpf),
        check(
            "ebpf",
            Purpose::Record,
            in_kernel,
            ebpf,
            |_backend, reason| {
                if let Some(costs) = beside(reason) {
                    return (Answer::Limited, costs.to_owned());
                }
                let why = "counts in the kernel, at nearly no price";
                (Answer::Yes, why.to_owned())
            },
        ),
        attach(),
        verify(),
        inspect(),
    ]
}

fn check(
    name: &'static str,
    purpose: Purpose,
    command: &'static str,
    tried: Tried,
    judge: impl FnOnce(&str, &str) -> (Answer, String),
) -> Check {
    let (answer, why, todo) = match tried {
        Tried::Done { backend, reason } => {
            let (answer, why) = judge(&backend, &reason);
            (answer, why, None)
        }
        Tried::Failed { why, todo } => (Answer::No, why, todo),
    };
    Check {
        name,
        purpose,
        command,
        answer,
        why,
        todo,
    }
}

fn ptrace(command: &'static str) -> Check {
    check(
        "ptrace",
        Purpose::Record,
        command,
        launched("ptrace"),
        |backend, reason| {
            if backend == "ptrace+seccomp" {
                (Answer::Yes, "one stop a call".to_owned())
            } else {
                (Answer::Limited, format!("two stops a call: {reason}"))
            }
        },
    )
}

fn notify() -> Check {
    let command = "callsieve record --backend notify -- COMMAND";
    check(
        "notify",
        Purpose::Record,
        command,
        launched("notify"),
        |_backend, reason| {
            if let Some(slower) = beside(reason) {
                return (Answer::Limited, slower.to_owned());
            }
            let why = "cheaper than ptrace, and COMMAND can be debugged meanwhile";
            (Answer::Yes, why.to_owned())
        },
    )
}

/// What a reason says beside that it was asked for: what could be better.
fn beside(reason: &str) -> Option<&str> {
    reason.strip_prefix(ASKED_FOR)?.strip_prefix("; ")
}

/// Containers from outside take the same programs in the kernel.
fn from_outside(ebpf: &Tried) -> Check {
    let tried = match ebpf {
        Tried::Done { backend, reason } => Tried::Done {
            backend: backend.clone(),
            reason: reason.clone(),
        },
        Tried::Failed { why, todo } => Tried::Failed {
            why: format!("takes eBPF: {why}"),
            todo: todo.clone(),
        },
    };
    let command = "callsieve record --all";
    check(
        "containers",
        Purpose::Record,
        command,
        tried,
        |_backend, _reason| {
            let why = "every container from its first instruction on; also one, or a control group";
            (Answer::Yes, why.to_owned())
        },
    )
}

/// Attaching to a process that is no descendant of the recorder, as those of others are not.
fn attach() -> Check {
    let command = "callsieve record --pid PID";
    let tried = waiting(|pid| {
        let limit = ["--duration", "50ms", "--pid", pid];
        recorded(["record", "--backend", "ptrace"].iter().chain(&limit))
    });
    check(
        "attach",
        Purpose::Record,
        command,
        tried,
        |_backend, _reason| {
            (
                Answer::Yes,
                "a process that runs already, of this user".to_owned(),
            )
        },
    )
}

fn verify() -> Check {
    let program = this_program();
    let program = program.to_string_lossy();
    let words = ["verify", "docker-default", "--", &program];
    let tried = match run(words.iter().chain(&GUEST)) {
        Ok(_) => Tried::Done {
            backend: String::new(),
            reason: String::new(),
        },
        Err(failed) => failed,
    };
    let command = "callsieve verify PROFILE -- COMMAND";
    check(
        "verify",
        Purpose::Verify,
        command,
        tried,
        |_backend, _reason| {
            (
                Answer::Yes,
                "a command ran under Docker's default".to_owned(),
            )
        },
    )
}

fn inspect() -> Check {
    let tried = waiting(|pid| {
        match run(["inspect", "--pid", pid].iter()) {
            Ok(_) => Tried::Done {
                backend: String::new(),
                reason: String::new(),
            },
            // Told after the kernel was asked, which it may do of a few only.
            Err(Tried::Failed { why, .. }) if why.ends_with("has no seccomp filter") => {
                Tried::Done {
                    backend: String::new(),
                    reason: String::new(),
                }
            }
            Err(failed) => failed,
        }
    });
    let command = "callsieve inspect --container ID";
    check(
        "inspect",
        Purpose::Inspect,
        command,
        tried,
        |_backend, _reason| {
            (
                Answer::Yes,
                "the kernel shows the filters of other processes".to_owned(),
            )
        },
    )
}

/// Starts a program that does nothing and records it.
fn launched(backend: &str) -> Tried {
    let program = this_program();
    let program = program.to_string_lossy();
    let words = ["record", "--backend", backend, "--", &program];
    recorded(words.iter().chain(&GUEST))
}

/// Runs the recorder and looks into what it recorded.
fn recorded<'a>(words: impl Iterator<Item = &'a &'a str>) -> Tried {
    let mut words: Vec<&str> = words.copied().collect();
    words.splice(1..1, ["--output", "-"]);
    let text = match run(words.iter()) {
        Ok(text) => text,
        Err(failed) => return failed,
    };
    let capture = recording::read(text.as_bytes()).ok().and_then(|recording| {
        let mut runs = recording.runs();
        let run = runs.next().map(|(_, run)| run)?;
        // What has recorded nothing does not work, whatever it says.
        run.calls
            .values()
            .any(|calls| !calls.is_empty())
            .then(|| run.capture.clone())?
    });
    match capture {
        Some(capture) => Tried::Done {
            backend: capture.backend,
            reason: capture.reason,
        },
        None => Tried::Failed {
            why: "nothing was recorded of a program that made calls".to_owned(),
            todo: None,
        },
    }
}

/// Runs this program, and returns what it printed, or what it said and hinted.
fn run<'a>(words: impl Iterator<Item = &'a &'a str>) -> Result<String, Tried> {
    let mut all = vec!["--color", "never", "--quiet"];
    all.extend(words);
    let failed = |why: String| Tried::Failed { why, todo: None };
    let call = Call::of_this_program(all).within(LIMIT);
    let answer = call.answer().map_err(|error| failed(error.to_string()))?;
    let says = |what: &str| {
        let mut lines = answer.stderr.lines();
        lines
            .find_map(|line| line.strip_prefix(what))
            .map(str::to_owned)
    };
    // An incomplete recording of what was attached to is what was asked for.
    if !matches!(answer.status.code(), Some(0 | 3)) {
        return Err(Tried::Failed {
            why: says("error: ").unwrap_or_else(|| format!("it ended with {}", answer.status)),
            todo: says("hint: "),
        });
    }
    let mut text = String::new();
    let read = answer.stdout.take(LONGEST).read_to_string(&mut text);
    read.map(|_length| text)
        .map_err(|error| failed(error.to_string()))
}

/// Does something with a process that waits, and lets it end.
fn waiting(with: impl FnOnce(&str) -> Tried) -> Tried {
    let started: io::Result<_> = Command::new(this_program())
        .args(GUEST)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            return Tried::Failed {
                why: format!("can't start a process: {error}"),
                todo: None,
            };
        }
    };
    let tried = with(&child.id().to_string());
    // Its input is over with this; if it waits all the same it is not waited for.
    drop(child.stdin.take());
    let _gone = child.kill();
    let _reaped = child.wait();
    tried
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn what_is_beside_the_wish() {
        for (reason, beside_it) in [
            ("asked for", None),
            ("asked for; slower; by half", Some("slower; by half")),
            ("one stop a call; nothing needs a second one", None),
            ("asked for more; less", None),
        ] {
            assert_eq!(beside(reason), beside_it, "{reason}");
        }
    }
}
