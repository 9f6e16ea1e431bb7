//! Profiles and a recording with names that somebody else chose.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::{CallId, Outcome, Tally};
use callsieve::recording::{self, Caller, Executable, Observed, Recording, Run};
use callsieve::syscalls::SyscallName;

use crate::util::Sandbox;

/// Everything that means something to a terminal, Markdown, HTML, GitHub or a runner of it.
pub(crate) const EVIL: &str = "\u{1b}[31m\u{202e}|a|`b`<script>alert(1)</script><img src=x>\
    [c](http://d.example)@octocat www.e.example f@g.example #1 ::error::h ##[add-mask]i \r\n| j |\n\
    --><b>k</b> &lt;l&gt; $m$ ~~n~~ *o* _p_ </code></details> :tada: ![q](r) \\";

/// A profile with a name a line.
pub(crate) fn profile(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|it| format!("      \"{it}\"")).collect();
    format!(
        "{{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"architectures\": [\"SCMP_ARCH_X86_64\"],\n  \
         \"syscalls\": [\n    {{\"names\": [\n{}\n    ],\n    \"action\": \"SCMP_ACT_ALLOW\"}}\n  ]\n}}\n",
        names.join(",\n")
    )
}

/// A recording of one program with these names, which made these calls.
pub(crate) fn recording(names: [&str; 3], calls: &[&str]) -> Vec<u8> {
    let [program, process, file] = names.map(str::to_owned);
    let observed = |_: &&str| Observed {
        calls: 3,
        either: false,
        outcomes: BTreeMap::from([(Outcome::Success, 3)]),
        by: BTreeMap::from([(
            program.clone(),
            Caller {
                calls: 3,
                pid: None,
            },
        )]),
        args: BTreeMap::new(),
        first: (0, 7),
        since_start: calls
            .len()
            .is_multiple_of(2)
            .then_some(Duration::from_millis(5)),
    };
    let named = |name: &&str| CallId::Name(SyscallName::new(name).unwrap());
    let run = Run {
        source: "strace".to_owned(),
        files: vec![file],
        tally: Tally::default(),
        executables: BTreeMap::from([(
            program.clone(),
            Executable {
                processes: 1,
                names: BTreeSet::from([process.clone()]),
                started_by: BTreeMap::from([(process, 1)]),
                ..Executable::default()
            },
        )]),
        calls: BTreeMap::from([(
            Arch::X86_64,
            calls
                .iter()
                .map(|call| (named(call), observed(call)))
                .collect(),
        )]),
        capture: None,
    };
    recording::write(&Recording::of(run)).into_bytes()
}

/// A sandbox with `old.json`, `new.json`, a wider one of an evil name, and `rec.json`.
pub(crate) fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let evil = format!(
        "{}.json",
        EVIL.replace('/', "").chars().take(80).collect::<String>()
    );
    sandbox.write("old.json", profile(&["read", "write", "futex", "openat"]));
    let wider = profile(&["read", "keyctl", "write", "ptrace", "mount"]);
    sandbox.write("new.json", &wider);
    sandbox.write(&evil, &wider);
    let calls = ["read", "keyctl", "openat", "futex"];
    sandbox.write("rec.json", recording([EVIL, EVIL, EVIL], &calls));
    (sandbox, evil)
}
