//! What the recorder does when something is wrong, and when somebody signals it.
//!
//! Each test is a shell script in a namespace of its own, with the recorder as `$record`, and
//! what the script prints.

use crate::bench::{Bench, Way};

/// Runs a script as a user and compares what it prints.
#[track_caller]
fn check(user: Option<&str>, script: &str, prints: &str) {
    let Some(bench) = Bench::new() else { return };
    check_in(&bench, user, script, prints);
}

/// The same on a bench that is there.
#[track_caller]
pub(crate) fn check_in(bench: &Bench, user: Option<&str>, script: &str, prints: &str) {
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

/// The same for a user without rights, who gets a tracer, and for root, who gets programs in the
/// kernel where it takes them.
#[track_caller]
fn check_both(script: &str, prints: &str) {
    for user in [NOBODY, None] {
        check(user, script, prints);
    }
}

/// As `env`, `timeout` and `docker run` end, and with one line that names the culprit.
#[test]
fn a_command_that_does_not_start() {
    check_both(
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

/// Which program started which, and when a call was first made.
#[test]
fn where_programs_come_from_and_when_calls_were_first() {
    for backend in ["ptrace", "notify"] {
        check(
            NOBODY,
            &format!(
                "backend={backend}\n{}",
                r#"
            $record --backend $backend -o run.json -- sh -c 'sleep 0.3; touch made; true' 2> errors
            tr -d ' \n' < run.json > flat
            sh=$(readlink -f "$(command -v sh)")
            grep -o '"version":"1.3"' flat
            grep -c "\"started_by\":{\"\":1}" flat
            grep -o "\"started_by\":{\"$sh\":1}" flat | wc -l
            # Only touch changes times, and it ran after the sleep.
            late=$(grep -o '"utimensat":{.*' flat | grep -o -m 1 '"milliseconds":[0-9]*' | head -n 1 | cut -d : -f 2)
            [ "$late" -ge 300 ] && [ "$late" -lt 60000 ] && echo late
            "#
            ),
            "\"version\":\"1.3\"\n1\n2\nlate\n",
        );
    }
}

#[test]
fn standard_streams_are_the_programs() {
    check_both(
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
    check_both(
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
    check_both(
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

/// A recorder that is killed takes nothing with it: the program runs on, and is recorded on.
#[test]
fn the_recorder_is_killed() {
    check_both(
        r#"
        $record --checkpoint 1s -o out -- sh -c ': > ready; sleep 2; echo lives; exec getconf LONG_BIT' &
        recorder=$!
        while [ ! -e ready ]; do sleep 0.05; done
        sleep 1.3
        kill -KILL $recorder
        wait $recorder
        $callsieve list out > list
        echo "$? $(grep -c execve list)"
        for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done
        "#,
        "0 1\nlives\n64\n",
    );
}

#[test]
fn the_recorder_is_killed_and_takes_the_program_with_it() {
    check_both(
        r#"
        $record --kill-on-exit -o out -- sh -c ': > ready; sleep 1; echo lives' &
        recorder=$!
        while [ ! -e ready ]; do sleep 0.05; done
        kill -KILL $recorder
        wait $recorder
        sleep 1.5
        echo end
        "#,
        "end\n",
    );
}

/// Whoever is notified can't take the program with it, and says so.
#[test]
fn what_is_to_end_with_the_recorder_takes_a_tracer() {
    check(
        NOBODY,
        r#"
        $record --backend notify --kill-on-exit -o out -- touch started 2> errors
        echo "$? $(grep -c 'takes a tracer' errors) $(wc -l < errors)"
        ls started 2> /dev/null
        $record -q --backend ptrace -o known -- echo known
        $record -q --known known --kill-on-exit -o out -- echo told
        grep -o '"ptrace+seccomp"' out
        "#,
        "2 1 1\nknown\ntold\n\"ptrace+seccomp\"\n",
    );
}

/// The second Ctrl-C is for the recorder.
#[test]
fn a_program_that_ignores_the_terminal_is_ended_by_the_second_interrupt() {
    check_both(
        r#"
        cat > program << 'END'
        trap '' INT
        : > ready
        while :; do sleep 0.1; done
END
        mkfifo keys
        exec 3<> keys
        env --default-signal script --quiet --return --command "exec $record -o out -- sh program" \
            typescript <&3 > /dev/null &
        session=$!
        while [ ! -e ready ]; do sleep 0.05; done
        printf '\003' >&3
        sleep 0.5
        kill -0 $session && echo running
        # Two that come at once are one.
        for i in 1 2 3; do
            printf '\003' >&3
            sleep 0.5
            kill -0 $session 2> /dev/null || break
        done
        wait $session
        $callsieve list out | grep -c ' execve$'
        "#,
        "running\n1\n",
    );
}

#[test]
fn a_time_limit() {
    check_both(
        r#"
        $record --duration 1s -o out -- sh -c 'trap "echo asked; exit 9" TERM; while :; do sleep 0.1; done'
        echo "$? $($callsieve list out | grep -c ' execve$')"
        "#,
        "asked\n9 1\n",
    );
}

/// The start is missing, which the recording and the status tell; the program runs on.
#[test]
fn a_process_that_runs_already() {
    check(
        NOBODY,
        r#"
        sh -c 'while :; do sleep 0.05; done' &
        program=$!
        sleep 0.2
        $record --pid $program --duration 1s -o out 2> errors
        echo "$? $($callsieve list out | grep -cE ' (wait4|execve|clock_nanosleep)$')"
        $record --pid $program --no-follow --duration 1s -o alone 2> errors
        echo "$? $($callsieve list alone | grep -cE ' (wait4|execve|clock_nanosleep)$')"
        grep -o '"no-start"' out | head -n 1
        kill $program && wait $program
        echo "$?"
        $record --pid $program -o out 2> errors
        echo "$?"
        "#,
        "3 3\n3 1\n\"no-start\"\n143\n2\n",
    );
}

/// SIGHUP writes what there is and begins a new file; what it has is not told twice.
pub(crate) const NEW_FILES: &str = r#"
    sh -c 'mkdir one; while [ ! -e go ]; do sleep 0.05; done; rmdir one; touch done
        while [ ! -e end ]; do sleep 0.05; done' &
    program=$!
    while [ ! -d one ]; do sleep 0.05; done
    $record -v --backend $backend --pid $program -o out.rec.json 2> errors &
    recorder=$!
    while ! grep -q '^Recording process' errors; do sleep 0.05; done
    kill -HUP $recorder
    while [ ! -e out.rec.json ]; do sleep 0.05; done
    touch go
    while [ ! -e done ]; do sleep 0.05; done
    touch end
    wait $program
    wait $recorder
    echo $?
    for out in out.rec.json out.2.rec.json; do
        $callsieve list -q $out | grep -cE ' (rmdir|utimensat)$'
        tr -d ' \n' < $out | grep -oE '"gaps":[^]]*]'
    done
"#;

#[test]
fn a_new_file() {
    check(
        NOBODY,
        &("backend=ptrace".to_owned() + NEW_FILES),
        "3\n0\n\"gaps\":[\"no-start\",\"detached\"]\n2\n\"gaps\":[\"no-start\"]\n",
    );
}

/// Threads, and a call that blocks while the recorder comes and goes.
#[test]
fn a_process_with_threads_that_runs_already() {
    check(
        NOBODY,
        r#"
        cat > program.py << 'END'
import os, threading, time
def work():
    while not os.path.exists("stop"):
        os.getpgid(0)
        time.sleep(0.01)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
open("ready", "w").close()
for thread in threads:
    thread.join()
print("joined")
END
        /usr/bin/python3 program.py &
        program=$!
        while [ ! -e ready ]; do sleep 0.05; done
        for round in 1 2 3; do
            $record --pid $program --duration 1s -o out$round 2> errors
            echo "$? $($callsieve list out$round | grep -cE ' (getpgid|clock_nanosleep)$')"
        done
        : > stop
        wait $program
        echo "$?"
        "#,
        "3 2\n3 2\n3 2\njoined\n0\n",
    );
}
