//! What instructions do.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of most instructions there is nothing to check"
)]

use super::{BadProgram, Data, Instruction, MEMORY_WORDS, Program};

/// An instruction as what it means. `A` is the accumulator, `X` the index register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `A = data[offset]`
    Load(u32),
    /// `A = constant`
    LoadConstant(u32),
    /// `A = M[at]`
    LoadMemory(usize),
    /// `X = constant`
    IndexConstant(u32),
    /// `X = M[at]`
    IndexMemory(usize),
    /// `M[at] = A`
    Store(usize),
    /// `M[at] = X`
    StoreIndex(usize),
    /// `X = A`
    ToIndex,
    /// `A = X`
    FromIndex,
    /// `A = -A`
    Negate,
    /// `A = A op operand`
    Compute(Alu, Operand),
    /// Passes over instructions.
    Jump(usize),
    /// Passes over some if the relation of `A` to the operand holds, over others if not.
    Branch {
        /// What is asked.
        relation: Relation,
        /// With what `A` is compared.
        operand: Operand,
        /// How many are passed over if it holds.
        yes: usize,
        /// How many if it does not.
        no: usize,
    },
    /// The answer.
    Return(u32),
    /// The answer is `A`.
    ReturnAccumulator,
}

/// The second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A constant.
    Constant(u32),
    /// `X`.
    Index,
}

/// Arithmetic, wrapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the name of each is all there is to say")]
pub enum Alu {
    Add,
    Subtract,
    Multiply,
    Divide,
    Or,
    And,
    ShiftLeft,
    ShiftRight,
    Xor,
}

/// What a branch asks, unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the name of each is all there is to say")]
pub enum Relation {
    Equal,
    Greater,
    GreaterOrEqual,
    AnyBit,
}

impl Alu {
    /// The result; `None` of a division by 0, which ends a program with the answer 0.
    pub const fn compute(self, left: u32, right: u32) -> Option<u32> {
        Some(match self {
            Self::Add => left.wrapping_add(right),
            Self::Subtract => left.wrapping_sub(right),
            Self::Multiply => left.wrapping_mul(right),
            Self::Divide => return left.checked_div(right),
            Self::Or => left | right,
            Self::And => left & right,
            // The kernel takes the lower five bits.
            Self::ShiftLeft => left.wrapping_shl(right),
            Self::ShiftRight => left.wrapping_shr(right),
            Self::Xor => left ^ right,
        })
    }
}

impl Relation {
    /// Whether it holds.
    pub const fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::AnyBit => left & right != 0,
        }
    }
}

impl Instruction {
    /// What it means; `None` if seccomp does not allow it.
    pub fn operation(self) -> Option<Operation> {
        let value = self.value;
        let at = usize::try_from(value).unwrap_or(usize::MAX);
        let operand = if self.code & 0x08 == 0 {
            Operand::Constant(value)
        } else {
            Operand::Index
        };
        let branch = |relation| Operation::Branch {
            relation,
            operand,
            yes: usize::from(self.jump_true),
            no: usize::from(self.jump_false),
        };
        // Classes, sizes, modes and operations of include/uapi/linux/bpf_common.h.
        Some(match self.code {
            0x20 => Operation::Load(value),
            // The length of the data is all that "length" can mean here.
            0x80 => Operation::LoadConstant(Data::BYTES),
            0x00 => Operation::LoadConstant(value),
            0x60 => Operation::LoadMemory(at),
            0x81 => Operation::IndexConstant(Data::BYTES),
            0x01 => Operation::IndexConstant(value),
            0x61 => Operation::IndexMemory(at),
            0x02 => Operation::Store(at),
            0x03 => Operation::StoreIndex(at),
            0x07 => Operation::ToIndex,
            0x87 => Operation::FromIndex,
            0x84 => Operation::Negate,
            0x04 | 0x0c => Operation::Compute(Alu::Add, operand),
            0x14 | 0x1c => Operation::Compute(Alu::Subtract, operand),
            0x24 | 0x2c => Operation::Compute(Alu::Multiply, operand),
            0x34 | 0x3c => Operation::Compute(Alu::Divide, operand),
            0x44 | 0x4c => Operation::Compute(Alu::Or, operand),
            0x54 | 0x5c => Operation::Compute(Alu::And, operand),
            0x64 | 0x6c => Operation::Compute(Alu::ShiftLeft, operand),
            0x74 | 0x7c => Operation::Compute(Alu::ShiftRight, operand),
            0xa4 | 0xac => Operation::Compute(Alu::Xor, operand),
            0x05 => Operation::Jump(at),
            0x15 | 0x1d => branch(Relation::Equal),
            0x25 | 0x2d => branch(Relation::Greater),
            0x35 | 0x3d => branch(Relation::GreaterOrEqual),
            0x45 | 0x4d => branch(Relation::AnyBit),
            0x06 => Operation::Return(value),
            0x16 => Operation::ReturnAccumulator,
            _ => return None,
        })
    }
}

/// Whether the kernel takes the instruction at `at` of `count`.
pub(super) fn check(instruction: Instruction, at: usize, count: usize) -> Result<(), BadProgram> {
    let Instruction { code, value, .. } = instruction;
    let operation = instruction
        .operation()
        .ok_or(BadProgram::Code { at, code })?;
    let passed_over = match operation {
        Operation::Return(_) | Operation::ReturnAccumulator => return Ok(()),
        Operation::Jump(over) => over,
        Operation::Branch { yes, no, .. } => yes.max(no),
        _ => 0,
    };
    let in_range = match operation {
        Operation::Load(offset) => offset < Data::BYTES && offset % 4 == 0,
        Operation::LoadMemory(at)
        | Operation::IndexMemory(at)
        | Operation::Store(at)
        | Operation::StoreIndex(at) => at < MEMORY_WORDS,
        Operation::Compute(Alu::Divide, Operand::Constant(by)) => by != 0,
        Operation::Compute(Alu::ShiftLeft | Alu::ShiftRight, Operand::Constant(by)) => by < 32,
        _ => true,
    };
    if !in_range {
        return Err(BadProgram::Value { at, value });
    }
    match at
        .checked_add(1)
        .and_then(|next| next.checked_add(passed_over))
    {
        Some(next) if next < count => Ok(()),
        Some(_) | None => Err(BadProgram::End { at }),
    }
}

/// What came of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// A `SECCOMP_RET_…` with its data.
    pub value: u32,
    /// How many instructions it took.
    pub steps: usize,
    /// The arguments of which it loaded a half on its way: bit 0 for the first.
    pub looked_at: u8,
}

impl Program {
    /// The answer to a call, a `SECCOMP_RET_…` with its data, and how many instructions it took.
    pub fn run(&self, data: &Data) -> (u32, usize) {
        let answer = self.answer(data);
        (answer.value, answer.steps)
    }

    /// The answer to a call, and what was looked at for it.
    pub fn answer(&self, data: &Data) -> Answer {
        let (mut accumulator, mut index) = (0_u32, 0_u32);
        let mut memory = [0_u32; MEMORY_WORDS];
        let (mut at, mut steps, mut looked_at) = (0, 0, 0_u8);
        let end = |value, steps, looked_at| Answer {
            value,
            steps,
            looked_at,
        };
        // Every jump goes forward, so this ends.
        while let Some(operation) = self.instructions.get(at).and_then(|it| it.operation()) {
            at += 1;
            steps += 1;
            let second = |operand| match operand {
                Operand::Constant(value) => value,
                Operand::Index => index,
            };
            match operation {
                Operation::Load(offset) => {
                    accumulator = data.word(offset, self.endian);
                    if let Some(arg) = offset.checked_sub(Data::ARGS) {
                        looked_at |= 1 << (arg / 8 % 8);
                    }
                }
                Operation::LoadConstant(value) => accumulator = value,
                Operation::LoadMemory(at) => {
                    accumulator = memory.get(at).copied().unwrap_or_default();
                }
                Operation::IndexConstant(value) => index = value,
                Operation::IndexMemory(at) => index = memory.get(at).copied().unwrap_or_default(),
                Operation::Store(at) => {
                    if let Some(word) = memory.get_mut(at) {
                        *word = accumulator;
                    }
                }
                Operation::StoreIndex(at) => {
                    if let Some(word) = memory.get_mut(at) {
                        *word = index;
                    }
                }
                Operation::ToIndex => index = accumulator,
                Operation::FromIndex => accumulator = index,
                Operation::Negate => accumulator = accumulator.wrapping_neg(),
                Operation::Compute(alu, operand) => {
                    match alu.compute(accumulator, second(operand)) {
                        Some(result) => accumulator = result,
                        None => return end(0, steps, looked_at),
                    }
                }
                Operation::Jump(over) => at += over,
                Operation::Branch {
                    relation,
                    operand,
                    yes,
                    no,
                } => {
                    let holds = relation.holds(accumulator, second(operand));
                    at += if holds { yes } else { no };
                }
                Operation::Return(value) => return end(value, steps, looked_at),
                Operation::ReturnAccumulator => return end(accumulator, steps, looked_at),
            }
        }
        // A checked program does not get here.
        end(0, steps, looked_at)
    }
}
