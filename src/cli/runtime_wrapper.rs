//! Another runtime, with a hook of ours in the containers that it makes. What can't be done is
//! told, and the container starts without.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::error::CommandError;
use super::exit::Exit;
use super::output;
use super::ui::Ui;

/// Options of runc, crun and youki before the command that take a value.
const WITH_VALUE: [&str; 6] = [
    "--log",
    "--log-format",
    "--root",
    "--criu",
    "--rootless",
    "--cgroup-manager",
];
/// A larger config.json is left alone, in bytes.
const LARGEST: u64 = 16 << 20;

/// Puts the hook into a container that is to be made, and becomes the runtime.
pub(crate) fn run(
    runtime: &OsStr,
    arguments: &[OsString],
    hook: &[OsString],
    ui: &Ui,
) -> Result<Exit, CommandError> {
    if let Some(bundle) = bundle(arguments)
        && let Err(error) = add_hook(&bundle, hook)
    {
        ui.warn(&format!("the container is not recorded: {error}"));
    }
    let error = Command::new(runtime).args(arguments).exec();
    let code = if error.kind() == std::io::ErrorKind::NotFound {
        127
    } else {
        126
    };
    let name = runtime.to_string_lossy();
    Err(
        CommandError::user(format!("can't run the runtime `{name}`: {error}"))
            .exits(Exit::Status(code)),
    )
}

/// The folder of the container that is to be made, if one is.
fn bundle(arguments: &[OsString]) -> Option<PathBuf> {
    let mut words = arguments.iter();
    let command = loop {
        let word = words.next()?;
        if WITH_VALUE.iter().any(|option| word == option) {
            words.next();
        } else if !word.to_string_lossy().starts_with('-') {
            break word;
        }
    };
    if command != "create" && command != "run" {
        return None;
    }
    while let Some(word) = words.next() {
        if word == "--bundle" || word == "-b" {
            return words.next().map(PathBuf::from);
        }
        let text = word.to_str().unwrap_or_default();
        let value = text
            .strip_prefix("--bundle=")
            .or_else(|| text.strip_prefix("-b="));
        if let Some(value) = value {
            return Some(PathBuf::from(value));
        }
    }
    Some(PathBuf::from("."))
}

/// Adds the hook to what the runtime is to do.
fn add_hook(bundle: &Path, options: &[OsString]) -> Result<(), CommandError> {
    let path = bundle.join("config.json");
    let read = |error: std::io::Error| {
        CommandError::user(format!("can't read `{}`: {error}", path.display()))
    };
    let mut text = String::new();
    let file = File::open(&path).map_err(read)?;
    file.take(LARGEST).read_to_string(&mut text).map_err(read)?;
    let own = std::fs::read_link("/proc/self/exe").map_err(read)?;
    let edited = with_hook(&text, &own, options)
        .ok_or_else(|| CommandError::user(format!("`{}` is no configuration", path.display())))?;
    output::replace(&path, &edited)
}

fn with_hook(config: &str, own: &Path, options: &[OsString]) -> Option<String> {
    let mut config: Value = serde_json::from_str(config).ok()?;
    let words = ["callsieve", "record", "--oci-hook"].map(str::to_owned);
    let options = options.iter().map(|it| it.to_string_lossy().into_owned());
    let words: Vec<String> = words.into_iter().chain(options).collect();
    let hook = json!({ "path": own.to_str()?, "args": words });
    let hooks = config
        .as_object_mut()?
        .entry("hooks")
        .or_insert_with(|| json!({}));
    if hooks.is_null() {
        *hooks = json!({});
    }
    let stage = hooks
        .as_object_mut()?
        .entry("createRuntime")
        .or_insert_with(|| json!([]));
    if stage.is_null() {
        *stage = json!([]);
    }
    let stage = stage.as_array_mut()?;
    if !stage.contains(&hook) {
        stage.push(hook);
    }
    serde_json::to_string(&config).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str, expected: Option<&str>) {
        let words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        assert_eq!(bundle(&words), expected.map(PathBuf::from), "{words:?}");
    }

    #[test]
    fn where_the_bundle_is() {
        check(
            "--root /r --log l.json --log-format json create --bundle /b --pid-file p id",
            Some("/b"),
        );
        check(
            "--systemd-cgroup --root=/r create --bundle=/b id",
            Some("/b"),
        );
        check("run -b /b id", Some("/b"));
        check("create id", Some("."));
        check("--root create delete --force id", None);
        check("--version", None);
        check("start create", None);
        check("exec --process p id", None);
        check("", None);
        check("--root", None);
    }

    #[test]
    fn the_hook_comes_last_and_once() {
        let own = Path::new("/opt/callsieve");
        let first = r#"{"ociVersion":"1.0.2","process":{"rlimits":[{"hard":18446744073709551615}]},"hooks":{"prestart":[{"path":"/a"}],"createRuntime":[{"path":"/b"}]}}"#;
        let once = with_hook(first, own, &["-o".into(), "/f".into()]).unwrap();
        let value: Value = serde_json::from_str(&once).unwrap();
        assert_eq!(value["hooks"]["createRuntime"][0]["path"], "/b");
        assert_eq!(value["hooks"]["createRuntime"][1]["path"], "/opt/callsieve");
        assert_eq!(
            value["hooks"]["createRuntime"][1]["args"],
            json!(["callsieve", "record", "--oci-hook", "-o", "/f"])
        );
        assert_eq!(value["hooks"]["prestart"][0]["path"], "/a");
        assert_eq!(value["process"]["rlimits"][0]["hard"], u64::MAX);
        assert_eq!(
            with_hook(&once, own, &["-o".into(), "/f".into()]).unwrap(),
            once
        );
        for config in [
            "{}",
            r#"{"hooks":null}"#,
            r#"{"hooks":{"createRuntime":null}}"#,
        ] {
            let value: Value = serde_json::from_str(&with_hook(config, own, &[]).unwrap()).unwrap();
            assert_eq!(value["hooks"]["createRuntime"].as_array().unwrap().len(), 1);
        }
        for config in [
            "",
            "[]",
            r#"{"hooks":[]}"#,
            r#"{"hooks":{"createRuntime":{}}}"#,
            "{",
        ] {
            assert_eq!(with_hook(config, own, &[]), None, "{config}");
        }
    }
}
