//! Which engines share a way of reading a profile. [`Engine`] itself has what evaluation needs.

use crate::profile::Engine;

/// Take a field in its own letters alone.
pub(super) const EXACT_CASE: &[Engine] = &[Engine::Crun, Engine::Youki];

/// Read `archMap` and `name`, and refuse two ways of saying one thing.
pub(super) const DOCKER_FORM: &[Engine] = &[
    Engine::Docker,
    Engine::Docker20,
    Engine::CriO,
    Engine::Podman,
];

/// Read the fields of the OCI runtime specification alone.
pub(super) const OCI_FORM: &[Engine] = &[
    Engine::Containerd,
    Engine::Runc,
    Engine::Crun,
    Engine::Youki,
];

/// Load the filter with runc.
pub(super) const RUNC: &[Engine] = &[
    Engine::Docker,
    Engine::Docker20,
    Engine::Containerd,
    Engine::Runc,
];

/// Load the filter with crun.
pub(super) const CRUN: &[Engine] = &[Engine::CriO, Engine::Podman, Engine::Crun];

/// Know an error number by its name.
pub(super) const ERRNO_NAMES: &[Engine] = &[Engine::CriO, Engine::Podman];

/// The runtimes of Kubernetes.
pub(super) const KUBERNETES: &[Engine] = &[Engine::Containerd, Engine::CriO];

/// `Docker 20.10, containerd and crun`
pub(super) fn titles(engines: &[Engine]) -> String {
    let mut text = String::new();
    for (at, engine) in engines.iter().enumerate() {
        if at > 0 {
            text.push_str(if at + 1 == engines.len() {
                " and "
            } else {
                ", "
            });
        }
        text.push_str(engine.title());
    }
    text
}
