//! Calls of the runtime that a profile refuses.

use callsieve::arch::Arch;
use callsieve::profile::action::Reach;
use callsieve::profile::eval::Meaning;
use callsieve::profile::floor::{Needed, RuntimeFloor};
use callsieve::profile::policy::Policy as _;
use callsieve::syscalls::table;

/// A call that the runtime makes and the profile refuses.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    /// Its name.
    pub(crate) name: &'static str,
    /// Who needs it, and how that is known.
    pub(crate) needed: Needed,
}

/// What a floor has and a profile refuses whatever the arguments.
pub(crate) fn missing(
    profile: &Meaning<'_>,
    native: Arch,
    floor: RuntimeFloor,
    no_new_privileges: bool,
) -> Vec<Missing> {
    let refused = |name: &str| {
        let number = table(native).number(name);
        let call = number.and_then(|number| profile.call(native, number).ok());
        call.is_some_and(|call| {
            let mut answers = call.flow.answers();
            answers.all(|action| action.reach() != Reach::Permitted)
        })
    };
    floor
        .calls(native, no_new_privileges)
        .filter(|(name, _)| refused(name))
        .map(|(name, needed)| Missing { name, needed })
        .collect()
}
