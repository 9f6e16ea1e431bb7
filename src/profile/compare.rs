//! One call in two profiles: what each answers, and arguments that tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Action;
use super::action::Reach;
use super::answer::{Answer, Conditional};
use super::decision::{Decision, Decisions, TooComplex};
use super::diff::Witness;
use super::eval::{CallKey, Meaning, NOT_LISTED};
use crate::arch::Arch;

/// What a case costs besides its nodes: about a hundred bytes, of which memory is to bound the sum.
const STEPS_PER_CASE: usize = 8;

/// Compares calls, and remembers what it knows: most calls of a profile share their rules.
pub(super) struct Comparer<'m, 'p> {
    old: &'m Meaning<'p>,
    new: &'m Meaning<'p>,
    decisions: Decisions,
    old_sides: BTreeMap<CallKey, (Decision, Side)>,
    new_sides: BTreeMap<CallKey, (Decision, Side)>,
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

    /// All calls of an architecture: each of the table, and the default action for the rest.
    pub(super) fn whole(calls: &[&Self], rest: Action) -> Self {
        let mut actions = BTreeSet::from([rest]);
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

impl<'m, 'p> Comparer<'m, 'p> {
    pub(super) fn new(old: &'m Meaning<'p>, new: &'m Meaning<'p>) -> Self {
        Self {
            old,
            new,
            decisions: Decisions::new(),
            old_sides: BTreeMap::new(),
            new_sides: BTreeMap::new(),
            found: BTreeMap::new(),
        }
    }

    /// The call `name` of `arch` in both profiles.
    pub(super) fn sides(&mut self, arch: Arch, name: &str) -> Result<Sides, TooComplex> {
        let decisions = &mut self.decisions;
        let (old_root, old) = side(decisions, &mut self.old_sides, self.old, arch, name)?;
        let (new_root, new) = side(decisions, &mut self.new_sides, self.new, arch, name)?;
        let known = self.found.get(&(old_root, new_root)).copied();
        let [wider, narrower, changed] = match known {
            Some(known) => known,
            None => find(decisions, old_root, new_root)?,
        };
        self.found
            .insert((old_root, new_root), [wider, narrower, changed]);
        Ok(Sides {
            old,
            new,
            by_default: !self.old.names(arch, name) && !self.new.names(arch, name),
            wider,
            narrower,
            changed,
        })
    }

    /// The default actions, of the old profile first.
    pub(super) const fn default_actions(&self) -> (Action, Action) {
        (self.old.default_action(), self.new.default_action())
    }

    /// A number without a name, on an architecture of both.
    pub(super) fn any_other(&self) -> Sides {
        everywhere(
            Side::constant(self.old.default_action()),
            Side::constant(self.new.default_action()),
        )
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

fn side(
    decisions: &mut Decisions,
    known: &mut BTreeMap<CallKey, (Decision, Side)>,
    meaning: &Meaning<'_>,
    arch: Arch,
    name: &str,
) -> Result<(Decision, Side), TooComplex> {
    let key = meaning.key(arch, name);
    if let CallKey::Always(action) = key {
        return Ok((decisions.constant(action), Side::constant(action)));
    }
    if let Some(known) = known.get(&key) {
        return Ok(known.clone());
    }
    decisions.spend(meaning.weight(&key).saturating_mul(STEPS_PER_CASE))?;
    let rules = meaning.rules_of(&key);
    let root = decisions.build(&rules)?;
    let answer = match decisions.as_constant(root) {
        Some(action) => Answer::Constant(action),
        None => Answer::Conditional(Arc::new(Conditional::from(&rules))),
    };
    let side = Side {
        answer,
        actions: Arc::new(decisions.answers(root)?),
    };
    known.insert(key, (root, side.clone()));
    Ok((root, side))
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
