//! The machine and this process: what explains the answers.

use std::fs;
use std::path::Path;

use callsieve::arch::Arch;
use callsieve::profile::floor::RuntimeFloor;
use callsieve::profile::floor::{Runtime, Which};

use super::{LIMIT, foreign};
use crate::cli::engine_command::{Call, EngineError};
use crate::cli::local_runtime;

/// No file that is looked into is longer, in bytes, or not of use.
const LONGEST: usize = 1 << 16;

/// Facts, each with its name.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) facts: Vec<(&'static str, String)>,
}

/// Looks.
pub(crate) fn machine() -> Machine {
    let mut facts = vec![
        ("kernel", kernel()),
        ("process", process()),
        ("seccomp", seccomp()),
        ("Yama", yama()),
        ("eBPF", ebpf()),
        ("control groups", groups()),
        ("user namespaces", user_namespaces()),
        ("32-bit programs", foreign()),
    ];
    for runtime in [Runtime::Runc, Runtime::Crun, Runtime::Youki] {
        facts.extend(installed(runtime).map(|text| (runtime.name(), text)));
    }
    Machine { facts }
}

/// A file's text without the line end, if it can be read and is of a size that is plausible.
fn text(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    (text.len() <= LONGEST).then(|| text.trim().to_owned())
}

fn kernel() -> String {
    let name = nix::sys::utsname::uname();
    let release = name.map(|name| name.release().to_string_lossy().into_owned());
    let release = release.unwrap_or_else(|_error| "of an unknown release".to_owned());
    let arch = Arch::of_this_build().map_or("an unknown architecture", Arch::name);
    format!("Linux {release}, {arch}")
}

/// A field of this process's status.
fn status(field: &str) -> Option<String> {
    let text = text("/proc/self/status")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().to_owned())
}

/// Who it is and what it may.
fn process() -> String {
    // Real, effective, saved, and for files.
    let users = status("Uid").unwrap_or_default();
    let who = match users.split_whitespace().nth(1) {
        Some("0") => "root".to_owned(),
        Some(user) => format!("user {user}"),
        None => "some user".to_owned(),
    };
    let bits = status("CapEff").and_then(|text| u64::from_str_radix(&text, 16).ok());
    let Some(bits) = bits else {
        return format!("{who}; what it may is not known, as there is no /proc");
    };
    // include/uapi/linux/capability.h
    let wanted = [
        (19_u32, "SYS_PTRACE"),
        (21, "SYS_ADMIN"),
        (38, "PERFMON"),
        (39, "BPF"),
    ];
    let has = |(bit, _): &&(u32, &str)| bits >> bit & 1 == 1;
    let names: Vec<&str> = wanted.iter().filter(has).map(|(_, name)| *name).collect();
    let may = match names.len() {
        0 if bits == 0 => "no capabilities".to_owned(),
        0 => "none of the capabilities that recording can use".to_owned(),
        _ => format!("may {}", names.join(", ")),
    };
    let filtered = match status("Seccomp").as_deref() {
        Some("2") => "; a seccomp filter confines it",
        _ => "",
    };
    let apart = if numbers_are_the_kernels() {
        ""
    } else {
        "; in a PID namespace of its own"
    };
    format!("{who}, {may}{filtered}{apart}")
}

/// Whether it is in the first PID namespace, whose number is fixed (include/uapi/linux/nsfs.h).
fn numbers_are_the_kernels() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self/ns/pid").is_ok_and(|it| it.ino() == 0xefff_fffc)
}

fn seccomp() -> String {
    text("/proc/sys/kernel/seccomp/actions_avail").map_or_else(
        || "can't be read".to_owned(),
        |actions| format!("answers {actions}"),
    )
}

fn yama() -> String {
    match text("/proc/sys/kernel/yama/ptrace_scope").as_deref() {
        None => "not there: a user may trace all processes of its own".to_owned(),
        Some("0") => "ptrace_scope 0: a user may trace all processes of its own".to_owned(),
        Some("1") => "ptrace_scope 1: a user may trace what it has started".to_owned(),
        Some("2") => "ptrace_scope 2: tracing is for CAP_SYS_PTRACE".to_owned(),
        Some("3") => "ptrace_scope 3: nobody may trace until the next boot".to_owned(),
        Some(other) => format!("ptrace_scope {other}"),
    }
}

fn ebpf() -> String {
    let types = if Path::new("/sys/kernel/btf/vmlinux").exists() {
        "types described (BTF)"
    } else {
        "types not described (no /sys/kernel/btf/vmlinux)"
    };
    // `none [integrity] confidentiality`
    let lockdown = text("/sys/kernel/security/lockdown");
    let lockdown = lockdown
        .as_deref()
        .and_then(|text| text.split_once('[')?.1.split_once(']'))
        .map_or("no lockdown".to_owned(), |(mode, _)| {
            format!("lockdown {mode}")
        });
    let unprivileged = text("/proc/sys/kernel/unprivileged_bpf_disabled")
        .map_or_else(String::new, |value| {
            format!(", unprivileged_bpf_disabled {value}")
        });
    format!("{types}, {lockdown}{unprivileged}")
}

fn groups() -> String {
    let at = |path: &str| Path::new(path).exists();
    if at("/sys/fs/cgroup/cgroup.controllers") {
        "version 2".to_owned()
    } else if at("/sys/fs/cgroup/unified/cgroup.controllers") {
        "version 1, with version 2 at /sys/fs/cgroup/unified".to_owned()
    } else if at("/sys/fs/cgroup/memory") || at("/sys/fs/cgroup/pids") {
        "version 1".to_owned()
    } else {
        "not mounted at /sys/fs/cgroup".to_owned()
    }
}

fn user_namespaces() -> String {
    let forbidden = text("/proc/sys/kernel/unprivileged_userns_clone").as_deref() == Some("0");
    let most = text("/proc/sys/user/max_user_namespaces");
    match most.as_deref() {
        None => "can't be told".to_owned(),
        Some("0") => "none may be made".to_owned(),
        Some(_) if forbidden => "for root only (unprivileged_userns_clone 0)".to_owned(),
        Some(most) => format!("{most} may be made"),
    }
}

/// Programs of x86 and x32.
fn foreign() -> String {
    let one = |arch| match foreign::runs(arch) {
        Some(true) => "run",
        Some(false) => "do not run",
        None => "could not be tried",
    };
    if Arch::of_this_build() == Some(Arch::X86_64) {
        format!("x86 {}, x32 {}", one(Arch::X86), one(Arch::X32))
    } else {
        "not tried on this architecture".to_owned()
    }
}

/// A runtime that is in `PATH`.
fn installed(runtime: Runtime) -> Option<String> {
    let call = Call::of_this_machine(runtime.name(), ["--version"]).within(LIMIT);
    let said = match call.text() {
        Ok(said) => said,
        // One that this user may not start is none.
        Err(EngineError::NotInstalled { .. } | EngineError::Io { .. }) => return None,
        Err(error) => return Some(error.to_string()),
    };
    let floor = local_runtime::floor_of("PATH", runtime.name(), &said).ok()?;
    let (_, which) = floor.runtimes().next()?;
    let Which::Only(version) = which else {
        return Some("of a version that it does not tell".to_owned());
    };
    Some(if known(&floor) {
        format!("{version}, its own calls are known")
    } else {
        format!(
            "{version}, its own calls were not measured: callsieve floor measure --runtime {}",
            runtime.name()
        )
    })
}

fn known(floor: &RuntimeFloor) -> bool {
    floor.unmeasured().is_empty()
}
