//! What came of a command under a profile.

use serde_json::Value;

use crate::evidence::EVIL;
use crate::rendered::render;
use crate::sarif::results;
use crate::schemas::valid;
use crate::util::Sandbox;

const REFUSES: &str = r#"{
  "defaultAction": "SCMP_ACT_ALLOW",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    {
      "names": ["keyctl",
        "mkdir"],
      "action": "SCMP_ACT_ERRNO"
    }
  ]
}
"#;

/// A sandbox with a profile and a program whose name somebody else chose.
fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("web.json", REFUSES);
    let evil: String = EVIL.replace('/', "").chars().take(60).collect();
    std::fs::copy("/usr/bin/mkdir", sandbox.path(&evil)).unwrap();
    (sandbox, format!("./{evil}"))
}

fn verified(sandbox: &Sandbox, program: &str, format: &str) -> (Option<i32>, String) {
    let ran = sandbox.args([
        "verify", "web.json", "-f", format, "-o", "out", "--", program, "folder",
    ]);
    let out = String::from_utf8(sandbox.read("out")).unwrap();
    (ran.code, out)
}

#[test]
fn a_refusal_in_every_format() {
    let (sandbox, evil) = sandbox();
    for program in ["mkdir", &evil] {
        let (code, json) = verified(&sandbox, program, "json");
        assert_eq!(code, Some(1), "{json}");
        valid("verify", &json);
        let (_, log) = verified(&sandbox, program, "sarif");
        let results = results(&log);
        assert_eq!(results.len(), 1);
        assert_eq!(results[0]["ruleId"], "refused");
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "web.json");
        assert_eq!(place["region"]["startLine"], Value::from(7));
        let (_, said) = verified(&sandbox, program, "github");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(
            lines[0].starts_with(
                "::error file=web.json,line=7,title=mkdir is refused::mkdir gets EPERM"
            ),
            "{said}"
        );
        let (_, markdown) = verified(&sandbox, program, "markdown");
        assert!(
            markdown.starts_with("### Seccomp profile `web.json` with "),
            "{markdown}"
        );
        assert!(markdown.contains("\n<!-- callsieve:verify:web.json -->\n"));
        let Some(rendered) = render(&markdown) else {
            return;
        };
        assert_eq!(rendered.tables[0].len(), 2);
        assert_eq!(rendered.tables[0][1][0], "mkdir");
    }
}

#[test]
fn nothing_refused() {
    let (sandbox, _) = sandbox();
    let (code, markdown) = verified(&sandbox, "true", "markdown");
    assert_eq!(code, Some(0));
    assert_eq!(markdown.lines().count(), 2, "{markdown}");
    assert!(markdown.contains("Nothing was refused"));
    let (_, log) = verified(&sandbox, "true", "sarif");
    assert!(results(&log).is_empty());
    let (_, json) = verified(&sandbox, "true", "json");
    valid("verify", &json);
    let ran = sandbox.run("verify web.json -f markdown --skip-no-diff -o - -- true");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
}
