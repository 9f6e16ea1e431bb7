//! Adding a chain to those that are there.

use super::{ChainError, Chains, Node, NodeId, Slot};

/// Where a level goes on from a comparison that is not the same.
enum Place {
    After,
    Before,
}

impl Chains {
    /// Adds the chain that starts at `new` to the level that `slot` holds.
    pub(super) fn merge(&mut self, slot: Slot, new: NodeId) -> Result<(), ChainError> {
        let Some(mut at) = self.held_by(slot)? else {
            return Err(ChainError::Unpredictable);
        };
        loop {
            self.spend()?;
            let (old_half, new_half) = (self.node(at)?.half, self.node(new)?.half);
            if old_half.is_same(new_half) {
                return self.join(at, new);
            }
            let place = if old_half.is_after(new_half) {
                Place::Before
            } else {
                Place::After
            };
            match (place, self.node(at)?.next) {
                (Place::After, Some(next)) => at = next,
                (Place::After, None) => {
                    let before = self.refer(at)?;
                    self.node_mut(new)?.previous = Some(before);
                    let after = self.refer(new)?;
                    self.node_mut(at)?.next = Some(after);
                    return Ok(());
                }
                (Place::Before, _) => return self.insert_before(slot, at, new),
            }
        }
    }

    fn insert_before(&mut self, slot: Slot, at: NodeId, new: NodeId) -> Result<(), ChainError> {
        if let Some(before) = self.node(at)?.previous {
            self.refer(new)?;
            self.node_mut(before)?.next = Some(new);
            self.node_mut(new)?.previous = Some(before);
            self.refer(new)?;
            self.node_mut(at)?.previous = Some(new);
            self.node_mut(new)?.next = Some(at);
        } else {
            self.refer(new)?;
            self.node_mut(at)?.previous = Some(new);
            self.refer(at)?;
            self.node_mut(new)?.next = Some(at);
        }
        if self.held_by(slot)? == Some(at) {
            self.refer(new)?;
            self.hold(slot, Some(new))?;
            let mut old = Some(at);
            self.release(&mut old)?;
        }
        Ok(())
    }

    /// Puts what follows from `new` to what follows from the same comparison `old`.
    fn join(&mut self, old: NodeId, new: NodeId) -> Result<(), ChainError> {
        for side in [true, false] {
            self.join_action(old, new, side)?;
        }
        for side in [true, false] {
            let theirs = way(self.node(new)?, side).level;
            let ours = *way(self.node(old)?, side);
            let Some(level) = theirs else {
                continue;
            };
            let slot = if side { Slot::Yes(old) } else { Slot::No(old) };
            if ours.level.is_some() {
                self.merge(slot, level)?;
            } else if ours.acts {
                // What is there covers the new chain.
                return Ok(());
            } else {
                let level = self.refer(level)?;
                self.hold(slot, Some(level))?;
            }
        }
        Ok(())
    }

    fn join_action(&mut self, old: NodeId, new: NodeId, side: bool) -> Result<(), ChainError> {
        let (old_node, new_node) = (self.node(old)?.clone(), self.node(new)?.clone());
        let (ours, theirs) = (*way(&old_node, side), *way(&new_node, side));
        if !theirs.acts {
            return Ok(());
        }
        if !ours.acts {
            if !self.acts_alike(ours.level, theirs.action)? {
                return Err(ChainError::Contradiction);
            }
            let mut level = ours.level;
            let gone = self.release(&mut level)?;
            self.count = self.count.wrapping_sub(gone);
            let node = self.node_mut(old)?;
            let way = if side { &mut node.yes } else { &mut node.no };
            way.level = None;
            way.acts = true;
            way.action = theirs.action;
        } else if ours.action != theirs.action {
            let farther = if side {
                new_node.half.full > old_node.half.full
            } else {
                new_node.half.full < old_node.half.full
            };
            if new_node.half.high && farther {
                // On the side of "no" too libseccomp sets the action for "yes".
                self.node_mut(old)?.yes.action = new_node.yes.action;
            }
            if is_leaf(&old_node) || is_leaf(&new_node) {
                return Err(ChainError::Contradiction);
            }
        }
        Ok(())
    }
}

const fn way(node: &Node, side: bool) -> &super::Way {
    if side { &node.yes } else { &node.no }
}

/// Whether no level follows.
pub(super) const fn is_leaf(node: &Node) -> bool {
    node.yes.level.is_none() && node.no.level.is_none()
}
