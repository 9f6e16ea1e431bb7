//! The architecture in the header of an ELF file, which the loader's `read` shows in the log.

use super::scan;
use crate::arch::Arch;

/// Bytes of the header up to and with `e_machine`.
const HEADER: usize = 20;

/// The architecture of the ELF header among the arguments, if there is one.
pub(super) fn arch_in(args: &[u8]) -> Option<Arch> {
    let start = scan::strings(args).find(|quote| {
        args.get(quote + 1..).is_some_and(|text| {
            text.starts_with(b"\\177ELF") || text.starts_with(b"\\x7f\\x45\\x4c\\x46")
        })
    })?;
    arch(&scan::unescape(args.get(start + 1..)?, HEADER))
}

/// Values of `e_machine` from include/uapi/linux/elf-em.h.
fn arch(header: &[u8]) -> Option<Arch> {
    let &[0x7f, b'E', b'L', b'F', class, data, .., low, high] = header else {
        return None;
    };
    if header.len() != HEADER {
        return None;
    }
    let (wide, little) = (class == 2, data == 1);
    let machine = if little { [low, high] } else { [high, low] };
    Some(match (u16::from_le_bytes(machine), wide, little) {
        (3, false, _) => Arch::X86,
        (62, true, _) => Arch::X86_64,
        (62, false, _) => Arch::X32,
        (40, _, _) => Arch::Arm,
        (183, true, _) => Arch::Aarch64,
        (243, true, _) => Arch::Riscv64,
        (258, true, _) => Arch::Loongarch64,
        (21, _, true) => Arch::Ppc64le,
        (21, _, false) => Arch::Ppc64,
        (20, _, _) => Arch::Ppc,
        (22, true, _) => Arch::S390x,
        (22, false, _) => Arch::S390,
        (8, true, true) => Arch::Mipsel64,
        (8, true, false) => Arch::Mips64,
        (8, false, true) => Arch::Mipsel,
        (8, false, false) => Arch::Mips,
        (4, _, _) => Arch::M68k,
        (15, true, _) => Arch::Parisc64,
        (15, false, _) => Arch::Parisc,
        (42, _, true) => Arch::Sh,
        (42, _, false) => Arch::Sheb,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_strace_prints_them() {
        let read = |text: &[u8]| arch_in(text);
        assert_eq!(
            read(br#"3, "\177ELF\2\1\1\3\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0"..., 832"#),
            Some(Arch::X86_64)
        );
        assert_eq!(
            read(br#"3, "\177ELF\1\1\1\3\0\0\0\0\0\0\0\0\3\0\3\0\1\0\0\0"..., 512"#),
            Some(Arch::X86)
        );
        assert_eq!(
            read(br#"3, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\267\0\1\0\0\0"..., 832"#),
            Some(Arch::Aarch64)
        );
        assert_eq!(
            read(br#"3, "\x7f\x45\x4c\x46\x02\x01\x01\x03\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00"..., 832"#),
            Some(Arch::X86_64)
        );
        assert_eq!(read(br#"3, "\177ELF\2\1"..., 832"#), None);
    }
}
