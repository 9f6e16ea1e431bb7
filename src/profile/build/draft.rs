//! A profile in the making: names with their reasons, then rules.

use std::collections::{BTreeMap, BTreeSet};

use super::{DefaultAction, LeftOut, Options, Reason, Stance, Totals, Why, callers, tighten};
use crate::arch::Arch;
use crate::event::CallId;
use crate::profile::implied::{IMPLIED, PROBED, probed};
use crate::profile::{Action, Profile, Rule, action};
use crate::recording::Total;
use crate::syscalls::{SyscallName, exists, table};

/// A profile in the making.
pub(super) struct Draft<'a> {
    pub(super) options: &'a Options,
    pub(super) native: Arch,
    pub(super) base: Option<&'a Profile>,
    pub(super) arches: BTreeSet<Arch>,
    pub(super) names: BTreeMap<SyscallName, Vec<Reason>>,
    pub(super) left_out: Vec<LeftOut>,
}

/// What a profile permits, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Permitted {
    /// Whatever the arguments are.
    pub(super) plain: BTreeSet<SyscallName>,
    /// For some of them.
    pub(super) conditional: BTreeMap<SyscallName, Vec<Rule>>,
}

impl Permitted {
    /// The rules that say it.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut rules = Vec::new();
        if !self.plain.is_empty() {
            let names = self.plain.iter().cloned().collect();
            rules.push(Rule::unconditional(names, Action::Allow));
        }
        rules.extend(self.conditional.values().flatten().cloned());
        rules
    }
}

impl Draft<'_> {
    /// What the base says of a name.
    pub(super) fn stance(&self, name: &str) -> Stance {
        if self.options.allow.contains_key(name) {
            return Stance::Allowed;
        }
        if self.options.deny.contains_key(name) {
            return Stance::Refused(Action::Errno(action::EPERM));
        }
        match self.base.map(|base| (base, Stance::of(base, name))) {
            None => Stance::Allowed,
            // Allowed for want of a rule, but a rule that refuses a call behind it makes one.
            Some((base, Stance::Allowed)) if self.refuses_behind(base, name) => Stance::NotCarried,
            Some((_, stance)) => stance,
        }
    }

    /// A base that lists no architecture is for the native one alone.
    pub(super) fn drop_refused_architectures(&mut self, totals: &Totals<'_>) {
        let Some(base) = self.base else { return };
        let (kept, dropped) = self
            .arches
            .iter()
            .partition(|arch| **arch == self.native || base.architectures.contains(arch));
        self.arches = kept;
        let dropped: BTreeSet<Arch> = dropped;
        for arch in dropped {
            for (call, total) in totals.get(&arch).into_iter().flatten() {
                self.left_out.push(LeftOut {
                    arch,
                    call: call.clone(),
                    why: Why::ArchRefused,
                    calls: total.calls,
                    by: callers(total),
                });
            }
        }
    }

    pub(super) fn on_any_arch(&self, name: &str) -> bool {
        self.arches
            .iter()
            .any(|arch| table(*arch).number(name).is_some())
    }

    pub(super) fn add(&mut self, name: SyscallName, reason: Reason) {
        self.names.entry(name).or_default().push(reason);
    }

    pub(super) fn observe(&mut self, arch: Arch, call: &CallId, total: &Total<'_>) {
        let by = callers(total);
        let (name, why) = match call {
            CallId::Number(_) => (None, Some(Why::UnknownNumber)),
            CallId::Name(name) if !exists(name) => (None, Some(Why::UnknownName)),
            CallId::Name(name) if self.options.deny.contains_key(name) => {
                (Some(name), self.denied(name))
            }
            CallId::Name(name) => match self.stance(name.as_str()) {
                Stance::Allowed | Stance::Conditional(_) => (Some(name), None),
                Stance::NotCarried => (Some(name), Some(Why::NotCarried)),
                Stance::Refused(answer) => (Some(name), Some(Why::Refused(answer))),
            },
        };
        match (name, why) {
            (Some(name), None) => {
                let reason = Reason::Observed {
                    arch,
                    calls: total.calls,
                    runs: total.runs.len(),
                    by,
                    first: (total.first.0.to_owned(), total.first.1),
                    either: total.either,
                };
                self.add(name.clone(), reason);
            }
            (name, Some(why)) => {
                if let Some(probed) = name.and_then(|name| probed(name.as_str())) {
                    self.add_instead(probed.name, probed.instead);
                }
                self.left_out.push(LeftOut {
                    arch,
                    call: call.clone(),
                    why,
                    calls: total.calls,
                    by,
                });
            }
            (None, None) => {}
        }
    }

    /// What the callers of a refused call will call instead.
    fn add_instead(&mut self, name: &'static str, instead: &[&'static str]) {
        for other in instead {
            self.add_if_permitted(other, Reason::Instead(name));
        }
    }

    fn add_if_permitted(&mut self, name: &'static str, reason: Reason) {
        let permitted = matches!(self.stance(name), Stance::Allowed | Stance::Conditional(_));
        if permitted && self.on_any_arch(name) {
            self.add(SyscallName::known(name), reason);
        }
    }

    pub(super) fn add_floor(&mut self) {
        let calls: Vec<_> = self
            .options
            .floor
            .calls(self.native, self.options.no_new_privileges)
            .collect();
        for (name, who) in calls {
            self.add_if_permitted(name, Reason::Floor(who));
        }
        for (name, who) in &self.options.recorded_floor {
            let stance = self.stance(name.as_str());
            let permitted = matches!(stance, Stance::Allowed | Stance::Conditional(_));
            if permitted && self.on_any_arch(name.as_str()) {
                self.add(name.clone(), Reason::Floor(who.clone()));
            }
        }
    }

    pub(super) fn add_implied(&mut self) {
        for implied in IMPLIED {
            self.add_if_permitted(implied.name, Reason::Implied(implied.why));
        }
    }

    pub(super) fn add_asked(&mut self) {
        for (name, reason) in &self.options.allow {
            self.names
                .entry(name.clone())
                .or_default()
                .push(Reason::Asked(reason.clone()));
        }
        for (name, reason) in &self.options.also {
            let why = match self.stance(name.as_str()) {
                Stance::Allowed | Stance::Conditional(_) => {
                    self.add(name.clone(), Reason::Asked(reason.clone()));
                    continue;
                }
                Stance::NotCarried => Why::NotCarried,
                Stance::Refused(answer) => Why::Refused(answer),
            };
            self.left_out.push(LeftOut {
                arch: self.native,
                call: CallId::Name(name.clone()),
                why,
                calls: 0,
                by: Vec::new(),
            });
        }
    }

    /// What is allowed whatever its arguments, and what is allowed for some.
    pub(super) fn permitted(&mut self, totals: &Totals<'_>) -> Permitted {
        let mut permitted = Permitted::default();
        let names: Vec<SyscallName> = self.names.keys().cloned().collect();
        for name in names {
            match self.stance(name.as_str()) {
                Stance::Allowed => {
                    permitted.plain.insert(name);
                }
                Stance::Conditional(rules) => {
                    let rules = self.conditional(&name, rules, totals);
                    permitted.conditional.insert(name, rules);
                }
                Stance::Refused(_) | Stance::NotCarried => {
                    self.names.remove(&name);
                }
            }
        }
        permitted
    }

    /// The rules: what is permitted, and what is to look like a call that the kernel does not
    /// have.
    pub(super) fn rules(&mut self, permitted: &Permitted) -> Vec<Rule> {
        let mut rules = permitted.rules();
        rules.extend(self.probed());
        rules
    }

    fn conditional(
        &mut self,
        name: &SyscallName,
        rules: Vec<Rule>,
        totals: &Totals<'_>,
    ) -> Vec<Rule> {
        let base = self
            .options
            .base
            .as_ref()
            .map_or("", |base| base.name.as_str());
        let rules = if self.options.observed_arguments {
            let tightened = tighten::tighten(name, &rules, totals, &self.arches);
            for (arch, values) in tightened.outside {
                self.left_out.push(LeftOut {
                    arch,
                    call: CallId::Name(name.clone()),
                    why: Why::Values(values),
                    calls: 0,
                    by: Vec::new(),
                });
            }
            tightened.rules
        } else {
            rules
        };
        self.add(name.clone(), Reason::Base(base.to_owned()));
        let comment = self.comment();
        rules
            .into_iter()
            .map(|rule| Rule {
                comment: Some(comment.clone()),
                ..rule
            })
            .collect()
    }

    /// What stands beside an argument rule.
    pub(super) fn comment(&self) -> String {
        let base = self.options.base.as_ref();
        let base = base.map_or("", |base| base.name.as_str());
        // Without the release, since a newer one with the same rule is no change to review.
        let unversioned = match base.split_once('@') {
            Some((name @ "docker-default", _)) => name,
            _ => base,
        };
        format!("argument rule of {unversioned}")
    }

    fn probed(&mut self) -> Option<Rule> {
        if self.options.default == DefaultAction::Log {
            return None;
        }
        let refused = self.refused_multiplexers();
        let names: BTreeSet<SyscallName> = PROBED
            .iter()
            .map(|probed| probed.name)
            .filter(|name| self.on_any_arch(name) && !self.names.contains_key(*name))
            .chain(refused)
            .map(SyscallName::known)
            .collect();
        for name in &names {
            self.add(name.clone(), Reason::Probed);
        }
        if names.is_empty() {
            return None;
        }
        Some(Rule {
            comment: Some("not needed; callers fall back only on ENOSYS".to_owned()),
            ..Rule::unconditional(names.into_iter().collect(), Action::Errno(action::ENOSYS))
        })
    }
}
