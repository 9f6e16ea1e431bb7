//! Containers by name, through the engine's own command.

use std::io;
use std::process::{Command, Stdio};

use super::error::CommandError;

/// The engines that are asked, in this order.
const ENGINES: [&str; 2] = ["docker", "podman"];

/// The process number of a container's first process.
pub(crate) fn pid(id: &str) -> Result<i32, CommandError> {
    if id.starts_with('-') || id.is_empty() {
        return Err(CommandError::user(format!("`{id}` is no container")));
    }
    let mut asked = Vec::new();
    for engine in ENGINES {
        let output = Command::new(engine)
            .args([
                "inspect",
                "--type",
                "container",
                "--format",
                "{{.State.Pid}}",
                id,
            ])
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(CommandError::input(engine, &error).unable()),
            Ok(output) => output,
        };
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            asked.push(format!(
                "{engine}: {}",
                said.trim().lines().last().unwrap_or("no answer")
            ));
            continue;
        }
        let pid = String::from_utf8_lossy(&output.stdout).trim().parse();
        return match pid {
            Ok(pid) if pid > 0 => Ok(pid),
            Ok(_) | Err(_) => Err(CommandError::user(format!(
                "container `{id}` is not running"
            ))),
        };
    }
    if asked.iter().any(|said| said.contains("permission denied")) {
        return Err(CommandError::user(format!(
            "container `{id}` can't be asked for ({})",
            asked.join("; ")
        ))
        .unable()
        .hint("run it as root, or as a member of the group of the engine's socket"));
    }
    if asked.is_empty() {
        return Err(CommandError::user("neither docker nor podman is installed").unable());
    }
    Err(CommandError::user(format!(
        "no container `{id}` ({})",
        asked.join("; ")
    )))
}
