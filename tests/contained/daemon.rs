//! A Docker daemon of a test's own: one that others use is not to be changed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::{LIMIT, patience};

/// The daemon. Dropped, it ends.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

/// It needs no network of its own.
const SETTINGS: &str = r#"{"storage-driver": "vfs", "bridge": "none", "iptables": false, "ip-forward": false}
"#;

impl Daemon {
    /// Starts one in a folder, with settings that were changed, and perhaps after a command that
    /// changes what is mounted where for it.
    pub(crate) fn start(
        folder: &Path,
        change: &dyn Fn(&Path),
        mounts: Option<&str>,
    ) -> Option<Self> {
        let below = |name: &str| folder.join(name);
        fs::write(below("daemon.json"), SETTINGS).unwrap();
        change(folder);
        let socket = below("docker.sock");
        let log = File::create(below("daemon.log")).unwrap();
        let had_bridge = bridge();
        // With `bridge: none` a daemon removes docker0, which in a network namespace of its own
        // is nobody's.
        let child = Command::new("unshare")
            .args(["--net"])
            .args(mounts.map(|_| "--mount"))
            .args(["sh", "-c"])
            .arg(format!("{} && exec \"$@\"", mounts.unwrap_or("true")))
            .args(["sh", "dockerd", "--config-file"])
            .arg(below("daemon.json"))
            .arg("--data-root")
            .arg(below("data"))
            .arg("--exec-root")
            .arg(below("exec"))
            .arg("--pidfile")
            .arg(below("daemon.pid"))
            .arg("--host")
            .arg(format!("unix://{}", socket.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .ok()?;
        let daemon = Self { child, socket };
        let until = Instant::now() + LIMIT * patience();
        while Instant::now() < until && !daemon.answers() {
            sleep(Duration::from_millis(100));
        }
        assert_eq!(bridge(), had_bridge, "the bridge of this machine's daemon");
        Some(daemon)
    }

    fn answers(&self) -> bool {
        let mut command = Command::new("docker");
        command
            .arg("--host")
            .arg(format!("unix://{}", self.socket.display()));
        command
            .arg("version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A script that is docker for it.
    pub(crate) fn command(&self, docker: &Path) -> String {
        let (docker, socket) = (docker.display(), self.socket.display());
        format!("#!/bin/sh\nexec {docker} --host unix://{socket} \"$@\"\n")
    }
}

/// Whether the bridge of the machine's own daemon is there.
fn bridge() -> bool {
    Path::new("/sys/class/net/docker0").exists()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        let _asked = kill(pid, Signal::SIGTERM);
        let until = Instant::now() + LIMIT * patience();
        while Instant::now() < until {
            if self.child.try_wait().is_ok_and(|it| it.is_some()) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}
