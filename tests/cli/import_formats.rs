//! `import` of other tools' logs, of directories, of logs that grow, and what it made of lines.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use expect_test::expect;

use crate::util::{PROGRAM, Sandbox};

#[test]
fn a_log_is_taken_for_what_it_is() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("import sample-traces/audit/dmesg/trace.txt -o a.json");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: trace.txt is incomplete: calls were seen and lost, says what saw them
        warning: trace.txt is incomplete: the kernel's log keeps 10 records in 5 seconds and drops the others; auditd keeps them all
        trace.txt: 10 calls in 11 lines, 2 processes; syscalls: 8 on x86_64
          Docker default  8 inside, 0 outside
          last new        read, 0 ms after the start
        Wrote a.json

        Next: callsieve list a.json
    "#]].assert_eq(&ran.whole());
    let ran = sandbox.run("import sample-traces/perf-trace/i386/trace.txt -o a.json --arch x86");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: trace.txt is incomplete: the tool tells calls of 32-bit programs wrong or not at all, and there seem to be some
        warning: trace.txt: 2 calls without a beginning in the log, counted all the same
        trace.txt: 36 calls in 37 lines, 2 processes; syscalls: 21 on x86
          Docker default  21 inside, 0 outside
          last new        stat, 5 ms after the start
        Wrote a.json

        Next: callsieve list a.json
    "#]].assert_eq(&ran.whole());
}

#[test]
fn the_architecture_is_asked_for() {
    let ran = Sandbox::new().run("import sample-traces/ftrace/by-number/trace.txt");
    expect![[r#"
        code 2
        --- stdout
        --- stderr
        error: sample-traces/ftrace/by-number/trace.txt: `trace.txt` does not tell its architecture: its calls fit parisc, parisc64, x86, x86_64
        hint: say it with `--arch`, for example `--arch x86_64`
    "#]].assert_eq(&ran.whole());
}

#[test]
fn a_format_can_be_forced() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("import --from gvisor sample-traces/int80/trace.strace");
    expect![[r#"
        code 2
        --- stdout
        --- stderr
        error: sample-traces/int80/trace.strace: `trace.strace` line 1: expected a line of gvisor such as `I0101 10:00:00.0 1 strace.go:561] [ 1: 1] ls X openat(...) = 3 (0x3)`, found `354   [  59] execve(\"./int80\", [\"./int80\"], 0x7ffe1e668460 /`; no line of the log was understood
        hint: without `--from` the content of a log tells its format
    "#]].assert_eq(&ran.whole());
    let ran = sandbox.run("import --from nonsense sample-traces/int80/trace.strace");
    ran.assert_error(2, "invalid value 'nonsense' for '--from <FORMAT>'");
    sandbox.write(
        "profile.json",
        r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["read", "mmap2"], "action": "SCMP_ACT_ALLOW"}]}"#,
    );
    let ran = sandbox.run("import --from seccomp-profile profile.json -o a.json");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: profile.json is incomplete: names from a list or a profile, which nobody saw called
        profile.json: 1 call in 2 lines, 1 process; syscalls: 1 on x86_64
          Docker default  1 inside, 0 outside
        Wrote a.json

        Next: callsieve list a.json
    "#]]
    .assert_eq(&ran.whole());
}

#[test]
fn what_was_made_of_lines() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("import --explain-lines sample-traces/endings/trace.strace");
    expect![[r#"
        code 0
        --- stdout
        trace.strace, read as strace
             lines    first  made of it                                   shape
                46        1  a call                                       0 name(…) = 0
                13       31  a call                                       0 name(…
                 7       38  no call: signal, exit, mode or the like      0 --- SIGCHLD {…} ---
                 5       37  the rest of a call                           0 <... wait4 resumed>[…], 0, NULL) = 0
                 3       58  no call: signal, exit, mode or the like      0 +++ exited with 0 +++
                 3       57  a call                                       0 name(…) = ?
                 2       36  no call: signal, exit, mode or the like      0 +++ killed by SIGSYS +++
                 2       66  the rest of a call                           0 <... clock_nanosleep resumed>NULL) = 0
                 2       41  the rest of a call                           0 <... clone resumed>, child_tidptr=0) = 0
                 2       35  a call                                       0 name() = 0
                 1       70  no call: signal, exit, mode or the like      0 +++ killed by SIGKILL +++
                 1       90  no call: signal, exit, mode or the like      0 --- SIGCONT {…} ---
                 1       82  no call: signal, exit, mode or the like      0 --- SIGSTOP {…} ---
                 1       46  no call: signal, exit, mode or the like      0 --- SIGSYS {…} ---
                 1       83  no call: signal, exit, mode or the like      0 --- stopped by SIGSTOP ---
                 1       81  the rest of a call                           0 <... clock_nanosleep resumed>NULL) = ? ERESTART_RESTARTBLOCK (…)
                 1       68  the rest of a call                           0 <... pause resumed>) = ?
                 1       76  the rest of a call                           0 <... set_robust_list resumed>) = 0
                 1       84  the rest of a call                           0 <... wait4 resumed>[…], WSTOPPED, NULL) = 0
                 1       56  a call                                       0 name() = -0 EPERM (…)
                 1        4  a call                                       0 name(…) = -0 ENOENT (…)
                 1       61  a call                                       0 name(…) = -0 ENOSYS (…)
        --- stderr
    "#]].assert_eq(&ran.whole());
    sandbox.write(
        "odd",
        "7 read(3, 0x1, 2) = 2\nhello 1\nhello 2\nbye\n7 exit_group(0) = ?\n",
    );
    let ran = sandbox.run("import --arch x86_64 odd -o a.json");
    expect![[r#"
        code 3
        --- stdout
        --- stderr
        warning: odd is incomplete: it does not begin with an execve: taken by attaching, or with a filter on what is traced
        warning: odd is incomplete: more than one line in twenty was not understood
        warning: odd: 3 lines that were not understood
        warning: odd line 2: `hello 1` (2 lines like it)
        warning: odd line 4: `bye`
        odd: 2 calls in 5 lines, 1 process; syscalls: 2 on x86_64
          Docker default  2 inside, 0 outside
        Wrote a.json

        Next: callsieve list a.json
    "#]].assert_eq(&ran.whole());
    let ran = sandbox.run("import --explain-lines odd");
    expect![[r#"
        code 2
        --- stdout
        odd, read as strace
             lines    first  made of it                                   shape
                 2        2  no call: not understood                      hello 0
                 1        1  a call                                       0 name(…) = 0
                 1        5  a call                                       0 name(…) = ?
                 1        4  no call: not understood                      bye
        --- stderr
        error: `odd` does not tell its architecture: its calls fit 23 architectures
        hint: say it with `--arch`, for example `--arch x86_64`
    "#]]
    .assert_eq(&ran.whole());
}

#[test]
fn a_directory_stands_for_its_files() {
    let sandbox = Sandbox::new();
    let files = sandbox.ok("list sample-traces/int80/trace.strace sample-traces/musl/trace.strace");
    for (name, case) in [("a", "int80"), ("sub/b", "musl"), (".hidden", "redis")] {
        let path = sandbox.path(&format!("logs/{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let from = std::fs::read_dir(sandbox.path(&format!("sample-traces/{case}"))).unwrap();
        let trace = from
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with("trace")
            })
            .unwrap();
        std::fs::copy(trace, path).unwrap();
    }
    assert_eq!(sandbox.ok("list logs"), files);
    // The files of a set belong together there too.
    let set = sandbox.ok("import sample-traces/postgres/trace");
    assert_eq!(set.matches("\"source\": \"strace\"").count(), 1);
}

#[test]
fn threads_change_nothing() {
    let sandbox = Sandbox::new();
    let log = sandbox.plain("sample-traces/initdb/trace.strace.zst");
    sandbox.write("log", log);
    let one = sandbox.ok("import --threads 1 log");
    for threads in [2, 3, 64] {
        assert_eq!(sandbox.ok(&format!("import --threads {threads} log")), one);
    }
}

#[test]
fn xz() {
    let sandbox = Sandbox::new();
    let log = sandbox.plain("sample-traces/musl-follow/trace.strace");
    // `xz` of the sample, made once; the crate that reads it does not write.
    let packed = include_bytes!("musl-follow.xz");
    sandbox.write("packed", packed);
    sandbox.write("plain", &log);
    let plain = sandbox.ok("import plain");
    assert_eq!(
        sandbox.ok("import packed").replace("packed", "plain"),
        plain
    );
    sandbox.write("torn.xz", &packed[..packed.len() / 2]);
    sandbox
        .run("import torn.xz")
        .assert_error(2, "can't read `torn.xz`");
}

/// Waits until a file has a line of progress of the program: nothing is printed before the end,
/// so what the program has read is all that can be looked at.
fn position(pid: u32, name: &str) -> Option<u64> {
    let folder = format!("/proc/{pid}/fd");
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if std::fs::read_link(&path).ok()?.ends_with(name) {
            let fd = path.file_name()?.to_str()?.to_owned();
            let info = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).ok()?;
            return info.lines().next()?.split_whitespace().nth(1)?.parse().ok();
        }
    }
    None
}

/// A program that follows `growing` in a sandbox.
struct Following(std::process::Child);

impl Following {
    fn start(sandbox: &Sandbox) -> Self {
        let mut command: Command = sandbox.command(PROGRAM);
        command.args(["import", "--follow", "growing", "-o", "out.json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Follows the first half of a log, which `whole` has whole. Returns that, and how long the
    /// half is.
    fn half(sandbox: &Sandbox) -> (Self, Vec<u8>, usize) {
        let log = sandbox.plain("sample-traces/musl-follow/trace.strace");
        let half = log.len() / 2 + 7;
        sandbox.write("growing", &log[..half]);
        sandbox.write("whole", &log);
        let following = Self::start(sandbox);
        following.wait_for(half as u64);
        (following, log, half)
    }

    /// Ends it; it has read what `whole` has.
    fn assert_whole(self, sandbox: &Sandbox) {
        assert_eq!(self.stop().0, Some(0));
        let followed = String::from_utf8(sandbox.read("out.json")).unwrap();
        assert_eq!(
            followed.replace("growing", "whole"),
            sandbox.ok("import whole")
        );
    }

    /// Waits until it has read so far.
    fn wait_for(&self, position_of: u64) {
        let start = Instant::now();
        while position(self.0.id(), "growing") != Some(position_of) {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "it does not follow"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it by the tool, as a user's terminal would. Returns its exit code and what it said.
    fn stop(self) -> (Option<i32>, String) {
        let killed = Command::new("kill")
            .args(["-INT", &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let output = self.0.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    }
}

#[test]
fn a_log_that_grows() {
    let sandbox = Sandbox::new();
    let (following, log, half) = Following::half(&sandbox);
    let second = &log[half..];
    std::fs::OpenOptions::new()
        .append(true)
        .open(sandbox.path("growing"))
        .unwrap()
        .write_all(second)
        .unwrap();
    following.wait_for(log.len() as u64);
    following.assert_whole(&sandbox);
    sandbox
        .run("import --follow whole growing")
        .assert_error(2, "`--follow` takes one file");
    sandbox
        .run("import --follow -")
        .assert_error(2, "`--follow` takes one file");
}

/// The log goes on in another file of its name.
#[test]
fn a_log_that_is_rotated() {
    let sandbox = Sandbox::new();
    let (following, log, half) = Following::half(&sandbox);
    let second = &log[half..];
    std::fs::rename(sandbox.path("growing"), sandbox.path("growing.1")).unwrap();
    sandbox.write("growing", second);
    following.wait_for(second.len() as u64);
    following.assert_whole(&sandbox);
}

/// What was read of it is kept; what came between is lost, perhaps.
#[test]
fn a_log_that_is_cut_off_and_goes_on() {
    let sandbox = Sandbox::new();
    let (following, log, half) = Following::half(&sandbox);
    let (first, second) = log.split_at(half);
    assert!(second.len() < first.len());
    sandbox.write("growing", second);
    following.wait_for(second.len() as u64);
    let (code, said) = following.stop();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("seen and lost"), "{said}");
    let followed = String::from_utf8(sandbox.read("out.json")).unwrap();
    assert!(followed.contains("\"exit_group\"") && followed.contains("\"execve\""));
}
