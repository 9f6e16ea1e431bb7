//! Under which profile a container is recorded.

use std::ffi::OsString;

use callsieve::profile::DockerRelease;

use crate::cli::engine_command::{Details, Kind, Version};

/// Options of the recorder in a container that has its program answered as the engine's own
/// default would, with every call recorded all the same. The container itself is unconfined
/// then, since a filter of the engine's would hide what it refuses.
pub(super) fn engines_default(kind: Kind, version: &Version, details: &Details) -> Vec<OsString> {
    let (profile, engine) = match kind {
        Kind::Docker => {
            // One that is not known yet is newer than those that are.
            let known = version.engine.parse::<DockerRelease>();
            let release = known.unwrap_or(DockerRelease::NEWEST);
            let old = version.engine.starts_with("20.10.");
            let engine = if old { "docker-20.10" } else { "docker" };
            (format!("docker-default@{release}"), engine)
        }
        Kind::Podman => ("podman-default".to_owned(), "podman"),
    };
    let mut words: Vec<OsString> = [
        "--under", &profile, "--engine", engine, "--kernel", "running",
    ]
    .map(OsString::from)
    .to_vec();
    for (option, names) in [
        ("--cap-add", details.cap_add()),
        ("--cap-drop", details.cap_drop()),
    ] {
        for name in names {
            words.extend([option, name].map(OsString::from));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_engine_and_capabilities() {
        let text = r#"{"HostConfig": {"CapAdd": ["CAP_SYS_ADMIN"], "CapDrop": ["ALL"]}}"#;
        let details: Details = serde_json::from_str(text).unwrap();
        let words = |kind, version: &str| {
            let version = Version {
                engine: version.to_owned(),
                runtime: String::new(),
                runtime_version: String::new(),
            };
            let words = engines_default(kind, &version, &details);
            words.join(std::ffi::OsStr::new(" ")).into_string().unwrap()
        };
        let rest = "--kernel running --cap-add CAP_SYS_ADMIN --cap-drop ALL";
        assert_eq!(
            words(Kind::Docker, "20.10.24"),
            format!("--under docker-default@20.10.24 --engine docker-20.10 {rest}")
        );
        let newest = DockerRelease::NEWEST;
        assert_eq!(
            words(Kind::Docker, "99.0.1"),
            format!("--under docker-default@{newest} --engine docker {rest}")
        );
        assert_eq!(
            words(Kind::Podman, "4.3.1"),
            format!("--under podman-default --engine podman {rest}")
        );
    }
}
