//! Laws of recordings, of the reader of logs, and of what is generated.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::event::{
    ArgFacts, ArgValue, CallId, Errno, Gap, Image, Outcome, Place, Sighting, Sink as _, Skip, Tally,
};
use callsieve::ingest::{Source, decompressed, read_strace};
use callsieve::profile::action::Reach;
use callsieve::profile::build::{
    Base, BuildError, DefaultAction, Generated, Keep, Options, Why, build,
};
use callsieve::profile::diff::{self, Difference};
use callsieve::profile::docker_default::{DockerRelease, docker_default};
use callsieve::profile::eval::Meaning;
use callsieve::profile::floor::RuntimeFloor;
use callsieve::profile::policy::Stack;
use callsieve::profile::{Capability, ConditionalProfile, Host, KernelVersion, View};
use callsieve::recording::{self, Recording, Run, RunBuilder};
use callsieve::syscalls::{SyscallName, multiplexer, table};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

const FILES: [&str; 3] = ["a.strace", "b \u{1b}\u{202e}.12", "c"];
const PROGRAMS: [Option<&str>; 4] = [None, Some("/bin/sh"), Some("nginx \"\n\u{7f}"), Some("")];

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        select(vec![
            Outcome::Success,
            Outcome::Failed,
            Outcome::Interrupted,
            Outcome::NoReturn,
            Outcome::Injected,
            Outcome::Sigsys,
            Outcome::Unknown,
        ]),
        (0..700_u16).prop_map(|number| Outcome::Error(Errno::numbered(number))),
    ]
}

fn outcomes() -> impl Strategy<Value = BTreeMap<Outcome, u64>> {
    prop::collection::btree_map(outcome(), 1..1_000_u64, 1..4)
}

fn facts() -> impl Strategy<Value = ArgFacts> {
    let number = prop_oneof![
        0..64_u64,
        any::<u64>(),
        Just(0x2000_0000),
        Just(0x7e02_0000)
    ];
    let value = prop_oneof![
        5 => number.prop_map(ArgValue::Number),
        1 => "[A-Z+_-][A-Z0-9|_ \u{1b}\"]{0,9}".prop_map(ArgValue::Text),
    ];
    let values = prop::collection::btree_map(value, 1..9_u64, 0..6);
    let rare = || prop_oneof![4 => Just(0_u64), 1 => 1..9_u64];
    (values, rare(), rare()).prop_map(|(values, unseen, overflow)| ArgFacts {
        values,
        unseen,
        overflow,
    })
}

fn name(arch: Arch, at: Index) -> SyscallName {
    let names: Vec<&str> = table(arch).iter().map(|(name, _)| name).collect();
    SyscallName::new(names[at.index(names.len())]).unwrap()
}

/// Calls that matter to rules come more often than chance would have them.
fn call(arch: Arch) -> impl Strategy<Value = CallId> {
    let special = vec![
        "clone",
        "clone3",
        "personality",
        "socket",
        "socketcall",
        "mount",
        "ptrace",
        "bpf",
        "keyctl",
        "read",
        "openat2",
        "execve",
    ];
    prop_oneof![
        4 => any::<Index>().prop_map(move |at| CallId::Name(name(arch, at))),
        4 => select(special).prop_map(|name| CallId::Name(SyscallName::new(name).unwrap())),
        1 => "[a-z_][a-z0-9_]{0,8}".prop_map(|name| CallId::Name(SyscallName::new(&name).unwrap())),
        1 => (100_000..100_010_u32).prop_map(CallId::Number),
    ]
}

fn sighting(arch: Arch) -> impl Strategy<Value = Sighting> {
    let place = (select(FILES.to_vec()), 1..99_u64).prop_map(|(file, line)| Place {
        file: file.to_owned(),
        line,
    });
    (
        call(arch),
        prop::bool::weighted(0.1),
        outcomes(),
        prop::collection::btree_map(0..6_u8, facts(), 0..3),
        place,
        prop::option::of((0..9_999_999_u64).prop_map(Duration::from_micros)),
    )
        .prop_map(
            move |(call, either, outcomes, args, first, since_start)| Sighting {
                arch,
                call,
                either,
                calls: outcomes.values().sum(),
                outcomes,
                args,
                first,
                since_start,
            },
        )
}

fn arches() -> impl Strategy<Value = Vec<Arch>> {
    prop_oneof![
        3 => Just(vec![Arch::X86_64]),
        2 => Just(vec![Arch::X86_64, Arch::X86]),
        1 => Just(vec![Arch::X86, Arch::X32]),
        1 => Just(vec![Arch::Aarch64, Arch::Arm]),
        1 => Just(vec![Arch::S390x]),
    ]
}

fn run_of(arches: Vec<Arch>) -> impl Strategy<Value = Run> {
    let image = (
        select(PROGRAMS.to_vec()),
        prop::option::of(1..99_u32),
        1..4_u64,
        prop::collection::btree_map("|/bin/[a-c]", 1..4_u64, 0..3),
    )
        .prop_map(|(executable, pid, processes, started_by)| Image {
            executable: executable.map(str::to_owned),
            pid,
            processes,
            names: BTreeSet::new(),
            ends: BTreeMap::new(),
            started_by,
        });
    let sightings = prop::collection::vec(select(arches).prop_flat_map(sighting), 0..8);
    let images = prop::collection::vec((image, sightings), 0..4);
    let tally = (
        0..99_u64,
        prop::collection::btree_map(select(Skip::ALL.to_vec()), 1..9_u64, 0..3),
        subsequence(Gap::ALL.to_vec(), 0..2),
        prop::collection::vec(
            (select(FILES.to_vec()), "\\PC{0,9}|[\u{0}-\u{ff}]{0,9}"),
            0..4,
        ),
    );
    (images, tally).prop_map(|(images, (lines, skipped, gaps, examples))| {
        let mut builder = RunBuilder::new("strace", FILES.map(str::to_owned).to_vec());
        let mut calls = 0;
        for (image, sightings) in &images {
            calls += sightings.iter().map(|sighting| sighting.calls).sum::<u64>();
            builder.image(image, sightings.clone());
        }
        let mut tally = Tally {
            lines,
            calls,
            gaps: gaps.into_iter().collect(),
            ..Tally::default()
        };
        for (file, text) in examples {
            tally.not_understood(file, lines, text.as_bytes());
        }
        for (skip, count) in skipped {
            *tally.skipped.entry(skip).or_default() += count;
        }
        builder.finish(tally)
    })
}

fn recording() -> impl Strategy<Value = Recording> {
    arches()
        .prop_flat_map(|arches| prop::collection::vec(run_of(arches), 0..4))
        .prop_map(|runs| {
            let mut all = Recording::default();
            for run in runs {
                all.merge(Recording::of(run));
            }
            all
        })
}

fn merged(parts: &[&Recording]) -> Recording {
    let mut all = Recording::default();
    for part in parts {
        all.merge((*part).clone());
    }
    all
}

/// All that the totals say, as text.
fn totals(recording: &Recording) -> String {
    format!("{:?}", recording.totals())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_a_union(a in recording(), b in recording(), c in recording()) {
        let all = merged(&[&a, &b, &c]);
        let (ab, bc) = (merged(&[&a, &b]), merged(&[&b, &c]));
        for other in [
            merged(&[&c, &b, &a]),
            merged(&[&b, &a, &c]),
            merged(&[&ab, &c]),
            merged(&[&a, &bc]),
            merged(&[&all, &all]),
            merged(&[&ab, &bc, &a]),
        ] {
            prop_assert_eq!(&other, &all);
            prop_assert_eq!(totals(&other), totals(&all));
            prop_assert_eq!(recording::write(&other), recording::write(&all));
        }
        // Counts are sums over distinct runs.
        let sum = |recording: &Recording| -> u64 {
            recording.totals().values().flat_map(BTreeMap::values).map(|total| total.calls).sum()
        };
        let runs: u64 = all.runs().map(|(_, run)| sum(&Recording::of(run.clone()))).sum();
        prop_assert_eq!(sum(&all), runs);
    }

    #[test]
    fn what_was_written_is_read(recording in recording()) {
        let text = recording::write(&recording);
        let back = recording::read(text.as_bytes()).unwrap();
        prop_assert_eq!(&back, &recording);
        prop_assert_eq!(recording::write(&back), text);
    }

    /// A changed file is refused, or it is another way to write the same.
    #[test]
    fn damage_is_found(recording in recording(), cuts in cuts()) {
        let bytes = mutated(recording::write(&recording).into_bytes(), &cuts);
        if let Ok(back) = recording::read(&bytes) {
            for (id, run) in back.runs() {
                let known = recording.runs().find(|(known, _)| *known == id);
                let Some((_, known)) = known else {
                    return Err(TestCaseError::fail("a run under another name"));
                };
                prop_assert_eq!(&run.calls, &known.calls);
                prop_assert_eq!(&run.tally.gaps, &known.tally.gaps);
            }
        }
    }

    #[test]
    fn any_bytes_are_no_recording(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(recording::read(&bytes).is_err());
    }
}

/// A value that looks like a number and is none in the way numbers are written.
#[test]
fn a_text_that_looks_like_a_number_stays_text() {
    let mut builder = RunBuilder::new("strace", vec!["a".to_owned()]);
    let mut facts = ArgFacts::default();
    for value in ["08", "+8", "-8", "18446744073709551616"] {
        facts.add(ArgValue::Text(value.to_owned()), 1);
    }
    facts.add(ArgValue::Number(8), 1);
    let sighting = Sighting {
        arch: Arch::X86_64,
        call: CallId::Number(9_999),
        either: false,
        calls: 5,
        outcomes: BTreeMap::from([(Outcome::Success, 5)]),
        args: BTreeMap::from([(0, facts)]),
        first: Place {
            file: "a".to_owned(),
            line: 1,
        },
        since_start: None,
    };
    let image = Image {
        executable: None,
        pid: None,
        processes: 1,
        names: BTreeSet::new(),
        ends: BTreeMap::new(),
        started_by: BTreeMap::new(),
    };
    builder.image(&image, vec![sighting]);
    let recording = Recording::of(builder.finish(Tally::default()));
    let text = recording::write(&recording);
    assert_eq!(recording::read(text.as_bytes()).unwrap(), recording);
}

/// Changes of bytes: where, how, with what.
type Cuts = Vec<(Index, u8, u8, Index)>;

fn cuts() -> impl Strategy<Value = Cuts> {
    prop::collection::vec(
        (any::<Index>(), 0..7_u8, any::<u8>(), any::<Index>()),
        1..12,
    )
}

fn mutated(mut bytes: Vec<u8>, cuts: &Cuts) -> Vec<u8> {
    for (at, how, byte, other) in cuts {
        if bytes.is_empty() {
            break;
        }
        let (at, other) = (at.index(bytes.len()), other.index(bytes.len()));
        match how {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, *byte),
            2 => bytes.swap(at, other),
            3 => bytes[at] = *byte,
            4 => {
                let some = bytes[at..].iter().take(40).copied().collect::<Vec<_>>();
                bytes.splice(other..other, some);
            }
            5 => drop(bytes.drain(at..(at + usize::from(*byte)).min(bytes.len()))),
            _ => {
                let tokens: [&[u8]; 8] = [
                    b"\n",
                    b" <unfinished ...>\n",
                    b"<... read resumed>",
                    b"[pid 7] ",
                    b"(",
                    b") = ",
                    b"strace: ",
                    b"+++ exited with 0 +++\n",
                ];
                let token = tokens[usize::from(*byte) % tokens.len()];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
    bytes
}

/// The first lines of every sample, but for tables of counts, which count without lines.
static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-traces");
    let mut paths = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !name.contains("table") {
                folders.push(path);
            } else if name.starts_with("trace.") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let mut text = Vec::new();
            let mut reader = decompressed(File::open(path).unwrap()).unwrap();
            reader.by_ref().take(6_000).read_to_end(&mut text).unwrap();
            text
        })
        .collect()
});

/// Reads a log; checks what must hold of whatever comes out.
fn ingested(files: &[&[u8]], told: Option<Arch>) -> Result<(), TestCaseError> {
    let names: Vec<String> = (0..files.len()).map(|at| format!("t.{at}")).collect();
    let mut builder = RunBuilder::new("strace", names.clone());
    let several = files.len() > 1;
    let sources = files
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(at, (bytes, name))| Source {
            name: name.clone(),
            pid: several.then_some(u32::try_from(at).unwrap() + 300),
            reader: Box::new(*bytes),
        });
    let Ok(tally) = read_strace(sources, told, &mut builder, &mut |_| ()) else {
        return Ok(());
    };
    let run = builder.finish(tally);
    let bytes: usize = files.iter().map(|bytes| bytes.len()).sum();
    // `a()` and a line end is the shortest call.
    let most = u64::try_from(bytes).unwrap().div_ceil(4);
    prop_assert!(
        run.tally.calls <= most,
        "{} calls in {bytes} bytes",
        run.tally.calls
    );
    let mut all = 0;
    for (call, observed) in run.calls.values().flatten() {
        prop_assert!(observed.calls > 0, "{call}");
        prop_assert_eq!(
            observed.outcomes.values().sum::<u64>(),
            observed.calls,
            "{}",
            call
        );
        let by: u64 = observed.by.values().map(|caller| caller.calls).sum();
        prop_assert_eq!(by, observed.calls, "{}", call);
        for facts in observed.args.values() {
            let values = facts.values.values().sum::<u64>() + facts.unseen + facts.overflow;
            prop_assert!(values <= observed.calls, "{call}");
        }
        all += observed.calls;
    }
    // Behind a multiplexer a call is there under two names.
    prop_assert!(all <= 2 * run.tally.calls, "{all} of {}", run.tally.calls);
    prop_assert!(all >= run.tally.calls, "{all} of {}", run.tally.calls);
    let recording = Recording::of(run);
    let text = recording::write(&recording);
    prop_assert_eq!(recording::read(text.as_bytes()).unwrap(), recording);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        text in "([a-z]{1,9}\\(|\\) = |[0-9]{1,5} |\"|<\\.\\.\\. |resumed>|<unfinished \\.\\.\\.>|\n|\\[pid +[0-9]\\] |\\+\\+\\+ | = |-1 E|\\{|\\[|\\PC){0,60}",
        told in select(vec![None, Some(Arch::X86_64), Some(Arch::Arm)]),
    ) {
        ingested(&[&bytes], told)?;
        ingested(&[text.as_bytes()], told)?;
        ingested(&[text.as_bytes(), &bytes], told)?;
    }

    #[test]
    fn damaged_logs_are_read_without_a_panic(
        at in any::<Index>(),
        other in any::<Index>(),
        cuts in cuts(),
        told in select(vec![None, Some(Arch::X86_64)]),
    ) {
        let one = mutated(at.get(&SAMPLES).clone(), &cuts);
        let two = mutated(other.get(&SAMPLES).clone(), &cuts);
        ingested(&[&one], told)?;
        ingested(&[&one, &two], told)?;
        let mut spliced = one;
        spliced.extend(two);
        ingested(&[&spliced], told)?;
    }
}

/// Undamaged logs keep the same laws.
#[test]
fn whole_logs() {
    assert!(SAMPLES.len() > 20);
    for sample in SAMPLES.iter() {
        ingested(&[sample], Some(Arch::X86_64)).unwrap();
    }
}

const CUSTOM: [&str; 4] = [
    r#"{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        "syscalls": [
        {"names": ["read", "socket", "execve", "close"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["clone", "personality"], "action": "SCMP_ACT_ALLOW",
         "args": [{"index": 0, "value": 9, "op": "SCMP_CMP_LT"}, {"index": 0, "value": 99, "op": "SCMP_CMP_GT"}]},
        {"names": ["mount", "openat2"], "action": "SCMP_ACT_LOG",
         "args": [{"index": 1, "value": 4, "valueTwo": 4, "op": "SCMP_CMP_MASKED_EQ"},
                  {"index": 2, "value": 0, "op": "SCMP_CMP_EQ"}]},
        {"names": ["bpf"], "action": "SCMP_ACT_NOTIFY"},
        {"names": ["keyctl"], "action": "SCMP_ACT_TRACE", "errnoRet": 7}]}"#,
    r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mount", "bpf", "keyctl", "clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
        {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"},
        {"names": ["clone", "socket"], "action": "SCMP_ACT_ERRNO",
         "args": [{"index": 0, "value": 2080505856, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}"#,
    r#"{"defaultAction": "SCMP_ACT_KILL_PROCESS", "architectures": ["SCMP_ARCH_AARCH64", "SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["read", "clone3", "statx", "execve"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_EQ"}]},
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 50, "op": "SCMP_CMP_LE"}]},
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
        {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}"#,
    r#"{"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
        {"names": ["read", "socket"], "action": "SCMP_ACT_ERRNO"}]}"#,
];

fn base() -> impl Strategy<Value = Base> {
    let releases: Vec<DockerRelease> = DockerRelease::known_snapshots().collect();
    prop_oneof![
        3 => select(releases).prop_map(|release| Base {
            name: format!("docker-default@{release}"),
            profile: docker_default(release),
        }),
        2 => select(CUSTOM.to_vec()).prop_map(|text| {
            let profile: ConditionalProfile = callsieve::formats::docker::read(text.as_bytes()).unwrap();
            Base { name: "custom".to_owned(), profile }
        }),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let capabilities: Vec<Capability> = Capability::all().collect();
    let allowed: Vec<SyscallName> = ["keyctl", "mount", "clone", "bpf", "socket", "read"]
        .map(|name| SyscallName::new(name).unwrap())
        .to_vec();
    (
        base(),
        prop_oneof![
            Just(Capability::docker_default().collect::<BTreeSet<_>>()),
            subsequence(capabilities, 0..41).prop_map(|some| some.into_iter().collect()),
        ],
        select(vec!["4.7", "5.4", "6.18"]),
        any::<(bool, bool, bool, bool)>(),
        prop_oneof![2 => Just(Vec::new()), 1 => subsequence(allowed, 0..3)],
        select(vec![DefaultAction::Errno, DefaultAction::KillProcess]),
    )
        .prop_map(
            |(
                base,
                capabilities,
                kernel,
                (runc, crun, no_new_privileges, observed),
                allow,
                default,
            )| Options {
                arches: BTreeSet::new(),
                base: Some(base),
                capabilities,
                kernel: kernel.parse::<KernelVersion>().unwrap(),
                floor: match (runc, crun) {
                    (true, true) => RuntimeFloor::BOTH,
                    (true, false) => RuntimeFloor::RUNC,
                    (false, true) => RuntimeFloor::CRUN,
                    (false, false) => RuntimeFloor::NONE,
                },
                recorded_floor: BTreeMap::new(),
                no_new_privileges,
                allow: allow
                    .into_iter()
                    .map(|name| (name, "asked".to_owned()))
                    .collect(),
                also: [
                    (SyscallName::new("keyctl").unwrap(), "also".to_owned()),
                    (SyscallName::new("socket").unwrap(), "also".to_owned()),
                ]
                .into(),
                deny: BTreeMap::new(),
                keep: None,
                default,
                observed_arguments: observed,
            },
        )
}

fn wider(old: &callsieve::profile::Profile, new: &Generated) -> Vec<diff::Change> {
    Difference::between(old, &new.profile, &View::docker(new.native))
        .unwrap()
        .wider
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The central law: whatever was observed, nothing is permitted that the base refuses, but
    /// for what was asked for by name.
    #[test]
    fn never_wider_than_the_base(recording in recording(), options in options()) {
        let Ok(generated) = build(&recording, &options) else { return Ok(()) };
        let base = generated.base.as_ref().unwrap();
        for change in wider(base, &generated) {
            let asked = match &change.call {
                // A rule for a call behind a multiplexer is one for the multiplexer, too.
                diff::CallId::Name(name) => options.allow.keys().any(|allowed| {
                    allowed == name
                        || multiplexer(change.arch, allowed.as_str()) == Some(name.as_str())
                }),
                diff::CallId::AnyOther
                | diff::CallId::AnyFrom(_)
                | diff::CallId::WholeArchitecture => false,
            };
            prop_assert!(asked, "{change:?}");
        }
    }

    #[test]
    fn observed_arguments_only_narrow(recording in recording(), options in options()) {
        let with = |observed_arguments| build(&recording, &Options { observed_arguments, ..options.clone() });
        let (Ok(plain), Ok(tight)) = (with(false), with(true)) else { return Ok(()) };
        prop_assert_eq!(wider(&plain.profile, &tight), []);
    }

    /// What was observed and what the base permits goes through.
    #[test]
    fn observed_calls_are_permitted(recording in recording(), options in options()) {
        let Ok(generated) = build(&recording, &options) else { return Ok(()) };
        let base = Meaning::new(generated.base.as_ref().unwrap(), &View::docker(generated.native));
        let ours = Meaning::new(&generated.profile, &View::docker(generated.native));
        for (arch, calls) in recording.totals() {
            for (call, total) in calls {
                let CallId::Name(name) = &call else { continue };
                let left_out = generated.left_out.iter().any(|left| {
                    left.arch == arch && left.call == call && !matches!(left.why, Why::Values(_))
                });
                let exists = table(arch).number(name.as_str()).is_some();
                if !exists || left_out || !generated.profile.architectures.contains(&arch) {
                    continue;
                }
                let mut tried = Vec::new();
                for (at, facts) in &total.args {
                    for number in facts.all_numbers().unwrap_or_default() {
                        let mut args = [0; 6];
                        args[usize::from(*at)] = number;
                        tried.push(args);
                    }
                }
                for args in tried {
                    if base.answer(arch, name.as_str(), &args).unwrap().reach() == Reach::Permitted
                        && total.args.len() == 1
                    {
                        let answer = ours.answer(arch, name.as_str(), &args).unwrap();
                        prop_assert_eq!(answer.reach(), Reach::Permitted, "{} {} {:?}", arch, name, args);
                    }
                }
            }
        }
    }

    /// A profile made again keeps what the older one permits, as far as the base does, and making
    /// it once more changes nothing.
    #[test]
    fn what_is_kept(recording in recording(), other in recording(), options in options(), older in base()) {
        let older = match build(&other, &options) {
            Ok(first) if other.arches().len() > 1 => {
                callsieve::formats::docker::read(callsieve::formats::docker::write(&first.profile).as_bytes()).unwrap()
            }
            Ok(_) | Err(_) => older.profile,
        };
        let keeping = |older: &ConditionalProfile| Options {
            keep: Some(Keep { name: "older".to_owned(), profile: older.clone(), prune_after: None }),
            ..options.clone()
        };
        let Ok(without) = build(&recording, &options) else { return Ok(()) };
        let kept = match build(&recording, &keeping(&older)) {
            Ok(kept) => kept,
            Err(BuildError::KeepsEverything { .. } | BuildError::KeepsOther { .. } | BuildError::NotKept { .. } | BuildError::Diff(_)) => return Ok(()),
            // Rules of a base of one's own can mean something else on an architecture of 32 bits.
            Err(BuildError::Weaker { ref base, .. }) if base == "custom" => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        prop_assert_eq!(kept.native, without.native);
        let view = View::docker(kept.native);
        let host = Host {
            native: kept.native,
            capabilities: options.capabilities.clone(),
            kernel: options.kernel,
        };
        let old = view.engine.resolve(&older, &host);
        let (old, base) = (Meaning::new(&old, &view), Meaning::new(kept.base.as_ref().unwrap(), &view));
        let both = Stack::new(vec![Box::new(old), Box::new(base)]);
        let lost = Difference::of(&both, &Meaning::new(&kept.profile, &view)).unwrap().narrower;
        let told = |name: &SyscallName| kept.left_out.iter().any(|left| {
            left.why == Why::NotCarried && left.call == CallId::Name(name.clone())
        });
        let lost: Vec<_> = lost.iter().filter(|change| match &change.call {
            diff::CallId::Name(name) => !told(name),
            diff::CallId::AnyOther | diff::CallId::AnyFrom(_) | diff::CallId::WholeArchitecture => false,
        }).collect();
        prop_assert!(lost.is_empty(), "{lost:?}");
        prop_assert_eq!(&Difference::between(&without.profile, &kept.profile, &view).unwrap().narrower, &[]);
        let text = callsieve::formats::docker::write(&kept.profile);
        let again = callsieve::formats::docker::read(text.as_bytes()).unwrap();
        let again = build(&recording, &keeping(&again)).unwrap();
        prop_assert_eq!(callsieve::formats::docker::write(&again.profile), text);
    }

    /// What is denied is refused.
    #[test]
    fn what_is_denied(recording in recording(), options in options()) {
        let deny = [("openat", "no"), ("ptrace", "no"), ("socketcall", "no"), ("accept4", "no")];
        let options = Options {
            deny: deny.map(|(name, why)| (SyscallName::new(name).unwrap(), why.to_owned())).into(),
            ..options
        };
        let Ok(generated) = build(&recording, &options) else { return Ok(()) };
        let view = View::docker(generated.native);
        let meaning = Meaning::new(&generated.profile, &view);
        for (name, _) in deny {
            for arch in &generated.profile.architectures {
                if table(*arch).number(name).is_some() {
                    let answer = meaning.answer(*arch, name, &[1, 2, 3, 4, 5, 6]).unwrap();
                    prop_assert_ne!(answer.reach(), Reach::Permitted);
                }
            }
        }
    }

    #[test]
    fn the_same_input_the_same_bytes(recording in recording(), options in options()) {
        let Ok(one) = build(&recording, &options) else { return Ok(()) };
        let two = build(&recording, &options).unwrap();
        let text = callsieve::formats::docker::write(&one.profile);
        prop_assert_eq!(&text, &callsieve::formats::docker::write(&two.profile));
        // And engines, which read it strictly or not, read the same.
        let back = callsieve::formats::docker::read(text.as_bytes()).unwrap();
        let host = Host {
            native: one.native,
            capabilities: options.capabilities.clone(),
            kernel: options.kernel,
        };
        let difference = Difference::between(&one.profile, &back.resolve(&host), &View::docker(one.native)).unwrap();
        prop_assert!(difference.is_identical());
    }
}
