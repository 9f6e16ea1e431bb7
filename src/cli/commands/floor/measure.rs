use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use callsieve::arch::Arch;
use callsieve::profile::floor::{Evidence, Phase, Runtime, Version, Which, rows_for};
use callsieve::record::RuntimeTracer;

use super::bundle::{self, Container};
use crate::cli::ask::ask;
use crate::cli::commands::record;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::render::{self, safe};
use crate::cli::ui::Ui;

/// All starts together may take so long.
const LIMIT: Duration = Duration::from_secs(300);
/// Users of the containers: one without privileges makes other calls.
const USERS: [u32; 2] = [0, 1000];

/// Measure what a runtime calls on this machine
///
/// Starts containers under a filter that reports every call, and prints what the runtime itself
/// called between loading it and executing the program, beside what the table says. Needs root.
/// Exits with 1 if a call is not in the table.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve floor measure --runtime runc
  callsieve floor measure --runtime crun --no-new-privileges --exec --times 20")]
pub(crate) struct MeasureArgs {
    /// The runtime, by name or path; it must say by `--version` that it is runc, crun or youki
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
}

/// Runs the command.
pub(crate) fn run(args: &MeasureArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if Arch::of_this_build() != Some(Arch::X86_64) {
        return Err(CommandError::user("measuring is possible on x86_64 only").unable());
    }
    let (runtime, version) = runtime(&args.runtime)?;
    let calls = measure(args, ui)?;
    let phase = if args.exec { Phase::Exec } else { Phase::Start };
    let rows = rows_for(runtime, Which::Only(version), phase, args.no_new_privileges);
    let mut known: BTreeMap<&str, Evidence> = BTreeMap::new();
    for (name, evidence) in rows.iter().flat_map(|row| row.calls()) {
        let entry = known.entry(name).or_insert(evidence);
        *entry = evidence.min(*entry);
    }
    let privileges = if args.no_new_privileges {
        ", no-new-privileges"
    } else {
        ""
    };
    let starts = args.times * 2;
    let mut text = format!("{runtime} {version}: {phase}{privileges} (x86_64, {starts} times)\n");
    let mut new = 0_u32;
    for (name, count) in &calls {
        let evidence = known.get(name.as_str()).map(|evidence| evidence.name());
        new += u32::from(evidence.is_none());
        let evidence = evidence.unwrap_or("not in the table");
        writeln!(text, "  {:<18} {count:>6}  {evidence}", safe(name)).unwrap_or_default();
    }
    output::write(None, &text, ui)?;
    let unseen: Vec<&str> = known
        .iter()
        .filter(|(name, why)| **why != Evidence::Tried && !calls.contains_key(**name))
        .map(|(name, _)| *name)
        .collect();
    if !unseen.is_empty() {
        ui.note("In the table and not seen here:");
        for line in render::generated::wrapped(&unseen) {
            ui.note(&line);
        }
    }
    Ok(if new == 0 { Exit::Done } else { Exit::Finding })
}

/// Which runtime and version it says it is.
fn runtime(program: &OsString) -> Result<(Runtime, Version), CommandError> {
    let program = program.to_string_lossy();
    let said =
        ask(&program, &["--version"]).map_err(|error| CommandError::input("", &error).unable())?;
    let first = said.lines().next().unwrap_or_default();
    let known = [Runtime::Runc, Runtime::Crun, Runtime::Youki];
    let runtime = known
        .into_iter()
        .find(|known| first.split_whitespace().next() == Some(known.name()));
    let version = first.split_whitespace().find_map(|word| word.parse().ok());
    runtime.zip(version).ok_or_else(|| {
        CommandError::user(format!("`{program}` is no runc, crun or youki: `{first}`"))
    })
}

fn measure(args: &MeasureArgs, ui: &Ui) -> Result<BTreeMap<String, u64>, CommandError> {
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
        };
        let bundle = bundle::write(folder.path(), container).map_err(failed)?;
        for time in 0..args.times {
            let id = format!("callsieve-floor-{}-{user}-{time}", std::process::id());
            let mut one = One {
                args,
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
        self.run(&["start", id], true)?;
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
        let mut words = vec![self.args.runtime.clone(), "--root".into()];
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
            self.args.runtime.to_string_lossy()
        ))
        .unable()
        .hint("it said why above; it needs root and a cgroup of its own"))
    }
}
