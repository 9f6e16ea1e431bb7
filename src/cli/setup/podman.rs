//! Podman and CRI-O: a file in their folder of hooks; containers/common, pkg/hooks.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Entry, Setting};
use crate::cli::error::CommandError;
use crate::cli::render;

/// The file of our hook.
#[derive(Debug)]
pub(crate) struct Podman {
    path: PathBuf,
    entry: Entry,
}

impl Podman {
    pub(crate) const fn new(path: PathBuf, entry: Entry) -> Self {
        Self { path, entry }
    }
}

impl Setting for Podman {
    fn path(&self) -> &Path {
        &self.path
    }

    fn with(&self, text: Option<&str>) -> Result<String, CommandError> {
        if text.is_some_and(|text| !is_ours(text)) {
            return Err(CommandError::user("it is another hook's"));
        }
        let when = if self.entry.all {
            json!({ "always": true })
        } else {
            json!({ "annotations": { r"^callsieve\.record$": "^(1|true|yes)$" } })
        };
        Ok(render::json(&json!({
            "version": "1.0.0",
            "hook": { "path": self.entry.program.to_string_lossy(), "args": self.entry.hook() },
            "when": when,
            "stages": ["createRuntime"],
        })))
    }

    fn without(&self, text: &str) -> Result<Option<String>, CommandError> {
        if is_ours(text) {
            Ok(None)
        } else {
            Ok(Some(text.to_owned()))
        }
    }

    fn to_paste(&self) -> String {
        self.with(None).unwrap_or_default()
    }

    fn next(&self) -> Vec<String> {
        vec![if self.entry.all {
            "From now on every new container of root is recorded.".to_owned()
        } else {
            "Next: podman run --annotation callsieve.record=yes IMAGE".to_owned()
        }]
    }
}

/// Whether a hook is ours, of whatever version.
fn is_ours(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let words = value.pointer("/hook/args").and_then(Value::as_array);
    words.is_some_and(|words| words.iter().any(|word| word == "--oci-hook"))
}
