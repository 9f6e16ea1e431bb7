//! Comments for pull requests.

use expect_test::expect_file;
use proptest::prelude::*;

use crate::evidence::{EVIL, profile, recording, sandbox};
use crate::rendered::{LIMIT, Rendered, render};
use crate::util::Sandbox;

/// The second line, which marks the comment.
fn marker(markdown: &str) -> &str {
    markdown.lines().nth(1).unwrap()
}

fn row<'r>(rendered: &'r Rendered, table: usize, call: &str) -> &'r [String] {
    let rows = &rendered.tables[table];
    rows.iter()
        .find(|row| row[1] == call)
        .unwrap_or_else(|| panic!("{rows:?}"))
}

#[test]
fn of_a_difference() {
    let (sandbox, _) = sandbox();
    let markdown = sandbox.ok("diff old.json new.json --seen-in rec.json -f markdown");
    expect_file!["snapshots/diff.md"].assert_eq(&markdown);
    assert_eq!(marker(&markdown), "<!-- callsieve:diff:new.json -->");
    let Some(rendered) = render(&markdown) else {
        return;
    };
    let headline =
        "Seccomp profile new.json: 3 system calls wider, 2 of them outside Docker's default";
    assert!(
        rendered.text.trim_start().starts_with(headline),
        "{}",
        rendered.text
    );
    // What is wider, the worst first, and what is gone though it was recorded.
    let calls: Vec<&str> = rendered.tables[0]
        .iter()
        .map(|row| row[1].as_str())
        .collect();
    assert_eq!(calls, ["wider", "mount", "keyctl", "ptrace"]);
    assert!(row(&rendered, 0, "keyctl")[3].contains("3 calls"));
    assert_eq!(row(&rendered, 0, "ptrace")[3], "no recording has it");
    assert_eq!(row(&rendered, 0, "mount")[5], "OUTSIDE Docker's default");
    assert_eq!(rendered.tables[1].len(), 3);
    assert!(
        rendered
            .html
            .contains("<details><summary>3 wider (2 outside")
    );
}

#[test]
fn hostile_names_are_dead() {
    let (sandbox, evil) = sandbox();
    for args in [
        vec!["diff", "old.json", &evil, "--seen-in", "rec.json"],
        vec!["diff", "rec.json", &evil],
        vec!["diff", &evil, "rec.json"],
        vec!["diff", &evil, "old.json", "--seen-in", "rec.json"],
        vec!["diff", &evil, &evil],
        vec!["check", &evil, "rec.json", "--at-most", "old.json"],
        vec!["check", &evil, "--at-most", &evil],
        vec!["lint", &evil, "old.json"],
        vec!["explain", "keyctl", &evil, "rec.json"],
    ] {
        let mut all = args.clone();
        all.extend(["-f", "markdown"]);
        let ran = sandbox.args(&all);
        assert!(matches!(ran.code, Some(0 | 1)), "{args:?}: {}", ran.stderr);
        if args[0] == "explain" {
            continue;
        }
        let first = ran.stdout.lines().next().unwrap();
        assert!(first.contains("eccomp profile"), "{first}");
        assert!(marker(&ran.stdout).starts_with(&format!("<!-- callsieve:{}:", args[0])));
        let Some(rendered) = render(&ran.stdout) else {
            return;
        };
        assert!(rendered.text.contains("eccomp profile"));
    }
}

#[test]
fn a_hostile_profile_is_dead() {
    let (sandbox, _) = sandbox();
    let word = serde_json::to_string(EVIL).unwrap();
    sandbox.write(
        "bad.json",
        format!(
            r#"{{"defaultAction": "SCMP_ACT_ERRNO", {word}: 1, "architectures": [{word}],
            "flags": [{word}], "syscalls": [{{"names": ["read", {word}], "action": {word}, "comment": {word}}}]}}"#
        ),
    );
    let ran = sandbox.run("lint bad.json -f markdown --fail-on never --arch x86_64");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(rendered) = render(&ran.stdout) else {
        return;
    };
    assert!(rendered.tables[0].len() > 4, "{}", rendered.html);
}

#[test]
fn too_much_is_cut_at_a_row_and_counted() {
    let sandbox = Sandbox::new();
    let long = format!("/{}", "x|<@`".repeat(60));
    let names: Vec<&str> = callsieve::syscalls::table(callsieve::arch::Arch::X86_64)
        .iter()
        .map(|(name, _)| name)
        .collect();
    sandbox.write("old.json", profile(&["read"]));
    sandbox.write("new.json", profile(&names));
    sandbox.write("rec.json", recording([&long, &long, &long], &names));
    let markdown = sandbox.ok("diff old.json new.json --seen-in rec.json -f markdown");
    assert!(markdown.len() > LIMIT / 2 && markdown.len() <= LIMIT);
    assert!(markdown.contains("calls that found no room here"));
    let Some(rendered) = render(&markdown) else {
        return;
    };
    let rows = rendered.tables[0].len() - 1;
    assert!(rows > 10 && rows < names.len());
    let more = format!("…and {} calls", names.len() - 1 - rows);
    assert!(rendered.text.contains(&more), "{more}");
}

#[test]
fn nothing_where_nothing_changed() {
    let (sandbox, _) = sandbox();
    sandbox.write(
        "clean.json",
        sandbox.ok("generate -q sample-traces/nginx/trace.strace.gz"),
    );
    for (line, says) in [
        (
            "diff old.json old.json",
            "Seccomp profile `old.json`: unchanged (4 system calls)\n",
        ),
        (
            "diff old.json old.json --seen-in rec.json",
            "Seccomp profile `old.json`: unchanged (4 system calls, 1 recording)\n",
        ),
        (
            "check old.json --at-most docker-default --at-most old.json",
            "Seccomp profile `old.json` permits at most ",
        ),
        (
            "lint clean.json --no-new-privileges --rule CS041=off --rule CS030=off --rule CS042=off --rule CS032=off",
            "Seccomp profile `clean.json`: no findings\n",
        ),
    ] {
        let said = sandbox.ok(&format!("{line} -f markdown"));
        assert!(said.starts_with(says), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
        for format in ["markdown", "text", "github"] {
            let said = sandbox.ok(&format!("{line} -f {format} --skip-no-diff"));
            assert_eq!(said, "", "{line} {format}");
        }
        for format in ["json", "sarif"] {
            let said = sandbox.ok(&format!("{line} -f {format} --skip-no-diff"));
            assert!(said.starts_with('{'), "{line} {format}");
        }
    }
    let said = sandbox.ok("diff old.json new.json -f markdown --skip-no-diff");
    assert!(said.starts_with("### "), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_a_name_is(program in "[ -~\u{a0}-\u{2100}\r\n\t]{1,60}", process in "\\PC{0,30}", file in "[a-z|<>`@.:/#*_\\[\\]()!&-]{1,30}") {
        let sandbox = Sandbox::new();
        sandbox.write("old.json", profile(&["read"]));
        sandbox.write("new.json", profile(&["read", "keyctl"]));
        sandbox.write("rec.json", recording([&program, &process, &file], &["keyctl", "read"]));
        let markdown = sandbox.ok("diff old.json new.json --seen-in rec.json -f markdown");
        if let Some(rendered) = render(&markdown) {
            prop_assert_eq!(rendered.tables.len(), 1);
            prop_assert_eq!(rendered.tables[0].len(), 2);
            prop_assert_eq!(&rendered.tables[0][1][1], "keyctl");
        }
    }
}
