use expect_test::expect_file;

use crate::util::{PROGRAM, Sandbox, ran};

fn help(columns: &str) -> String {
    let sandbox = Sandbox::new();
    let mut all = String::new();
    for command in [
        "",
        "record",
        "verify",
        "docker",
        "podman",
        "import",
        "merge",
        "list",
        "generate",
        "diff",
        "check",
        "explain",
        "lint",
        "export",
        "inspect",
        "floor",
        "floor list",
        "floor measure",
        "ci",
        "doctor",
        "completions",
        "man",
    ] {
        let output = sandbox
            .command(PROGRAM)
            .env("COLUMNS", columns)
            .args(command.split_whitespace().chain(["--help"]))
            .output()
            .unwrap();
        let ran = ran(&output);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(columns.parse().unwrap()), "{}", ran.stdout);
        all.push_str(&["$ callsieve ", command, " --help\n"].concat());
        all.push_str(&ran.stdout);
        all.push('\n');
    }
    all
}

#[test]
fn help_at_100_columns() {
    expect_file!["snapshots/help-100.txt"].assert_eq(&help("100"));
}

#[test]
fn help_at_80_columns() {
    expect_file!["snapshots/help-80.txt"].assert_eq(&help("80"));
}

#[test]
fn reference() {
    let reference = Sandbox::new().ok("man --reference");
    assert!(!reference.contains('\x1b'));
    expect_file!["../../docs/cli-reference.md"].assert_eq(&reference);
}

#[test]
fn version() {
    let version = format!("callsieve {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Sandbox::new().ok("--version"), version);
}

#[test]
fn without_a_command_the_help_is_an_error() {
    let ran = Sandbox::new().run("");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: callsieve"), "{}", ran.stderr);
}
