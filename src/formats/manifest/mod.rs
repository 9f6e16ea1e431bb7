//! Kubernetes manifests: a profile put in place by changing the text, and nothing else of it.

mod edit;
mod tree;

use std::collections::BTreeMap;

use tree::{Kind, Node, Value, documents};

/// Larger manifests are not read, in bytes.
const LARGEST: usize = 4 << 20;

/// What is to be put into a manifest.
#[derive(Debug, Clone, Copy)]
pub struct Patch<'a> {
    /// The container, or the only one.
    pub container: Option<&'a str>,
    /// The file below the seccomp folder of the node.
    pub localhost_profile: &'a str,
    /// The profile is one for `allowPrivilegeEscalation: false`.
    pub no_new_privileges: bool,
}

/// A manifest with its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// The text.
    pub text: String,
    /// The name of the container.
    pub container: String,
    /// The profile of the pod, which was there and is another than `RuntimeDefault`; its line.
    pub other_pod_profile: Option<usize>,
}

/// Why a manifest can't be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is too large.
    #[error("a manifest of more than {LARGEST} bytes")]
    TooLarge,
    /// It is no YAML.
    #[error("line {line}: {}", what.escape_debug())]
    Syntax {
        /// The line.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// It is nested too deeply.
    #[error("line {line}: nested too deeply")]
    TooDeep {
        /// The line.
        line: usize,
    },
    /// It has no pod.
    #[error(
        "no Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob with containers"
    )]
    NoPod,
    /// The container is not there.
    #[error("no container `{}`; there are {}", name.escape_debug(), list(have))]
    NoContainer {
        /// Its name.
        name: String,
        /// Those that are.
        have: Vec<String>,
    },
    /// It has several containers.
    #[error("several containers: {}", list(have))]
    Several {
        /// Their names.
        have: Vec<String>,
    },
    /// No place is safe to write to.
    #[error("line {line}: {what}")]
    Place {
        /// The line.
        line: usize,
        /// What is there.
        what: &'static str,
    },
    /// The changed text would not say what it is to say.
    #[error("line {line}: the container can't be changed without changing more")]
    Unsure {
        /// The container's line.
        line: usize,
    },
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| name.escape_debug().to_string())
        .collect();
    names.join(", ")
}

/// Where the pod of a kind stands.
fn pod_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&["spec"]),
        "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "ReplicaSet"
        | "Job"
        | "ReplicationController" => Some(&["spec", "template", "spec"]),
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// A container, its pod, and the way to it.
struct Found<'a> {
    document: usize,
    /// The object's place in the `items` of the document, which is a list.
    item: Option<usize>,
    pod_path: &'static [&'static str],
    list: &'static str,
    index: usize,
    pod: &'a Node,
    container: &'a Node,
    name: &'a str,
}

/// Kinds that are lists of objects: what `kubectl get -o yaml` prints, and the list of a kind. A list
/// in a list is not looked into.
fn is_list(kind: &str) -> bool {
    kind == "List" || kind.strip_suffix("List").and_then(pod_path).is_some()
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (usize, &'a Node)> + use<'a> {
    let items: &[Node] = if let Some(Kind::List(items)) = node.get(key).map(|node| &node.kind) {
        items
    } else {
        &[]
    };
    items.iter().enumerate()
}

fn kind(object: &Node) -> Option<&str> {
    object.get("kind").and_then(Node::text)
}

fn containers(documents: &[Node]) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    for (document, object) in documents.iter().enumerate() {
        match kind(object) {
            Some(of) if is_list(of) => {
                // The objects of a DeploymentList may leave their kind out.
                let of = of.strip_suffix("List").unwrap_or_default();
                for (item, object) in items(object, "items") {
                    let kind = kind(object).unwrap_or(of);
                    found.extend(of_object(object, kind, document, Some(item)));
                }
            }
            Some(kind) => found.extend(of_object(object, kind, document, None)),
            None => {}
        }
    }
    found
}

/// The containers of one object.
fn of_object<'a>(
    object: &'a Node,
    kind: &str,
    document: usize,
    item: Option<usize>,
) -> Vec<Found<'a>> {
    let Some((path, pod)) = pod_path(kind).and_then(|path| Some((path, object.at(path)?))) else {
        return Vec::new();
    };
    let lists = ["containers", "initContainers"].into_iter();
    let all = lists.flat_map(|list| {
        items(pod, list).map(move |(index, container)| Found {
            document,
            item,
            pod_path: path,
            list,
            index,
            pod,
            container,
            name: container
                .get("name")
                .and_then(Node::text)
                .unwrap_or_default(),
        })
    });
    all.collect()
}

/// Puts a profile on one container and `RuntimeDefault` on its pod. All other bytes stay, and the
/// result is read again to prove that it says this and nothing else.
pub fn patch(text: &str, patch: &Patch<'_>) -> Result<Patched, ManifestError> {
    if text.len() > LARGEST {
        return Err(ManifestError::TooLarge);
    }
    let documents = documents(text)?;
    let found = choose(containers(&documents), patch.container)?;
    let line = found.container.line;
    let changed = edit::edit(text, &found, patch)?;
    let mut expected: Vec<Value> = documents.iter().map(Node::value).collect();
    let document = expected
        .get_mut(found.document)
        .ok_or(ManifestError::NoPod)?;
    expect(document, &found, patch, changed.pod);
    let again = tree::documents(&changed.text).map_err(|_broken| ManifestError::Unsure { line })?;
    let got: Vec<Value> = again.iter().map(Node::value).collect();
    if got != expected {
        return Err(ManifestError::Unsure { line });
    }
    Ok(Patched {
        text: changed.text,
        container: found.name.to_owned(),
        other_pod_profile: changed.other_pod_profile,
    })
}

fn choose<'a>(mut all: Vec<Found<'a>>, name: Option<&str>) -> Result<Found<'a>, ManifestError> {
    let have: Vec<String> = all.iter().map(|found| found.name.to_owned()).collect();
    match name {
        Some(name) => all.retain(|found| found.name == name),
        // Without a name an init container is nobody's program.
        None => all.retain(|found| found.list == "containers"),
    }
    match (all.len(), name) {
        (1, _) => all.pop().ok_or(ManifestError::NoPod),
        (0, Some(name)) if !have.is_empty() => Err(ManifestError::NoContainer {
            name: name.to_owned(),
            have,
        }),
        (0, _) => Err(ManifestError::NoPod),
        _ => Err(ManifestError::Several { have }),
    }
}

/// Changes the meaning as the text is to be changed.
fn expect(document: &mut Value, found: &Found<'_>, patch: &Patch<'_>, pod_too: bool) {
    let Some(pod) = object(document, found.item).and_then(|it| descend(it, found.pod_path)) else {
        return;
    };
    if pod_too {
        let default = BTreeMap::from([(word("type"), word("RuntimeDefault"))]);
        set(pod, &PROFILE, Value::Map(default));
    }
    let Some(Value::List(containers)) = descend(pod, &[found.list]) else {
        return;
    };
    let Some(container) = containers.get_mut(found.index) else {
        return;
    };
    if patch.no_new_privileges {
        set(
            container,
            &["securityContext", "allowPrivilegeEscalation"],
            word("false"),
        );
    }
    let path = Value::Scalar(patch.localhost_profile.to_owned(), false);
    let profile = BTreeMap::from([
        (word("localhostProfile"), path),
        (word("type"), word("Localhost")),
    ]);
    set(container, &PROFILE, Value::Map(profile));
}

/// Where a profile stands in a pod and in a container.
const PROFILE: [&str; 2] = ["securityContext", "seccompProfile"];

/// A document, or an object of a list.
fn object(document: &mut Value, item: Option<usize>) -> Option<&mut Value> {
    let Some(item) = item else {
        return Some(document);
    };
    let Some(Value::List(items)) = descend(document, &["items"]) else {
        return None;
    };
    items.get_mut(item)
}

fn word(text: &str) -> Value {
    Value::Scalar(text.to_owned(), true)
}

fn descend<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Map(pairs) => pairs.get_mut(&word(key)),
        Value::Scalar(..) | Value::List(_) | Value::Alias(_) => None,
    })
}

/// The value of a key in a map; both are put there if they are not.
fn set(value: &mut Value, path: &[&str], to: Value) {
    let Some((key, rest)) = path.split_first() else {
        *value = to;
        return;
    };
    if let Value::Map(pairs) = value {
        let next = pairs
            .entry(word(key))
            .or_insert_with(|| Value::Map(BTreeMap::new()));
        set(next, rest, to);
    }
}
