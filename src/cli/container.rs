//! Running containers by name, whichever engine has them.

use super::engine_command::{Details, Engine, EngineError, Kind};
use super::error::CommandError;

/// A container that runs, as the first engine that knows it describes it.
#[derive(Debug)]
pub(crate) struct Running {
    /// Whose it is.
    pub(crate) engine: Engine,
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
                return Ok(Running { engine, details });
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

/// The number of a container's first process on this machine.
pub(crate) fn pid(id: &str) -> Result<i32, CommandError> {
    running(id).map(|it| it.details.state.pid)
}
