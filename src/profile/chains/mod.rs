//! What libseccomp makes of the rules about one call.
//!
//! It keeps them as chains of comparisons of 32-bit halves, and merges each new chain into those
//! it has: where they begin alike they share comparisons, what a shorter chain covers is dropped,
//! and what remains is asked in an order of its own, higher arguments first. For rules that do not
//! overlap this is what they say. For others it often is not: the action of a later rule can win,
//! and a comparison that two chains share can lead from the one into the other. So the meaning of
//! a profile is that of the chains, not of its text.
//!
//! Told by src/db.c (`db_rule_add`, `_db_tree_prune`, `_db_tree_add`) and `src/gen_bpf.c` of
//! libseccomp 2.5.4 and 2.6.0, which differ in nothing that matters here, and
//! held to by tests/libseccomp, which compares whole filters. Chains are linked and counted as
//! there, since what is dropped depends on who still refers to it. 2.6.1 merges some 64-bit
//! comparisons in another way (GHSA-4q85-33p6-j5g6); where the chains say something else than the
//! rules, its filters may too.

mod blocks;
mod chain;
mod merge;
mod prune;

use self::chain::Half;
use super::{Action, Condition};

pub(super) use self::blocks::{Blocks, Start};

/// The most steps of work on one profile. Docker's default takes a few dozen. The kernel takes no
/// filter of more than 4096 instructions, and as many rules about one call stay below this bound.
const MAX_STEPS: u64 = 50_000_000;

/// The deepest chain: three comparisons for each of six arguments, and as many more where chains
/// got entangled.
const MAX_DEPTH: usize = 64;

/// Why rules about one call are no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum ChainError {
    /// Two rules with equal conditions and different actions: libseccomp answers EEXIST, and no
    /// container starts.
    #[error("two rules contradict each other: libseccomp refuses them and no container starts")]
    Contradiction,
    /// libseccomp would go on with memory that it has freed.
    #[error("the rules overlap in a way that libseccomp can't keep")]
    Unpredictable,
    /// More than [`MAX_STEPS`].
    #[error("the conditions on arguments are too complex")]
    TooComplex,
}

/// A comparison by its position.
type NodeId = usize;

/// A comparison and what follows from it.
#[derive(Debug, Clone)]
struct Node {
    half: Half,
    yes: Way,
    no: Way,
    /// The comparisons that are asked before and after it on the same level.
    previous: Option<NodeId>,
    next: Option<NodeId>,
    /// How many refer to it; it is gone when none does.
    references: u32,
    gone: bool,
}

/// Where a comparison leads. A level goes before an action.
#[derive(Debug, Clone, Copy)]
struct Way {
    level: Option<NodeId>,
    acts: bool,
    /// Of meaning only if `acts`, but compared in any case; 0 in libseccomp is kill-thread.
    action: Action,
}

impl Way {
    const NOWHERE: Self = Self {
        level: None,
        acts: false,
        action: Action::KillThread,
    };

    const fn leads_on(self) -> bool {
        self.acts || self.level.is_some()
    }
}

/// Who holds a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Root,
    Yes(NodeId),
    No(NodeId),
}

/// The rules about one call of one architecture.
#[derive(Debug)]
pub(super) struct Chains {
    nodes: Vec<Node>,
    root: Option<NodeId>,
    /// Set once a rule without conditions was added.
    unconditional: Option<Action>,
    /// Whether the architecture has 32-bit words.
    low_word: bool,
    count: u32,
    steps: u64,
}

impl Chains {
    /// No rules, after so many steps of work on other calls.
    pub(super) const fn new(low_word: bool, steps: u64) -> Self {
        Self {
            nodes: Vec::new(),
            root: None,
            unconditional: None,
            low_word,
            count: 0,
            steps,
        }
    }

    /// Adds a rule, as a call of `seccomp_rule_add_array` does; no two of the conditions are on
    /// one argument. `sub_call` is the number that argument 0 must have instead of any condition
    /// on it.
    pub(super) fn add(
        &mut self,
        conditions: &[Condition],
        sub_call: Option<u8>,
        action: Action,
    ) -> Result<(), ChainError> {
        if self.unconditional.is_some() {
            return Ok(());
        }
        let before = self.nodes.len();
        let Some(new) = self.chain(conditions, sub_call, action)? else {
            self.unconditional = Some(action);
            self.root = None;
            self.nodes.clear();
            self.count = 0;
            return Ok(());
        };
        let added = u32::try_from(self.nodes.len() - before).unwrap_or(u32::MAX);
        if self.root.is_none() {
            self.root = Some(new);
            self.count = added;
            return Ok(());
        }
        match self.prune_for(new, action)? {
            prune::Outcome::Redundant => {}
            prune::Outcome::Emptied => {
                self.root = Some(new);
                self.count = added;
            }
            prune::Outcome::Ready => {
                self.merge(Slot::Root, new)?;
                let mut new = Some(new);
                let gone = self.release_level(&mut new)?;
                self.count = self.count.wrapping_add(added).wrapping_sub(gone);
            }
        }
        Ok(())
    }

    /// How many comparisons there are, as far as libseccomp knows: calls are put into the program
    /// by this number.
    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// How much work this has been.
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    fn spend(&mut self) -> Result<(), ChainError> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(ChainError::TooComplex);
        }
        Ok(())
    }

    fn node(&self, id: NodeId) -> Result<&Node, ChainError> {
        self.nodes
            .get(id)
            .filter(|node| !node.gone)
            .ok_or(ChainError::Unpredictable)
    }

    fn node_mut(&mut self, id: NodeId) -> Result<&mut Node, ChainError> {
        self.nodes
            .get_mut(id)
            .filter(|node| !node.gone)
            .ok_or(ChainError::Unpredictable)
    }

    fn start_of_level(&mut self, mut id: NodeId) -> Result<NodeId, ChainError> {
        while let Some(previous) = self.node(id)?.previous {
            self.spend()?;
            id = previous;
        }
        Ok(id)
    }

    fn held_by(&self, slot: Slot) -> Result<Option<NodeId>, ChainError> {
        Ok(match slot {
            Slot::Root => self.root,
            Slot::Yes(id) => self.node(id)?.yes.level,
            Slot::No(id) => self.node(id)?.no.level,
        })
    }

    fn hold(&mut self, slot: Slot, level: Option<NodeId>) -> Result<(), ChainError> {
        match slot {
            Slot::Root => self.root = level,
            Slot::Yes(id) => self.node_mut(id)?.yes.level = level,
            Slot::No(id) => self.node_mut(id)?.no.level = level,
        }
        Ok(())
    }

    /// Whether every action on the level of `id` and below is `action`.
    fn acts_alike(&mut self, id: Option<NodeId>, action: Action) -> Result<bool, ChainError> {
        let Some(id) = id else {
            return Ok(true);
        };
        let mut at = Some(self.start_of_level(id)?);
        while let Some(id) = at {
            self.spend()?;
            let node = self.node(id)?;
            let (yes, no) = (node.yes, node.no);
            at = node.next;
            for way in [yes, no] {
                if way.acts && way.action != action {
                    return Ok(false);
                }
            }
            if !self.acts_alike(yes.level, action)? || !self.acts_alike(no.level, action)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes a reference.
    fn refer(&mut self, id: NodeId) -> Result<NodeId, ChainError> {
        self.node_mut(id)?.references += 1;
        Ok(id)
    }

    /// Gives a reference back. If it was the last, the comparison is gone and `held` is one beside
    /// it. Says how many are gone.
    fn release(&mut self, held: &mut Option<NodeId>) -> Result<u32, ChainError> {
        let Some(id) = *held else {
            return Ok(0);
        };
        self.spend()?;
        let node = self.node_mut(id)?;
        node.references = node
            .references
            .checked_sub(1)
            .ok_or(ChainError::Unpredictable)?;
        if node.references > 0 {
            return Ok(0);
        }
        let (mut before, mut after) = (node.previous, node.next);
        let (mut yes, mut no) = (node.yes.level, node.no.level);
        let mut gone = 0;
        if let Some(before) = before {
            self.node_mut(before)?.next = None;
        }
        if let Some(after) = after {
            self.node_mut(after)?.previous = None;
        }
        gone += self.release(&mut before)?;
        gone += self.release(&mut after)?;
        if let Some(before) = before {
            if let Some(after) = after {
                self.refer(after)?;
            }
            self.node_mut(before)?.next = after;
        }
        if let Some(after) = after {
            if let Some(before) = before {
                self.refer(before)?;
            }
            self.node_mut(after)?.previous = before;
        }
        *held = before.or(after);
        gone += self.release_level(&mut yes)?;
        gone += self.release_level(&mut no)?;
        self.node_mut(id)?.gone = true;
        Ok(gone + 1)
    }

    /// Gives a reference to a level back. If no one holds any of its comparisons, all are gone.
    fn release_level(&mut self, held: &mut Option<NodeId>) -> Result<u32, ChainError> {
        let mut gone = self.release(held)?;
        let Some(id) = *held else {
            return Ok(gone);
        };
        let start = self.start_of_level(id)?;
        let mut at = Some(start);
        while let Some(id) = at {
            self.spend()?;
            let node = self.node(id)?;
            let links = u32::from(node.previous.is_some()) + u32::from(node.next.is_some());
            if node.references > links {
                return Ok(gone);
            }
            at = node.next;
        }
        let mut at = Some(start);
        while at.is_some() {
            gone += self.release(&mut at)?;
        }
        Ok(gone)
    }
}
