//! The comparisons of one rule.

use super::super::flow::{Question, Relation};
use super::super::{Action, ArgIndex, Condition, Test};
use super::{ChainError, Chains, Node, NodeId, Way};

/// What is compared, and what of it decides about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Half {
    arg: ArgIndex,
    pub(super) high: bool,
    mask: u32,
    relation: Relation,
    value: u32,
    /// Whether it was written as masked; such a comparison is never the same as a plain one.
    masked: bool,
    order: Order,
    /// All 64 bits of the value in the rule.
    pub(super) full: u64,
}

/// The kind of operator in the rule, which decides what is asked first: the last of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    FromBelow,
    FromAbove,
    Exact,
}

impl Half {
    pub(super) const fn question(self) -> Question {
        Question {
            arg: self.arg,
            high: self.high,
            mask: self.mask,
            relation: self.relation,
            value: self.value,
        }
    }

    /// Whether both compare the same with the same.
    pub(super) fn is_same(self, other: Self) -> bool {
        self.question() == other.question() && self.masked == other.masked
    }

    /// Whether it is asked after `other` on one level.
    pub(super) fn is_after(self, other: Self) -> bool {
        let (ours, theirs) = (self.rank(), other.rank());
        if ours != theirs {
            return ours < theirs;
        }
        match self.order {
            Order::FromAbove => self.value > other.value,
            Order::FromBelow | Order::Exact => self.value < other.value,
        }
    }

    const fn rank(self) -> (ArgIndex, bool, Order) {
        (self.arg, self.high, self.order)
    }
}

/// How a condition is asked: which comparisons, and on which side of each it holds.
struct Shape {
    relation: Relation,
    /// Whether the condition holds where the last comparison does.
    holds: bool,
    /// Whether it is an order, which takes two comparisons of the high half.
    ordered: bool,
    order: Order,
    masked: bool,
    mask: u64,
    value: u64,
}

impl Shape {
    fn of(test: Test) -> Self {
        let (relation, holds, order, value) = match test {
            Test::NotEqual(value) => (Relation::Equal, false, Order::Exact, value),
            Test::Equal(value) => (Relation::Equal, true, Order::Exact, value),
            Test::MaskedEqual { expected, .. } => (Relation::Equal, true, Order::Exact, expected),
            Test::Less(value) => (Relation::GreaterOrEqual, false, Order::FromAbove, value),
            Test::LessOrEqual(value) => (Relation::Greater, false, Order::FromAbove, value),
            Test::GreaterOrEqual(value) => {
                (Relation::GreaterOrEqual, true, Order::FromBelow, value)
            }
            Test::Greater(value) => (Relation::Greater, true, Order::FromBelow, value),
        };
        let mask = if let Test::MaskedEqual { mask, .. } = test {
            mask
        } else {
            u64::MAX
        };
        Self {
            relation,
            holds,
            ordered: relation != Relation::Equal,
            order,
            masked: matches!(test, Test::MaskedEqual { .. }),
            mask,
            value,
        }
    }

    const fn half(&self, arg: ArgIndex, high: bool, relation: Relation) -> Half {
        /// The upper or the lower 32 bits.
        const fn part(word: u64, high: bool) -> u32 {
            #[expect(clippy::cast_possible_truncation, reason = "one half is wanted")]
            if high {
                (word >> 32) as u32
            } else {
                word as u32
            }
        }
        let mask = part(self.mask, high);
        Half {
            arg,
            high,
            mask,
            relation,
            value: part(self.value, high) & mask,
            masked: self.masked,
            order: self.order,
            full: self.value,
        }
    }
}

/// The open ends of a chain: where the next condition is asked or the action taken.
type Ends = Vec<(NodeId, bool)>;

impl Chains {
    /// The first comparison of a rule, already referred to; `None` if it has no condition that is
    /// looked at.
    pub(super) fn chain(
        &mut self,
        conditions: &[Condition],
        sub_call: Option<u8>,
        action: Action,
    ) -> Result<Option<NodeId>, ChainError> {
        let mut conditions: Vec<Condition> = conditions.to_vec();
        if let Some(number) = sub_call {
            let arg = ArgIndex(0);
            conditions.retain(|condition| condition.arg != arg);
            conditions.push(Condition {
                arg,
                test: Test::Equal(u64::from(number)),
            });
        }
        conditions.sort_by_key(|condition| condition.arg);
        let (mut first, mut ends): (Option<NodeId>, Ends) = (None, Vec::new());
        for condition in conditions {
            let shape = Shape::of(condition.test);
            let word = super::super::call_rules::word(self.low_word);
            if shape.mask & word == 0 {
                continue;
            }
            let (start, next_ends) = self.condition(condition.arg, &shape)?;
            if first.is_none() {
                first = Some(self.refer(start)?);
            }
            for (id, side) in ends {
                self.refer(start)?;
                self.way(id, side)?.level = Some(start);
            }
            ends = next_ends;
        }
        for (id, side) in ends {
            let way = self.way(id, side)?;
            way.acts = true;
            way.action = action;
        }
        Ok(first)
    }

    /// The comparisons of one condition: the first of them, and the ends where it holds.
    fn condition(&mut self, arg: ArgIndex, shape: &Shape) -> Result<(NodeId, Ends), ChainError> {
        let low = self.push(shape.half(arg, false, shape.relation));
        if self.low_word {
            return Ok((low, vec![(low, shape.holds)]));
        }
        let same = self.push(shape.half(arg, true, Relation::Equal));
        self.refer(low)?;
        self.way(same, true)?.level = Some(low);
        if !shape.ordered {
            let ends = if shape.holds {
                vec![(low, true)]
            } else {
                vec![(same, false), (low, false)]
            };
            return Ok((same, ends));
        }
        let above = self.push(shape.half(arg, true, Relation::Greater));
        self.refer(same)?;
        self.way(above, false)?.level = Some(same);
        let ends = if shape.holds {
            vec![(above, true), (low, true)]
        } else {
            vec![(same, false), (low, false)]
        };
        Ok((above, ends))
    }

    fn push(&mut self, half: Half) -> NodeId {
        self.nodes.push(Node {
            half,
            yes: Way::NOWHERE,
            no: Way::NOWHERE,
            previous: None,
            next: None,
            references: 0,
            gone: false,
        });
        self.nodes.len() - 1
    }

    fn way(&mut self, id: NodeId, side: bool) -> Result<&mut Way, ChainError> {
        let node = self.node_mut(id)?;
        Ok(if side { &mut node.yes } else { &mut node.no })
    }
}
