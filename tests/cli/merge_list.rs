use std::collections::BTreeMap;

use expect_test::{expect, expect_file};

use crate::util::Sandbox;

#[test]
fn merging_is_a_union() {
    let sandbox = Sandbox::new();
    for (name, log) in [
        ("a", "sample-traces/musl-follow/trace.strace"),
        ("b", "sample-traces/i386-file/trace.strace"),
        ("c", "sample-traces/redis/trace.strace.gz"),
    ] {
        sandbox.ok(&format!("import {log} -o {name}"));
    }
    let merge = |inputs: &str| sandbox.ok(&format!("merge {inputs}"));
    let all = merge("a b c");
    assert_eq!(merge("c a b"), all);
    assert_eq!(merge("b c a"), all);
    assert_eq!(merge("a b c a b"), all, "twice is once");
    sandbox.ok("merge a b -o ab");
    sandbox.ok("merge b c -o bc");
    assert_eq!(merge("ab c"), all);
    assert_eq!(merge("a bc"), all);
    assert_eq!(merge("ab bc"), all);
    assert_eq!(merge("a").as_bytes(), sandbox.read("a"), "one alone");
    assert_eq!(
        merge("a sample-traces/redis/trace.strace.gz b"),
        all,
        "traces are taken as well"
    );
    // Onto one of its inputs.
    sandbox.ok("merge a b c -o a");
    assert_eq!(sandbox.read("a"), all.as_bytes());
}

#[test]
fn a_run_under_two_names_is_one() {
    let sandbox = Sandbox::new();
    let log = sandbox.plain("sample-traces/musl-follow/trace.strace");
    sandbox.write("b.log", &log);
    sandbox.write("a.log", &log);
    let one = sandbox.ok("import a.log");
    assert_eq!(sandbox.ok("merge a.log b.log"), one);
    assert_eq!(sandbox.ok("merge b.log a.log"), one);
}

#[test]
fn merge_tells_what_there_is() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(
        "merge sample-traces/musl-follow/trace.strace sample-traces/i386-file/trace.strace -o all.json",
    );
    expect![[r#"
        code 0
        --- stdout
        --- stderr
        2 runs, 100 kinds of calls
    "#]]
    .assert_eq(&ran.whole());
}

#[test]
fn list_prints_sorted_names() {
    let ran = Sandbox::new().run("list sample-traces/int80/trace.strace");
    expect_file!["snapshots/list-int80.txt"].assert_eq(&ran.whole());
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines.is_sorted());
}

#[test]
fn list_as_json() {
    let sandbox = Sandbox::new();
    let text = sandbox.ok("list sample-traces/int80/trace.strace -f json");
    let map: BTreeMap<String, BTreeMap<String, u64>> = serde_json::from_str(&text).unwrap();
    let names: Vec<String> = map
        .iter()
        .flat_map(|(arch, calls)| calls.keys().map(move |call| format!("{arch} {call}")))
        .collect();
    let listed = sandbox.ok("list sample-traces/int80/trace.strace");
    assert_eq!(names, listed.lines().collect::<Vec<_>>());
    let calls: u64 = map.values().flat_map(BTreeMap::values).sum();
    assert_eq!(calls, 34);
}

#[test]
fn list_of_an_incomplete_log_is_an_answer_with_a_warning() {
    let ran = Sandbox::new().run("list sample-traces/attach/trace.strace --arch x86_64");
    expect![[r#"
        code 0
        --- stdout
        x86_64 accept4
        x86_64 close
        x86_64 getsockname
        x86_64 recvfrom
        x86_64 sendto
        x86_64 wait4
        --- stderr
        warning: trace.strace is incomplete: it does not begin with an execve: taken by attaching, or with a filter on what is traced
        warning: trace.strace is incomplete: the tracer let go of the program while it ran
        warning: trace.strace: 1 call without an end in the log, counted all the same
    "#]].assert_eq(&ran.whole());
}

#[test]
fn profiles_permit_together_what_either_does() {
    let sandbox = Sandbox::new();
    let profile = |names: &str, family: u64| {
        format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{{"names": [{names}], "action": "SCMP_ACT_ALLOW"}},
  {{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{{"index": 0, "value": {family}, "op": "SCMP_CMP_EQ"}}]}}]}}"#
        )
    };
    sandbox.write("one", profile(r#""read", "close""#, 2));
    sandbox.write("two", profile(r#""read", "write""#, 10));
    let text = sandbox.ok("merge --profiles one two -q");
    sandbox.write("both", &text);
    for name in ["one", "two"] {
        assert_eq!(
            sandbox.run(&format!("check {name} --at-most both")).code,
            Some(0)
        );
    }
    assert_eq!(text, sandbox.ok("merge --profiles two one two -q"));
    assert!(
        text.contains("\"value\": 2,") && text.contains("\"value\": 10,"),
        "{text}"
    );
    assert_eq!(sandbox.run("merge --profiles one none").code, Some(2));
}
