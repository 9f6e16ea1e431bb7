//! What is drawn on a terminal while a command runs there, and what the command writes to it.

use crate::bench::{Bench, Way, source};
use crate::common::require_program;

/// What a terminal showed.
#[derive(Debug)]
struct Shown {
    /// How often the lines were drawn.
    drawn: u32,
    /// What was to be seen in the end, up to the summary.
    lines: Vec<String>,
}

/// Records a shell script on a terminal, on which a text is typed.
#[track_caller]
fn show(bench: &Bench, options: &[&str], types: &str, script: &str) -> Shown {
    let (terminal, callsieve) = (source("terminal/terminal.py"), bench.path("callsieve"));
    let mut words = vec!["/usr/bin/python3", terminal.to_str().unwrap(), types];
    words.extend([callsieve.to_str().unwrap(), "record", "-o", "out"]);
    words.extend(options);
    words.extend(["--", "sh", "-c", script]);
    let finished = bench.run(Way::Alone, None, &words).finished;
    assert!(finished.succeeded(), "{finished}");
    let mut lines = finished.stdout.lines().map(str::to_owned);
    let told = lines.next().unwrap();
    let drawn = told
        .strip_prefix("drawn ")
        .and_then(|it| it.strip_suffix(" times, status 0"));
    let drawn = drawn.unwrap_or_else(|| panic!("{finished}"));
    Shown {
        drawn: drawn.parse().unwrap(),
        lines: lines
            .take_while(|line| !line.starts_with("Recorded ") && !line.starts_with("Wrote "))
            .filter(|line| !line.is_empty())
            .collect(),
    }
}

/// A bench, and how to record on it.
fn backends() -> Option<(Bench, Vec<&'static str>)> {
    let bench = Bench::new()?;
    if !require_program("/usr/bin/python3", "python3") {
        return None;
    }
    let mut all = vec!["ptrace", "notify"];
    if bench.takes_programs() {
        all.push("ebpf");
    }
    Some((bench, all))
}

/// Whether a line is one of those that are drawn.
fn is_drawn(line: &str) -> bool {
    let parts = ["0 lost", "  last new  ", "  Ctrl-C goes to "];
    parts.iter().any(|part| line.contains(part))
}

/// Also the begin of a line, whose rest comes later, and what scrolls.
#[test]
fn what_the_command_writes_is_whole() {
    let Some((bench, backends)) = backends() else {
        return;
    };
    let script =
        "echo first; sleep 1.6; printf 'one '; sleep 0.2; echo line; /bin/echo other >&2; sleep 4
        seq 1 30; sleep 0.3; echo last";
    let mut written = vec![
        "first".to_owned(),
        "one line".to_owned(),
        "other".to_owned(),
    ];
    written.extend((1..=30).map(|number: u32| number.to_string()));
    written.push("last".to_owned());
    for backend in backends {
        let shown = show(&bench, &["--backend", backend], "", script);
        assert!(shown.drawn >= 4, "{backend}: {shown:?}");
        let (drawn, others): (Vec<String>, Vec<String>) =
            shown.lines.iter().cloned().partition(|line| is_drawn(line));
        assert_eq!(others, written, "{backend}: {shown:?}");
        // In the kernel it is not known in time that the command is going to write.
        let stays = if backend == "ebpf" { 2 * 3 } else { 0 };
        assert!(drawn.len() <= stays, "{backend}: {shown:?}");
    }
}

/// What stands at the begin of a line stays there while the lines are drawn below.
#[test]
fn a_line_that_was_begun_stays() {
    let Some((bench, backends)) = backends() else {
        return;
    };
    for backend in backends {
        let script = "printf 'Loading... '; sleep 2";
        let shown = show(&bench, &["--backend", backend], "", script);
        assert!(shown.drawn >= 2, "{backend}: {shown:?}");
        assert_eq!(shown.lines, ["Loading..."], "{backend}: {shown:?}");
    }
}

/// Only the terminal matters, whichever descriptor the command uses.
#[test]
fn what_goes_to_a_file_does_not_take_lines_away() {
    let Some((bench, backends)) = backends() else {
        return;
    };
    if backends.contains(&"ebpf") {
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.2; echo $i; done > numbers; cat < numbers > copy";
        let shown = show(&bench, &["--backend", "ebpf"], "", script);
        assert!(shown.drawn >= 4, "{shown:?}");
        assert_eq!(shown.lines, [""; 0], "{shown:?}");
    }
}

#[test]
fn nothing_is_drawn_where_it_would_be_in_the_way() {
    let Some((bench, backends)) = backends() else {
        return;
    };
    for backend in backends {
        let backend = ["--backend", backend];
        for silent in ["-q", "--no-progress"] {
            let options = [backend[0], backend[1], silent];
            let shown = show(&bench, &options, "", "sleep 1.6; echo written");
            assert_eq!(shown.drawn, 0, "{options:?}: {shown:?}");
            assert_eq!(shown.lines, ["written"], "{options:?}: {shown:?}");
        }
        // It waits for an answer, or works as editors do.
        let reads = "read answer; sleep 1.6; echo got $answer";
        let shown = show(&bench, &backend, "typed\n", reads);
        assert_eq!(shown.drawn, 0, "{backend:?}: {shown:?}");
        assert_eq!(shown.lines, ["typed", "got typed"], "{backend:?}");
        let edits = "stty -echo; sleep 1.6; stty echo; echo edited";
        let shown = show(&bench, &backend, "", edits);
        assert_eq!(shown.drawn, 0, "{backend:?}: {shown:?}");
        assert_eq!(shown.lines, ["edited"], "{backend:?}");
    }
}
