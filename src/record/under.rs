//! A filter that a recorded program runs under, with every refusal told.
//!
//! Where the filter does not allow a call, the program's one filter asks the tracer instead. The
//! tracer finds the answer by running the filter on the call's own data, and changes the number of
//! the call to one that no architecture has and that stands for the answer. After a change the
//! kernel runs the filter again, so that what the program sees is the kernel's work: its error, its
//! SIGSYS, its kill (`__seccomp_filter` in kernel/seccomp.c, `recheck_after_trace`). Calls that are
//! allowed cost nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::RecordError;
use super::filter::CLONE_UNTRACED;
use super::known::LOOKED_AT;
use crate::arch::Arch;
use crate::bpf::assemble::{ANY_BIT, Assembler, EQUAL, GREATER_OR_EQUAL, Label};
use crate::bpf::{
    Data, Endian, Instruction, MAX_INSTRUCTIONS, Operation, Program, RET_ACTION, RET_ALLOW,
    RET_ERRNO, RET_LOG, RET_TRACE, RET_USER_NOTIF,
};
use crate::event::{Answer, UnderProfile};
use crate::sys::kernel::RawCall;
use crate::syscalls::{ArgKind, closed_set_arguments, table};

/// The first number that stands for an answer. Architectures have numbers below 0x1000, ARM some
/// around 0xf0000, and x32 bit 30; MIPS and its like have their bases below 0x2000.
pub(super) const FIRST_ANSWER: u32 = 0x3ca1_0000;

/// A filter to run a program under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Under {
    /// The filter, for a machine of this order of bytes.
    pub program: Program,
    /// The name of the profile it is made of, for people.
    pub name: String,
    /// Whether calls get its answers.
    pub mode: Mode,
    /// Calls that it allows are recorded too, at the price of a stop for each.
    pub everything: bool,
}

/// What becomes of calls that the filter refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are refused.
    Enforce,
    /// They go on and are told.
    Log,
}

impl Under {
    pub(super) fn capture(&self) -> UnderProfile {
        UnderProfile {
            profile: self.name.clone(),
            enforced: self.mode == Mode::Enforce,
            ..UnderProfile::default()
        }
    }
}

/// What the filter says of a call that it does not simply allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Its word, as data.
    pub(super) answer: Answer,
    /// What the kernel does without a tracer and a listener, `SECCOMP_RET_*` with its data.
    pub(super) given: u32,
    /// The arguments that it looked at.
    pub(super) args: BTreeMap<u8, u64>,
}

/// Answers calls in the place of the filter.
#[derive(Debug)]
pub(super) struct Judge {
    program: Program,
    pub(super) mode: Mode,
    /// What is given to calls, each by its position behind [`FIRST_ANSWER`].
    answers: Vec<u32>,
}

/// What the kernel does where a filter asks a tracer or a listener and there is none.
const fn given(value: u32) -> u32 {
    /// ENOSYS, the same for all architectures of this kind.
    const ENOSYS: u32 = libc::ENOSYS as u32;
    match value & RET_ACTION {
        RET_TRACE | RET_USER_NOTIF => RET_ERRNO | ENOSYS,
        _ => value,
    }
}

impl Judge {
    pub(super) fn new(under: &Under) -> Result<Self, RecordError> {
        if under.program.endian() != Endian::native() {
            return Err(RecordError::Contradiction(
                "the filter is for a machine of another order of bytes",
            ));
        }
        let mut answers = BTreeSet::new();
        for instruction in under.program.instructions() {
            match instruction.operation() {
                Some(Operation::Return(value)) if carried_out(value) => {}
                Some(Operation::Return(value)) => {
                    answers.insert(given(value));
                }
                Some(Operation::ReturnAccumulator) => {
                    return Err(RecordError::Contradiction(
                        "the filter computes its answer, so that its answers can't be listed",
                    ));
                }
                Some(_) | None => {}
            }
        }
        Ok(Self {
            program: under.program.clone(),
            mode: under.mode,
            answers: answers.into_iter().collect(),
        })
    }

    /// The filter to install. With `everything` each call is reported with `report`, without it
    /// those that are not allowed and the few that a tracer must look at.
    pub(super) fn filter(
        &self,
        everything: bool,
        report: u32,
    ) -> Result<Vec<Instruction>, RecordError> {
        let mut to = Assembler::default();
        let numbers: Vec<(u32, u32)> = (FIRST_ANSWER..).zip(self.answers.iter().copied()).collect();
        if let Some((last, _)) = numbers.last() {
            let (maybe, inside, other) = (to.label(), to.label(), to.label());
            to.load(Data::NUMBER);
            to.branch(GREATER_OR_EQUAL, last + 1, other, maybe);
            to.here(maybe);
            to.branch(GREATER_OR_EQUAL, FIRST_ANSWER, inside, other);
            to.here(inside);
            search(&mut to, &numbers);
            to.here(other);
        }
        let mut code;
        if everything {
            to.answer(report);
            code = to.finish();
        } else {
            look_at(&mut to, report);
            // A program starts with nothing loaded. In this way the kernel can still tell
            // beforehand which numbers are always allowed.
            to.mask(0);
            code = to.finish();
            let reported = |it: &Instruction| match it.operation() {
                Some(Operation::Return(value)) if value != RET_ALLOW => Instruction {
                    value: report,
                    ..*it
                },
                Some(_) | None => *it,
            };
            code.extend(self.program.instructions().iter().map(reported));
        }
        if code.len() > MAX_INSTRUCTIONS {
            return Err(RecordError::TooLong {
                instructions: code.len(),
            });
        }
        Ok(code)
    }

    /// What the filter says of a call; `None` if it allows it.
    pub(super) fn verdict(&self, call: &RawCall) -> Option<Verdict> {
        let answer = self.program.answer(&Data {
            // The number is 32 bits wide to a filter.
            number: u32::try_from(call.number & 0xffff_ffff).unwrap_or(u32::MAX),
            arch: call.arch,
            instruction_pointer: call.instruction_pointer,
            args: call.args,
        });
        let args = (0_u8..).zip(call.args);
        Some(Verdict {
            answer: Answer::from_return(answer.value)?,
            given: given(answer.value),
            args: args
                .filter(|(at, _)| answer.looked_at >> at & 1 == 1)
                .collect(),
        })
    }

    /// Whether calls with this verdict are kept from the kernel.
    pub(super) fn refuses(&self, verdict: &Verdict) -> bool {
        self.mode == Mode::Enforce && verdict.answer.refuses()
    }

    /// The number that makes the kernel give an answer.
    pub(super) fn number(&self, verdict: &Verdict) -> Option<u32> {
        let at = self.answers.binary_search(&verdict.given).ok()?;
        u32::try_from(at).ok()?.checked_add(FIRST_ANSWER)
    }
}

/// Whether the kernel carries out what gets this answer.
const fn carried_out(value: u32) -> bool {
    matches!(value & RET_ACTION, RET_ALLOW | RET_LOG)
}

/// The answer of each number, all of which are listed.
fn search(to: &mut Assembler, numbers: &[(u32, u32)]) {
    match numbers {
        [] => {}
        [(_, answer)] => to.answer(*answer),
        several => {
            let (below, from) = several.split_at(several.len() / 2);
            let first = from.first().map_or(0, |it| it.0);
            let (yes, no) = (to.label(), to.label());
            to.branch(GREATER_OR_EQUAL, first, yes, no);
            to.here(yes);
            search(to, from);
            to.here(no);
            search(to, below);
        }
    }
}

/// Reports what a tracer must see although it may be allowed: how a program filters or traces,
/// and children that nobody would trace.
fn look_at(to: &mut Assembler, report: u32) {
    let Some(native) = Arch::of_this_build() else {
        return;
    };
    let mut by_audit: BTreeMap<u32, BTreeMap<u32, Option<u8>>> = BTreeMap::new();
    for arch in std::iter::once(native).chain(native.sub_architectures().iter().copied()) {
        let numbers = by_audit.entry(arch.audit_value()).or_default();
        let flags = closed_set_arguments(arch, "clone")
            .iter()
            .find(|(_, kind)| *kind == ArgKind::CloneFlags)
            .map(|(index, _)| *index);
        if let Some(number) = table(arch).number("clone") {
            numbers.insert(number, flags);
        }
        let others = LOOKED_AT.iter().filter_map(|name| table(arch).number(name));
        numbers.extend(others.map(|number| (number, None)));
    }
    let (told, end) = (to.label(), to.label());
    to.load(Data::ARCH);
    for (audit, numbers) in by_audit {
        let (inside, next) = (to.label(), to.label());
        to.branch(EQUAL, audit, inside, next);
        to.here(inside);
        to.load(Data::NUMBER);
        for (number, flags) in numbers {
            let other = to.label();
            match flags {
                None => to.branch(EQUAL, number, told, other),
                Some(index) => clone(to, number, index, [told, end, other]),
            }
            to.here(other);
        }
        // No other architecture has this value: on with the filter.
        to.jump(end);
        to.here(next);
    }
    to.jump(end);
    to.here(told);
    to.answer(report);
    to.here(end);
}

fn clone(to: &mut Assembler, number: u32, index: u8, [told, end, other]: [Label; 3]) {
    let inside = to.label();
    to.branch(EQUAL, number, inside, other);
    to.here(inside);
    to.load(Data::half(index, false, Endian::native()));
    to.branch(ANY_BIT, CLONE_UNTRACED, told, end);
}
