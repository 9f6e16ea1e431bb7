//! What an engine says of a container. Docker and Podman say it in almost the same words.

use std::time::Duration;

use serde::Deserialize;

/// A container, as `inspect` describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Details {
    /// Its name in hexadecimal.
    pub(crate) id: String,
    /// The name that people use; Docker puts a `/` before it.
    name: String,
    /// The image, by its own name: `sha256:…` (Docker) or the number alone (Podman).
    image: String,
    /// The image as it was named (Podman).
    image_name: String,
    /// The program that is started: entrypoint and command put together.
    path: String,
    args: Vec<String>,
    /// What it was given.
    pub(crate) config: Config,
    host_config: HostConfig,
    /// How it is.
    pub(crate) state: State,
    /// The runtime's name (Podman).
    #[serde(rename = "OCIRuntime")]
    oci_runtime: String,
}

/// What a container was given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Config {
    /// The image as it was named.
    image: String,
    /// The user that the program runs as; empty for root.
    pub(crate) user: Option<String>,
    /// How its health is checked.
    healthcheck: Option<HealthCheck>,
    /// What the shell form of a health check is run with.
    shell: Option<Vec<String>>,
    /// It has a terminal.
    pub(crate) tty: bool,
    /// Its standard input is kept open.
    pub(crate) open_stdin: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    readonly_rootfs: bool,
    cap_add: Option<Vec<String>>,
    cap_drop: Option<Vec<String>>,
    runtime: Option<String>,
}

/// A health check as an image or the command line gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HealthCheck {
    test: Option<Vec<String>>,
    /// In nanoseconds; 0 is the engine's own, 30 s.
    interval: u64,
    /// In nanoseconds; 0 is the engine's own, 30 s.
    timeout: u64,
}

/// How a container is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct State {
    /// `created`, `running`, `paused`, `restarting`, `exited`, `dead` …
    pub(crate) status: String,
    /// It runs.
    pub(crate) running: bool,
    /// The number of its first process on the engine's machine; 0 if it does not run.
    pub(crate) pid: i32,
    /// How it ended.
    pub(crate) exit_code: i64,
    /// The kernel killed it for want of memory.
    #[serde(rename = "OOMKilled")]
    pub(crate) oom_killed: bool,
    /// Why it did not start.
    pub(crate) error: String,
}

/// A health check that is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// The time between two runs.
    pub(crate) interval: Duration,
    /// How long one may take.
    pub(crate) timeout: Duration,
}

impl Details {
    /// The name that people use.
    pub(crate) fn name(&self) -> &str {
        self.name.trim_start_matches('/')
    }

    /// The image as it was named.
    pub(crate) fn image(&self) -> &str {
        if self.config.image.is_empty() {
            &self.image_name
        } else {
            &self.config.image
        }
    }

    /// The image by its content, `sha256:…`.
    pub(crate) fn image_id(&self) -> String {
        if self.image.is_empty() || self.image.contains(':') {
            self.image.clone()
        } else {
            format!("sha256:{}", self.image)
        }
    }

    /// The program and its arguments: entrypoint and command put together by the engine.
    pub(crate) fn command(&self) -> Vec<&str> {
        let args = self.args.iter().map(String::as_str);
        let path = Some(self.path.as_str()).filter(|path| !path.is_empty());
        path.into_iter().chain(args).collect()
    }

    /// The root file system can't be written to.
    pub(crate) const fn is_read_only(&self) -> bool {
        self.host_config.readonly_rootfs
    }

    /// The capabilities that it has beyond the engine's default ones.
    pub(crate) fn cap_add(&self) -> &[String] {
        self.host_config.cap_add.as_deref().unwrap_or_default()
    }

    /// Those of the default ones that it has not.
    pub(crate) fn cap_drop(&self) -> &[String] {
        self.host_config.cap_drop.as_deref().unwrap_or_default()
    }

    /// The runtime that it is for, if the engine says.
    pub(crate) fn runtime(&self) -> Option<&str> {
        let named = self.host_config.runtime.as_deref().unwrap_or_default();
        [self.oci_runtime.as_str(), named]
            .into_iter()
            .find(|name| !name.is_empty() && *name != "oci")
    }

    /// The health check, if there is one and it is not switched off.
    pub(crate) fn health(&self) -> Option<Health> {
        let check = self.config.healthcheck.as_ref()?;
        let (kind, words) = check.test.as_ref()?.split_first()?;
        let command = match (kind.as_str(), words) {
            ("CMD", [_, ..]) => words.to_vec(),
            ("CMD-SHELL", [_, ..]) => {
                let shell = self.config.shell.clone().filter(|shell| !shell.is_empty());
                let shell = shell.unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()]);
                shell.into_iter().chain(words.iter().cloned()).collect()
            }
            _ => return None,
        };
        // 30 s for both where nothing is said: moby, daemon/health.go.
        let or_default = |nanoseconds| match nanoseconds {
            0 => Duration::from_secs(30),
            some => Duration::from_nanos(some),
        };
        Some(Health {
            command,
            interval: or_default(check.interval),
            timeout: or_default(check.timeout),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details(text: &str) -> Details {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn docker_and_podman_say_the_same() {
        let docker = details(
            r#"{"Id": "ab", "Name": "/web", "Image": "sha256:cd", "Path": "/bin/sh", "Args": ["-c", "x y"],
                "Config": {"Image": "web:1", "User": "app", "Entrypoint": ["/bin/sh"], "Healthcheck":
                {"Test": ["CMD-SHELL", "wget -q x"], "Interval": 1000000000}},
                "HostConfig": {"ReadonlyRootfs": true, "Runtime": "runc"},
                "State": {"Status": "exited", "ExitCode": 7, "OOMKilled": true}}"#,
        );
        let podman = details(
            r#"{"Id": "ab", "Name": "web", "Image": "cd", "ImageName": "web:1", "Path": "/bin/sh",
                "Args": ["-c", "x y"], "Config": {"User": "app", "Entrypoint": "/bin/sh", "Healthcheck":
                {"Test": ["CMD-SHELL", "wget -q x"], "Interval": 1000000000}},
                "HostConfig": {"ReadonlyRootfs": true, "Runtime": "oci"}, "OCIRuntime": "runc",
                "State": {"Status": "exited", "ExitCode": 7, "OOMKilled": true}}"#,
        );
        for it in [docker, podman] {
            assert_eq!(
                (it.name(), it.image(), it.image_id().as_str()),
                ("web", "web:1", "sha256:cd")
            );
            assert_eq!(it.command(), ["/bin/sh", "-c", "x y"]);
            assert_eq!((it.is_read_only(), it.runtime()), (true, Some("runc")));
            assert_eq!((it.state.exit_code, it.state.oom_killed), (7, true));
            let health = it.health().unwrap();
            assert_eq!(health.command, ["/bin/sh", "-c", "wget -q x"]);
            assert_eq!(health.interval, Duration::from_secs(1));
            assert_eq!(health.timeout, Duration::from_secs(30));
        }
    }

    #[test]
    fn no_health_check() {
        for check in [
            r#"null"#,
            r#"{"Test": ["NONE"]}"#,
            r#"{"Test": []}"#,
            r#"{"Test": ["CMD"]}"#,
        ] {
            let text = format!(r#"{{"Config": {{"Healthcheck": {check}}}}}"#);
            assert_eq!(details(&text).health(), None, "{check}");
        }
    }
}
