//! Under which runtimes a profile is to start.

use std::str::FromStr;

use callsieve::profile::floor::{RuntimeFloor, UnknownFloor};

use super::error::CommandError;
use super::local_runtime;
use super::ui::Ui;

/// Under which runtimes a profile is to start, and what they are to do.
#[derive(Debug, clap::Args)]
pub(crate) struct RuntimeArgs {
    /// Allow what these runtimes need to start a container: runc, crun, youki, of one version
    /// (runc@1.1.5), several (runc+crun), those of the local engine (auto) or none
    #[arg(long, value_name = "RUNTIME", default_value = "runc+crun")]
    runtime_floor: FloorArg,
    /// Also allow what the runtime needs to run further programs in the container: `docker exec`,
    /// `kubectl exec`, health checks and probes
    #[arg(long)]
    exec: bool,
    /// Also allow what docker-init needs (`docker run --init`)
    #[arg(long)]
    init: bool,
    /// The container runs with no-new-privileges, so that runtimes need less
    #[arg(long)]
    pub(crate) no_new_privileges: bool,
}

/// The runtimes to start under.
#[derive(Debug, Clone, Copy)]
enum FloorArg {
    /// Those of the local engine.
    Auto,
    /// These.
    Floor(RuntimeFloor),
}

impl FromStr for FloorArg {
    type Err = UnknownFloor;

    fn from_str(text: &str) -> Result<Self, UnknownFloor> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => text.parse().map(Self::Floor),
        }
    }
}

impl RuntimeArgs {
    /// What they need.
    pub(crate) fn floor(&self, ui: &Ui) -> Result<RuntimeFloor, CommandError> {
        let floor = match self.runtime_floor {
            FloorArg::Floor(floor) => floor,
            FloorArg::Auto => local_runtime::floor(ui)?,
        };
        for name in floor.unmeasured() {
            ui.warn(&format!(
                "nothing was measured of {name}; the profile allows what any measured version needs"
            ));
        }
        Ok(floor.with_exec(self.exec).with_init(self.init))
    }
}
