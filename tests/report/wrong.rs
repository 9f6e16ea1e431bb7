//! Input and output that are none.

use std::fs::File;

use crate::Place;

const NGINX: &str = "sample-traces/nginx/trace.strace.gz";

fn fails(place: &Place, line: &str, says: &str) {
    let output = place.run(line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(output.stdout.is_empty(), "{line}");
    assert!(
        stderr.starts_with(&format!("error: {says}")),
        "{line}: {stderr}"
    );
}

#[test]
fn inputs() {
    let place = Place::new();
    place.ok(&format!("generate -q {NGINX} -o a.json"));
    place.write("no.json", "{\"neither\": 1}");
    place.write("empty", "");
    for (words, says) in [
        (
            "a.json",
            "there is no recording and no trace among the inputs",
        ),
        (
            "docker-default",
            "there is no recording and no trace among the inputs",
        ),
        ("no-such-file", "can't read `no-such-file`"),
        (
            "no.json",
            "`no.json` is JSON, but neither a recording nor a profile",
        ),
        ("empty", ""),
        ("- -", "standard input can be read only once"),
        ("- --against -", "standard input can be read only once"),
        ("NGINX --arch aarch64x", "invalid value 'aarch64x'"),
        (
            "NGINX --arch s390x",
            "the recordings have no calls of s390x",
        ),
        (
            "NGINX a.json ./a.json",
            "`a.json` and `./a.json` are both profiles",
        ),
        (
            "NGINX a.json podman-default",
            "`podman-default` and `a.json` are both profiles",
        ),
        (
            "NGINX --against a.json",
            "there is no profile to compare with `a.json`",
        ),
        ("NGINX a.json --against no.json", "`no.json` is JSON"),
        ("NGINX --timestamp now", "invalid value 'now'"),
        (
            "NGINX --timestamp 253402300800",
            "invalid value '253402300800'",
        ),
    ] {
        let line = format!("report -o page.html {}", words.replace("NGINX", NGINX));
        fails(&place, &line, says);
        assert!(!place.path().join("page.html").exists(), "{line}");
    }
    let output = place
        .command()
        .env("SOURCE_DATE_EPOCH", "yesterday")
        .args(["report", NGINX])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("SOURCE_DATE_EPOCH is `yesterday`"),
        "{stderr}"
    );
}

#[test]
fn outputs() {
    let place = Place::new();
    fails(
        &place,
        &format!("report {NGINX} -o /dev/full"),
        "can't write `/dev/full`",
    );
    fails(
        &place,
        &format!("report {NGINX} -o no/page.html"),
        "can't write `no/page.html`",
    );
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = place
        .command()
        .args(["report", NGINX])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    // A reader that has gone is no error.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = place
        .command()
        .args(["report", NGINX])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_terminal() {
    if !crate::common::require_program("script", "bsdutils") {
        return;
    }
    let place = Place::new();
    let output = std::process::Command::new("script")
        .current_dir(place.path())
        .args([
            "-qec",
            &format!("{} report {NGINX}", env!("CARGO_BIN_EXE_callsieve")),
            "/dev/null",
        ])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("a page is not for a terminal"), "{text}");
}
