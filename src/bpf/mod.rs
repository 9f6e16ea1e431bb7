//! Classic BPF as seccomp takes it: instructions, programs that the kernel would take, and what
//! they answer.
//!
//! Told by `bpf_common.h`, `filter.h` and `seccomp.h` in include/uapi/linux, net/core/filter.c
//! (`bpf_check_classic`) and kernel/seccomp.c (`seccomp_check_filter`).

pub(crate) mod assemble;
mod cost;
mod disassemble;
mod run;

use std::fmt;

pub use self::cost::Cost;
pub use self::run::{Alu, Answer, Operand, Operation, Relation};

/// The most instructions that the kernel takes; `BPF_MAXINSNS` in
/// `include/uapi/linux/bpf_common.h`.
pub const MAX_INSTRUCTIONS: usize = 4096;

/// Bytes of an instruction, `struct sock_filter`.
pub const INSTRUCTION_BYTES: usize = 8;

/// Words of scratch memory; `BPF_MEMWORDS`.
pub const MEMORY_WORDS: usize = 16;

// What a filter answers, include/uapi/linux/seccomp.h: an action in the upper half of the word, the
// smaller as a signed number the stricter, and data in the lower half.

/// Ends the process.
pub const RET_KILL_PROCESS: u32 = 0x8000_0000;
/// Ends the thread.
pub const RET_KILL_THREAD: u32 = 0;
/// Sends SIGSYS.
pub const RET_TRAP: u32 = 0x0003_0000;
/// The call fails with the error in the data.
pub const RET_ERRNO: u32 = 0x0005_0000;
/// Asks a listener.
pub const RET_USER_NOTIF: u32 = 0x7fc0_0000;
/// Asks a tracer, who gets the data.
pub const RET_TRACE: u32 = 0x7ff0_0000;
/// Carries the call out and logs it.
pub const RET_LOG: u32 = 0x7ffc_0000;
/// Carries it out.
pub const RET_ALLOW: u32 = 0x7fff_0000;
/// The bits of the action.
pub const RET_ACTION: u32 = 0xffff_0000;
/// The bits of the data.
pub const RET_DATA: u32 = 0xffff;

/// One instruction, `struct sock_filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct Instruction {
    /// What it does.
    pub code: u16,
    /// How many instructions are passed over if a jump's condition holds.
    pub jump_true: u8,
    /// How many if it does not.
    pub jump_false: u8,
    /// The constant.
    pub value: u32,
}

/// What a program is asked about, `struct seccomp_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Data {
    /// The number of the call.
    pub number: u32,
    /// Its `AUDIT_ARCH_…`.
    pub arch: u32,
    /// Where the call was made.
    pub instruction_pointer: u64,
    /// The arguments.
    pub args: [u64; 6],
}

/// The order of bytes, which decides where the halves of an argument are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// The lower half comes first.
    Little,
    /// The upper half comes first.
    Big,
}

/// A program that the kernel would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    instructions: Vec<Instruction>,
    endian: Endian,
}

/// Why the kernel would not take a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadProgram {
    /// None or more than [`MAX_INSTRUCTIONS`].
    #[error("{count} instructions; a filter has 1 to {MAX_INSTRUCTIONS}")]
    Length {
        /// How many.
        count: usize,
    },
    /// A number of bytes that is no multiple of [`INSTRUCTION_BYTES`].
    #[error("{bytes} bytes are not a whole number of instructions")]
    Bytes {
        /// How many.
        bytes: usize,
    },
    /// Something that seccomp does not allow.
    #[error("instruction {at}: code {code:#06x} is not allowed in a filter")]
    Code {
        /// Its position.
        at: usize,
        /// Its code.
        code: u16,
    },
    /// A jump beyond the end, or an end without an answer.
    #[error("instruction {at} leads beyond the end")]
    End {
        /// Its position.
        at: usize,
    },
    /// A word that `struct seccomp_data` or the scratch memory does not have, or a division by 0.
    #[error("instruction {at}: {value:#x} is out of range")]
    Value {
        /// Its position.
        at: usize,
        /// Its constant.
        value: u32,
    },
}

impl Program {
    /// The program, if the kernel would take it.
    ///
    /// # Errors
    ///
    /// [`BadProgram`] if not.
    pub fn new(instructions: Vec<Instruction>, endian: Endian) -> Result<Self, BadProgram> {
        let count = instructions.len();
        if count == 0 || count > MAX_INSTRUCTIONS {
            return Err(BadProgram::Length { count });
        }
        for (at, instruction) in instructions.iter().enumerate() {
            run::check(*instruction, at, count)?;
        }
        Ok(Self {
            instructions,
            endian,
        })
    }

    /// A program from its bytes, in the order of bytes of the machine it is for.
    ///
    /// # Errors
    ///
    /// [`BadProgram`] if the kernel would not take it.
    pub fn from_bytes(bytes: &[u8], endian: Endian) -> Result<Self, BadProgram> {
        let (chunks, rest) = bytes.as_chunks::<INSTRUCTION_BYTES>();
        if !rest.is_empty() {
            return Err(BadProgram::Bytes { bytes: bytes.len() });
        }
        let instruction = |[a, b, jump_true, jump_false, c, d, e, f]: &[u8; 8]| {
            let (code, value) = match endian {
                Endian::Little => (
                    u16::from_le_bytes([*a, *b]),
                    u32::from_le_bytes([*c, *d, *e, *f]),
                ),
                Endian::Big => (
                    u16::from_be_bytes([*a, *b]),
                    u32::from_be_bytes([*c, *d, *e, *f]),
                ),
            };
            Instruction {
                code,
                jump_true: *jump_true,
                jump_false: *jump_false,
                value,
            }
        };
        Self::new(chunks.iter().map(instruction).collect(), endian)
    }

    /// Its bytes, in the order of bytes of the machine it is for; what bubblewrap's `--seccomp`
    /// reads and `seccomp_export_bpf` writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.instructions.len() * INSTRUCTION_BYTES);
        for instruction in &self.instructions {
            let (code, value) = match self.endian {
                Endian::Little => (
                    instruction.code.to_le_bytes(),
                    instruction.value.to_le_bytes(),
                ),
                Endian::Big => (
                    instruction.code.to_be_bytes(),
                    instruction.value.to_be_bytes(),
                ),
            };
            bytes.extend(code);
            bytes.extend([instruction.jump_true, instruction.jump_false]);
            bytes.extend(value);
        }
        bytes
    }

    /// Its instructions.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The order of bytes of the machine it is for.
    pub const fn endian(&self) -> Endian {
        self.endian
    }
}

impl Endian {
    /// That of the machine this program was compiled for.
    pub const fn native() -> Self {
        if cfg!(target_endian = "big") {
            Self::Big
        } else {
            Self::Little
        }
    }
}

impl Data {
    /// Bytes of `struct seccomp_data`.
    pub const BYTES: u32 = 64;
    /// Where the number is.
    pub const NUMBER: u32 = 0;
    /// Where the architecture is.
    pub const ARCH: u32 = 4;
    /// Where the instruction pointer is.
    pub const INSTRUCTION_POINTER: u32 = 8;
    /// Where the arguments are.
    pub const ARGS: u32 = 16;

    /// Where the upper or the lower half of an argument, 0 to 5, is.
    pub const fn half(arg: u8, high: bool, endian: Endian) -> u32 {
        let second = match endian {
            Endian::Little => high,
            Endian::Big => !high,
        };
        let arg = arg as u32;
        Self::ARGS + arg * 8 + if second { 4 } else { 0 }
    }

    /// The word at a multiple of 4 below [`Self::BYTES`], else 0.
    pub fn word(&self, offset: u32, endian: Endian) -> u32 {
        let part = |value: u64, offset: u32| {
            let high = (offset % 8 == 4) == (endian == Endian::Little);
            #[expect(clippy::cast_possible_truncation, reason = "one half is wanted")]
            if high {
                (value >> 32) as u32
            } else {
                value as u32
            }
        };
        match offset {
            Self::NUMBER => self.number,
            Self::ARCH => self.arch,
            8..Self::ARGS => part(self.instruction_pointer, offset),
            _ => {
                let arg = usize::try_from((offset - Self::ARGS) / 8).unwrap_or(usize::MAX);
                self.args.get(arg).map_or(0, |value| part(*value, offset))
            }
        }
    }
}

/// One instruction a line.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        disassemble::write(self, f)
    }
}
