//! What answers calls: the filter that an engine makes of a profile, one that is installed in a
//! process, or several of them stacked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::Action;
use super::call_rules::CallRules;
use super::chains::ChainError;
use super::engine::Engine;
use super::flow::{Flow, FlowBuilder, Step};
use super::program::ProgramError;
use crate::arch::Arch;
use crate::syscalls::{SyscallName, table};

/// What a call gets of an architecture that a filter is not made for: `SCMP_FLTATR_ACT_BADARCH` of
/// libseccomp, which no engine sets.
pub const NOT_LISTED: Action = Action::KillThread;

/// Something that answers every call.
pub trait Policy: fmt::Debug {
    /// Whether it looks at calls of `arch`; every call of another gets [`NOT_LISTED`] or worse.
    fn lists(&self, arch: Arch) -> bool;

    /// What the call of this number gets, whether the architecture has it or not. Of an
    /// architecture that is not listed, what all calls get.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] if there is no such filter or it can't be told.
    fn call(&self, arch: Arch, number: u32) -> Result<Arc<Call>, PolicyError>;

    /// Numbers, ascending, from which on numbers without a name may be answered in another way
    /// than smaller ones; 0 is understood.
    fn bounds(&self, arch: Arch) -> Vec<u32>;

    /// Whether something is said about the call in particular.
    fn speaks_of(&self, arch: Arch, number: u32) -> bool;

    /// What decides on the call with these arguments, for people: rules, the default action.
    fn because(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Vec<String>;
}

/// What one call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// How the answer follows from the arguments.
    pub flow: Flow,
    /// The rules as they are written, where there are any.
    pub rules: Option<CallRules>,
}

impl Call {
    /// A call that always gets the same.
    pub fn always(action: Action) -> Self {
        Self {
            flow: Flow::always(action),
            rules: None,
        }
    }
}

/// Why it can't be told what a call gets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", match place {
    Some((arch, call)) => format!("`{call}` on {arch}"),
    None => "the profile can't be loaded".to_owned(),
})]
pub struct PolicyError {
    /// The call that it is about; `None` if about the whole.
    place: Option<(Arch, SyscallName)>,
    #[source]
    source: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Chains(ChainError),
    #[error(transparent)]
    Program(ProgramError),
    #[error(transparent)]
    Load(LoadError),
}

/// Why an engine refuses a profile, so that no container starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// libseccomp makes no filter for architectures of both orders of bytes (EDOM).
    #[error("it lists architectures of both orders of bytes")]
    Endian,
    /// The runtime or its libseccomp does not know an architecture.
    #[error("{arch} is unknown to {engine} or its libseccomp")]
    Arch {
        /// The architecture.
        arch: Arch,
        /// The engine.
        engine: Engine,
    },
    /// runc has no notification as default action, and none for `write`.
    #[error("{engine} takes SCMP_ACT_NOTIFY neither as default action nor for `write`")]
    Notify {
        /// The engine.
        engine: Engine,
    },
    /// libseccomp takes error numbers below `MAX_ERRNO`.
    #[error("{number} is no error number that libseccomp takes; the largest is 4094")]
    Errno {
        /// The number.
        number: u16,
    },
}

impl PolicyError {
    pub(super) const fn new(arch: Arch, call: SyscallName, error: ChainError) -> Self {
        Self {
            place: Some((arch, call)),
            source: Reason::Chains(error),
        }
    }

    /// A call that should be there and is not; it is said rather than guessed at.
    pub(super) fn absent(arch: Arch, number: u32) -> Self {
        Self::new(arch, call_name(arch, number), ChainError::Unpredictable)
    }

    pub(super) const fn program(arch: Arch, call: SyscallName, error: ProgramError) -> Self {
        Self {
            place: Some((arch, call)),
            source: Reason::Program(error),
        }
    }

    pub(super) const fn load(error: LoadError) -> Self {
        Self {
            place: None,
            source: Reason::Load(error),
        }
    }

    /// Whether it is a bound of callsieve and says nothing about what an engine does.
    pub fn is_too_complex(&self) -> bool {
        matches!(
            self.source,
            Reason::Chains(ChainError::TooComplex) | Reason::Program(ProgramError::TooComplex)
        )
    }

    /// Whether two rules contradict each other, so that the filter can't be loaded and no
    /// container starts.
    pub fn is_contradiction(&self) -> bool {
        self.source == Reason::Chains(ChainError::Contradiction)
    }
}

/// Several filters of one process. The kernel asks all and takes the strictest answer
/// (`seccomp_run_filters` in kernel/seccomp.c); of two that are equally strict, that of the filter
/// installed last.
#[derive(Debug)]
pub struct Stack<'p> {
    /// In the order in which they were installed.
    policies: Vec<Box<dyn Policy + 'p>>,
}

impl<'p> Stack<'p> {
    /// A process with these filters, in the order in which they were installed.
    pub fn new(policies: Vec<Box<dyn Policy + 'p>>) -> Self {
        Self { policies }
    }
}

impl Policy for Stack<'_> {
    fn lists(&self, arch: Arch) -> bool {
        self.policies.iter().all(|policy| policy.lists(arch))
    }

    fn call(&self, arch: Arch, number: u32) -> Result<Arc<Call>, PolicyError> {
        // The filter installed last comes first.
        let calls = self.policies.iter().rev().map(|p| p.call(arch, number));
        together(calls, Action::Allow, |later, other| {
            if std::mem::discriminant(&later) == std::mem::discriminant(&other) {
                later
            } else {
                later.min(other)
            }
        })
    }

    fn bounds(&self, arch: Arch) -> Vec<u32> {
        bounds(&self.policies, arch)
    }

    fn speaks_of(&self, arch: Arch, number: u32) -> bool {
        self.policies.iter().any(|p| p.speaks_of(arch, number))
    }

    fn because(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Vec<String> {
        let mut all = Vec::new();
        for (at, policy) in self.policies.iter().enumerate() {
            let filter = at + 1;
            let reasons = policy.because(arch, number, args).into_iter();
            all.extend(reasons.map(|reason| format!("filter {filter}: {reason}")));
        }
        all
    }
}

/// What any of several policies permits: the least that permits all that each of them does.
#[derive(Debug)]
pub struct Union<'p> {
    policies: Vec<Box<dyn Policy + 'p>>,
}

impl<'p> Union<'p> {
    /// The union of policies.
    pub fn new(policies: Vec<Box<dyn Policy + 'p>>) -> Self {
        Self { policies }
    }
}

impl Policy for Union<'_> {
    fn lists(&self, arch: Arch) -> bool {
        self.policies.iter().any(|policy| policy.lists(arch))
    }

    fn call(&self, arch: Arch, number: u32) -> Result<Arc<Call>, PolicyError> {
        let calls = self.policies.iter().map(|p| p.call(arch, number));
        together(calls, NOT_LISTED, |one, other| {
            if other.reach() > one.reach() {
                other
            } else {
                one
            }
        })
    }

    fn bounds(&self, arch: Arch) -> Vec<u32> {
        bounds(&self.policies, arch)
    }

    fn speaks_of(&self, arch: Arch, number: u32) -> bool {
        self.policies.iter().any(|p| p.speaks_of(arch, number))
    }

    fn because(&self, arch: Arch, number: u32, args: &[u64; 6]) -> Vec<String> {
        let policies = self.policies.iter();
        policies
            .flat_map(|p| p.because(arch, number, args))
            .collect()
    }
}

/// All numbers from which on one of the policies may answer in another way.
fn bounds(policies: &[Box<dyn Policy + '_>], arch: Arch) -> Vec<u32> {
    let all: BTreeSet<u32> = policies.iter().flat_map(|p| p.bounds(arch)).collect();
    all.into_iter().collect()
}

/// What a call gets from several policies, `alone` where there is none.
fn together(
    calls: impl Iterator<Item = Result<Arc<Call>, PolicyError>>,
    alone: Action,
    of_both: impl Fn(Action, Action) -> Action,
) -> Result<Arc<Call>, PolicyError> {
    let mut flow: Option<Flow> = None;
    for call in calls {
        let call = call?;
        flow = Some(match flow {
            None => call.flow.clone(),
            Some(known) => combine(&known, &call.flow, &of_both),
        });
    }
    Ok(Arc::new(Call {
        flow: flow.unwrap_or_else(|| Flow::always(alone)),
        rules: None,
    }))
}

/// What follows from both answers.
fn combine(first: &Flow, then: &Flow, of_both: impl Fn(Action, Action) -> Action) -> Flow {
    let mut builder = FlowBuilder::new();
    let mut of_first: Vec<usize> = Vec::with_capacity(first.steps().len());
    for step in first.steps() {
        let at = match *step {
            Step::Answer(action) => {
                let mut of_then: Vec<usize> = Vec::with_capacity(then.steps().len());
                for step in then.steps() {
                    let at = match *step {
                        Step::Answer(other) => builder.answer(of_both(action, other)),
                        Step::Ask { question, yes, no } => {
                            builder.ask(question, place(&of_then, yes), place(&of_then, no))
                        }
                    };
                    of_then.push(at);
                }
                place(&of_then, then.root())
            }
            Step::Ask { question, yes, no } => {
                builder.ask(question, place(&of_first, yes), place(&of_first, no))
            }
        };
        of_first.push(at);
    }
    let root = place(&of_first, first.root());
    builder.finish(root)
}

fn place(places: &[usize], at: usize) -> usize {
    places.get(at).copied().unwrap_or_default()
}

/// The call that is named `number` on `arch`, or the number itself.
pub(super) fn call_name(arch: Arch, number: u32) -> SyscallName {
    table(arch).name(number).map_or_else(
        || SyscallName::new(&number.to_string()).unwrap_or_else(|_bad| SyscallName::known("?")),
        SyscallName::known,
    )
}
