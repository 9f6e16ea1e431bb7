//! Docker: a runtime of its own in daemon.json, which is another one with the hook.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::json::{read, remove, set};
use super::{Entry, Setting};
use crate::cli::error::CommandError;

/// The name by which containers ask for it.
const NAME: &str = "callsieve";
const RUNTIME: [&str; 2] = ["runtimes", NAME];
const DEFAULT: [&str; 1] = ["default-runtime"];

/// daemon.json with our runtime.
#[derive(Debug)]
pub(crate) struct Docker {
    path: PathBuf,
    entry: Entry,
    runtime: Option<PathBuf>,
}

impl Docker {
    /// `runtime` is the one that does the work, if not runc.
    pub(crate) const fn new(path: PathBuf, entry: Entry, runtime: Option<PathBuf>) -> Self {
        Self {
            path,
            entry,
            runtime,
        }
    }

    /// Docker before 23.0 puts the words into a shell script as they are.
    fn check_words(&self) -> Result<(), CommandError> {
        let plain = |path: &&PathBuf| {
            path.to_str().is_some_and(|text| {
                text.chars()
                    .all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c))
            })
        };
        let (program, output) = (&self.entry.program, self.entry.output.as_ref());
        let all = [Some(program), output, self.runtime.as_ref()];
        match all.into_iter().flatten().find(|path| !plain(path)) {
            None => Ok(()),
            Some(odd) => Err(CommandError::user(format!(
                "`{}` has characters that Docker may not pass on as they are",
                odd.display()
            ))),
        }
    }

    fn value(&self) -> Value {
        let mut words = vec!["oci-runtime".to_owned()];
        if let Some(runtime) = &self.runtime {
            words.extend([
                "--runtime".to_owned(),
                runtime.to_string_lossy().into_owned(),
            ]);
        }
        words.extend(self.entry.output_words("--output"));
        words.push("--".to_owned());
        json!({ "path": self.entry.program.to_string_lossy(), "runtimeArgs": words })
    }
}

impl Setting for Docker {
    fn path(&self) -> &Path {
        &self.path
    }

    fn with(&self, text: Option<&str>) -> Result<String, CommandError> {
        self.check_words()?;
        let text = text
            .filter(|text| !text.trim().is_empty())
            .unwrap_or("{}\n");
        let edited = set(text, &RUNTIME, &self.value())?;
        if !self.entry.all {
            return Ok(edited);
        }
        match read(text)?.get("default-runtime").map(|it| it.as_str()) {
            None | Some(Some(NAME | "runc")) => set(&edited, &DEFAULT, &json!(NAME)),
            Some(_) => Err(CommandError::user(
                "it has another `default-runtime`, which `--all` would replace",
            )),
        }
    }

    fn without(&self, text: &str) -> Result<Option<String>, CommandError> {
        let found = read(text)?;
        let mut text = text.to_owned();
        if found.get("default-runtime").and_then(Value::as_str) == Some(NAME) {
            text = remove(&text, &DEFAULT)?;
        }
        if found.pointer("/runtimes/callsieve").is_some() {
            text = remove(&text, &RUNTIME)?;
        }
        Ok(Some(text))
    }

    fn to_paste(&self) -> String {
        let mut value = json!({ "runtimes": { NAME: self.value() } });
        if let (true, Some(object)) = (self.entry.all, value.as_object_mut()) {
            object.insert("default-runtime".to_owned(), json!(NAME));
        }
        value.to_string()
    }

    fn next(&self) -> Vec<String> {
        let mut lines = vec!["Next: systemctl reload docker, or send dockerd a SIGHUP.".to_owned()];
        lines.push(if self.entry.all {
            "From then on every new container is recorded.".to_owned()
        } else {
            format!("Then: docker run --runtime {NAME} IMAGE")
        });
        lines
    }
}
