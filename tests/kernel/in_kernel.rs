//! Programs in the kernel: who may not have them, what they count when much happens at once, whom
//! they follow into containers, and what is left of them.

use std::process::Command;

use crate::bench::{Bench, source};
use crate::common::require;
use crate::control;
use crate::guest::Method;
use crate::run::run;

/// Runs a script as root where the kernel takes programs.
#[track_caller]
fn check(script: &str, prints: &str) {
    let Some(bench) = Bench::new() else { return };
    if bench.takes_programs() {
        control::check_in(&bench, None, script, prints);
    }
}

#[test]
fn without_rights_it_says_which() {
    check(
        r#"
        unshare --user --map-root-user $record -v -o out -- true 2> errors
        grep -c ' with ptrace' errors; grep -c ^warning: errors
        for drop in all bpf,-sys_admin perfmon,-sys_admin; do
            setpriv --bounding-set=-$drop --inh-caps=-$drop $record --backend ebpf -o out -- touch started 2> errors
            echo "$? $(grep -c 'CAP_BPF and CAP_PERFMON' errors) $(wc -l < errors)"
        done
        setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon \
            $record -q --backend ebpf -o /dev/null -- id -u
        ls started 2> /dev/null || true
        "#,
        "1\n0\n4 1 2\n4 1 2\n4 1 2\n65534\n",
    );
}

/// Without being asked, who may have programs in the kernel gets them, and everybody else a
/// tracer; the recording says which and why.
#[test]
fn which_and_why() {
    check(
        r#"
        nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
        for who in "" "$nobody"; do
            for options in "" --results "--backend ptrace" --kill-on-exit; do
                rm -f out
                $who $record -v $options -o out -- true 2> errors
                grep -o '"backend": .*' out
                grep -c "^Recording process [0-9]* with $(sed -n 's/ *"backend": "\(.*\)",/\1/p' out): " errors
                grep -o "eBPF can't be[^\",;]*" out
            done
        done
        true
        "#,
        "\"backend\": \"ebpf\",\n1\n\"backend\": \"ebpf\",\n1\n\
         \"backend\": \"ptrace+seccomp\",\n1\n\"backend\": \"ptrace+seccomp\",\n1\n\
         \"backend\": \"ptrace+seccomp\",\n1\n\
         eBPF can't be had: not permitted to load eBPF programs: EPERM: Operation not permitted\n\
         \"backend\": \"ptrace\",\n1\n\
         eBPF can't be had: not permitted to load eBPF programs: EPERM: Operation not permitted\n\
         \"backend\": \"ptrace+seccomp\",\n1\n\"backend\": \"ptrace+seccomp\",\n1\n",
    );
}

/// Where it turns out only by trying that a kernel takes no programs, nothing was started yet: a
/// tracer records instead, says so in a line, and it is an error where eBPF was asked for.
#[test]
fn programs_that_are_refused_when_they_are_loaded() {
    let Some(bench) = Bench::new() else { return };
    if !bench.takes_programs() {
        return;
    }
    bench.compile(&source("refused/load.c"), "load", &[]);
    let script = r#"
        for call in bpf pidfd_open; do
            echo '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [{"names": ["'$call'"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}' > profile.json
            $callsieve export -q profile.json -o filter
            rm -f started
            LOAD filter $record --backend ebpf -o out -- touch started 2> errors; echo $?
            grep -c '^error: .*EPERM' errors
            ls started 2> /dev/null
            LOAD filter $record -q -o out -- touch started 2> errors; echo $?
            ls started
            cut -c -54 errors
            grep -o '"ptrace+seccomp"' out
            grep -c "eBPF can't be had: .*EPERM" out
        done
        "#;
    let script = script.replace("LOAD", bench.path("load").to_str().unwrap());
    let one = "4\n1\n0\nstarted\nwarning: recording with ptrace+seccomp, as eBPF can't \n\
               \"ptrace+seccomp\"\n1\n";
    control::check_in(&bench, None, &script, &one.repeat(2));
}

/// What a program calls without a filter costs nothing beside, but filters are asked where
/// programs of this kind can run.
#[test]
fn filters_are_asked_where_programs_run() {
    let Some(bench) = Bench::new() else { return };
    if bench.takes_programs() {
        let method = bench.in_kernel();
        let _told = require(
            "fentry",
            method == Some(Method::Ebpf),
            "the kernel lets no programs run before its functions; what filters refuse is seen at the end of calls",
        );
    }
}

#[test]
fn what_does_not_go_together() {
    check(
        r#"
        $record --backend ebpf -o out -- true 2> /dev/null
        $record --backend ebpf --known out -- true 2> /dev/null; echo $?
        $record --backend ebpf --under docker-default -- true 2> /dev/null; echo $?
        $record --backend ebpf --kill-on-exit -- true 2> /dev/null; echo $?
        $record --backend ptrace --all -o folder 2> /dev/null; echo $?
        $record --cgroup /nowhere -o out 2> /dev/null; echo $?
        $record --cgroup /proc -o out 2> /dev/null; echo $?
        $record --backend ebpf --pid $$ -o out 2> errors; echo $?
        grep -c 'PID namespace' errors
        "#,
        "2\n2\n2\n2\n2\n2\n4\n1\n",
    );
}

#[test]
fn a_command_that_does_not_start_leaves_its_status() {
    check(
        r#"
        : > plain
        for command in ./nothing nothing-in-path ./plain; do
            $record --backend ebpf -o out -- $command 2> /dev/null; echo $?
        done
        $record -q --backend ebpf -o out -- sh -c 'exit 7'; echo $?
        $record -q --backend ebpf -o out -- sh -c 'kill -9 $$'; echo $?
        "#,
        "127\n127\n126\n7\n137\n",
    );
}

/// Whoever executed a program is told, and how often, as a tracer tells it.
#[test]
fn several_that_start_one_program() {
    check(
        r#"
        cat > script << 'END'
mkdir one
mkdir two
env mkdir three
nice env mkdir four
END
        for backend in ptrace ebpf; do
            $record -q --backend $backend -o $backend -- sh script
            rmdir one two three four
            tr -d ' \n' < $backend | grep -oE '"[^"]*":\{"processes"|"started_by":\{[^}]*\}' > $backend.starters
        done
        sed 's/:{"processes"//; s/.*_by"://' ptrace.starters
        cmp ptrace.starters ebpf.starters && echo alike
        "#,
        "\"/usr/bin/dash\"\n{\"\":1}\n\"/usr/bin/env\"\n{\"/usr/bin/dash\":1,\"/usr/bin/nice\":1}\n\"/usr/bin/mkdir\"\n\
         {\"/usr/bin/dash\":2,\"/usr/bin/env\":2}\n\"/usr/bin/nice\"\n{\"/usr/bin/dash\":1}\nalike\n",
    );
}

/// Each of many short processes is counted, and each of their ends.
#[test]
fn many_short_processes() {
    check(
        r#"
        $record -q --backend ebpf -o out -- sh -c 'i=0; while [ $i -lt 1500 ]; do /bin/true; i=$((i+1)); done'
        $callsieve merge out -o - | tr -d ' \n' | grep -o '/bin/true":{"processes":[0-9]*\|"exit0":[0-9]*' | sort
        grep -c '"complete": true' out
        "#,
        "\"exit0\":1\n\"exit0\":1500\n/bin/true\":{\"processes\":1500\n1\n",
    );
}

/// Processes that live for microseconds, on two processors at once: some 20 000 a second.
#[test]
fn processes_as_fast_as_they_can_be_made() {
    check(
        r#"
        cat > many.c << 'END'
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    pid_t other = fork();
    for (int i = 0; i < 10000; i++) {
        pid_t child = vfork();
        if (child == 0) _exit(3);
        if (child < 0 || waitpid(child, 0, 0) != child) return 1;
    }
    if (other == 0) return 0;
    return waitpid(other, 0, 0) != other;
}
END
        gcc -O1 -o many many.c || exit 1
        $record -q --backend ebpf --results -o out -- ./many
        tr -d ' \n' < out > flat
        grep -oE '"exit3":[0-9]+|"processes":[0-9]+' flat
        grep -oE '"vfork":\{"calls":[0-9]+' flat
        grep -c '"complete":true' flat
        "#,
        "\"processes\":20002\n\"exit3\":20000\n\"vfork\":{\"calls\":20000\n1\n",
    );
}

/// A kernel that is locked down refuses root as others, and its file says why.
#[test]
fn a_kernel_that_is_locked_down() {
    check(
        r#"
        unshare --mount sh -c '
            mount -t tmpfs none /sys/kernel/security || exit 1
            echo "none integrity [confidentiality]" > /sys/kernel/security/lockdown
            setpriv --bounding-set=-all --inh-caps=-all "$@" -o out -- touch started 2> errors
            echo $? $(grep -c "locked down in confidentiality mode" errors)
        ' sh $record --backend ebpf
        ls started 2> /dev/null || true
        "#,
        "4 1\n",
    );
}

#[test]
fn two_recorders_do_not_see_each_others_programs() {
    check(
        r#"
        $record -q --backend ebpf -o one -- sh -c 'sleep 0.4; mkdir folder; sleep 0.4' &
        $record -q --backend ebpf -o two -- sh -c 'sleep 0.4; ln -s nowhere link; sleep 0.4' &
        wait
        for out in one two; do
            $callsieve list $out | grep -E ' (mkdir|symlinkat|symlink)$'
            grep -c '"complete": true' $out
        done
        "#,
        "x86_64 mkdir\n1\nx86_64 symlinkat\n1\n",
    );
}

/// The program lives on, and the kernel lets go of everything.
#[test]
fn a_killed_recorder_leaves_nothing() {
    let Some(bench) = Bench::new() else { return };
    if !bench.takes_programs() {
        return;
    }
    bench.compile(&source("left.c"), "left", &[]);
    let left = bench.path("left");
    let script = r#"
        $record -q --backend ebpf -o out -- sh -c ': > ready
            while [ ! -e go ]; do sleep 0.05; done; echo lives' &
        front=$!
        while [ ! -e ready ]; do sleep 0.05; done
        recorder=$(cat /proc/$front/task/$front/children)
        programs=$(sed -n 's/^prog_id:\s*//p' /proc/${recorder% }/fdinfo/* | sort -u)
        [ $(echo $programs | wc -w) -ge 5 ] && [ "$(LEFT $programs | wc -l)" -ge 5 ] && echo running
        kill -9 ${recorder% }
        : > go
        wait $front
        sleep 1.5
        LEFT $programs
        "#;
    let script = script.replace("LEFT", left.to_str().unwrap());
    control::check_in(&bench, None, &script, "running\nlives\n");
}

/// A process that is put into a control group, and what it starts.
#[test]
fn a_control_group() {
    check(
        &(GROUPS.to_owned()
            + r#"
        group=$groups/callsieve-test-$$-group
        mkdir $group || exit 1
        $record -q --cgroup $group -o out &
        recorder=$!
        running 5
        sh -c "echo \$\$ > $group/cgroup.procs; mkdir folder; true"
        mkdir other
        kill -TERM $recorder
        wait $recorder
        echo $?
        rmdir $group
        $callsieve list out | grep -c ' mkdir$'
        grep -c '"complete": true' out
        tr -d ' \n' < out | grep -o '"mkdir":{"calls":[0-9]*'
        "#),
        "0\n1\n1\n\"mkdir\":{\"calls\":1\n",
    );
}

/// SIGHUP writes what there is and begins a new file; what it has is not told twice.
#[test]
fn a_new_file() {
    check(
        &(GROUPS.to_owned()
            + r#"
        group=$groups/callsieve-test-$$-hup
        mkdir $group || exit 1
        $record -q --cgroup $group -o out.rec.json &
        recorder=$!
        running 5
        sh -c "echo \$\$ > $group/cgroup.procs; mkdir one; true"
        kill -HUP $recorder
        while [ ! -e out.rec.json ]; do sleep 0.05; done
        sh -c "echo \$\$ > $group/cgroup.procs; rmdir one; true"
        kill -TERM $recorder
        wait $recorder
        rmdir $group
        for out in out.rec.json out.2.rec.json; do
            $callsieve list $out | grep -E ' (mkdir|rmdir)$'
        done
        "#),
        "x86_64 mkdir\nx86_64 rmdir\n",
    );
}

/// The same for a process, outside of the bench's namespace: the kernel has other numbers there.
#[test]
fn a_new_file_of_a_process() {
    let Some(bench) = Bench::new() else { return };
    if !bench.takes_programs() {
        return;
    }
    let callsieve = bench.path("callsieve");
    let callsieve = callsieve.display();
    let folder = tempfile::TempDir::new().unwrap();
    let script = format!("record='{callsieve} record' callsieve={callsieve} backend=ebpf")
        + control::NEW_FILES;
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.path());
    let ran = run(&mut command).expect_success();
    assert_eq!(
        ran.stdout, "3\n0\n\"gaps\":[\"no-start\",\"detached\"]\n2\n\"gaps\":[\"no-start\"]\n",
        "{ran}"
    );
}

/// Two recorders of all containers at once, each with the same.
#[test]
fn two_recorders_of_everything() {
    check(
        &(GROUPS.to_owned()
            + r#"
        id=$(printf '%032x%032x' $(($$ + 16)) 3)
        group=$groups/callsieve-test-$$-two
        mkdir $group $group/docker-$id.scope
        $record -q --all -o one 2> /dev/null &
        first=$!
        $record -q --all -o two 2> /dev/null &
        second=$!
        running 10
        sh -c "echo \$\$ > $group/docker-$id.scope/cgroup.procs; exec unshare --mount mkdir inside"
        sleep 1
        kill -INT $first $second
        wait $first $second
        rmdir $group/*/ $group
        for folder in one two; do
            file=$(grep -l "$id" $folder/*)
            grep -c '"complete": true' $file
            $callsieve list $file | grep -E ' mkdir$'
        done
        "#),
        "1\nx86_64 mkdir\n1\nx86_64 mkdir\n",
    );
}

/// A kernel without a description of its types, which another folder in its place looks like.
#[test]
fn without_a_description_of_types() {
    check(
        r#"
        unshare --mount sh -c 'mount -t tmpfs none /sys/kernel/btf
            '"$record"' --backend ebpf -o out -- touch started 2> errors; echo $?
            '"$record"' -q --all -o folder 2> /dev/null; echo $?
            '"$record"' -q -o out -- true; echo $?'
        grep -c CONFIG_DEBUG_INFO_BTF errors
        ls started 2> /dev/null || true
        "#,
        "4\n4\n0\n1\n",
    );
}

/// The same of the first version, in the hierarchy of a controller; and one that has none.
#[test]
fn a_control_group_of_the_first_version() {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let here = mounts.contains(" /sys/fs/cgroup/pids ") && mounts.contains(" - cgroup cgroup ");
    if !require(
        "cgroup-v1",
        here,
        "no hierarchy of the controller `pids` is mounted",
    ) {
        return;
    }
    check(
        &(GROUPS.to_owned()
            + r#"
        group=/sys/fs/cgroup/pids/callsieve-test-$$-group
        mkdir $group $group/below || exit 1
        $record -q --cgroup $group -o out &
        recorder=$!
        running 5
        sh -c "echo \$\$ > $group/below/cgroup.procs; mkdir folder; true"
        mkdir other
        kill -TERM $recorder
        wait $recorder
        echo $?
        rmdir $group/below $group
        $callsieve list out | grep -c ' mkdir$'
        grep -c '"complete": true' out
        tr -d ' \n' < out | grep -o '"mkdir":{"calls":[0-9]*'
        $record -q --cgroup /sys/fs/cgroup/systemd -o out 2> errors; echo $?
        grep -c 'without a controller' errors
        "#),
        "0\n1\n1\n\"mkdir\":{\"calls\":1\n2\n1\n",
    );
}

/// What an engine does: a control group named as it names containers, a mount namespace, and the
/// program. Before the program's first call nobody knew of the container, and it is over at once.
#[test]
fn containers_that_nobody_knew_of() {
    check(
        &(GROUPS.to_owned()
            + r#"
        one=$(printf '%032x%032x' $(($$ + 16)) 1)
        two=$(printf '%032x%032x' $(($$ + 16)) 2)
        mkdir $groups/callsieve-test-$$ $groups/callsieve-test-$$/docker-$one.scope $groups/callsieve-test-$$/libpod-$two
        $record -q --all -o folder 2> errors &
        recorder=$!
        running 5
        sh -c "echo \$\$ > $groups/callsieve-test-$$/docker-$one.scope/cgroup.procs; exec unshare --mount true"
        sh -c "echo \$\$ > $groups/callsieve-test-$$/libpod-$two/cgroup.procs; exec unshare --mount sh -c 'mkdir inside; sleep 0.1'"
        unshare --mount true
        sleep 1
        kill -INT $recorder
        wait $recorder
        echo $?
        rmdir $groups/callsieve-test-$$/*/ $groups/callsieve-test-$$
        for id in $one $two; do
            file=$(grep -l "$id" folder/*)
            grep -c '"complete": true' $file
            $callsieve list $file | grep -c -E ' (execve|exit_group)$'
            $callsieve list $file | grep -E ' (mkdir|unshare)$'
            tr -d ' \n' < $file | grep -o '"executables":{"[a-z/]*"'
        done
        "#),
        "0\n1\n2\n\"executables\":{\"/usr/bin/true\"\n1\n2\nx86_64 mkdir\n\"executables\":{\"/usr/bin/dash\"\n",
    );
}

/// Where control groups of the second version are, and a way to wait until so many programs of
/// recorders run.
const GROUPS: &str = "
        groups=/sys/fs/cgroup/unified
        [ -e $groups/cgroup.procs ] || groups=/sys/fs/cgroup
        running() {
            until [ $(cat /proc/[0-9]*/fdinfo/* 2> /dev/null | grep -c '^link_type') -ge $1 ]; do sleep 0.05; done
            # A kernel with a vsyscall page has one more.
            sleep 1
        }
";
