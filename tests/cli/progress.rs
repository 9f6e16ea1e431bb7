use crate::util::{PROGRAM, Ran, Sandbox, ran, skipped};

/// Runs the program with standard error on a terminal; gives what the terminal got.
fn on_terminal(sandbox: &Sandbox, line: &str) -> Option<Ran> {
    if !std::path::Path::new("/usr/bin/script").exists() {
        skipped(
            "script",
            "there is no /usr/bin/script (bsdutils) to have a terminal from",
        );
        return None;
    }
    let output = sandbox
        .command("script")
        .env("TERM", "xterm")
        .args([
            "-qec",
            &format!("'{PROGRAM}' {line} >/dev/null"),
            "/dev/null",
        ])
        .output()
        .unwrap();
    Some(ran(&output))
}

/// A log of more than 16 MiB.
fn large(sandbox: &Sandbox) {
    let log = sandbox.plain("sample-traces/initdb/trace.strace.zst");
    let mut large = Vec::new();
    while large.len() <= 17 << 20 {
        large.extend_from_slice(&log);
    }
    sandbox.write("large.strace", large);
}

#[test]
fn progress_of_a_long_import_on_a_terminal_only() {
    let sandbox = Sandbox::new();
    large(&sandbox);
    let piped = sandbox.run("list large.strace -q");
    assert_eq!(piped.stderr, "", "nothing where it is piped");
    assert_eq!(piped.code, Some(0));
    let Some(shown) = on_terminal(&sandbox, "list large.strace") else {
        return;
    };
    assert_eq!(shown.code, Some(0));
    for part in ["%", "MiB of", "/s", "lines", "kinds of calls"] {
        assert!(shown.stdout.contains(part), "{part}: {:?}", shown.stdout);
    }
    for silent in ["-q", "--no-progress"] {
        let line = format!("list large.strace {silent}");
        let shown = on_terminal(&sandbox, &line).unwrap();
        assert_eq!(shown.stdout, "", "{silent}");
    }
    let short = on_terminal(&sandbox, "list sample-traces/musl-follow/trace.strace").unwrap();
    assert_eq!(short.stdout, "", "nothing for a short one");
}
