use std::path::{Path, PathBuf};

use callsieve::arch::Arch;
use callsieve::enforce::{InstalledError, installed};
use callsieve::formats;
use callsieve::profile::diff::Difference;
use callsieve::profile::eval::Meaning;
use callsieve::profile::policy::{Policy, Stack};
use callsieve::profile::program::ProgramPolicy;
use callsieve::profile::recover::recover;

use crate::cli::args::Format;
use crate::cli::container;
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::Operand;
use crate::cli::output;
use crate::cli::render::difference::{self, Compared, Heading};
use crate::cli::render::wrap::Page;
use crate::cli::render::{installed as render, safe};
use crate::cli::ui::Ui;

/// Show what the filters of a running process permit
///
/// Takes the filters out of the kernel, follows them for every call of every architecture, and
/// says what they answer together. The process is stopped for a moment. This takes root (that is,
/// `CAP_SYS_ADMIN`) and a kernel with `CONFIG_CHECKPOINT_RESTORE`.
///
/// With `--diff` it exits with 1 if anything is answered otherwise than PROFILE says.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve inspect --pid 4125
  callsieve inspect --container web --diff web.json
  callsieve inspect --container web -o installed.json")]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(crate) struct InspectArgs {
    /// A process or thread
    #[arg(long, value_name = "PID", group = "whose", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,
    /// The first process of a container of Docker or Podman
    #[arg(long, value_name = "ID", group = "whose")]
    container: Option<String>,
    /// Compare what is installed with a profile, or with whatever else `diff` takes
    #[arg(long, value_name = "PROFILE")]
    diff: Option<String>,
    /// Write what is installed as a profile to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// Runs the command.
pub(crate) fn run(args: &InspectArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let pid = match (&args.container, args.pid) {
        (Some(id), _) => container::pid(id)?,
        (None, Some(pid)) => pid,
        (None, None) => return Err(CommandError::user("no process is named")),
    };
    let native = Arch::of_this_build()
        .ok_or_else(|| CommandError::user("the architecture of this machine is not known"))?;
    let name = process_name(pid);
    let programs = installed(pid).map_err(|error| explained(&error))?;
    let costs: Vec<_> = programs.iter().map(callsieve::bpf::Program::cost).collect();
    let mut policies: Vec<Box<dyn Policy>> = Vec::new();
    for program in programs {
        let policy = ProgramPolicy::new(program)
            .map_err(|error| CommandError::input(&format!("a filter of process {pid}"), &error))?;
        policies.push(Box::new(policy.on(native)));
    }
    let policy: Box<dyn Policy> = match policies.len() {
        1 => policies.remove(0),
        _ => Box::new(Stack::new(policies)),
    };
    let shown = render::Shown {
        pid,
        name: &name,
        costs: &costs,
        policy: policy.as_ref(),
        native,
    };
    let mut exit = Exit::Done;
    let text = if let Some(word) = &args.diff {
        let operand = Operand::read(word, Some(native), ui)?;
        let view = args.engine.view(native);
        let mut profile = operand.resolve(view, &args.host.host(native)?);
        // Of others there are no calls here.
        profile
            .architectures
            .retain(|arch| *arch == native || native.sub_architectures().contains(arch));
        let difference = Difference::of(&Meaning::new(&profile, &view), policy.as_ref())
            .map_err(|error| CommandError::input("", &error))?;
        if !difference.is_identical() {
            exit = Exit::Finding;
        }
        let heading = Heading {
            old: &operand.name,
            new: &format!("process {pid} ({name})"),
            native,
            container: &(args.host.describe() + &args.engine.describe()),
        };
        match args.format {
            Format::Text => difference::text(&Compared::plain(&difference, heading), ui.page(None)),
            Format::Json => difference::json(&Compared::plain(&difference, heading)),
        }
    } else {
        match args.format {
            Format::Text => render::text(&shown)?,
            Format::Json => render::json(&shown)?,
        }
    };
    match &args.output {
        Some(path) => write_profile(path, &text, policy.as_ref(), native, exit, ui),
        None => output::write(None, &text, ui).map(|()| exit),
    }
}

/// Writes what is installed as a profile, and says where it is not the same.
fn write_profile(
    path: &Path,
    text: &str,
    policy: &dyn Policy,
    native: Arch,
    exit: Exit,
    ui: &Ui,
) -> Result<Exit, CommandError> {
    let recovered = recover(policy, native).map_err(|error| CommandError::input("", &error))?;
    let profile = formats::docker::write(&recovered.profile);
    if output::is_stdout(Some(path)) {
        output::write(None, &profile, ui)?;
    } else {
        output::write_all(&[(None, text), (Some(path), &profile)], ui)?;
    }
    if recovered.difference.is_identical() {
        return Ok(exit);
    }
    ui.warn("a profile can't say all that is installed; it differs in this:");
    let heading = Heading {
        old: "the installed filters",
        new: "The profile",
        native,
        container: recovered.view.engine.title(),
    };
    let page = Page {
        verbose: true,
        ..ui.page_aside()
    };
    let compared = Compared::plain(&recovered.difference, heading);
    ui.note(&difference::text(&compared, page));
    Ok(Exit::Incomplete)
}

/// What the process calls itself.
fn process_name(pid: i32) -> String {
    procfs::process::Process::new(pid)
        .and_then(|process| process.stat())
        .map_or_else(|_gone| "?".to_owned(), |stat| safe(&stat.comm))
}

fn explained(error: &InstalledError) -> CommandError {
    let plain = CommandError::input("", error);
    match error {
        InstalledError::NoProcess { .. } | InstalledError::NoFilter { .. } => plain,
        InstalledError::NotTraceable { .. } => plain
            .unable()
            .hint("run it as root, outside of a container, and stop other tracers"),
        InstalledError::NotShown { .. } => plain
            .unable()
            .hint("run it as root, outside of a container"),
        InstalledError::Kernel
        | InstalledError::Program { .. }
        | InstalledError::Other { .. }
        | _ => plain.unable(),
    }
}
