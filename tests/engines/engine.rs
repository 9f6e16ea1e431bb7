//! One way of starting a container on Docker, Podman, runc and crun.

use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{find_program, require};
use crate::image::Image;
use crate::rig::{Finished, LIMIT, Running, remove, run, start, unique_name};

/// A program that starts containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Docker,
    Runc,
    Crun,
    Podman,
}

/// The filter of a container.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filter<'a> {
    None,
    /// What `docker run` does by itself. The two runtimes know no such thing.
    DockerDefault,
    Profile(&'a Path),
}

/// A container to be started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) image: &'a Image,
    pub(crate) command: &'a [&'a str],
    pub(crate) filter: Filter<'a>,
    pub(crate) user: u32,
    pub(crate) no_new_privileges: bool,
    /// A folder that is writable as `/trace`.
    pub(crate) trace: Option<&'a Path>,
    /// The container shares the network of the machine; otherwise it has a loopback of its own.
    pub(crate) shares_network: bool,
    /// docker-init is its first process. Only Docker has it.
    pub(crate) init: bool,
}

/// A container that was started. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Started {
    running: Running,
    removal: Removal,
    /// Where its configuration and the state of its runtime are.
    _folder: Folder,
}

/// A container that can be started.
struct Prepared {
    command: Command,
    removal: Removal,
    folder: Folder,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}

impl Engine {
    pub(crate) const ALL: [Self; 4] = [Self::Docker, Self::Runc, Self::Crun, Self::Podman];

    fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Runc => "runc",
            Self::Crun => "crun",
            Self::Podman => "podman",
        }
    }

    /// Whether this engine can be used here; says so if not.
    pub(crate) fn require(self) -> bool {
        static FOUND: [OnceLock<Result<(), String>>; 4] = [const { OnceLock::new() }; 4];
        let found = FOUND[self as usize].get_or_init(|| self.look());
        let why = found.as_ref().err().map_or("", String::as_str);
        require(self.program(), found.is_ok(), why)
    }

    fn look(self) -> Result<(), String> {
        let program = self.program();
        if find_program(program).is_none() {
            return Err(format!("{program} is not installed"));
        }
        let root = fs::metadata("/proc/self").unwrap().uid() == 0;
        if self != Self::Docker && !root {
            return Err(format!("{program} is started here only by root"));
        }
        let folder = Folder::new();
        let mut command = match self {
            Self::Docker => Command::new("docker"),
            Self::Podman => podman_command(folder.path()),
            Self::Runc | Self::Crun => Command::new("unshare"),
        };
        match self {
            Self::Docker | Self::Podman => command.arg("info"),
            Self::Runc | Self::Crun => command.args(["--mount", "--pid", "--fork", "true"]),
        };
        let answer = run(&mut command);
        if answer.succeeded() {
            Ok(())
        } else {
            let last = answer.stderr.lines().last().unwrap_or("no answer");
            Err(format!("{program} cannot be used: {last}"))
        }
    }

    /// Starts the container and waits for its end.
    #[track_caller]
    pub(crate) fn launch(self, launch: &Launch<'_>) -> Finished {
        self.start(launch).finish()
    }

    /// Starts the container.
    #[track_caller]
    pub(crate) fn start(self, launch: &Launch<'_>) -> Started {
        let mut prepared = self.prepare(launch);
        Started {
            running: start(&mut prepared.command),
            removal: prepared.removal,
            _folder: prepared.folder,
        }
    }

    #[track_caller]
    fn prepare(self, launch: &Launch<'_>) -> Prepared {
        match self {
            Self::Docker => docker(launch),
            Self::Podman => podman(launch),
            Self::Runc | Self::Crun => bundle(self.program(), launch),
        }
    }
}

/// A folder that goes when no process is left that was told of it: what Podman leaves to clean up
/// after a container would make it again.
#[derive(Debug)]
struct Folder(Option<TempDir>);

impl Folder {
    fn new() -> Self {
        Self(Some(TempDir::new().unwrap()))
    }

    fn path(&self) -> &Path {
        self.0.as_ref().unwrap().path()
    }

    fn is_used(&self) -> bool {
        let path = self.path().to_str().unwrap().to_owned();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        // One that ends meanwhile has no command line any more.
        let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .any(|line| line.contains(&path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let deadline = Instant::now() + LIMIT;
        while self.is_used() && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        self.0 = None;
    }
}

impl Started {
    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        self.running.ended()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&mut self) {
        self.running.terminate();
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        let finished = self.running.finish();
        if finished.succeeded() {
            // Whoever ran it has removed it.
            self.removal.0 = None;
        }
        finished
    }
}

/// Removes what is left of a container, also of one that hangs.
#[derive(Debug)]
struct Removal(Option<Command>);

impl Drop for Removal {
    fn drop(&mut self) {
        if let Some(command) = &mut self.0 {
            remove(command);
        }
    }
}

fn docker(launch: &Launch<'_>) -> Prepared {
    let name = unique_name();
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--name", &name]);
    if launch.shares_network {
        command.args(["--network", "host"]);
    } else {
        command.args(["--network", "none", "--hostname", "box"]);
    }
    if launch.init {
        command.arg("--init");
    }
    match launch.filter {
        Filter::DockerDefault => {}
        Filter::None | Filter::Profile(_) => engine_filter(&mut command, launch.filter),
    }
    engine_options(&mut command, launch);
    command.arg(launch.image.docker_name()).args(launch.command);
    let mut removal = Command::new("docker");
    removal.args(["rm", "--force", &name]);
    Prepared {
        command,
        removal: Removal(Some(removal)),
        folder: Folder::new(),
    }
}

/// Podman with a store of its own, which goes with its folder.
fn podman_command(folder: &Path) -> Command {
    let mut command = command_for("crun", "podman");
    for (option, name) in [
        ("--root", "root"),
        ("--runroot", "run"),
        ("--tmpdir", "tmp"),
    ] {
        command.arg(option).arg(folder.join(name));
    }
    // No systemd has to be there, and no layers are put upon another.
    command.args(["--cgroup-manager", "cgroupfs", "--storage-driver", "vfs"]);
    command.args(["--events-backend", "none", "--runtime", "crun"]);
    command
}

fn podman(launch: &Launch<'_>) -> Prepared {
    let (name, folder) = (unique_name(), Folder::new());
    let mut command = podman_command(folder.path());
    command.args(["run", "--rm", "--name", &name, "--network"]);
    if launch.shares_network {
        command.arg("host");
    } else {
        command.args(["none", "--hostname", "box"]);
    }
    // Podman's own limits are refused where the machine's are lower.
    command.args([
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=4096:4096",
    ]);
    engine_filter(&mut command, launch.filter);
    engine_options(&mut command, launch);
    command
        .arg("--rootfs")
        .arg(launch.image.root())
        .args(launch.command);
    let mut removal = podman_command(folder.path());
    removal.args(["rm", "--force", "--ignore", "--time", "0", &name]);
    Prepared {
        command,
        removal: Removal(Some(removal)),
        folder,
    }
}

fn engine_filter(command: &mut Command, filter: Filter<'_>) {
    let filter = match filter {
        Filter::None => "unconfined".to_owned(),
        Filter::DockerDefault => panic!("only Docker has Docker's default profile"),
        Filter::Profile(path) => path.display().to_string(),
    };
    command.args(["--security-opt", &format!("seccomp={filter}")]);
}

/// What Docker and Podman spell alike.
fn engine_options(command: &mut Command, launch: &Launch<'_>) {
    command.args(["--read-only", "--tmpfs", "/tmp"]);
    command.args(["--user", &format!("{0}:{0}", launch.user)]);
    if launch.no_new_privileges {
        command.args(["--security-opt", "no-new-privileges"]);
    }
    if let Some(folder) = launch.trace {
        command
            .arg("--volume")
            .arg(format!("{}:/trace", folder.display()));
    }
}

/// The capabilities that Docker gives to a container of root.
const CAPABILITIES: [&str; 14] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// Runs an OCI bundle. The state folder is its own one: crun keeps compiled filters there, and its
/// key of them leaves out `errnoRet`.
#[track_caller]
fn bundle(runtime: &str, launch: &Launch<'_>) -> Prepared {
    let (name, folder) = (unique_name(), Folder::new());
    let state = folder.path().join("state");
    run(Command::new(runtime).arg("spec").current_dir(folder.path())).expect_success();
    let path = folder.path().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    configure(&mut config, launch);
    fs::write(&path, serde_json::to_vec_pretty(&config).unwrap()).unwrap();

    let mut removal = runtime_command(runtime);
    removal
        .arg("--root")
        .arg(&state)
        .args(["delete", "--force", &name]);
    let mut command = runtime_command(runtime);
    command
        .arg("--root")
        .arg(&state)
        .args(["run", "--bundle"])
        .arg(folder.path())
        .arg(&name);
    Prepared {
        command,
        removal: Removal(Some(removal)),
        folder,
    }
}

/// The command of a runtime.
fn runtime_command(runtime: &str) -> Command {
    command_for(runtime, runtime)
}

/// A command that starts containers with a runtime.
///
/// crun refuses a machine where both versions of cgroups have controllers. There it runs in a
/// mount namespace of its own which shows the first version alone.
pub(crate) fn command_for(runtime: &str, program: &str) -> Command {
    let second = "/sys/fs/cgroup/unified";
    let controllers = fs::read_to_string(format!("{second}/cgroup.controllers"));
    if runtime == "runc" || controllers.unwrap_or_default().trim().is_empty() {
        return Command::new(program);
    }
    let mut command = Command::new("unshare");
    let script = format!("umount {second} && exec \"$0\" \"$@\"");
    command.args(["--mount", "sh", "-c", &script, program]);
    command
}

fn configure(config: &mut Value, launch: &Launch<'_>) {
    let process = &mut config["process"];
    process["terminal"] = json!(false);
    process["args"] = json!(launch.command);
    // What Docker sets: a shell without HOSTNAME calls uname.
    process["env"] = json!([
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=box",
        "HOME=/",
    ]);
    process["user"] = json!({ "uid": launch.user, "gid": launch.user });
    process["noNewPrivileges"] = json!(launch.no_new_privileges);
    // As with Docker, another user than root gets none but the bounding set.
    let held = if launch.user == 0 {
        &CAPABILITIES[..]
    } else {
        &[]
    };
    process["capabilities"] = json!({
        "bounding": CAPABILITIES, "permitted": held, "effective": held,
    });
    if launch.shares_network {
        let namespaces = config["linux"]["namespaces"].as_array_mut().unwrap();
        namespaces.retain(|namespace| namespace["type"] != "network");
    } else {
        config["hostname"] = json!("box");
    }
    config["root"] = json!({ "path": launch.image.root(), "readonly": true });
    let mounts = config["mounts"].as_array_mut().unwrap();
    mounts.push(json!({
        "destination": "/tmp", "type": "tmpfs", "source": "tmpfs",
        "options": ["nosuid", "nodev", "noexec", "mode=1777"],
    }));
    if let Some(folder) = launch.trace {
        mounts.push(json!({
            "destination": "/trace", "type": "bind", "source": folder, "options": ["bind", "rw"],
        }));
    }
    match launch.filter {
        Filter::None => {}
        Filter::DockerDefault => panic!("only Docker has Docker's default profile"),
        Filter::Profile(path) => {
            let profile: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            config["linux"]["seccomp"] = profile;
        }
    }
}

/// A folder that every user of a container may write to.
pub(crate) fn shared_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}
