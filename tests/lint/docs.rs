//! docs/lint-rules.md is the table of the rules.

use std::fmt::Write as _;
use std::path::Path;

use callsieve::lint::Rule;
use expect_test::expect_file;

#[test]
fn docs_have_every_rule() {
    let mut text = String::from(
        "# Rules of `callsieve lint`\n\n\
         Made of the table in src/lint/rules.rs by `UPDATE_EXPECT=1 cargo test --test lint`. \
         `callsieve lint --explain ID` prints the same.\n\n\
         | id | name | level | what |\n| --- | --- | --- | --- |\n",
    );
    for rule in Rule::ALL {
        let info = rule.info();
        writeln!(
            text,
            "| [{}](#{}) | {} | {} | {} |",
            info.id,
            info.id.to_lowercase(),
            info.name,
            info.severity,
            info.title
        )
        .unwrap();
    }
    for rule in Rule::ALL {
        let info = rule.info();
        writeln!(
            text,
            "\n## {}\n\n**{}** ({}): {}.\n\n{}\n\n- engines: {}\n- source: {}",
            info.id, info.name, info.severity, info.title, info.reason, info.engines, info.source
        )
        .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint-rules.md");
    expect_file![path].assert_eq(&text);
}
