//! Any bytes are a `callsieve.toml`: it is read or refused, and what it says can be judged.
#![no_main]

use callsieve::config::{self, Date};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = config::read(bytes) else {
        return;
    };
    for profile in 0..config.profiles.len() {
        config.exceptions_of(profile).for_each(|exception| {
            exception.why();
        });
    }
    config::findings(&config, Date::from_unix(1_700_000_000), &[]);
});
