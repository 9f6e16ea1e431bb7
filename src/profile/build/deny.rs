//! Calls that the user denies.

use super::{BuildError, DefaultAction, Draft, Options, Stance, Why};
use crate::arch::Arch;
use crate::profile::engine::View;
use crate::profile::eval::Meaning;
use crate::profile::floor::Needed;
use crate::profile::implied::IMPLIED;
use crate::profile::policy::Policy as _;
use crate::profile::{Profile, action::Reach};
use crate::syscalls::{SyscallName, table};

impl Draft<'_> {
    /// Why an observed call is not in the profile, if it is denied.
    pub(super) fn denied(&self, name: &SyscallName) -> Option<Why> {
        self.options.deny.get(name).cloned().map(Why::Denied)
    }

    /// Refuses to deny what a container can't do without: a profile starts the first time.
    pub(super) fn check_denied(&self) -> Result<(), BuildError> {
        for name in self.options.deny.keys() {
            let floor = self
                .options
                .floor
                .calls(self.native, self.options.no_new_privileges)
                .find(|(needed, _)| *needed == name.as_str())
                .map(|(_, who)| who.to_string())
                .or_else(|| self.options.recorded_floor.get(name).map(Needed::to_string));
            let implied = IMPLIED
                .iter()
                .find(|implied| implied.name == name.as_str() && self.on_any_arch(implied.name))
                .map(|implied| implied.why.to_owned());
            let refused = self
                .base
                .is_some_and(|base| matches!(Stance::of(base, name.as_str()), Stance::Refused(_)));
            if let Some(why) = floor.or(implied).filter(|_| !refused) {
                return Err(BuildError::Needed {
                    name: name.clone(),
                    why,
                });
            }
        }
        Ok(())
    }
}

/// Makes sure that what is denied is refused, whatever engines make of the rules.
pub(super) fn check(profile: &Profile, native: Arch, options: &Options) -> Result<(), BuildError> {
    if options.default == DefaultAction::Log {
        return Ok(());
    }
    let view = View::docker(native);
    let meaning = Meaning::new(profile, &view);
    for name in options.deny.keys() {
        for arch in &profile.architectures {
            let Some(number) = table(*arch).number(name.as_str()) else {
                continue;
            };
            let call = meaning
                .call(*arch, number)
                .map_err(crate::profile::diff::DiffError::from)?;
            if call
                .flow
                .answers()
                .any(|answer| answer.reach() == Reach::Permitted)
            {
                return Err(BuildError::StillPermitted {
                    name: name.clone(),
                    arch: *arch,
                });
            }
        }
    }
    Ok(())
}
