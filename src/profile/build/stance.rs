//! What a base profile says of one name.

use crate::profile::action::Reach;
use crate::profile::{Action, Profile, Rule};

/// What a base profile says of one name. It is the same on every architecture that the base
/// lists, as its rules are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stance {
    /// It permits every call.
    Allowed,
    /// It permits those that match one of these rules.
    Conditional(Vec<Rule>),
    /// It permits some, by rules that mean something else next to another default action.
    NotCarried,
    /// It refuses every call.
    Refused(Action),
}

impl Stance {
    /// The stance of a profile. As engines resolve it: a rule that says what the default does is
    /// not there, the first rule without conditions decides, and conditions count only where
    /// there is none such.
    pub fn of(base: &Profile, name: &str) -> Self {
        let rules: Vec<&Rule> = base
            .rules
            .iter()
            .filter(|rule| rule.action != base.default_action)
            .filter(|rule| rule.names.iter().any(|n| n.as_str() == name))
            .collect();
        if let Some(rule) = rules.iter().find(|rule| rule.conditions.is_empty()) {
            return Self::whole(rule.action);
        }
        if rules.is_empty() {
            return Self::whole(base.default_action);
        }
        let permits_only = rules
            .iter()
            .all(|rule| rule.action.reach() == Reach::Permitted);
        if !permits_only || base.default_action.reach() != Reach::Refused {
            return Self::NotCarried;
        }
        let names = rules
            .first()
            .and_then(|rule| rule.names.iter().find(|n| n.as_str() == name));
        let Some(name) = names.cloned() else {
            return Self::whole(base.default_action);
        };
        Self::Conditional(
            rules
                .into_iter()
                .flat_map(|rule| rule.alternatives(usize::MAX))
                .map(|conditions| Rule {
                    conditions,
                    ..Rule::unconditional(vec![name.clone()], Action::Allow)
                })
                .collect(),
        )
    }

    const fn whole(action: Action) -> Self {
        match action.reach() {
            Reach::Permitted => Self::Allowed,
            Reach::Refused | Reach::Delegated => Self::Refused(action),
        }
    }
}
