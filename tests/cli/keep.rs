//! `generate --keep`, `--prune-after` and `--deny`.

use expect_test::expect;
use serde_json::Value;

use crate::util::{Sandbox, assert_harmless};

const NGINX: &str = "sample-traces/nginx/trace.strace.gz";
const REDIS: &str = "sample-traces/redis/trace.strace.gz";

/// The part of the summary before the comparison.
fn head(stderr: &str) -> String {
    let lines = stderr
        .lines()
        .skip_while(|line| !line.contains("--no-new-privileges"));
    let lines: Vec<&str> = lines.skip(1).take_while(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[test]
fn what_an_older_profile_allows_stays() {
    let sandbox = Sandbox::new();
    sandbox.ok(&format!("generate -q {NGINX} -o nginx.json"));
    sandbox.ok(&format!("generate -q {REDIS} -o redis.json"));
    let ran = sandbox.run(&format!(
        "generate --width 200 {NGINX} --keep redis.json --reasons why.json -o both.json"
    ));
    expect![[r#"
        Kept from redis.json, not seen any more:
          fdatasync fsync getpeername madvise open pipe2 readlink rename
          sched_getaffinity setitimer umask"#]]
    .assert_eq(&head(&ran.stderr));
    let why: Value = serde_json::from_slice(&sandbox.read("why.json")).unwrap();
    let umask = &why["syscalls"]["umask"][0];
    assert_eq!(umask["kind"], "kept");
    assert_eq!(umask["text"], "kept from redis.json");
    // In whatever order, and however often, it is the same bytes and the same as their union.
    sandbox.ok(&format!(
        "generate -q {REDIS} --keep nginx.json -o other.json"
    ));
    assert_eq!(sandbox.read("both.json"), sandbox.read("other.json"));
    sandbox.ok(&format!(
        "generate -q {NGINX} --keep both.json -o again.json"
    ));
    assert_eq!(sandbox.read("both.json"), sandbox.read("again.json"));
    sandbox.ok("merge -q --profiles nginx.json redis.json -o union.json");
    sandbox.ok("diff union.json both.json --fail-on any");
}

#[test]
fn enough_complete_runs_drop_what_none_shows() {
    let sandbox = Sandbox::new();
    sandbox.ok(&format!("generate -q {NGINX} -o nginx.json"));
    sandbox.ok(&format!("generate -q {REDIS} -o redis.json"));
    let ran = sandbox.run(&format!(
        "generate --width 200 {NGINX} --keep redis.json --prune-after 1 -o p.json"
    ));
    expect![[r#"
        Dropped from redis.json, as no complete run shows it, of 1:
          fdatasync fsync getpeername madvise open pipe2 readlink rename
          sched_getaffinity setitimer umask"#]]
    .assert_eq(&head(&ran.stderr));
    assert_eq!(sandbox.read("p.json"), sandbox.read("nginx.json"));
    // The same run twice is one, and an incomplete one is no evidence.
    let ran = sandbox.run(&format!(
        "generate {NGINX} {NGINX} sample-traces/table/trace.strace --allow-incomplete \
         --keep redis.json --prune-after 2 -o p.json"
    ));
    let says = "Nothing is dropped: `--prune-after` asks for 2 complete runs, and there are 1.";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    sandbox.ok("diff redis.json p.json");
    let narrower = sandbox.run("check redis.json --at-most p.json");
    assert_eq!(narrower.code, Some(0), "{}", narrower.stdout);
    sandbox
        .run(&format!("generate {NGINX} --prune-after 2"))
        .assert_error(2, "--keep");
}

/// Argument rules of the older profile are kept as they are, and the base's stay in force.
#[test]
fn what_is_kept_is_exact_and_within_the_base() {
    let sandbox = Sandbox::new();
    let old = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [
        {"names": ["keyctl", "clone", "umask"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["flock"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 1, "value": 5, "op": "SCMP_CMP_EQ"}]}]}"#;
    sandbox.write("old.json", old);
    let ran = sandbox.run(&format!(
        "generate --width 200 {NGINX} --keep old.json -o p.json"
    ));
    let says = "keyctl: the older profile allows more of it than the base, which was not kept; \
                to allow it: --allow keyctl=REASON";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    sandbox.ok("check p.json --at-most docker-default");
    let profile: Value = serde_json::from_slice(&sandbox.read("p.json")).unwrap();
    assert_eq!(
        profile["architectures"],
        serde_json::json!(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])
    );
    let rules = profile["syscalls"].as_array().unwrap();
    let flock = rules
        .iter()
        .find(|rule| rule["names"][0] == "flock")
        .unwrap();
    assert_eq!(flock["args"][0]["value"], 5);
    sandbox.ok(&format!(
        "generate -q {NGINX} --keep old.json --allow keyctl=asked -o p.json"
    ));
    let ran = sandbox.run("explain keyctl p.json");
    assert!(ran.stdout.contains("allow"), "{}", ran.stdout);
}

#[test]
fn what_can_not_be_kept_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("log.json", r#"{"defaultAction": "SCMP_ACT_LOG"}"#);
    sandbox
        .run(&format!("generate --width 200 {NGINX} --keep log.json"))
        .assert_error(
            2,
            "nothing can be kept of log.json: it permits what it does not name",
        );
    sandbox.write(
        "both.json",
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]}"#,
    );
    sandbox
        .run(&format!("generate --width 200 {NGINX} --keep both.json"))
        .assert_error(
            2,
            "both.json lists aarch64, which no machine runs together with x86_64",
        );
    sandbox
        .run(&format!("generate --width 200 {NGINX} --keep {REDIS}"))
        .assert_error(2, "expected a profile");
}

#[test]
fn what_is_denied_is_refused_though_it_was_observed() {
    let sandbox = Sandbox::new();
    let ran = sandbox.args([
        "generate",
        NGINX,
        "--deny",
        "accept4=not \u{1b}[31mhere\u{202e}",
        "--deny",
        "ptrace=never",
        "-o",
        "p.json",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("accept4: 4 calls by /usr/sbin/nginx; denied: not"),
        "{}",
        ran.stderr
    );
    assert_harmless(&ran.stderr);
    let text = String::from_utf8(sandbox.read("p.json")).unwrap();
    assert!(!text.contains("\"accept4\""));
    for (deny, says) in [
        (
            "read=no",
            "`read` can't be denied: needed by runc+crun to start a container",
        ),
        (
            "exit_group=no",
            "`exit_group` can't be denied: every program ends with it",
        ),
        ("reed=no", "unknown system call `reed`"),
        ("read=", "the reason is empty"),
    ] {
        sandbox
            .run(&format!("generate {NGINX} --deny {deny}"))
            .assert_error(2, says);
    }
    sandbox
        .run(&format!(
            "generate {NGINX} --deny umask=no --also umask=yes"
        ))
        .assert_error(2, "`umask` is both allowed and denied");
}
