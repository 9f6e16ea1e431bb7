//! The changes of a manifest's text.

use super::tree::{Kind, Node};
use super::{Found, ManifestError, Patch};

/// A changed text.
pub(super) struct Changed {
    pub(super) text: String,
    /// The pod got a profile too.
    pub(super) pod: bool,
    pub(super) other_pod_profile: Option<usize>,
}

/// Bytes to be put in place of others.
struct Edit {
    start: usize,
    end: usize,
    new: String,
}

/// The text, and what is put into it.
struct Edits<'a> {
    text: &'a str,
    new_line: &'static str,
    all: Vec<Edit>,
}

const fn refused(node: &Node, what: &'static str) -> ManifestError {
    ManifestError::Place {
        line: node.line,
        what,
    }
}

/// A map that can be changed: nobody else refers to it, and nothing in it stands elsewhere.
fn map<'a>(node: &'a Node, what: &'static str) -> Result<&'a [(Node, Node)], ManifestError> {
    if node.marked {
        return Err(refused(
            node,
            "an anchor, an alias or a tag; change it by hand",
        ));
    }
    let Kind::Map(pairs, _) = &node.kind else {
        return Err(refused(node, what));
    };
    if pairs.iter().any(|(key, _)| key.text() == Some("<<")) {
        return Err(refused(node, "a merge key (`<<`); change it by hand"));
    }
    Ok(pairs)
}

const fn in_braces(node: &Node) -> bool {
    matches!(node.kind, Kind::Map(_, true))
}

/// The text with the profile in it.
pub(super) fn edit(
    text: &str,
    found: &Found<'_>,
    patch: &Patch<'_>,
) -> Result<Changed, ManifestError> {
    let mut edits = Edits {
        text,
        new_line: if text.contains("\r\n") { "\r\n" } else { "\n" },
        all: Vec::new(),
    };
    let mut wanted = Vec::new();
    if patch.no_new_privileges {
        wanted.push(("allowPrivilegeEscalation", Wanted::Word("false")));
    }
    let path = serde_json::Value::String(patch.localhost_profile.to_owned()).to_string();
    let profile = vec![("type", "Localhost".to_owned()), ("localhostProfile", path)];
    wanted.push(("seccompProfile", Wanted::Profile(profile)));
    map(found.container, "the container is no mapping")?;
    if let Some(context) = found.container.get("securityContext") {
        let privileged = context
            .get("privileged")
            .filter(|it| it.text() == Some("true"));
        if let Some(node) = privileged {
            return Err(refused(node, "a privileged container runs without seccomp"));
        }
    }
    edits.context(found.container, "name", &wanted)?;

    map(found.pod, "the pod is no mapping")?;
    let known = found.pod.at(&super::PROFILE);
    if known.is_none() {
        let default = vec![("type", "RuntimeDefault".to_owned())];
        let wanted = [("seccompProfile", Wanted::Profile(default))];
        edits.context(found.pod, found.list, &wanted)?;
    }
    let other = known.filter(|it| it.get("type").and_then(Node::text) != Some("RuntimeDefault"));
    Ok(Changed {
        text: edits.applied(),
        pod: known.is_none(),
        other_pod_profile: other.map(|node| node.line),
    })
}

/// A value that a security context is to have.
enum Wanted {
    Word(&'static str),
    Profile(Vec<(&'static str, String)>),
}

impl Wanted {
    /// In one line.
    fn flow(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Profile(pairs) => {
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    /// As lines below a key.
    fn block(&self, key: &str) -> Vec<String> {
        match self {
            Self::Word(word) => vec![format!("{key}: {word}")],
            Self::Profile(pairs) => {
                let mut lines = vec![format!("{key}:")];
                lines.extend(pairs.iter().map(|(key, value)| format!("  {key}: {value}")));
                lines
            }
        }
    }
}

impl Edits<'_> {
    /// Gives the security context of a pod or a container what it is to have; a new one stands
    /// beside the key `beside`.
    fn context(
        &mut self,
        owner: &Node,
        beside: &str,
        wanted: &[(&'static str, Wanted)],
    ) -> Result<(), ManifestError> {
        let Some(context) = owner.get("securityContext") else {
            return self.new_context(owner, beside, wanted);
        };
        let pairs = map(context, "the security context is no mapping")?;
        let (mut lines, mut flow) = (Vec::new(), Vec::new());
        for (key, value) in wanted {
            match context.get(key) {
                Some(old) => self.replace(old, value)?,
                None if in_braces(context) => flow.push(format!("{key}: {}", value.flow())),
                None => lines.extend(value.block(key)),
            }
        }
        if !flow.is_empty() {
            let comma = if pairs.is_empty() { "" } else { ", " };
            self.insert(context.start + 1, format!("{}{comma}", flow.join(", ")));
        }
        match pairs.first() {
            Some((first, _)) if !lines.is_empty() => self.lines_before(first, first.column, &lines),
            Some(_) | None => Ok(()),
        }
    }

    fn new_context(
        &mut self,
        owner: &Node,
        beside: &str,
        wanted: &[(&'static str, Wanted)],
    ) -> Result<(), ManifestError> {
        if in_braces(owner) {
            let pairs: Vec<String> = wanted
                .iter()
                .map(|(key, value)| format!("{key}: {}", value.flow()))
                .collect();
            let new = format!("securityContext: {{{}}}, ", pairs.join(", "));
            self.insert(owner.start + 1, new);
            return Ok(());
        }
        let Some((key, value)) = owner.pair(beside) else {
            return Err(refused(owner, "the container has no name"));
        };
        let mut lines = vec!["securityContext:".to_owned()];
        for (key, value) in wanted {
            let block = value.block(key);
            lines.extend(block.into_iter().map(|line| format!("  {line}")));
        }
        // A list may begin in the column of its key, so nothing goes between the two.
        if matches!(value.kind, Kind::List(_)) {
            return self.lines_before(key, key.column, &lines);
        }
        if self
            .text
            .get(key.start..value.end)
            .is_none_or(|it| it.contains('\n'))
        {
            return Err(refused(
                key,
                "the container's name is not on the line of its key",
            ));
        }
        let end = self.line_end(value.end);
        let indent = " ".repeat(key.column);
        let new: Vec<String> = lines
            .iter()
            .map(|line| format!("{}{indent}{line}", self.new_line))
            .collect();
        self.insert(end, new.concat());
        Ok(())
    }

    /// Puts a value in place of another.
    fn replace(&mut self, old: &Node, new: &Wanted) -> Result<(), ManifestError> {
        let Wanted::Profile(wanted) = new else {
            if old.marked || !matches!(old.kind, Kind::Scalar { .. }) || old.start == old.end {
                return Err(refused(old, "no plain value; change it by hand"));
            }
            return self.replace_bytes(old, new.flow());
        };
        let pairs = map(old, "the profile is no mapping")?;
        if in_braces(old) {
            let inside = self.text.get(old.start..old.end).unwrap_or_default();
            if inside.contains('#') || inside.contains('\n') {
                return Err(refused(
                    old,
                    "a profile of several lines or with comments in braces",
                ));
            }
            return self.replace_bytes(old, new.flow());
        }
        let known = |key: &Node| {
            key.text()
                .is_some_and(|text| wanted.iter().any(|(name, _)| *name == text))
        };
        if let Some((key, _)) = pairs.iter().find(|(key, _)| !known(key)) {
            return Err(refused(key, "a field that a profile does not have"));
        }
        let mut lines = Vec::new();
        for (key, value) in wanted {
            match old.get(key) {
                Some(node) if node.marked || node.start == node.end || node.text().is_none() => {
                    return Err(refused(node, "no plain value; change it by hand"));
                }
                Some(node) => self.replace_bytes(node, value.clone())?,
                None => lines.push(format!("{key}: {value}")),
            }
        }
        match pairs.first() {
            Some((first, _)) if !lines.is_empty() => self.lines_before(first, first.column, &lines),
            Some(_) | None => Ok(()),
        }
    }

    fn replace_bytes(&mut self, old: &Node, new: String) -> Result<(), ManifestError> {
        let text = self.text.get(old.start..old.end).unwrap_or_default();
        if text.contains('\n') {
            return Err(refused(old, "a value of several lines; change it by hand"));
        }
        self.all.push(Edit {
            start: old.start,
            end: old.start + text.trim_end().len(),
            new,
        });
        Ok(())
    }

    /// Puts lines before the one on which a key begins, and before the comments above it.
    fn lines_before(
        &mut self,
        key: &Node,
        column: usize,
        lines: &[String],
    ) -> Result<(), ManifestError> {
        let before = self.text.get(..key.start).unwrap_or_default();
        let mut start = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = before.get(start..).unwrap_or_default();
        if !indent.bytes().all(|byte| byte == b' ') {
            return Err(refused(key, "not the first on its line; change it by hand"));
        }
        while let Some(above) = before.get(..start).and_then(|text| text.strip_suffix('\n')) {
            let from = above.rfind('\n').map_or(0, |at| at + 1);
            let line = above.get(from..).unwrap_or_default();
            let own = line.len() - line.trim_start_matches(' ').len() == column;
            if !own || !line.trim_start().starts_with('#') {
                break;
            }
            start = from;
        }
        let indent = " ".repeat(column);
        let new: Vec<String> = lines
            .iter()
            .map(|line| format!("{indent}{line}{}", self.new_line))
            .collect();
        self.insert(start, new.concat());
        Ok(())
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let end = rest.find('\n').map_or(self.text.len(), |at| from + at);
        let line = self.text.get(..end).unwrap_or_default();
        line.strip_suffix('\r').map_or(end, str::len)
    }

    fn insert(&mut self, at: usize, new: String) {
        self.all.push(Edit {
            start: at,
            end: at,
            new,
        });
    }

    /// The changed text. Of two edits at one place the first stands first.
    fn applied(mut self) -> String {
        self.all.sort_by_key(|edit| (edit.start, edit.end));
        let mut text = String::with_capacity(self.text.len() + 256);
        let mut done = 0;
        for edit in &self.all {
            text.push_str(self.text.get(done..edit.start).unwrap_or_default());
            text.push_str(&edit.new);
            done = edit.end;
        }
        text.push_str(self.text.get(done..).unwrap_or_default());
        text
    }
}
