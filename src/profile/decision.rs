//! What a profile answers to one call over all values of its arguments, exactly.
//!
//! A [`Decision`] is the root of a reduced, ordered decision diagram with actions as its leaves.
//! A node asks for one bit: of argument 0 before argument 1, of the most significant bit first.
//! Nodes are shared, so that within one [`Decisions`] two roots are the same exactly if they
//! answer alike for all 2^384 argument values. A comparison with a constant takes at most one
//! node for each bit.
//!
//! A diagram can be exponentially large in the number of conditions on different bits, so the
//! work is bounded: [`MAX_NODES`] and [`MAX_STEPS`] count over the life of a [`Decisions`]. What
//! does not fit ends in [`TooComplex`], never in a wrong answer.

use std::collections::{BTreeMap, BTreeSet};

use super::call_rules::{CallRules, Case, word};
use super::flow::{Flow, Question, Relation, Step};
use super::{Action, Test};

/// The most nodes of one [`Decisions`]. A rule that compares one 64-bit argument takes some 120;
/// Docker's default profile takes a few hundred altogether. A filter of more than 4096
/// instructions does not load, so a profile that comes near this bound is of no use.
pub const MAX_NODES: usize = 1_000_000;

/// The most steps, each of which makes or looks at one pair of nodes.
pub const MAX_STEPS: u64 = 6_000_000;

/// A decision about one call; to be used with the [`Decisions`] it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision(u32);

impl Decision {
    pub(super) const fn root(self) -> u32 {
        self.0
    }
}

/// Conditions that take more than [`MAX_NODES`] or [`MAX_STEPS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("conditions on arguments are too complex to be compared exactly")]
pub struct TooComplex;

/// Where all decisions that are to be compared live.
#[derive(Debug, Default)]
pub struct Decisions {
    nodes: Vec<Node>,
    numbers: BTreeMap<Node, u32>,
    leaves: Vec<Leaf>,
    steps: u64,
}

/// `Some` action, or `None` where no case matches and the next one is asked.
type Leaf = Option<Action>;

/// Two decisions side by side, as a key of what is known about them.
type Pair = (u32, u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    /// 64 times the argument, plus 63 minus the bit.
    pub(super) bit: u16,
    /// Where the bit is 0; never equal to `one`.
    pub(super) zero: u32,
    /// Where the bit is 1.
    pub(super) one: u32,
}

/// Where a question holds; which action it is does not matter.
const YES: Action = Action::Allow;

/// Marks the number of a leaf; all others are nodes.
const LEAF: u32 = 1 << 31;

/// The `bit` of a leaf, after all bits of arguments.
const NO_BIT: u16 = u16::MAX;

impl Decisions {
    /// No decisions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The decision that answers `action` to everything. Takes no nodes.
    pub fn constant(&mut self, action: Action) -> Decision {
        Decision(self.leaf(Some(action)))
    }

    /// The decision that answers as `flow` does.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if it does not fit; the decisions made before remain valid.
    pub fn of_flow(&mut self, flow: &Flow) -> Result<Decision, TooComplex> {
        let mut roots: Vec<u32> = Vec::with_capacity(flow.steps().len());
        for step in flow.steps() {
            self.spend(1)?;
            let root = match *step {
                Step::Answer(action) => self.leaf(Some(action)),
                Step::Ask { question, yes, no } => {
                    let holds = self.question(question)?;
                    let way = |at: usize| roots.get(at).copied().ok_or(TooComplex);
                    let (yes, no) = (way(yes)?, way(no)?);
                    self.choice(holds, yes, no, &mut BTreeMap::new())?
                }
            };
            roots.push(root);
        }
        let root = roots.get(flow.root()).copied();
        root.map(Decision).ok_or(TooComplex)
    }

    /// The decision that answers as `rules` do, of which the first that matches decides.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if it does not fit; the decisions made before remain valid.
    pub fn build(&mut self, rules: &CallRules) -> Result<Decision, TooComplex> {
        let mut layers = Vec::with_capacity(rules.cases().len() + 1);
        for case in rules.cases() {
            layers.push(self.case(case, rules.low_word)?);
        }
        layers.push(self.leaf(Some(rules.otherwise())));
        // Halves are joined before the whole, so that each case is looked at few times.
        let mut memo = BTreeMap::new();
        while layers.len() > 1 {
            let mut joined = Vec::with_capacity(layers.len().div_ceil(2));
            for pair in layers.chunks(2) {
                joined.push(match *pair {
                    [first, then] => self.overlay(first, then, &mut memo)?,
                    [last] => last,
                    _ => continue,
                });
            }
            layers = joined;
            memo.clear();
        }
        layers.first().map(|root| Decision(*root)).ok_or(TooComplex)
    }

    /// The answer to a call with these arguments.
    pub fn answer(&self, decision: Decision, args: &[u64; 6]) -> Option<Action> {
        let mut at = decision.0;
        while let Some(node) = self.node(at) {
            let argument = args.get(usize::from(node.bit / 64))?;
            let set = (argument >> (63 - node.bit % 64)) & 1 == 1;
            at = if set { node.one } else { node.zero };
        }
        self.action(at)
    }

    /// The answer that does not depend on arguments, if it is one.
    pub fn as_constant(&self, decision: Decision) -> Option<Action> {
        self.action(decision.0)
    }

    /// Every answer that some argument values get.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if the steps are used up.
    pub fn answers(&mut self, decision: Decision) -> Result<BTreeSet<Action>, TooComplex> {
        Ok(self
            .answer_pairs(decision, decision)?
            .into_iter()
            .map(|(action, _)| action)
            .collect())
    }

    /// Every pair of answers that some argument values get from `left` and `right`.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if the steps are used up.
    pub fn answer_pairs(
        &mut self,
        left: Decision,
        right: Decision,
    ) -> Result<BTreeSet<(Action, Action)>, TooComplex> {
        let mut pairs = BTreeSet::new();
        self.search((left.0, right.0), &mut |l, r| {
            pairs.insert((l, r));
            false
        })?;
        Ok(pairs)
    }

    /// The smallest arguments, argument 0 counting most, to which the answers of `left` and
    /// `right` pass `wanted`. An argument that does not matter is 0.
    ///
    /// # Errors
    ///
    /// [`TooComplex`] if the steps are used up.
    pub fn witness(
        &mut self,
        left: Decision,
        right: Decision,
        mut wanted: impl FnMut(Action, Action) -> bool,
    ) -> Result<Option<[u64; 6]>, TooComplex> {
        self.search((left.0, right.0), &mut wanted)
    }

    /// How many nodes there are altogether.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Counts `amount` steps of a caller's work towards [`MAX_STEPS`].
    pub(super) fn spend(&mut self, amount: usize) -> Result<(), TooComplex> {
        self.steps = self
            .steps
            .saturating_add(u64::try_from(amount).unwrap_or(u64::MAX));
        if self.steps > MAX_STEPS {
            return Err(TooComplex);
        }
        Ok(())
    }

    pub(super) fn node(&self, number: u32) -> Option<Node> {
        let at = usize::try_from(number).ok()?;
        self.nodes.get(at).copied()
    }

    pub(super) fn action(&self, number: u32) -> Option<Action> {
        let at = usize::try_from(number.checked_sub(LEAF)?).ok()?;
        self.leaves.get(at).copied().flatten()
    }

    pub(super) fn bit(&self, number: u32) -> u16 {
        self.node(number).map_or(NO_BIT, |node| node.bit)
    }

    /// The two sides of `number` by `bit`, which are the same if it does not ask for it.
    fn sides(&self, number: u32, bit: u16) -> (u32, u32) {
        match self.node(number) {
            Some(node) if node.bit == bit => (node.zero, node.one),
            _ => (number, number),
        }
    }

    /// Leaves are few: at most one for each action of a profile.
    fn leaf(&mut self, leaf: Leaf) -> u32 {
        let at = self
            .leaves
            .iter()
            .position(|known| *known == leaf)
            .unwrap_or_else(|| {
                self.leaves.push(leaf);
                self.leaves.len() - 1
            });
        // An action has 2 * 65536 + 6 values at most.
        LEAF + u32::try_from(at).unwrap_or(0)
    }

    fn make(&mut self, bit: u16, zero: u32, one: u32) -> Result<u32, TooComplex> {
        if zero == one {
            return Ok(zero);
        }
        self.spend(1)?;
        let node = Node { bit, zero, one };
        if let Some(number) = self.numbers.get(&node) {
            return Ok(*number);
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(TooComplex);
        }
        let number = u32::try_from(self.nodes.len()).map_err(|_err| TooComplex)?;
        self.nodes.push(node);
        self.numbers.insert(node, number);
        Ok(number)
    }

    /// The action of a case where its conditions hold, "no case" elsewhere.
    fn case(&mut self, case: &Case, low_word: bool) -> Result<u32, TooComplex> {
        let miss = self.leaf(None);
        let mut root = self.leaf(Some(case.action));
        for condition in case.conditions.iter().rev() {
            let first = u16::from(condition.arg.get()) * 64;
            root = self.test(condition.test, first, low_word, root, miss)?;
        }
        Ok(root)
    }

    /// `yes` where the argument, whose bits start at `first`, passes the test; `no` elsewhere.
    fn test(
        &mut self,
        test: Test,
        first: u16,
        low_word: bool,
        yes: u32,
        no: u32,
    ) -> Result<u32, TooComplex> {
        let all = word(low_word);
        // What follows from a bit that is smaller than, equal to or larger than that of `value`,
        // and from all bits being equal.
        let (value, mask, below, above, equal) = match test {
            Test::Equal(value) => (value, all, no, no, yes),
            Test::NotEqual(value) => (value, all, yes, yes, no),
            Test::Less(value) => (value, all, yes, no, no),
            Test::LessOrEqual(value) => (value, all, yes, no, yes),
            Test::GreaterOrEqual(value) => (value, all, no, yes, yes),
            Test::Greater(value) => (value, all, no, yes, no),
            Test::MaskedEqual { mask, expected } => (expected, mask, no, no, yes),
        };
        let mut root = equal;
        for bit in (0..64u16).filter(|bit| mask >> bit & 1 == 1) {
            let at = first + 63 - bit;
            root = if value >> bit & 1 == 1 {
                self.make(at, below, root)?
            } else {
                self.make(at, root, above)?
            };
        }
        Ok(root)
    }

    /// [`YES`] where the question holds, no case elsewhere.
    fn question(&mut self, question: Question) -> Result<u32, TooComplex> {
        let (yes, no) = (self.leaf(Some(YES)), self.leaf(None));
        let first = u16::from(question.arg.get()) * 64 + if question.high { 0 } else { 32 };
        let Question { mask, value, .. } = question;
        // What follows from a bit that is smaller or larger than that of `value`, and from all
        // bits being equal.
        let (below, above, equal) = match question.relation {
            Relation::Equal => (no, no, yes),
            Relation::Greater => (no, yes, no),
            Relation::GreaterOrEqual => (no, yes, yes),
            Relation::AnyBit => {
                let mut root = no;
                for bit in (0..32u16).filter(|bit| mask & value & (1 << bit) != 0) {
                    root = self.make(first + 31 - bit, root, yes)?;
                }
                return Ok(root);
            }
        };
        let mut root = equal;
        for bit in 0..32u16 {
            let (looked_at, wanted) = (mask & (1 << bit) != 0, value & (1 << bit) != 0);
            root = match (looked_at, wanted) {
                (true, true) => self.make(first + 31 - bit, below, root)?,
                (true, false) => self.make(first + 31 - bit, root, above)?,
                // A bit that is not looked at counts as 0.
                (false, true) => below,
                (false, false) => root,
            };
        }
        Ok(root)
    }

    /// `yes` where `holds` is a leaf with an action, `no` elsewhere.
    fn choice(
        &mut self,
        holds: u32,
        yes: u32,
        no: u32,
        memo: &mut BTreeMap<(u32, u32, u32), u32>,
    ) -> Result<u32, TooComplex> {
        if yes == no || self.action(holds).is_some() {
            return Ok(yes);
        }
        if self.node(holds).is_none() {
            return Ok(no);
        }
        if let Some(known) = memo.get(&(holds, yes, no)) {
            return Ok(*known);
        }
        self.spend(1)?;
        let bit = self.bit(holds).min(self.bit(yes)).min(self.bit(no));
        let (holds_zero, holds_one) = self.sides(holds, bit);
        let (yes_zero, yes_one) = self.sides(yes, bit);
        let (no_zero, no_one) = self.sides(no, bit);
        let zero = self.choice(holds_zero, yes_zero, no_zero, memo)?;
        let one = self.choice(holds_one, yes_one, no_one, memo)?;
        let root = self.make(bit, zero, one)?;
        memo.insert((holds, yes, no), root);
        Ok(root)
    }

    /// `first`, and where no case of it matches `then`.
    fn overlay(
        &mut self,
        first: u32,
        then: u32,
        memo: &mut BTreeMap<Pair, u32>,
    ) -> Result<u32, TooComplex> {
        if first == then || self.action(first).is_some() {
            return Ok(first);
        }
        if self.node(first).is_none() {
            return Ok(then);
        }
        if let Some(known) = memo.get(&(first, then)) {
            return Ok(*known);
        }
        self.spend(1)?;
        let bit = self.bit(first).min(self.bit(then));
        let (first_zero, first_one) = self.sides(first, bit);
        let (then_zero, then_one) = self.sides(then, bit);
        let zero = self.overlay(first_zero, then_zero, memo)?;
        let one = self.overlay(first_one, then_one, memo)?;
        let root = self.make(bit, zero, one)?;
        memo.insert((first, then), root);
        Ok(root)
    }

    /// The first arguments in order for which `wanted` says yes; asks it about each pair of leaves
    /// at least once if it always says no.
    fn search(
        &mut self,
        roots: Pair,
        wanted: &mut dyn FnMut(Action, Action) -> bool,
    ) -> Result<Option<[u64; 6]>, TooComplex> {
        let mut seen = BTreeSet::new();
        let mut args = [0; 6];
        Ok(self
            .descend(roots, wanted, &mut seen, &mut args)?
            .then_some(args))
    }

    /// At most 384 levels deep, since each asks for a later bit.
    fn descend(
        &mut self,
        (left, right): Pair,
        wanted: &mut dyn FnMut(Action, Action) -> bool,
        seen: &mut BTreeSet<Pair>,
        args: &mut [u64; 6],
    ) -> Result<bool, TooComplex> {
        if let (Some(left), Some(right)) = (self.action(left), self.action(right)) {
            return Ok(wanted(left, right));
        }
        if !seen.insert((left, right)) {
            return Ok(false);
        }
        self.spend(1)?;
        let bit = self.bit(left).min(self.bit(right));
        if bit == NO_BIT {
            return Ok(false);
        }
        let (left_zero, left_one) = self.sides(left, bit);
        let (right_zero, right_one) = self.sides(right, bit);
        if self.descend((left_zero, right_zero), wanted, seen, args)? {
            return Ok(true);
        }
        let found = self.descend((left_one, right_one), wanted, seen, args)?;
        if found && let Some(argument) = args.get_mut(usize::from(bit / 64)) {
            *argument |= 1 << (63 - bit % 64);
        }
        Ok(found)
    }
}
