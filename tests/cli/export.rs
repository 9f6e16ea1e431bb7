use callsieve::bpf::{Endian, Program};

use crate::common::{require, require_program};
use crate::util::Sandbox;

const PROFILE: &str = r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]}"#;

#[test]
fn listing() {
    let sandbox = Sandbox::new();
    sandbox.write("profile", PROFILE);
    expect_test::expect![[r#"
        code 0
        --- stdout
           0: A = arch
           1: if A == 0xc000003e goto 2 else 19
           2: A = number
           3: if A >= 0x2a goto 14 else 4
           4: if A >= 0x2 goto 6 else 5
           5: return ALLOW
           6: if A >= 0x29 goto 8 else 7
           7: return ERRNO 1
           8: A = arg0.high
           9: if A == 0x0 goto 10 else 12
          10: A = arg0.low
          11: if A == 0x2 goto 13 else 12
          12: return ERRNO 1
          13: return ALLOW
          14: if A >= 0x40000000 goto 16 else 15
          15: return ERRNO 38
          16: if A >= 0xffffffff goto 18 else 17
          17: return KILL_THREAD
          18: return ERRNO 38
          19: return KILL_THREAD

        20 instructions, at most 11 of them for a call
        --- stderr
    "#]]
    .assert_eq(&sandbox.run("export profile -f text").whole());
}

#[test]
fn bytes() {
    let sandbox = Sandbox::new();
    sandbox.write("profile", PROFILE);
    sandbox.ok("export profile --target bpf -o profile.bpf");
    let bytes = sandbox.read("profile.bpf");
    let program = Program::from_bytes(&bytes, Endian::Little).unwrap();
    let listing = sandbox.ok("export profile -f text");
    assert!(listing.starts_with(&program.to_string()), "{listing}");
    // For a machine of another order of bytes.
    sandbox.write("any", PROFILE.replace("\"SCMP_ARCH_X86_64\"", ""));
    sandbox.ok("export any --arch s390x -o big.bpf --engine crun");
    let program = Program::from_bytes(&sandbox.read("big.bpf"), Endian::Big).unwrap();
    assert!(
        program.to_string().contains("if A == 0x80000016"),
        "{program}"
    );
}

/// bubblewrap loads the filter, and the program under it finds a call refused.
#[test]
fn bubblewrap_takes_it() {
    if !require_program("bwrap", "bubblewrap")
        || !require(
            "x86_64",
            cfg!(target_arch = "x86_64"),
            "the profile is for it",
        )
    {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write(
        "profile",
        r#"{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}"#,
    );
    sandbox.ok("export profile --engine crun -o profile.bpf");
    let script = "bwrap --bind / / --dev /dev --seccomp 9 mkdir made 9< profile.bpf";
    let output = sandbox.command("sh").args(["-c", script]).output().unwrap();
    let refused = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(refused.contains("Operation not supported"), "{refused}");
    assert!(!sandbox.path("made").exists());
}

#[test]
fn bad_input() {
    let sandbox = Sandbox::new();
    sandbox.write("empty", "");
    assert_eq!(sandbox.run("export empty").code, Some(2));
    assert_eq!(sandbox.run("export none").code, Some(2));
    sandbox.write("profile", PROFILE);
    assert_eq!(sandbox.run("export profile -o no/such/file").code, Some(2));
    assert_eq!(sandbox.run("export profile --target wasm").code, Some(2));
}
