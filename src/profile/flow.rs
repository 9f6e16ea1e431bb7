//! How the answer to one call follows from its arguments, question by question.
//!
//! A filter sees arguments as 32-bit halves, and so does a [`Flow`]: a graph without cycles whose
//! steps ask about one half or answer. It is what libseccomp makes of the rules about a call (see
//! [`super::chains`]), what a BPF program does once it knows which call it looks at, and what
//! [`super::decision`] makes exact statements about.

use std::collections::BTreeMap;

use super::{Action, ArgIndex};

/// A question about one half of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// Which argument.
    pub arg: ArgIndex,
    /// Whether it is about bits 32 to 63, else about bits 0 to 31.
    pub high: bool,
    /// What is looked at of the half.
    pub mask: u32,
    /// How it is compared.
    pub relation: Relation,
    /// With what.
    pub value: u32,
}

/// How a masked half is compared, unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// `half & mask == value`
    Equal,
    /// `half & mask > value`
    Greater,
    /// `half & mask >= value`
    GreaterOrEqual,
    /// `half & mask & value != 0`
    AnyBit,
}

/// A step of a [`Flow`], by its position.
pub type StepId = usize;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The end.
    Answer(Action),
    /// Two ways to go on.
    Ask {
        /// What decides.
        question: Question,
        /// If it holds; a smaller position than that of the step.
        yes: StepId,
        /// If it does not; likewise.
        no: StepId,
    },
}

/// All steps of a call. No two are the same, and each stands after those it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    steps: Vec<Step>,
    root: StepId,
}

impl Question {
    /// What the answer is for these arguments.
    pub fn holds(&self, args: &[u64; 6]) -> bool {
        /// Each half of an argument.
        const HALF: u32 = 32;
        let argument = args
            .get(usize::from(self.arg.get()))
            .copied()
            .unwrap_or_default();
        let half = if self.high {
            argument >> HALF
        } else {
            argument & u64::from(u32::MAX)
        };
        let (half, value) = (half & u64::from(self.mask), u64::from(self.value));
        match self.relation {
            Relation::Equal => half == value,
            Relation::Greater => half > value,
            Relation::GreaterOrEqual => half >= value,
            Relation::AnyBit => half & value != 0,
        }
    }
}

impl Flow {
    /// The flow that answers `action` at once.
    pub fn always(action: Action) -> Self {
        Self {
            steps: vec![Step::Answer(action)],
            root: 0,
        }
    }

    /// The answer, where no question is asked.
    pub fn as_constant(&self) -> Option<Action> {
        match self.steps.get(self.root) {
            Some(Step::Answer(action)) => Some(*action),
            Some(Step::Ask { .. }) | None => None,
        }
    }

    /// The answer to a call with these arguments.
    pub fn answer(&self, args: &[u64; 6]) -> Action {
        let mut at = self.root;
        loop {
            match self.steps.get(at) {
                Some(Step::Answer(action)) => return *action,
                Some(Step::Ask { question, yes, no }) => {
                    // Positions get smaller, so this ends.
                    at = if question.holds(args) { *yes } else { *no };
                }
                // A builder makes no such position.
                None => return Action::KillProcess,
            }
        }
    }

    /// Every answer that some arguments lead to, or seem to: of contradicting questions both
    /// answers count.
    pub fn answers(&self) -> impl Iterator<Item = Action> {
        self.steps.iter().filter_map(|step| match step {
            Step::Answer(action) => Some(*action),
            Step::Ask { .. } => None,
        })
    }

    /// All steps, each after those it leads to.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where it starts.
    pub const fn root(&self) -> StepId {
        self.root
    }
}

/// Makes a [`Flow`] from its ends to its start.
#[derive(Debug, Default)]
pub struct FlowBuilder {
    steps: Vec<Step>,
    known: BTreeMap<Step, StepId>,
}

impl FlowBuilder {
    /// No steps yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many steps there are.
    pub const fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step that answers.
    pub fn answer(&mut self, action: Action) -> StepId {
        self.step(Step::Answer(action))
    }

    /// The step that asks, or the one it leads to in any case.
    pub fn ask(&mut self, question: Question, yes: StepId, no: StepId) -> StepId {
        if yes == no {
            return yes;
        }
        self.step(Step::Ask { question, yes, no })
    }

    /// The flow that starts at `root`, with the steps that it reaches.
    pub fn finish(self, root: StepId) -> Flow {
        let mut needed = vec![false; self.steps.len()];
        if let Some(it) = needed.get_mut(root) {
            *it = true;
        }
        for at in (0..self.steps.len()).rev() {
            if needed.get(at) == Some(&true)
                && let Some(Step::Ask { yes, no, .. }) = self.steps.get(at)
            {
                for next in [*yes, *no] {
                    if let Some(it) = needed.get_mut(next) {
                        *it = true;
                    }
                }
            }
        }
        let mut places = vec![0; self.steps.len()];
        let mut steps = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            if needed.get(at) != Some(&true) {
                continue;
            }
            let place = |at: StepId| places.get(at).copied().unwrap_or_default();
            let step = match *step {
                Step::Answer(action) => Step::Answer(action),
                Step::Ask { question, yes, no } => Step::Ask {
                    question,
                    yes: place(yes),
                    no: place(no),
                },
            };
            if let Some(place) = places.get_mut(at) {
                *place = steps.len();
            }
            steps.push(step);
        }
        Flow {
            root: places.get(root).copied().unwrap_or_default(),
            steps,
        }
    }

    fn step(&mut self, step: Step) -> StepId {
        if let Some(known) = self.known.get(&step) {
            return *known;
        }
        let at = self.steps.len();
        self.steps.push(step);
        self.known.insert(step, at);
        at
    }
}
