//! Published data that tests compare with. It lies beside the checkout and is no part of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The path of published data, or `None`, with a word on stderr, where there is none.
///
/// # Panics
///
/// Where there is none and `CALLSIEVE_TEST_REQUIRE` (names with commas between them) has
/// `shared-data`.
pub(crate) fn shared_data(below: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data")
        .join(below);
    if path.exists() {
        return Some(path);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the test has no other way to be told"
    )]
    let required = std::env::var("CALLSIEVE_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name == "shared-data"),
        "there is no ../shared/data/{below}, and CALLSIEVE_TEST_REQUIRE has shared-data"
    );
    // Past the capture of the harness, so that a passing run shows it too.
    let line = format!("SKIPPED: there is no ../shared/data/{below} to compare with\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}
