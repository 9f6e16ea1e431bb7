//! Calls without which a container does not start, or a program does not run.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Input;
use crate::lint::engines::{CRUN, RUNC, titles};
use crate::lint::finding::{Draft, Findings};
use crate::lint::meaning::Answers;
use crate::lint::words::listed;
use crate::lint::{Rule, fix};
use crate::profile::action::{ENOSYS, Reach};
use crate::profile::floor::RuntimeFloor;
use crate::profile::implied::{IMPLIED, PROBED};
use crate::profile::{Action, Engine};

/// Names, and the engines for which something is wrong with them.
type ByNames = BTreeMap<Vec<&'static str>, Vec<Engine>>;

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let (mut floor, mut always, mut probed) = (ByNames::new(), ByNames::new(), ByNames::new());
    let mut clone3: BTreeMap<Action, Vec<Engine>> = BTreeMap::new();
    let native = input.options.host.native;
    for reading in &input.readings {
        for engine in &reading.engines {
            let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
            put(&mut floor, *engine, runtime(input, *engine, &answers));
            put(&mut always, *engine, needed(input, &answers));
            put(&mut probed, *engine, refused(&answers));
            let answer = answers.otherwise("clone3");
            if is_blocked(&answers, "clone3") && answers.permits("clone") {
                clone3.entry(answer).or_default().push(*engine);
            }
        }
    }
    let range = input.file.default_range();
    for (names, engines) in floor {
        let message = format!(
            "{} itself needs {}",
            runtime_name(&engines),
            listed(names.iter().copied())
        );
        let draft = Draft::new(Rule::RuntimeFloor, &range, message).of(&engines);
        findings.add(if input.options.no_new_privileges {
            draft.note("a container with no-new-privileges may not start without")
        } else {
            draft
                .note("a container may not start without")
                .help("with no-new-privileges (`--no-new-privileges`) the runtime needs less")
        });
    }
    for (names, engines) in always {
        let message = format!("programs may need {}", listed(names.iter().copied()));
        findings.add(
            Draft::new(Rule::AlwaysNeeded, &range, message)
                .of(&engines)
                .note("a trace may not show them"),
        );
    }
    for (names, engines) in probed {
        let message = format!(
            "libc falls back from {} only on ENOSYS",
            listed(names.iter().copied())
        );
        findings.add(
            Draft::new(Rule::ProbedRefused, &range, message)
                .of(&engines)
                .help("a rule with `SCMP_ACT_ERRNO` and `errnoRet` 38 for what is not allowed"),
        );
    }
    for (answer, engines) in clone3 {
        thread_creation(input, answer, &engines, &range, findings);
    }
}

fn put(map: &mut ByNames, engine: Engine, names: Vec<&'static str>) {
    if !names.is_empty() {
        map.entry(names).or_default().push(engine);
    }
}

const fn floor_of(engine: Engine) -> RuntimeFloor {
    match engine {
        Engine::Docker | Engine::Docker20 | Engine::Containerd | Engine::Runc => RuntimeFloor::RUNC,
        Engine::CriO | Engine::Podman | Engine::Crun => RuntimeFloor::CRUN,
        // Not measured for the versions in use.
        Engine::Youki => RuntimeFloor::NONE,
    }
}

fn runtime_name(engines: &[Engine]) -> String {
    if engines.iter().all(|engine| RUNC.contains(engine)) {
        "runc".to_owned()
    } else if engines.iter().all(|engine| CRUN.contains(engine)) {
        "crun".to_owned()
    } else {
        format!("the runtime of {}", titles(engines))
    }
}

fn runtime(input: &Input<'_, '_>, engine: Engine, answers: &Answers<'_>) -> Vec<&'static str> {
    let calls = floor_of(engine).calls(input.options.host.native, input.options.no_new_privileges);
    calls
        .map(|(name, _)| name)
        .filter(|name| !answers.permits(name))
        .collect()
}

fn needed(input: &Input<'_, '_>, answers: &Answers<'_>) -> Vec<&'static str> {
    IMPLIED
        .iter()
        .map(|implied| implied.name)
        // One that libseccomp does not know can't be allowed.
        .filter(|name| input.libseccomp().knows(name))
        .filter(|name| answers.has(name) && !answers.permits(name))
        .collect()
}

/// Whether callers are told something else than that the kernel lacks the call.
fn is_blocked(answers: &Answers<'_>, name: &str) -> bool {
    answers.has(name)
        && !answers.permits(name)
        && answers.otherwise(name).reach() == Reach::Refused
        && answers.otherwise(name) != Action::Errno(ENOSYS)
}

fn refused(answers: &Answers<'_>) -> Vec<&'static str> {
    PROBED
        .iter()
        .filter(|probed| probed.name != "clone3" && is_blocked(answers, probed.name))
        .filter(|probed| probed.instead.iter().any(|name| answers.permits(name)))
        .map(|probed| probed.name)
        .collect()
}

fn thread_creation(
    input: &Input<'_, '_>,
    answer: Action,
    engines: &[Engine],
    range: &Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    let rule = input.file.entries.iter().find_map(|entry| {
        let found = entry.names.iter().find(|at| at.value.text == "clone3");
        found.map(|at| at.range.clone())
    });
    let message = match answer {
        Action::KillProcess | Action::KillThread | Action::Trap => {
            format!("clone3 is answered with {answer}")
        }
        Action::Errno(_) | Action::Notify | Action::Trace(_) | Action::Log | Action::Allow => {
            format!("clone3 is blocked with {answer}")
        }
    };
    let draft = Draft::new(Rule::Clone3Eperm, rule.as_ref().unwrap_or(range), message)
        .of(engines)
        .note("glibc falls back to clone only on ENOSYS; threads will fail to start")
        .help("a rule for clone3 with `errnoRet` 38, as Docker's default has it");
    let new = r#"{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}"#;
    let edit = if rule.is_none() {
        fix::with_rule(input.file, new)
    } else {
        None
    };
    findings.add(match edit {
        Some(edit) => draft.fix("add a rule for clone3", vec![edit]),
        None => draft,
    });
}
