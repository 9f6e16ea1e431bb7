//! Real programs, recorded whole: servers, interpreters, a compiler, a package manager.
//!
//! No two runs of such a program make the same calls, so each runs twice under strace, once as it
//! is recorded without options, and once more with each method, also from outside. What every run under strace makes must be in
//! every recording, and what every recording has must be in a run under strace. Calls that are a matter of luck in a program are listed with it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bench::{Bench, Calls, Seen, Way, source};
use crate::common::{find_program, require, require_program};
use crate::guest::Need;
use crate::run::{only_in_kernel, run};

/// A workload.
struct Program {
    /// What is run, or compiled.
    file: &'static str,
    status: i32,
    prints: &'static str,
    user: Option<&'static str>,
    /// Calls that are made or not, whoever looks, and why.
    luck: &'static [(&'static [&'static str], &'static str)],
}

/// Whether a thread or process has to wait, yield or go on with a call depends on which is
/// faster.
const SCHEDULING: (&[&str], &str) = (
    &["futex", "sched_yield", "restart_syscall"],
    "whether anybody has to wait depends on which is faster",
);

/// networking/wget.c of busybox reads first and waits where nothing is there.
const LATE_ANSWER: (&[&str], &str) = (
    &["poll"],
    "a client waits for an answer only if it is faster than the server",
);

/// runtime/preempt.go: `preemptM` signals a thread only where a goroutine runs for long.
const PREEMPTION: (&[&str], &str) = (
    &["tgkill", "getpid", "rt_sigreturn", "nanosleep"],
    "Go's scheduler interrupts goroutines that run for long, and sleeps where there is none",
);

/// src/backend/utils/sort/tuplesort.c, `grow_memtuples`: memory of a sort grows by `realloc`.
const PARALLEL_SORT: (&[&str], &str) = (
    &["mremap"],
    "how much a worker of CREATE INDEX sorts depends on how soon it begins",
);

/// hiredis, `redisContextWaitReady`: the error of a connection is asked for where it is refused.
const REFUSED: (&[&str], &str) = (
    &["getsockopt"],
    "whether a client comes before the server listens depends on which is faster",
);

/// How often a program runs under strace.
const RUNS: usize = 2;
/// How often a run is tried again that notifications have interrupted.
const TRIES: usize = 5;

/// How a recording is made.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    /// As it is without options: what fits.
    Default,
    /// One stop a call.
    Ptrace,
    /// Stops before and after each call.
    Results,
    Notify,
    /// What another recording has is known.
    Known,
    /// Programs in the kernel.
    Ebpf,
    /// The same, from outside: of all containers or of a control group.
    Outside,
    /// The same of a container that is there before the program is.
    Container,
}

impl Method {
    /// A signal that comes before a notified call is received ends it with EINTR, which shells do
    /// not survive (docs/ARCHITECTURE.md).
    const fn may_be_interrupted(self) -> bool {
        matches!(self, Self::Notify | Self::Known)
    }
}

impl Program {
    #[track_caller]
    fn check(&self, bench: &Bench, command: &[&str]) {
        let _nothing_seen = self.run(bench, Way::Alone, None, command);
        let strace: Vec<Calls> = (0..RUNS)
            .map(|_| self.run(bench, Way::Strace, None, command).calls)
            .collect();
        let known = bench.path("known");
        let known = known.to_str().unwrap();
        let mut recorded: Vec<(Method, Calls)> = Vec::new();
        let mut methods = vec![
            (Method::Default, Way::Record(&[])),
            (Method::Ptrace, Way::Record(&["--backend", "ptrace"])),
            (
                Method::Results,
                Way::Record(&["--backend", "ptrace", "--results"]),
            ),
            (Method::Notify, Way::Record(&["--backend", "notify"])),
        ];
        let known_options = ["--known", known];
        methods.push((Method::Known, Way::Record(&known_options)));
        // It takes root.
        if self.user.is_none() && bench.takes_programs() {
            let words = &["--backend", "ebpf", "--results"];
            methods.push((Method::Ebpf, Way::Record(&words[..2])));
            methods.push((Method::Ebpf, Way::Record(words)));
            methods.push((Method::Outside, Way::Outside("all")));
            methods.push((Method::Outside, Way::Outside("cgroup")));
            methods.push((Method::Container, Way::Outside("container")));
        }
        let in_kernel = [Method::Ebpf, Method::Outside, Method::Container];
        methods.retain(|(method, _)| !only_in_kernel() || in_kernel.contains(method));
        for (method, way) in methods {
            let seen = self.run(bench, way, Some(method), command);
            let mut calls = seen.calls;
            match (method, recorded.first()) {
                (Method::Default, None) => fs::write(known, &seen.bytes).unwrap(),
                (Method::Known, Some((_, first))) => calls.extend(first.iter().cloned()),
                _ => {}
            }
            recorded.push((method, calls));
        }

        let mut wrong = Vec::new();
        for (method, recording) in &recorded {
            for call in all(&strace).difference(recording) {
                // Interrupted, it would crash the program, so nobody is notified of it.
                if *method != Method::Notify || !call.ends_with("sigreturn") {
                    wrong.push(format!(
                        "recording {method:?} lacks {call}, which strace always sees"
                    ));
                }
            }
        }
        let recorded: Vec<Calls> = recorded.into_iter().map(|(_, calls)| calls).collect();
        for call in all(&recorded).difference(&any(&strace)) {
            wrong.push(format!(
                "every recording has {call}, which strace never sees"
            ));
        }
        wrong.retain(|line| !self.is_luck(line));
        assert!(wrong.is_empty(), "{}: {}", self.file, wrong.join("\n"));
    }

    #[track_caller]
    fn run(&self, bench: &Bench, way: Way<'_>, method: Option<Method>, command: &[&str]) -> Seen {
        let as_alone = |seen: &Seen| {
            seen.finished.stdout == self.prints && seen.finished.status == Some(self.status)
        };
        let mut seen = bench.run(way, self.user, command);
        if method.is_some_and(Method::may_be_interrupted) {
            for _ in 0..TRIES {
                if as_alone(&seen) {
                    break;
                }
                seen = bench.run(way, self.user, command);
            }
        }
        assert!(
            as_alone(&seen),
            "{} {way:?}: expected status {} and\n{}\ngot {}",
            self.file,
            self.status,
            self.prints,
            seen.finished
        );
        let expected: &[&str] = match method {
            Some(Method::Known) => &["incremental"],
            Some(Method::Container) => &["no-start"],
            _ => &[],
        };
        assert_eq!(seen.gaps, expected, "{} {way:?}", self.file);
        seen
    }

    fn is_luck(&self, line: &str) -> bool {
        self.luck
            .iter()
            .flat_map(|(calls, _why)| calls.iter())
            .any(|call| line.contains(&format!(" {call},")))
    }
}

fn all(runs: &[Calls]) -> Calls {
    let mut runs = runs.iter();
    let first = runs.next().cloned().unwrap_or_default();
    runs.fold(first, |common, run| {
        common.intersection(run).cloned().collect()
    })
}

fn any(runs: &[Calls]) -> Calls {
    runs.iter().flatten().cloned().collect()
}

/// A file of `programs/` on the bench.
fn script(bench: &Bench, file: &str) -> String {
    let path = bench.path(file);
    fs::copy(source("programs").join(file), &path).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn nginx() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("nginx", "nginx-light") || !require_program("busybox", "busybox-static") {
        return;
    }
    let program = Program {
        file: "nginx.sh",
        status: 0,
        prints: "hello\n300000\nmissing\nhello\nstopped\n",
        user: None,
        luck: &[SCHEDULING, LATE_ANSWER],
    };
    program.check(&bench, &["sh", &script(&bench, program.file)]);
}

#[test]
fn redis() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("redis-server", "redis-server")
        || !require_program("redis-cli", "redis-tools")
    {
        return;
    }
    let program = Program {
        file: "redis.sh",
        status: 0,
        prints: "OK\ngreen\n42\nBackground saving started\nsaved\nOK\nstopped\n",
        user: None,
        luck: &[SCHEDULING, REFUSED],
    };
    program.check(&bench, &["sh", &script(&bench, program.file)]);
}

#[test]
fn postgres() {
    let Some(bench) = Bench::new() else { return };
    let there = fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| {
        versions
            .map(|version| version.unwrap().path().join("bin/initdb"))
            .any(|initdb| initdb.is_file())
    });
    if !require("postgresql", there, "no initdb in /usr/lib/postgresql") {
        return;
    }
    let program = Program {
        file: "postgres.sh",
        status: 0,
        prints: "number of transactions actually processed: 20/20\n20\nstopped\n",
        user: Some("postgres"),
        luck: &[SCHEDULING, PARALLEL_SORT],
    };
    program.check(&bench, &["sh", &script(&bench, program.file)]);
}

#[test]
fn python_multiprocessing() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("python3", "python3") {
        return;
    }
    let program = Program {
        file: "workers.py",
        status: 0,
        prints: "fork [0, 1, 2, 3] 10\nspawn [0, 1, 2, 3] 10\nforkserver [0, 1, 2, 3] 10\n\
                 killed -15\n",
        user: None,
        luck: &[SCHEDULING],
    };
    let python = find_program("python3").unwrap();
    let command = &[python.to_str().unwrap(), &script(&bench, program.file)];
    program.check(&bench, command);
}

#[test]
fn node() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("node", "nodejs") {
        return;
    }
    let program = Program {
        file: "server.js",
        status: 0,
        prints: "read 400000\nworker 42\nchild\nserved /path\n",
        user: None,
        luck: &[SCHEDULING],
    };
    program.check(&bench, &["node", &script(&bench, program.file)]);
}

#[test]
fn go() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("go", "golang-go") {
        return;
    }
    let binary = bench.path("goroutines");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&binary);
    build.arg(source("programs").join("goroutines.go"));
    build
        .env("GOCACHE", bench.path("go-cache"))
        .env("GO111MODULE", "off");
    let _finished = run(&mut build).expect_success();
    let program = Program {
        file: "goroutines.go",
        status: 3,
        prints: "goroutines 1000\nbytes 100\nchild\n",
        user: None,
        luck: &[SCHEDULING, PREEMPTION],
    };
    program.check(&bench, &[binary.to_str().unwrap()]);
}

#[test]
fn java() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("javac", "default-jdk-headless")
        || !require_program("java", "default-jre-headless")
    {
        return;
    }
    let mut compile = Command::new("javac");
    compile.arg("-d").arg(bench.path("classes"));
    let _finished = run(compile.arg(source("programs").join("Virtual.java"))).expect_success();
    let program = Program {
        file: "Virtual.java",
        status: 4,
        prints: "sum 6402016\nfile text\nchild\n",
        user: None,
        luck: &[SCHEDULING],
    };
    let classes = bench.path("classes");
    let command = &["java", "-cp", classes.to_str().unwrap(), "Virtual"];
    program.check(&bench, command);
}

#[test]
fn gcc() {
    let Some(bench) = Bench::new() else { return };
    let program = Program {
        file: "compile.sh",
        status: 5,
        prints: "refused\npart 42\n",
        user: Some("65534"),
        luck: &[],
    };
    program.check(&bench, &["sh", &script(&bench, program.file)]);
}

#[test]
fn dpkg() {
    let Some(bench) = Bench::new() else { return };
    if !require_program("dpkg-deb", "dpkg") {
        return;
    }
    let program = Program {
        file: "package.sh",
        status: 0,
        prints: "Package: tiny\nVersion: 1.0\ndata\ntiny\t1.0\nremoved\n",
        user: None,
        luck: &[SCHEDULING],
    };
    program.check(&bench, &["sh", &script(&bench, program.file)]);
}

/// The workload of the tests on container engines, dynamically linked.
#[test]
fn threads_of_32_bits() {
    let Some(bench) = Bench::new() else { return };
    if !Need::Ia32.is_met(&bench) {
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/guests/threads.c");
    bench.compile(&source, "threads32", &["-m32"]);
    let program = Program {
        file: "threads.c",
        status: 0,
        prints: "8 threads of 32 bits: 28000\n",
        user: None,
        luck: &[SCHEDULING],
    };
    let binary = bench.path("threads32");
    program.check(&bench, &[binary.to_str().unwrap()]);
}
