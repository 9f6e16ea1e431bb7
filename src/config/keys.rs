//! Keys of a profile that are options of `callsieve generate` and `callsieve diff`, with what their
//! values may be.

use crate::arch::Arch;
use crate::profile::floor::RuntimeFloor;
use crate::profile::{Capability, Engine, KernelVersion, Libseccomp};

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// true or false
    Switch,
    /// One text.
    One(fn(&str) -> Result<(), String>),
    /// Any number of texts.
    Many(fn(&str) -> Result<(), String>),
}

use Takes::{Many, One, Switch};

/// Options of `callsieve generate`.
pub(super) const GENERATE: [(&str, Takes); 14] = [
    ("allow-incomplete", Switch),
    ("arch", Many(parsed::<Arch>)),
    ("args", One(|text| one_of(text, &["base", "observed"]))),
    ("base", One(any)),
    ("cap-add", Many(capability)),
    ("cap-drop", Many(capability)),
    (
        "default-action",
        One(|text| one_of(text, &["errno", "kill-process", "log"])),
    ),
    ("exec", Switch),
    ("init", Switch),
    ("kernel", One(kernel)),
    ("localhost-profile", One(any)),
    ("no-new-privileges", Switch),
    ("runtime-floor", One(floor)),
    // A resource is no profile that could be read again.
    ("target", One(|text| one_of(text, &["oci", "k8s"]))),
];

/// What a comparison is for.
pub(super) const ENGINE: [(&str, Takes); 2] = [
    ("engine", One(parsed::<Engine>)),
    ("libseccomp", One(parsed::<Libseccomp>)),
];

fn parsed<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<(), String> {
    text.parse::<T>()
        .map(drop)
        .map_err(|error| error.to_string())
}

fn one_of(text: &str, words: &[&str]) -> Result<(), String> {
    if words.contains(&text) {
        return Ok(());
    }
    let shown: String = text.chars().take(60).collect();
    Err(format!(
        "`{}` is none of {}",
        shown.escape_debug(),
        words.join(", ")
    ))
}

fn any(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the text is empty".to_owned());
    }
    Ok(())
}

fn capability(text: &str) -> Result<(), String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(());
    }
    parsed::<Capability>(text)
}

fn kernel(text: &str) -> Result<(), String> {
    if text == "running" {
        return Ok(());
    }
    parsed::<KernelVersion>(text)
}

fn floor(text: &str) -> Result<(), String> {
    if matches!(text, "auto" | "recorded") {
        return Ok(());
    }
    parsed::<RuntimeFloor>(text)
}
