//! Running containers by name, whichever engine has them.

use super::engine_command::{Details, Engine, EngineError, Kind};
use super::error::CommandError;

/// A container that runs, as the first engine that knows it describes it.
#[derive(Debug)]
pub(crate) struct Running {
    /// What it is.
    pub(crate) details: Details,
}

/// Finds a running container: Docker is asked, then Podman.
pub(crate) fn running(id: &str) -> Result<Running, CommandError> {
    if id.is_empty() || id.starts_with('-') {
        return Err(CommandError::user(format!("`{id}` is no container")));
    }
    let mut refused: Vec<EngineError> = Vec::new();
    for kind in Kind::ALL {
        let engine = Engine::new(kind, Vec::new());
        match engine.inspect(id) {
            Ok(details) if details.state.running && details.state.pid > 0 => {
                if !is_here(&details) {
                    return Err(CommandError::user(format!(
                        "container `{id}` does not run on this machine"
                    ))
                    .unable());
                }
                return Ok(Running { details });
            }
            Ok(_) => {
                return Err(CommandError::user(format!(
                    "container `{id}` is not running"
                )));
            }
            Err(EngineError::NotInstalled { .. }) => {}
            Err(error) => refused.push(error),
        }
    }
    if refused.is_empty() {
        return Err(CommandError::user("neither docker nor podman is installed").unable());
    }
    // An engine that may not be asked may have it; one that does not answer runs none.
    let forbids = |error: &EngineError| matches!(error, EngineError::NotPermitted { .. });
    let unknown = |error: &EngineError| matches!(error, EngineError::NoContainer { .. });
    let first = refused.iter().position(forbids);
    let first = first.or_else(|| (!refused.iter().any(unknown)).then_some(0));
    if let Some(at) = first {
        return Err(refused.swap_remove(at).into());
    }
    let said: Vec<String> = refused.iter().map(ToString::to_string).collect();
    Err(CommandError::user(format!(
        "no container `{id}` ({})",
        said.join("; ")
    )))
}

/// Whether the process that the engine names is the container's: with an engine elsewhere the
/// number is that of another machine.
fn is_here(details: &Details) -> bool {
    let pid = details.state.pid;
    let namespace = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/pid"));
    let cgroups = std::fs::read_to_string(format!("/proc/{pid}/cgroup"));
    match (namespace(&pid.to_string()), namespace("self"), cgroups) {
        // Others' namespaces can't be read by everybody; then it can't be traced either, which
        // is told with its reason.
        (Err(_), _, Ok(cgroups)) => cgroups.contains(&details.id),
        (Ok(theirs), Ok(own), cgroups) => {
            theirs != own || cgroups.is_ok_and(|text| text.contains(&details.id))
        }
        _ => false,
    }
}

/// The number of a container's first process on this machine.
pub(crate) fn pid(id: &str) -> Result<i32, CommandError> {
    running(id).map(|it| it.details.state.pid)
}
