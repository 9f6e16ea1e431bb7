//! What an engine knows of a container that starts, from its own files: its command would wait
//! until the container has started.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

/// Larger files are not read, in bytes: what stands for all containers of a machine may grow.
const LARGEST: u64 = 16 << 20;
/// The longest name of a container or an image that is kept, in characters.
const LONGEST: usize = 200;

/// Labels for a recording: what engines let people know of a container.
pub(super) type Labels = BTreeMap<&'static str, String>;

/// Looks into the container's bundle, and into what its engine keeps.
pub(super) fn of(bundle: &Path, id: &str) -> Labels {
    let mut labels = Labels::new();
    let Some(config) = json(&bundle.join("config.json")) else {
        return labels;
    };
    of_kubernetes(&config, &mut labels);
    if let Some(kept) = docker(&config, id) {
        add(&mut labels, "engine", Some("docker"));
        let name = kept.pointer("/Name").and_then(Value::as_str);
        add(
            &mut labels,
            "container",
            name.map(|it| it.trim_start_matches('/')),
        );
        add(&mut labels, "image", at(&kept, "/Config/Image"));
        add(&mut labels, "image-id", at(&kept, "/Image"));
    }
    if let Some((name, about)) = storage(bundle, id) {
        let manager = at(&config, "/annotations/io.container.manager");
        let engine = match manager {
            Some("libpod") => Some("podman"),
            other => other,
        };
        add(&mut labels, "engine", engine);
        add(&mut labels, "container", name.as_deref());
        add(&mut labels, "image", at(&about, "/image-name"));
        add(&mut labels, "image-id", at(&about, "/image-id"));
    }
    labels
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// What is known first stays.
fn add(labels: &mut Labels, key: &'static str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        let kept = value.chars().take(LONGEST).collect();
        labels.entry(key).or_insert(kept);
    }
}

/// containerd and CRI-O tell in annotations what a container is in its pod.
fn of_kubernetes(config: &Value, labels: &mut Labels) {
    let annotation = |name: &str| config.get("annotations")?.get(name)?.as_str();
    let container = annotation("io.kubernetes.cri.container-name")
        .or_else(|| annotation("io.kubernetes.container.name"));
    let pod = annotation("io.kubernetes.cri.sandbox-name")
        .or_else(|| annotation("io.kubernetes.pod.name"));
    let space = annotation("io.kubernetes.cri.sandbox-namespace")
        .or_else(|| annotation("io.kubernetes.pod.namespace"));
    let image = annotation("io.kubernetes.cri.image-name")
        .or_else(|| annotation("io.kubernetes.cri-o.ImageName"));
    add(labels, "container", container);
    add(labels, "pod", pod);
    add(labels, "namespace", space);
    add(labels, "image", image);
}

/// Docker's description of a container stands beside the files that it mounts into it.
fn docker(config: &Value, id: &str) -> Option<Value> {
    let mounts = config.get("mounts")?.as_array()?;
    let sources = mounts
        .iter()
        .filter_map(|mount| mount.get("source")?.as_str());
    let folder = sources
        .filter_map(|source| Path::new(source).parent())
        .find(|folder| folder.ends_with(Path::new("containers").join(id)))?;
    json(&folder.join("config.v2.json"))
}

/// Podman and CRI-O have one file for all containers of a store, above their bundles: the name,
/// and what is kept as a text within it.
fn storage(bundle: &Path, id: &str) -> Option<(Option<String>, Value)> {
    let list = json(&bundle.parent()?.parent()?.join("containers.json"))?;
    let mut containers = list.as_array()?.iter();
    let found = containers.find(|it| at(it, "/id") == Some(id))?;
    let about = at(found, "/metadata").unwrap_or_default();
    let about: Value = serde_json::from_str(about).unwrap_or_default();
    let name = at(&about, "/name").or_else(|| at(found, "/names/0"));
    Some((name.map(str::to_owned), about))
}

fn json(path: &Path) -> Option<Value> {
    let file = std::fs::File::open(path).ok()?;
    if !file.metadata().is_ok_and(|it| it.is_file()) {
        return None;
    }
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
