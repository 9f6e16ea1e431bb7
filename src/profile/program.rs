//! A BPF program as a policy: what it answers to a call, for all argument values at once.
//!
//! The architecture and the number are fixed; the program is followed with halves of arguments as
//! unknowns, both ways wherever a branch depends on one. What a filter can compute beyond masks of
//! halves is not followed, and an error.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of an instruction or a value is treated alike"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::flow::{Flow, FlowBuilder, Question, Relation, StepId};
use super::policy::{Call, Policy, PolicyError, call_name};
use super::{Action, ArgIndex};
use crate::arch::{Arch, X32_BIT};
use crate::bpf::{self, Alu, Data, MEMORY_WORDS, Operand, Operation, Program};
use crate::syscalls::table;

/// The most instructions that are followed for one call.
const MAX_STEPS: usize = 200_000;

/// A program as a policy.
#[derive(Debug)]
pub struct ProgramPolicy {
    program: Program,
    /// The architectures of which some call is not killed.
    arches: BTreeSet<Arch>,
    bounds: Vec<u32>,
    known: RefCell<BTreeMap<(Arch, u32), Arc<Call>>>,
}

/// Why it can't be told what a program answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// A branch depends on something other than a masked half of an argument.
    #[error("instruction {at} asks for more than bits of one half of an argument")]
    NotFollowed {
        /// The instruction.
        at: usize,
    },
    /// A branch depends on where the call is made.
    #[error("instruction {at} asks where the call is made")]
    InstructionPointer {
        /// The instruction.
        at: usize,
    },
    /// A branch depends on something computed from the number of the call.
    #[error("the filter computes with numbers, so what those without a name get is not told")]
    Number,
    /// More than [`MAX_STEPS`].
    #[error("the filter has too many ways through it to be followed")]
    TooComplex,
}

impl ProgramPolicy {
    /// The policy of a program.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if it can't be told what some call gets.
    pub fn new(program: Program) -> Result<Self, PolicyError> {
        let bounds: BTreeSet<u32> = program
            .instructions()
            .iter()
            .filter_map(|instruction| match instruction.operation() {
                Some(Operation::Branch {
                    operand: Operand::Constant(value),
                    ..
                }) => Some([value, value.saturating_add(1)]),
                _ => None,
            })
            .flatten()
            .collect();
        let mut policy = Self {
            program,
            arches: BTreeSet::new(),
            bounds: bounds.into_iter().collect(),
            known: RefCell::default(),
        };
        for arch in Arch::ALL {
            let kills = |number: u32| -> Result<bool, PolicyError> {
                let answer = policy.call(arch, number)?.flow.as_constant();
                Ok(matches!(
                    answer,
                    Some(Action::KillThread | Action::KillProcess)
                ))
            };
            let numbers = table(arch).iter().map(|(_, number)| number);
            let mut listed = false;
            for number in numbers.chain(policy.bounds(arch)) {
                listed |= !kills(number)?;
            }
            if listed {
                policy.arches.insert(arch);
            }
        }
        Ok(policy)
    }

    /// The same on a machine of an architecture, where there are no calls of others.
    #[must_use]
    pub fn on(mut self, native: Arch) -> Self {
        self.arches
            .retain(|arch| *arch == native || native.sub_architectures().contains(arch));
        self
    }

    /// The program.
    pub const fn program(&self) -> &Program {
        &self.program
    }
}

impl Policy for ProgramPolicy {
    fn lists(&self, arch: Arch) -> bool {
        self.arches.contains(&arch)
    }

    fn call(&self, arch: Arch, number: u32) -> Result<Arc<Call>, PolicyError> {
        if let Some(known) = self.known.borrow().get(&(arch, number)) {
            return Ok(Arc::clone(known));
        }
        let told = |error| PolicyError::program(arch, call_name(arch, number), error);
        let (flow, computes) = followed(&self.program, arch.audit_value(), number).map_err(told)?;
        if computes && table(arch).name(number).is_none() {
            return Err(told(ProgramError::Number));
        }
        let call = Arc::new(Call { flow, rules: None });
        self.known
            .borrow_mut()
            .insert((arch, number), Arc::clone(&call));
        Ok(call)
    }

    fn bounds(&self, arch: Arch) -> Vec<u32> {
        let is_x32 = arch == Arch::X32;
        self.bounds
            .iter()
            .copied()
            // -1 is no call of x32 but one that a tracer has the kernel pass over.
            .filter(|number| match arch {
                Arch::X32 | Arch::X86_64 => (*number >= X32_BIT) == is_x32 && *number != u32::MAX,
                _ => true,
            })
            .collect()
    }

    fn speaks_of(&self, arch: Arch, number: u32) -> bool {
        self.lists(arch) && self.bounds.binary_search(&number).is_ok()
    }

    fn because(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Vec<String> {
        let data = Data {
            number,
            arch: arch.audit_value(),
            instruction_pointer: 0,
            args: *args,
        };
        let (_, steps) = self.program.run(&data);
        vec![format!("{steps} instructions of the filter")]
    }
}

/// What a program answers to the call of a number.
///
/// # Errors
///
/// [`ProgramError`] if it asks for more than bits of halves of arguments.
pub fn follow(program: &Program, audit: u32, number: u32) -> Result<Flow, ProgramError> {
    Ok(followed(program, audit, number)?.0)
}

/// The flow, and whether it depends on something computed from the number.
fn followed(program: &Program, audit: u32, number: u32) -> Result<(Flow, bool), ProgramError> {
    let mut follower = Follower {
        program,
        audit,
        number,
        builder: FlowBuilder::new(),
        known: BTreeMap::new(),
        steps: 0,
        computes: false,
    };
    let root = follower.from(0, State::default())?;
    Ok((follower.builder.finish(root), follower.computes))
}

/// What is in a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Known(u32),
    /// The number of the call.
    Number(u32),
    /// Something computed from it.
    OfNumber(u32),
    Half {
        arg: ArgIndex,
        high: bool,
        mask: u32,
    },
    InstructionPointer,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    accumulator: Value,
    index: Value,
    memory: [Value; MEMORY_WORDS],
}

impl Default for State {
    fn default() -> Self {
        Self {
            accumulator: Value::Known(0),
            index: Value::Known(0),
            memory: [Value::Known(0); MEMORY_WORDS],
        }
    }
}

impl Value {
    /// The value, wherever it comes from.
    const fn plain(self) -> Self {
        match self {
            Self::Number(value) | Self::OfNumber(value) => Self::Known(value),
            other => other,
        }
    }

    const fn is_of_number(self) -> bool {
        matches!(self, Self::Number(_) | Self::OfNumber(_))
    }
}

struct Follower<'p> {
    program: &'p Program,
    audit: u32,
    number: u32,
    builder: FlowBuilder,
    known: BTreeMap<(usize, State), StepId>,
    steps: usize,
    computes: bool,
}

impl Follower<'_> {
    /// The step that a program does from `at` on. As deep as there are branches, each of which
    /// goes forward.
    fn from(&mut self, mut at: usize, mut state: State) -> Result<StepId, ProgramError> {
        let start = (at, state.clone());
        if let Some(known) = self.known.get(&start) {
            return Ok(*known);
        }
        let step = loop {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(ProgramError::TooComplex);
            }
            let operation = self
                .program
                .instructions()
                .get(at)
                .and_then(|it| it.operation());
            let here = at;
            at += 1;
            match operation {
                Some(Operation::Jump(over)) => at += over,
                Some(Operation::Return(value)) => {
                    break self.builder.answer(Action::from_return(value));
                }
                Some(Operation::ReturnAccumulator) => match state.accumulator.plain() {
                    Value::Known(value) => break self.builder.answer(Action::from_return(value)),
                    _ => return Err(ProgramError::NotFollowed { at: here }),
                },
                Some(Operation::Branch {
                    relation,
                    operand,
                    yes,
                    no,
                }) => {
                    let second = match operand {
                        Operand::Constant(value) => Value::Known(value),
                        Operand::Index => state.index,
                    };
                    let computed = |value: Value| matches!(value, Value::OfNumber(_));
                    self.computes |= computed(state.accumulator) || computed(second);
                    match question(relation, state.accumulator.plain(), second.plain()) {
                        Asked::Known(holds) => at += if holds { yes } else { no },
                        Asked::Half(question) => {
                            let yes = self.from(at + yes, state.clone())?;
                            let no = self.from(at + no, state)?;
                            break self.builder.ask(question, yes, no);
                        }
                        Asked::InstructionPointer => {
                            return Err(ProgramError::InstructionPointer { at: here });
                        }
                        Asked::Other => return Err(ProgramError::NotFollowed { at: here }),
                    }
                }
                Some(Operation::Compute(Alu::Divide, Operand::Index))
                    if !matches!(state.index.plain(), Value::Known(_)) =>
                {
                    // By 0 or not: that ends the program or does not.
                    return Err(ProgramError::NotFollowed { at: here });
                }
                Some(operation) => {
                    if self.compute(operation, &mut state).is_none() {
                        // A division by 0 ends a program with the answer 0.
                        break self.builder.answer(Action::from_return(0));
                    }
                }
                // A checked program does not get here.
                None => break self.builder.answer(Action::from_return(0)),
            }
        };
        self.known.insert(start, step);
        Ok(step)
    }

    /// What an operation that goes on does; `None` if it ends the program.
    fn compute(&self, operation: Operation, state: &mut State) -> Option<()> {
        let memory = |state: &State, at: usize| state.memory.get(at).copied();
        match operation {
            Operation::Load(offset) => state.accumulator = self.word(offset),
            Operation::LoadConstant(value) => state.accumulator = Value::Known(value),
            Operation::LoadMemory(at) => {
                state.accumulator = memory(state, at).unwrap_or(Value::Other);
            }
            Operation::IndexConstant(value) => state.index = Value::Known(value),
            Operation::IndexMemory(at) => state.index = memory(state, at).unwrap_or(Value::Other),
            Operation::Store(at) => *state.memory.get_mut(at)? = state.accumulator,
            Operation::StoreIndex(at) => *state.memory.get_mut(at)? = state.index,
            Operation::ToIndex => state.index = state.accumulator,
            Operation::FromIndex => state.accumulator = state.index,
            Operation::Negate => {
                state.accumulator = match state.accumulator {
                    Value::Known(value) => Value::Known(value.wrapping_neg()),
                    Value::Number(value) | Value::OfNumber(value) => {
                        Value::OfNumber(value.wrapping_neg())
                    }
                    _ => Value::Other,
                }
            }
            Operation::Compute(alu, operand) => {
                let second = match operand {
                    Operand::Constant(value) => Value::Known(value),
                    Operand::Index => state.index,
                };
                let of_number = state.accumulator.is_of_number() || second.is_of_number();
                state.accumulator = match (alu, state.accumulator.plain(), second.plain()) {
                    (Alu::Divide, _, Value::Known(0)) => return None,
                    (_, Value::Known(left), Value::Known(right)) if of_number => {
                        Value::OfNumber(alu.compute(left, right)?)
                    }
                    (_, Value::Known(left), Value::Known(right)) => {
                        Value::Known(alu.compute(left, right)?)
                    }
                    (Alu::And, Value::Half { arg, high, mask }, Value::Known(more))
                    | (Alu::And, Value::Known(more), Value::Half { arg, high, mask }) => {
                        match mask & more {
                            0 => Value::Known(0),
                            mask => Value::Half { arg, high, mask },
                        }
                    }
                    (_, Value::InstructionPointer, _) => Value::InstructionPointer,
                    _ => Value::Other,
                };
            }
            Operation::Jump(_)
            | Operation::Branch { .. }
            | Operation::Return(_)
            | Operation::ReturnAccumulator => {}
        }
        Some(())
    }

    fn word(&self, offset: u32) -> Value {
        match offset {
            Data::NUMBER => Value::Number(self.number),
            Data::ARCH => Value::Known(self.audit),
            Data::INSTRUCTION_POINTER..Data::ARGS => Value::InstructionPointer,
            _ => {
                let arg = u8::try_from((offset - Data::ARGS) / 8)
                    .ok()
                    .and_then(ArgIndex::new);
                arg.map_or(Value::Other, |arg| Value::Half {
                    arg,
                    high: Data::half(arg.get(), true, self.program.endian()) == offset,
                    mask: u32::MAX,
                })
            }
        }
    }
}

enum Asked {
    Known(bool),
    Half(Question),
    InstructionPointer,
    Other,
}

fn question(relation: bpf::Relation, left: Value, right: Value) -> Asked {
    match (left, right) {
        (Value::Known(left), Value::Known(right)) => Asked::Known(relation.holds(left, right)),
        (Value::Half { arg, high, mask }, Value::Known(value)) => Asked::Half(Question {
            arg,
            high,
            mask,
            relation: match relation {
                bpf::Relation::Equal => Relation::Equal,
                bpf::Relation::Greater => Relation::Greater,
                bpf::Relation::GreaterOrEqual => Relation::GreaterOrEqual,
                bpf::Relation::AnyBit => Relation::AnyBit,
            },
            value,
        }),
        (Value::InstructionPointer, _) | (_, Value::InstructionPointer) => {
            Asked::InstructionPointer
        }
        _ => Asked::Other,
    }
}
