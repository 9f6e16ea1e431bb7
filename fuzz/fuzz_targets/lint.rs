//! Any bytes are the JSON of a profile that is looked at: findings stand within it.
#![no_main]

use std::collections::BTreeMap;

use callsieve::arch::Arch;
use callsieve::lint::{COMMON_ENGINES, Options, architectures, lint, written};
use callsieve::profile::{Capability, Host, KernelVersion, Libseccomp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let options = Options {
        engines: COMMON_ENGINES.to_vec(),
        libseccomp: Libseccomp::V2_5_4,
        host: Host {
            native: Arch::X86_64,
            capabilities: Capability::docker_default().collect(),
            kernel: KernelVersion { major: 6, minor: 18 },
        },
        no_new_privileges: false,
        levels: BTreeMap::new(),
    };
    lint(bytes, &options);
    architectures(bytes);
    written(bytes);
});
