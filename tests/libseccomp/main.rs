//! The meaning of profiles held against libseccomp itself: random profiles are compiled by the
//! real library as runc does it, and its programs are compared with the model over all argument
//! values.
//!
//! `CALLSIEVE_TEST_PROFILES=2000000 cargo test --test libseccomp` looks at more of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, and read its own environment"
)]

#[path = "../common/mod.rs"]
mod common;
mod kernel;
mod oracle;
mod random;
mod size;

use callsieve::arch::Arch;
use callsieve::bpf::{Data, Endian, Program};
use callsieve::enforce::compile;
use callsieve::profile::decision::Decisions;
use callsieve::profile::diff::{self, Difference};
use callsieve::profile::eval::Meaning;
use callsieve::profile::policy::{Policy as _, PolicyError};
use callsieve::profile::program::{ProgramPolicy, follow};
use callsieve::profile::{Action, Engine, Libseccomp, Profile, View};
use callsieve::syscalls::table;

use oracle::{NO_ANSWER, Oracle};
use random::{ARCHES, NAMES, Random};

/// How many profiles a run looks at.
const PROFILES: u64 = 100_000;

/// The number of `EEXIST`.
const EEXIST: u32 = 17;

/// crun adds nothing of its own to what libseccomp makes.
fn view() -> View {
    View {
        engine: Engine::Crun,
        libseccomp: Libseccomp::V2_5_5,
        native: Arch::X86_64,
    }
}

/// What became of a profile.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Same,
    Refused,
    Unpredictable,
}

/// Compares the filter that libseccomp makes of a profile with what the model says of it.
fn compare(profile: &Profile, real: &Result<Program, u32>) -> Result<Found, String> {
    let view = view();
    let meaning = Meaning::new(profile, &view);
    let mut decisions = Decisions::new();
    let mut compiled: Option<Program> = None;
    for arch in ARCHES {
        let numbers = NAMES.iter().filter_map(|name| table(arch).number(name));
        for number in numbers.chain([arch.first_number() + 400]) {
            let flow = match (meaning.call(arch, number), real) {
                (Ok(call), _) => call.flow.clone(),
                (Err(error), Err(number)) if error.is_contradiction() && *number == EEXIST => {
                    return Ok(Found::Refused);
                }
                (Err(error), _) if error.is_contradiction() => {
                    return Err(format!("model: {}, libseccomp: loads", chain(&error)));
                }
                (Err(_), _) => return Ok(Found::Unpredictable),
            };
            // What is compiled here does what the model says.
            let compiled = match &compiled {
                Some(program) => program,
                None => compiled.insert(compile(&meaning, Endian::native()).unwrap()),
            };
            let flow_of_compiled = follow(compiled, arch.audit_value(), number).unwrap();
            if decisions.of_flow(&flow).unwrap() != decisions.of_flow(&flow_of_compiled).unwrap() {
                return Err(format!("{arch} {number}: compiled otherwise"));
            }
            let Ok(program) = real else {
                continue;
            };
            let theirs = follow(program, arch.audit_value(), number).unwrap();
            let (ours_root, theirs_root) = (
                decisions.of_flow(&flow).unwrap(),
                decisions.of_flow(&theirs).unwrap(),
            );
            if ours_root != theirs_root {
                let mut answers = None;
                let args = decisions
                    .witness(ours_root, theirs_root, |ours, theirs| {
                        answers = Some((ours, theirs));
                        ours != theirs
                    })
                    .unwrap();
                return Err(format!(
                    "{arch} {:?}: {args:x?} model and libseccomp {answers:?}",
                    table(arch).name(number)
                ));
            }
        }
    }
    match real {
        Err(NO_ANSWER) => Err("model: loads, libseccomp: no answer".to_owned()),
        Ok(_) => Ok(Found::Same),
        Err(number) => Err(format!("model: loads, libseccomp: error {number}")),
    }
}

fn chain(error: &PolicyError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    format!("{error}: {}", source.unwrap_or_default())
}

/// The profile without the rules that the difference does not need.
fn smaller(oracle: &mut Oracle, mut profile: Profile) -> (Profile, String) {
    let mut why = compare(&profile, &oracle.filter(&profile)).unwrap_err();
    let mut at = 0;
    while at < profile.rules.len() {
        let mut less = profile.clone();
        less.rules.remove(at);
        match compare(&less, &oracle.filter(&less)) {
            Ok(_) => at += 1,
            Err(message) => (profile, why, at) = (less, message, 0),
        }
    }
    (profile, why)
}

#[test]
fn random_profiles_mean_what_libseccomp_makes_of_them() {
    let count = std::env::var("CALLSIEVE_TEST_PROFILES").map_or(PROFILES, |it| it.parse().unwrap());
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(8));
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut oracle = Oracle::start()?;
                let (mut same, mut refused, mut unpredictable) = (0_u64, 0_u64, 0_u64);
                let step = u64::try_from(threads).unwrap();
                let mut seed = u64::try_from(worker).unwrap();
                while seed < count {
                    let profile = random::profile(&mut Random::new(seed + 1));
                    match compare(&profile, &oracle.filter(&profile)) {
                        Ok(Found::Same) => same += 1,
                        Ok(Found::Refused) => refused += 1,
                        Ok(Found::Unpredictable) => unpredictable += 1,
                        Err(_) => {
                            let (profile, why) = smaller(&mut oracle, profile);
                            let program = oracle.filter(&profile);
                            eprintln!("again {:?} seed {seed}", compare(&profile, &program).err());
                            let p2 = random::profile(&mut Random::new(seed + 1));
                            eprintln!(
                                "orig {:?} {}",
                                compare(&p2, &oracle.filter(&p2)).err(),
                                p2.rules.len()
                            );
                            let program = program.map_or_else(|_| String::new(), |p| p.to_string());
                            let rules: Vec<String> = profile
                                .rules
                                .iter()
                                .map(|rule| {
                                    format!(
                                        "{:?} {} {:?}",
                                        rule.names, rule.action, rule.conditions
                                    )
                                })
                                .collect();
                            panic!(
                                "profile {seed}: {why}\ndefault {}, {:?}\n{}\n{program}",
                                profile.default_action,
                                profile.architectures,
                                rules.join("\n")
                            );
                        }
                    }
                    seed += step;
                }
                Some((oracle.version.clone(), same, refused, unpredictable))
            })
        })
        .collect();
    let (mut same, mut refused, mut unpredictable) = (0, 0, 0);
    for worker in workers {
        let Some(found) = worker.join().expect("no worker found a difference") else {
            return;
        };
        same += found.1;
        refused += found.2;
        unpredictable += found.3;
    }
    println!("{same} mean the same, {refused} are refused, {unpredictable} can't be told");
    assert!(same > count / 2, "{same} of {count} profiles were compared");
    assert!(
        unpredictable * 1000 <= count,
        "{unpredictable} of {count} can't be told"
    );
}

/// That following a program says what running it does.
#[test]
fn following_a_program_is_running_it() {
    let Some(mut oracle) = Oracle::start() else {
        return;
    };
    for seed in 1..2000 {
        let mut random = Random::new(seed);
        let profile = random::profile(&mut random);
        let Ok(program) = oracle.filter(&profile) else {
            continue;
        };
        for arch in ARCHES {
            for name in NAMES {
                let Some(number) = table(arch).number(name) else {
                    continue;
                };
                let flow = follow(&program, arch.audit_value(), number).unwrap();
                for _ in 0..10 {
                    let data = Data {
                        number,
                        arch: arch.audit_value(),
                        instruction_pointer: 0,
                        args: random::args(&mut random),
                    };
                    let (answer, steps) = program.run(&data);
                    assert_eq!(flow.answer(&data.args), Action::from_return(answer));
                    assert!(steps <= program.cost().longest);
                }
            }
        }
    }
}

/// Every call and number of compiled filters, and of what libseccomp makes, is what the model says.
#[test]
fn whole_filters_are_the_same() {
    let Some(mut oracle) = Oracle::start() else {
        return;
    };
    let mut compared = 0;
    for seed in 1..400 {
        let profile = random::profile(&mut Random::new(seed));
        let meaning = Meaning::new(&profile, &view());
        let (Ok(compiled), Ok(real)) =
            (compile(&meaning, Endian::native()), oracle.filter(&profile))
        else {
            continue;
        };
        compared += 1;
        for program in [compiled, real] {
            let policy = ProgramPolicy::new(program).unwrap();
            let difference = Difference::of(&meaning, &policy).unwrap();
            // An architecture of which every call is killed looks like one that is not listed.
            let kills = matches!(
                profile.default_action,
                Action::KillProcess | Action::KillThread
            );
            let is_same = if kills {
                difference.relation == diff::Relation::Equal
            } else {
                difference.is_identical()
            };
            assert!(is_same, "{seed}: {difference:#?}\n{}", policy.program());
        }
    }
    assert!(compared > 300, "{compared}");
}
