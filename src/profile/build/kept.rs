//! What an older profile permits and the runs do not show: kept, so that a profile that is made
//! again does not change with what a run happened to show.
//!
//! The older profile is taken for what it means, not for what it says: what it permits and the
//! base permits too, call by call and argument by argument.

use std::collections::BTreeSet;

use super::draft::Permitted;
use super::{BuildError, Draft, Keep, Kept, LeftOut, Options, Reason, Stance, Why, in_order};
use crate::arch::Arch;
use crate::event::CallId;
use crate::profile::action::Reach;
use crate::profile::diff::{CallId as DiffCall, Change, Difference};
use crate::profile::engine::{Engine, View};
use crate::profile::eval::Meaning;
use crate::profile::policy::{Policy, Stack, Union};
use crate::profile::recover::rules_of;
use crate::profile::{Action, Host, Profile, Rule, action};
use crate::recording::Recording;
use crate::syscalls::SyscallName;

/// An older profile where the new one goes.
pub(super) struct Older<'a> {
    keep: &'a Keep,
    profile: Profile,
    base: Option<&'a Profile>,
    native: Arch,
    /// The architectures that both can be for.
    arches: BTreeSet<Arch>,
    /// Complete runs on such machines.
    runs: usize,
}

impl<'a> Older<'a> {
    pub(super) fn new(
        keep: &'a Keep,
        draft: &Draft<'a>,
        recording: &Recording,
        host: &Host,
    ) -> Result<Self, BuildError> {
        let native = draft.native;
        let profile = View::docker(native).engine.resolve(&keep.profile, host);
        if profile.default_action.reach() != Reach::Refused {
            return Err(BuildError::KeepsEverything {
                old: keep.name.clone(),
            });
        }
        let runs_here = |arch: &Arch| *arch == native || native.sub_architectures().contains(arch);
        if let Some(arch) = profile.architectures.iter().find(|arch| !runs_here(arch)) {
            return Err(BuildError::KeepsOther {
                old: keep.name.clone(),
                arch: *arch,
                native,
            });
        }
        let asked = &draft.options.arches;
        let arches = profile
            .architectures
            .iter()
            .filter(|arch| asked.is_empty() || asked.contains(arch) || **arch == native)
            .filter(|arch| {
                let lists = |base: &Profile| base.architectures.contains(arch);
                **arch == native || draft.base.is_none_or(lists)
            })
            .copied()
            .collect();
        let runs = recording
            .runs()
            .filter(|(_, run)| recording.gaps_of(run).next().is_none())
            .filter(|(_, run)| run.calls.keys().any(runs_here))
            .count();
        Ok(Self {
            keep,
            profile,
            base: draft.base,
            native,
            arches,
            runs,
        })
    }

    /// The architectures that are kept.
    pub(super) fn arches(&self) -> impl Iterator<Item = Arch> {
        self.arches.iter().copied()
    }

    /// Whether there is evidence enough that what no run shows is not needed.
    pub(super) fn is_pruned(&self) -> bool {
        self.keep
            .prune_after
            .is_some_and(|after| self.runs >= after.get())
    }

    /// What is kept beside `now`: all that it permits, but for what the base refuses.
    fn with<'p>(&'p self, now: &'p Profile, view: View, whole: bool) -> Union<'p> {
        let old: Box<dyn Policy + 'p> = Box::new(Meaning::new(&self.profile, &view));
        let kept = match self.base {
            Some(base) if !whole => {
                Box::new(Stack::new(vec![old, Box::new(Meaning::new(base, &view))]))
            }
            Some(_) | None => old,
        };
        Union::new(vec![kept, Box::new(Meaning::new(now, &view))])
    }

    /// Calls with a name that get farther in `with` than in `now`, on architectures that are kept.
    fn more(
        now: &Profile,
        with: &Union<'_>,
        view: View,
        options: &Options,
    ) -> Result<Vec<(SyscallName, Change)>, BuildError> {
        let difference = Difference::of(&Meaning::new(now, &view), with)?;
        let wider = difference.wider.into_iter();
        let more = wider.filter(|change| now.architectures.contains(&change.arch));
        let named = more.filter_map(|change| match &change.call {
            DiffCall::Name(name) => Some((name.clone(), change)),
            // Only a base that permits what it does not name has such.
            DiffCall::AnyOther | DiffCall::AnyFrom(_) | DiffCall::WholeArchitecture => None,
        });
        Ok(named
            .filter(|(name, _)| !options.deny.contains_key(name))
            .collect())
    }

    /// Makes sure that nothing of it was lost but what was told.
    pub(super) fn check(
        &self,
        profile: &Profile,
        options: &Options,
        left_out: &[LeftOut],
    ) -> Result<(), BuildError> {
        let view = View::docker(self.native);
        let with = self.with(profile, view, false);
        let told = |name: &SyscallName| {
            left_out
                .iter()
                .any(|left| left.why == Why::NotCarried && left.call == CallId::Name(name.clone()))
        };
        let mut lost = Self::more(profile, &with, view, options)?;
        lost.retain(|(name, _)| !told(name));
        match lost.first() {
            None => Ok(()),
            Some((name, change)) => Err(BuildError::NotKept {
                old: self.keep.name.clone(),
                what: format!("{name} on {}", change.arch),
            }),
        }
    }
}

impl Draft<'_> {
    /// Adds what the older profile permits, or tells what of it is dropped.
    pub(super) fn keep(
        &mut self,
        older: &Older<'_>,
        permitted: &mut Permitted,
    ) -> Result<Kept, BuildError> {
        // Not of runc, which by itself answers ENOSYS to numbers above those named: names are still
        // to come.
        let view = View {
            engine: Engine::Crun,
            ..View::docker(self.native)
        };
        let mut kept = Kept {
            runs: older.runs,
            pruned: BTreeSet::new(),
        };
        // What calls behind them permit of the two need not be said of them, so they come last.
        let multiplexers = |name: &SyscallName| matches!(name.as_str(), "ipc" | "socketcall");
        for last in [false, true] {
            let now = self.now(permitted);
            let with = older.with(&now, view, false);
            let mut more = Older::more(&now, &with, view, self.options)?;
            more.retain(|(name, _)| multiplexers(name) == last);
            if older.is_pruned() {
                kept.pruned.extend(more.into_iter().map(|(name, _)| name));
                continue;
            }
            for (name, change) in more {
                if self.stance(name.as_str()) == Stance::NotCarried {
                    self.not_kept(change.arch, name, Why::NotCarried);
                    continue;
                }
                let rules = rules_of(&with, &now.architectures, &name, now.default_action)?;
                self.permit(&name, rules, permitted);
                self.add(name, Reason::Kept(older.keep.name.clone()));
            }
        }
        if older.is_pruned() {
            return Ok(kept);
        }
        let now = self.now(permitted);
        let with = older.with(&now, view, false);
        let whole = older.with(&now, view, true);
        let beyond = Difference::of(&with, &whole)?.wider;
        for change in beyond {
            let DiffCall::Name(name) = change.call else {
                continue;
            };
            if self.arches.contains(&change.arch) && !self.options.deny.contains_key(&name) {
                self.not_kept(change.arch, name, Why::KeptBeyond);
            }
        }
        Ok(kept)
    }

    fn not_kept(&mut self, arch: Arch, name: SyscallName, why: Why) {
        self.left_out.push(LeftOut {
            arch,
            call: CallId::Name(name),
            why,
            calls: 0,
            by: Vec::new(),
        });
    }

    /// The profile so far.
    fn now(&self, permitted: &Permitted) -> Profile {
        Profile {
            default_action: Action::Errno(action::EPERM),
            architectures: in_order(self.native, &self.arches),
            rules: permitted.rules(),
            flags: Vec::new(),
        }
    }

    /// Permits a call as these rules do, instead of what was said of it.
    fn permit(&self, name: &SyscallName, rules: Vec<Rule>, permitted: &mut Permitted) {
        let allows = |rule: &Rule| rule.action.reach() == Reach::Permitted;
        if rules
            .iter()
            .any(|rule| allows(rule) && rule.conditions.is_empty())
        {
            permitted.conditional.remove(name);
            permitted.plain.insert(name.clone());
            return;
        }
        // The comment does not tell that it was kept, as it would come and go with the runs.
        let from_base = matches!(self.stance(name.as_str()), Stance::Conditional(_));
        let comment = from_base.then(|| self.comment());
        let rules: Vec<Rule> = rules
            .into_iter()
            .filter(allows)
            .map(|rule| Rule {
                action: Action::Allow,
                comment: comment.clone(),
                ..rule
            })
            .collect();
        if !rules.is_empty() {
            permitted.conditional.insert(name.clone(), rules);
        }
    }
}
