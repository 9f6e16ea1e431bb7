//! Why a profile has a call, as far as recordings and tables explain it.

use std::collections::{BTreeMap, BTreeSet};

use callsieve::arch::Arch;
use callsieve::profile::build::{Base, DefaultAction, Options, Reason, build};
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::floor::RuntimeFloor;

use super::{Frame, Subject};

/// The reasons that `generate` would give.
#[derive(Debug)]
pub(super) struct Reasons(BTreeMap<String, Vec<Reason>>);

impl Reasons {
    /// Those of one machine; none where no profile can be made.
    pub(super) fn of(subject: &Subject<'_>, frame: &Frame, arches: &BTreeSet<Arch>) -> Self {
        let native = frame.view.native;
        let together = arches
            .iter()
            .copied()
            .filter(|arch| *arch == native || native.sub_architectures().contains(arch));
        let options = Options {
            arches: together.collect(),
            base: Some(Base {
                name: format!("docker-default@{}", DockerRelease::NEWEST),
                profile: docker_default(DockerRelease::NEWEST),
            }),
            capabilities: frame.host.capabilities.clone(),
            kernel: frame.host.kernel,
            // The most that somebody could have asked for.
            floor: RuntimeFloor::BOTH.with_exec(true).with_init(true),
            recorded_floor: BTreeMap::new(),
            no_new_privileges: false,
            allow: BTreeMap::new(),
            also: BTreeMap::new(),
            deny: BTreeMap::new(),
            keep: None,
            default: DefaultAction::Errno,
            observed_arguments: false,
        };
        let generated = build(subject.recording, &options);
        let reasons = generated.map_or_else(|_| BTreeMap::new(), |generated| generated.reasons);
        Self(
            reasons
                .into_iter()
                .map(|(name, reasons)| (name.to_string(), reasons))
                .collect(),
        )
    }

    /// Why the call is in the profile, in a few words each; empty if nothing tells.
    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let reasons = self.0.get(name).into_iter().flatten();
        let mut words: Vec<String> = reasons.map(word).collect();
        words.dedup();
        words
    }
}

fn word(reason: &Reason) -> String {
    match reason {
        Reason::Observed { either: false, .. } => "observed".to_owned(),
        Reason::Observed { either: true, .. } => {
            "observed, or the call that is reported beside it".to_owned()
        }
        Reason::Floor(_) => format!("runtime: {reason}"),
        Reason::Implied(_) => format!("always: {reason}"),
        Reason::Base(base) => format!("carried over: argument rule of {base}"),
        Reason::Instead(_) | Reason::Asked(_) | Reason::Kept(_) | Reason::Probed => {
            reason.to_string()
        }
    }
}
