//! One call in two profiles: what each answers, and arguments that tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Action;
use super::action::Reach;
use super::answer::{Answer, Conditional};
use super::decision::{Decision, Decisions, TooComplex};
use super::diff::{DiffError, Witness};
use super::eval::has_low_word_only;
use super::flow::Flow;
use super::policy::{Call, NOT_LISTED, Policy, call_name};
use crate::arch::Arch;

/// Compares calls, and remembers what it knows: most calls of a profile share their rules.
pub(super) struct Comparer<'p> {
    pub(super) old: &'p dyn Policy,
    pub(super) new: &'p dyn Policy,
    decisions: Decisions,
    /// Apart for architectures where conditions see 32 bits only.
    known: [BTreeMap<Flow, (Decision, Side)>; 2],
    found: BTreeMap<(Decision, Decision), [Option<Found>; 3]>,
}

/// A call in two profiles.
pub(super) struct Sides {
    pub(super) old: Side,
    pub(super) new: Side,
    pub(super) by_default: bool,
    /// Where the new one gets farther, less far, and as far in another way.
    pub(super) wider: Option<Found>,
    pub(super) narrower: Option<Found>,
    pub(super) changed: Option<Found>,
}

/// A call in one profile.
#[derive(Clone)]
pub(super) struct Side {
    pub(super) answer: Answer,
    /// Everything that some argument values get.
    actions: Arc<BTreeSet<Action>>,
}

/// A difference.
#[derive(Clone, Copy)]
pub(super) enum Found {
    /// Any arguments show it.
    Anywhere,
    /// These do.
    At(Witness),
}

impl Found {
    pub(super) const fn witness(self) -> Option<Witness> {
        match self {
            Self::Anywhere => None,
            Self::At(witness) => Some(witness),
        }
    }
}

impl Side {
    fn constant(action: Action) -> Self {
        Self {
            answer: Answer::Constant(action),
            actions: Arc::new(BTreeSet::from([action])),
        }
    }

    /// All calls of an architecture: each of the table, and the rest.
    pub(super) fn whole(calls: &[Self], rest: &[Self]) -> Self {
        let rest = rest.iter().flat_map(|side| side.actions.iter().copied());
        let mut actions: BTreeSet<Action> = rest.collect();
        let (mut permitted, mut delegated) = (0, 0);
        for side in calls {
            actions.extend(side.actions.iter());
            match side.farthest() {
                Reach::Permitted => permitted += 1,
                Reach::Delegated => delegated += 1,
                Reach::Refused => {}
            }
        }
        Self {
            answer: Answer::Listed {
                permitted,
                delegated,
            },
            actions: Arc::new(actions),
        }
    }

    /// How far the call gets for those argument values with which it gets farthest.
    pub(super) fn farthest(&self) -> Reach {
        self.actions
            .iter()
            .map(|action| action.reach())
            .max()
            .unwrap_or(Reach::Refused)
    }

    pub(super) fn permits(&self) -> bool {
        self.farthest() == Reach::Permitted
    }
}

impl Sides {
    pub(super) const fn are_same(&self) -> bool {
        self.wider.is_none() && self.narrower.is_none() && self.changed.is_none()
    }
}

impl<'p> Comparer<'p> {
    pub(super) fn new(old: &'p dyn Policy, new: &'p dyn Policy) -> Self {
        Self {
            old,
            new,
            decisions: Decisions::new(),
            known: Default::default(),
            found: BTreeMap::new(),
        }
    }

    /// The call of this number in both.
    pub(super) fn sides(&mut self, arch: Arch, number: u32) -> Result<Sides, DiffError> {
        let calls = (self.old.call(arch, number)?, self.new.call(arch, number)?);
        let too_complex = |_too_complex| DiffError::TooComplex {
            arch,
            call: call_name(arch, number),
        };
        let (old_root, old) = self.side(arch, &calls.0).map_err(too_complex)?;
        let (new_root, new) = self.side(arch, &calls.1).map_err(too_complex)?;
        let found = match self.found.get(&(old_root, new_root)) {
            Some(known) => *known,
            None => find(&mut self.decisions, old_root, new_root).map_err(too_complex)?,
        };
        self.found.insert((old_root, new_root), found);
        let [wider, narrower, changed] = found;
        Ok(Sides {
            old,
            new,
            by_default: !self.old.speaks_of(arch, number) && !self.new.speaks_of(arch, number),
            wider,
            narrower,
            changed,
        })
    }

    fn side(&mut self, arch: Arch, call: &Call) -> Result<(Decision, Side), TooComplex> {
        if let Some(action) = call.flow.as_constant() {
            return Ok((self.decisions.constant(action), Side::constant(action)));
        }
        let [wide, low] = &self.known;
        let known = if has_low_word_only(arch) { low } else { wide };
        if let Some(known) = known.get(&call.flow) {
            return Ok(known.clone());
        }
        let root = self.decisions.of_flow(&call.flow)?;
        let answer = match self.decisions.as_constant(root) {
            Some(action) => Answer::Constant(action),
            None => Answer::Conditional(Arc::new(self.conditional(arch, call, root)?)),
        };
        let side = Side {
            answer,
            actions: Arc::new(self.decisions.answers(root)?),
        };
        let [wide, low] = &mut self.known;
        let known = if has_low_word_only(arch) { low } else { wide };
        known.insert(call.flow.clone(), (root, side.clone()));
        Ok((root, side))
    }

    /// The rules as they are written if they mean what the call gets, else what it gets.
    fn conditional(
        &mut self,
        arch: Arch,
        call: &Call,
        root: Decision,
    ) -> Result<Conditional, TooComplex> {
        let mut otherwise = None;
        if let Some(rules) = &call.rules {
            self.decisions.spend(rules.cases().len())?;
            if self.decisions.build(rules)? == root {
                return Ok(Conditional::from(rules));
            }
            otherwise = Some(rules.otherwise());
        }
        let largest = self.decisions.answer(root, &[u64::MAX; 6]);
        let otherwise = otherwise.or(largest).ok_or(TooComplex)?;
        let low_word = has_low_word_only(arch);
        // What can't be said in few words is shown by example.
        let cases = self.decisions.cases(root, Some(otherwise), low_word);
        Ok(Conditional {
            cases: cases.map_or_else(|TooComplex| Vec::new(), |(cases, _)| cases),
            otherwise,
            is_merged: call.rules.is_some(),
        })
    }
}

impl Sides {
    /// An architecture of one side only; the other kills its calls.
    pub(super) fn of_whole(side: Side, is_new: bool) -> Self {
        let other = Side {
            answer: Answer::NotListed,
            actions: Arc::new(BTreeSet::from([NOT_LISTED])),
        };
        let (old, new) = if is_new { (other, side) } else { (side, other) };
        Self {
            by_default: false,
            ..everywhere(old, new)
        }
    }
}

/// Compares two sides by the farthest that each gets.
fn everywhere(old: Side, new: Side) -> Sides {
    let differs = |yes: bool| yes.then_some(Found::Anywhere);
    Sides {
        wider: differs(new.farthest() > old.farthest()),
        narrower: differs(new.farthest() < old.farthest()),
        changed: differs(new.farthest() == old.farthest() && new.actions != old.actions),
        by_default: true,
        old,
        new,
    }
}

/// Where the new decision gets farther, less far, and as far in another way.
fn find(
    decisions: &mut Decisions,
    old: Decision,
    new: Decision,
) -> Result<[Option<Found>; 3], TooComplex> {
    if old == new {
        return Ok([None; 3]);
    }
    let anywhere = decisions.as_constant(old).is_some() && decisions.as_constant(new).is_some();
    let mut found = |wanted: fn(Action, Action) -> bool| {
        let mut answers = None;
        let args = decisions.witness(old, new, |old, new| {
            let yes = wanted(old, new);
            if yes {
                answers = Some((old, new));
            }
            yes
        })?;
        Ok(args.zip(answers).map(|(args, (old, new))| {
            if anywhere {
                Found::Anywhere
            } else {
                Found::At(Witness { args, old, new })
            }
        }))
    };
    Ok([
        found(|old, new| new.reach() > old.reach())?,
        found(|old, new| new.reach() < old.reach())?,
        found(|old, new| new.reach() == old.reach() && new != old)?,
    ])
}
