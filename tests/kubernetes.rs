//! Manifests with a profile, and profiles as resources, held against Kubernetes' own schemas.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test may panic, write files and read its own environment"
)]

mod common;
#[path = "common/run.rs"]
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callsieve::formats::manifest::{Patch, patch};
use callsieve::formats::spo::{self, SpoError};
use callsieve::profile::{Action, Profile};
use expect_test::{Expect, expect};
use tempfile::TempDir;

use common::{find_program, require, shared_data};
use run::run;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n";

/// A pod whose specification is `spec`, after the change.
fn patched(spec: &str, no_new_privileges: bool) -> String {
    let text = format!("{POD}{spec}");
    let wanted = Patch {
        container: None,
        localhost_profile: "profiles/a.json",
        no_new_privileges,
    };
    match patch(&text, &wanted) {
        Ok(patched) => {
            let text = patched.text;
            // From `spec:` on, so that the indentation shows.
            let before = POD.len() - "spec:\n".len();
            text[before..].to_owned()
        }
        Err(error) => format!("{error}\n"),
    }
}

#[track_caller]
fn check(spec: &str, no_new_privileges: bool, expected: &Expect) {
    expected.assert_eq(&patched(spec, no_new_privileges));
}

#[test]
fn comments_quotes_and_order_stay() {
    check(
        "  # what runs\n  containers:\n  - image: \"b\"   # kept\n    name: 'a' # too\n    args: [x,   y]\n",
        true,
        &expect![[r#"
            spec:
              securityContext:
                seccompProfile:
                  type: RuntimeDefault
              # what runs
              containers:
              - image: "b"   # kept
                name: 'a' # too
                securityContext:
                  allowPrivilegeEscalation: false
                  seccompProfile:
                    type: Localhost
                    localhostProfile: "profiles/a.json"
                args: [x,   y]
        "#]],
    );
}

#[test]
fn what_is_there_is_changed_in_its_place() {
    check(
        "  securityContext:\n    # as root it would be worse\n    runAsUser: 1\n  containers:\n  - name: a\n    \
         image: b\n    securityContext:\n      allowPrivilegeEscalation: true # why?\n      seccompProfile:\n        \
         type: Unconfined # for now\n",
        true,
        &expect![[r#"
            spec:
              securityContext:
                seccompProfile:
                  type: RuntimeDefault
                # as root it would be worse
                runAsUser: 1
              containers:
              - name: a
                image: b
                securityContext:
                  allowPrivilegeEscalation: false # why?
                  seccompProfile:
                    localhostProfile: "profiles/a.json"
                    type: Localhost # for now
        "#]],
    );
    // Twice is once, and another profile of the pod is left.
    let once = patched("  containers:\n  - name: a\n    image: b\n", true);
    let spec = once.strip_prefix("spec:\n").unwrap();
    assert_eq!(patched(spec, true), once);
    let text = format!(
        "{POD}  securityContext: {{seccompProfile: {{type: Unconfined}}}}\n  containers: [{{name: a}}]\n"
    );
    let wanted = Patch {
        container: Some("a"),
        localhost_profile: "x",
        no_new_privileges: false,
    };
    assert_eq!(patch(&text, &wanted).unwrap().other_pod_profile, Some(5));
}

#[test]
fn objects_of_lists_are_looked_into() {
    let list = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    template:
      spec:
        containers:
        - name: web # one
          image: nginx
- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: log, image: b}]}}
";
    let wanted = |container| Patch {
        container: Some(container),
        localhost_profile: "profiles/a.json",
        no_new_privileges: false,
    };
    let text = patch(list, &wanted("web")).unwrap().text;
    let (_, text) = text.split_once("  kind: Deployment\n").unwrap();
    expect![[r#"
          metadata: {name: web}
          spec:
            template:
              spec:
                securityContext:
                  seccompProfile:
                    type: RuntimeDefault
                containers:
                - name: web # one
                  securityContext:
                    seccompProfile:
                      type: Localhost
                      localhostProfile: "profiles/a.json"
                  image: nginx
        - {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: log, image: b}]}}
    "#]]
    .assert_eq(text);
    let text = patch(list, &wanted("log")).unwrap().text;
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("localhostProfile: \"profiles/a.json\"}}, name: log"),
        "{text}"
    );
    // The objects of the list of a kind need not say theirs.
    let pods = "apiVersion: v1\nkind: PodList\nitems:\n- spec:\n    containers:\n    - name: a\n";
    let text = patch(pods, &wanted("a")).unwrap().text;
    assert!(text.contains("type: Localhost"), "{text}");
    for none in [
        "kind: List\n",
        "kind: List\nitems: {}\n",
        "kind: ServiceList\nitems: []\n",
    ] {
        let error = patch(none, &wanted("a")).unwrap_err().to_string();
        assert!(error.starts_with("no Pod, Deployment"), "{error}");
    }
    let several = patch(
        list,
        &Patch {
            container: None,
            ..wanted("")
        },
    );
    assert_eq!(
        several.unwrap_err().to_string(),
        "several containers: web, log"
    );
}

#[test]
fn braces_and_other_line_ends() {
    check(
        "  containers: [{name: a, image: b, securityContext: {}}]\n",
        true,
        &expect![[r#"
            spec:
              securityContext:
                seccompProfile:
                  type: RuntimeDefault
              containers: [{name: a, image: b, securityContext: {allowPrivilegeEscalation: false, seccompProfile: {type: Localhost, localhostProfile: "profiles/a.json"}}}]
        "#]],
    );
    let dos = patched("  containers:\r\n  - name: a\r\n    image: b\r\n", false);
    let lines: Vec<&str> = dos.split_inclusive('\n').collect();
    assert!(
        lines[1..].iter().all(|line| line.ends_with("\r\n")),
        "{dos:?}"
    );
    // A last line without an end.
    let end = patched("  containers:\n  - name: a", false);
    assert!(
        end.ends_with("localhostProfile: \"profiles/a.json\""),
        "{end}"
    );
}

#[test]
fn what_has_no_safe_place_is_refused_in_a_line() {
    for (spec, says) in [
        ("  containers: []\n", "no Pod,"),
        (
            "  containers:\n  - image: b\n",
            "line 6: the container has no name",
        ),
        (
            "  containers:\n  - {name: a}\n  - {name: b}\n",
            "several containers: a, b",
        ),
        (
            "  containers:\n  - &x\n    name: a\n  initContainers: [*x]\n",
            "an anchor, an alias or a tag",
        ),
        (
            "  containers:\n  - name: a\n    <<: {image: b}\n",
            "a merge key",
        ),
        (
            "  containers:\n  - name: a\n    securityContext: {privileged: true}\n",
            "line 7: a privileged container runs without seccomp",
        ),
        (
            "  containers:\n  - name: a\n    securityContext:\n",
            "the security context is no mapping",
        ),
        (
            "  containers:\n  - name: a\n    name: b\n",
            "line 7: a key comes twice",
        ),
        // Two of a pod's.
        (
            "  containers: [{name: a}]\n  hostPID: true\n  containers: [{name: b}]\n",
            "line 7: a key comes twice",
        ),
        // In braces is the key of the container, not the container.
        (
            "  containers:\n    - {name: a, image: x}: b\n",
            "line 6: a key is no text",
        ),
        ("  containers: [\n", "line "),
    ] {
        let got = patched(spec, false);
        assert!(got.contains(says), "{spec:?} gave {got:?}");
        assert_eq!(got.lines().count(), 1, "{got:?}");
    }
    let deep = format!("  a: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let got = patched(&deep, false);
    assert!(
        got.starts_with("line ") && got.lines().count() == 1,
        "{got}"
    );
    let deep = format!("  a: {}{}\n", "[".repeat(150), "]".repeat(150));
    assert_eq!(patched(&deep, false), "line 5: nested too deeply\n");
    let large = patch(&"#".repeat(5 << 20), &wanted());
    assert!(large.is_err());
}

fn wanted() -> Patch<'static> {
    Patch {
        container: None,
        localhost_profile: "profiles/a.json",
        no_new_privileges: true,
    }
}

/// Whatever part of a manifest it gets: an error, or a text from which taking out what was put
/// in leaves the old one.
#[test]
fn damaged_manifests_are_changed_rightly_or_not_at_all() {
    let whole = manifests().concat();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let mut changed = 0;
    for without in 0..lines.len() {
        for count in 1..4 {
            let mut rest = lines.clone();
            rest.drain(without..(without + count).min(lines.len()));
            let text = rest.concat();
            let Ok(patched) = patch(
                &text,
                &Patch {
                    container: Some("web"),
                    ..wanted()
                },
            ) else {
                continue;
            };
            changed += 1;
            let mut new = patched.text.lines();
            for line in text.lines() {
                assert!(
                    new.any(|other| other == line),
                    "{line:?} is gone: {}",
                    patched.text
                );
            }
        }
    }
    assert!(changed > 20, "only {changed} were changed");
    for (at, _) in whole.char_indices() {
        let _either = patch(&whole[..at], &wanted());
    }
}

fn manifests() -> [&'static str; 3] {
    [
        "# A service.\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 80}]\n---\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web # the web\nspec:\n  selector:\n    \
         matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n    spec:\n      \
         initContainers:\n      - name: first\n        image: busybox\n      containers:\n      # main\n      \
         - name: web # one\n        image: \"nginx:1.27\"\n        args: [\"-g\", 'daemon off;']\n      \
         - name: log\n        image: busybox\n---\n",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: tick\nspec:\n  schedule: \"* * * * *\"\n  \
         jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          \
         containers:\n          - name: tick\n            image: busybox\n",
    ]
}

/// The program that knows Kubernetes' schemas, of the Python package index.
fn validator() -> Option<PathBuf> {
    let found = find_program("kubernetes-validate");
    let why = "kubernetes-validate is not in PATH (pip install kubernetes-validate)";
    require("kubernetes-validate", found.is_some(), why).then_some(())?;
    found
}

fn generate(folder: &Path, options: &[&str]) -> run::Finished {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces/nginx/trace.strace.gz");
    run(Command::new(env!("CARGO_BIN_EXE_callsieve"))
        .current_dir(folder)
        .arg("generate")
        .arg(trace)
        .args(options))
}

#[test]
fn kubernetes_takes_the_manifests() {
    let Some(validator) = validator() else { return };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("all.yaml");
    fs::write(&path, manifests().concat()).unwrap();
    for container in ["web", "log", "first", "tick"] {
        for more in [&["--no-new-privileges"][..], &[]] {
            let mut options = vec![
                "--target",
                "k8s",
                "-o",
                "web.json",
                "--manifest",
                "all.yaml",
            ];
            options.extend(["--manifest-output", "all.yaml", "--container", container]);
            options.extend(more);
            generate(folder.path(), &options).expect_success();
        }
    }
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("type: Localhost").count(), 4, "{text}");
    assert_eq!(text.matches("type: RuntimeDefault").count(), 2, "{text}");
    let check = |path: &Path| run(Command::new(&validator).arg("--strict").arg(path));
    check(&path).expect_success();
    // It would have found a mistake.
    fs::write(&path, text.replace("localhostProfile", "localhostprofile")).unwrap();
    assert!(!check(&path).succeeded());
}

/// Validates a resource by the schema of each version in a definition, without unknown fields.
const BY_DEFINITION: &str = r#"
import sys, yaml, jsonschema
def strict(schema):
    if isinstance(schema, dict):
        if schema.get("properties"): schema.setdefault("additionalProperties", False)
        for value in schema.values(): strict(value)
    elif isinstance(schema, list):
        for value in schema: strict(value)
definition = yaml.safe_load(open(sys.argv[1]))
resource = yaml.safe_load(open(sys.argv[2]))
group, version = resource["apiVersion"].split("/")
assert group == definition["spec"]["group"] and resource["kind"] == definition["spec"]["names"]["kind"]
versions = [it["name"] for it in definition["spec"]["versions"]]
assert version in versions and "v1beta1" in versions, versions
for it in definition["spec"]["versions"]:
    schema = it["schema"]["openAPIV3Schema"]
    schema["properties"]["metadata"] = {"type": "object"}
    strict(schema)
    jsonschema.validate(resource, schema)
for rule in resource["spec"]["syscalls"]:
    assert len(set(rule["names"])) == len(rule["names"])
    assert all(isinstance(name, str) for name in rule["names"])
"#;

#[test]
fn the_operators_schema_takes_the_resource() {
    let (Some(validator), Some(crd)) =
        (validator(), shared_data("crd/spo-seccompprofile-crd.yaml"))
    else {
        return;
    };
    // The interpreter that has the validator's libraries.
    let real = fs::canonicalize(&validator).unwrap();
    let python = real.parent().unwrap().join("python3");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("web.yaml");
    let check = || {
        run(Command::new(&python)
            .args(["-c", BY_DEFINITION])
            .args([&crd, &path]))
    };
    for more in [
        &["--default-action", "kill-process"][..],
        &["--args", "observed"],
        &[],
    ] {
        let mut options = vec!["--target", "spo", "-o", "web.yaml"];
        options.extend(more);
        generate(folder.path(), &options).expect_success();
        check().expect_success();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("  name: \"web\"\n"), "{text}");
    fs::write(
        &path,
        text.replace("defaultAction:", "defaultErrnoRet: 1\n  defaultAction:"),
    )
    .unwrap();
    assert!(!check().succeeded());
}

#[test]
fn what_a_resource_cannot_say_is_an_error() {
    let profile = |default_action| Profile {
        default_action,
        architectures: Vec::new(),
        rules: Vec::new(),
        flags: Vec::new(),
    };
    let error = |action| spo::write(&profile(action), "a").unwrap_err();
    assert!(matches!(error(Action::Errno(38)), SpoError::Default { .. }));
    assert!(spo::write(&profile(Action::Errno(1)), "a-1.b").is_ok());
    for name in ["", "A", "a_b", "-a", "a-", "a..b", "a\nb", &"a".repeat(254)] {
        let error = spo::write(&profile(Action::Errno(1)), name).unwrap_err();
        assert!(matches!(error, SpoError::Name { .. }), "{name}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
    let json = br#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]}]}"#;
    let flat = callsieve::formats::docker::read(json).unwrap();
    let host = callsieve::profile::Host {
        native: callsieve::arch::Arch::X86_64,
        capabilities: std::collections::BTreeSet::new(),
        kernel: "6.18".parse().unwrap(),
    };
    let error = spo::write(&flat.resolve(&host), "a").unwrap_err();
    let says =
        "a SeccompProfile resource can't compare with 18446744073709551615, only up to 2^63-1";
    assert_eq!(error.to_string(), says);
}

#[test]
fn options_that_do_not_go_together() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("pod.yaml"),
        format!("{POD}  containers: []\n"),
    )
    .unwrap();
    for (options, says) in [
        (
            "--manifest pod.yaml -o a.json",
            "`--manifest` goes with `--target k8s`",
        ),
        ("--name a", "`--name` goes with `--target spo`"),
        (
            "--target k8s --localhost-profile ../a.json",
            "is no path below",
        ),
        (
            "--target k8s --localhost-profile /a.json",
            "is no path below",
        ),
        (
            "--target k8s --manifest pod.yaml -o -",
            "can't both go to standard output",
        ),
        (
            "--target k8s --manifest pod.yaml -o a.json",
            "pod.yaml: no Pod, Deployment",
        ),
        (
            "--target k8s --manifest none.yaml -o a.json",
            "none.yaml: No such file",
        ),
        ("--target spo -o A_b.yaml", "is no name of a resource"),
    ] {
        let options: Vec<&str> = options.split(' ').collect();
        let ran = generate(folder.path(), &options);
        assert_eq!(ran.status, Some(2), "{ran}");
        assert!(ran.stderr.contains(says), "{ran}");
        assert!(!folder.path().join("a.json").exists(), "{ran}");
    }
}
