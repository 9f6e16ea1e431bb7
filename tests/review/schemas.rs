//! JSON against docs/schemas, which know every field: what a schema lacks is an error.

use std::collections::BTreeSet;
use std::path::Path;

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::evidence::{EVIL, profile, sandbox};
use crate::util::Sandbox;

/// Fails unless text is as the schema of a command says; gives it as a value.
pub(crate) fn valid(command: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let file = format!("docs/schemas/{command}.json");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut schemas = Schemas::new();
    let mut compiler = Compiler::new();
    let index = compiler
        .compile(file.to_str().unwrap(), &mut schemas)
        .unwrap();
    if let Err(error) = schemas.validate(&value, index) {
        panic!("{error:#}\n{text}");
    }
    value
}

/// The fields of a value and all in it.
fn fields(value: &Value, known: &mut BTreeSet<String>) {
    match value {
        Value::Object(all) => {
            for (name, inner) in all {
                known.insert(name.clone());
                fields(inner, known);
            }
        }
        Value::Array(all) => all.iter().for_each(|inner| fields(inner, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn all_of(sandbox: &Sandbox, command: &str, lines: &[&[&str]]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for args in lines {
        let mut all = vec![command];
        all.extend(*args);
        all.extend(["-f", "json"]);
        let ran = sandbox.args(&all);
        assert!(matches!(ran.code, Some(0 | 1)), "{all:?}: {}", ran.stderr);
        fields(&valid(command, &ran.stdout), &mut known);
    }
    known
}

#[test]
fn differences() {
    let (sandbox, evil) = sandbox();
    let conditional = profile(&["read", "socket"]).replace(
        "\"SCMP_ACT_ALLOW\"}",
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]}",
    );
    sandbox.write("conditional.json", conditional);
    let known = all_of(
        &sandbox,
        "diff",
        &[
            &["old.json", "new.json"],
            &["old.json", &evil, "--seen-in", "rec.json"],
            &["rec.json", "old.json"],
            &["docker-default@20.10.0", "docker-default@25.0.3"],
            &["docker-default", "old.json"],
            &["old.json", "docker-default"],
            &["conditional.json", "docker-default"],
            &[
                "sample-traces/int80/trace.strace",
                "sample-traces/nginx/trace.strace.gz",
            ],
            &["old.json", "old.json"],
        ],
    );
    for field in [
        "example",
        "by_argument",
        "cause",
        "outside_default",
        "risk",
        "errors",
        "line",
    ] {
        assert!(known.contains(field), "no case has `{field}`");
    }
    all_of(
        &sandbox,
        "check",
        &[
            &[
                "new.json",
                &evil,
                "--at-most",
                "old.json",
                "--at-most",
                "docker-default",
            ],
            &[
                "new.json",
                "old.json",
                "--stacked",
                "--at-most",
                "conditional.json",
            ],
        ],
    );
}

#[test]
fn findings() {
    let (sandbox, evil) = sandbox();
    let word = serde_json::to_string(EVIL).unwrap();
    sandbox.write(
        "bad.json",
        format!(r#"{{"defaultAction": "x", {word}: 1, "syscalls": [{{"name": {word}}}]}}"#),
    );
    sandbox.write("no.json", "{");
    let known = all_of(
        &sandbox,
        "lint",
        &[
            &["old.json", &evil, "--engine", "all"],
            &["bad.json", "no.json", "--arch", "x86_64"],
            &["--list-rules"],
            &["--explain", "CS012"],
        ],
    );
    for field in ["fix", "edits", "help", "source"] {
        assert!(known.contains(field), "no case has `{field}`");
    }
}
