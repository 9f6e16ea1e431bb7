//! What no rule names, and how the profile stands to Docker's default.

use std::ops::Range;

use super::Input;
use crate::arch::Arch;
use crate::lint::Rule;
use crate::lint::engines::{RUNC, titles};
use crate::lint::file::Entry;
use crate::lint::finding::{Draft, Findings};
use crate::lint::meaning::{Answers, wider};
use crate::profile::action::Reach;
use crate::profile::diff::Extent;
use crate::profile::docker_default::{DockerRelease, docker_default};
use crate::profile::{Action, Engine};
use crate::syscalls::{about, table};

pub(super) fn run(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let file = input.file;
    let range = file.default_range();
    let Some(default) = &file.default_action else {
        if file.unclear {
            return;
        }
        findings.add(if file.entries.is_empty() {
            Draft::new(Rule::NoFilter, &range, "no `defaultAction` and no rules")
                .note("Docker and runc run the container without seccomp")
        } else {
            Draft::new(Rule::NoDefaultAction, &range, "`defaultAction` is missing")
                .help("`SCMP_ACT_ERRNO` refuses what no rule names")
        });
        return;
    };
    if default.value.reach() == Reach::Permitted {
        let message = format!(
            "`{}` permits every call that no rule names",
            default.value.scmp_name()
        );
        findings.add(Draft::new(Rule::AllowsByDefault, &default.range, message));
    } else {
        against_docker(input, findings);
        boundary(input, default.value, &range, findings);
    }
    multiplexed(input, findings);
    io_uring(input, findings);
}

/// The first rule with the name, and the name in it.
fn named<'f, 't>(input: &Input<'f, 't>, name: &str) -> Option<(&'f Entry<'t>, &'f Range<usize>)> {
    input.file.entries.iter().find_map(|entry| {
        let permits = entry.action().is_some_and(|a| a.reach() != Reach::Refused);
        let found = entry.names.iter().find(|at| at.value.text == name);
        found.filter(|_| permits).map(|at| (entry, &at.range))
    })
}

fn against_docker(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let host = &input.options.host;
    let docker = docker_default(DockerRelease::NEWEST).resolve(host);
    for reading in &input.readings {
        let calls = match wider(&docker, &reading.profile, host.native) {
            Ok(calls) => calls,
            Err(why) => {
                findings.not_checked(format!("what Docker's default refuses: {why}"));
                continue;
            }
        };
        for (name, extent) in calls {
            let Some((_, place)) = named(input, name.as_str()) else {
                continue;
            };
            findings.add(match extent {
                Extent::ByArgument => Draft::new(
                    Rule::WeakerArguments,
                    place,
                    format!("`{name}` is allowed with arguments that Docker's default refuses"),
                )
                .of(&reading.engines)
                .note(refused(name.as_str()))
                .notes(risk(name.as_str()))
                .help("take the rule of Docker's default, as `callsieve generate` does"),
                Extent::Whole => Draft::new(
                    Rule::OutsideDefault,
                    place,
                    format!("`{name}` is not allowed by Docker's default"),
                )
                .of(&reading.engines)
                .notes(risk(name.as_str())),
            });
        }
    }
}

/// How much harm a program can do with the call.
fn risk(name: &str) -> Option<String> {
    about(name).map(|about| format!("risk {}", about.judgement()))
}

fn refused(name: &str) -> &'static str {
    match name {
        "clone" => "it allows no new namespaces (CLONE_NEW…) without CAP_SYS_ADMIN",
        "socket" => "it allows every family but AF_ALG and AF_VSOCK",
        "personality" => "it allows PER_LINUX, PER_LINUX32, UNAME26 and asking",
        _ => "it looks at the arguments",
    }
}

/// What runc does instead of killing.
fn boundary(
    input: &Input<'_, '_>,
    default: Action,
    range: &Range<usize>,
    findings: &mut Findings<'_, '_>,
) {
    if !matches!(
        default,
        Action::KillProcess | Action::KillThread | Action::Trap
    ) {
        return;
    }
    let native = input.options.host.native;
    for reading in &input.readings {
        let engines: Vec<Engine> = reading
            .engines
            .iter()
            .copied()
            .filter(|engine| RUNC.contains(engine))
            .collect();
        let Some(engine) = engines.first() else {
            continue;
        };
        let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
        let Some(number) = answers.boundary() else {
            continue;
        };
        let name = table(native).name(number).unwrap_or_default();
        let message = format!(
            "on {} calls above `{name}` ({number} on {native}) get ENOSYS",
            titles(&engines)
        );
        findings.add(Draft::new(Rule::EnosysBoundary, range, message).of(&engines));
        return;
    }
}

/// `socket` behind `socketcall`.
fn multiplexed(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    const SOCKET: u64 = 1;
    let native = input.options.host.native;
    for reading in &input.readings {
        let Some(engine) = reading.engines.first() else {
            continue;
        };
        let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
        let through = Arch::ALL.into_iter().find(|arch| {
            answers.covers(*arch)
                && table(*arch).number("socketcall").is_some()
                && answers
                    .answer(*arch, "socketcall", &[SOCKET, 0, 0, 0, 0, 0])
                    .reach()
                    == Reach::Permitted
        });
        let Some(arch) = through else {
            continue;
        };
        let entry = input
            .file
            .entries
            .iter()
            .find(|entry| !entry.args.is_empty() && entry.known().any(|name| name == "socket"));
        if let Some(entry) = entry
            && answers.depends("socket")
        {
            let message = format!("programs of {arch} get around this by `socketcall`");
            findings.add(
                Draft::new(Rule::Socketcall, &entry.range, message)
                    .of(&reading.engines)
                    .help("an architecture that is not listed can't be used at all"),
            );
            return;
        }
    }
}

fn io_uring(input: &Input<'_, '_>, findings: &mut Findings<'_, '_>) {
    let native = input.options.host.native;
    for reading in &input.readings {
        let Some(engine) = reading.engines.first() else {
            continue;
        };
        let answers = Answers::new(&reading.profile, *engine, input.libseccomp(), native);
        if let Some((_, place)) = named(input, "io_uring_setup")
            && answers.permits("io_uring_setup")
        {
            let message = "io_uring does what rules on other calls refuse";
            findings.add(Draft::new(Rule::IoUring, place, message).of(&reading.engines));
            return;
        }
    }
}
