//! The objects of a profile: which fields there are and what must hold between them.

use super::MAX_ERRNO;
use super::object::{Checked, Object, Text, Whole};
use super::words::{DockerArch, ErrnoName, Flag, Operator};
use crate::arch::Arch;
use crate::profile::{
    Action, Applies, ArgIndex, Capability, Condition, ConditionalRule, KernelVersion, Rule,
};
use crate::syscalls::SyscallName;

/// The fields of a profile that mean something.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) default_action: Option<Action>,
    pub(super) architectures: Vec<Arch>,
    pub(super) arch_map: Vec<(Arch, Vec<Arch>)>,
    pub(super) rules: Vec<ConditionalRule>,
    pub(super) flags: Vec<String>,
}

/// `LinuxSeccomp` of the OCI runtime specification with Docker's `archMap` and Podman's
/// `defaultErrno` (containers/container-libs, common/pkg/seccomp/types.go).
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawProfile {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
    default_action: Option<Text<Action>>,
    default_errno_ret: Option<Number>,
    default_errno: Option<Text<ErrnoName>>,
    architectures: Option<Vec<Text<Arch>>>,
    arch_map: Option<Vec<Object<Row>>>,
    flags: Option<Vec<Text<Flag>>>,
    // Who is asked about the calls of `SCMP_ACT_NOTIFY`; no matter of what is permitted.
    #[serde(rename = "listenerPath")]
    _listener_path: Option<String>,
    #[serde(rename = "listenerMetadata")]
    _listener_metadata: Option<String>,
    syscalls: Option<Vec<Object<ConditionalRule>>>,
}

impl Checked for Fields {
    type Raw = RawProfile;

    fn check(raw: RawProfile) -> Result<Self, String> {
        let number = number(raw.default_errno_ret, raw.default_errno.as_ref())?;
        let default_action = raw
            .default_action
            .map(|Text(action)| with_number(action, number))
            .transpose()?;
        let flags = words(raw.flags);
        Ok(Self {
            default_action,
            architectures: words(raw.architectures),
            arch_map: objects(raw.arch_map)
                .into_iter()
                .map(|Row(arch, subs)| (arch, subs))
                .collect(),
            rules: objects(raw.syscalls),
            flags: flags.into_iter().map(|Flag(name)| name).collect(),
        })
    }
}

/// A row of `archMap`: an architecture and its sub-architectures.
#[derive(Debug)]
pub(super) struct Row(Arch, Vec<Arch>);

/// How a [`Row`] is written.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawRow {
    architecture: Text<Arch>,
    sub_architectures: Option<Vec<Text<Arch>>>,
}

impl Checked for Row {
    type Raw = RawRow;

    fn check(raw: RawRow) -> Result<Self, String> {
        let Text(arch) = raw.architecture;
        Ok(Self(arch, words(raw.sub_architectures)))
    }
}

/// `LinuxSyscall` with Docker's conditions and `comment` and with Podman's `errno`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawRule {
    names: Option<Vec<Text<SyscallName>>>,
    name: Option<Text<SyscallName>>,
    action: Text<Action>,
    errno_ret: Option<Number>,
    errno: Option<Text<ErrnoName>>,
    args: Option<Vec<Object<Condition>>>,
    comment: Option<String>,
    includes: Option<Object<Applies>>,
    excludes: Option<Object<Applies>>,
}

impl Checked for ConditionalRule {
    type Raw = RawRule;

    fn check(raw: RawRule) -> Result<Self, String> {
        let mut names = words(raw.names);
        if let Some(Text(name)) = raw.name {
            if !names.is_empty() {
                return Err("both `name` and `names`: Docker refuses a rule with both".to_owned());
            }
            names.push(name);
        }
        if names.is_empty() {
            return Err("a rule without a name".to_owned());
        }
        let number = number(raw.errno_ret, raw.errno.as_ref())?;
        let Text(action) = raw.action;
        Ok(Self {
            rule: Rule {
                names,
                action: with_number(action, number)?,
                conditions: objects(raw.args),
                comment: raw.comment.filter(|comment| !comment.is_empty()),
            },
            includes: raw.includes.map(|Object(it)| it).unwrap_or_default(),
            excludes: raw.excludes.map(|Object(it)| it).unwrap_or_default(),
        })
    }
}

/// An element of `args`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawCondition {
    index: Whole<5>,
    value: Whole<{ u64::MAX }>,
    value_two: Option<Whole<{ u64::MAX }>>,
    op: Text<Operator>,
}

impl Checked for Condition {
    type Raw = RawCondition;

    fn check(raw: RawCondition) -> Result<Self, String> {
        let (Whole(index), Whole(value), Text(operator)) = (raw.index, raw.value, raw.op);
        let value_two = raw.value_two.map_or(0, |Whole(value)| value);
        let arg = u8::try_from(index).ok().and_then(ArgIndex::new);
        Ok(Self {
            arg: arg.ok_or_else(|| format!("there is no argument {index}"))?,
            test: operator.test(value, value_two),
        })
    }
}

/// `includes` or `excludes`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RawApplies {
    caps: Option<Vec<Text<Capability>>>,
    arches: Option<Vec<Text<DockerArch>>>,
    min_kernel: Option<Text<KernelVersion>>,
}

impl Checked for Applies {
    type Raw = RawApplies;

    fn check(raw: RawApplies) -> Result<Self, String> {
        let arches = words(raw.arches);
        Ok(Self {
            capabilities: words(raw.caps),
            arches: arches.into_iter().map(|DockerArch(name)| name).collect(),
            min_kernel: raw.min_kernel.map(|Text(version)| version),
        })
    }
}

/// What goes with an action: 16 bits, of which an error number uses fewer.
type Number = Whole<0xffff>;

/// The number where it is given, by itself, by name or by both.
fn number(number: Option<Number>, name: Option<&Text<ErrnoName>>) -> Result<Option<u16>, String> {
    let number = number.and_then(|Whole(number)| u16::try_from(number).ok());
    let named = name.map(|Text(ErrnoName(named))| *named);
    match (number, named) {
        (Some(number), Some(named)) if number != named => Err(format!(
            "the error is number {number}, but the one of that name is {named}"
        )),
        _ => Ok(number.or(named)),
    }
}

/// The action with its number. Of an action that takes none the number is dropped: crun alone
/// refuses it, and nobody uses it.
fn with_number(action: Action, number: Option<u16>) -> Result<Action, String> {
    match (action, number) {
        (Action::Errno(_), Some(number)) if number > MAX_ERRNO => Err(format!(
            "error number {number} is out of range 0 to {MAX_ERRNO}"
        )),
        (Action::Errno(_), Some(number)) => Ok(Action::Errno(number)),
        (Action::Trace(_), Some(message)) => Ok(Action::Trace(message)),
        _ => Ok(action),
    }
}

/// The words of a list, none where there is no list.
fn words<T>(list: Option<Vec<Text<T>>>) -> Vec<T> {
    let list = list.into_iter().flatten();
    list.map(|Text(word)| word).collect()
}

/// The objects of a list, none where there is no list.
fn objects<T>(list: Option<Vec<Object<T>>>) -> Vec<T> {
    let list = list.into_iter().flatten();
    list.map(|Object(object)| object).collect()
}
