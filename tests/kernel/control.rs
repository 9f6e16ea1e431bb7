//! What the recorder does when something is wrong, and when somebody signals it.
//!
//! Each test is a shell script in a namespace of its own, with the recorder as `$record`, and
//! what the script prints.

use crate::bench::{Bench, Way};
use crate::common::require;
use crate::guest::records;

/// Runs a script as a user and compares what it prints.
#[track_caller]
fn check(user: Option<&str>, script: &str, prints: &str) {
    let Some(bench) = Bench::new() else { return };
    if !require("record", records(), "callsieve has no `record`") {
        return;
    }
    let callsieve = bench.path("callsieve");
    let head = format!(
        "record='{} record'; callsieve={}\n",
        callsieve.display(),
        callsieve.display()
    );
    let seen = bench.run(Way::Alone, user, &["sh", "-c", &(head + script)]);
    assert!(
        seen.finished.stdout == prints && seen.finished.succeeded(),
        "expected\n{prints}\ngot {}",
        seen.finished
    );
}

const NOBODY: Option<&str> = Some("65534");

/// As `env`, `timeout` and `docker run` end, and with one line that names the culprit.
#[test]
fn a_command_that_does_not_start() {
    check(
        NOBODY,
        r#"
        : > plain
        for command in ./nothing nothing-in-path ./plain ./; do
            $record -o out -- $command 2> errors
            echo "$? $(wc -l < errors) $(grep -c -F -- "${command#./}" errors)"
        done
        "#,
        "127 1 1\n127 1 1\n126 1 1\n126 1 1\n",
    );
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_the_start() {
    check(
        NOBODY,
        r#"
        mkdir folder closed
        chmod 555 closed
        for out in folder closed/out nowhere/out /proc/out; do
            $record -o $out -- touch started 2> errors
            [ $? -ne 0 ] && [ -s errors ] && [ ! -e started ] && echo refused
        done
        "#,
        "refused\nrefused\nrefused\nrefused\n",
    );
}

#[test]
fn standard_streams_are_the_programs() {
    check(
        NOBODY,
        r#"
        echo input | $record -o out -- sh -c 'tr a-z A-Z; echo error >&2' 2> errors
        grep -c '^error$' errors
        $record -o out -- sh -c 'ls -l /proc/self/fd | grep -c -- "->"' < /dev/null 2> /dev/null
        ls -l /proc/self/fd < /dev/null 2> /dev/null | grep -c -- '->'
        "#,
        "INPUT\n1\n4\n4\n",
    );
}

/// As `docker stop` does it: the program decides what happens, and the recording is written.
#[test]
fn a_signal_for_the_recorder_goes_to_the_program() {
    check(
        NOBODY,
        r#"
        for signal in TERM INT HUP QUIT USR1; do
            rm -f ready out
            env --default-signal $record -o out -- sh -c "trap 'echo heard $signal; exit 9' $signal; : > ready
                while :; do sleep 0.05; done" &
            recorder=$!
            while [ ! -e ready ]; do sleep 0.05; done
            kill -$signal $recorder
            wait $recorder
            echo "$? $($callsieve list out > /dev/null && echo readable)"
        done
        "#,
        "heard TERM\n9 readable\nheard INT\n9 readable\nheard HUP\n9 readable\nheard QUIT\n9 readable\n\
         heard USR1\n9 readable\n",
    );
}

/// On a terminal the program gets Ctrl-C from the kernel, and not once more from the recorder.
#[test]
fn the_terminal_signals_the_program_once() {
    check(
        NOBODY,
        r#"
        cat > program << 'END'
        trap 'echo heard >> log' INT
        : > ready
        for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done
        exit 7
END
        mkfifo keys
        exec 3<> keys
        env --default-signal script --quiet --return --command "exec $record -o out -- sh program" typescript <&3 > /dev/null &
        session=$!
        while [ ! -e ready ]; do sleep 0.05; done
        printf '\003' >&3
        wait $session
        echo "$? $(wc -l < log)"
        "#,
        "7 1\n",
    );
}

/// Nothing that is left over keeps it, and what is left over is recorded to its end.
#[test]
fn as_the_first_process_of_a_container() {
    check(
        None,
        r#"
        cat > program << 'END'
        (sleep 0.3; echo late; exec getconf LONG_BIT) &
        (: & exec sleep 0.1) &
        echo early
        exit 5
END
        unshare --pid --fork --kill-child --mount-proc -- $record -o out -- sh program
        echo "$?"
        grep -q getconf out && echo recorded
        "#,
        "early\nlate\n64\n5\nrecorded\n",
    );
}

#[test]
fn somebody_else_traces_already() {
    check(
        NOBODY,
        r#"
        strace -f -o /dev/null -- $record -o out -- echo started 2> errors
        echo "$?"
        grep -c '^error: ' errors
        "#,
        "4\n1\n",
    );
}
