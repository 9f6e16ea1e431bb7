//! Workflow commands of GitHub Actions.

use expect_test::expect;

use crate::evidence::{profile, sandbox};
use crate::util::Sandbox;

/// What a runner makes of a line: `ActionCommand.cs` of actions/runner.
fn command(line: &str) -> Option<(String, String)> {
    assert!(!line.contains("##["), "{line}");
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, data) = rest.split_once("::").expect("a command has its data");
    let name = head.split(' ').next().unwrap();
    Some((name.to_owned(), data.to_owned()))
}

#[test]
fn of_a_difference() {
    let (sandbox, _) = sandbox();
    sandbox.write(
        "rec.json",
        crate::evidence::recording(["/bin/a", "b", "c"], &["keyctl"]),
    );
    expect![[r#"
        ::error file=new.json,line=10,title=mount is wider::mount gets farther on x86_64: EPERM -> allow. OUTSIDE Docker's default. risk 4 host: rearranges file systems, given CAP_SYS_ADMIN. no recording has it
        ::error file=new.json,line=7,title=keyctl is wider::keyctl gets farther on x86_64: EPERM -> allow. OUTSIDE Docker's default. risk 3 sensitive: keyrings are not in namespaces; used after free more than once. by /bin/a (b, started by b), 3 calls, first at c line 7
        ::warning file=new.json,line=9,title=ptrace is wider::ptrace gets farther on x86_64: EPERM -> allow. inside Docker's default. risk 3 sensitive: takes over processes of the same user; got round filters before Linux 4.8. no recording has it
        ::notice title=callsieve::new.json: 3 system calls wider, 2 of them outside Docker's default
    "#]].assert_eq(&sandbox.ok("diff old.json new.json --seen-in rec.json -f github"));
    expect![[r#"
        ::error file=new.json,line=10,title=mount is wider::mount gets farther on x86_64: EPERM -> allow. risk 4 host: rearranges file systems, given CAP_SYS_ADMIN
        ::error file=new.json,line=7,title=keyctl is wider::keyctl gets farther on x86_64: EPERM -> allow. risk 3 sensitive: keyrings are not in namespaces; used after free more than once
        ::error file=new.json,line=9,title=ptrace is wider::ptrace gets farther on x86_64: EPERM -> allow. risk 3 sensitive: takes over processes of the same user; got round filters before Linux 4.8
        ::notice title=callsieve::1 of 2 seccomp profiles permit more than old.json
    "#]].assert_eq(
        &sandbox
            .run("check old.json new.json --at-most old.json -f github")
            .stdout,
    );
}

#[test]
fn no_name_is_a_command() {
    let (sandbox, evil) = sandbox();
    for args in [
        vec!["diff", "old.json", &evil, "--seen-in", "rec.json"],
        vec!["diff", "old.json", "rec.json"],
        vec!["check", &evil, "rec.json", "--at-most", "old.json"],
        vec!["lint", &evil, "old.json"],
    ] {
        let mut all = args.clone();
        all.extend(["-f", "github"]);
        let ran = sandbox.args(&all);
        let lines: Vec<_> = ran.stdout.lines().map(command).collect();
        assert!(lines.len() > 1, "{args:?}");
        let known = ["error", "warning", "notice", "group", "endgroup"];
        for (name, _) in lines.iter().flatten() {
            assert!(known.contains(&name.as_str()), "{}", ran.stdout);
        }
        // In text, too, which runs in pipelines as well.
        all.pop();
        all.push("text");
        for line in sandbox.args(&all).stdout.lines() {
            assert!(command(line).is_none(), "{line}");
        }
    }
}

#[test]
fn ten_are_shown_the_worst_first_and_all_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("old.json", profile(&["read"]));
    let names = [
        "read", "write", "openat", "close", "futex", "mmap", "brk", "poll", "lseek", "stat",
        "fstat", "accept", "keyctl",
    ];
    sandbox.write("new.json", profile(&names));
    let said = sandbox.ok("diff old.json new.json -f github");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("::error file=new.json,line=18,title=keyctl is wider::"));
    let warnings = lines
        .iter()
        .filter(|it| it.starts_with("::warning "))
        .count();
    assert_eq!(warnings, 9);
    assert_eq!(lines[10], "::group::2 more findings");
    assert!(lines[11].starts_with("warning: new.json:"));
    assert_eq!(lines[13], "::endgroup::");
    assert_eq!(
        lines[14],
        "::notice title=callsieve::new.json: 12 system calls wider, 1 of them outside Docker's default"
    );
    assert_eq!(lines.len(), 15);
}
