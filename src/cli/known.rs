//! Calls that need no recording: those of recordings and profiles.

use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::event::CallId;
use callsieve::formats;
use callsieve::profile::build::Stance;
use callsieve::profile::{Capability, ConditionalProfile, Host, KernelVersion};
use callsieve::record::Known;

use super::error::CommandError;
use super::input::{self, Loaded};
use super::ui::Ui;

/// The calls of recordings, and those that profiles allow whatever their arguments.
pub(crate) fn known(paths: &[PathBuf], ui: &Ui) -> Result<Known, CommandError> {
    let mut known = Known::default();
    for path in paths {
        match input::load(path, None, ui)? {
            Loaded::Recording(recording) => {
                known
                    .from
                    .extend(recording.runs().map(|(id, _)| id.to_string()));
                for (arch, calls) in recording.totals() {
                    for call in calls.keys() {
                        match call {
                            CallId::Name(name) => known.add(arch, name.as_str()),
                            CallId::Number(number) => known.add_number(arch, *number),
                        }
                    }
                }
            }
            Loaded::Profile(bytes) => {
                let place = path.display().to_string();
                let profile = formats::docker::read(&bytes)
                    .map_err(|error| CommandError::input(&place, &error))?;
                allowed(&profile, &mut known);
                let name = path.file_name().unwrap_or(path.as_os_str());
                known
                    .from
                    .insert(format!("profile {}", name.to_string_lossy()));
            }
        }
    }
    Ok(known)
}

/// The calls that a profile allows without conditions, on this machine.
fn allowed(profile: &ConditionalProfile, known: &mut Known) {
    let Some(native) = Arch::of_this_build() else {
        return;
    };
    let flat = profile.resolve(&Host {
        native,
        capabilities: Capability::docker_default().collect(),
        kernel: KernelVersion {
            major: 6,
            minor: 18,
        },
    });
    for rule in &flat.rules {
        for name in &rule.names {
            if Stance::of(&flat, name.as_str()) == Stance::Allowed {
                for arch in &flat.architectures {
                    known.add(*arch, name.as_str());
                }
            }
        }
    }
}
