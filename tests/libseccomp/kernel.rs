//! Compiled filters in a real kernel: calls are really made, and get what the model says.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callsieve::arch::Arch;
use callsieve::bpf::{Endian, Program};
use callsieve::enforce::compile;
use callsieve::profile::eval::Meaning;
use callsieve::profile::{Action, Profile, Rule};
use callsieve::syscalls::{SyscallName, table};

use crate::common::{find_program, require};
use crate::random::{self, Random};
use crate::view;

/// Calls that do nothing, whatever their arguments are.
const HARMLESS: [&str; 6] = [
    "getppid",
    "getuid",
    "getgid",
    "geteuid",
    "sched_yield",
    "gettid",
];

/// Profiles, of many calls each.
const PROFILES: u64 = 150;
const CALLS: usize = 60;

/// SIGSYS, as tests/libseccomp/kernel.c reports it.
const DEAD: i64 = 1_000_031;

#[test]
fn the_kernel_answers_as_the_model_says() {
    let is_x86_64 = cfg!(target_arch = "x86_64");
    if !require("x86_64", is_x86_64, "calls are made with its instructions") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(runner) = compiled(folder.path()) else {
        return;
    };
    let mut made = [0_usize; 3];
    for seed in 1..=PROFILES {
        let mut random = Random::new(seed);
        let profile = harmless(&mut random);
        let meaning = Meaning::new(&profile, &view());
        let Ok(program) = compile(&meaning, Endian::Little) else {
            continue;
        };
        let calls: Vec<(Arch, u32, [u64; 6])> = (0..CALLS)
            .map(|_| {
                let arch = random.pick(&[Arch::X86_64, Arch::X86_64, Arch::X86]);
                let number = table(arch).number(random.pick(&HARMLESS)).unwrap();
                (arch, number, random::args(&mut random))
            })
            .collect();
        let results = run(&runner, &program, &calls);
        for ((arch, number, args), result) in calls.into_iter().zip(results) {
            let seen = args.map(|arg| {
                if arch == Arch::X86 {
                    arg & 0xffff_ffff
                } else {
                    arg
                }
            });
            let expected = meaning.answer_number(arch, number, &seen).unwrap();
            let fits = match expected {
                Action::KillProcess | Action::KillThread | Action::Trap => result == DEAD,
                Action::Errno(number) => result == -i64::from(number),
                Action::Trace(_) | Action::Notify => result == -38,
                Action::Allow | Action::Log => (0..DEAD).contains(&result),
            };
            assert!(
                fits,
                "{arch} {number} {args:x?}: {expected}, the kernel: {result}"
            );
            made[match expected {
                Action::Allow | Action::Log => 0,
                Action::Errno(_) => 1,
                Action::KillProcess
                | Action::KillThread
                | Action::Trap
                | Action::Notify
                | Action::Trace(_) => 2,
            }] += 1;
        }
    }
    assert!(made.iter().all(|count| *count > 100), "{made:?}");
}

fn compiled(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("kernel");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libseccomp/kernel.c");
    let done = find_program("cc").is_some_and(|cc| {
        Command::new(cc)
            .args(["-O1", "-o"])
            .args([&program, &source])
            .status()
            .unwrap()
            .success()
    });
    require(
        "cc",
        done,
        "tests/libseccomp/kernel.c does not compile (Debian package gcc)",
    )
    .then_some(program)
}

/// A random profile about harmless calls.
fn harmless(random: &mut Random) -> Profile {
    let mut profile = random::profile(random);
    for rule in &mut profile.rules {
        let name = random.pick(&HARMLESS);
        rule.names = vec![SyscallName::new(name).unwrap()];
    }
    profile.architectures = vec![Arch::X86_64, Arch::X86];
    if random.below(4) == 0 {
        profile.architectures.pop();
    }
    // Makes sure that the number is loaded; see `Assembled::numberless`.
    let action = if profile.default_action == Action::Allow {
        Action::Log
    } else {
        Action::Allow
    };
    profile.rules.push(Rule::unconditional(
        vec![SyscallName::known("exit")],
        action,
    ));
    profile
}

fn run(runner: &Path, program: &Program, calls: &[(Arch, u32, [u64; 6])]) -> Vec<i64> {
    let mut input = Vec::new();
    let mut word = |value: u64| input.extend(value.to_ne_bytes());
    let bytes = program.to_bytes();
    word(u64::try_from(bytes.len()).unwrap());
    input.extend(bytes);
    let mut word = |value: u64| input.extend(value.to_ne_bytes());
    word(u64::try_from(calls.len()).unwrap());
    for (arch, number, args) in calls {
        word(u64::from(*arch == Arch::X86));
        word(u64::from(*number));
        for arg in args {
            word(*arg);
        }
    }
    let mut child = Command::new(runner)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut output)
        .unwrap();
    assert!(
        child.wait().unwrap().success(),
        "the kernel takes the filter"
    );
    let (words, rest) = output.as_chunks::<8>();
    assert!(rest.is_empty() && words.len() == calls.len());
    words.iter().map(|word| i64::from_ne_bytes(*word)).collect()
}
