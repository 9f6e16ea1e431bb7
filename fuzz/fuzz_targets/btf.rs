//! Any bytes are the kernel's description of its types: names are found or not.
#![no_main]

use callsieve::ebpf::btf::Btf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(types) = Btf::read(bytes, &["task_struct"]) else {
        return;
    };
    for name in ["task_struct", "a", ""] {
        drop(types.typedef(name));
        drop(types.function(name));
        drop(types.constant(name, name));
        for path in ["pid", "a.b", ""] {
            drop(types.offset(name, path));
        }
    }
});
