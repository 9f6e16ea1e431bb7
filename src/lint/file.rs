//! A profile as it is written: every part that could be read, with its place.

use std::ops::Range;

use crate::arch::Arch;
use crate::profile::{
    Action, Applies, ArgIndex, Condition, ConditionalProfile, ConditionalRule, Rule,
};
use crate::syscalls::SyscallName;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) range: Range<usize>,
}

/// An architecture and its sub-architectures.
pub(super) type Row = (Arch, Vec<Arch>);

/// The whole file.
#[derive(Debug)]
pub(super) struct File<'t> {
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
    /// Without its number.
    pub(super) default_action: Option<At<Action>>,
    pub(super) default_errno: Errno,
    pub(super) architectures: Option<At<Vec<At<Arch>>>>,
    pub(super) arch_map: Option<At<Vec<Row>>>,
    pub(super) flags: Vec<At<String>>,
    pub(super) has_listener: bool,
    pub(super) syscalls: Option<Range<usize>>,
    pub(super) entries: Vec<Entry<'t>>,
    /// An action, an architecture or a condition could not be read, so that nobody can say what
    /// the profile means.
    pub(super) unclear: bool,
}

/// An error number, as a number, by its name, or both.
#[derive(Debug, Default, Clone)]
pub(super) struct Errno {
    pub(super) number: Option<At<u16>>,
    pub(super) named: Option<At<u16>>,
    /// The field with the number.
    pub(super) field: Option<Range<usize>>,
}

impl Errno {
    fn value(&self) -> Option<u16> {
        self.number
            .as_ref()
            .or(self.named.as_ref())
            .map(|at| at.value)
    }

    /// The action with the number, where it takes one.
    fn of(&self, action: Action) -> Action {
        match (action, self.value()) {
            (Action::Errno(_), Some(number)) => Action::Errno(number),
            (Action::Trace(_), Some(number)) => Action::Trace(number),
            (action, _) => action,
        }
    }
}

/// An element of `syscalls`.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) range: Range<usize>,
    pub(super) names: Vec<At<Name<'t>>>,
    /// Each field with its value, where it is there.
    pub(super) names_field: Option<Range<usize>>,
    pub(super) name_field: Option<Range<usize>>,
    /// Without its number.
    pub(super) action: Option<At<Action>>,
    pub(super) errno: Errno,
    pub(super) args: Vec<Arg>,
    pub(super) includes: Option<At<Applies>>,
    pub(super) excludes: Option<At<Applies>>,
}

/// A name in a rule.
#[derive(Debug, Clone)]
pub(super) struct Name<'t> {
    pub(super) text: std::borrow::Cow<'t, str>,
    /// Where some architecture has the call.
    pub(super) known: Option<SyscallName>,
}

/// An element of `args`.
#[derive(Debug)]
pub(super) struct Arg {
    pub(super) range: Range<usize>,
    pub(super) index: ArgIndex,
    pub(super) condition: Condition,
    /// The field `valueTwo`.
    pub(super) value_two: Option<At<u64>>,
}

impl Entry<'_> {
    /// The action with its number.
    pub(super) fn action(&self) -> Option<Action> {
        self.action.as_ref().map(|at| self.errno.of(at.value))
    }

    /// What its includes and excludes say.
    pub(super) fn applies(&self) -> (Applies, Applies) {
        let of = |at: &Option<At<Applies>>| at.as_ref().map(|at| at.value.clone());
        (
            of(&self.includes).unwrap_or_default(),
            of(&self.excludes).unwrap_or_default(),
        )
    }

    pub(super) fn is_conditional(&self) -> bool {
        self.applies() != (Applies::default(), Applies::default())
    }

    /// The names that some architecture has.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.names
            .iter()
            .filter_map(|name| name.value.known.as_ref())
            .map(SyscallName::as_str)
    }
}

impl File<'_> {
    /// The default action with its number.
    pub(super) fn default_action(&self) -> Option<Action> {
        let at = self.default_action.as_ref()?;
        Some(self.default_errno.of(at.value))
    }

    /// Where the default action stands, or else the file begins.
    pub(super) fn default_range(&self) -> Range<usize> {
        match &self.default_action {
            Some(at) => at.range.clone(),
            None => self.range.start..self.range.start + 1,
        }
    }

    /// The architectures that are listed, in whatever way, for an engine of `native`.
    pub(super) fn listed(&self, native: Arch) -> Vec<Arch> {
        if let Some(list) = &self.architectures
            && !list.value.is_empty()
        {
            return list.value.iter().map(|at| at.value).collect();
        }
        let rows = self.arch_map.iter().flat_map(|at| &at.value);
        rows.filter(|(arch, _)| *arch == native)
            .flat_map(|(arch, subs)| std::iter::once(*arch).chain(subs.iter().copied()))
            .collect()
    }

    /// The profile without what could not be read; `None` if it has no default action.
    pub(super) fn profile(&self) -> Option<ConditionalProfile> {
        let rules = self.entries.iter().filter_map(|entry| {
            let names: Vec<_> = entry
                .names
                .iter()
                .filter_map(|name| name.value.known.clone())
                .collect();
            let (includes, excludes) = entry.applies();
            let rule = Rule {
                names,
                action: entry.action()?,
                conditions: entry.args.iter().map(|arg| arg.condition).collect(),
                comment: None,
            };
            (!rule.names.is_empty()).then_some(ConditionalRule {
                rule,
                includes,
                excludes,
            })
        });
        Some(ConditionalProfile {
            default_action: self.default_action()?,
            architectures: self
                .architectures
                .iter()
                .flat_map(|list| list.value.iter().map(|at| at.value))
                .collect(),
            arch_map: self
                .arch_map
                .as_ref()
                .map(|at| at.value.clone())
                .unwrap_or_default(),
            rules: rules.collect(),
            flags: self.flags.iter().map(|at| at.value.clone()).collect(),
        })
    }
}
