use expect_test::{expect, expect_file};

use crate::util::Sandbox;

#[test]
fn a_log_becomes_a_recording() {
    let ran = Sandbox::new().run("import sample-traces/int80/trace.strace");
    expect_file!["snapshots/import-int80.txt"].assert_eq(&ran.whole());
}

#[test]
fn into_a_file() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("import sample-traces/int80/trace.strace -o a.json");
    expect![[r#"
        code 0
        --- stdout
        --- stderr
        trace.strace: 34 calls in 35 lines, 2 processes; syscalls: 3 on x86, 18 on
          x86_64
          Docker default  21 inside, 0 outside
        Wrote a.json

        Next: callsieve generate a.json -o a.profile.json
    "#]]
    .assert_eq(&ran.whole());
    assert_eq!(
        sandbox.read("a.json"),
        sandbox
            .ok("import sample-traces/int80/trace.strace")
            .as_bytes()
    );
    let quiet = sandbox.run("import -q sample-traces/int80/trace.strace -o a.json");
    assert_eq!(quiet.whole(), "code 0\n--- stdout\n--- stderr\n");
}

/// Nothing can be done next with what nobody keeps.
#[test]
fn into_nothing() {
    let ran = Sandbox::new().run("import sample-traces/int80/trace.strace -o /dev/null");
    expect![[r#"
        code 0
        --- stdout
        --- stderr
        trace.strace: 34 calls in 35 lines, 2 processes; syscalls: 3 on x86, 18 on
          x86_64
          Docker default  21 inside, 0 outside
        Wrote /dev/null
    "#]]
    .assert_eq(&ran.whole());
}

#[test]
fn an_incomplete_log_is_written_with_code_3() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("import sample-traces/attach/trace.strace --arch x86_64 -o a.json");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: trace.strace is incomplete: it does not begin with an execve: taken by attaching, or with a filter on what is traced
        warning: trace.strace is incomplete: the tracer let go of the program while it ran
        warning: trace.strace: 1 call without an end in the log, counted all the same
        trace.strace: 18 calls in 27 lines, 3 processes; syscalls: 6 on x86_64
          Docker default  6 inside, 0 outside
        Wrote a.json

        Next: callsieve list a.json
    "#]].assert_eq(&ran.whole());
    // What is lost is never silent.
    let quiet = sandbox.run("import -q sample-traces/attach/trace.strace --arch x86_64 -o a.json");
    assert!(quiet.stderr.starts_with("warning: "), "{}", quiet.stderr);
}

#[test]
fn the_files_of_a_set_in_any_order() {
    let sandbox = Sandbox::new();
    let mut files: Vec<String> = std::fs::read_dir(sandbox.path("sample-traces/postgres/trace"))
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    assert!(files.len() > 3);
    let import = |files: &[String]| {
        let args = ["import".to_owned()].into_iter().chain(files.to_vec());
        let ran = sandbox.args(args);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    };
    let sorted = import(&files);
    for turn in 0..3 {
        files.rotate_left(turn + 1);
        files.swap(0, 2);
        assert_eq!(import(&files), sorted);
    }
    files.extend(files.clone());
    assert_eq!(import(&files), sorted, "twice the same files");
}

#[test]
fn standard_input() {
    let sandbox = Sandbox::new();
    let log = sandbox.plain("sample-traces/musl-follow/trace.strace");
    sandbox.write("-", &log);
    let from_file = sandbox.ok("import ./-");
    let piped = sandbox.piped("import -", &log);
    assert_eq!((piped.code, piped.stdout), (Some(0), from_file));
    sandbox
        .run("import - -")
        .assert_error(2, "standard input can be read only once");
    sandbox
        .run("diff - -")
        .assert_error(2, "standard input can be read only once");
}

#[test]
fn compressed_or_not_the_run_is_the_same() {
    let sandbox = Sandbox::new();
    for (stored, name) in [
        ("sample-traces/gcc/trace.strace.gz", "trace.strace.gz"),
        ("sample-traces/node/trace.strace.zst", "trace.strace.zst"),
    ] {
        sandbox.write("plain.strace", sandbox.plain(stored));
        let packed = sandbox.ok(&format!("import {stored}"));
        assert!(packed.contains(name));
        let plain = sandbox.ok("import plain.strace");
        assert_eq!(packed.replace(name, "plain.strace"), plain);
        // By content, not by name.
        sandbox.write("odd-name", std::fs::read(sandbox.path(stored)).unwrap());
        let odd = sandbox.ok("import odd-name");
        assert_eq!(odd.replace("odd-name", "plain.strace"), plain);
    }
}

#[test]
fn the_same_bytes_each_time() {
    let sandbox = Sandbox::new();
    for command in [
        "import sample-traces/redis/trace.strace.gz",
        "list -f json sample-traces/redis/trace.strace.gz",
        "generate sample-traces/redis/trace.strace.gz",
        "diff docker-default sample-traces/redis/trace.strace.gz -v",
        "diff -f json docker-default@20.10.0 docker-default",
    ] {
        assert_eq!(sandbox.run(command), sandbox.run(command), "{command}");
    }
}

#[test]
fn a_recording_may_have_a_number_at_its_end() {
    let sandbox = Sandbox::new();
    let recording = sandbox.ok("import sample-traces/musl-follow/trace.strace");
    sandbox.write("week.31", &recording);
    assert_eq!(sandbox.ok("import week.31"), recording);
}
