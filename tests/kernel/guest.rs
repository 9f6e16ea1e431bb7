//! A guest: a tiny program, what it prints and how it ends, and what is different when it is
//! watched.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::bench::{Bench, Calls, Seen, Way, source};
use crate::common::{require, require_program};
use crate::run::{Finished, only_in_kernel, run};

/// One row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    pub(crate) file: &'static str,
    status: i32,
    prints: &'static str,
    flags: &'static [&'static str],
    also_32: bool,
    arguments: &'static [&'static str],
    who: Who,
    needs: Vec<Need>,
    prepare: &'static [&'static str],
    sees: Vec<&'static str>,
    gaps: Vec<(&'static [Method], &'static [&'static str])>,
    differences: Vec<(Difference, &'static [Method])>,
    interrupted: bool,
}

/// How often a guest that was interrupted is tried again.
const TRIES: usize = 4;

/// Who runs a guest, and watches it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    /// A user without rights; root records it once more, with results.
    Anybody,
    Root,
    Nobody,
}

/// The user without rights.
const NOBODY: &str = "65534";

/// How a recording is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Method {
    /// A filter that stops the program once a call.
    Filter,
    /// Stops before and after each call, without a filter.
    Stops,
    /// A filter that notifies of each call.
    Notify,
    /// A filter that lets pass what another recording has.
    Known,
    /// Programs in the kernel, at the begin of calls and where filters are asked.
    Ebpf,
    /// The same where none can run there: at the end of calls, too.
    EbpfAtEnd,
    /// Programs in the kernel, at the begin and the end of calls.
    EbpfResults,
}

impl Method {
    const ALL: &'static [Self] = &[
        Self::Filter,
        Self::Stops,
        Self::Notify,
        Self::Known,
        Self::Ebpf,
        Self::EbpfAtEnd,
        Self::EbpfResults,
    ];
}

/// What the machine must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// A program and its Debian package.
    Program(&'static str, &'static str),
    /// 32-bit programs: a compiler for them and a kernel that runs them.
    Ia32,
    /// The vsyscall page.
    Vsyscall,
    /// `io_uring_setup` is not forbidden.
    IoUring,
}

/// What is different when the guest is watched, and why.
#[derive(Debug, Clone)]
enum Difference {
    /// Under strace it prints something else or ends in another way.
    Strace(&'static str, i32),
    /// Under callsieve it does.
    Recorded(&'static str, i32),
    /// It goes another way, so that its calls are others.
    AnotherWay,
    /// Only strace sees a call.
    OnlyStrace(&'static str),
    /// Only callsieve sees a call.
    OnlyRecorded(&'static str),
    /// Whether the call is made is a matter of luck.
    Luck(&'static str),
}

/// Whether this is no call, but what the kernel left in the register of one that was to be begun
/// again (`ERESTARTSYS` to `ERESTART_RESTARTBLOCK`): strace takes it for a number if its thread is
/// killed just when it looks.
fn is_left_over(call: &str) -> bool {
    let number = call
        .rsplit_once('#')
        .and_then(|(_, number)| number.parse::<u32>().ok());
    number.is_some_and(|number| (-516..=-512).contains(&number.cast_signed()))
}

impl Guest {
    /// A file in `guests/`, its exit status as a shell gives it and what it prints.
    pub(crate) fn new(file: &'static str, status: i32, prints: &'static str) -> Self {
        Self {
            file,
            status,
            prints,
            flags: &[],
            also_32: false,
            arguments: &[],
            who: Who::Anybody,
            needs: Vec::new(),
            prepare: &[],
            sees: Vec::new(),
            gaps: Vec::new(),
            interrupted: false,
            differences: Vec::new(),
        }
    }

    pub(crate) fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }

    /// The same source is also there as a 32-bit program with `.32` at the end of its name.
    pub(crate) fn also_32(mut self) -> Self {
        self.also_32 = true;
        self.needs(Need::Ia32)
    }

    pub(crate) fn arguments(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    /// Only a user without rights can show it.
    pub(crate) fn nobody(mut self) -> Self {
        self.who = Who::Nobody;
        self
    }

    /// Only root can do it.
    pub(crate) fn root(mut self) -> Self {
        self.who = Who::Root;
        self
    }

    pub(crate) fn needs(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// A command that root runs before, with the program's path behind it.
    pub(crate) fn prepare(mut self, command: &'static [&'static str]) -> Self {
        self.prepare = command;
        self
    }

    /// A call that must be seen, or the guest does not exercise what it says.
    pub(crate) fn sees(mut self, call: &'static str) -> Self {
        self.sees.push(call);
        self
    }

    /// What its recording says is missing, by the keys of gaps.
    pub(crate) fn gaps(self, gaps: &'static [&'static str]) -> Self {
        self.gaps_with(Method::ALL, gaps)
    }

    /// The same for some methods, whatever is said of all.
    pub(crate) fn gaps_with(
        mut self,
        methods: &'static [Method],
        gaps: &'static [&'static str],
    ) -> Self {
        self.gaps.push((methods, gaps));
        self
    }

    fn differs(mut self, difference: Difference, reason: &str) -> Self {
        assert!(reason.len() > 10, "a difference has a reason");
        self.differences.push((difference, Method::ALL));
        self
    }

    /// The difference before is one of these methods alone.
    pub(crate) fn with(mut self, methods: &'static [Method]) -> Self {
        self.differences.last_mut().unwrap().1 = methods;
        self
    }

    pub(crate) fn strace_changes(self, prints: &'static str, status: i32, reason: &str) -> Self {
        self.differs(Difference::Strace(prints, status), reason)
    }

    pub(crate) fn recording_changes(self, prints: &'static str, status: i32, reason: &str) -> Self {
        self.differs(Difference::Recorded(prints, status), reason)
    }

    /// Recorded it goes another way, which the recording must say by a gap.
    pub(crate) fn another_way(self, reason: &str) -> Self {
        self.differs(Difference::AnotherWay, reason)
    }

    pub(crate) fn only_strace(self, call: &'static str, reason: &str) -> Self {
        self.differs(Difference::OnlyStrace(call), reason)
    }

    pub(crate) fn only_recorded(self, call: &'static str, reason: &str) -> Self {
        self.differs(Difference::OnlyRecorded(call), reason)
    }

    /// It can't live with EINTR from calls that never have it, which is what a signal does to a
    /// notified call now and then (docs/ARCHITECTURE.md). Then it is tried again.
    pub(crate) const fn interrupted(mut self) -> Self {
        self.interrupted = true;
        self
    }

    pub(crate) fn luck(self, call: &'static str, reason: &str) -> Self {
        self.differs(Difference::Luck(call), reason)
    }

    /// Runs it in every way and compares.
    #[track_caller]
    pub(crate) fn check(&self) {
        let Some(bench) = Bench::new() else { return };
        if !self.needs.iter().all(|need| need.is_met(&bench)) {
            return;
        }
        let command = self.command(&bench);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let user = (self.who != Who::Root).then_some(NOBODY);
        let run = |way| bench.run(way, user, &command);

        self.ends_as(
            &run(Way::Alone).finished,
            (self.prints, self.status),
            "alone",
        );
        let strace = run(Way::Strace);
        self.ends_as(&strace.finished, self.under_strace(), "under strace");
        let once_more = (self.who == Who::Nobody).then_some(NOBODY);
        let known = bench.path("known");
        let known = known.to_str().unwrap();
        let mut first = None;
        let in_kernel = bench.in_kernel().unwrap_or(Method::Ebpf);
        for (method, user, options) in [
            (Method::Filter, user, &["--backend", "ptrace"][..]),
            (
                Method::Stops,
                once_more,
                &["--backend", "ptrace", "--results"],
            ),
            (Method::Notify, user, &["--backend", "notify"]),
            (Method::Known, user, &["--known", known]),
            (in_kernel, None, &["--backend", "ebpf"]),
            (
                Method::EbpfResults,
                None,
                &["--backend", "ebpf", "--results"],
            ),
        ] {
            // It takes rights that this one must not have.
            let takes_rights = [in_kernel, Method::EbpfResults].contains(&method);
            if !takes_rights && only_in_kernel() {
                continue;
            }
            if takes_rights && (self.who == Who::Nobody || !bench.takes_programs()) {
                continue;
            }
            let mut recorded = bench.run(Way::Record(options), user, &command);
            let is_notified = matches!(method, Method::Notify | Method::Known);
            let was_interrupted = |seen: &Seen| {
                let status = Some(self.recorded(method).1);
                self.interrupted && is_notified && seen.finished.status != status
            };
            // Threads of several recordings that wait at once may keep all processors, which the
            // recordings say (docs/ebpf.md).
            let waited_in_vain = |seen: &Seen| {
                let hidden = &"hidden-by-filter";
                let told = seen.gaps.contains(hidden) && !self.gaps_of(method).contains(hidden);
                told && method == Method::EbpfAtEnd
            };
            for _ in 0..TRIES {
                if !was_interrupted(&recorded) && !waited_in_vain(&recorded) {
                    break;
                }
                recorded = bench.run(Way::Record(options), user, &command);
            }
            self.ends_as_recorded(&mut recorded, method);
            match (method, &first) {
                (Method::Filter, _) => {
                    fs::write(known, &recorded.bytes).unwrap();
                    first = Some(recorded.calls.clone());
                }
                (Method::Known, Some(first)) => recorded.calls.extend(first.iter().cloned()),
                _ => {}
            }
            self.has_the_calls(&strace, &recorded, method);
        }
    }

    /// Compares a run under strace with one that was recorded in the kernel, by root both, wherever
    /// they were made. What a slow machine keeps a guest from, as a stop within a sleep, strace does
    /// not see there either.
    #[track_caller]
    pub(crate) fn compare(&self, strace: &Seen, mut recorded: Seen, method: Method) {
        let mut there = self.clone();
        there.sees.retain(|call| strace.calls.contains(*call));
        there.ends_as(&strace.finished, there.under_strace(), "under strace");
        there.ends_as_recorded(&mut recorded, method);
        there.has_the_calls(strace, &recorded, method);
    }

    /// Whether it did what it does here: elsewhere it may lack what it needs.
    pub(crate) fn runs(&self, strace: &Seen) -> bool {
        let (prints, status) = self.under_strace();
        strace.finished.stdout == prints && strace.finished.status == Some(status)
    }

    /// Whether root can run it.
    pub(crate) fn is_roots(&self) -> bool {
        self.who != Who::Nobody
    }

    #[track_caller]
    fn ends_as_recorded(&self, recorded: &mut Seen, method: Method) {
        recorded.gaps.sort_unstable();
        let finished = &recorded.finished;
        let way = format!("recorded, {method:?}");
        self.ends_as(finished, self.recorded(method), &way);
        let gaps = self.gaps_of(method);
        assert_eq!(recorded.gaps, gaps, "{} {way}: {finished}", self.file);
    }

    #[track_caller]
    fn has_the_calls(&self, strace: &Seen, recorded: &Seen, method: Method) {
        if self.goes_another_way(method) {
            let finished = &recorded.finished;
            assert!(
                !recorded.gaps.is_empty(),
                "{} {method:?}: {finished}",
                self.file
            );
        } else {
            self.same_calls(strace, recorded, method);
        }
    }

    fn goes_another_way(&self, method: Method) -> bool {
        self.differences.iter().any(|(difference, methods)| {
            matches!(difference, Difference::AnotherWay) && methods.contains(&method)
        })
    }

    /// What it prints under strace, and its status.
    fn under_strace(&self) -> (&'static str, i32) {
        let changed = |(difference, _): &(Difference, _)| {
            if let Difference::Strace(prints, status) = *difference {
                Some((prints, status))
            } else {
                None
            }
        };
        let changed = self.differences.iter().find_map(changed);
        changed.unwrap_or((self.prints, self.status))
    }

    /// What it prints under callsieve, and its status.
    fn recorded(&self, method: Method) -> (&'static str, i32) {
        let changed = |(difference, methods): &(Difference, &[Method])| {
            if let Difference::Recorded(prints, status) = *difference
                && methods.contains(&method)
            {
                Some((prints, status))
            } else {
                None
            }
        };
        let changed = self.differences.iter().find_map(changed);
        changed.unwrap_or((self.prints, self.status))
    }

    /// What its recording says is missing.
    fn gaps_of(&self, method: Method) -> Vec<&'static str> {
        let mut last = self.gaps.iter().rev();
        let own = last.find(|(methods, _)| methods.contains(&method));
        let mut gaps = own.map_or(Vec::new(), |(_, gaps)| gaps.to_vec());
        // What is said of this method alone is all there is to say.
        let alone = own.is_some_and(|(methods, _)| *methods == [Method::Known]);
        if method == Method::Known && !alone {
            gaps.push("incremental");
        }
        gaps.sort_unstable();
        gaps
    }

    /// The calls that this kind of difference names.
    fn named(&self, method: Method, of: impl Fn(&Difference) -> Option<&'static str>) -> Calls {
        self.differences
            .iter()
            .filter(|(_, methods)| methods.contains(&method))
            .filter_map(|(difference, _)| of(difference))
            .map(str::to_owned)
            .collect()
    }

    #[track_caller]
    fn ends_as(&self, finished: &Finished, (prints, status): (&str, i32), way: &str) {
        assert!(
            finished.stdout == prints && finished.status == Some(status),
            "{} {way}: expected status {status} and\n{prints}\ngot {finished}",
            self.file
        );
    }

    /// Compares the sets. Any signal that a tracer sees, a child's end for one, may turn a sleep
    /// into `restart_syscall`, so that one is a matter of luck everywhere. The return from a
    /// handler is never notified of, since a program would not survive it if that is interrupted.
    #[track_caller]
    fn same_calls(&self, strace: &Seen, recorded: &Seen, method: Method) {
        let only_strace = self.named(method, |difference| {
            if let Difference::OnlyStrace(call) = *difference {
                Some(call)
            } else {
                None
            }
        });
        let only_recorded = self.named(method, |difference| {
            if let Difference::OnlyRecorded(call) = *difference {
                Some(call)
            } else {
                None
            }
        });
        let luck = self.named(method, |difference| {
            if let Difference::Luck(call) = *difference {
                Some(call)
            } else {
                None
            }
        });
        let mut wrong = String::new();
        for (one, other, expected, what) in [
            (strace, recorded, &only_strace, "only strace sees"),
            (recorded, strace, &only_recorded, "only the recording has"),
        ] {
            let found: Calls = one.calls.difference(&other.calls).cloned().collect();
            for call in found
                .difference(expected)
                .filter(|call| !luck.contains(*call))
            {
                let unheard = method == Method::Notify && call.ends_with("sigreturn");
                if !unheard && !call.ends_with(" restart_syscall") && !is_left_over(call) {
                    writeln!(wrong, "{}: {what} {call}", self.file).unwrap();
                }
            }
            for call in expected.difference(&found) {
                writeln!(wrong, "{}: no longer true: {what} {call}", self.file).unwrap();
            }
        }
        for call in &self.sees {
            // Seen by nobody means that the guest does not exercise what it says.
            let unheard = method == Method::Notify && call.ends_with("sigreturn");
            let missed = only_strace.contains(*call) || luck.contains(*call);
            if !unheard && !recorded.calls.contains(*call) && !missed {
                writeln!(wrong, "{}: no {call}", self.file).unwrap();
            }
        }
        assert!(wrong.is_empty(), "{method:?}: {wrong}{}", recorded.finished);
    }

    /// The command line of it, with its program, which is made.
    pub(crate) fn command(&self, bench: &Bench) -> Vec<String> {
        let mut command = vec![self.build(bench)];
        command.extend(self.arguments.iter().map(|&argument| argument.to_owned()));
        command
    }

    /// Makes the program.
    fn build(&self, bench: &Bench) -> String {
        let (stem, kind) = self.file.split_once('.').unwrap();
        let source = source("guests").join(self.file);
        let program = bench.path(stem);
        match kind {
            "c" => bench.compile(&source, stem, self.flags),
            "S" => {
                let flags = [&["-nostdlib", "-static", "-no-pie"], self.flags].concat();
                bench.compile(&source, stem, &flags);
            }
            "sh" | "py" => {
                fs::copy(&source, &program).unwrap();
                fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
            }
            _ => panic!("{}: what is that?", self.file),
        }
        if self.also_32 {
            bench.compile(&source, &format!("{stem}.32"), &["-m32"]);
        }
        if let [command, arguments @ ..] = self.prepare {
            let mut command = std::process::Command::new(command);
            let _finished = run(command.args(arguments).arg(&program)).expect_success();
        }
        program.to_str().unwrap().to_owned()
    }
}

impl Need {
    pub(crate) fn is_met(self, bench: &Bench) -> bool {
        match self {
            Self::Program(program, package) => require_program(program, package),
            Self::Ia32 => {
                let mut compile = std::process::Command::new("gcc");
                compile.args(["-m32", "-o"]).arg(bench.path("ia32"));
                let compiles = run(compile.arg(source("init.c"))).succeeded();
                // Without a command it has nothing to do, and says so.
                let runs = compiles
                    && run(&mut std::process::Command::new(bench.path("ia32"))).status == Some(127);
                require("ia32", runs, "32-bit programs do not compile or do not run")
            }
            Self::Vsyscall => {
                let maps = fs::read_to_string("/proc/self/maps").unwrap();
                require("vsyscall", maps.contains("[vsyscall]"), "vsyscall=none")
            }
            Self::IoUring => {
                let path = Path::new("/proc/sys/kernel/io_uring_disabled");
                let allowed = fs::read_to_string(path).is_ok_and(|text| text.trim() == "0");
                require("io_uring", allowed, "io_uring is not there or disabled")
            }
        }
    }
}
