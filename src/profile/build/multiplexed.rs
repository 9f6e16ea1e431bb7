//! `socketcall` and `ipc`, behind which other calls are made: engines let a rule for such a call
//! apply to its multiplexer as well.

use super::{Draft, Stance};
use crate::profile::Profile;
use crate::profile::action::Reach;
use crate::syscalls::multiplexer;

impl Draft<'_> {
    /// Whether a base without a rule for this multiplexer has one that refuses a call behind it.
    pub(super) fn refuses_behind(&self, base: &Profile, name: &str) -> bool {
        matches!(name, "ipc" | "socketcall")
            && !base.rules.iter().any(|rule| {
                rule.action != base.default_action && rule.names.iter().any(|n| n.as_str() == name)
            })
            && base.rules.iter().any(|rule| {
                rule.action.reach() != Reach::Permitted
                    && rule.names.iter().any(|n| self.is_behind(n.as_str(), name))
            })
    }

    fn is_behind(&self, name: &str, known: &str) -> bool {
        self.arches
            .iter()
            .any(|arch| multiplexer(*arch, name) == Some(known))
    }

    /// Multiplexers that the base refuses in so many words, as Docker 29.4.2 does with
    /// `socketcall`, although it allows calls behind them. A rule for such a call makes one for
    /// its multiplexer, so the refusal has to come along. Not as EPERM: engines drop rules that
    /// say what the default does.
    pub(super) fn refused_multiplexers(&self) -> Vec<&'static str> {
        let Some(base) = self.base else {
            return Vec::new();
        };
        let behind = |known: &str| {
            self.names
                .keys()
                .any(|name| self.is_behind(name.as_str(), known))
        };
        ["ipc", "socketcall"]
            .into_iter()
            .filter(|name| !self.names.contains_key(*name) && behind(name))
            .filter(|name| match Stance::of(base, name) {
                _ if self.options.deny.contains_key(*name) => true,
                Stance::Refused(answer) => answer != base.default_action,
                Stance::Allowed | Stance::Conditional(_) | Stance::NotCarried => false,
            })
            .collect()
    }
}
