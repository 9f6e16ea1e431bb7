//! Which engine a profile is judged for.

use callsieve::arch::Arch;
use callsieve::profile::{Engine, Libseccomp, View};

/// Options of every command that says what profiles mean.
#[derive(Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// The engine that loads the profile: docker, docker-20.10, containerd, cri-o, podman, runc,
    /// crun or youki
    #[arg(long, value_name = "ENGINE", default_value = "docker")]
    pub(crate) engine: Engine,
    /// The libseccomp it is linked with: 2.5.4, 2.5.5, 2.6.0 or 2.6.1; without it, 2.5.4 for
    /// docker-20.10 and the newest for all others
    #[arg(long, value_name = "VERSION")]
    pub(crate) libseccomp: Option<Libseccomp>,
}

impl EngineArgs {
    /// The engine on a machine of an architecture.
    pub(crate) fn view(&self, native: Arch) -> View {
        View {
            engine: self.engine,
            libseccomp: self
                .libseccomp
                .unwrap_or(if self.engine == Engine::Docker20 {
                    Libseccomp::V2_5_4
                } else {
                    Libseccomp::NEWEST
                }),
            native,
        }
    }

    /// For people, where it is not what it would be without options: `, Podman, libseccomp 2.5.4`.
    pub(crate) fn describe(&self) -> String {
        let mut text = String::new();
        if self.engine != Engine::Docker {
            text.push_str(", ");
            text.push_str(self.engine.title());
        }
        if let Some(libseccomp) = self.libseccomp {
            text.push_str(", libseccomp ");
            text.push_str(libseccomp.name());
        }
        text
    }
}
