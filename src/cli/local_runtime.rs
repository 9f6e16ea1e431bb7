//! Which runtime the local engine starts containers with.

use callsieve::profile::floor::{Runtime, RuntimeFloor, Version, Which};
use serde_json::Value;

use super::ask::{AskError, ask};
use super::error::CommandError;
use super::render::safe;
use super::ui::Ui;

/// The floor of the local engine: Docker's, or else Podman's, or else that of the runtimes which
/// are installed.
pub(crate) fn floor(ui: &Ui) -> Result<RuntimeFloor, CommandError> {
    let mut unheard = Vec::new();
    for (engine, answer) in [("docker", docker as fn() -> Answer), ("podman", podman)] {
        match answer() {
            Ok((name, version)) => {
                let (runtime, which) = understood(engine, &name, &version)?;
                let floor = RuntimeFloor::NONE.with(runtime, which);
                ui.note(&format!(
                    "{engine} starts containers with {}.",
                    safe(&floor.to_string())
                ));
                return Ok(floor);
            }
            // That an engine is not there is not worth a word while another one is.
            Err(AskError::Missing { .. }) => {}
            Err(error) => unheard.push(error.to_string()),
        }
    }
    let mut floor = RuntimeFloor::NONE;
    for runtime in [Runtime::Runc, Runtime::Crun] {
        match ask(runtime.name(), &["--version"]) {
            Ok(text) => floor = floor.with(runtime, version(&text)),
            Err(AskError::Missing { .. }) => {}
            Err(error) => unheard.push(error.to_string()),
        }
    }
    for line in &unheard {
        ui.warn(line);
    }
    if floor.is_none() {
        return Err(
            CommandError::user("no container engine and no runtime answers here")
                .unable()
                .hint("name the runtime: `--runtime-floor runc@1.1.5`"),
        );
    }
    ui.note(&format!("Installed here: {floor}."));
    Ok(floor)
}

/// The floor of a runtime that an engine names, with a text that has its version.
pub(crate) fn floor_of(engine: &str, name: &str, text: &str) -> Result<RuntimeFloor, CommandError> {
    let (runtime, which) = understood(engine, name, text)?;
    Ok(RuntimeFloor::NONE.with(runtime, which))
}

/// The name of a runtime, and a text with its version.
type Answer = Result<(String, String), AskError>;

fn docker() -> Answer {
    let info = ask("docker", &["info", "--format", "{{json .}}"])?;
    let info: Value = serde_json::from_str(&info).unwrap_or_default();
    let named = info.get("DefaultRuntime").and_then(Value::as_str);
    let Some(named) = named.filter(|name| !name.is_empty()) else {
        // With a client but no daemon, older releases succeed and print what is wrong.
        let errors = info.get("ServerErrors").and_then(|errors| errors.get(0));
        return Err(AskError::Failed {
            program: "docker".to_owned(),
            said: errors
                .and_then(Value::as_str)
                .unwrap_or("it names no runtime")
                .to_owned(),
        });
    };
    // containerd's name of it: io.containerd.runc.v2.
    let name = match named.strip_prefix("io.containerd.") {
        Some(rest) => rest.split('.').next().unwrap_or(rest),
        None => named,
    };
    let format = "{{json .Server.Components}}";
    let components = ask("docker", &["version", "--format", format])?;
    let components: Value = serde_json::from_str(&components).unwrap_or_default();
    let version = components.as_array().into_iter().flatten().find_map(|it| {
        let same = it.get("Name")?.as_str()? == name;
        same.then(|| it.get("Version")?.as_str().map(str::to_owned))?
    });
    Ok((name.to_owned(), version.unwrap_or_default()))
}

fn podman() -> Answer {
    let format = "{{json .Host.OCIRuntime}}";
    let answer = ask("podman", &["info", "--format", format])?;
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let text = |key: &str| {
        let value = answer.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    Ok((text("name"), text("version")))
}

/// Takes the engine's word for it.
fn understood(engine: &str, name: &str, text: &str) -> Result<(Runtime, Which), CommandError> {
    let known = [Runtime::Runc, Runtime::Crun, Runtime::Youki];
    let runtime = known.into_iter().find(|known| known.name() == name);
    runtime
        .map(|runtime| (runtime, version(text)))
        .ok_or_else(|| {
            CommandError::user(format!(
                "{engine} starts containers with `{name}`, of which nothing was measured"
            ))
            .hint("name a runtime that behaves alike: `--runtime-floor runc+crun`")
        })
}

/// The first version in a text like `runc version 1.1.5+ds1`. Without one, all of them.
fn version(text: &str) -> Which {
    let mut words = text.split_whitespace();
    let found = words.find_map(|word| word.parse::<Version>().ok());
    found.map_or(Which::Any, Which::Only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found() {
        let said = |text: &str| match version(text) {
            Which::Any => "any".to_owned(),
            Which::Only(version) => version.to_string(),
        };
        assert_eq!(
            said("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1\nspec: 1.0.2-dev"),
            "1.1.5"
        );
        assert_eq!(
            said("crun version 1.8.1\ncommit: f8a096be\nspec: 1.0.0"),
            "1.8.1"
        );
        assert_eq!(said("1.1.5+ds1"), "1.1.5");
        assert_eq!(said(""), "any");
    }

    #[test]
    fn a_runtime_of_which_nothing_is_known_is_named() {
        let error = understood("docker", "kata", "2.0.0").unwrap_err();
        let says = "docker starts containers with `kata`, of which nothing was measured";
        assert_eq!(error.to_string(), says);
    }
}
