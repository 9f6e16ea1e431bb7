//! Programs under a profile: `callsieve verify` and `record --under` against the real filter.
//!
//! What a program prints and how it ends under the filter that the kernel runs alone is what it
//! must print, and how it must end, when callsieve answers for the filter.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Way, source};
use crate::guest::Need;
use crate::run::run;

/// A rule: names, the word behind `SCMP_ACT_`, an error's number, and `args` as JSON.
type Rule<'a> = (&'a [&'a str], &'a str, u16, &'a str);

const NOBODY: Option<&str> = Some("65534");

/// A bench with a profile, its filter, and a guest.
struct Stage {
    bench: Bench,
    profile: String,
    filter: PathBuf,
}

/// What became of a guest.
#[derive(Debug, PartialEq)]
struct Became {
    prints: String,
    status: Option<i32>,
}

impl Stage {
    fn new(default: &str, rules: &[Rule<'_>], guest: &str) -> Option<Self> {
        let bench = Bench::new()?;
        if !Need::Ia32.is_met(&bench) {
            return None;
        }
        let rules: Vec<Value> = rules
            .iter()
            .map(|(names, action, errno, args)| {
                let mut rule = serde_json::json!({
                    "names": names,
                    "action": format!("SCMP_ACT_{action}"),
                    "args": serde_json::from_str::<Value>(args).unwrap(),
                });
                if *action == "ERRNO" {
                    rule["errnoRet"] = Value::from(*errno);
                }
                rule
            })
            .collect();
        let text = serde_json::json!({
            "defaultAction": format!("SCMP_ACT_{default}"),
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
            "syscalls": rules,
        });
        let profile = bench.path("profile.json");
        fs::write(&profile, text.to_string()).unwrap();
        Some(Self::of(bench, profile.to_str().unwrap(), guest))
    }

    fn of(bench: Bench, profile: &str, guest: &str) -> Self {
        let filter = bench.path("filter.bpf");
        let mut export = Command::new(env!("CARGO_BIN_EXE_callsieve"));
        export.args(["export", profile, "-o"]).arg(&filter);
        let _finished = run(&mut export).expect_success();
        bench.compile(&source("refused/load.c"), "load", &[]);
        bench.compile(&source("refused").join(guest), "guest", &[]);
        Self {
            bench,
            profile: profile.to_owned(),
            filter,
        }
    }

    fn guest(&self) -> String {
        self.bench.path("guest").to_str().unwrap().to_owned()
    }

    fn alone_under_it(&self, user: Option<&str>) -> Became {
        let seen = self
            .bench
            .run(Way::Filtered(&self.filter), user, &[&self.guest()]);
        Became {
            prints: seen.finished.stdout,
            status: seen.finished.status,
        }
    }

    /// The report of `verify`, and what became of the guest.
    fn verified(&self, user: Option<&str>, options: &[&str]) -> (Value, Became, Option<i32>) {
        let words = [options, &[&self.profile]].concat();
        let seen = self.bench.run(Way::Verify(&words), user, &[&self.guest()]);
        let report: Value = serde_json::from_slice(&seen.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", seen.finished));
        let signal = report["signal"].as_str().map(|name| match name {
            "SIGSYS" => 128 + 31,
            "SIGSEGV" => 128 + 11,
            other => panic!("{other}"),
        });
        let status = report["status"].as_i64();
        let status = status.map(|it| i32::try_from(it).unwrap()).or(signal);
        let became = Became {
            prints: seen.finished.stdout,
            status,
        };
        (report, became, seen.finished.status)
    }

    /// Compares all ways. The report of `verify`.
    #[track_caller]
    fn check(&self, expected: &str, status: i32) -> Value {
        let expected = Became {
            prints: expected.to_owned(),
            status: Some(status),
        };
        assert_eq!(self.alone_under_it(NOBODY), expected, "the filter alone");
        let (report, became, _) = self.verified(NOBODY, &[]);
        assert_eq!(became, expected, "verify");
        let (_, became, _) = self.verified(None, &[]);
        assert_eq!(became, self.alone_under_it(None), "verify by root");
        let refusals = |under: &Value, key: &str| -> BTreeMap<String, u64> {
            let mut all = BTreeMap::new();
            for it in under[key].as_array().into_iter().flatten() {
                let name = format!("{} {} {}", it["arch"], it["call"], it["answer"]);
                *all.entry(name.replace('"', "")).or_default() += it["calls"].as_u64().unwrap();
            }
            all
        };
        let verified = refusals(&report, "denials");
        for options in [&[][..], &["--results"]] {
            let words = [options, &["--under", &self.profile]].concat();
            let seen = self
                .bench
                .run(Way::Record(&words), NOBODY, &[&self.guest()]);
            let became = Became {
                prints: seen.finished.stdout.clone(),
                status: seen.finished.status,
            };
            assert_eq!(became, expected, "record {options:?}: {}", seen.finished);
            let file: Value = serde_json::from_slice(&seen.bytes).unwrap();
            let runs = file["runs"].as_object().unwrap();
            let (_, run) = runs.iter().next().unwrap();
            let under = &run["recorder"]["under"];
            assert_eq!(under["enforced"], true);
            assert_eq!(refusals(under, "denials"), verified, "record {options:?}");
            // What was refused was seen too.
            for name in verified.keys() {
                let words: Vec<&str> = name.split(' ').collect();
                let seen = &run["syscalls"][words[0]][words[1]];
                assert!(
                    seen["calls"].as_u64() > Some(0),
                    "record {options:?}: {name}"
                );
            }
        }
        report
    }
}

/// The row of a call, the only one.
#[track_caller]
fn denial<'r>(report: &'r Value, arch: &str, call: &str) -> &'r Value {
    let all = report["denials"].as_array().unwrap();
    let mut of = all
        .iter()
        .filter(|it| it["arch"] == arch && it["call"] == call);
    let first = of
        .next()
        .unwrap_or_else(|| panic!("no {arch} {call}: {report:#}"));
    assert!(of.next().is_none(), "{report:#}");
    first
}

#[test]
fn errors_on_every_architecture() {
    let rules: &[Rule<'_>] = &[
        (&["getpriority"], "ERRNO", 1, "[]"),
        (&["setpriority"], "ERRNO", 38, "[]"),
        (&["getpgid"], "ERRNO", 4094, "[]"),
        (&["getsid"], "ERRNO", 0, "[]"),
        (&["sched_yield"], "LOG", 0, "[]"),
        (&["mlockall"], "TRACE", 0, "[]"),
    ];
    let Some(stage) = Stage::new("ALLOW", rules, "errors.c") else {
        return;
    };
    let expected = stage.alone_under_it(NOBODY);
    assert!(
        expected.prints.contains("getpgid: -4094, registers kept"),
        "{expected:?}"
    );
    assert!(
        expected.prints.contains("i386 132: -4094, registers kept"),
        "{expected:?}"
    );
    let report = stage.check(&expected.prints, 40);
    for (arch, call, answer) in [
        ("x86_64", "getpriority", "EPERM"),
        ("x86", "getpriority", "EPERM"),
        ("x32", "getpriority", "EPERM"),
        ("x86_64", "setpriority", "ENOSYS"),
        ("x86_64", "getsid", "errno 0"),
        ("x86_64", "sched_yield", "log"),
        ("x86_64", "mlockall", "trace"),
    ] {
        let row = denial(&report, arch, call);
        assert_eq!(row["answer"], answer);
        assert_eq!(row["refused"], answer != "log");
    }
    // With the bits above the number, which the kernel cuts off.
    assert_eq!(denial(&report, "x86_64", "getpriority")["calls"], 2);
}

/// Where what is not listed is refused.
#[test]
fn numbers_that_nobody_has() {
    let rules: &[Rule<'_>] = &[(
        &[
            "execve",
            "brk",
            "mmap",
            "mprotect",
            "openat",
            "read",
            "write",
            "close",
            "fstat",
            "newfstatat",
            "pread64",
            "arch_prctl",
            "set_tid_address",
            "set_robust_list",
            "rseq",
            "prlimit64",
            "getrandom",
            "munmap",
            "exit_group",
            "access",
            "getppid",
        ],
        "ALLOW",
        0,
        "[]",
    )];
    let Some(stage) = Stage::new("ERRNO", rules, "errors.c") else {
        return;
    };
    let expected = stage.alone_under_it(NOBODY);
    let report = stage.check(&expected.prints, 40);
    // What libseccomp and runc do with numbers that are newer than they are.
    assert_eq!(denial(&report, "x86_64", "#1000")["answer"], "ENOSYS");
    assert_eq!(
        denial(&report, "x86_64", "#1000")["docker_default"],
        "unnamed"
    );
}

#[test]
fn a_handler_of_sigsys_sees_the_call() {
    let rules: &[Rule<'_>] = &[(&["getpriority", "getsid"], "TRAP", 0, "[]")];
    let Some(stage) = Stage::new("ALLOW", rules, "trap.c") else {
        return;
    };
    let expected = stage.alone_under_it(NOBODY).prints;
    assert!(expected.contains("code 1, errno 0, call 140, arch c000003e, rax 140, rdi 5, at rip"));
    assert!(expected.contains("child 159"));
    let report = stage.check(&expected, 41);
    assert_eq!(denial(&report, "x86_64", "getpriority")["calls"], 2);
}

#[test]
fn threads_and_processes_are_killed() {
    let rules: &[Rule<'_>] = &[
        (&["getpriority"], "KILL_THREAD", 0, "[]"),
        (&["getsid"], "KILL_PROCESS", 0, "[]"),
    ];
    let Some(stage) = Stage::new("ALLOW", rules, "kills.c") else {
        return;
    };
    let report = stage.check(
        "thread alone 159\nprocess 159\nprocess, by a thread 159\nthe process lives\n",
        159,
    );
    assert_eq!(report["signal"], "SIGSYS");
    assert_eq!(report["complete"], true);
    let row = denial(&report, "x86_64", "getsid");
    assert_eq!(row["ends"][0]["how"], "SIGSYS");
    assert_eq!(row["ends"][0]["processes"], 3);
}

#[test]
fn rules_that_look_at_arguments() {
    let Some(bench) = Bench::new() else { return };
    let stage = Stage::of(bench, "docker-default", "arguments.c");
    let expected = stage.alone_under_it(NOBODY).prints;
    for line in [
        "family 40: EPERM",
        "personality 1234: refused",
        "clone: 9\n",
        "clone3: 38",
    ] {
        assert!(expected.contains(line), "{line}: {expected}");
    }
    let report = stage.check(&expected, 43);
    let all = report["denials"].as_array().unwrap();
    let of = |call: &str| -> Vec<&Value> { all.iter().filter(|it| it["call"] == call).collect() };
    let families: Vec<&Value> = of("socket")
        .iter()
        .map(|it| &it["args"][0]["symbols"])
        .collect();
    assert_eq!(families, ["AF_VSOCK", "AF_ALG"]);
    assert_eq!(of("personality")[0]["args"][0]["value"], "0x1234");
    let flags: Vec<&Value> = of("clone")
        .iter()
        .map(|it| &it["args"][0]["symbols"])
        .collect();
    assert_eq!(flags, ["SIGCHLD|CLONE_NEWUTS", "SIGCHLD|CLONE_NEWUSER"]);
    assert!(
        all.iter().all(|it| it["docker_default"] == "outside"),
        "{report:#}"
    );
    assert_eq!(of("clone3")[0]["expected"], true);
    assert_eq!(of("keyctl")[0]["args"], Value::Array(Vec::new()));
}

#[test]
fn a_filter_of_its_own_beside() {
    let rules: &[Rule<'_>] = &[
        (
            &["getpriority", "getppid", "getpgid", "getsid"],
            "ERRNO",
            99,
            "[]",
        ),
        (&["mlockall", "setpriority"], "KILL_PROCESS", 0, "[]"),
        (&["munlockall"], "TRAP", 0, "[]"),
    ];
    let Some(stage) = Stage::new("ALLOW", rules, "own_filter.c") else {
        return;
    };
    let report = stage.check(
        "refused by the outer alone 99\nrefused by both 77\nrefused by its own alone 78\n\
         logged by its own, refused by the outer 99\ntraced by its own, refused by the outer 99\n\
         refused by its own, killed by the outer 159\n\
         refused by its own, trapped by the outer\nsignal 31, call 152\n\
         killed by the outer 159\nkilled by its own 159\n",
        44,
    );
    // What its own filter answers first is told too.
    assert_eq!(denial(&report, "x86_64", "getppid")["calls"], 1);
}

#[test]
fn threads_children_and_programs() {
    let rules: &[Rule<'_>] = &[
        (&["getpriority"], "ERRNO", 1, "[]"),
        (&["vhangup"], "ERRNO", 5, "[]"),
    ];
    let Some(stage) = Stage::new("ALLOW", rules, "starts.c") else {
        return;
    };
    let report = stage.check("refused 800\nchild 11\nvhangup -1 5\nagain: -1\n", 45);
    let row = denial(&report, "x86_64", "getpriority");
    assert_eq!(row["calls"], 803);
    let processes: u64 = row["ends"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["processes"].as_u64().unwrap())
        .sum();
    assert_eq!(processes, 3);
}

#[test]
fn execve_is_refused() {
    let rules: &[Rule<'_>] = &[(&["execve"], "ERRNO", 1, "[]")];
    let Some(stage) = Stage::new("ALLOW", rules, "starts.c") else {
        return;
    };
    assert_eq!(stage.alone_under_it(NOBODY).status, Some(126));
    let (report, became, code) = stage.verified(NOBODY, &[]);
    assert_eq!((became.prints.as_str(), code), ("", Some(1)));
    let row = denial(&report, "x86_64", "execve");
    assert_eq!(
        (&row["by"], &row["calls"]),
        (&Value::from(""), &Value::from(1))
    );
    let rules: &[Rule<'_>] = &[(&["execve"], "KILL_PROCESS", 1, "[]")];
    let Some(stage) = Stage::new("ALLOW", rules, "starts.c") else {
        return;
    };
    let (report, became, code) = stage.verified(NOBODY, &[]);
    assert_eq!((became.status, code), (Some(159), Some(1)));
    assert_eq!(
        denial(&report, "x86_64", "execve")["answer"],
        "kill-process"
    );
}

#[test]
fn a_child_that_is_not_to_be_traced() {
    let rules: &[Rule<'_>] = &[(&["getpriority"], "ERRNO", 1, "[]")];
    let Some(stage) = Stage::new("ALLOW", rules, "untraced.c") else {
        return;
    };
    let _report = stage.check("child 1, getppid works\n0\n", 47);
}

/// Nothing is refused, and all that would be is told.
#[test]
fn only_logged() {
    let rules: &[Rule<'_>] = &[
        (&["getpriority"], "KILL_THREAD", 0, "[]"),
        (&["getsid"], "KILL_PROCESS", 0, "[]"),
        (&["execve"], "ERRNO", 1, "[]"),
    ];
    let Some(stage) = Stage::new("ALLOW", rules, "kills.c") else {
        return;
    };
    let (report, became, code) = stage.verified(NOBODY, &["--mode", "log"]);
    assert!(became.prints.contains("survived"), "{became:?}");
    assert_eq!((became.status, code), (Some(42), Some(1)));
    assert_eq!(report["enforced"], false);
    assert_eq!(denial(&report, "x86_64", "execve")["calls"], 1);
    assert_eq!(denial(&report, "x86_64", "getpriority")["refused"], true);
}
