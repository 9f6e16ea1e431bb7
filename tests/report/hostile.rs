//! Names, paths and values made to break out of a page.

use std::fmt::Write as _;

use crate::Place;
use crate::shown::read;

/// Ends of elements and attributes, characters that do not print, and a turn of direction.
const EVIL: &str = "</style></title><script>alert(1)</script>\\\" onload=x ' `&lt; &#60;img src=x>\
    \\33[31m\\0\\342\\200\\256\\357\\273\\277";

fn assert_harmless(page: &str) {
    assert_prints(page);
    // Whatever is no text would be an element or an attribute that no page has.
    read(page);
}

fn assert_prints(text: &str) {
    for c in text.chars() {
        let bad = (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        assert!(!bad, "{c:?}");
    }
}

#[test]
fn in_every_place() {
    let place = Place::new();
    let mut log = format!("1 execve(\"/bin/{EVIL}\", [\"x\"], 0x7ffd /* 1 var */) = 0\n");
    writeln!(
        log,
        "1 socket(AF_{EVIL}, SOCK_STREAM, 0) = 3\n1 ioctl(1, {EVIL}) = 0\n{EVIL}"
    )
    .unwrap();
    for _ in 0..40 {
        log += "1 read(3, \"\", 1) = 0\n";
    }
    log += "1 <script>(1) = 0\n1 exit_group(0) = ?\n1 +++ exited with 0 +++\n";
    let name = "<script>alert('\u{202e}x')<!-- &amp; .strace";
    place.write(name, &log);
    place.write(
        "<b>\".json",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"],
          \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}",
    );
    let output = place
        .command()
        .args([
            "report",
            "--arch",
            "x86_64",
            "--against",
            "<b>\".json",
            "docker-default",
            name,
        ])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let page = String::from_utf8(output.stdout).unwrap();
    assert_harmless(&page);
    assert_prints(&stderr);
    assert!(page.contains("&lt;script&gt;"));
    assert!(
        read(&page)
            .text
            .contains("</style></title><script>alert(1)</script>")
    );
}

/// Ten thousand programs with long names, and as many numbers without a name.
#[test]
fn in_any_number() {
    let place = Place::new();
    let mut log = String::new();
    for number in 1..=10_000 {
        let path = format!("/opt/{number}/{}", "long/".repeat(200));
        writeln!(
            log,
            "{number} [   59] execve(\"{path}\", [\"x\"], 0x7ffd /* 1 var */) = 0"
        )
        .unwrap();
        writeln!(
            log,
            "{number} [{:>5}] syscall_{:#x}(1) = 0",
            1000 + number,
            1000 + number
        )
        .unwrap();
    }
    place.write("log", &log);
    let page = place.ok("report -q --arch x86_64 log");
    assert_harmless(&page);
    assert!(page.len() < 600_000, "{} bytes", page.len());
    let text = read(&page).text;
    for words in ["programs more", "calls more", " […] "] {
        assert!(text.contains(words), "{words}");
    }
}
