use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::profile::floor::{Evidence, Phase, Row, Runtime, Version, Which, rows_for};
use callsieve::record::RuntimeTracer;

use super::bundle::{self, Container};
use crate::cli::args::Format;
use crate::cli::ask::ask;
use crate::cli::commands::record;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::render;
use crate::cli::render::floor::Measurement;
use crate::cli::ui::Ui;

/// All starts together may take so long.
const LIMIT: Duration = Duration::from_secs(300);
/// Users of the containers: one without privileges makes other calls.
const USERS: [u32; 2] = [0, 1000];

/// Measure what a runtime calls on this machine
///
/// Starts containers under a filter that reports every call, and prints what the runtime itself
/// called between loading it and executing the program, beside what the table says. Needs root.
/// docker-init is measured as the first process of a container of runc or crun. Exits with 1 if a
/// call is not in the table.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve floor measure --runtime runc
  callsieve floor measure --runtime crun --no-new-privileges --exec --times 20
  callsieve floor measure --runtime docker-init -f json")]
pub(crate) struct MeasureArgs {
    /// The runtime, by name or path; it must say by `--version` that it is runc, crun, youki or
    /// docker-init
    #[arg(long, value_name = "RUNTIME")]
    runtime: OsString,
    /// The container has no-new-privileges
    #[arg(long)]
    no_new_privileges: bool,
    /// Measure how it runs a further program in a container instead of how it starts one
    #[arg(long)]
    exec: bool,
    /// How often, as root and as another user each
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// How to print (docs/floor-format.md)
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
}

/// What is measured, and who starts the containers.
struct Measured {
    runtime: Runtime,
    version: Version,
    starter: OsString,
    init: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &MeasureArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if Arch::of_this_build() != Some(Arch::X86_64) {
        return Err(CommandError::user("measuring is possible on x86_64 only").unable());
    }
    let measured = measured(args, ui)?;
    let phase = match (measured.runtime, args.exec) {
        (Runtime::DockerInit, _) => Phase::Init,
        (_, true) => Phase::Exec,
        (_, false) => Phase::Start,
    };
    let calls = measure(args, &measured, ui)?;
    let which = Which::Only(measured.version);
    let rows = rows_for(measured.runtime, which, phase, args.no_new_privileges);
    let measurement = Measurement {
        runtime: measured.runtime,
        version: measured.version,
        phase,
        no_new_privileges: args.no_new_privileges,
        starts: args.times * 2,
        known: strongest(&rows),
        calls,
    };
    match args.format {
        Format::Text => output::write(None, &measurement.text(), ui)?,
        Format::Json => output::write(None, &measurement.json(), ui)?,
    }
    let unseen = measurement.unseen();
    if !unseen.is_empty() {
        ui.note("In the table and not seen here:");
        for line in render::generated::wrapped(&unseen) {
            ui.note(&line);
        }
    }
    Ok(if measurement.new_calls() == 0 {
        Exit::Done
    } else {
        Exit::Finding
    })
}

/// Each name with the strongest evidence of several rows.
fn strongest(rows: &[&Row]) -> BTreeMap<&'static str, Evidence> {
    let mut known = BTreeMap::new();
    for (name, evidence) in rows.iter().flat_map(|row| row.calls()) {
        let entry = known.entry(name).or_insert(evidence);
        *entry = evidence.min(*entry);
    }
    known
}

/// What is asked for, and what it takes.
fn measured(args: &MeasureArgs, ui: &Ui) -> Result<Measured, CommandError> {
    let (runtime, version) = runtime(&args.runtime)?;
    let mut measured = Measured {
        runtime,
        version,
        starter: args.runtime.clone(),
        init: None,
    };
    if runtime != Runtime::DockerInit {
        return Ok(measured);
    }
    if args.exec {
        return Err(CommandError::user("docker-init runs no further programs"));
    }
    let path = ui.env.search_path.as_deref();
    measured.init = Some(found(&args.runtime, path)?);
    let starters = ["runc", "crun"].map(OsString::from);
    measured.starter = starters
        .into_iter()
        .find(|name| found(name, path).is_ok())
        .ok_or_else(|| {
            CommandError::user("neither runc nor crun is installed to start a container").unable()
        })?;
    Ok(measured)
}

/// The file of a program.
fn found(program: &OsString, path: Option<&OsStr>) -> Result<PathBuf, CommandError> {
    let command = record::command(std::slice::from_ref(program), path)?;
    let mut candidates = command.candidates.into_iter();
    candidates.find(|file| file.is_file()).ok_or_else(|| {
        let program = program.to_string_lossy();
        CommandError::user(format!("{program} is not installed")).unable()
    })
}

/// Which runtime and version it says it is.
fn runtime(program: &OsString) -> Result<(Runtime, Version), CommandError> {
    let program = program.to_string_lossy();
    let said =
        ask(&program, &["--version"]).map_err(|error| CommandError::input("", &error).unable())?;
    let first = said.lines().next().unwrap_or_default();
    let named = match first.split_whitespace().next() {
        Some("tini") => Some(Runtime::DockerInit.name()),
        other => other,
    };
    let runtime = Runtime::ALL
        .into_iter()
        .find(|known| named == Some(known.name()));
    let version = first.split_whitespace().find_map(|word| word.parse().ok());
    runtime.zip(version).ok_or_else(|| {
        CommandError::user(format!(
            "`{program}` is no runc, crun, youki or docker-init: `{first}`"
        ))
    })
}

fn measure(
    args: &MeasureArgs,
    measured: &Measured,
    ui: &Ui,
) -> Result<BTreeMap<String, u64>, CommandError> {
    let failed = |error: std::io::Error| CommandError::input("the container", &error).unable();
    let folder = tempfile::Builder::new()
        .prefix("callsieve-floor-")
        .tempdir()
        .map_err(failed)?;
    let mut tracer =
        RuntimeTracer::new(LIMIT).map_err(|error| CommandError::input("", &error).unable())?;
    let mut all = BTreeMap::new();
    for user in USERS {
        let container = Container {
            user,
            no_new_privileges: args.no_new_privileges,
            init: measured.init.as_deref(),
        };
        let bundle = bundle::write(folder.path(), container).map_err(failed)?;
        for time in 0..args.times {
            let id = format!("callsieve-floor-{}-{user}-{time}", std::process::id());
            let mut one = One {
                args,
                measured,
                state: folder.path(),
                tracer: &mut tracer,
                ui,
            };
            let done = one.container(&id, &bundle);
            let deleted = one.run(&["delete", "--force", &id], false);
            for (name, count) in done? {
                *all.entry(name).or_default() += count;
            }
            deleted?;
        }
    }
    Ok(all)
}

/// One container.
struct One<'a> {
    args: &'a MeasureArgs,
    measured: &'a Measured,
    state: &'a Path,
    tracer: &'a mut RuntimeTracer,
    ui: &'a Ui,
}

impl One<'_> {
    /// Creates and starts it, as engines do, and executes a program in it if that is asked for.
    fn container(
        &mut self,
        id: &str,
        bundle: &Path,
    ) -> Result<BTreeMap<String, u64>, CommandError> {
        let bundle = bundle.to_string_lossy();
        self.run(&["create", "--bundle", &bundle, id], false)?;
        self.tracer.follow_next(self.measured.init.is_some());
        let started = self.run(&["start", id], true);
        self.tracer.follow_next(false);
        started?;
        let start = self.tracer.take_calls();
        if !self.args.exec {
            return Ok(start);
        }
        let mut command = vec!["exec"];
        // crun goes by what the process is told to have, not by what the container has.
        if self.args.no_new_privileges {
            command.push("--no-new-privs");
        }
        command.extend([id, "/exit"]);
        self.run(&command, true)?;
        Ok(self.tracer.take_calls())
    }

    fn run(&mut self, command: &[&str], executes: bool) -> Result<(), CommandError> {
        let mut words = vec![self.measured.starter.clone(), "--root".into()];
        words.push(self.state.join("state").into());
        words.extend(command.iter().map(OsString::from));
        let launched = record::command(&words, self.ui.env.search_path.as_deref())?;
        let programs = self.tracer.programs() + usize::from(executes);
        let status = self
            .tracer
            .run(&launched, programs)
            .map_err(|error| CommandError::input("", &error).unable())?;
        if status == Some(0) {
            return Ok(());
        }
        let name = command.first().copied().unwrap_or_default();
        Err(CommandError::user(format!(
            "{} {name} failed here",
            self.measured.starter.to_string_lossy()
        ))
        .unable()
        .hint("it said why above; it needs root and a cgroup of its own"))
    }
}
