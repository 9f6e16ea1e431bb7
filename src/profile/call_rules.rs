//! The rules about one call in normal form.

use std::collections::BTreeSet;

use super::{Action, ArgIndex, Condition, Test};

/// All rules about one call on one architecture, in normal form: conditions sorted by argument
/// and free of those that always hold, cases that can't occur or are repeated left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallRules {
    pub(super) low_word: bool,
    pub(super) cases: Vec<Case>,
    pub(super) otherwise: Action,
}

/// One case of a call: what it gets if all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The answer.
    pub action: Action,
    /// At least one, at most one for each argument, sorted by argument.
    pub conditions: Vec<Condition>,
}

impl CallRules {
    pub(super) const fn always(action: Action) -> Self {
        Self {
            low_word: false,
            cases: Vec::new(),
            otherwise: action,
        }
    }

    /// From the conditions, the sub-call and the action of each rule, in their order.
    pub(super) fn normal(
        low_word: bool,
        rules: Vec<(&[Condition], Option<u8>, Action)>,
        default_action: Action,
    ) -> Self {
        let mut otherwise = default_action;
        let mut seen = BTreeSet::new();
        let mut cases: Vec<Case> = Vec::new();
        for (conditions, sub_call, action) in rules {
            let Some(conditions) = normal_conditions(conditions, sub_call, low_word) else {
                continue;
            };
            if conditions.is_empty() {
                otherwise = action;
                break;
            }
            if seen.insert(conditions.clone()) {
                cases.push(Case { action, conditions });
            }
        }
        while cases.last().is_some_and(|case| case.action == otherwise) {
            cases.pop();
        }
        for run in cases.chunk_by_mut(|a, b| a.action == b.action) {
            run.sort_unstable();
        }
        if cases.is_empty() {
            return Self::always(otherwise);
        }
        Self {
            low_word,
            cases,
            otherwise,
        }
    }

    /// What the call gets with these arguments.
    pub fn answer(&self, args: &[u64; 6]) -> Action {
        self.cases
            .iter()
            .find(|case| case.conditions.iter().all(|c| self.holds(*c, args)))
            .map_or(self.otherwise, |case| case.action)
    }

    /// The cases, of which the first that matches decides.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// What the call gets if no case matches.
    pub const fn otherwise(&self) -> Action {
        self.otherwise
    }

    fn holds(&self, condition: Condition, args: &[u64; 6]) -> bool {
        args.get(usize::from(condition.arg.get()))
            .is_some_and(|argument| condition.test.holds(argument & word(self.low_word)))
    }
}

/// All ones, as far as conditions see.
pub(super) const fn word(low_word: bool) -> u64 {
    if low_word { 0xffff_ffff } else { u64::MAX }
}

/// The conditions of a rule as libseccomp takes them, or `None` if they can't all hold.
fn normal_conditions(
    conditions: &[Condition],
    sub_call: Option<u8>,
    low_word: bool,
) -> Option<Vec<Condition>> {
    let word = word(low_word);
    let mut normal = Vec::with_capacity(conditions.len() + 1);
    if let Some(number) = sub_call {
        normal.push(Condition {
            arg: ArgIndex(0),
            test: Test::Equal(u64::from(number)),
        });
    }
    for condition in conditions {
        if sub_call.is_some() && condition.arg == ArgIndex(0) {
            continue;
        }
        match normal_test(condition.test, word) {
            Truth::Always => {}
            Truth::Never => return None,
            Truth::Sometimes(test) => normal.push(Condition {
                arg: condition.arg,
                test,
            }),
        }
    }
    normal.sort_unstable();
    Some(normal)
}

/// When a test holds.
enum Truth {
    Always,
    Never,
    Sometimes(Test),
}

/// One form for tests that mean the same: comparisons are `==`, `!=`, `<`, `>=` or masked.
fn normal_test(test: Test, word: u64) -> Truth {
    let equal = |value: u64| Truth::Sometimes(Test::Equal(value));
    let below = |value: u64| match value {
        0 => Truth::Never,
        1 => equal(0),
        _ if value == word => Truth::Sometimes(Test::NotEqual(word)),
        _ => Truth::Sometimes(Test::Less(value)),
    };
    let from = |value: u64| match value {
        0 => Truth::Always,
        1 => Truth::Sometimes(Test::NotEqual(0)),
        _ if value == word => equal(word),
        _ => Truth::Sometimes(Test::GreaterOrEqual(value)),
    };
    match test {
        Test::Equal(value) => equal(value & word),
        Test::NotEqual(value) => Truth::Sometimes(Test::NotEqual(value & word)),
        Test::Less(value) => below(value & word),
        Test::GreaterOrEqual(value) => from(value & word),
        Test::LessOrEqual(value) if value & word == word => Truth::Always,
        Test::LessOrEqual(value) => below((value & word) + 1),
        Test::Greater(value) if value & word == word => Truth::Never,
        Test::Greater(value) => from((value & word) + 1),
        Test::MaskedEqual { mask, expected } => match mask & word {
            0 => Truth::Always,
            mask if mask == word => equal(expected & word),
            mask => Truth::Sometimes(Test::MaskedEqual {
                mask,
                expected: expected & mask,
            }),
        },
    }
}
