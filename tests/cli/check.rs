use expect_test::expect;
use serde_json::Value;

use crate::util::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let profile = |names: &str, more: &str| {
        format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{{"names": [{names}], "action": "SCMP_ACT_ALLOW"}}{more}]}}"#
        )
    };
    let socket = |family: u64| {
        format!(
            r#", {{"names": ["socket"], "action": "SCMP_ACT_ALLOW",
     "args": [{{"index": 0, "value": {family}, "op": "SCMP_CMP_EQ"}}]}}"#
        )
    };
    for (name, text) in [
        ("small", profile(r#""read", "close""#, &socket(2))),
        ("other-socket", profile(r#""read", "close""#, &socket(10))),
        ("socket", profile(r#""read", "close", "socket""#, "")),
        ("keyctl", profile(r#""read", "keyctl""#, "")),
        ("read", profile(r#""read""#, "")),
        (
            "contradiction",
            profile(
                r#""read""#,
                &(socket(2) + &socket(2).replace("SCMP_ACT_ALLOW", "SCMP_ACT_LOG")),
            ),
        ),
    ] {
        sandbox.write(name, text);
    }
    sandbox
}

#[test]
fn at_most() {
    let sandbox = sandbox();
    expect![[r#"
        code 0
        --- stdout
        ok  small permits at most socket: narrower (x86_64, default capabilities)
        ok  socket permits at most socket: equal (x86_64, default capabilities)
        --- stderr
    "#]]
    .assert_eq(&sandbox.run("check small socket --at-most socket").whole());
}

#[test]
fn more_is_shown_by_example() {
    let sandbox = sandbox();
    expect![[r#"
        code 1
        --- stdout
        no  socket permits more than small: wider (x86_64, default capabilities)
              socket                 x86_64           allow if arg0 == 0x2, else EPERM
                -> allow; as (0x0): EPERM -> allow
                  risk 2 watch: each family is kernel code of its own: filter its first
                    argument
                  default action: EPERM -> rule 1: allow
        1 wider, 0 narrower by argument, 0 removed, 2 unchanged.
        --- stderr
    "#]]
    .assert_eq(&sandbox.run("check socket --at-most small").whole());
    let ran = sandbox.run("check small --at-most other-socket -f json");
    assert_eq!(ran.code, Some(1));
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["passed"], false);
    let difference = &json["checks"][0]["difference"];
    assert_eq!(difference["relation"], "incomparable");
    assert_eq!(difference["wider"][0]["example"]["args"][0], "0x2");
    assert_eq!(
        difference["wider"][0]["new_by"][0],
        "rule 2: allow if arg0 == 0x2"
    );
    assert_eq!(difference["narrower"][0]["example"]["args"][0], "0xa");
}

/// Of several filters the strictest answer counts.
#[test]
fn several() {
    let sandbox = sandbox();
    let code = |line: &str| sandbox.run(line).code;
    assert_eq!(code("check keyctl --at-most keyctl"), Some(0));
    assert_eq!(
        code("check keyctl --at-most keyctl --at-most docker-default"),
        Some(1)
    );
    assert_eq!(
        code("check read --at-most keyctl --at-most docker-default"),
        Some(0)
    );
    assert_eq!(code("check keyctl socket --at-most read"), Some(1));
    assert_eq!(
        code("check keyctl socket --at-most read --stacked"),
        Some(0)
    );
}

#[test]
fn defaults_of_docker() {
    let sandbox = sandbox();
    let ran = sandbox.run("check docker-default@29.7.2 --at-most docker-default@29.4.3");
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let ran = sandbox.run("check docker-default@29.7.2 --at-most docker-default@20.10.0");
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
}

/// What can't be decided does not pass.
#[test]
fn no_answer_is_no_pass() {
    let sandbox = sandbox();
    expect![[r#"
        code 2
        --- stdout
        --- stderr
        error: `socket` on x86_64: two rules contradict each other: libseccomp refuses them and no container starts
        hint: this is no judgement: the profiles were not compared
    "#]]
    .assert_eq(&sandbox.run("check contradiction --at-most socket").whole());
    assert_eq!(sandbox.run("check none --at-most socket").code, Some(2));
    assert_eq!(sandbox.run("check - --at-most -").code, Some(2));
    assert_eq!(sandbox.run("check small").code, Some(2));
    let ran = sandbox.run("check small --at-most small --engine lxc");
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("`lxc` is none of docker, docker-20.10"),
        "{}",
        ran.stderr
    );
}

/// The engine decides: containerd does not know Docker's conditions, and old ones lack names.
#[test]
fn engines_differ() {
    let sandbox = sandbox();
    sandbox.write(
        "conditional",
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "mseal"], "action": "SCMP_ACT_ALLOW"},
   {"names": ["keyctl"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}"#,
    );
    let wider = |options: &str| {
        let ran = sandbox.run(&format!(
            "check conditional --at-most read -f json {options}"
        ));
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        let wider = json["checks"][0]["difference"]["wider"]
            .as_array()
            .unwrap()
            .clone();
        let names = wider
            .iter()
            .map(|row| row["syscall"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(wider("--engine docker"), "mseal");
    assert_eq!(wider("--engine docker --cap-add SYS_ADMIN"), "keyctl mseal");
    assert_eq!(wider("--engine containerd"), "keyctl mseal");
    assert_eq!(wider("--engine podman"), "mseal");
    assert_eq!(wider("--engine docker-20.10"), "");
    assert_eq!(wider("--engine docker --libseccomp 2.5.5"), "");
}

/// A recording is what was seen: a fork is no new namespace, and what was not seen may be anything.
#[test]
fn recordings_permit_the_values_that_they_have() {
    let sandbox = sandbox();
    let trace = |calls: &str| {
        format!(
            "10 execve(\"/usr/bin/app\", [\"app\"], 0x7ffd /* 1 var */) = 0\n{calls}\
             10 exit_group(0) = ?\n10 +++ exited with 0 +++\n"
        )
    };
    let clone = |flags: &str| format!("10 clone(child_stack=NULL, flags={flags}) = 11\n");
    let fork = clone("CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
    sandbox.write("fork", trace(&fork));
    sandbox.write(
        "both",
        trace(&(fork.clone() + &clone("CLONE_NEWUSER|SIGCHLD"))),
    );
    sandbox.write(
        "cut",
        trace(&(fork + "10 clone(child_stack=NULL <unfinished ...>\n")),
    );
    sandbox.write("unix", trace("10 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n"));
    sandbox.write("alg", trace("10 socket(AF_ALG, SOCK_SEQPACKET, 0) = 3\n"));
    for (name, code) in [
        ("fork", 0),
        ("both", 1),
        ("cut", 1),
        ("unix", 0),
        ("alg", 1),
    ] {
        let ran = sandbox.run(&format!(
            "check {name} --at-most docker-default --arch x86_64"
        ));
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.whole());
    }
    let text = sandbox.ok("diff fork unix --arch x86_64");
    assert!(text.contains("+ 1 wider"), "{text}");
}
