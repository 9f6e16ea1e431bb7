//! What can't be used ends in one line and code 2, and leaves everything as it was.

use callsieve::recording;

use crate::util::Sandbox;

const MUSL: &str = "sample-traces/musl-follow/trace.strace";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.write("out.json", "kept");
    sandbox.write("empty", "");
    sandbox.write("blank", "\n\n\n");
    sandbox.write(
        "binary",
        b"\x7fELF\x02\x01\x01\0\0\x9b31m\xff\n\xe2\x80\xae",
    );
    sandbox.write("other.json", r#"{"a": 1}"#);
    sandbox.write("broken.json", r#"{"format": "callsieve-recording", "#);
    sandbox.write("list.json", "[1, 2]");
    sandbox.write(
        "ltrace",
        "puts(\"hi\") = 3\nstrlen(\"hi\") = 2\n+++ exited (status 0) +++\n",
    );
    for (stored, name) in [
        ("sample-traces/redis/trace.strace.gz", "torn.gz"),
        ("sample-traces/node/trace.strace.zst", "torn.zst"),
    ] {
        let whole = sandbox.read(stored);
        sandbox.write(name, &whole[..whole.len() / 2]);
    }
    sandbox.write("head.gz", b"\x1f\x8b");
    sandbox.write("head.zst", b"\x28\xb5\x2f\xfd");
    sandbox.ok(&format!("generate -q {MUSL} -o profile.json"));
    let recording = sandbox.ok(&format!("import -q {MUSL}"));
    sandbox.write("rec.json", &recording);
    let edit = |name: &str, from: &str, to: &str| {
        assert!(recording.contains(from));
        sandbox.write(name, recording.replacen(from, to, 1));
    };
    edit(
        "minor.json",
        "\"version\": \"1.3\"",
        "\"version\": \"1.9\", \"more\": 1",
    );
    edit("major.json", "\"version\": \"1.3\"", "\"version\": \"2.0\"");
    edit(
        "version.json",
        "\"version\": \"1.3\"",
        "\"version\": \"one\"",
    );
    edit("edited.json", "\"bind\": {", "\"keyctl\": {");
    edit("complete.json", "\"complete\": true", "\"complete\": false");
    edit("arch.json", "\"x86_64\": {", "\"vax\": {");
    edit("field.json", "\"lines\":", "\"lnies\":");
    for (name, text) in [
        (
            "name",
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["raed"], "action": "SCMP_ACT_ALLOW"}]}"#,
        ),
        (
            "action",
            r#"{"defaultAction": "SCMP_ACT_ERNO", "syscalls": []}"#,
        ),
        (
            "unknown",
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "sycalls": []}"#,
        ),
        (
            "archs",
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_65"], "syscalls": []}"#,
        ),
        (
            "twice",
            r#"{"defaultAction": "SCMP_ACT_ERRNO", "defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}"#,
        ),
    ] {
        sandbox.write(&format!("bad-{name}.json"), text);
    }
    sandbox
}

#[test]
fn each_is_one_line_and_nothing_is_touched() {
    let sandbox = sandbox();
    let before = sandbox.state();
    let cases = [
        (
            "import missing -o out.json",
            "can't read `missing`: No such file",
        ),
        ("import folder -o out.json", "`folder` is a directory"),
        ("import empty -o out.json", "`empty` is empty"),
        ("import blank -o out.json", "blank"),
        (
            "import binary -o out.json",
            "`binary` line 1: expected a line of strace",
        ),
        ("import /bin/true -o out.json", "/bin/true"),
        ("import torn.gz -o out.json", "can't read `torn.gz`"),
        ("import torn.zst -o out.json", "can't read `torn.zst`"),
        ("import head.gz -o out.json", "can't read `head.gz`"),
        ("import head.zst -o out.json", "can't read `head.zst`"),
        (
            "import other.json -o out.json",
            "`other.json` is JSON, but neither a recording nor a profile",
        ),
        (
            "import broken.json -o out.json",
            "broken.json: not a recording: EOF",
        ),
        ("import list.json -o out.json", "list.json"),
        (
            "import profile.json -o out.json",
            "`profile.json` is a profile; expected a recording or a trace",
        ),
        (
            "merge rec.json profile.json -o out.json",
            "`profile.json` is a profile",
        ),
        (
            "generate profile.json -o out.json",
            "`profile.json` is a profile",
        ),
        (
            "import minor.json -o out.json",
            "recording format 1.9 is not supported",
        ),
        (
            "merge major.json -o out.json",
            "recording format 2.0 is not supported",
        ),
        ("merge version.json -o out.json", "version `one`"),
        (
            "merge edited.json -o out.json",
            "does not have the content it was named for",
        ),
        (
            "merge complete.json -o out.json",
            "value of `complete` `false`",
        ),
        ("merge arch.json -o out.json", "architecture `vax`"),
        ("merge field.json -o out.json", "unknown field `lnies`"),
        (
            "diff bad-name.json docker-default -o out.json",
            "bad-name.json: line 1, column 66: unknown system call `raed`",
        ),
        (
            "diff bad-action.json docker-default -o out.json",
            "SCMP_ACT_ERNO",
        ),
        (
            "diff docker-default bad-unknown.json -o out.json",
            "sycalls",
        ),
        (
            "diff docker-default bad-archs.json -o out.json",
            "SCMP_ARCH_X86_65",
        ),
        (
            "diff docker-default bad-twice.json -o out.json",
            "defaultAction",
        ),
        (
            "diff docker-default@19.03.0 rec.json -o out.json",
            "Docker 19.03.0 is not known",
        ),
        ("diff docker-default@x rec.json -o out.json", "`x`"),
        ("diff docker-default@ rec.json -o out.json", "``"),
        (
            "diff podman-default@5 rec.json -o out.json",
            "only one version of podman-default",
        ),
        (
            "diff docker-defaults rec.json -o out.json",
            "can't read `docker-defaults`",
        ),
        (
            "diff rec.json other.json -o out.json",
            "`other.json` is JSON",
        ),
        (
            "generate rec.json -o out.json --base rec.json",
            "`rec.json` is a recording or a trace; expected a profile",
        ),
        ("generate rec.json -o out.json --base bad-name.json", "raed"),
        (
            "generate rec.json -o out.json --base missing",
            "can't read `missing`",
        ),
        (
            "generate rec.json -o out.json --allow raed=why",
            "unknown system call `raed`",
        ),
        (
            "generate rec.json -o out.json --allow keyctl",
            "expected NAME=REASON",
        ),
        (
            "generate rec.json -o out.json --allow keyctl=",
            "the reason is empty",
        ),
        (
            "generate rec.json -o out.json --allow keyctl=a --allow keyctl=b",
            "`--allow keyctl` is given twice",
        ),
        (
            "generate rec.json -o out.json --kernel six",
            "`six` is no kernel version",
        ),
        (
            "generate rec.json -o out.json --cap-add FLY",
            "unknown capability `FLY`",
        ),
        (
            "generate rec.json -o out.json --cap-drop FLY",
            "unknown capability `FLY`",
        ),
        (
            "generate rec.json -o out.json --arch vax",
            "unknown architecture `vax`",
        ),
        (
            "generate rec.json -o out.json --arch aarch64",
            "no calls of aarch64",
        ),
        (
            "generate rec.json -o out.json --runtime-floor kata",
            "unknown runtime floor `kata`",
        ),
        (
            "generate rec.json -o out.json --default-action kill",
            "invalid value 'kill'",
        ),
        (
            "generate rec.json -o out.json --ouput x",
            "unexpected argument '--ouput'",
        ),
        (
            "generate -o out.json",
            "required arguments were not provided: <INPUT>...",
        ),
        (
            "diff rec.json -o out.json",
            "required arguments were not provided: <NEW>",
        ),
        (
            "diff rec.json rec.json --fail-on narrower -o out.json",
            "invalid value 'narrower'",
        ),
        ("list rec.json -f yaml -o out.json", "invalid value 'yaml'"),
        ("sieve rec.json", "unrecognized subcommand 'sieve'"),
        (
            "import sample-traces/attach/trace.strace -o out.json",
            "does not tell its architecture",
        ),
        ("import ltrace -o out.json", "ltrace"),
    ];
    for (line, says) in cases {
        let ran = sandbox.run(line);
        ran.assert_error(2, says);
        assert_eq!(sandbox.state(), before, "{line}");
    }
}

#[test]
fn one_bad_file_of_several_stops_all() {
    let sandbox = sandbox();
    let before = sandbox.state();
    let line = format!("merge {MUSL} rec.json torn.gz -o out.json");
    sandbox.run(&line).assert_error(2, "torn.gz");
    let set = "sample-traces/thread-exec/trace/trace.354";
    sandbox.write("trace.355", sandbox.read("torn.gz"));
    sandbox.write("trace.354", sandbox.read(set));
    let ran = sandbox.run("import trace.354 trace.355 -o out.json");
    ran.assert_error(2, "trace.355");
    std::fs::remove_file(sandbox.path("trace.354")).unwrap();
    std::fs::remove_file(sandbox.path("trace.355")).unwrap();
    assert_eq!(sandbox.state(), before);
}

/// An error that only the library's check of the run finds: the other file is fine.
#[test]
fn an_edited_recording_is_found_by_its_name_alone() {
    let sandbox = sandbox();
    let good = recording::read(&sandbox.read("rec.json")).unwrap();
    assert_eq!(good.runs().len(), 1);
    let edited = sandbox.read("edited.json");
    assert!(matches!(
        recording::read(&edited),
        Err(recording::FileError::Changed { .. })
    ));
}

#[test]
fn standard_input_is_named() {
    let sandbox = Sandbox::new();
    sandbox
        .piped("import -", b"")
        .assert_error(2, "`-` is empty");
    sandbox
        .piped("import -", b"{}")
        .assert_error(2, "`standard input` is JSON");
}
