//! How the defaults of engines stand to a call.

use callsieve::profile::containerd_default::VERSION as CONTAINERD_VERSION;
use callsieve::profile::docker_default::{DockerRelease, docker_default, history};
use callsieve::profile::{ConditionalProfile, Engine, View, containerd_default, podman_default};
use serde::Serialize;

use super::profiles::{OnArches, answers};
use super::{Question, words};
use crate::cli::error::CommandError;

/// One default.
#[derive(Debug, Serialize)]
pub(crate) struct Default {
    pub(crate) engine: &'static str,
    /// `null` where the default is not told by versions.
    pub(crate) version: Option<String>,
    /// What a container gets.
    pub(crate) answers: Vec<OnArches>,
    /// The rules about the call, whether they apply to the container or not.
    pub(crate) rules: Vec<String>,
    /// Docker's releases that answer alike on the native architecture, where that has the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<Era>,
}

/// Some releases.
#[derive(Debug, Serialize)]
pub(crate) struct Era {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) answer: String,
}

impl Question<'_> {
    /// Docker's, Podman's and containerd's default.
    pub(super) fn defaults(&self, name: &'static str) -> Result<Vec<Default>, CommandError> {
        let mut docker = self.default(
            Engine::Docker,
            Some(DockerRelease::NEWEST.to_string()),
            &docker_default(DockerRelease::NEWEST),
            name,
        )?;
        let eras = history(name, &self.host).map_err(|error| CommandError::input("", &error))?;
        docker.history = eras
            .into_iter()
            .map(|era| Era {
                first: era.first.to_string(),
                last: era.last.to_string(),
                answer: words::answer(&era.answer, self.host.native, name),
            })
            .collect();
        let podman = self.default(Engine::Podman, None, &podman_default(), name)?;
        let containerd = self.default(
            Engine::Containerd,
            Some(CONTAINERD_VERSION.to_owned()),
            &containerd_default(),
            name,
        )?;
        Ok(vec![docker, podman, containerd])
    }

    fn default(
        &self,
        engine: Engine,
        version: Option<String>,
        profile: &ConditionalProfile,
        name: &'static str,
    ) -> Result<Default, CommandError> {
        let native = self.host.native;
        let view = View {
            engine,
            libseccomp: self.libseccomp,
            native,
        };
        let about_it = profile.rules.iter().filter(|rule| {
            let names = &rule.rule.names;
            names.iter().any(|known| known.as_str() == name)
        });
        Ok(Default {
            engine: engine.name(),
            version,
            answers: answers(&profile.resolve(&self.host), view, name)?,
            rules: about_it
                .map(|rule| {
                    let applies = (&rule.includes, &rule.excludes);
                    let conditions = &rule.rule.conditions;
                    words::rule(rule.rule.action, conditions, applies, (native, name))
                })
                .collect(),
            history: Vec::new(),
        })
    }
}
