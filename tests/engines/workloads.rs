//! The workloads: a shell script, threads, two servers, Python and a 32-bit program.

use std::fs;

use tempfile::TempDir;

use crate::common::{require, require_program};
use crate::engine::{Engine, Filter, Launch};
use crate::image::{Image, PROBE_FLAGS, require_builders, require_gcc_multilib};
use crate::probe::Probe;
use crate::trial::{Workload, engines, generate, try_everywhere};

/// The status of a program that seccomp killed, as a shell gives it: 128 and SIGSYS.
const KILLED: Option<i32> = Some(128 + 31);

fn files() -> Workload {
    let image = Image::new();
    image.guest_file("files.sh", "usr/bin/files.sh");
    let prints = "apple 2\nfig 1\npear 1\n\
                  links\n600 21\n./list ./sub/copy ./sub/moved \n3\n\
                  2eb12aa005ac1d5270af737ff2751764  -\n1970-01-01 00:00:00\n\
                  through a fifo\nstatus 7\ncaught\nstatus 3\n100\ndone\n";
    Workload::new(image, &["files.sh"], prints)
}

fn threads() -> Workload {
    let image = Image::new();
    image.guest("threads.c", "threads", &["-pthread"]);
    Workload::new(image, &["threads"], "8 threads of 64 bits: 28000\n")
}

/// A shell that runs a 32-bit program.
fn threads_of_32_bits() -> Workload {
    let image = Image::new();
    image.guest("threads.c", "threads32", &["-pthread", "-m32", "-static"]);
    image.guest("probe.c", "probe32", &[PROBE_FLAGS, &["-m32"]].concat());
    let command = &["sh", "-c", "threads32; echo status $?"];
    let mut workload = Workload::new(image, command, "8 threads of 32 bits: 28000\nstatus 0\n");
    workload.probes.push(Probe::i386());
    workload
}

#[test]
fn shell_script() {
    if require_builders() {
        try_everywhere(&files());
    }
}

#[test]
fn threads_without_clone3() {
    if require_builders() {
        try_everywhere(&threads());
    }
}

/// A trace taken under Docker's default shows `clone3` refused and `clone` used instead.
#[test]
fn threads_recorded_under_dockers_default() {
    if !require_builders() || !Engine::Docker.require() {
        return;
    }
    let workload = threads();
    let recording = workload.record(Engine::Docker, Filter::DockerDefault, 0);
    let log = recording.text();
    assert!(log.contains("-1 ENOSYS"), "clone3 was not refused:\n{log}");
    let folder = TempDir::new().unwrap();
    let profile = folder.path().join("profile.json");
    generate(&[recording], &[], &profile);
    for engine in engines() {
        let launch = Launch {
            filter: Filter::Profile(&profile),
            ..workload.launch(0, false)
        };
        let finished = engine.launch(&launch);
        assert!(workload.passed(&finished), "{finished}");
    }
}

#[test]
fn nginx() {
    if !require_builders() || !require_program("nginx", "nginx-light") {
        return;
    }
    let image = Image::new();
    image.program("nginx");
    image.guest_file("nginx.conf", "etc/nginx.conf");
    image.guest_file("nginx.sh", "usr/bin/nginx.sh");
    image.file("srv/www/index.html", "hello from nginx\n");
    image.file("srv/www/big", &"0123456789abcdef".repeat(20_000));
    let prints = "hello from nginx\n320000\n320000\nnot found\nstopped\n";
    try_everywhere(&Workload::new(image, &["nginx.sh"], prints));
}

#[test]
fn redis() {
    let server = require_program("redis-server", "redis-server");
    if !require_builders() || !server || !require_program("redis-cli", "redis-tools") {
        return;
    }
    let image = Image::new();
    image.program("redis-server");
    image.program("redis-cli");
    image.guest_file("redis.sh", "usr/bin/redis.sh");
    let prints = "OK\ngreen\n41\n42\n3\n3\nBackground saving started\nsaved\nOK\nstopped\n";
    try_everywhere(&Workload::new(image, &["redis.sh"], prints));
}

#[test]
fn python() {
    let packages = [
        "python3.11-minimal",
        "libpython3.11-minimal",
        "libpython3.11-stdlib",
    ];
    let present = packages.iter().all(|package| {
        fs::exists(format!("/var/lib/dpkg/info/{package}.list")).unwrap()
            || fs::exists(format!("/var/lib/dpkg/info/{package}:amd64.list")).unwrap()
    });
    let why = "the Debian package python3.11 is not installed";
    if !require_builders() || !require("python3.11", present, why) {
        return;
    }
    let image = Image::new();
    for package in packages {
        image.package(package);
    }
    image.program("python3.11");
    image.guest_file("work.py", "srv/work.py");
    let prints = "14 from threads\nfrom a child\nfrom a shell\nde41a38c6b373642\ndrive\n";
    try_everywhere(&Workload::new(
        image,
        &["python3.11", "/srv/work.py"],
        prints,
    ));
}

#[test]
fn program_of_32_bits() {
    if require_builders() && require_gcc_multilib() {
        try_everywhere(&threads_of_32_bits());
    }
}

/// A profile of a 64-bit program does not list the 32-bit architecture.
#[test]
fn program_of_32_bits_under_a_profile_of_64_bits() {
    if !require_builders() || !require_gcc_multilib() {
        return;
    }
    let (recorded, workload) = (threads(), threads_of_32_bits());
    let engines = engines();
    let Some(recorder) = engines.first() else {
        return;
    };
    let recording = recorded.record(*recorder, Filter::None, 0);
    let folder = TempDir::new().unwrap();
    let profile = folder.path().join("profile.json");
    generate(&[recording], &[], &profile);
    for engine in engines {
        let filter = Filter::Profile(&profile);
        let launch = Launch {
            filter,
            command: &["threads32"],
            ..workload.launch(0, false)
        };
        let finished = engine.launch(&launch);
        assert!(
            finished.status == KILLED && finished.stdout.is_empty(),
            "{finished}"
        );
    }
}

/// With `kill-process` the workload runs as before, and a call outside the profile ends it.
#[test]
fn kill_process() {
    if !require_builders() {
        return;
    }
    let workload = files();
    let engines = engines();
    let Some(recorder) = engines.first() else {
        return;
    };
    let recording = workload.record(*recorder, Filter::None, 0);
    let folder = TempDir::new().unwrap();
    let profile = folder.path().join("profile.json");
    generate(
        &[recording],
        &["--default-action", "kill-process"],
        &profile,
    );
    for engine in engines {
        let filter = Filter::Profile(&profile);
        let launch = Launch {
            filter,
            ..workload.launch(0, false)
        };
        let finished = engine.launch(&launch);
        assert!(workload.passed(&finished), "{finished}");
        // 39 is getpid, 250 keyctl.
        let finished = engine.launch(&Launch {
            command: &["probe", "39", "250", "39"],
            ..launch
        });
        assert!(
            finished.status == KILLED && finished.stdout == "39 0\n",
            "{finished}"
        );
    }
}
