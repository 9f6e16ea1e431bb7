# Command line tools, and one program built for several architectures and libraries.

record_git() {
    begin git 1500
    cat >git.sh <<-'END'
	set -e
	git init -q -b main one
	cd one
	git config user.name demo
	git config user.email demo@example.org
	seq 100 > numbers
	git add numbers
	git commit -q -m first
	seq 120 > numbers
	git commit -q -a -m second
	git log --oneline --stat > ../log.txt
	cd ..
	git clone -q one two
	END
    "${clean[@]}" GIT_CONFIG_NOSYSTEM=1 strace -f -Y -o ../log/trace sh git.sh
    [ "$(git -C two rev-list --count main)" = 2 ] || die 'no clone'
    keep ../log/trace gz
    describe 'init, commit, log and clone' git 'GIT_CONFIG_NOSYSTEM=1 strace -f -Y -o trace.strace sh git.sh' <<-'END'
	Two commits, a log and a local clone, with the processes git starts for these.

	Peculiar: the name of the program after its number, `1501<git> `; the first line has the name `strace`; names of threads
	and of programs change within one process.
	END
}

record_gcc() {
    begin gcc 3300
    cp "$demo/src/thread-exec.c" .
    "${clean[@]}" strace -f -s 0 -o ../log/trace gcc -O1 -g -o thread-exec thread-exec.c
    [ -x thread-exec ] || die 'not compiled'
    keep ../log/trace gz
    describe 'compile and link' 'gcc-12 binutils' 'strace -f -s 0 -o trace.strace gcc -O1 -g -o thread-exec thread-exec.c' <<-'END'
	The driver, cc1, as, collect2 and ld.

	Peculiar: no text of any string, `execve("...", ["..."..., ...], ...)`, `read(3, ""..., 832)`: so the kind of machine cannot
	be read off the first bytes of a library.
	END
}

record_i386_stderr() {
    begin i386-stderr 410
    gcc -m32 -o loopback "$demo/src/loopback.c" -pthread
    "${clean[@]}" strace -f sh -c './loopback /bin/uname -m; true' 2>../log/trace >/dev/null
    wants 'runs in 32 bit mode' ../log/trace
    wants 'runs in 64 bit mode' ../log/trace
    keep ../log/trace gz
    describe '32-bit program between 64-bit ones, on standard error' 'libc6-i386 dash' "strace -f sh -c './loopback /bin/uname -m; true' 2> trace.strace" <<-'END'
	`programs/loopback.c` built with `gcc -m32`: sockets, System V IPC, a thread, a child. Started by a 64-bit shell;
	at its end it replaces itself by a 64-bit program.

	Peculiar: lines `[ Process PID=N runs in 32 bit mode. ]` and later the same with 64; `[pid N]` comes and goes with the number of processes;
	`strace: Process N attached` is glued into the call that started the process, whose rest follows on a later line.
	strace prints the part of `socketcall` and `ipc` (`socket`, `bind`, `shmget`), not those two names: a profile for this
	architecture needs `socketcall` and `ipc` as well. `expected-names.txt` lists the names as printed.
	END
}

record_i386_file() {
    begin i386-file 410
    gcc -m32 -o loopback "$demo/src/loopback.c" -pthread
    echo 410 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -o ../log/trace ./loopback >/dev/null
    keep ../log/trace ''
    describe '32-bit program, in a file' libc6-i386 'strace -f -o trace.strace ./loopback' <<-'END'
	`programs/loopback.c` built with `gcc -m32`, as in `i386-stderr`.

	Peculiar: with `-o` nothing says that the program is a 32-bit one, except names such as `mmap2` and the header of the
	library in the first `read`. `socketcall` and `ipc` are not printed though they are what the program calls;
	`expected-names.txt` lists the names as printed. The first `execve` is still a 64-bit call.
	END
}

record_i386_numbers() {
    begin i386-numbers 410
    gcc -m32 -o loopback "$demo/src/loopback.c" -pthread
    echo 410 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -n -o ../log/trace ./loopback >/dev/null
    wants '\[ 102\] socket\(' ../log/trace
    wants '\[ 117\] semtimedop\(' ../log/trace
    keep ../log/trace ''
    describe '32-bit program, with numbers' libc6-i386 'strace -f -n -o trace.strace ./loopback' <<-'END'
	`programs/loopback.c` built with `gcc -m32`, as in `i386-file`.

	Peculiar: the numbers give away what the names hide: `[ 102] socket(` is `socketcall`, `[ 117] shmget(` is `ipc`.
	The first call has the 64-bit number of `execve`, `[  59]`. `expected-numbers.txt` lists the pairs of number and name.
	END
}

record_musl() {
    begin musl 77
    musl-gcc -static -o loopback "$demo/src/loopback.c"
    "${clean[@]}" strace -o ../log/trace ./loopback >/dev/null
    keep ../log/trace ''
    describe 'static musl program, without -f' musl-tools 'strace -o trace.strace ./loopback' <<-'END'
	`programs/loopback.c` built with `musl-gcc -static`.

	Peculiar: nothing before the call; without `-f` the thread and the child are not traced, so only the first thread is
	complete here; direct `socket`, `shmget` and so on; no loader, `arch_prctl` and `set_tid_address` at the start.
	END
}

record_musl_follow() {
    begin musl-follow 9990
    musl-gcc -static -o loopback "$demo/src/loopback.c"
    "${clean[@]}" strace -f -tt -o ../log/trace ./loopback >/dev/null
    keep ../log/trace ''
    describe 'static musl program with its thread and its child' musl-tools 'strace -f -tt -o trace.strace ./loopback' <<-'END'
	`programs/loopback.c` built with `musl-gcc -static`, as in the case `musl`, and followed.

	Peculiar: no loader, so that no ELF header tells the architecture; musl makes threads with `clone`, not `clone3`.
	END
}

record_busybox() {
    begin busybox 60
    "${clean[@]}" strace -f -i -o ../log/trace busybox sh "$demo/src/applets.sh" >/dev/null
    keep ../log/trace gz
    describe 'static shell with applets' busybox-static 'strace -f -i -o trace.strace busybox sh applets.sh' <<-'END'
	`programs/applets.sh`: pipes, sort, tar, gzip, sleep, rm.

	Peculiar: the instruction pointer in brackets before the call, `[????????????????]` before signals and exits;
	two-digit process numbers followed by blanks; applets run in forked copies with or without `execve`.
	END
}

record_int80() {
    begin int80 350
    gcc -o int80 "$demo/src/int80.c"
    echo 350 >/proc/sys/kernel/ns_last_pid
    "${clean[@]}" strace -f -n -o ../log/trace ./int80
    wants '\[ 199\] getuid32' ../log/trace
    keep ../log/trace ''
    describe 'one process, two architectures' libc6 'strace -f -n -o trace.strace ./int80' <<-'END'
	`programs/int80.c`: a 64-bit program that makes three calls through `int $0x80`.

	Peculiar: the same process has calls of two tables: `[  20] getpid()` is of i386, `[  39] getpid()` of x86_64; with `-o` no line
	says so. `expected-numbers.txt` lists the pairs of number and name.
	END
}
