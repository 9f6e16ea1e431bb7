//! What a real engine installs is what the profile means: the filters are taken out of running
//! containers and compared with the model, over every call and all arguments.

use std::path::Path;
use std::process::Command;

use crate::common::require;
use crate::engine::Engine;
use crate::image::{Image, require_builders};
use crate::rig::{callsieve, remove, run, unique_name};

/// The daemon of Debian 12, whose runc is 1.1.5 and whose libseccomp has the calls of
/// 2.5.5.
const OLD_DAEMON: &str = "20.10.24";

/// A container that runs until it is dropped.
struct Running(String);

impl Running {
    fn start(image: &Image, options: &[&str]) -> Self {
        let name = unique_name();
        run(Command::new("docker")
            .args(["run", "-d", "-i", "--name", &name])
            .args(options)
            .args([image.docker_name(), "/usr/bin/busybox", "cat"]))
        .expect_success();
        Self(name)
    }

    /// What differs between a profile and what is installed, and the exit code.
    fn difference(&self, profile: &str) -> (Option<i32>, String) {
        let found = run(callsieve()
            .args(["inspect", "--container", &self.0, "--diff", profile])
            .args(["--engine", "docker-20.10", "--libseccomp", "2.5.5"])
            .args(["--kernel", "running", "-v"]));
        (found.status, found.to_string())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        remove(Command::new("docker").args(["rm", "--force", &self.0]));
    }
}

#[test]
fn containers_have_the_filters_that_profiles_mean() {
    if !require_builders() || !Engine::Docker.require() {
        return;
    }
    let version = run(Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]));
    let version = version.expect_success().stdout;
    let known = version.trim().starts_with(OLD_DAEMON);
    let why = format!("the daemon is {}, not {OLD_DAEMON}", version.trim());
    if !require("docker-20.10.24", known, &why) {
        return;
    }
    let image = Image::new();
    let by_default = Running::start(&image, &[]);
    let (code, text) = by_default.difference("docker-default@20.10.24");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = by_default.difference("docker-default");
    assert_eq!(code, Some(1), "{text}");
    drop(by_default);
    for (profile, options) in [
        ("profiles/nginx.json", vec![]),
        (
            "profiles/mixed.json",
            vec!["--security-opt", "no-new-privileges"],
        ),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(profile);
        let path = path.to_str().unwrap();
        let option = format!("seccomp={path}");
        let mut all = vec!["--security-opt", &option];
        all.extend(options);
        let running = Running::start(&image, &all);
        let (code, text) = running.difference(path);
        assert_eq!(code, Some(0), "{profile}: {text}");
    }
}
