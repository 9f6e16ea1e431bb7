//! Where a profile says something about a call.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Findings;
use super::place::Places;
use super::read::Reader;
use super::{Options, Span, json};
use crate::arch::Arch;
use crate::profile::{Action, Applies, Condition, Host, KernelVersion, Libseccomp};

/// What a profile says in so many words, with places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Where the names of calls stand, in the order of the file.
    pub mentions: BTreeMap<String, Vec<Mention>>,
    /// The default action and where it stands.
    pub default: Option<(Action, Span)>,
}

/// A place where a call is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name's place, quotes and all.
    pub span: Span,
    /// What the rule answers.
    pub action: Option<Action>,
    /// What the rule asks of arguments.
    pub conditions: Vec<Condition>,
    /// When the rule applies.
    pub includes: Applies,
    /// When it does not.
    pub excludes: Applies,
}

/// What the profile in `bytes` says of each call, as far as it can be read.
pub fn written(bytes: &[u8]) -> Written {
    let Ok(text) = json::text(bytes) else {
        return Written::default();
    };
    let Ok(value) = json::parse(text) else {
        return Written::default();
    };
    let Some(root) = value.as_object() else {
        return Written::default();
    };
    // Nobody is asked about: there are no findings.
    let options = Options {
        engines: Vec::new(),
        libseccomp: Libseccomp::NEWEST,
        host: Host {
            native: Arch::X86_64,
            capabilities: BTreeSet::new(),
            kernel: KernelVersion { major: 0, minor: 0 },
        },
        no_new_privileges: false,
        levels: BTreeMap::new(),
    };
    let mut findings = Findings::new(&options, text);
    let file = Reader::new(&mut findings, false).file(text, root);
    let places = Places::new(text);
    let mut mentions: BTreeMap<String, Vec<Mention>> = BTreeMap::new();
    for entry in &file.entries {
        let (includes, excludes) = entry.applies();
        let conditions: Vec<Condition> = entry.args.iter().map(|arg| arg.condition).collect();
        for name in &entry.names {
            let known = mentions.entry(name.value.text.to_string()).or_default();
            known.push(Mention {
                span: places.span(&name.range),
                action: entry.action(),
                conditions: conditions.clone(),
                includes: includes.clone(),
                excludes: excludes.clone(),
            });
        }
    }
    Written {
        mentions,
        default: file.default_action().map(|action| {
            let at = places.span(&file.default_range());
            (action, at)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::action::EPERM;

    #[test]
    fn names_have_their_places() {
        let text = br#"{
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    {"names": ["read", "mount"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
     "args": [{"index": 3, "value": 1, "op": "SCMP_CMP_EQ"}], "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
  ]
}"#;
        let written = written(text);
        let mount = &written.mentions["mount"];
        let lines: Vec<_> = mount
            .iter()
            .map(|mention| {
                let place = mention.span.start;
                (place.line, place.column, mention.action)
            })
            .collect();
        assert_eq!(
            lines,
            [
                (4, 24, Some(Action::Allow)),
                (5, 16, Some(Action::Errno(38)))
            ]
        );
        assert_eq!(mount[1].span.end.column, 23);
        assert_eq!(mount[1].conditions.len(), 1);
        assert_eq!(mount[1].excludes.capabilities.len(), 1);
        assert_eq!(written.mentions.len(), 2);
        let (action, span) = written.default.unwrap();
        assert_eq!((action, span.start.line), (Action::Errno(EPERM), 2));
    }

    #[test]
    fn what_is_no_profile_says_nothing() {
        for text in ["", "{", "[]", "{}", "\u{feff}{}", "{\"syscalls\": 3}"] {
            assert_eq!(written(text.as_bytes()), Written::default(), "{text:?}");
        }
        assert_eq!(written(b"\xff"), Written::default());
    }
}
