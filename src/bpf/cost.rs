//! What a program costs.

use super::{Operation, Program};

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
