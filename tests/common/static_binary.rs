//! The static program that goes into containers, built once for all tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Builds it as `script/release` does, but fast to build and not small: half a minute to five, the
/// first time. Cargo's lock keeps two test binaries from doing it at once.
pub(crate) fn static_binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/static");
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--bin",
                "callsieve",
                "--target",
                &triple,
            ])
            .args(["--config", "profile.dev.opt-level=1"])
            .args(["--config", "profile.dev.debug=false"])
            .args(["--config", "profile.dev.strip=\"symbols\""])
            .args(["--target-dir", target])
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "no static program: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Path::new(target).join(triple).join("debug/callsieve")
    })
}
