//! `setup` and the hook on real engines: containers that ask for it are recorded from their first
//! instruction on, and start whatever becomes of the recorder.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use callsieve::event::Gap;
use callsieve::recording::{self, Recording};

use crate::common::require;
use crate::rig::{Kind, PODMAN_LIMITS, Rig, calls, unique_name, wait_for};
use crate::run::{Finished, run};

/// An engine that was set up.
struct Asking {
    rig: Rig,
}

impl Asking {
    fn new(kind: Kind) -> Option<Self> {
        Self::among(None, kind)
    }

    /// Where an engine with a daemon sees other mounts after a command.
    fn among(mounts: Option<&str>, kind: Kind) -> Option<Self> {
        let words = ["record", "--backend", "ebpf", "-o", "/dev/null", "true"];
        let tried = run(Command::new(env!("CARGO_BIN_EXE_callsieve")).args(words));
        if !require("ebpf", tried.succeeded(), tried.stderr.trim()) {
            return None;
        }
        let rig = match kind {
            Kind::Docker => Rig::with_daemon(mounts, |folder| {
                let file = folder.join("daemon.json");
                setup("docker", &file, &folder.join("recordings"), "--apply");
            })?,
            Kind::Podman => Rig::new(kind)?,
        };
        if kind == Kind::Podman {
            let file = rig.path("hooks.d/callsieve.json");
            setup("podman", &file, &rig.path("recordings"), "--apply");
        }
        Some(Self { rig })
    }

    /// `run WORDS`, as one that asks for it.
    fn words(&self, words: &[&str]) -> Vec<String> {
        let hooks = self.rig.path("hooks.d").display().to_string();
        let mut all = match self.rig.kind {
            Kind::Docker => vec!["run", "--runtime", "callsieve", "--network", "none"],
            Kind::Podman => vec![
                "--hooks-dir",
                &hooks,
                "run",
                "--annotation",
                "callsieve.record=yes",
            ],
        };
        if self.rig.kind == Kind::Podman {
            all.extend(PODMAN_LIMITS);
        }
        all.extend(words);
        all.into_iter().map(str::to_owned).collect()
    }

    fn run(&self, words: &[&str]) -> Finished {
        let words = self.words(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.rig.ask(&words)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.rig.path("recordings"))
            .into_iter()
            .flatten();
        let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        all.retain(|path| path.to_str().is_some_and(|it| it.ends_with(".rec.json")));
        all.sort();
        all
    }

    /// What was written of a container, when it is over.
    #[track_caller]
    fn recording(&self, name: &str) -> Recording {
        let of = |path: &PathBuf| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(name)
        };
        let read = || {
            let path = self.files().into_iter().find(of)?;
            let read = recording::read(&fs::read(path).unwrap()).unwrap();
            let running = read.gaps().any(|(_, gap)| gap == Gap::Detached);
            (!running).then_some(read)
        };
        wait_for(&format!("{name}: {}", self.log()), || read().is_some());
        read().unwrap()
    }

    /// The recorders that run for it.
    fn recorders(&self) -> Vec<String> {
        let folder = self.rig.path("recordings").display().to_string();
        let ours = |pid: &String| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).into_owned();
            words.contains("oci-recorder") && words.contains(&folder)
        };
        let entries = fs::read_dir("/proc").unwrap();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(ours).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.rig.path("recordings/hook.log")).unwrap_or_default()
    }
}

#[track_caller]
fn setup(engine: &str, file: &std::path::Path, output: &std::path::Path, how: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsieve"));
    command.args(["setup", engine, how, "--file"]).arg(file);
    run(command.arg("--output").arg(output)).expect_success();
}

/// Programs of a recording, and whether it is complete.
fn programs(recording: &Recording) -> (Vec<String>, Vec<Gap>) {
    let programs = recording.runs().flat_map(|(_, run)| run.executables.keys());
    let gaps = recording.gaps().map(|(_, gap)| gap);
    (programs.cloned().collect(), gaps.collect())
}

fn label(recording: &Recording, key: &str) -> Option<String> {
    let (_, run) = recording.runs().next().unwrap();
    run.capture.as_ref().unwrap().labels.get(key).cloned()
}

/// With what of its calls was under the filter, which is enough for a start.
fn the_runtime_is_known(asking: &Asking, recording: &Recording) {
    let runtime = recording.runtime();
    let by_runtime: Vec<_> = runtime
        .values()
        .flat_map(|it| it.values().flatten())
        .collect();
    let filtered = |name: &str| {
        let of = by_runtime.iter().find(|(call, _)| call.to_string() == name);
        of.map(|(_, it)| it.filtered)
    };
    assert_eq!(filtered("execve"), Some(1), "{runtime:?}");
    assert_eq!(filtered("mount"), Some(0), "{runtime:?}");
    assert!(by_runtime.iter().all(|(_, it)| it.filtered <= it.calls));
    let path = asking.files().remove(0);
    let profile = asking.rig.path("profile.json");
    let mut generate = Command::new(env!("CARGO_BIN_EXE_callsieve"));
    generate.args(["generate", "-q", "--runtime-floor", "recorded", "-o"]);
    run(generate.arg(&profile).arg(path)).expect_success();
    let option = format!("seccomp={}", profile.display());
    for _ in 0..3 {
        let words = [
            "--rm",
            "--security-opt",
            &option,
            &asking.rig.shell,
            "sh",
            "-c",
            "echo hi",
        ];
        let ran = asking.run(&words);
        assert_eq!(ran.stdout.trim(), "hi", "{ran}");
    }
}

/// Short, by another user, read-only, under a profile; one that ends with an error; one that
/// can't begin; one that does not ask.
fn containers_that_ask(kind: Kind) {
    let Some(asking) = Asking::new(kind) else {
        return;
    };
    let shell = asking.rig.shell.clone();
    let (one, two) = (unique_name(), unique_name());
    let ran = asking.run(&[
        "--rm",
        "--name",
        &one,
        &shell,
        "sh",
        "-c",
        "echo hi; exit 7",
    ]);
    assert_eq!((ran.status, ran.stdout.trim()), (Some(7), "hi"), "{ran}");
    let first = asking.recording(&one);
    assert_eq!(programs(&first), (vec!["/bin/busybox".to_owned()], vec![]));
    let found = calls(&first);
    for call in ["execve", "write", "exit_group", "arch_prctl"] {
        assert!(found.contains(&call.to_owned()), "{call}: {found:?}");
    }
    // What its runtime calls is not the program's.
    for call in ["pivot_root", "mount", "capset", "unshare", "seccomp"] {
        assert!(!found.contains(&call.to_owned()), "{call}: {found:?}");
    }
    the_runtime_is_known(&asking, &first);
    let engine = asking.rig.engine();
    assert_eq!(label(&first, "engine").as_deref(), Some(engine));
    assert_eq!(label(&first, "container").as_deref(), Some(one.as_str()));
    assert!(label(&first, "image").unwrap().contains(&shell));

    let words = [
        "--rm",
        "--name",
        &two,
        "--user",
        "1000",
        "--read-only",
        &shell,
    ];
    let ran = asking.run(&[&words[..], &["mkdir", "/x"]].concat());
    assert_eq!(ran.status, Some(1), "{ran}");
    let second = asking.recording(&two);
    assert_eq!(programs(&second).1, []);
    assert!(calls(&second).contains(&"mkdir".to_owned()));

    // Not asked for, and without a program to begin with.
    let before = asking.files().len();
    let mut plain = vec!["run", "--rm"];
    if kind == Kind::Podman {
        plain.extend(PODMAN_LIMITS);
    } else {
        plain.extend(["--network", "none"]);
    }
    plain.extend([shell.as_str(), "true"]);
    asking.rig.ask(&plain).expect_success();
    let ran = asking.run(&["--rm", &shell, "/no-such-program"]);
    assert_eq!(ran.status, Some(127), "{ran}");
    wait_for("the end is not told", || {
        asking.log().contains("ended before its program began")
    });
    assert_eq!(asking.files().len(), before, "{}", asking.log());
    asking.rig.assert_clean();
}

#[test]
fn containers_that_ask_docker() {
    containers_that_ask(Kind::Docker);
}

#[test]
fn containers_that_ask_podman() {
    containers_that_ask(Kind::Podman);
}

/// What exec brings in, a stop, and a second start of the same container.
fn a_service(kind: Kind) {
    let Some(asking) = Asking::new(kind) else {
        return;
    };
    let shell = asking.rig.shell.clone();
    let name = unique_name();
    let run = asking.run(&["--detach", "--name", &name, &shell, "sleep", "100"]);
    run.expect_success();
    asking
        .rig
        .ask(&["exec", &name, "mkdir", "/tmp/x"])
        .expect_success();
    asking
        .rig
        .ask(&["stop", "--time", "1", &name])
        .expect_success();
    let first = asking.recording(&name);
    let found = calls(&first);
    assert_eq!(programs(&first).1, []);
    for call in ["mkdir", "nanosleep", "execve"] {
        let known = found.contains(&call.to_owned()) || call == "nanosleep";
        assert!(known, "{call}: {found:?}");
    }
    // Podman reads its hooks anew.
    let hooks = asking.rig.path("hooks.d").display().to_string();
    let options = ["--hooks-dir", hooks.as_str()];
    let options = if kind == Kind::Podman {
        &options[..]
    } else {
        &[]
    };
    let start = [options, &["start", &name]].concat();
    asking.rig.ask(&start).expect_success();
    asking.rig.ask(&["kill", &name]).expect_success();
    wait_for("the second start is not recorded", || {
        let all = asking.files();
        all.len() == 2
            && all
                .iter()
                .any(|it| it.to_str().unwrap().ends_with(".2.rec.json"))
    });
    asking.rig.ask(&["rm", "--force", &name]).expect_success();
    asking.rig.assert_clean();
}

#[test]
fn a_service_docker() {
    a_service(Kind::Docker);
}

#[test]
fn a_service_podman() {
    a_service(Kind::Podman);
}

/// Health checks and `exec` run programs of their own in the container: each is in the recording
/// under its name, with its calls, apart from those of the runtime that brought it in.
fn health_checks(kind: Kind) {
    let Some(asking) = Asking::new(kind) else {
        return;
    };
    let shell = asking.rig.shell.clone();
    let name = unique_name();
    // The image has one program under many names, so others are made of it.
    let script = "for it in ln rmdir; do busybox cp /bin/busybox /tmp/$it; done; exec sleep 100";
    let check = "/tmp/ln -s nowhere /tmp/link 2> /dev/null; true";
    let mut words = vec!["--detach", "--name", &name, "--health-cmd", check];
    words.extend(match kind {
        Kind::Docker => ["--health-interval", "1s"],
        // It leaves the time to systemd, which may not be here.
        Kind::Podman => ["--health-interval", "disable"],
    });
    words.extend([shell.as_str(), "sh", "-c", script]);
    asking.run(&words).expect_success();
    let ready = ["exec", &name, "sh", "-c", "[ -x /tmp/rmdir ]"];
    wait_for("the programs are not there", || {
        asking.rig.ask(&ready).succeeded()
    });
    asking.rig.ask(&["exec", &name, "/tmp/rmdir", "/tmp/none"]);
    if kind == Kind::Podman {
        let healthy = asking.rig.ask(&["healthcheck", "run", &name]);
        healthy.expect_success();
    }
    let link = ["exec", &name, "sh", "-c", "[ -L /tmp/link ]"];
    wait_for("no health check was made", || {
        asking.rig.ask(&link).succeeded()
    });
    asking.rig.ask(&["rm", "--force", &name]).expect_success();

    let recording = asking.recording(&name);
    let (programs, gaps) = programs(&recording);
    assert_eq!(programs, ["/bin/busybox", "/tmp/ln", "/tmp/rmdir"]);
    // On a busy machine the recorder may come late, which it says.
    let late = asking.log().contains("the container did not wait");
    assert_eq!(gaps, if late { vec![Gap::NoStart] } else { vec![] });
    let totals = recording.totals();
    let by = |call: &str| -> Vec<&str> {
        let of = totals.values().flatten();
        let found = of.filter(|(id, _)| id.to_string() == call);
        found.flat_map(|(_, it)| it.by.keys().copied()).collect()
    };
    assert_eq!(by("symlink"), ["/tmp/ln"]);
    assert_eq!(by("rmdir"), ["/tmp/rmdir"]);
    for call in ["setns", "capset", "unshare", "mount"] {
        assert_eq!(by(call), [""; 0], "{call} is the runtime's");
    }
    let runtime = recording.runtime();
    assert!(!runtime.is_empty());
    for program in &programs {
        assert!(!runtime.contains_key(program), "{program}: {runtime:?}");
    }
    asking.rig.assert_clean();
}

#[test]
fn health_checks_docker() {
    health_checks(Kind::Docker);
}

#[test]
fn health_checks_podman() {
    health_checks(Kind::Podman);
}

/// Many at once, each with a recording of its own that is complete.
#[test]
fn twenty_at_once() {
    let Some(asking) = Asking::new(Kind::Docker) else {
        return;
    };
    let names: Vec<String> = (0..20).map(|_| unique_name()).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let asking = &asking;
            scope.spawn(move || {
                let words = [
                    "--rm",
                    "--name",
                    name,
                    &asking.rig.shell,
                    "sh",
                    "-c",
                    "true; id",
                ];
                let ran = asking.run(&words);
                assert_eq!(ran.status, Some(0), "{ran}");
            });
        }
    });
    for name in &names {
        let found = asking.recording(name);
        assert_eq!(label(&found, "container").as_deref(), Some(name.as_str()));
        assert!(calls(&found).contains(&"execve".to_owned()));
    }
    assert_eq!(asking.files().len(), names.len());
    asking.rig.assert_clean();
}

/// A folder that can't be written to, and one without room.
#[test]
fn a_container_starts_without_its_recorder() {
    let Some(asking) = Asking::new(Kind::Docker) else {
        return;
    };
    let shell = asking.rig.shell.clone();
    let folder = asking.rig.path("recordings");
    fs::write(&folder, "").unwrap();
    let ran = asking.run(&["--rm", &shell, "true"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=4k,mode=700", "none"];
    let mounted = run(Command::new("mount").args(mount).arg(&folder));
    if !require("tmpfs", mounted.succeeded(), "tmpfs can't be mounted") {
        return;
    }
    fs::write(folder.join("full"), [0; 4096]).unwrap();
    let ran = asking.run(&["--rm", &shell, "true"]);
    let files = asking.files();
    run(Command::new("umount").args(["--lazy"]).arg(&folder)).expect_success();
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_eq!(files, Vec::<PathBuf>::new());
    asking.rig.assert_clean();
}

/// Where the kernel takes no programs, here for want of a description of its types, a container
/// starts all the same, and one line says why it is not recorded.
#[test]
fn a_kernel_that_takes_no_programs() {
    let without = "mount -t tmpfs none /sys/kernel/btf";
    let Some(asking) = Asking::among(Some(without), Kind::Docker) else {
        return;
    };
    let words = ["--rm", &asking.rig.shell, "sh", "-c", "echo hi; exit 7"];
    let ran = asking.run(&words);
    assert_eq!((ran.status, ran.stdout.trim()), (Some(7), "hi"), "{ran}");
    assert_eq!(asking.files(), Vec::<PathBuf>::new());
    let log = asking.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    for words in [
        "runs without being recorded: this kernel does not describe its types",
        "`callsieve docker -- run` records without eBPF",
    ] {
        assert!(log.contains(words), "{log}");
    }
    assert_eq!(asking.recorders(), Vec::<String>::new());
    asking.rig.assert_clean();
}

/// A recorder that is killed: the container runs on, what was written stays, and says that more
/// may have come.
#[test]
fn a_killed_recorder() {
    let Some(asking) = Asking::new(Kind::Docker) else {
        return;
    };
    let (name, shell) = (unique_name(), asking.rig.shell.clone());
    let run_it = asking.run(&["--detach", "--name", &name, &shell, "sleep", "100"]);
    run_it.expect_success();
    wait_for("nothing is written", || !asking.files().is_empty());
    let recorders = asking.recorders();
    assert_eq!(recorders.len(), 1, "{recorders:?}");
    run(Command::new("kill").args(["-s", "KILL", &recorders[0]])).expect_success();
    wait_for("it lives", || asking.recorders().is_empty());
    let still = asking.rig.ask(&["exec", &name, "mkdir", "/tmp/x"]);
    still.expect_success();
    asking.rig.ask(&["rm", "--force", &name]).expect_success();
    let [file] = asking.files().try_into().unwrap();
    let found = recording::read(&fs::read(file).unwrap()).unwrap();
    assert_eq!(programs(&found).1, [Gap::Detached]);
    assert!(calls(&found).contains(&"execve".to_owned()));
    asking.rig.assert_clean();
}
