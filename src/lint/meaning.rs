//! The one place where the lint asks what a profile means.

use std::collections::{BTreeMap, BTreeSet};

use crate::arch::Arch;
use crate::profile::action::{ENOSYS, Reach};
use crate::profile::diff::{CallId, Difference, Extent};
use crate::profile::engine::EnosysStub;
use crate::profile::eval::Meaning;
use crate::profile::{
    Action, Condition, ConditionalProfile, Engine, Host, Libseccomp, Profile, Rule,
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

/// Calls that get farther in `new` than in `old` on any of its architectures, each with whether
/// `old` permits it too, for other arguments. Those that follow from the default actions alone
/// are left out.
pub(super) fn wider(
    old: &Profile,
    new: &Profile,
    native: Arch,
) -> Result<BTreeMap<SyscallName, Extent>, String> {
    let difference = Difference::between(old, new, native).map_err(|error| error.to_string())?;
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
    Difference::between(&profile(Vec::new()), &profile(conditions.to_vec()), native)
        .is_ok_and(|difference| difference.is_identical())
}

/// What an engine makes of calls.
pub(super) struct Answers<'p> {
    meaning: Meaning<'p>,
    native: Arch,
    /// Numbers above it get ENOSYS.
    boundary: Option<u32>,
}

impl<'p> Answers<'p> {
    pub(super) fn new(
        profile: &'p Profile,
        engine: Engine,
        libseccomp: Libseccomp,
        native: Arch,
    ) -> Self {
        Self {
            meaning: Meaning::new(profile, native),
            native,
            boundary: boundary(profile, engine, libseccomp, native),
        }
    }

    /// The largest number that the profile names, where the runtime answers ENOSYS to those above.
    pub(super) const fn boundary(&self) -> Option<u32> {
        self.boundary
    }

    /// Whether `native` has the call.
    pub(super) fn has(&self, name: &str) -> bool {
        table(self.native).number(name).is_some()
    }

    /// Whether the call is permitted with some arguments.
    pub(super) fn permits(&self, name: &str) -> bool {
        let rules = self.meaning.call(self.native, name);
        let permits = |action: Action| action.reach() == Reach::Permitted;
        permits(rules.otherwise()) || rules.cases().iter().any(|case| permits(case.action))
    }

    /// Whether the answer depends on arguments.
    pub(super) fn depends(&self, name: &str) -> bool {
        !self.meaning.call(self.native, name).cases().is_empty()
    }

    /// What a call gets for which no rule about arguments counts.
    pub(super) fn otherwise(&self, name: &str) -> Action {
        let above = self.boundary.is_some_and(|boundary| {
            table(self.native)
                .number(name)
                .is_some_and(|number| number > boundary)
        });
        if above {
            return Action::Errno(ENOSYS);
        }
        self.meaning.call(self.native, name).otherwise()
    }

    /// What a call gets with these arguments.
    pub(super) fn answer(&self, arch: Arch, name: &str, args: &[u64; 6]) -> Action {
        self.meaning.answer(arch, name, args)
    }

    /// Whether the filter is made for the architecture.
    pub(super) fn covers(&self, arch: Arch) -> bool {
        self.meaning.architectures().contains(&arch)
    }
}

/// runc's boundary on `native` (`libcontainer/seccomp/patchbpf/enosys_linux.go`): the largest number
/// of all names that its libseccomp knows, whatever their action.
fn boundary(
    profile: &Profile,
    engine: Engine,
    libseccomp: Libseccomp,
    native: Arch,
) -> Option<u32> {
    let has_stub = match engine.enosys_stub() {
        EnosysStub::Never => false,
        EnosysStub::Listed => profile.architectures.contains(&native),
        EnosysStub::ListedAndNative => true,
    };
    let passes = matches!(
        profile.default_action,
        Action::Allow | Action::Log | Action::Trace(_)
    );
    if !has_stub || passes {
        return None;
    }
    let names = profile.rules.iter().flat_map(|rule| &rule.names);
    names
        .filter(|name| libseccomp.knows(name.as_str()))
        .filter_map(|name| table(native).number(name.as_str()))
        .max()
}
