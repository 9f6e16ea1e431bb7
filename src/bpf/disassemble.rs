//! A program as text, in the notation of the kernel's `bpf_dbg` and of Chromium's and seccomp-tools'
//! listings: one instruction a line, jumps with the position they lead to.

use std::fmt;

use super::{Alu, Data, Endian, Operand, Operation, Program, Relation};

/// Writes every instruction.
pub(super) fn write(program: &Program, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, instruction) in program.instructions.iter().enumerate() {
        write!(f, "{at:4}: ")?;
        match instruction.operation() {
            Some(operation) => line(operation, at, program.endian, f)?,
            None => write!(f, "code {:#06x}", instruction.code)?,
        }
        writeln!(f)?;
    }
    Ok(())
}

fn line(
    operation: Operation,
    at: usize,
    endian: Endian,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match operation {
        Operation::Load(offset) => write!(f, "A = {}", Word(offset, endian)),
        Operation::LoadConstant(value) => write!(f, "A = {value:#x}"),
        Operation::LoadMemory(word) => write!(f, "A = M[{word}]"),
        Operation::IndexConstant(value) => write!(f, "X = {value:#x}"),
        Operation::IndexMemory(word) => write!(f, "X = M[{word}]"),
        Operation::Store(word) => write!(f, "M[{word}] = A"),
        Operation::StoreIndex(word) => write!(f, "M[{word}] = X"),
        Operation::ToIndex => f.write_str("X = A"),
        Operation::FromIndex => f.write_str("A = X"),
        Operation::Negate => f.write_str("A = -A"),
        Operation::Compute(alu, operand) => {
            let sign = match alu {
                Alu::Add => "+",
                Alu::Subtract => "-",
                Alu::Multiply => "*",
                Alu::Divide => "/",
                Alu::Or => "|",
                Alu::And => "&",
                Alu::ShiftLeft => "<<",
                Alu::ShiftRight => ">>",
                Alu::Xor => "^",
            };
            write!(f, "A {sign}= {}", Second(operand))
        }
        Operation::Jump(over) => write!(f, "goto {}", at + 1 + over),
        Operation::Branch {
            relation,
            operand,
            yes,
            no,
        } => {
            let sign = match relation {
                Relation::Equal => "==",
                Relation::Greater => ">",
                Relation::GreaterOrEqual => ">=",
                Relation::AnyBit => "&",
            };
            let (yes, no) = (at + 1 + yes, at + 1 + no);
            write!(f, "if A {sign} {} goto {yes} else {no}", Second(operand))
        }
        Operation::Return(value) => write!(f, "return {}", Answer(value)),
        Operation::ReturnAccumulator => f.write_str("return A"),
    }
}

struct Second(Operand);

impl fmt::Display for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Operand::Constant(value) => write!(f, "{value:#x}"),
            Operand::Index => f.write_str("X"),
        }
    }
}

/// A word of `struct seccomp_data`.
struct Word(u32, Endian);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(offset, endian) = *self;
        let half = if (offset % 8 == 4) == (endian == Endian::Little) {
            "high"
        } else {
            "low"
        };
        match offset {
            Data::NUMBER => f.write_str("number"),
            Data::ARCH => f.write_str("arch"),
            Data::INSTRUCTION_POINTER..Data::ARGS => write!(f, "ip.{half}"),
            _ => write!(f, "arg{}.{half}", (offset - Data::ARGS) / 8),
        }
    }
}

/// A `SECCOMP_RET_…` with its data.
struct Answer(u32);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.0 & 0xffff;
        match self.0 & 0xffff_0000 {
            0x8000_0000 => f.write_str("KILL_PROCESS"),
            0x0000_0000 => f.write_str("KILL_THREAD"),
            0x0003_0000 => write!(f, "TRAP {data}"),
            0x0005_0000 => write!(f, "ERRNO {data}"),
            0x7fc0_0000 => f.write_str("USER_NOTIF"),
            0x7ff0_0000 => write!(f, "TRACE {data}"),
            0x7ffc_0000 => f.write_str("LOG"),
            0x7fff_0000 => f.write_str("ALLOW"),
            _ => write!(f, "{:#010x}", self.0),
        }
    }
}
