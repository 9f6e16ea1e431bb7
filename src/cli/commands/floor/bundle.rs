//! A container with the smallest of programs, under a filter that reports every call.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use callsieve::profile::Capability;
use serde_json::{Value, json};

/// Machine code of `x86_64`: `exit_group(0)`.
const EXIT: &[u8] = &[0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05];
/// And `pause()` for ever.
const PAUSE: &[u8] = &[0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7];

/// `exit(0)`, where `exit_group` is to be seen.
const END: &[u8] = &[0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05];

/// Where the program is loaded, and how large the headers are before it.
const ADDRESS: u64 = 0x40_0000;
const HEADERS: u64 = 64 + 56;

/// The user and the privileges of a container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Container<'a> {
    pub(super) user: u32,
    pub(super) no_new_privileges: bool,
    /// Its first process, if that is another than the program.
    pub(super) init: Option<&'a Path>,
}

/// An executable file: one segment with its headers and the code.
fn program(code: &[u8]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |file: &mut Vec<u8>, values: &[u16]| {
        file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    let words = |file: &mut Vec<u8>, values: &[u32]| {
        file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    let longs = |file: &mut Vec<u8>, values: &[u64]| {
        file.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    // An executable of EM_X86_64, version 1; entry, program headers, no sections, no flags.
    halves(&mut file, &[2, 62]);
    words(&mut file, &[1]);
    longs(&mut file, &[ADDRESS + HEADERS, 64, 0]);
    words(&mut file, &[0]);
    halves(&mut file, &[64, 56, 1, 0, 0, 0]);
    // PT_LOAD, readable and executable: from the start of the file, all of it, by pages.
    let size = HEADERS + u64::try_from(code.len()).unwrap_or_default();
    words(&mut file, &[1, 5]);
    longs(&mut file, &[0, ADDRESS, ADDRESS, size, size, 0x1000]);
    file.extend(code);
    file
}

/// Writes `config.json` and a root folder with `/pause`, `/exit` and `/end`, and with
/// `/init`. Its path is the bundle's.
pub(super) fn write(folder: &Path, container: Container<'_>) -> io::Result<PathBuf> {
    let bundle = folder.join(format!("{}", container.user));
    let root = bundle.join("rootfs");
    for name in ["proc", "dev"] {
        std::fs::create_dir_all(root.join(name))?;
    }
    for (name, code) in [("pause", PAUSE), ("exit", EXIT), ("end", END)] {
        let mut options = File::options();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(root.join(name))?;
        file.write_all(&program(code))?;
    }
    if let Some(init) = container.init {
        std::fs::copy(init, root.join("init"))?;
    }
    let config = serde_json::to_string(&config(container))?;
    File::create_new(bundle.join("config.json"))?.write_all(config.as_bytes())?;
    Ok(bundle)
}

fn config(container: Container<'_>) -> Value {
    let all: Vec<&str> = Capability::docker_default().map(Capability::name).collect();
    // As with Docker, another user than root gets none but the bounding set.
    let held = if container.user == 0 {
        all.clone()
    } else {
        Vec::new()
    };
    let (arguments, own) = match container.init {
        Some(_) => (vec!["/init", "--", "/end"], ["exit", "pause"]),
        None => (vec!["/pause"], ["exit_group", "pause"]),
    };
    let namespaces = ["pid", "network", "ipc", "uts", "mount"].map(|kind| json!({ "type": kind }));
    json!({
        "ociVersion": "1.0.2",
        "hostname": "box",
        "root": { "path": "rootfs", "readonly": true },
        "process": {
            "terminal": false,
            "user": { "uid": container.user, "gid": container.user },
            "args": arguments,
            "env": ["PATH=/"],
            "cwd": "/",
            "capabilities": { "bounding": all, "effective": held, "permitted": held },
            "noNewPrivileges": container.no_new_privileges,
        },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc" },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
              "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        ],
        "linux": {
            "namespaces": namespaces,
            // The programs' own calls need no tracer, and have none.
            "seccomp": {
                "defaultAction": "SCMP_ACT_TRACE",
                "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [{ "names": own, "action": "SCMP_ACT_ALLOW" }],
            },
        },
    })
}
