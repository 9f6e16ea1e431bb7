//! Dropping what a new chain covers, or the new chain where it is covered.

use super::super::Action;
use super::merge::is_leaf;
use super::{ChainError, Chains, NodeId, Slot};

/// What remains to be done with a new chain.
pub(super) enum Outcome {
    /// Nothing: it is covered.
    Redundant,
    /// It is all there is: it covers everything else.
    Emptied,
    /// It has to be added.
    Ready,
}

/// What is known of two chains so far. On the way up it tells what was found below.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags of the search, which are independent"
)]
struct Match {
    matches: bool,
    matched_once: bool,
    old_ended: bool,
    new_ended: bool,
    /// Comparisons of the old chain were passed over, so it is longer.
    old_has_more: bool,
    /// Comparisons of the new chain were passed over.
    new_has_more: bool,
}

impl Match {
    const fn add(&mut self, other: Self) {
        self.matches |= other.matches;
        self.matched_once |= other.matched_once;
        self.old_ended |= other.old_ended;
        self.new_ended |= other.new_ended;
        self.old_has_more |= other.old_has_more;
        self.new_has_more |= other.new_has_more;
    }
}

/// How the search goes on.
enum Next {
    /// With the next comparison of the level.
    Sibling,
    /// Nowhere.
    Done,
}

impl Chains {
    /// Makes room for the chain that starts at `new` and ends in `action`.
    pub(super) fn prune_for(&mut self, new: NodeId, action: Action) -> Result<Outcome, ChainError> {
        let mut found = Match::default();
        let dropped = self.prune(self.root, Some(new), action, &mut found, 0)?;
        if dropped > 0 {
            self.count = self.count.wrapping_sub(dropped);
            return Ok(if self.root.is_none() {
                Outcome::Emptied
            } else {
                Outcome::Ready
            });
        }
        if found.matches && found.old_ended && found.new_has_more {
            let mut new = Some(new);
            self.release_level(&mut new)?;
            return Ok(Outcome::Redundant);
        }
        Ok(Outcome::Ready)
    }

    /// Compares the level of `old` with `new`; says how many comparisons were dropped.
    fn prune(
        &mut self,
        old: Option<NodeId>,
        new: Option<NodeId>,
        action: Action,
        above: &mut Match,
        depth: usize,
    ) -> Result<u32, ChainError> {
        if depth > super::MAX_DEPTH {
            return Err(ChainError::Unpredictable);
        }
        let mut here = *above;
        let mut dropped = 0;
        if let (Some(old), Some(new)) = (old, new)
            && (above.matches || !above.matched_once)
        {
            let mut at = self.start_of_level(old)?;
            loop {
                self.spend()?;
                // Before `at` may be gone.
                let next = self.node(at)?.next;
                let (gone, way) = self.prune_at((at, new), action, *above, &mut here, depth)?;
                dropped += gone;
                if matches!(way, Next::Done) {
                    break;
                }
                let Some(next) = next else {
                    here.matches = false;
                    break;
                };
                at = next;
            }
        }
        if here.matches {
            above.add(here);
        } else {
            above.matches = false;
        }
        Ok(dropped)
    }

    fn prune_at(
        &mut self,
        (at, new): (NodeId, NodeId),
        action: Action,
        above: Match,
        here: &mut Match,
        depth: usize,
    ) -> Result<(u32, Next), ChainError> {
        let (old_node, new_node) = (self.node(at)?.clone(), self.node(new)?.clone());
        if old_node.half.is_same(new_node.half) {
            return self.prune_same((at, new), action, above, here, depth);
        }
        let is_after = old_node.half.is_after(new_node.half);
        let (below, longer) = if is_after {
            let below = Match {
                matches: false,
                old_has_more: true,
                ..above
            };
            (below, above.new_has_more)
        } else {
            let below = Match {
                matches: false,
                new_has_more: true,
                ..above
            };
            (below, above.old_has_more)
        };
        if longer {
            return Ok((0, Next::Done));
        }
        let mut dropped = 0;
        let mut held = Some(at);
        for side in [true, false] {
            let Some(id) = held else {
                return Ok((dropped, Next::Sibling));
            };
            let old_node = self.node(id)?;
            let old_level = if side { old_node.yes } else { old_node.no }.level;
            let new_node = self.node(new)?;
            let new_level = if side { new_node.yes } else { new_node.no }.level;
            let (old_next, new_next) = if is_after {
                if old_level.is_none() {
                    continue;
                }
                (old_level, Some(new))
            } else {
                if new_level.is_none() {
                    continue;
                }
                (Some(id), new_level)
            };
            self.refer(id)?;
            let mut found = below;
            dropped += self.prune(old_next, new_next, action, &mut found, depth + 1)?;
            dropped += self.release(&mut held)?;
            if found.matches {
                here.add(found);
                return Ok((dropped, Next::Done));
            }
        }
        Ok((dropped, Next::Sibling))
    }

    fn prune_same(
        &mut self,
        (at, new): (NodeId, NodeId),
        action: Action,
        above: Match,
        here: &mut Match,
        depth: usize,
    ) -> Result<(u32, Next), ChainError> {
        let (old_node, new_node) = (self.node(at)?.clone(), self.node(new)?.clone());
        here.matches = true;
        here.matched_once = true;
        here.new_ended |= is_leaf(&new_node);
        here.old_ended |= is_leaf(&old_node);
        let sides = [(old_node.yes, new_node.yes), (old_node.no, new_node.no)];
        let leads_elsewhere = sides
            .iter()
            .any(|(old, new)| old.leads_on() && !new.leads_on());
        let acts_otherwise = sides
            .iter()
            .any(|(old, new)| old.acts != new.acts || old.action != new.action);
        if leads_elsewhere || (here.new_ended && here.old_ended && acts_otherwise) {
            return Ok((0, Next::Done));
        }
        let mut dropped = 0;
        let mut held = Some(at);
        for side in [true, false] {
            let new_node = self.node(new)?;
            let Some(new_level) = (if side { new_node.yes } else { new_node.no }).level else {
                continue;
            };
            let Some(id) = held else {
                return Ok((dropped, Next::Sibling));
            };
            let old_node = self.node(id)?;
            let old_level = (if side { old_node.yes } else { old_node.no }).level;
            self.refer(id)?;
            let mut found = Match {
                matches: true,
                matched_once: true,
                ..above
            };
            dropped += self.prune(old_level, Some(new_level), action, &mut found, depth + 1)?;
            dropped += self.release(&mut held)?;
            if found.matches {
                here.add(found);
            }
        }
        let Some(id) = held else {
            return Ok((dropped, Next::Sibling));
        };
        if !here.matches || !self.acts_alike(Some(id), action)? {
            return Ok((dropped, Next::Sibling));
        }
        if here.new_ended && here.old_has_more {
            dropped += self.remove(Slot::Root, id)?;
            if self.root.is_none() {
                return Ok((dropped, Next::Done));
            }
        } else if here.old_ended && here.new_has_more {
            return Ok((dropped, Next::Done));
        }
        Ok((dropped, Next::Sibling))
    }

    /// Takes `node` out of the level that `slot` holds or out of one below, with all that follows
    /// from it; or the first comparison it meets that leads nowhere.
    fn remove(&mut self, slot: Slot, node: NodeId) -> Result<u32, ChainError> {
        let Some(held) = self.held_by(slot)? else {
            return Ok(0);
        };
        let mut at = self.start_of_level(held)?;
        loop {
            self.spend()?;
            let mut gone = 0;
            let mut found = at == node;
            if !found {
                gone += self.remove(Slot::Yes(at), node)?;
                gone += self.remove(Slot::No(at), node)?;
                let now = self.node(at)?;
                found = is_leaf(now) && !now.yes.acts && !now.no.acts;
            }
            let (previous, next) = (self.node(at)?.previous, self.node(at)?.next);
            if found {
                if self.held_by(slot)? == Some(at) {
                    self.hold(slot, previous.or(next))?;
                }
                if let Some(previous) = previous {
                    self.node_mut(previous)?.next = next;
                }
                if let Some(next) = next {
                    self.node_mut(next)?.previous = previous;
                }
                let out = self.node_mut(at)?;
                out.previous = None;
                out.next = None;
                let mut out = Some(at);
                return Ok(gone + self.release(&mut out)?);
            }
            match next {
                Some(next) if gone == 0 => at = next,
                Some(_) | None => return Ok(gone),
            }
        }
    }
}
