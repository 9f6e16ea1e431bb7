//! A policy to classic BPF.
//!
//! The number of the call is searched for in a balanced tree of ranges that are answered alike, so
//! that the cost grows with the logarithm of their count. Nothing but the architecture and the
//! number is loaded before it is known that arguments matter: the kernel (5.11 and newer) finds
//! out beforehand which numbers are always allowed, and does not run the filter for them
//! (`seccomp_is_const_allow` in kernel/seccomp.c).

use std::collections::BTreeMap;

use crate::arch::{Arch, X32_BIT};
use crate::bpf::assemble::{ANY_BIT, Assembler, EQUAL, GREATER, GREATER_OR_EQUAL, Label};
use crate::bpf::{BadProgram, Data, Endian, Program};
use crate::profile::flow::{Flow, Question, Relation, Step};
use crate::profile::policy::{NOT_LISTED, Policy, PolicyError};
use crate::syscalls::table;

/// Why a policy is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// It can't be told what it means.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The kernel would not take it.
    #[error("the filter can't be loaded")]
    Program(#[from] BadProgram),
}

/// The filter that answers as `policy` does, for a machine of this order of bytes. Calls of
/// architectures that are not listed kill the thread, as with libseccomp.
///
/// # Errors
///
/// [`CompileError`] if there is no such filter, or if it has more than 4096 instructions.
pub fn compile(policy: &dyn Policy, endian: Endian) -> Result<Program, CompileError> {
    let mut compiler = Compiler {
        assembler: Assembler::default(),
        endian,
    };
    let mut sections: BTreeMap<u32, Vec<Range>> = BTreeMap::new();
    for arch in Arch::ALL {
        // x32 goes with x86_64, whose value it has.
        if arch != Arch::X32 && (policy.lists(arch) || has_x32(arch, policy)) {
            sections.insert(arch.audit_value(), ranges(arch, policy)?);
        }
    }
    compiler.program(&sections);
    let instructions = compiler.assembler.finish();
    Ok(Program::new(instructions, endian)?)
}

/// Numbers from `first` to the next range, answered alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    first: u32,
    flow: Flow,
}

fn has_x32(arch: Arch, policy: &dyn Policy) -> bool {
    arch == Arch::X86_64 && policy.lists(Arch::X32)
}

/// All numbers of one audit value.
fn ranges(arch: Arch, policy: &dyn Policy) -> Result<Vec<Range>, CompileError> {
    let mut all = Vec::new();
    let killed = || Flow::always(NOT_LISTED);
    if arch != Arch::X86_64 {
        add(&mut all, arch, policy, u32::MAX)?;
        return Ok(all);
    }
    if policy.lists(Arch::X86_64) {
        add(&mut all, arch, policy, X32_BIT - 1)?;
    } else {
        push(&mut all, 0, killed());
    }
    if policy.lists(Arch::X32) {
        add(&mut all, Arch::X32, policy, u32::MAX)?;
    } else {
        push(&mut all, X32_BIT, killed());
        // A tracer that has the kernel pass over a call makes it number -1, and the kernel asks
        // the filter again; libseccomp does not take it for a call of x32.
        let other = table(Arch::X86_64).unnamed(0..u32::MAX).unwrap_or(0);
        push(&mut all, u32::MAX, policy.call(arch, other)?.flow.clone());
    }
    Ok(all)
}

/// The numbers of one architecture up to `last`.
fn add(
    all: &mut Vec<Range>,
    arch: Arch,
    policy: &dyn Policy,
    last: u32,
) -> Result<(), CompileError> {
    let mut starts: Vec<u32> = vec![arch.first_number()];
    for (_, number) in table(arch).iter() {
        starts.extend([number, number.saturating_add(1)]);
    }
    for bound in policy.bounds(arch) {
        starts.push(bound);
    }
    starts.retain(|start| (arch.first_number()..=last).contains(start));
    starts.sort_unstable();
    starts.dedup();
    for start in starts {
        push(all, start, policy.call(arch, start)?.flow.clone());
    }
    Ok(())
}

fn push(all: &mut Vec<Range>, first: u32, flow: Flow) {
    if all.last().is_none_or(|last| last.flow != flow) {
        all.push(Range { first, flow });
    }
}

struct Compiler {
    assembler: Assembler,
    endian: Endian,
}

impl Compiler {
    fn program(&mut self, sections: &BTreeMap<u32, Vec<Range>>) {
        self.assembler.load(Data::ARCH);
        for (audit, ranges) in sections {
            let (inside, next) = (self.assembler.label(), self.assembler.label());
            self.assembler.branch(EQUAL, *audit, inside, next);
            self.assembler.here(inside);
            if let [all] = ranges.as_slice() {
                self.flow(&all.flow);
            } else {
                self.assembler.load(Data::NUMBER);
                self.search(ranges);
            }
            self.assembler.here(next);
        }
        self.assembler.answer(NOT_LISTED.to_return());
    }

    fn search(&mut self, ranges: &[Range]) {
        let (below, above) = ranges.split_at(ranges.len() / 2);
        match (below, above) {
            ([], [only]) => self.flow(&only.flow),
            (_, []) => {}
            (_, [first, ..]) => {
                let (yes, no) = (self.assembler.label(), self.assembler.label());
                self.assembler
                    .branch(GREATER_OR_EQUAL, first.first, yes, no);
                self.assembler.here(no);
                self.search(below);
                self.assembler.here(yes);
                self.search(above);
            }
        }
    }

    /// What follows from the arguments. A step goes before those it leads to.
    fn flow(&mut self, flow: &Flow) {
        let labels: Vec<Label> = flow
            .steps()
            .iter()
            .map(|_| self.assembler.label())
            .collect();
        let kept = kept(flow);
        for (at, step) in flow.steps().iter().enumerate().rev() {
            let Some(label) = labels.get(at) else {
                continue;
            };
            self.assembler.here(*label);
            match *step {
                Step::Answer(action) => self.assembler.answer(action.to_return()),
                Step::Ask { question, yes, no } => {
                    let has = kept.get(at).copied().flatten();
                    if has != Some(Looked::at(question)) {
                        let Question { arg, high, .. } = question;
                        self.assembler
                            .load(Data::half(arg.get(), high, self.endian));
                        if question.mask != u32::MAX {
                            self.assembler.mask(question.mask);
                        }
                    }
                    let code = match question.relation {
                        Relation::Equal => EQUAL,
                        Relation::Greater => GREATER,
                        Relation::GreaterOrEqual => GREATER_OR_EQUAL,
                        Relation::AnyBit => ANY_BIT,
                    };
                    if let (Some(yes), Some(no)) = (labels.get(yes), labels.get(no)) {
                        self.assembler.branch(code, question.value, *yes, *no);
                    }
                }
            }
        }
    }
}

/// What is loaded for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looked {
    arg: u8,
    high: bool,
    mask: u32,
}

impl Looked {
    const fn at(question: Question) -> Self {
        Self {
            arg: question.arg.get(),
            high: question.high,
            mask: question.mask,
        }
    }
}

/// What is loaded when each step is come to, where all that lead to it agree.
fn kept(flow: &Flow) -> Vec<Option<Looked>> {
    let mut kept: Vec<Option<Option<Looked>>> = vec![None; flow.steps().len()];
    if let Some(root) = kept.get_mut(flow.root()) {
        *root = Some(None);
    }
    for step in flow.steps() {
        if let Step::Ask { question, yes, no } = *step {
            for next in [yes, no] {
                if let Some(known) = kept.get_mut(next) {
                    let looked = Some(Looked::at(question));
                    *known = Some(match known {
                        None => looked,
                        Some(other) if *other == looked => looked,
                        Some(_) => None,
                    });
                }
            }
        }
    }
    kept.into_iter().map(Option::flatten).collect()
}
