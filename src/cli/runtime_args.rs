//! Under which runtimes a profile is to start.

use std::collections::BTreeMap;
use std::str::FromStr;

use callsieve::profile::floor::{self, Needed, RuntimeFloor, UnknownFloor};
use callsieve::recording::Recording;
use callsieve::syscalls::SyscallName;

use super::error::CommandError;
use super::local_runtime;
use super::ui::Ui;

/// Under which runtimes a profile is to start, and what they are to do.
#[derive(Debug, clap::Args)]
pub(crate) struct RuntimeArgs {
    /// Allow what these runtimes need to start a container: runc, crun, youki, of one version
    /// (runc@1.1.5), several (runc+crun), those of the local engine (auto), what recordings of containers tell of
    /// theirs (recorded) or none
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
    /// What the recordings tell.
    Recorded,
    /// These.
    Floor(RuntimeFloor),
}

impl FromStr for FloorArg {
    type Err = UnknownFloor;

    fn from_str(text: &str) -> Result<Self, UnknownFloor> {
        match text {
            "auto" => Ok(Self::Auto),
            "recorded" => Ok(Self::Recorded),
            _ => text.parse().map(Self::Floor),
        }
    }
}

impl RuntimeArgs {
    /// What runtimes need as recordings tell, if that is asked for.
    pub(crate) fn recorded(
        &self,
        recording: &Recording,
    ) -> Result<BTreeMap<SyscallName, Needed>, CommandError> {
        if !matches!(self.runtime_floor, FloorArg::Recorded) {
            return Ok(BTreeMap::new());
        }
        let found = floor::recorded(recording);
        if found.is_empty() {
            return Err(CommandError::user(
                "no recording tells what a runtime calls under a filter",
            )
            .hint("containers recorded by `record --all` or the hook tell it, unless they ran with seccomp=unconfined")
            .hint("`--runtime-floor runc+crun` takes what was measured"));
        }
        Ok(found)
    }

    /// What they need.
    pub(crate) fn floor(&self, ui: &Ui) -> Result<RuntimeFloor, CommandError> {
        let floor = match self.runtime_floor {
            FloorArg::Floor(floor) => floor,
            FloorArg::Auto => local_runtime::floor(ui)?,
            FloorArg::Recorded => RuntimeFloor::NONE,
        };
        for name in floor.unmeasured() {
            ui.warn(&format!(
                "nothing was measured of {name}; the profile allows what any measured version needs"
            ));
        }
        Ok(floor.with_exec(self.exec).with_init(self.init))
    }
}
