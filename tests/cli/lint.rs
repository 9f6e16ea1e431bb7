use std::collections::BTreeSet;

use expect_test::expect_file;
use serde_json::Value;

use crate::util::{Sandbox, assert_harmless};

const WEB: &str = r#"{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscals": [],
  "syscalls": [
    {
      "names": ["read", "write", "syscall_1f4", "clone", "close_range", "openat2"],
      "action": "SCMP_ACT_ALLOW"
    },
    {"name": "keyctl", "action": "SCMP_ACT_ALLOW"},
    {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}
  ]
}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("web.json", WEB);
    sandbox.ok("generate -q sample-traces/nginx/trace.strace.gz -o clean.json");
    sandbox
}

#[test]
fn for_people() {
    let sandbox = sandbox();
    expect_file!["snapshots/lint.txt"].assert_eq(&sandbox.run("lint web.json").whole());
    let colored = sandbox.run("lint web.json --color always");
    assert!(colored.stdout.contains("\x1b[1;31merror[CS004]"));
    let clean = sandbox.run("lint clean.json --engine all --rule upper-half=off");
    assert_eq!(clean.code, Some(0), "{}", clean.whole());
    assert!(!clean.stdout.contains("warning"), "{}", clean.whole());
}

#[test]
fn exit_codes() {
    let sandbox = sandbox();
    let code = |line: &str| sandbox.run(line).code;
    assert_eq!(code("lint web.json"), Some(1));
    assert_eq!(code("lint web.json --fail-on never"), Some(0));
    assert_eq!(code("lint clean.json"), Some(0));
    assert_eq!(code("lint clean.json --fail-on note"), Some(1));
    assert_eq!(
        code("lint web.json --rule CS004=note --rule CS016=off"),
        Some(0)
    );
    assert_eq!(code("lint web.json clean.json"), Some(1));
    assert_eq!(code("lint - --fail-on warning"), Some(1));
    for wrong in [
        "lint",
        "lint no.json",
        "lint web.json --rule CS999=off",
        "lint web.json --rule CS001=fatal",
        "lint web.json --rule CS001",
        "lint web.json --engine dockr",
        "lint web.json --libseccomp 3",
        "lint --explain CS0",
        "lint web.json --list-rules",
    ] {
        let ran = sandbox.run(wrong);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{wrong}");
    }
}

#[test]
fn json_has_all_with_places() {
    let sandbox = sandbox();
    let found: Value = serde_json::from_str(&sandbox.run("lint web.json -f json").stdout).unwrap();
    assert_eq!(found["schema"], 1);
    let findings = found["files"][0]["findings"].as_array().unwrap();
    for finding in findings {
        let offset = |which: &str| -> usize {
            let place = &finding["span"][which];
            usize::try_from(place["offset"].as_u64().unwrap()).unwrap()
        };
        let piece = WEB.get(offset("start")..offset("end")).unwrap();
        let before = WEB.get(..offset("start")).unwrap();
        let line = before.matches('\n').count() + 1;
        assert_eq!(finding["span"]["start"]["line"], line);
        if finding["rule"] == "CS004" {
            assert_eq!(piece, "\"syscall_1f4\"");
        }
        if finding["rule"] == "CS014" {
            assert_eq!(piece, "\"name\": \"keyctl\"");
            assert_eq!(finding["engines"], serde_json::json!(["containerd"]));
            let edit = &finding["fix"]["edits"][0];
            assert_eq!(edit["text"], "\"names\": [\"keyctl\"]");
            assert_eq!(edit["span"], finding["span"]);
        }
    }
    let summary = &found["summary"];
    let of = |severity: &str| {
        findings
            .iter()
            .filter(|finding| finding["severity"] == severity)
            .count()
    };
    assert_eq!(summary["errors"], of("error"));
    assert_eq!(summary["warnings"], of("warning"));
    assert_eq!(summary["notes"], of("note"));
    assert!(of("error") >= 2 && of("warning") >= 4);
}

/// What the schema of SARIF 2.1.0 asks of the parts that are there.
#[test]
fn sarif_has_what_the_schema_asks_for() {
    let sandbox = sandbox();
    sandbox.write("a b%.json", "{}");
    let args = ["lint", "web.json", "a b%.json", "-f", "sarif"];
    let ran = sandbox.args(args);
    assert_eq!(ran.code, Some(1));
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "callsieve");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = driver["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len());
    let levels = ["error", "warning", "note", "none"];
    for rule in rules {
        assert!(rule["shortDescription"]["text"].is_string());
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        assert!(levels.contains(&level));
    }
    let results = run["results"].as_array().unwrap();
    let mut uris = BTreeSet::new();
    let region = |region: &Value| {
        let at = |name: &str| region[name].as_u64().unwrap();
        let start = (at("startLine"), at("startColumn"));
        assert!(start.0 >= 1 && start.1 >= 1);
        assert!(start <= (at("endLine"), at("endColumn")), "{region}");
    };
    let mut fixes = 0;
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(levels.contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        uris.insert(place["artifactLocation"]["uri"].as_str().unwrap());
        region(&place["region"]);
        for fix in result["fixes"].as_array().into_iter().flatten() {
            fixes += 1;
            let change = &fix["artifactChanges"][0];
            assert!(change["artifactLocation"]["uri"].is_string());
            for replacement in change["replacements"].as_array().unwrap() {
                region(&replacement["deletedRegion"]);
                assert!(replacement["insertedContent"]["text"].is_string());
            }
        }
    }
    assert_eq!(uris, BTreeSet::from(["web.json", "a%20b%25.json"]));
    assert!(fixes >= 2, "{fixes}");
}

#[test]
fn rules_are_told() {
    let sandbox = Sandbox::new();
    expect_file!["snapshots/lint-rules.txt"].assert_eq(&sandbox.ok("lint --list-rules"));
    expect_file!["snapshots/lint-explain.txt"].assert_eq(&sandbox.ok("lint --explain cs012"));
    let by_name = sandbox.ok("lint --explain clone3-blocked");
    assert_eq!(by_name, sandbox.ok("lint --explain CS012"));
    let json: Value = serde_json::from_str(&sandbox.ok("lint --list-rules -f json")).unwrap();
    assert!(json["rules"].as_array().unwrap().len() > 50);
}

/// What a file says reaches no terminal as it is.
#[test]
fn hostile_names_are_harmless() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "bad.json",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"\\u001b[31mx\": 1, \"syscalls\": \
         [{\"names\": [\"\\u001b]0;t\\u0007\", \"\u{202e}evil\", \"\t\"], \"action\": \"SCMP_ACT_ALLOW\"}]}",
    );
    for format in ["text", "json", "sarif"] {
        let ran = sandbox.run(&format!("lint bad.json -f {format} --arch x86_64"));
        assert_eq!(ran.code, Some(1), "{}", ran.whole());
        assert_harmless(&ran.stdout);
        assert_harmless(&ran.stderr);
    }
    let name = "n\u{1b}[31m\u{202e}.json";
    sandbox.write(name, "{}");
    for format in ["text", "json", "sarif"] {
        let ran = sandbox.args(["lint", name, "-f", format, "--arch", "x86_64"]);
        assert_harmless(&ran.stdout);
    }
}
