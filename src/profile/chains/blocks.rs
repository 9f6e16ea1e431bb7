//! From chains to a program: blocks, and which of them load what they compare.
//!
//! A block compares one half. It loads the half if the block before it on its level did not, and
//! is shared by all calls that have one just like it. When the program is put together a block
//! that relies on what is loaded gets a load of its own if the block that first leads to it left
//! something else. Others that lead to it are not looked at, so what it compares can be a half that
//! the rule does not speak of. This happens where conditions that hold on the side of "no"
//! (`SCMP_CMP_NE`, `LT`, `LE`) go on to another argument.
//!
//! Told by `_gen_bpf_node`, `_gen_bpf_chain`, `_hsh_add` and the pulling of jumps in
//! `_gen_bpf_build_bpf` of `src/gen_bpf.c`.

use std::collections::BTreeMap;

use super::super::flow::{Flow, FlowBuilder, Question, Relation, StepId};
use super::super::{Action, ArgIndex};
use super::{ChainError, Chains, MAX_DEPTH, NodeId, Way};

/// The most blocks. The kernel takes 4096 instructions.
const MAX_BLOCKS: usize = 20_000;

/// What is in the accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loaded {
    arg: ArgIndex,
    high: bool,
    mask: u32,
}

/// Where a comparison leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Block(usize),
    Answer(Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    /// The half that is loaded, if the block loads.
    load: Option<(ArgIndex, bool)>,
    mask: Option<u32>,
    relation: Relation,
    value: u32,
    yes: Target,
    no: Target,
    /// What it relies on; `None` if on nothing.
    start: Option<Loaded>,
    end: Loaded,
}

/// The blocks of all calls of a filter.
#[derive(Debug, Default)]
pub(in super::super) struct Blocks {
    all: Vec<Block>,
    known: BTreeMap<Block, usize>,
    /// Which blocks are in the program, and which of them got a load.
    pulled: BTreeMap<usize, bool>,
}

/// A call that depends on its arguments: where its comparisons start.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Start(Target);

impl Blocks {
    /// Makes the blocks of a call.
    pub(in super::super) fn add(
        &mut self,
        chains: &mut Chains,
        otherwise: Action,
    ) -> Result<Start, ChainError> {
        let target = match (chains.unconditional, chains.root) {
            (Some(action), _) => Target::Answer(action),
            (None, Some(root)) => self.level(chains, root, Target::Answer(otherwise), None, 0)?,
            (None, None) => Target::Answer(otherwise),
        };
        Ok(Start(target))
    }

    /// Puts the blocks of a call into the program. To be called in the order in which libseccomp
    /// does: from the last architecture of the filter to the first, and from the call with the
    /// most comparisons to that with the fewest.
    pub(in super::super) fn pull(&mut self, start: Start) {
        let mut rest = vec![(start.0, None)];
        while let Some((target, before)) = rest.pop() {
            let Target::Block(at) = target else {
                continue;
            };
            let Some(block) = self.all.get(at).copied() else {
                continue;
            };
            if self.pulled.contains_key(&at) {
                continue;
            }
            let loads = block.start.is_some() && block.start != before;
            self.pulled.insert(at, loads);
            // All that follows from "yes" is pulled before what follows from "no".
            rest.push((block.no, Some(block.end)));
            rest.push((block.yes, Some(block.end)));
        }
    }

    /// What a call does, once all calls are in the program.
    pub(in super::super) fn flow(&self, start: Start) -> Result<Flow, ChainError> {
        let mut builder = FlowBuilder::new();
        let root = self.follow(start.0, None, &mut builder, &mut BTreeMap::new())?;
        Ok(builder.finish(root))
    }

    /// A level is asked from its start to its end; where a comparison leads nowhere the next one
    /// is asked, and after the last one what follows the level.
    fn level(
        &mut self,
        chains: &mut Chains,
        of: NodeId,
        miss: Target,
        mut loaded: Option<Loaded>,
        depth: usize,
    ) -> Result<Target, ChainError> {
        if depth > MAX_DEPTH {
            return Err(ChainError::Unpredictable);
        }
        let mut level = Vec::new();
        let mut at = Some(chains.start_of_level(of)?);
        while let Some(id) = at {
            chains.spend()?;
            let node = chains.node(id)?.clone();
            at = node.next;
            let block = block(node.half.question(), &mut loaded);
            level.push((node, block));
        }
        let mut after = miss;
        for (node, mut block) in level.into_iter().rev() {
            let mut target = |way: Way| match way.level {
                Some(level) => self.level(chains, level, after, Some(block.end), depth + 1),
                None if way.acts => Ok(Target::Answer(way.action)),
                None => Ok(after),
            };
            block.yes = target(node.yes)?;
            block.no = target(node.no)?;
            after = Target::Block(self.block(block)?);
        }
        Ok(after)
    }

    fn block(&mut self, block: Block) -> Result<usize, ChainError> {
        if let Some(known) = self.known.get(&block) {
            return Ok(*known);
        }
        let at = self.all.len();
        if at >= MAX_BLOCKS {
            return Err(ChainError::TooComplex);
        }
        self.all.push(block);
        self.known.insert(block, at);
        Ok(at)
    }

    /// What a block does with what is loaded when it is come to.
    fn follow(
        &self,
        target: Target,
        loaded: Option<Loaded>,
        builder: &mut FlowBuilder,
        known: &mut BTreeMap<(usize, Option<Loaded>), StepId>,
    ) -> Result<StepId, ChainError> {
        let at = match target {
            Target::Answer(action) => return Ok(builder.answer(action)),
            Target::Block(at) => at,
        };
        if let Some(step) = known.get(&(at, loaded)) {
            return Ok(*step);
        }
        if known.len() > MAX_BLOCKS {
            return Err(ChainError::TooComplex);
        }
        let block = self.all.get(at).ok_or(ChainError::Unpredictable)?;
        let mut now = if self.pulled.get(&at) == Some(&true) {
            block.start
        } else {
            loaded
        };
        if let Some((arg, high)) = block.load {
            now = Some(Loaded {
                arg,
                high,
                mask: u32::MAX,
            });
        }
        let mut now = now.ok_or(ChainError::Unpredictable)?;
        if let Some(mask) = block.mask {
            now.mask &= mask;
        }
        let yes = self.follow(block.yes, Some(now), builder, known)?;
        let no = self.follow(block.no, Some(now), builder, known)?;
        let question = Question {
            arg: now.arg,
            high: now.high,
            mask: now.mask,
            relation: block.relation,
            value: block.value,
        };
        let step = builder.ask(question, yes, no);
        known.insert((at, loaded), step);
        Ok(step)
    }
}

/// A block that leads nowhere yet.
fn block(question: Question, loaded: &mut Option<Loaded>) -> Block {
    let Question {
        arg, high, mask, ..
    } = question;
    let kept = loaded.filter(|it| (it.arg, it.high) == (arg, high) && it.mask & mask == mask);
    let mut end = kept.unwrap_or(Loaded {
        arg,
        high,
        mask: u32::MAX,
    });
    let masks = end.mask != mask;
    end.mask = mask;
    *loaded = Some(end);
    Block {
        load: kept.is_none().then_some((arg, high)),
        mask: masks.then_some(mask),
        relation: question.relation,
        value: question.value,
        yes: Target::Answer(Action::KillThread),
        no: Target::Answer(Action::KillThread),
        start: kept,
        end,
    }
}
