//! What a program costs.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kernel gives up at any other instruction"
)]

use super::{Alu, Data, Operand, Operation, Program};

/// Size and the longest way through a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Instructions.
    pub instructions: usize,
    /// Instructions on the longest way from the start to an answer, whether a call can take it
    /// or not.
    pub longest: usize,
}

impl Program {
    /// Its cost.
    pub fn cost(&self) -> Cost {
        let count = self.instructions.len();
        let mut longest = vec![0_usize; count];
        for (at, instruction) in self.instructions.iter().enumerate().rev() {
            let from = |over: usize| longest.get(at + 1 + over).copied().unwrap_or_default();
            let rest = match instruction.operation() {
                Some(Operation::Return(_) | Operation::ReturnAccumulator) | None => 0,
                Some(Operation::Jump(over)) => from(over),
                Some(Operation::Branch { yes, no, .. }) => from(yes).max(from(no)),
                Some(_) => from(0),
            };
            if let Some(it) = longest.get_mut(at) {
                *it = rest + 1;
            }
        }
        Cost {
            instructions: count,
            longest: longest.first().copied().unwrap_or_default(),
        }
    }
}

impl Program {
    /// Whether the kernel finds out by itself that a call is always allowed, and does not run the
    /// filter for it: it follows loads of the number and the architecture, AND with a constant and
    /// branches on a constant, and gives up at anything else (`seccomp_is_const_allow` in
    /// kernel/seccomp.c).
    pub fn is_always_allowed(&self, arch: u32, number: u32) -> bool {
        /// `SECCOMP_RET_ALLOW`
        const ALLOW: u32 = 0x7fff_0000;
        let (mut at, mut accumulator) = (0, 0);
        while let Some(operation) = self.instructions.get(at).and_then(|it| it.operation()) {
            at += 1;
            match operation {
                Operation::Load(Data::NUMBER) => accumulator = number,
                Operation::Load(Data::ARCH) => accumulator = arch,
                Operation::Jump(over) => at += over,
                Operation::Branch {
                    relation,
                    operand: Operand::Constant(value),
                    yes,
                    no,
                } => {
                    at += if relation.holds(accumulator, value) {
                        yes
                    } else {
                        no
                    }
                }
                Operation::Compute(Alu::And, Operand::Constant(mask)) => accumulator &= mask,
                Operation::Return(value) => return value == ALLOW,
                _ => return false,
            }
        }
        false
    }
}
