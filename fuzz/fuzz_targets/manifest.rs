//! Any text is a manifest that a profile is put into: what is put in stays, and is put in once.
#![no_main]

use callsieve::formats::manifest::{Patch, patch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let with = Patch {
        container: None,
        localhost_profile: "profiles/a b.json",
        no_new_privileges: true,
    };
    let Ok(patched) = patch(text, &with) else {
        return;
    };
    let again = patch(&patched.text, &with).expect("what was patched can be patched");
    assert_eq!(again.text, patched.text);
});
