//! Programs of the other architectures that an x86-64 kernel may run: tried with ones that do
//! nothing but end.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use callsieve::arch::Arch;
use nix::libc::ENOEXEC;

/// `EM_386` and `EM_X86_64` of include/uapi/linux/elf-em.h.
const I386: u8 = 3;
const X86_64: u8 = 62;

/// `mov eax, 1; xor ebx, ebx; int 0x80`: exit(0) of x86.
const X86_ENDS: [u8; 9] = [0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80];
/// `mov eax, 0x4000003c; xor edi, edi; syscall`: exit(0) of x32.
const X32_ENDS: [u8; 9] = [0xb8, 0x3c, 0, 0, 0x40, 0x31, 0xff, 0x0f, 0x05];

/// Whether a program of x86 or x32 runs; none where that can't be told.
pub(super) fn runs(arch: Arch) -> Option<bool> {
    if Arch::of_this_build() != Some(Arch::X86_64) {
        return None;
    }
    let program = if arch == Arch::X32 {
        program(X86_64, X32_ENDS)
    } else {
        program(I386, X86_ENDS)
    };
    let folder = tempfile::tempdir().ok()?;
    let path = folder.path().join("ends");
    write(&path, &program).ok()?;
    let mut command = Command::new(&path);
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    match command.stderr(Stdio::null()).status() {
        Ok(status) => Some(status.success()),
        Err(error) if error.raw_os_error() == Some(ENOEXEC) => Some(false),
        // The folder may be one from which nothing is executed.
        Err(_) => None,
    }
}

fn write(path: &Path, program: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(program)?;
    drop(file);
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// A 32-bit ELF file: its header, one header of a segment, the code.
fn program(machine: u8, code: [u8; 9]) -> Vec<u8> {
    /// Where it is loaded.
    const BASE: u32 = 0x0040_0000;
    const HEADERS: u32 = 52 + 32;
    let size = HEADERS + 9;
    // Of 32 bits, in little endian.
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 1, 1, 1];
    bytes.resize(16, 0);
    // ET_EXEC.
    bytes.extend([2, 0, machine, 0]);
    // Version, entry, headers of segments, of sections, flags.
    for word in [1, BASE + HEADERS, 52, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    // Sizes and counts of headers.
    for half in [52_u16, 32, 1, 0, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    // PT_LOAD: the whole file, readable and executable.
    for word in [1, 0, BASE, BASE, size, size, 5, 0x1000] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(code);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_fit() {
        let program = program(I386, X86_ENDS);
        assert_eq!(program.len(), 52 + 32 + 9);
        assert_eq!(program.get(52 + 32..), Some(&X86_ENDS[..]));
    }
}
