//! Files made to cost much: one clear finding, within a bound of time.

use std::time::{Duration, Instant};

use callsieve::lint::{Report, Rule, lint};

use super::options;

fn bounded(bytes: &[u8], most: Duration) -> Report {
    let start = Instant::now();
    let report = lint(bytes, &options());
    let took = start.elapsed();
    assert!(took < most, "{took:?} for {} bytes", bytes.len());
    report
}

const SOON: Duration = Duration::from_secs(20);

fn only_malformed(bytes: &[u8]) -> String {
    let report = bounded(bytes, SOON);
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert_eq!(report.findings[0].rule, Rule::Malformed);
    report.findings[0].message.clone()
}

#[test]
fn deep_nesting_is_one_error() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = 100_000;
        let inside = [open.repeat(deep), "1".to_owned(), close.repeat(deep)].concat();
        let message = only_malformed(format!("{{\"x\": {inside}}}").as_bytes());
        assert!(message.contains("nesting"), "{message}");
        // Unclosed, as a broken file is.
        only_malformed(format!("{{\"x\": {}", open.repeat(deep)).as_bytes());
    }
}

#[test]
fn what_is_no_profile_is_one_error() {
    only_malformed(b"");
    only_malformed(b"\xff{}");
    only_malformed(b"{\"a\": \"\xc3\"}");
    only_malformed(&vec![b' '; 5 << 20]);
    only_malformed(b"{} {}");
    only_malformed(b"{\"a\": 1e}");
    only_malformed("{\"a\":\u{a0}1}".as_bytes());
}

/// A profile with this inside `syscalls`.
fn profile(rules: &str) -> Vec<u8> {
    format!(
        "{{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \
         \"syscalls\": [{rules}]}}"
    )
    .into_bytes()
}

#[test]
fn many_names_and_rules() {
    let names = vec!["\"read\""; 400_000].join(",");
    let report = bounded(
        &profile(&format!(
            "{{\"names\": [{names}], \"action\": \"SCMP_ACT_ALLOW\"}}"
        )),
        SOON,
    );
    assert!(report.dropped[&Rule::Duplicate] > 300_000);
    let names: Vec<String> = (0..300_000).map(|n| format!("\"x{n}\"")).collect();
    let report = bounded(
        &profile(&format!(
            "{{\"names\": [{}], \"action\": \"SCMP_ACT_ALLOW\"}}",
            names.join(",")
        )),
        SOON,
    );
    assert!(report.dropped[&Rule::UnknownName] > 200_000);
    let rules: Vec<String> = (0..10_000)
        .map(|n| {
            format!(
                "{{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": \
                 [{{\"index\": {}, \"value\": {n}, \"op\": \"SCMP_CMP_NE\"}}, \
                 {{\"index\": {}, \"value\": {n}, \"op\": \"SCMP_CMP_GT\"}}]}}",
                n % 6,
                (n + 1) % 6
            )
        })
        .collect();
    // What can't be compared is said, and never taken for good.
    let report = bounded(&profile(&rules.join(",")), Duration::from_secs(60));
    assert!(
        !report.not_checked.is_empty()
            || report
                .findings
                .iter()
                .any(|f| f.rule == Rule::WeakerArguments),
        "{:?}",
        report.not_checked
    );
}

#[test]
fn every_start_of_a_profile_is_read() {
    let whole = include_bytes!("cases/CS016/fail-2.json");
    for end in 0..whole.len() {
        let report = lint(&whole[..end], &options());
        let malformed = report.findings.iter().any(|f| f.rule == Rule::Malformed);
        let blank = whole[end..].iter().all(u8::is_ascii_whitespace);
        assert_eq!(malformed, !blank, "{end}");
    }
}
