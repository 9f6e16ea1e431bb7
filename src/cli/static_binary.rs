//! The program that goes into a container: a static one, since an image has no library for it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use callsieve::arch::Arch;

use super::error::CommandError;

/// The name of a static program beside this one.
const BESIDE: &str = "callsieve-static";

/// A program for a container.
#[derive(Debug)]
pub(crate) struct StaticBinary {
    /// Its file, from its start.
    pub(crate) file: File,
    /// The machine that it is for, if it is one that is known.
    pub(crate) arch: Option<Arch>,
}

/// What the header of a program tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    arch: Option<Arch>,
    /// It names an interpreter, which is the loader of shared libraries.
    interpreter: bool,
}

/// The program that was named; else this one if it is static; else a static one beside it.
pub(crate) fn find(named: Option<&Path>) -> Result<StaticBinary, CommandError> {
    if let Some(path) = named {
        let place = path.display().to_string();
        let failed = |error: io::Error| CommandError::input(&format!("`{place}`"), &error);
        let mut file = File::open(path).map_err(failed)?;
        let header = header(&mut file).map_err(failed)?;
        return match header {
            None => Err(CommandError::user(format!("`{place}` is no program"))),
            Some(header) if header.interpreter => {
                Err(CommandError::user(format!("`{place}` is not static")).hint(BUILD))
            }
            Some(header) => opened(file, header).map_err(failed),
        };
    }
    let failed = |error: io::Error| CommandError::input("this program", &error);
    let own = std::env::current_exe().map_err(failed)?;
    // This very file, even if another has its name by now.
    let candidates = [PathBuf::from("/proc/self/exe"), own.with_file_name(BESIDE)];
    for path in candidates {
        let Ok(mut file) = File::open(path) else {
            continue;
        };
        if let Some(header) = header(&mut file).map_err(failed)?
            && !header.interpreter
        {
            return opened(file, header).map_err(failed);
        }
    }
    Err(CommandError::user(
        "this program is not static, so that it can't run inside of any image, and there is no `callsieve-static` beside it",
    )
    .unable()
    .hint(BUILD))
}

const BUILD: &str = "`script/release` builds a static one; name it with `--binary`";

fn opened(mut file: File, header: Header) -> io::Result<StaticBinary> {
    file.rewind()?;
    Ok(StaticBinary {
        file,
        arch: header.arch,
    })
}

/// Reads the headers of an ELF file; none if it is no program.
fn header(file: &mut File) -> io::Result<Option<Header>> {
    /// In include/uapi/linux/elf.h.
    const PT_INTERP: u64 = 3;
    let mut start = [0; 64];
    file.rewind()?;
    match file.read_exact(&mut start) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let [0x7f, b'E', b'L', b'F', class @ 1..=2, order @ 1..=2, ..] = start else {
        return Ok(None);
    };
    let (wide, little) = (class == 2, order == 1);
    let number = |bytes: &[u8], at: usize, length: usize| -> u64 {
        let bytes = bytes.get(at..at + length).unwrap_or_default();
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if little {
            bytes.iter().rev().fold(0, add)
        } else {
            bytes.iter().fold(0, add)
        }
    };
    let kind = number(&start, 16, 2);
    let machine = number(&start, 18, 2);
    // ET_EXEC and ET_DYN.
    if kind != 2 && kind != 3 {
        return Ok(None);
    }
    let (table, size, count) = if wide {
        (
            number(&start, 32, 8),
            number(&start, 54, 2),
            number(&start, 56, 2),
        )
    } else {
        (
            number(&start, 28, 4),
            number(&start, 42, 2),
            number(&start, 44, 2),
        )
    };
    let mut interpreter = false;
    for at in 0..count {
        let mut kind = [0; 4];
        file.seek(SeekFrom::Start(table.saturating_add(at * size)))?;
        file.read_exact(&mut kind)?;
        interpreter |= number(&kind, 0, 4) == PT_INTERP;
    }
    // The kernel's word for a machine: its number, the width of a word, the order of bytes.
    let audit = machine | u64::from(wide) << 31 | u64::from(little) << 30;
    let arch = u32::try_from(audit).ok();
    let arch = arch.and_then(|audit| Arch::from_audit(audit, 0));
    Ok(Some(Header { arch, interpreter }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_and_a_text() {
        let mut own = File::open("/proc/self/exe").unwrap();
        let header = header(&mut own).unwrap().unwrap();
        assert_eq!(header.arch, Arch::of_this_build());
        let mut text = File::open("/etc/passwd").unwrap();
        assert_eq!(super::header(&mut text).unwrap(), None);
        let error = find(Some(Path::new("/etc/passwd"))).unwrap_err();
        assert_eq!(error.to_string(), "`/etc/passwd` is no program");
    }
}
