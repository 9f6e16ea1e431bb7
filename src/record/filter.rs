//! The filter on a recorded program: calls already known pass, others are reported.
//!
//! Before Linux 5.11 the kernel ran the program on every call, so the numbers are a balanced
//! tree and not a list; since then a cache answers for numbers that pass whatever the arguments.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::bpf::assemble::{ANY_BIT, Assembler, EQUAL, GREATER_OR_EQUAL};
use crate::bpf::{Data, Endian, Instruction, MAX_INSTRUCTIONS, RET_ALLOW};
use crate::syscalls::{ArgKind, closed_set_arguments, table};

/// Numbers that pass, by `AUDIT_ARCH_*`. Those of x32 stand beside those of `x86_64`.
pub(crate) type Known = BTreeMap<u32, BTreeSet<u32>>;

/// The tracer does not see a child that was made with this flag; `CLONE_UNTRACED` in
/// include/uapi/linux/sched.h.
pub(crate) const CLONE_UNTRACED: u32 = 0x0080_0000;

/// What becomes of a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Pass,
    Report,
    /// It passes unless the new process would not be traced.
    PassTraced(u8),
}

/// What becomes of numbers, each range with its first.
type Bounds = Vec<(u32, Leaf)>;

/// Makes the filter. `report` is the answer for calls that are not known; `traced` whether
/// processes must not escape a tracer. A set too large for the kernel is cut: the
/// architectures that come last are reported in full.
pub(crate) fn filter(known: &Known, report: u32, traced: bool) -> Vec<Instruction> {
    let mut sections: Vec<(u32, Bounds)> = known
        .iter()
        .filter(|(_, numbers)| !numbers.is_empty())
        .map(|(arch, numbers)| (*arch, bounds(*arch, numbers, traced)))
        .collect();
    loop {
        let code = assembled(&sections, report);
        if code.len() <= MAX_INSTRUCTIONS || sections.pop().is_none() {
            return code;
        }
    }
}

fn assembled(sections: &[(u32, Bounds)], report: u32) -> Vec<Instruction> {
    let mut to = Assembler::default();
    // Without any it is the cheapest program there is.
    if !sections.is_empty() {
        to.load(Data::ARCH);
    }
    for (arch, bounds) in sections {
        let (inside, next) = (to.label(), to.label());
        to.branch(EQUAL, *arch, inside, next);
        to.here(inside);
        to.load(Data::NUMBER);
        tree(&mut to, bounds, report);
        to.here(next);
    }
    to.answer(report);
    to.finish()
}

/// Where what becomes of a number changes, from 0 on.
fn bounds(arch: u32, numbers: &BTreeSet<u32>, traced: bool) -> Bounds {
    let mut bounds = vec![(0, Leaf::Report)];
    let mut set = |from: u32, leaf: Leaf| {
        if bounds.last().is_some_and(|last| last.0 == from) {
            bounds.pop();
        }
        if bounds.last().is_none_or(|last| last.1 != leaf) {
            bounds.push((from, leaf));
        }
    };
    for number in numbers {
        let leaf = if traced {
            leaf(arch, *number)
        } else {
            Leaf::Pass
        };
        set(*number, leaf);
        if let Some(next) = number.checked_add(1) {
            set(next, Leaf::Report);
        }
    }
    bounds
}

/// A child made with `CLONE_UNTRACED` would keep the filter and lose the tracer, and all its
/// calls would fail. `clone3` has its flags behind a pointer.
fn leaf(arch: u32, number: u32) -> Leaf {
    let Some(arch) = Arch::from_audit(arch, number) else {
        return Leaf::Report;
    };
    match table(arch).name(number) {
        Some("clone") => closed_set_arguments(arch, "clone")
            .iter()
            .find(|(_, kind)| *kind == ArgKind::CloneFlags)
            .map_or(Leaf::Report, |(index, _)| Leaf::PassTraced(*index)),
        Some("clone3") => Leaf::Report,
        Some(_) | None => Leaf::Pass,
    }
}

fn tree(to: &mut Assembler, bounds: &[(u32, Leaf)], report: u32) {
    match bounds {
        [(_, Leaf::Pass)] => to.answer(RET_ALLOW),
        [] | [(_, Leaf::Report)] => to.answer(report),
        [(_, Leaf::PassTraced(index))] => {
            let (untraced, traced) = (to.label(), to.label());
            to.load(Data::half(*index, false, Endian::native()));
            to.branch(ANY_BIT, CLONE_UNTRACED, untraced, traced);
            to.here(untraced);
            to.answer(report);
            to.here(traced);
            to.answer(RET_ALLOW);
        }
        several => {
            let (below, from) = several.split_at(several.len() / 2);
            let first = from.first().map_or(0, |bound| bound.0);
            let (yes, no) = (to.label(), to.label());
            to.branch(GREATER_OR_EQUAL, first, yes, no);
            to.here(yes);
            tree(to, from, report);
            to.here(no);
            tree(to, below, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bpf::{Program, RET_TRACE};

    /// What the kernel would answer.
    fn run(code: &[Instruction], arch: u32, number: u32, args: [u64; 6]) -> u32 {
        let program = Program::new(code.to_vec(), Endian::native()).unwrap();
        let data = Data {
            number,
            arch,
            instruction_pointer: 0,
            args,
        };
        program.run(&data).0
    }

    fn all(arch: Arch, keep: impl Fn(usize) -> bool) -> BTreeSet<u32> {
        let calls = table(arch).iter().enumerate();
        calls
            .filter(|(at, _)| keep(*at))
            .map(|(_, (_, n))| n)
            .collect()
    }

    #[test]
    fn nothing_known_is_one_instruction() {
        let code = filter(&Known::new(), RET_TRACE, true);
        assert_eq!(code.len(), 1);
        assert_eq!(run(&code, Arch::X86_64.audit_value(), 0, [0; 6]), RET_TRACE);
    }

    /// Every number of every architecture of this machine, and some beside them.
    #[test]
    fn known_numbers_pass_and_no_others() {
        for every in [1, 2, 3, 7] {
            let mut known = Known::new();
            for arch in [Arch::X86_64, Arch::X32, Arch::X86] {
                known
                    .entry(arch.audit_value())
                    .or_default()
                    .extend(all(arch, |at| at % every == 0));
            }
            let code = filter(&known, RET_TRACE, true);
            for arch in [Arch::X86_64, Arch::X86] {
                let known = &known[&arch.audit_value()];
                for number in (0..1000).chain(crate::arch::X32_BIT..crate::arch::X32_BIT + 1000) {
                    let passes = run(&code, arch.audit_value(), number, [0; 6]) == RET_ALLOW;
                    let of = Arch::from_audit(arch.audit_value(), number).unwrap();
                    let clone3 = table(of).name(number) == Some("clone3");
                    assert_eq!(passes, known.contains(&number) && !clone3, "{of} {number}");
                }
                assert_eq!(run(&code, arch.audit_value(), u32::MAX, [0; 6]), RET_TRACE);
            }
            assert_eq!(
                run(&code, Arch::Aarch64.audit_value(), 0, [0; 6]),
                RET_TRACE
            );
        }
    }

    #[test]
    fn nobody_escapes_the_tracer() {
        let x86_64 = Arch::X86_64.audit_value();
        let clone = table(Arch::X86_64).number("clone").unwrap();
        let known = Known::from([(x86_64, BTreeSet::from([clone]))]);
        let untraced = [u64::from(CLONE_UNTRACED) | 0x11, 0, 0, 0, 0, 0];
        let code = filter(&known, RET_TRACE, true);
        assert_eq!(run(&code, x86_64, clone, [17, 0, 0, 0, 0, 0]), RET_ALLOW);
        assert_eq!(run(&code, x86_64, clone, untraced), RET_TRACE);
        let code = filter(&known, RET_TRACE, false);
        assert_eq!(run(&code, x86_64, clone, untraced), RET_ALLOW);
    }
}
