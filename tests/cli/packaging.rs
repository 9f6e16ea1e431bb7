//! What packages have beside the program: manual pages and completions.

use std::path::{Path, PathBuf};

use crate::common::require_program;
use crate::util::{Sandbox, ran};

fn pages(sandbox: &Sandbox) -> Vec<PathBuf> {
    assert_eq!(sandbox.ok("man pages"), "");
    let folder = std::fs::read_dir(sandbox.path("pages")).unwrap();
    let mut pages: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    pages
}

#[test]
fn every_command_has_a_manual_page() {
    let sandbox = Sandbox::new();
    let mut names: Vec<String> = pages(&sandbox)
        .iter()
        .map(|page| page.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let reference = sandbox.ok("man --reference");
    let mut expected: Vec<String> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("## callsieve "))
        .map(|command| format!("callsieve-{}", command.replace(' ', "-")))
        .chain(["callsieve".to_owned()])
        .collect();
    expected.sort();
    assert_eq!(names, expected);
    assert!(names.len() > 15);
}

#[test]
fn manual_pages_have_no_mistakes() {
    if !require_program("groff", "groff-base") {
        return;
    }
    let sandbox = Sandbox::new();
    for page in pages(&sandbox) {
        let mut groff = sandbox.command("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-rLL=80n"]).arg(&page);
        let ran = ran(&groff.output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{page:?}");
        assert!(ran.stdout.lines().count() > 10, "{page:?}");
        let source = std::fs::read_to_string(&page).unwrap();
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            let head = format!(".SH {section}\n");
            let quoted = format!(".SH \"{section}\"\n");
            assert!(
                source.contains(&head) || source.contains(&quoted),
                "{page:?}: {section}"
            );
        }
        let examples = source.contains(".SH EXAMPLES");
        let parent = source.contains(".SH SUBCOMMANDS");
        assert!(examples || parent, "{page:?} has no examples");
    }
}

#[test]
fn a_folder_that_is_none() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    sandbox
        .run("man file")
        .assert_error(2, "can't write to `file`");
    sandbox
        .run("man /proc/none")
        .assert_error(2, "can't write to `/proc/none`");
    sandbox
        .run("completions tcsh")
        .assert_error(2, "invalid value 'tcsh'");
}

#[test]
fn bash_completes() {
    let sandbox = Sandbox::new();
    let complete = |words: &str| {
        let script = format!(
            "set -u; source <(\"$CALLSIEVE\" completions bash); COMP_WORDS=({words} ''); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _callsieve callsieve '' \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let ran = sandbox.shell(&script);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{script}");
        ran.stdout
    };
    let commands = complete("callsieve");
    for command in ["record", "generate", "doctor", "diff"] {
        assert!(
            commands.split_whitespace().any(|it| it == command),
            "{commands}"
        );
    }
    assert_eq!(
        complete("callsieve record --backend"),
        "auto ptrace notify ebpf\n"
    );
    assert!(complete("callsieve floor").contains("measure"));
}

#[test]
fn fish_completes() {
    if !require_program("fish", "fish") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("callsieve.fish", sandbox.ok("completions fish"));
    let complete = |line: &str| {
        let script = format!("source callsieve.fish; complete -C '{line}'");
        let mut fish = sandbox.command("fish");
        fish.args(["--no-config", "-c", &script]);
        fish.env("HOME", sandbox.root());
        let ran = ran(&fish.output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}");
        ran.stdout
    };
    assert!(complete("callsieve rec").starts_with("record\t"));
    let backends = complete("callsieve record --backend ");
    for backend in ["auto", "ptrace", "notify", "ebpf"] {
        assert!(backends.contains(backend), "{backends}");
    }
}

#[test]
fn zsh_loads() {
    if !require_program("zsh", "zsh") {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("_callsieve", sandbox.ok("completions zsh"));
    let script = "autoload -U compinit && compinit -u -D && autoload -Uz +X _callsieve && \
                  whence -w _callsieve && print ${_comps[callsieve]}";
    let mut zsh = sandbox.command("zsh");
    zsh.args(["-f", "-c", &format!("fpath=($PWD $fpath); {script}")]);
    let ran = ran(&zsh.output().unwrap());
    assert_eq!(ran.stdout, "_callsieve: function\n_callsieve\n", "{ran:?}");
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_release_has_them() {
    let script = std::fs::read_to_string(Path::new("script/release")).unwrap();
    for shell in ["bash", "fish", "zsh"] {
        assert!(script.contains(&format!("completions {shell}")), "{shell}");
    }
    assert!(script.contains(" man "));
}
