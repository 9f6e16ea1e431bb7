//! What the test binaries share: saying loudly which part of a test did not run.
#![allow(
    dead_code,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "each test binary uses a part of this; a test may panic and read its own environment"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The variable which lists the components that must not be missing, separated by commas.
const REQUIRE: &str = "CALLSIEVE_TEST_REQUIRE";

/// Says whether a test that needs `component` can run.
///
/// A missing component is one `SKIPPED:` line on stderr. It goes there past the capture of the
/// test harness, so that a passing run shows it too. When `CALLSIEVE_TEST_REQUIRE` names the
/// component, it is a failure instead.
pub(crate) fn require(component: &str, present: bool, why: &str) -> bool {
    if present {
        return true;
    }
    let required = std::env::var(REQUIRE).unwrap_or_default();
    let named = required.split(',').any(|name| name.trim() == component);
    assert!(
        !named,
        "{component} is missing, and {REQUIRE} names it: {why}"
    );
    let test = std::thread::current();
    let line = format!(
        "SKIPPED: {}: no {component}: {why}\n",
        test.name().unwrap_or("a test")
    );
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("stderr takes a line");
    false
}

/// The file of `program`: the one Debian installed, or else the first in `PATH`.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .map(PathBuf::from)
        .into_iter()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// [`require`] for a program, with the Debian package it comes from.
pub(crate) fn require_program(program: &str, package: &str) -> bool {
    let present = find_program(program).is_some();
    require(
        program,
        present,
        &format!("{program} is not installed (Debian package {package})"),
    )
}

/// The path of published data to compare with, which lies beside the checkout and is no part of
/// it; the component is `shared-data`.
pub(crate) fn shared_data(below: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(below);
    let why = format!("there is no ../shared/data/{below} to compare with");
    require("shared-data", path.exists(), &why).then_some(path)
}
