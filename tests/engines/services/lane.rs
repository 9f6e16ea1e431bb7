//! Ways of starting a container, and the profiles that go with them.

use std::fmt;

use crate::engine::Engine;

/// A way of starting a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) engine: Engine,
    pub(super) user: u32,
    pub(super) no_new_privileges: bool,
}

/// What a profile is made for. Lanes that agree in it have one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    /// Whose recordings.
    pub(super) user: u32,
    pub(super) runtime: &'static str,
    pub(super) no_new_privileges: bool,
}

impl Lane {
    pub(super) const ALL: [Self; 6] = [
        Self::new(Engine::Docker, 0, false),
        Self::new(Engine::Docker, 1000, false),
        Self::new(Engine::Docker, 0, true),
        Self::new(Engine::Runc, 0, false),
        Self::new(Engine::Crun, 0, false),
        Self::new(Engine::Podman, 0, false),
    ];

    const fn new(engine: Engine, user: u32, no_new_privileges: bool) -> Self {
        Self {
            engine,
            user,
            no_new_privileges,
        }
    }

    pub(super) const fn purpose(self) -> Purpose {
        let runtime = match self.engine {
            Engine::Docker | Engine::Runc => "runc",
            Engine::Crun | Engine::Podman => "crun",
        };
        Purpose {
            user: self.user,
            runtime,
            no_new_privileges: self.no_new_privileges,
        }
    }
}

impl Purpose {
    /// In the order of the columns of the table.
    pub(super) const ALL: [Self; 4] = [
        Lane::ALL[0].purpose(),
        Lane::ALL[1].purpose(),
        Lane::ALL[2].purpose(),
        Lane::ALL[4].purpose(),
    ];
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, user {}", self.engine, self.user)?;
        if self.no_new_privileges {
            f.write_str(", no-new-privileges")?;
        }
        Ok(())
    }
}
