//! How Docker's default answers one call, release after release.

use super::DockerRelease;
use super::rules::RULES;
use crate::profile::action::EPERM;
use crate::profile::answer::Answer;
use crate::profile::diff::{DiffError, Difference};
use crate::profile::eval::Meaning;
use crate::profile::{Action, ConditionalRule, Host, Profile, View};
use crate::syscalls::table;

/// Releases in a row, in the order of their numbers, that answer a call alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Era {
    /// The first of them.
    pub first: DockerRelease,
    /// The last of them; the newest release where nothing has changed since.
    pub last: DockerRelease,
    /// What a container on the host gets.
    pub answer: Answer,
}

/// What a container on `host` got from the default of each known release for the call `name` of
/// the host's own architecture. Empty if the architecture has no such call.
///
/// A release of an older line may be younger than one of a newer: 23.0.10 has what 24.0.9 lacks.
/// Each default is taken as its rules about this call alone, so that the answer to a call that it
/// does not name is the default action; runc's ENOSYS for numbers above all that are named is
/// left out, as it depends on the other names.
///
/// # Errors
///
/// [`DiffError`] if an answer can't be told.
pub fn history(name: &str, host: &Host) -> Result<Vec<Era>, DiffError> {
    let Some(number) = table(host.native).number(name) else {
        return Ok(Vec::new());
    };
    let mut eras: Vec<Era> = Vec::new();
    let mut said: Option<Vec<ConditionalRule>> = None;
    for release in DockerRelease::all() {
        let rules = RULES.iter().filter_map(|rule| rule.about(name, release));
        let rules: Vec<ConditionalRule> = rules.collect();
        let answer = match eras.last() {
            // The releases are many, and few of them say something new.
            Some(era) if said.as_ref() == Some(&rules) => era.answer.clone(),
            Some(_) | None => answer(&rules, host, number)?,
        };
        said = Some(rules);
        match eras.last_mut() {
            Some(era) if era.answer == answer => era.last = release,
            Some(_) | None => eras.push(Era {
                first: release,
                last: release,
                answer,
            }),
        }
    }
    Ok(eras)
}

/// What rules about one call alone make of it.
fn answer(rules: &[ConditionalRule], host: &Host, number: u32) -> Result<Answer, DiffError> {
    let applying = rules.iter().filter(|rule| rule.applies(host));
    let profile = Profile {
        default_action: Action::Errno(EPERM),
        architectures: vec![host.native],
        rules: applying.map(|rule| rule.rule.clone()).collect(),
        flags: Vec::new(),
    };
    if profile.rules.is_empty() {
        return Ok(Answer::Constant(profile.default_action));
    }
    let view = View::docker(host.native);
    Difference::answer(&Meaning::new(&profile, &view), host.native, number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Arch;
    use crate::profile::{Capability, KernelVersion};

    fn check(arch: Arch, name: &str, expected: &[&str]) {
        let host = Host {
            native: arch,
            capabilities: Capability::docker_default().collect(),
            kernel: KernelVersion {
                major: 6,
                minor: 18,
            },
        };
        let eras = history(name, &host).unwrap();
        let eras: Vec<String> = eras
            .iter()
            .map(|era| format!("{} to {}: {}", era.first, era.last, era.answer))
            .collect();
        assert_eq!(eras, expected, "{name}");
    }

    #[test]
    fn calls_come_and_go() {
        check(Arch::X86_64, "keyctl", &["20.10.0 to 29.7.2: EPERM"]);
        check(Arch::X86_64, "read", &["20.10.0 to 29.7.2: allow"]);
        check(
            Arch::X86_64,
            "io_uring_setup",
            &["20.10.0 to 24.0.9: allow", "25.0.0 to 29.7.2: EPERM"],
        );
        check(
            Arch::X86_64,
            "cachestat",
            &[
                "20.10.0 to 23.0.9: EPERM",
                "23.0.10 to 23.0.18: allow",
                "24.0.0 to 25.0.2: EPERM",
                "25.0.3 to 29.7.2: allow",
            ],
        );
        check(
            Arch::X86_64,
            "clone3",
            &["20.10.0 to 20.10.9: EPERM", "20.10.10 to 29.7.2: ENOSYS"],
        );
        check(Arch::X86_64, "mount", &["20.10.0 to 29.7.2: EPERM"]);
        check(Arch::Aarch64, "open", &[]);
    }
}
