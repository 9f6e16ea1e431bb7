//! A flat profile to JSON.

use super::MAX_ERRNO;
use crate::profile::{Action, Condition, Profile, Rule};
use crate::syscalls::SyscallName;

/// The JSON of a flat profile in the one shape that dockerd, containerd, CRI-O, Podman, runc,
/// crun and youki read alike: no `archMap`, no conditions, numbers only where crun takes them.
///
/// Two spaces of indentation, one name per line, a final newline; equal profiles give equal
/// bytes. Rules and architectures stand in the order given. Normalised is what has no meaning:
/// the names of a rule are sorted, each once; a rule without names and an empty comment are left
/// out; an error number above 4094 becomes 4094, the largest that libseccomp takes.
pub fn write(profile: &Profile) -> String {
    let mut fields = vec![("defaultAction", text(profile.default_action.scmp_name()))];
    fields.extend(number("defaultErrnoRet", profile.default_action));
    let architectures = profile.architectures.iter();
    let architectures: Vec<_> = architectures.map(|arch| text(arch.scmp_name())).collect();
    if !architectures.is_empty() {
        fields.push(("architectures", Node::List(architectures)));
    }
    if !profile.flags.is_empty() {
        let flags = profile.flags.iter().map(|flag| text(flag)).collect();
        fields.push(("flags", Node::List(flags)));
    }
    let rules = profile.rules.iter().filter_map(rule).collect();
    fields.push(("syscalls", Node::List(rules)));
    let mut out = String::new();
    Node::Object(fields).print(0, &mut out);
    out.push('\n');
    out
}

/// A rule, or `None` if it has no names.
fn rule(rule: &Rule) -> Option<Node> {
    let mut names: Vec<_> = rule.names.iter().map(SyscallName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return None;
    }
    let mut fields = vec![
        ("names", Node::List(names.into_iter().map(text).collect())),
        ("action", text(rule.action.scmp_name())),
    ];
    fields.extend(number("errnoRet", rule.action));
    if !rule.conditions.is_empty() {
        let args = rule.conditions.iter().map(condition).collect();
        fields.push(("args", Node::List(args)));
    }
    if let Some(comment) = rule.comment.as_deref().filter(|it| !it.is_empty()) {
        fields.push(("comment", text(comment)));
    }
    Some(Node::Object(fields))
}

/// The number of those actions that have one; crun refuses it of any other.
fn number(key: &'static str, action: Action) -> Option<(&'static str, Node)> {
    match action {
        Action::Errno(number) => Some((key, Node::Number(u64::from(number.min(MAX_ERRNO))))),
        Action::Trace(message) => Some((key, Node::Number(u64::from(message)))),
        Action::KillProcess
        | Action::KillThread
        | Action::Trap
        | Action::Notify
        | Action::Log
        | Action::Allow => None,
    }
}

fn condition(condition: &Condition) -> Node {
    let (operator, value, value_two) = condition.test.scmp();
    let mut fields = vec![
        ("index", Node::Number(u64::from(condition.arg.get()))),
        ("value", Node::Number(value)),
    ];
    fields.extend(value_two.map(|value| ("valueTwo", Node::Number(value))));
    fields.push(("op", text(operator)));
    Node::Object(fields)
}

/// JSON with the order of its keys.
enum Node {
    Text(String),
    Number(u64),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

impl Node {
    /// Appends the JSON; lines after the first are `depth` levels in.
    fn print(self, depth: usize, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&serde_json::Value::String(text).to_string()),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::List(items) => {
                for (at, item) in items.into_iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    new_line(depth + 1, out);
                    item.print(depth + 1, out);
                }
                new_line(depth, out);
                out.push(']');
            }
            // No object is empty.
            Self::Object(fields) => {
                for (at, (key, value)) in fields.into_iter().enumerate() {
                    out.push(if at == 0 { '{' } else { ',' });
                    new_line(depth + 1, out);
                    out.push('"');
                    out.push_str(key);
                    out.push_str("\": ");
                    value.print(depth + 1, out);
                }
                new_line(depth, out);
                out.push('}');
            }
        }
    }
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}
