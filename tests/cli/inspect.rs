use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use expect_test::expect;
use serde_json::Value;

use crate::common::{find_program, require};
use crate::util::{Sandbox, ran};

/// A process with filters, which ends when this is dropped.
struct Sleeper(Child);

impl Sleeper {
    /// Starts one with these filters; `None` where there is no compiler.
    fn start(sandbox: &Sandbox, filters: &[&str]) -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/sleeper.c");
        let built = find_program("cc").is_some_and(|_| {
            let mut cc = sandbox.command("cc");
            cc.args(["-O1", "-o", "sleeper"]).arg(source);
            cc.status().unwrap().success()
        });
        if !require("cc", built, "tests/cli/sleeper.c does not compile") {
            return None;
        }
        let mut child = sandbox
            .command("./sleeper")
            .current_dir(sandbox.root())
            .args(filters)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Some(Self(child))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success(), "it was not disturbed");
    }
}

fn profile(more: &str) -> String {
    format!(
        r#"{{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
 "syscalls": [{{"names": ["acct", "keyctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}},
  {{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97, "args": [{{"index": 0, "value": 40, "op": "SCMP_CMP_EQ"}}]}}{more}]}}"#
    )
}

/// Whether this account may look at filters.
fn may() -> bool {
    let root = nix_like_root();
    require("root", root, "filters are shown to root alone")
}

fn nix_like_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| {
            line.strip_prefix("CapEff:").is_some_and(|mask| {
                let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
                mask & (1 << 21) != 0
            })
        })
}

#[test]
fn what_is_installed() {
    if !may() {
        return;
    }
    let sandbox = Sandbox::new();
    let second = r#", {"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}"#;
    sandbox.write("one", profile(""));
    sandbox.write("two", profile(second));
    for name in ["one", "two"] {
        sandbox.ok(&format!("export {name} -o {name}.bpf --engine crun"));
    }
    let Some(sleeper) = Sleeper::start(&sandbox, &["one.bpf"]) else {
        return;
    };
    let pid = sleeper.pid();
    let same = sandbox.run(&format!("inspect --pid {pid} --diff one --engine crun"));
    assert_eq!(same.code, Some(0), "{}", same.whole());
    let other = sandbox.run(&format!("inspect --pid {pid} --diff two --engine crun -v"));
    assert_eq!(other.code, Some(1), "{}", other.whole());
    assert!(other.stdout.contains("ptrace"), "{}", other.whole());
    // Read back as a profile it is the same again.
    let back = sandbox.run(&format!("inspect --pid {pid} -o back.json"));
    assert_eq!((back.code, back.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        sandbox
            .run("diff one back.json --engine crun --fail-on any")
            .code,
        Some(0)
    );
    let json: Value =
        serde_json::from_str(&sandbox.ok(&format!("inspect --pid {pid} -f json"))).unwrap();
    assert_eq!(json["name"], "sleeper");
    let answers = &json["architectures"]["x86_64"];
    assert_eq!(answers["EPERM"], serde_json::json!(["acct", "keyctl"]));
    let socket = answers
        .as_object()
        .unwrap()
        .iter()
        .find(|(_, names)| names[0] == "socket");
    assert!(socket.unwrap().0.contains("0x28"), "{answers}");
}

/// Several filters count together.
#[test]
fn stacked_filters() {
    if !may() {
        return;
    }
    let sandbox = Sandbox::new();
    let second = r#", {"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}"#;
    sandbox.write("one", profile(""));
    sandbox.write("two", profile(second));
    for name in ["one", "two"] {
        sandbox.ok(&format!("export {name} -o {name}.bpf --engine crun"));
    }
    let Some(sleeper) = Sleeper::start(&sandbox, &["one.bpf", "two.bpf"]) else {
        return;
    };
    let pid = sleeper.pid();
    let both = sandbox.run(&format!("inspect --pid {pid} --diff two --engine crun"));
    assert_eq!(both.code, Some(0), "{}", both.whole());
    let text = sandbox.ok(&format!("inspect --pid {pid}"));
    let head: Vec<&str> = text.lines().take(11).collect();
    let head = head.join("\n").replace(&pid.to_string(), "PID");
    expect![[r#"
        Process PID (sleeper): 2 filters of 110 instructions, at most 24 for a call

        x86_64
          EAFNOSUPPORT if arg0 == 0x28, else allow: 1
              socket
          ENOSYS: 1
              ptrace
          EPERM: 2
              acct keyctl
          allow: 382
              _sysctl accept accept4 access add_key adjtimex afs_syscall alarm"#]]
    .assert_eq(&head);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn what_can_t_be_shown() {
    let sandbox = Sandbox::new();
    let ran_ = sandbox.run("inspect --pid 999999999");
    assert_eq!(ran_.code, Some(2));
    assert_eq!(ran_.stderr, "error: there is no process 999999999\n");
    for line in [
        "inspect",
        "inspect --pid 0",
        "inspect --pid 1 --container x",
        "inspect --container -x",
    ] {
        assert_eq!(sandbox.run(line).code, Some(2), "{line}");
    }
    if !may() {
        return;
    }
    let Some(sleeper) = Sleeper::start(&sandbox, &[]) else {
        return;
    };
    let pid = sleeper.pid();
    let none = sandbox.run(&format!("inspect --pid {pid}"));
    assert_eq!(
        (none.code, none.stderr),
        (
            Some(2),
            format!("error: process {pid} has no seccomp filter\n")
        )
    );
    // Another account may not look.
    sandbox.copy_program();
    let program = sandbox.path("callsieve");
    std::os::unix::fs::chown(sandbox.root(), Some(65534), None).unwrap();
    let output = sandbox
        .command(program.to_str().unwrap())
        .args(["inspect", "--pid", &pid.to_string()])
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let refused = ran(&output);
    assert_eq!(refused.code, Some(4), "{}", refused.whole());
    assert!(
        refused.stderr.contains("hint: run it as root"),
        "{}",
        refused.stderr
    );
}
