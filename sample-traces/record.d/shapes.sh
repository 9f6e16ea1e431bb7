# Small runs made for one shape of line each.

record_table() {
    begin table 120
    "${clean[@]}" strace -f -c -o ../log/trace sh -c 'ls -l /usr | sort | wc -l; cat /srv/demo/absent' >/dev/null 2>&1 || true
    keep ../log/trace ''
    describe 'table of counts' 'coreutils dash' "strace -f -c -o trace.strace sh -c 'ls -l /usr | sort | wc -l; cat /srv/demo/absent'" <<-'END'
	Deliberately incomplete: a table has no calls that never returned, so `exit_group` is missing though every process called it.

	Peculiar: no calls, only the table of `-c`; the column of errors is blank where there were none; last row `total`.
	END
}

record_table_i386() {
    begin table-i386 410
    gcc -m32 -o loopback "$demo/src/loopback.c" -pthread
    "${clean[@]}" strace -f -c -U calls,name,errors -o ../log/trace sh -c './loopback; uname -m' >/dev/null
    wants 'System call usage summary for 32 bit mode' ../log/trace
    keep ../log/trace ''
    describe 'two tables of counts with chosen columns' 'libc6-i386 dash' "strace -f -c -U calls,name,errors -o trace.strace sh -c './loopback; uname -m'" <<-'END'
	Deliberately incomplete like `table`: no `exit`, no `exit_group`.

	Peculiar: one table for the 64-bit programs and, under a headline, one for the 32-bit one; columns in another order.
	`expected-names.txt` adds both up.
	END
}

record_trace_and_table() {
    begin trace-and-table 130
    "${clean[@]}" strace -f -C -o ../log/trace sh -c 'date -u | tr 0-9 x; false' >/dev/null || true
    keep ../log/trace ''
    describe 'calls, then the table' 'coreutils dash' "strace -f -C -o trace.strace sh -c 'date -u | tr 0-9 x; false'" <<-'END'
	Peculiar: `-C` prints the calls and the table after them; calls of the table must not be counted again.
	END
}

record_stacks() {
    begin stacks 140
    "${clean[@]}" strace -f -k -o ../log/trace sh -c '/bin/true; echo done' >/dev/null
    wants '^ > /' ../log/trace
    keep ../log/trace gz
    describe 'stack of every call' 'coreutils dash' "strace -f -k -o trace.strace sh -c '/bin/true; echo done'" <<-'END'
	Peculiar: after each call lines ` > /path(function+0x1a) [0x3e69a]`, which hold brackets but no call.
	END
}

record_mixed() {
    begin mixed 4711
    "${clean[@]}" strace -f sh "$demo/src/mixed.sh" >../log/trace 2>&1
    wants 'no newline at end' ../log/trace
    keep ../log/trace ''
    describe 'output of the program between the lines' 'dash coreutils' 'strace -f sh mixed.sh > trace.strace 2>&1' <<-'END'
	`programs/mixed.sh`.

	Peculiar: the first process has no number until a second one exists, then `[pid N]`; the output of the program, with and
	without line ends, stands between the lines and inside them: `17no newline at end)       = 17`; the rest of a line
	follows on the next one; some output looks a little like a call and is none.
	END
}

record_thread_exec() {
    begin thread-exec 350
    gcc -o thread-exec "$demo/src/thread-exec.c" -pthread
    echo 350 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -ff -o ../log/trace ./thread-exec
    local log
    for log in ../log/trace.*; do
        keep "$log" '' "trace/${log##*/}"
    done
    describe 'a thread replaces the program' libc6 'strace -ff -o trace/trace ./thread-exec' <<-'END'
	`programs/thread-exec.c`: the second thread calls execve.

	Peculiar: the file of the thread ends with `<pid changed to N ...>`, without `+++ exited`; the file of the first thread goes on
	with `+++ superseded by execve in pid N +++` and `<... execve resumed>`, which is the same call;
	arguments of the program look like ends of lines.
	END
}

record_thread_exec_follow() {
    begin thread-exec-follow 350
    gcc -o thread-exec "$demo/src/thread-exec.c" -pthread
    echo 350 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -o ../log/trace ./thread-exec
    wants 'superseded by execve' ../log/trace
    keep ../log/trace ''
    describe 'a thread replaces the program, in one file' libc6 'strace -f -o trace.strace ./thread-exec' <<-'END'
	As `thread-exec`, in one file: `execve` is begun by one number and resumed by another.
	END
}

record_endings() {
    begin endings 610
    gcc -o endings "$demo/src/endings.c"
    echo 610 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -o ../log/trace ./endings
    wants 'restart_syscall' ../log/trace
    wants 'killed by SIGSYS' ../log/trace
    wants 'syscall_0x270f' ../log/trace
    keep ../log/trace ''
    describe 'calls that do not end as usual' libc6 'strace -f -o trace.strace ./endings' <<-'END'
	`programs/endings.c`: children under a seccomp filter for `getppid`, a call with an unknown number, a process killed in
	`pause`, a sleep that is stopped and continued.

	Peculiar: `getppid() = 110` then `killed by SIGSYS` (the call never ran); `--- SIGSYS {...} ---`; `getppid() = -1 EPERM` made by
	the filter; `syscall_0x270f(...)`; `<... pause resumed>) = ?`; `restart_syscall(<... resuming interrupted clock_nanosleep ...>)`.
	END
}

record_all_flags() {
    begin all-flags 12340
    "${clean[@]}" strace -f -n -i -tt -r -T -yy -Y -x -a 0 -s 24 -o ../log/trace sh -c 'ls /srv | tee list; kill -USR1 $$' >/dev/null || true
    wants 'killed by SIGUSR1' ../log/trace
    keep ../log/trace ''
    describe 'every field before the call' 'coreutils dash' "strace -f -n -i -tt -r -T -yy -Y -x -a 0 -s 24 -o trace.strace sh -c 'ls /srv | tee list; kill -USR1 \$\$'" <<-'END'
	Peculiar: number, program, clock, time since the line before, number of the call and instruction pointer, all before the
	name; no padding before ` = `; time spent after the result. `expected-numbers.txt` lists the pairs of number and name.
	END
}

record_injected() {
    begin injected 230
    seq 3 >three
    "${clean[@]}" strace -qq -e inject=write:retval=2:when=1 -e inject=read:delay_exit=1000:when=2 -e inject=munmap:error=EPERM:when=1 \
        -o ../log/trace cat three >/dev/null || true
    wants 'INJECTED' ../log/trace
    wants 'DELAYED' ../log/trace
    keep ../log/trace ''
    describe 'results made by strace' coreutils 'strace -qq -e inject=write:retval=2:when=1 -e inject=read:delay_exit=1000:when=2 -e inject=munmap:error=EPERM:when=1 -o trace.strace cat three' <<-'END'
	Deliberately without the last line `+++ exited`: `-qq` leaves it out.

	Peculiar: `(INJECTED)` results, which the kernel never gave, and `(DELAYED)` ones, which it did.
	END
}
