//! JSON to a [`File`]: leniently, with a finding for each part that can't be read.

use std::ops::Range;

use jsonc_parser::ast::{Array, Object, ObjectProp, StringLit, Value};
use jsonc_parser::common::Ranged as _;

use super::Rule as Lint;
use super::file::{Arg, At, Entry, Errno, File, Name};
use super::finding::{Draft, Findings};
use super::words::{closest, quoted};
use crate::arch::Arch;
use crate::formats::docker::FLAGS;
use crate::formats::docker::object::Word;
use crate::formats::docker::words::{DockerArch, ErrnoName, Operator, is_known};
use crate::profile::{Action, Applies, ArgIndex, Capability, Condition, KernelVersion};
use crate::syscalls::SyscallName;

const PROFILE: &[&str] = &[
    "$schema",
    "archMap",
    "architectures",
    "comment",
    "defaultAction",
    "defaultErrno",
    "defaultErrnoRet",
    "flags",
    "listenerMetadata",
    "listenerPath",
    "syscalls",
];
const ROW: &[&str] = &["architecture", "subArchitectures"];
const RULE: &[&str] = &[
    "action", "args", "comment", "errno", "errnoRet", "excludes", "includes", "name", "names",
];
const ARGUMENT: &[&str] = &["index", "op", "value", "valueTwo"];
const APPLIES: &[&str] = &["arches", "caps", "minKernel"];

/// Reads, and tells what it can't read.
pub(super) struct Reader<'f, 'o, 't> {
    findings: &'f mut Findings<'o, 't>,
    /// Whether someone is asked about who takes a field in its own letters alone.
    exact_case: bool,
    unclear: bool,
}

fn range_of(value: &Value<'_>) -> Range<usize> {
    let range = value.range();
    range.start..range.end
}

fn field_range(field: &ObjectProp<'_>) -> Range<usize> {
    field.range.start..field.range.end
}

fn name_range(field: &ObjectProp<'_>) -> Range<usize> {
    let range = field.name.range();
    range.start..range.end
}

impl<'f, 'o, 't> Reader<'f, 'o, 't> {
    pub(super) fn new(findings: &'f mut Findings<'o, 't>, exact_case: bool) -> Self {
        Self {
            findings,
            exact_case,
            unclear: false,
        }
    }

    /// The file that the object is.
    pub(super) fn file(mut self, text: &'t str, root: &Object<'t>) -> File<'t> {
        let mut file = File {
            text,
            range: root.range.start..root.range.end,
            default_action: None,
            default_errno: Errno::default(),
            architectures: None,
            arch_map: None,
            flags: Vec::new(),
            has_listener: false,
            syscalls: None,
            entries: Vec::new(),
            unclear: false,
        };
        for (key, field) in self.fields(root, PROFILE) {
            let value = &field.value;
            match key {
                "defaultAction" => file.default_action = self.action(value),
                "defaultErrnoRet" => {
                    file.default_errno.number = self.number(value);
                    file.default_errno.field = Some(field_range(field));
                }
                "defaultErrno" => file.default_errno.named = self.errno(value),
                "architectures" => {
                    file.architectures = self.array(value).map(|list| At {
                        value: self.words(list),
                        range: range_of(value),
                    });
                }
                "archMap" => {
                    file.arch_map = self.array(value).map(|list| At {
                        value: list
                            .elements
                            .iter()
                            .filter_map(|row| self.row(row))
                            .collect(),
                        range: field_range(field),
                    });
                }
                "flags" => file.flags = self.flags(value),
                "listenerPath" => {
                    file.has_listener = self
                        .string(value)
                        .is_some_and(|text| !text.value.is_empty());
                }
                "syscalls" => {
                    file.syscalls = Some(range_of(value));
                    for entry in self
                        .array(value)
                        .into_iter()
                        .flat_map(|list| &list.elements)
                    {
                        file.entries.extend(self.entry(entry));
                    }
                }
                "$schema" | "comment" | "listenerMetadata" => {
                    self.string(value);
                }
                _ => {}
            }
        }
        file.unclear = self.unclear;
        file
    }

    /// The fields of an object by their own names. Others are told; of a doubled one the last
    /// counts, as for Go.
    fn fields<'v>(
        &mut self,
        object: &'v Object<'t>,
        known: &'static [&'static str],
    ) -> Vec<(&'static str, &'v ObjectProp<'t>)> {
        let mut fields: Vec<(&'static str, &ObjectProp<'t>)> = Vec::new();
        for field in &object.properties {
            let written = field.name.as_str();
            let exact = known.iter().find(|name| **name == written);
            let name =
                exact.or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(written)));
            let Some(&name) = name else {
                self.unknown_field(field, known);
                continue;
            };
            if exact.is_none() && self.exact_case {
                self.other_case(field, name);
            }
            if let Some(first) = fields.iter_mut().find(|(known, _)| *known == name) {
                let message = format!("`{name}` is given twice");
                self.findings.add(
                    Draft::new(Lint::FieldTwice, &name_range(field), message)
                        .note("Go takes the last one, other readers the first, or none"),
                );
                first.1 = field;
                continue;
            }
            // `null` is as good as nothing.
            if !matches!(field.value, Value::NullKeyword(_)) {
                fields.push((name, field));
            }
        }
        fields
    }

    fn unknown_field(&mut self, field: &ObjectProp<'t>, known: &[&'static str]) {
        let written = field.name.as_str();
        let mut draft = Draft::new(
            Lint::UnknownField,
            &name_range(field),
            format!("unknown field {}", quoted(written)),
        );
        if let Some(meant) = closest(written, known.iter().copied()) {
            draft = draft.help(format!("did you mean `{meant}`?"));
        } else if known.len() < 6 {
            draft = draft.help(format!("known here are {}", known.join(", ")));
        }
        self.findings.add(draft);
    }

    fn other_case(&mut self, field: &ObjectProp<'t>, name: &'static str) {
        let message = format!("{} is spelt `{name}`", quoted(field.name.as_str()));
        let engines = self.findings.asked(super::engines::EXACT_CASE);
        self.findings.add(
            Draft::new(Lint::FieldCase, &name_range(field), message)
                .of(&engines)
                .fix(
                    format!("write `{name}`"),
                    vec![(name_range(field), format!("\"{name}\""))],
                ),
        );
    }

    fn bad(&mut self, range: &Range<usize>, message: impl Into<String>) {
        self.unclear = true;
        self.findings
            .add(Draft::new(Lint::BadValue, range, message));
    }

    fn string<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v StringLit<'t>> {
        if let Value::StringLit(text) = value {
            return Some(text);
        }
        self.bad(&range_of(value), "a string is expected here");
        None
    }

    fn array<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v Array<'t>> {
        if let Value::Array(list) = value {
            return Some(list);
        }
        self.bad(&range_of(value), "a list is expected here");
        None
    }

    fn object<'v>(&mut self, value: &'v Value<'t>) -> Option<&'v Object<'t>> {
        if let Value::Object(object) = value {
            return Some(object);
        }
        self.bad(&range_of(value), "an object is expected here");
        None
    }

    /// A whole number from 0 to `max`.
    fn whole(&mut self, value: &Value<'t>, max: u64) -> Option<At<u64>> {
        let range = range_of(value);
        let expected = format!("a whole number from 0 to {max} is expected here");
        let Value::NumberLit(number) = value else {
            self.bad(&range, expected);
            return None;
        };
        match number.value.parse() {
            Ok(value) if value <= max => Some(At { value, range }),
            Ok(_) | Err(_) => {
                self.bad(&range, expected);
                None
            }
        }
    }

    fn number(&mut self, value: &Value<'t>) -> Option<At<u16>> {
        let At { value, range } = self.whole(value, u64::from(u16::MAX))?;
        let value = u16::try_from(value).ok()?;
        Some(At { value, range })
    }

    fn errno(&mut self, value: &Value<'t>) -> Option<At<u16>> {
        let text = self.string(value)?;
        match ErrnoName::from_word(&text.value) {
            Ok(ErrnoName(number)) => Some(At {
                value: number,
                range: range_of(value),
            }),
            Err(why) => {
                self.bad(&range_of(value), why);
                None
            }
        }
    }

    /// A word that engines refuse where they do not know it.
    fn word<T: Word>(&mut self, value: &Value<'t>) -> Option<At<T>> {
        let text = self.string(value)?;
        let range = range_of(value);
        match T::from_word(&text.value) {
            Ok(value) => Some(At { value, range }),
            Err(why) => {
                self.unclear = true;
                self.findings
                    .add(Draft::new(Lint::UnknownWord, &range, why));
                None
            }
        }
    }

    fn words<T: Word>(&mut self, list: &Array<'t>) -> Vec<At<T>> {
        let words = list.elements.iter();
        words.filter_map(|word| self.word(word)).collect()
    }

    fn action(&mut self, value: &Value<'t>) -> Option<At<Action>> {
        let action = self.word(value)?;
        if action.value == Action::KillThread {
            let text = value.as_string_lit().map(|text| text.value.to_string());
            let message = format!(
                "`{}` kills a thread, not the process",
                text.unwrap_or_default()
            );
            self.findings.add(
                Draft::new(Lint::KillThread, &action.range, message)
                    .help("`SCMP_ACT_KILL_PROCESS` ends the whole program"),
            );
        }
        Some(action)
    }

    fn flags(&mut self, value: &Value<'t>) -> Vec<At<String>> {
        let mut flags = Vec::new();
        for flag in self
            .array(value)
            .into_iter()
            .flat_map(|list| &list.elements)
        {
            let Some(text) = self.string(flag) else {
                continue;
            };
            if FLAGS.contains(&text.value.as_ref()) {
                flags.push(At {
                    value: text.value.to_string(),
                    range: range_of(flag),
                });
            } else {
                let message = format!("unknown flag {}", quoted(&text.value));
                self.findings
                    .add(Draft::new(Lint::UnknownWord, &range_of(flag), message));
            }
        }
        flags
    }

    fn row(&mut self, value: &Value<'t>) -> Option<(Arch, Vec<Arch>)> {
        let object = self.object(value)?;
        let (mut arch, mut subs) = (None, Vec::new());
        for (key, field) in self.fields(object, ROW) {
            match key {
                "architecture" => arch = self.word(&field.value),
                "subArchitectures" => {
                    if let Some(list) = self.array(&field.value) {
                        subs = self.words(list).into_iter().map(|at| at.value).collect();
                    }
                }
                _ => {}
            }
        }
        arch.map(|arch| (arch.value, subs))
    }

    fn entry(&mut self, value: &Value<'t>) -> Option<Entry<'t>> {
        let object = self.object(value)?;
        let mut entry = Entry {
            range: range_of(value),
            names: Vec::new(),
            names_field: None,
            name_field: None,
            action: None,
            errno: Errno::default(),
            args: Vec::new(),
            includes: None,
            excludes: None,
        };
        for (key, field) in self.fields(object, RULE) {
            let value = &field.value;
            match key {
                "names" => {
                    entry.names_field = Some(field_range(field));
                    for name in self
                        .array(value)
                        .into_iter()
                        .flat_map(|list| &list.elements)
                    {
                        entry.names.extend(self.name(name));
                    }
                }
                "name" => {
                    entry.name_field = Some(field_range(field));
                    entry.names.extend(self.name(value));
                }
                "action" => entry.action = self.action(value),
                "errnoRet" => {
                    entry.errno.number = self.number(value);
                    entry.errno.field = Some(field_range(field));
                }
                "errno" => entry.errno.named = self.errno(value),
                "args" => {
                    for arg in self
                        .array(value)
                        .into_iter()
                        .flat_map(|list| &list.elements)
                    {
                        entry.args.extend(self.argument(arg));
                    }
                }
                "includes" => entry.includes = self.applies(field),
                "excludes" => entry.excludes = self.applies(field),
                "comment" => {
                    self.string(value);
                }
                _ => {}
            }
        }
        if entry.action.is_none()
            && !object
                .properties
                .iter()
                .any(|f| f.name.as_str() == "action")
        {
            self.bad(&entry.range, "a rule without `action`");
        }
        Some(entry)
    }

    fn name(&mut self, value: &Value<'t>) -> Option<At<Name<'t>>> {
        let text = self.string(value)?.value.clone();
        let known = is_known(&text)
            .then(|| SyscallName::new(&text).ok())
            .flatten();
        Some(At {
            value: Name { text, known },
            range: range_of(value),
        })
    }

    fn argument(&mut self, value: &Value<'t>) -> Option<Arg> {
        let object = self.object(value)?;
        let range = range_of(value);
        let (mut index, mut first, mut second, mut operator) = (None, None, None, None);
        let mut told = false;
        for (key, field) in self.fields(object, ARGUMENT) {
            let value = &field.value;
            match key {
                "index" => match self.whole(value, u64::from(u32::MAX)) {
                    Some(at) => {
                        index = u8::try_from(at.value).ok().and_then(ArgIndex::new);
                        if index.is_none() {
                            self.unclear = true;
                            let message = format!("there is no argument {}", at.value);
                            self.findings.add(
                                Draft::new(Lint::ArgumentIndex, &at.range, message)
                                    .help("arguments are counted from 0 to 5"),
                            );
                        }
                    }
                    None => told = true,
                },
                "value" => first = self.whole(value, u64::MAX),
                "valueTwo" => {
                    second = self.whole(value, u64::MAX).map(|at| At {
                        value: at.value,
                        range: field_range(field),
                    });
                }
                "op" => operator = self.word::<Operator>(value),
                _ => {}
            }
            told |= self.unclear;
        }
        let (Some(index), Some(first), Some(operator)) = (index, first, operator) else {
            if !told {
                self.bad(&range, "`index`, `value` and `op` are needed");
            }
            self.unclear = true;
            return None;
        };
        let expected = second.as_ref().map_or(0, |at| at.value);
        Some(Arg {
            range,
            index,
            condition: Condition {
                arg: index,
                test: operator.value.test(first.value, expected),
            },
            value_two: second,
        })
    }

    fn applies(&mut self, field: &ObjectProp<'t>) -> Option<At<Applies>> {
        let object = self.object(&field.value)?;
        let mut applies = Applies::default();
        for (key, inner) in self.fields(object, APPLIES) {
            let value = &inner.value;
            match key {
                "caps" => {
                    for cap in self
                        .array(value)
                        .into_iter()
                        .flat_map(|list| &list.elements)
                    {
                        applies
                            .capabilities
                            .extend(self.condition::<Capability>(cap));
                    }
                }
                "arches" => {
                    for arch in self
                        .array(value)
                        .into_iter()
                        .flat_map(|list| &list.elements)
                    {
                        let name = self.condition::<DockerArch>(arch);
                        applies.arches.extend(name.map(|DockerArch(name)| name));
                    }
                }
                "minKernel" => {
                    let text = self.string(value)?;
                    match KernelVersion::from_word(&text.value) {
                        Ok(version) => applies.min_kernel = Some(version),
                        Err(why) => self.bad(&range_of(value), why),
                    }
                }
                _ => {}
            }
        }
        Some(At {
            value: applies,
            range: field_range(field),
        })
    }

    /// A word of a condition: one that is unknown is never met.
    fn condition<T: Word>(&mut self, value: &Value<'t>) -> Option<T> {
        let text = self.string(value)?;
        match T::from_word(&text.value) {
            Ok(word) => Some(word),
            Err(why) => {
                // What the rule means then can be said, but not with the names that are known.
                self.unclear = true;
                self.findings
                    .add(Draft::new(Lint::NeverTrue, &range_of(value), why));
                None
            }
        }
    }
}
