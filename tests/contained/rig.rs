//! An engine with images of a test's own, and a folder in which the program runs.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use callsieve::recording::{self, Recording};
use tempfile::TempDir;

use crate::common::{find_program, require, require_program};
use crate::daemon::Daemon;
use crate::run::{Finished, LIMIT, patience, remove, run};
use crate::static_binary::static_binary;

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Docker,
    Podman,
}

/// An engine with images and a folder. They go with the value, and it is seen that nothing else
/// is left.
pub(crate) struct Rig {
    pub(crate) kind: Kind,
    /// It ends before the folder goes that it writes to.
    daemon: Option<Daemon>,
    folder: TempDir,
    /// Has busybox under its names, a user `app`, and folders.
    pub(crate) shell: String,
    /// Has nothing but the guest.
    pub(crate) bare: String,
}

/// Podman as root where cgroups have both versions, which crun does not take, with a store of its
/// own that goes with the test.
const PODMAN: &str = r#"#!/bin/sh
exec unshare --mount sh -c 'umount /sys/fs/cgroup/unified 2> /dev/null; exec REAL --root STORE/root \
    --runroot STORE/run --tmpdir STORE/tmp --storage-driver vfs --cgroup-manager cgroupfs --events-backend none "$@"' podman "$@"
"#;

/// What Podman needs to start a container where limits can't be raised.
pub(crate) const PODMAN_LIMITS: [&str; 6] = [
    "--ulimit",
    "nofile=1024:1024",
    "--ulimit",
    "nproc=4096:4096",
    "--network",
    "none",
];

impl Rig {
    /// The engine, if it can be used here.
    pub(crate) fn new(kind: Kind) -> Option<Self> {
        Self::made(kind, None, None)
    }

    /// Docker with a daemon of the test's own, whose daemon.json may be changed first, and which
    /// may see other mounts, after a command.
    pub(crate) fn with_daemon(mounts: Option<&str>, change: impl Fn(&Path)) -> Option<Self> {
        Self::made(Kind::Docker, Some(&change), mounts)
    }

    fn made(kind: Kind, daemon: Option<&dyn Fn(&Path)>, mounts: Option<&str>) -> Option<Self> {
        let built = [
            require(
                "x86_64",
                cfg!(target_arch = "x86_64"),
                "the guest is written for x86_64",
            ),
            require_program("busybox", "busybox-static"),
            require_program("gcc", "gcc"),
            require_program("tar", "tar"),
        ];
        if built.contains(&false) {
            return None;
        }
        let mut rig = Self {
            kind,
            daemon: None,
            folder: TempDir::new().unwrap(),
            shell: unique_name(),
            bare: unique_name(),
        };
        for folder in ["bin", "tmp", "store"] {
            fs::create_dir(rig.path(folder)).unwrap();
        }
        if let Some(change) = daemon {
            let needed = [
                require_program("dockerd", "docker.io"),
                require_program("unshare", "util-linux"),
            ];
            if needed.contains(&false) {
                return None;
            }
            let bridge = Path::new("/sys/class/net/docker0");
            let had_bridge = bridge.exists();
            rig.daemon = Daemon::start(rig.folder.path(), change, mounts);
            assert_eq!(bridge.exists(), had_bridge, "another daemon's bridge");
        }
        if let Err(why) = rig.look() {
            require(rig.engine(), false, &why);
            return None;
        }
        rig.import();
        Some(rig)
    }

    /// The engine's name.
    pub(crate) fn engine(&self) -> &'static str {
        match self.kind {
            Kind::Docker => "docker",
            Kind::Podman => "podman",
        }
    }

    fn look(&self) -> Result<(), String> {
        let engine = self.engine();
        let program = find_program(engine).ok_or_else(|| format!("{engine} is not installed"))?;
        if let Some(daemon) = &self.daemon {
            let script = daemon.command(&program);
            fs::write(self.path("bin/docker"), script).unwrap();
            executable(&self.path("bin/docker"));
        }
        if self.kind == Kind::Podman {
            if fs::metadata("/proc/self").unwrap().uid() != 0 {
                return Err("podman is tried as root only".to_owned());
            }
            let script = PODMAN
                .replace("REAL", program.to_str().unwrap())
                .replace("STORE", self.path("store").to_str().unwrap());
            fs::write(self.path("bin/podman"), script).unwrap();
            executable(&self.path("bin/podman"));
        }
        let answer = self.ask(&["info"]);
        if answer.succeeded() {
            return Ok(());
        }
        let last = answer.stderr.lines().last().unwrap_or("no answer");
        Err(format!("{engine} cannot be used: {last}"))
    }

    fn import(&self) {
        let root = self.path("shell");
        for folder in ["bin", "etc", "tmp", "proc", "sys", "dev"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::copy(find_program("busybox").unwrap(), root.join("bin/busybox")).unwrap();
        for applet in ["sh", "cat", "id", "kill", "ls", "mkdir", "sleep", "true"] {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(
            root.join("etc/passwd"),
            "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n",
        )
        .unwrap();
        self.import_folder(&root, &self.shell, &["ENV PATH=/bin", r#"CMD ["true"]"#]);
        fs::create_dir(self.path("bare")).unwrap();
        fs::copy(guest(), self.path("bare/guest")).unwrap();
        let entry = [r#"ENTRYPOINT ["/guest"]"#];
        self.import_folder(&self.path("bare"), &self.bare, &entry);
    }

    /// Makes an image of a folder.
    fn import_folder(&self, root: &Path, name: &str, changes: &[&str]) {
        let tar = self.path("image.tar");
        let mut archive = Command::new("tar");
        archive
            .args(["--owner=0", "--group=0", "--numeric-owner", "-cf"])
            .arg(&tar);
        run(archive.arg("-C").arg(root).arg(".")).expect_success();
        let mut words = vec!["import"];
        for change in changes {
            words.extend(["--change", change]);
        }
        self.ask(&[&words[..], &[tar.to_str().unwrap(), name]].concat())
            .expect_success();
    }

    /// A file of this test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the engine's own command.
    pub(crate) fn ask(&self, words: &[&str]) -> Finished {
        run(self.command(self.engine()).args(words))
    }

    /// A program that finds this engine.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!(
            "{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            self.path("bin").display()
        );
        command
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("TMPDIR", self.path("tmp"))
            .env_remove("DOCKER_HOST");
        command
    }

    /// `callsieve OPTIONS -- run NEEDED WORDS`, with the recording in `a.rec.json`.
    pub(crate) fn callsieve(&self, options: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_callsieve"));
        command.args([
            self.engine(),
            "--quiet",
            "--output",
            "a.rec.json",
            "--binary",
        ]);
        command
            .arg(static_binary())
            .args(options)
            .args(["--", "run"]);
        if self.kind == Kind::Podman {
            command.args(PODMAN_LIMITS);
        }
        command.args(words);
        command
    }

    /// Runs that.
    #[track_caller]
    pub(crate) fn record(&self, options: &[&str], words: &[&str]) -> Finished {
        let finished = run(&mut self.callsieve(options, words));
        self.assert_clean();
        finished
    }

    /// Starts that, for a test that does something meanwhile.
    pub(crate) fn start(&self, options: &[&str], words: &[&str]) -> Child {
        self.callsieve(options, words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The recording that was written.
    pub(crate) fn recording(&self) -> Recording {
        recording::read(&fs::read(self.path("a.rec.json")).unwrap()).unwrap()
    }

    /// The calls of it.
    pub(crate) fn calls(&self) -> Vec<String> {
        calls(&self.recording())
    }

    /// No container of these images is there, and no file in the folder for temporary ones.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        for image in [&self.shell, &self.bare] {
            let filter = format!("ancestor={image}");
            let left = self.ask(&["ps", "--all", "--quiet", "--filter", &filter]);
            assert_eq!(left.expect_success().stdout, "", "a container is left");
        }
        if self.kind == Kind::Podman {
            let left = self.ask(&["volume", "ls", "--quiet"]);
            assert_eq!(left.expect_success().stdout, "", "a volume is left");
        }
        let files = fs::read_dir(self.path("tmp")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        // Podman leaves some of its own.
        let files: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
        assert!(files.is_empty(), "{files:?}");
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if self.daemon.is_some() {
            // Its images go with its folder.
            return;
        }
        for image in [&self.shell, &self.bare] {
            remove(self.command(self.engine()).args(["rmi", "--force", image]));
        }
    }
}

/// Names of calls.
pub(crate) fn calls(recording: &Recording) -> Vec<String> {
    let totals = recording.totals();
    totals
        .values()
        .flat_map(|calls| calls.keys().map(ToString::to_string))
        .collect()
}

/// A name for an image or a container, unique on this machine.
pub(crate) fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("callsieve-test-{}-c{number}", std::process::id())
}

/// Looks until something is so.
#[track_caller]
pub(crate) fn wait_for(what: &str, so: impl Fn() -> bool) {
    let limit = LIMIT * patience();
    let deadline = Instant::now() + limit;
    while !so() {
        assert!(
            Instant::now() < deadline,
            "{what}: not in {} s",
            limit.as_secs()
        );
        sleep(Duration::from_millis(50));
    }
}

/// The guest, compiled once.
pub(crate) fn guest() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique_name());
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contained/guest.c");
        let flags = [
            "-static",
            "-nostdlib",
            "-nostartfiles",
            "-fno-stack-protector",
            "-O1",
            "-Wall",
            "-Werror",
            "-o",
        ];
        run(Command::new("gcc").args(flags).arg(&path).arg(source)).expect_success();
        path
    })
}

fn executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
