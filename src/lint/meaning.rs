//! The one place where the lint asks what a profile means.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::profile::action::{ENOSYS, Reach};
use crate::profile::decision::Decisions;
use crate::profile::diff::{CallId, Difference, Extent};
use crate::profile::eval::Meaning;
use crate::profile::policy::Policy as _;
use crate::profile::{
    Action, Condition, ConditionalProfile, Engine, Host, Libseccomp, Profile, Rule, View,
};
use crate::syscalls::{SyscallName, table};

/// A profile as some engines read it alike.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) engines: Vec<Engine>,
    pub(super) profile: Profile,
}

/// The profile as each engine reads it on `host`, those together that read the same.
pub(super) fn readings(
    profile: &ConditionalProfile,
    engines: &[Engine],
    host: &Host,
) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for engine in engines {
        let flat = engine.resolve(profile, host);
        match readings.iter_mut().find(|known| known.profile == flat) {
            Some(known) => known.engines.push(*engine),
            None => readings.push(Reading {
                engines: vec![*engine],
                profile: flat,
            }),
        }
    }
    readings
}

/// An engine that adds nothing of its own to what libseccomp makes of a profile.
const fn plain(native: Arch) -> View {
    View {
        engine: Engine::Crun,
        libseccomp: Libseccomp::NEWEST,
        native,
    }
}

/// Calls that get farther in `new` than in `old` on any of its architectures, each with whether
/// `old` permits it too, for other arguments. Those that follow from the default actions alone
/// are left out.
pub(super) fn wider(
    old: &Profile,
    new: &Profile,
    native: Arch,
) -> Result<BTreeMap<SyscallName, Extent>, String> {
    let difference =
        Difference::between(old, new, &plain(native)).map_err(|error| error.to_string())?;
    let mut wider = BTreeMap::new();
    for change in difference.wider {
        if let CallId::Name(name) = change.call
            && !change.by_default
        {
            let extent = wider.entry(name).or_insert(change.extent);
            *extent = (*extent).min(change.extent);
        }
    }
    Ok(wider)
}

/// Calls that `new` permits and `old` does not because of a rule, on `native` alone.
pub(super) fn opened(
    old: &Profile,
    new: &Profile,
    native: Arch,
) -> Result<BTreeSet<SyscallName>, String> {
    let alone = |profile: &Profile| Profile {
        architectures: vec![native],
        ..profile.clone()
    };
    Ok(wider(&alone(old), &alone(new), native)?
        .into_keys()
        .collect())
}

/// Whether one of these conditions holds for whatever arguments.
pub(super) fn always_holds(conditions: &[Condition], native: Arch) -> bool {
    let profile = |conditions: Vec<Condition>| Profile {
        default_action: Action::Errno(ENOSYS),
        architectures: vec![native],
        rules: vec![Rule {
            conditions,
            ..Rule::unconditional(vec![SyscallName::known("read")], Action::Allow)
        }],
        flags: Vec::new(),
    };
    Difference::between(
        &profile(Vec::new()),
        &profile(conditions.to_vec()),
        &plain(native),
    )
    .is_ok_and(|difference| difference.is_identical())
}

/// What an engine makes of calls.
pub(super) struct Answers<'p> {
    meaning: Meaning<'p>,
    native: Arch,
}

impl<'p> Answers<'p> {
    pub(super) fn new(
        profile: &'p Profile,
        engine: Engine,
        libseccomp: Libseccomp,
        native: Arch,
    ) -> Self {
        let view = View {
            engine,
            libseccomp,
            native,
        };
        Self {
            meaning: Meaning::new(profile, &view),
            native,
        }
    }

    /// The largest number that the profile names, where the runtime answers ENOSYS to those above.
    pub(super) fn boundary(&self) -> Option<u32> {
        let first = self.meaning.enosys_from(self.native)?;
        Some(first.saturating_sub(1))
    }

    /// Whether `native` has the call.
    pub(super) fn has(&self, name: &str) -> bool {
        table(self.native).number(name).is_some()
    }

    /// Whether the call is permitted with some arguments, as far as the rules say.
    pub(super) fn permits(&self, name: &str) -> bool {
        let rules = self.meaning.written(self.native, name);
        let permits = |action: Action| action.reach() == Reach::Permitted;
        permits(rules.otherwise()) || rules.cases().iter().any(|case| permits(case.action))
    }

    /// Whether the answer depends on arguments.
    pub(super) fn depends(&self, name: &str) -> bool {
        !self.meaning.written(self.native, name).cases().is_empty()
    }

    /// What a call gets for which no rule about arguments counts.
    pub(super) fn otherwise(&self, name: &str) -> Action {
        self.meaning.written(self.native, name).otherwise()
    }

    /// What a call gets with these arguments; what the rules say where there is no filter, which
    /// is a finding of its own.
    pub(super) fn answer(&self, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
        self.meaning
            .answer(arch, name, args)
            .unwrap_or_else(|_no_filter| self.meaning.written(arch, name).answer(args))
    }

    /// Whether the filter is made for the architecture.
    pub(super) fn covers(&self, arch: Arch) -> bool {
        self.meaning.architectures().contains(&arch)
    }

    /// Why libseccomp makes no filter of the profile, if it does not; and whether that is not
    /// known, as it is too much to tell.
    pub(super) fn refusal(&self) -> Option<(String, bool)> {
        let number = self.native.first_number();
        let error = self.meaning.call(self.native, number).err()?;
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        let text = format!("{error}: {}", reason.unwrap_or_default());
        Some((text, error.is_too_complex()))
    }

    /// Calls whose rules libseccomp merges into something else than they say: for each the first
    /// architecture where it does, arguments, what the rules say to them and what the filter does.
    ///
    /// # Errors
    ///
    /// The call at which it got too much to tell.
    pub(super) fn merged(&self) -> Result<Vec<Merged>, String> {
        let mut all: Vec<Merged> = Vec::new();
        // One for all calls, so that the work is bounded over the whole profile.
        let mut decisions = Decisions::new();
        for arch in self.meaning.architectures() {
            for (name, number) in table(*arch).iter() {
                if all.iter().any(|known| known.name == name) {
                    continue;
                }
                let Ok(call) = self.meaning.call(*arch, number) else {
                    continue;
                };
                let Some(rules) = &call.rules else {
                    continue;
                };
                let too_complex = || format!("`{name}` on {arch}");
                let (Ok(written), Ok(made)) =
                    (decisions.build(rules), decisions.of_flow(&call.flow))
                else {
                    return Err(too_complex());
                };
                let mut answers = None;
                let args = decisions.witness(written, made, |written, made| {
                    answers = Some((written, made));
                    written != made
                });
                let Ok(args) = args else {
                    return Err(too_complex());
                };
                if let (Some(args), Some((written, made))) = (args, answers) {
                    all.push(Merged {
                        name,
                        arch: *arch,
                        args,
                        written,
                        made,
                    });
                }
            }
        }
        Ok(all)
    }
}

/// A call that gets something else than its rules say.
pub(super) struct Merged {
    pub(super) name: &'static str,
    pub(super) arch: Arch,
    pub(super) args: [u64; 6],
    pub(super) written: Action,
    pub(super) made: Action,
}
