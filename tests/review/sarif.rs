//! SARIF against the published schema.

use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use crate::evidence::{profile, sandbox};
use crate::util::Sandbox;

static SCHEMA: LazyLock<(Schemas, SchemaIndex)> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/sarif-2.1.0.json");
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    let index = compiler
        .compile(file.to_str().unwrap(), &mut schemas)
        .unwrap();
    (schemas, index)
});

/// Fails unless text is SARIF; gives its results.
pub(crate) fn results(text: &str) -> Vec<Value> {
    let log: Value = serde_json::from_str(text).unwrap();
    let (schemas, index) = &*SCHEMA;
    if let Err(error) = schemas.validate(&log, *index) {
        panic!("{error:#}\n{text}");
    }
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
    }
    results.clone()
}

fn fingerprints(results: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = results
        .iter()
        .map(|it| it["partialFingerprints"]["primaryLocationLineHash"].to_string())
        .collect();
    all.sort();
    all
}

/// What the place of a result in `text` is.
fn pointed<'t>(result: &Value, text: &'t str) -> &'t str {
    let region = &result["locations"][0]["physicalLocation"]["region"];
    let at = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
    assert_eq!(at("startLine"), at("endLine"));
    let line = text.lines().nth(at("startLine") - 1).unwrap();
    &line[at("startColumn") - 1..at("endColumn") - 1]
}

#[test]
fn all_of_it_is_valid() {
    let (sandbox, evil) = sandbox();
    for (args, count) in [
        (vec!["diff", "old.json", "new.json"], 3),
        (vec!["diff", "old.json", &evil, "--seen-in", "rec.json"], 3),
        (vec!["diff", "old.json", "old.json"], 0),
        (vec!["diff", "old.json", "rec.json"], 1),
        (
            vec!["diff", "docker-default@20.10.0", "docker-default@25.0.3"],
            60,
        ),
        (vec!["check", &evil, "old.json", "--at-most", "old.json"], 3),
        (vec!["check", "old.json", "--at-most", "new.json"], 2),
        (vec!["lint", &evil, "old.json"], usize::MAX),
    ] {
        let mut all = args.clone();
        all.extend(["-f", "sarif"]);
        let ran = sandbox.args(&all);
        assert!(matches!(ran.code, Some(0 | 1)), "{args:?}: {}", ran.stderr);
        let results = results(&ran.stdout);
        if count == usize::MAX {
            assert!(!results.is_empty());
        } else if count != 60 {
            assert_eq!(results.len(), count, "{args:?}");
        }
        let mut unique = fingerprints(&results);
        unique.dedup();
        assert_eq!(unique.len(), results.len(), "{args:?}");
    }
}

#[test]
fn it_points_at_the_name() {
    let (sandbox, _) = sandbox();
    let text = String::from_utf8(sandbox.read("new.json")).unwrap();
    let results = results(&sandbox.ok("diff old.json new.json -f sarif"));
    let places: Vec<&str> = results.iter().map(|it| pointed(it, &text)).collect();
    assert_eq!(places, ["\"mount\"", "\"keyctl\"", "\"ptrace\""]);
    let levels: Vec<&str> = results
        .iter()
        .map(|it| it["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["error", "error", "warning"]);
}

#[test]
fn it_points_at_the_default_action() {
    let sandbox = Sandbox::new();
    sandbox.write("old.json", profile(&["read"]));
    let text = profile(&["read"]).replace("SCMP_ACT_ERRNO", "SCMP_ACT_LOG");
    sandbox.write("new.json", &text);
    let results = results(&sandbox.ok("diff old.json new.json -f sarif"));
    assert!(results.len() > 300);
    for result in &results {
        assert!(pointed(result, &text).contains("SCMP_ACT_LOG"), "{result}");
    }
    let unnamed = results.iter().filter(|it| it["ruleId"] == "wider-unnamed");
    assert!(unnamed.count() > 0);
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let (sandbox, _) = sandbox();
    let moved = String::from_utf8(sandbox.read("new.json")).unwrap();
    for line in [
        "diff old.json new.json -f sarif",
        "lint new.json -f sarif --fail-on never",
    ] {
        sandbox.write("new.json", &moved);
        let before = results(&sandbox.ok(line));
        sandbox.write(
            "new.json",
            format!("\n\n{}", moved.replace("[\n", "[\n\n\n")),
        );
        let after = results(&sandbox.ok(line));
        assert!(!before.is_empty());
        assert_ne!(before, after, "the lines have moved");
        assert_eq!(fingerprints(&before), fingerprints(&after), "{line}");
    }
}

#[test]
fn paths_are_relative_to_the_working_directory() {
    let (sandbox, _) = sandbox();
    let absolute = sandbox.path("new.json");
    for path in ["./new.json", absolute.to_str().unwrap()] {
        for args in [
            vec!["diff", "old.json", path, "-f", "sarif"],
            vec!["check", path, "--at-most", "old.json", "-f", "sarif"],
            vec!["lint", path, "-f", "sarif"],
        ] {
            for result in results(&sandbox.args(&args).stdout) {
                let place = &result["locations"][0]["physicalLocation"];
                assert_eq!(place["artifactLocation"]["uri"], "new.json", "{args:?}");
            }
        }
    }
}
