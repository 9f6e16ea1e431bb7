//! Why an engine's command gave no answer, told by what it said.

use std::io;

use crate::cli::error::CommandError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EngineError {
    /// It is not installed.
    #[error("{engine} is not installed")]
    NotInstalled {
        /// The engine's name.
        engine: &'static str,
    },
    /// Its command runs, its daemon does not answer.
    #[error("the daemon of {engine} does not answer: {said}")]
    NoDaemon {
        /// The engine's name.
        engine: &'static str,
        /// What its command said last.
        said: String,
    },
    /// The user may not ask it.
    #[error("{engine} can't be asked by this user: {said}")]
    NotPermitted {
        /// The engine's name.
        engine: &'static str,
        /// What its command said last.
        said: String,
    },
    /// It does not have the image and can't get it.
    #[error("{engine} has no such image: {said}")]
    NoImage {
        /// The engine's name.
        engine: &'static str,
        /// What its command said last.
        said: String,
    },
    /// It knows no such container.
    #[error("{engine} knows no such container: {said}")]
    NoContainer {
        /// The engine's name.
        engine: &'static str,
        /// What its command said last.
        said: String,
    },
    /// It said no for another reason.
    #[error("`{engine} {what}` failed: {said}")]
    Refused {
        /// The engine's name.
        engine: &'static str,
        /// What it was told to do.
        what: String,
        /// What its command said last.
        said: String,
    },
    /// It took too long.
    #[error("`{engine} {what}` did not end in {seconds} s")]
    Late {
        /// The engine's name.
        engine: &'static str,
        /// What it was told to do.
        what: String,
        /// How long it was waited for, in seconds.
        seconds: u64,
    },
    /// It said too much.
    #[error("`{engine} {what}` gave more than {bytes} bytes")]
    TooMuch {
        /// The engine's name.
        engine: &'static str,
        /// What it was told to do.
        what: String,
        /// How much is taken, in bytes.
        bytes: u64,
    },
    /// It was given up as the user asked for it.
    #[error("`{engine} {what}` was interrupted")]
    Interrupted {
        /// The engine's name.
        engine: &'static str,
        /// What it was told to do.
        what: String,
        /// The number of the signal that the user sent.
        signal: u8,
    },
    /// Its answer is not what it was asked for.
    #[error("the answer of `{engine} {what}` is not understood")]
    NotUnderstood {
        /// The engine's name.
        engine: &'static str,
        /// What it was told to do.
        what: String,
    },
    /// It can't be started or heard.
    #[error("can't run {engine}")]
    Io {
        /// The engine's name.
        engine: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl EngineError {
    /// What the words of a command that failed mean. `what` is what it was told to do.
    ///
    /// The words are those of docker 20.10 to 29 and podman 4 and 5; there is nothing else to go
    /// by, as both exit with 1 or 125 whatever it is.
    pub(super) fn told(engine: &'static str, what: String, text: &str) -> Self {
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let said = last_line(text);
        if has(&[
            "permission denied while trying to connect",
            "connect: permission denied",
        ]) {
            Self::NotPermitted { engine, said }
        } else if has(&[
            "cannot connect to the docker daemon",
            "failed to connect to the docker api",
            "error during connect",
            "unable to connect to podman",
            "cannot connect to podman",
        ]) {
            Self::NoDaemon { engine, said }
        } else if has(&["no such container", "no container with name or id"]) {
            Self::NoContainer { engine, said }
        } else if has(&[
            "unable to find image",
            "no such image",
            "image not known",
            "pull access denied",
            "manifest unknown",
            "did not resolve to an alias",
            "initializing source",
        ]) {
            Self::NoImage { engine, said }
        } else {
            Self::Refused { engine, what, said }
        }
    }
}

/// The last line that says something; which help there is does not.
fn last_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    lines
        .rfind(|line| !line.is_empty() && !line.starts_with("See '") && !line.starts_with("Run '"))
        .unwrap_or("it does not say why")
        .trim_start_matches("Error: ")
        .to_owned()
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        let told = Self::input("", &error);
        match error {
            EngineError::NotInstalled { .. } => told.unable(),
            EngineError::NoDaemon { .. } => told
                .unable()
                .hint("start it, or name another with DOCKER_HOST or `--context`"),
            EngineError::NotPermitted { .. } => told
                .unable()
                .hint("run it as root, or as a member of the group of the engine's socket"),
            EngineError::NoImage { .. }
            | EngineError::NoContainer { .. }
            | EngineError::Refused { .. }
            | EngineError::Late { .. }
            | EngineError::TooMuch { .. }
            | EngineError::Interrupted { .. }
            | EngineError::NotUnderstood { .. }
            | EngineError::Io { .. } => told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_engines_say() {
        let told = |text: &str| EngineError::told("docker", "create".to_owned(), text).to_string();
        for (text, expected) in [
            (
                "Cannot connect to the Docker daemon at unix:///nonexistent. Is the docker daemon running?\n",
                "the daemon of docker does not answer: Cannot connect to the Docker daemon at unix:///nonexistent. Is the docker daemon running?",
            ),
            (
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
                "docker can't be asked by this user: permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            ),
            (
                "Unable to find image 'x:latest' locally\nError response from daemon: pull access denied for x\n\nRun 'docker create --help' for more information\n",
                "docker has no such image: Error response from daemon: pull access denied for x",
            ),
            (
                "Error: no container with name or ID \"x\" found: no such container",
                "docker knows no such container: no container with name or ID \"x\" found: no such container",
            ),
            (
                "unknown flag: --nonsense\nSee 'docker create --help'.",
                "`docker create` failed: unknown flag: --nonsense",
            ),
            ("", "`docker create` failed: it does not say why"),
        ] {
            assert_eq!(told(text), expected);
        }
    }
}
