//! Which architecture a call is of.

use callsieve::arch::Arch;
use expect_test::expect;

use crate::{check, check_untold, read, rows};

#[test]
fn mode_lines_of_every_version() {
    let rest = format!(
        "{}\nmmap2(NULL, 1, 0, 0, -1, 0) = 0xf7f\nsocket(AF_INET, SOCK_STREAM, 0) = 3\n",
        &ELF_386[2..]
    );
    for mode in [
        "[ Process PID=12 runs in 32 bit mode. ]",
        "strace: [ Process PID=12 runs in 32 bit mode. ]",
        "18:39:34 [ Process PID=12 runs in 32 bit mode. ]",
        "[f7f3c9a3] [ Process PID=12 runs in 32 bit mode. ]",
    ] {
        let log = format!("execve(\"/a\", [], 0x7f) = 0\n{mode}\n{rest}");
        let rows = rows(&read(&[(None, log.as_bytes())], None));
        let expected = "x86 mmap2 ok 1\nx86 read ok 1\nx86 socket ok 1 either\nx86 socketcall ok 1 either\nx86_64 execve ok 1\n~ event 1\n";
        assert_eq!(rows, expected, "{mode}");
    }
}

/// A child runs in the mode of its parent; an execve keeps it until strace says otherwise.
#[test]
fn modes_are_inherited() {
    check(
        "[pid    12] execve(\"/a\", [], 0x7f) = 0\n[pid    12] [ Process PID=12 runs in 32 bit mode. ]\n[pid    12] brk(NULL) = 0x1\n[pid    12] clone(child_stack=NULL, flags=SIGCHLD) = 13\n[pid    13] getuid32() = 0\n\
         [pid    13] execve(\"/b\", [], 0xff) = 0\n[pid    13] [ Process PID=13 runs in 64 bit mode. ]\n[pid    13] getuid() = 0\n[pid    13] execve(\"/c\", [], 0xff) = 0\n[pid    13] [ Process PID=13 runs in x32 mode. ]\n[pid    13] getgid() = 0\n[pid    12] getgid32() = 0\n",
        expect![[r#"
            x32 getgid ok 1
            x86 brk ok 1
            x86 clone ok 1
            x86 execve ok 1
            x86 getgid32 ok 1
            x86 getuid32 ok 1
            x86_64 execve ok 2
            x86_64 getuid ok 1
            ~ event 3
        "#]],
    );
}

/// A child that is seen before its parent's call has returned is of its parent's mode too.
#[test]
fn a_child_of_a_32_bit_program_seen_early() {
    check_untold(
        &format!(
            "[pid    12] execve(\"/a\", [], 0x7f) = 0\n[pid    12] [ Process PID=12 runs in 32 bit mode. ]\n[pid    12] {}\n[pid    12] clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n\
                  [pid    13] rseq(0x1, 0x20, 0, 0x53053053) = 0\n[pid    12] <... clone resumed>, child_tidptr=0xf7f1) = 13\n[pid    13] getuid32() = 0\n",
            &ELF_386[2..]
        ),
        expect![[r#"
            x86 clone ok 1
            x86 getuid32 ok 1
            x86 read ok 1
            x86 rseq ok 1
            x86_64 execve ok 1
            ~ event 1
            ! filtered
        "#]],
    );
}

#[test]
fn numbers_tell_the_mode_of_a_single_call() {
    check_untold(
        "1 [  59] execve(\"/a\", [], 0x7f) = 0\n1 [ 158] arch_prctl(ARCH_SET_FS, 0x7f) = 0\n1 [  20] getpid() = 1\n1 [   5] open(NULL, O_RDONLY) = -1 EFAULT (Bad address)\n1 [1073741863] getpid() = 1\n1 [  39] getpid() = 1\n1 [1073742824] syscall_0x400003e8() = -1 ENOSYS (x)\n",
        expect![[r#"
            x32 getpid ok 1
            x32 #1073742824 ENOSYS 1
            x86 getpid ok 1
            x86 open EFAULT 1
            x86_64 arch_prctl ok 1
            x86_64 execve ok 1
            x86_64 getpid ok 1
            ! filtered
        "#]],
    );
}

const ELF_386: &str =
    r#"1 read(3, "\177ELF\1\1\1\3\0\0\0\0\0\0\0\0\3\0\3\0\1\0\0\0"..., 512) = 512"#;

#[test]
fn sub_calls_on_i386() {
    check_untold(
        &format!(
            "1 execve(\"/a\", [], 0x7f) = 0\n{ELF_386}\n1 socket(AF_INET, SOCK_STREAM, 0) = 3\n1 accept(3, NULL, NULL) = 4\n1 semop(1, [], 1) = 0\n1 shmget(1, 2, 3) = 4\n"
        ),
        expect![[r#"
            x86 ipc ok 2
            x86 read ok 1
            x86 shmget ok 1 either
            x86 socket ok 1 either
            x86 socketcall ok 2
            x86_64 execve ok 1
            ! filtered
        "#]],
    );
    check_untold(
        "1 [  59] execve(\"/a\", [], 0x7f) = 0\n1 [ 192] mmap2(NULL, 1, 0, 0, -1, 0) = 0xf7f\n1 [ 102] socket(AF_INET, SOCK_STREAM, 0) = 3\n1 [ 359] socket(AF_INET, SOCK_STREAM, 0) = 3\n1 [ 102] accept(3, NULL, NULL) = 4\n1 [ 117] semop(1, [], 1) = 0\n1 [ 102] socketcall(77, 0x1) = -1 EINVAL (x)\n",
        expect![[r#"
            x86 ipc ok 1
            x86 mmap2 ok 1
            x86 socket ok 1
            x86 socketcall ok 2
            x86 socketcall EINVAL 1
            x86_64 execve ok 1
        "#]],
    );
}

#[test]
fn headers_of_elf_files() {
    for (arch, header) in [
        (
            Arch::Aarch64,
            r"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\267\0\1\0\0\0",
        ),
        (Arch::Arm, r"\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\3\0(\0\1\0\0\0"),
        (
            Arch::S390x,
            r"\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\3\0\26\0\0\0\1",
        ),
        (
            Arch::Riscv64,
            r"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\363\0\1\0\0\0",
        ),
        (
            Arch::Ppc64le,
            r"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\25\0\1\0\0\0",
        ),
        (
            Arch::X86_64,
            r"\x7f\x45\x4c\x46\x02\x01\x01\x03\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00",
        ),
    ] {
        let log = format!(
            "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 read(3, \"{header}\"..., 832) = 832\n"
        );
        let rows = rows(&read(&[(None, log.as_bytes())], None));
        assert_eq!(
            rows,
            if arch == Arch::Arm {
                // The execve is strace's, which is taken to run on a 64-bit kernel.
                "aarch64 execve ok 1\narm brk ok 1\narm read ok 1\n".to_owned()
            } else {
                format!("{arch} brk ok 1\n{arch} execve ok 1\n{arch} read ok 1\n")
            }
        );
    }
}

#[test]
fn numbers_tell_the_architecture() {
    for (arch, numbers) in [
        (Arch::Arm, [11, 45, 322]),
        (Arch::S390x, [11, 45, 288]),
        (Arch::X86_64, [59, 12, 257]),
    ] {
        let [execve, brk, openat] = numbers;
        let log = format!(
            "1 [{execve:4}] execve(\"/a\", [], 0x7f) = 0\n1 [{brk:4}] brk(NULL) = 0x1\n1 [{openat:4}] openat(AT_FDCWD, \"/\", 0) = 3\n"
        );
        let rows = rows(&read(&[(None, log.as_bytes())], None));
        assert_eq!(
            rows,
            format!("{arch} brk ok 1\n{arch} execve ok 1\n{arch} openat ok 1\n")
        );
    }
}

/// Three architectures have one table, and nothing else tells them apart.
#[test]
fn numbers_of_the_generic_table() {
    check_untold(
        "1 [ 221] execve(\"/a\", [], 0x7f) = 0\n1 [ 214] brk(NULL) = 0x1\n1 [  56] openat(AT_FDCWD, \"/\", 0) = 3\n",
        expect![[r#"
            error: `log` does not tell its architecture: its calls fit aarch64, loongarch64, riscv64
        "#]],
    );
}

#[test]
fn names_that_many_architectures_have_tell_none() {
    check_untold(
        "1 execve(\"/a\", [], 0x7f) = 0\n1 brk(NULL) = 0x1\n1 close(3) = 0\n",
        expect![[r#"
            error: `log` does not tell its architecture: its calls fit 23 architectures
        "#]],
    );
    check_untold(
        "1 execve(\"/a\", [], 0x7f) = 0\n1 arch_prctl(ARCH_SET_FS, 0x7f) = 0\n",
        expect![[r#"
            x86_64 arch_prctl ok 1
            x86_64 execve ok 1
            ! filtered
        "#]],
    );
}

#[test]
fn old_names_and_bare_numbers() {
    check(
        "1 _exit(0) = ?\n1 pread(3, \"\", 1, 0) = 0\n1 pwrite(3, \"\", 1, 0) = 0\n1 umount(\"/a\", 0) = 0\n1 syscall_0x13d(1) = 0\n1 syscall_317(1) = 0\n1 SYS_317(1) = 0\n1 syscall_0x270f(0x1) = -1 ENOSYS (x)\n1 syscall_9999(0x1) = -1 ENOSYS (x)\n1 madeup(1) = 0\n1 is this(one) a call\n",
        expect![[r#"
            x86_64 exit no-return 1
            x86_64 madeup ok 1
            x86_64 pread64 ok 1
            x86_64 pwrite64 ok 1
            x86_64 seccomp ok 3
            x86_64 umount2 ok 1
            x86_64 #9999 ENOSYS 2
            ~ unknown-name 1
            ~ not-understood 1
            ! no-start
            ! not-understood
        "#]],
    );
    check_untold(
        &format!(
            "1 execve(\"/a\", [], 0x7f) = 0\n{ELF_386}\n1 old_mmap(NULL) = 0x1\n1 oldselect(0) = 0\n1 old_getrlimit(1) = 0\n1 oldumount(\"/a\") = 0\n1 siggetmask() = 0\n1 sigsetmask(1) = 0\n1 umount(\"/a\") = 0\n"
        ),
        expect![[r#"
            x86 getrlimit ok 1
            x86 mmap ok 1
            x86 read ok 1
            x86 select ok 1
            x86 sgetmask ok 1
            x86 ssetmask ok 1
            x86 umount ok 2
            x86_64 execve ok 1
        "#]],
    );
}
