//! A filter that a recorded program runs under, with every refusal told.
//!
//! Where the filter does not allow a call, the program's one filter asks the tracer instead, who
//! finds the answer by running the filter on the call's own data. Errors are put in the place of
//! the result, and the kernel passes over the call. What kills or sends a signal is left to the
//! kernel: after a change by a tracer it asks the filter again (`__seccomp_filter` in
//! kernel/seccomp.c, `recheck_after_trace`), and where the sixth argument has become [`ANSWERED`]
//! the filter gives its own answer. Calls that are allowed cost nothing.

use std::collections::BTreeMap;

use super::RecordError;
use super::filter::CLONE_UNTRACED;
use super::known::LOOKED_AT;
use crate::arch::Arch;
use crate::bpf::assemble::{ANY_BIT, Assembler, EQUAL, Label};
use crate::bpf::{
    Data, Endian, Instruction, MAX_INSTRUCTIONS, Operation, Program, RET_ACTION, RET_ALLOW,
    RET_ERRNO, RET_LOG, RET_TRACE, RET_USER_NOTIF,
};
use crate::event::{Answer, UnderProfile};
use crate::sys::kernel::RawCall;
use crate::syscalls::{ArgKind, closed_set_arguments, table};

/// The lower half of the last argument of a call on which the tracer has been asked already.
pub(super) const ANSWERED: u32 = 0x5ca1_ab1e;
/// That argument.
pub(super) const ANSWERED_ARGUMENT: u8 = 5;

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
}

/// What the kernel does where a filter asks a tracer or a listener and there is none.
const fn given(value: u32) -> u32 {
    /// ENOSYS, the same for all architectures of this kind.
    const ENOSYS: u32 = libc::ENOSYS.unsigned_abs();
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
        let computes = |it: &Instruction| it.operation() == Some(Operation::ReturnAccumulator);
        if under.program.instructions().iter().any(computes) {
            return Err(RecordError::Contradiction(
                "the filter computes its answer, so that nobody can answer for it",
            ));
        }
        Ok(Self {
            program: under.program.clone(),
            mode: under.mode,
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
        if !everything {
            look_at(&mut to, report);
            // A program starts with nothing loaded. In this way the kernel can still tell
            // beforehand which numbers are always allowed.
            to.mask(0);
        }
        let allowed = if everything { report } else { RET_ALLOW };
        answered(&mut to, &self.program, report, allowed);
        let code = to.finish();
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
}

/// The filter with the tracer asked first wherever it does not allow a call.
fn answered(to: &mut Assembler, program: &Program, report: u32, allowed: u32) {
    let count = program.instructions().len();
    let labels: Vec<Label> = (0..count).map(|_| to.label()).collect();
    // A program that the kernel takes has no jump beyond its end.
    let label = |at: usize| labels.get(at).or(labels.last()).copied();
    let mut answers: BTreeMap<u32, Label> = BTreeMap::new();
    for (at, instruction) in program.instructions().iter().enumerate() {
        if let Some(here) = label(at) {
            to.here(here);
        }
        match instruction.operation() {
            Some(Operation::Branch { yes, no, .. }) => {
                if let (Some(yes), Some(no)) = (label(at + 1 + yes), label(at + 1 + no)) {
                    to.branch(instruction.code, instruction.value, yes, no);
                }
            }
            Some(Operation::Jump(over)) => {
                if let Some(there) = label(at + 1 + over) {
                    to.jump(there);
                }
            }
            Some(Operation::Return(value)) => match value & RET_ACTION {
                RET_ALLOW => to.answer(allowed),
                RET_LOG => to.answer(report),
                _ => {
                    let answer = *answers.entry(given(value)).or_insert_with(|| to.label());
                    to.jump(answer);
                }
            },
            Some(_) | None => to.plain(instruction.code, instruction.value),
        }
    }
    for (value, here) in answers {
        let (yes, no) = (to.label(), to.label());
        to.here(here);
        to.load(Data::half(ANSWERED_ARGUMENT, false, Endian::native()));
        to.branch(EQUAL, ANSWERED, yes, no);
        to.here(yes);
        to.answer(value);
        to.here(no);
        to.answer(report);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::X32_BIT;
    use crate::bpf::{RET_KILL_PROCESS, RET_TRAP};
    use crate::sys::fake::raw;
    use crate::sys::seccomp::TRACE_COOKIE;

    const REPORT: u32 = RET_TRACE | TRACE_COOKIE as u32;
    const X86_64: u32 = 0xc000_003e;
    const EPERM: u32 = RET_ERRNO | 1;

    /// Numbers that are not simply allowed, and the answers; `personality` by its argument.
    const RULES: [(u32, u32); 5] = [
        (0, EPERM),
        (39, RET_TRAP | 7),
        (56, RET_LOG),
        (101, RET_TRACE | 9),
        (X32_BIT + 39, RET_KILL_PROCESS),
    ];
    const PERSONALITY: u32 = 135;

    fn under(mode: Mode) -> Under {
        let mut to = Assembler::default();
        to.load(Data::NUMBER);
        for (number, answer) in RULES {
            let (yes, no) = (to.label(), to.label());
            to.branch(EQUAL, number, yes, no);
            to.here(yes);
            to.answer(answer);
            to.here(no);
        }
        let (yes, no, other, zero) = (to.label(), to.label(), to.label(), to.label());
        to.branch(EQUAL, PERSONALITY, yes, no);
        to.here(yes);
        to.load(Data::half(0, false, Endian::native()));
        to.branch(EQUAL, 0, zero, other);
        to.here(other);
        to.answer(EPERM);
        for label in [no, zero] {
            to.here(label);
        }
        to.answer(RET_ALLOW);
        Under {
            program: Program::new(to.finish(), Endian::native()).unwrap(),
            name: "test".to_owned(),
            mode,
            everything: false,
        }
    }

    fn answer(code: &[Instruction], number: u32, first: u64) -> u32 {
        answer_with(code, number, [first, 0, 0, 0, 0, 0])
    }

    fn answer_with(code: &[Instruction], number: u32, args: [u64; 6]) -> u32 {
        let program = Program::new(code.to_vec(), Endian::native()).unwrap();
        let data = Data {
            number,
            arch: X86_64,
            instruction_pointer: 0,
            args,
        };
        program.run(&data).0
    }

    #[test]
    fn what_is_not_allowed_is_reported_and_has_a_number_for_its_answer() {
        let judge = Judge::new(&under(Mode::Enforce)).unwrap();
        let code = judge.filter(false, REPORT).unwrap();
        let looked_at: Vec<u32> = LOOKED_AT
            .iter()
            .flat_map(|name| [Arch::X86_64, Arch::X32].map(|arch| table(arch).number(name)))
            .flatten()
            .collect();
        let numbers = (0..700).chain(X32_BIT..X32_BIT + 700).chain([u32::MAX]);
        for number in numbers {
            let special = RULES.iter().any(|rule| rule.0 == number);
            let told = special || looked_at.contains(&number);
            let expected = if told { REPORT } else { RET_ALLOW };
            assert_eq!(answer(&code, number, 0), expected, "{number:#x}");
        }
        assert_eq!(answer(&code, PERSONALITY, 8), REPORT);
        // Those of a program that tracing stops, however it is allowed.
        assert_eq!(answer(&code, 56, 0), REPORT);
        // Asked again. TRACE without a tracer is ENOSYS, and what is logged goes on.
        let asked = [8, 0, 0, 0, 0, 0xffff_ffff_5ca1_ab1e];
        let everything = judge.filter(true, REPORT).unwrap();
        for (number, given) in RULES {
            let given = match number {
                56 => REPORT,
                101 => RET_ERRNO + 38,
                _ => given,
            };
            // Those that are looked at are reported in any case.
            if number != 101 {
                assert_eq!(answer_with(&code, number, asked), given, "{number:#x}");
            }
            assert_eq!(
                answer_with(&everything, number, asked),
                given,
                "{number:#x}"
            );
            assert_eq!(answer(&everything, number, 0), REPORT);
        }
        assert_eq!(answer_with(&code, PERSONALITY, asked), EPERM);
        assert_eq!(answer_with(&code, 1, asked), RET_ALLOW);
        assert_eq!(answer_with(&everything, 1, asked), REPORT);
    }

    #[test]
    fn children_that_would_not_be_traced_are_reported() {
        let mut under = under(Mode::Enforce);
        let allow = Program::new(
            vec![Instruction {
                code: 0x06,
                jump_true: 0,
                jump_false: 0,
                value: RET_ALLOW,
            }],
            Endian::native(),
        );
        under.program = allow.unwrap();
        let code = Judge::new(&under).unwrap().filter(false, REPORT).unwrap();
        let clone = table(Arch::X86_64).number("clone").unwrap();
        assert_eq!(answer(&code, clone, 17), RET_ALLOW);
        let untraced = u64::from(CLONE_UNTRACED) + 17;
        assert_eq!(answer(&code, clone, untraced), REPORT);
    }

    #[test]
    fn verdicts() {
        let judge = Judge::new(&under(Mode::Enforce)).unwrap();
        assert_eq!(judge.verdict(&raw(1, [0; 6])), None);
        assert_eq!(judge.verdict(&raw(135, [0; 6])), None);
        let verdict = judge.verdict(&raw(135, [8, 1, 2, 3, 4, 5])).unwrap();
        assert_eq!(verdict.args, BTreeMap::from([(0, 8)]));
        assert_eq!(verdict.answer.key(), "EPERM");
        assert!(judge.refuses(&verdict));
        let logged = judge.verdict(&raw(56, [0; 6])).unwrap();
        assert!(!judge.refuses(&logged));
        let traced = judge.verdict(&raw(101, [0; 6])).unwrap();
        assert_eq!(
            (traced.answer.key(), traced.given),
            ("trace", RET_ERRNO + 38)
        );
        // Bits above the number are cut off, as the kernel does.
        assert!(judge.verdict(&raw(0x1_0000_0000, [0; 6])).is_some());
        let judge = Judge::new(&under(Mode::Log)).unwrap();
        let verdict = judge.verdict(&raw(0, [0; 6])).unwrap();
        assert!(!judge.refuses(&verdict));
    }

    #[test]
    fn filters_that_can_not_be_answered_for() {
        let mut under = under(Mode::Enforce);
        let plain = |code, value| Instruction {
            code,
            jump_true: 0,
            jump_false: 0,
            value,
        };
        let computed = vec![plain(0x00, RET_ALLOW), plain(0x16, 0)];
        under.program = Program::new(computed, Endian::native()).unwrap();
        assert!(Judge::new(&under).is_err());
        let mut long = vec![plain(0x20, 0); MAX_INSTRUCTIONS - 1];
        long.push(plain(0x06, EPERM));
        under.program = Program::new(long, Endian::native()).unwrap();
        let judge = Judge::new(&under).unwrap();
        assert!(judge.filter(false, REPORT).is_err());
    }
}
