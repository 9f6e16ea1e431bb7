//! What a profile is resolved for, and how a base is named.

use std::collections::BTreeSet;

use callsieve::arch::Arch;
use callsieve::profile::{Capability, Host, KernelVersion};

use super::error::CommandError;
use super::render::safe;

/// Options of every command that resolves conditions of a profile.
#[derive(Debug, clap::Args)]
pub(crate) struct HostArgs {
    /// Resolve for a container with this capability too, as `docker run --cap-add` (repeatable; ALL)
    #[arg(long, value_name = "CAP")]
    pub(crate) cap_add: Vec<String>,
    /// Resolve for a container without this capability, as `docker run --cap-drop` (repeatable; ALL)
    #[arg(long, value_name = "CAP")]
    pub(crate) cap_drop: Vec<String>,
    /// Resolve for this kernel, as 6.18, or `running` for that of this machine
    #[arg(long, value_name = "VERSION", default_value = "6.18")]
    pub(crate) kernel: String,
}

impl HostArgs {
    /// The host and container for a native architecture.
    pub(crate) fn host(&self, native: Arch) -> Result<Host, CommandError> {
        Ok(Host {
            native,
            capabilities: self.capabilities()?,
            kernel: self.kernel()?,
        })
    }

    /// Docker's capabilities, less and more what was said. As for Docker, what is added counts
    /// where both name one, but for ALL.
    pub(crate) fn capabilities(&self) -> Result<BTreeSet<Capability>, CommandError> {
        let is_all = |name: &String| name.eq_ignore_ascii_case("all");
        let parse = |names: &[String]| -> Result<BTreeSet<Capability>, CommandError> {
            names
                .iter()
                .filter(|name| !is_all(name))
                .map(|name| {
                    name.parse()
                        .map_err(|error| CommandError::input("", &error))
                })
                .collect()
        };
        let (add, drop) = (parse(&self.cap_add)?, parse(&self.cap_drop)?);
        let mut capabilities: BTreeSet<Capability> = if self.cap_add.iter().any(is_all) {
            Capability::all().collect()
        } else if self.cap_drop.iter().any(is_all) {
            BTreeSet::new()
        } else {
            Capability::docker_default().collect()
        };
        capabilities.retain(|capability| !drop.contains(capability));
        capabilities.extend(add);
        Ok(capabilities)
    }

    /// The kernel.
    pub(crate) fn kernel(&self) -> Result<KernelVersion, CommandError> {
        if self.kernel == "running" {
            let running = procfs::sys::kernel::Version::current()
                .map_err(|error| CommandError::input("the release of this kernel", &error))?;
            return Ok(KernelVersion {
                major: running.major,
                minor: running.minor,
            });
        }
        self.kernel
            .parse()
            .map_err(|error| CommandError::input("", &error))
    }

    /// What differs from Docker's defaults, for people.
    pub(crate) fn describe(&self) -> String {
        if self.cap_add.is_empty() && self.cap_drop.is_empty() {
            return "default capabilities".to_owned();
        }
        let list = |sign: &str, names: &[String]| -> Vec<String> {
            names
                .iter()
                .map(|name| format!("{sign}{}", safe(name)))
                .collect()
        };
        let mut all = list("+", &self.cap_add);
        all.extend(list("-", &self.cap_drop));
        format!("capabilities {}", all.join(" "))
    }
}
