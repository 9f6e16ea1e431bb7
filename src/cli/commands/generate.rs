use std::collections::BTreeMap;
use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::profile::build::{Base, BuildError, DefaultAction, Generated, Options, build};
use callsieve::recording::Recording;
use callsieve::syscalls::SyscallName;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::runtime_args::RuntimeArgs;
use crate::cli::target_args::TargetArgs;
use crate::cli::ui::Ui;
use crate::cli::{input, operand, output, render};

/// Make a profile of what was observed
///
/// The profile allows the calls that the traces show, those that every program needs, and those
/// that the container runtime makes before the program starts. It is never weaker than the base,
/// Docker's default: rules of the base that look at arguments (clone, socket, personality) are
/// carried over, and what the base refuses is left out and reported. A comparison with the base
/// is printed on standard error.
///
/// Exits with 3, and writes nothing, if the recording is incomplete.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve generate nginx.strace -o nginx.json
  callsieve generate *.rec.json --no-new-privileges -o web.json
  callsieve generate app.strace --cap-add SYS_PTRACE --allow 'keyctl=reads its own keyring'
  callsieve generate web.rec.json --no-new-privileges --target k8s -o web.json --manifest web.yaml
  docker run --security-opt seccomp=nginx.json nginx")]
pub(crate) struct GenerateArgs {
    /// Traces, the files of an `-ff` set, recordings; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Write the profile to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Make it for this architecture only, or for several that one machine runs (repeatable);
    /// also the architecture of logs that don't tell it themselves
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    arch: Vec<Arch>,
    /// Never be weaker than this profile: `docker-default`, `docker-default@25.0.3`,
    /// `podman-default`, `containerd-default`, a file, or `none`
    #[arg(long, value_name = "PROFILE", default_value = "docker-default")]
    base: String,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// Allow a call whatever the base says, for a reason that is kept (repeatable)
    #[arg(long, value_name = "NAME=REASON", value_parser = allowance)]
    allow: Vec<(SyscallName, String)>,
    /// Allow a call as far as the base does, as if it had been observed, for a reason that is kept
    /// (repeatable)
    #[arg(long, value_name = "NAME=REASON", value_parser = allowance)]
    also: Vec<(SyscallName, String)>,
    /// What happens to other calls
    #[arg(long, value_name = "ACTION", default_value = "errno")]
    default_action: DefaultArg,
    /// Argument rules of the base: carry them over, or narrow them to the values observed
    #[arg(long, value_name = "HOW", default_value = "base")]
    args: ArgumentsArg,
    /// Use a recording although it is incomplete
    #[arg(long)]
    allow_incomplete: bool,
    /// Write to this file, as JSON, why each name is in the profile
    #[arg(long, value_name = "FILE")]
    reasons: Option<PathBuf>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// What happens to calls that are not allowed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum DefaultArg {
    /// They fail with EPERM
    Errno,
    /// They kill the process
    KillProcess,
    /// They are carried out and logged: for trying a profile out
    Log,
}

/// What becomes of the base's argument rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ArgumentsArg {
    /// As the base has them
    Base,
    /// Only for the values observed
    Observed,
}

fn allowance(text: &str) -> Result<(SyscallName, String), String> {
    let (name, reason) = text
        .split_once('=')
        .ok_or("expected NAME=REASON: an exception without a reason can't be reviewed")?;
    if reason.trim().is_empty() {
        return Err("the reason is empty".to_owned());
    }
    let name = SyscallName::new(name).map_err(|error| error.to_string())?;
    Ok((name, reason.to_owned()))
}

/// Runs the command.
pub(crate) fn run(args: &GenerateArgs, ui: &Ui) -> Result<Exit, CommandError> {
    args.target.check(args.output.as_deref())?;
    let options = args.options(ui)?;
    let told = match args.arch.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let recording = input::recordings(&args.inputs, input::Reading::of(told), ui)?;
    render::warn_of_losses(&recording, ui);
    check_complete(&recording, args.allow_incomplete)?;
    let generated = build(&recording, &options).map_err(|error| {
        let failure = CommandError::input("", &error);
        if let BuildError::Mixed { .. } = error {
            failure.hint("make one profile for each machine: choose with `--arch`")
        } else if let BuildError::UnknownSyscall { .. } = error {
            failure.hint("check the name given to `--allow`")
        } else {
            failure
        }
    })?;
    let file = args.output.as_deref();
    let written = args.target.write(&generated, &options, file)?;
    let reasons = render::reasons::json(&generated);
    let mut results = vec![(file, written.profile.as_str())];
    if let Some(path) = &args.reasons {
        results.push((Some(path), &reasons));
    }
    if let Some(manifest) = &written.manifest {
        results.push((args.target.manifest_output(), manifest));
    }
    output::write_all(&results, ui)?;
    tell(args, &generated, &options, ui)?;
    written.tell(ui);
    Ok(Exit::Done)
}

/// An incomplete recording makes a profile that fails where nobody looked.
fn check_complete(recording: &Recording, allowed: bool) -> Result<(), CommandError> {
    if allowed || recording.gaps().next().is_none() {
        return Ok(());
    }
    Err(
        CommandError::incomplete("the recording is incomplete; no profile was written")
            .hint("record the program from its start to its end, or say `--allow-incomplete`"),
    )
}

fn tell(
    args: &GenerateArgs,
    generated: &Generated,
    options: &Options,
    ui: &Ui,
) -> Result<(), CommandError> {
    ui.note(
        render::generated::summary(generated, options, &args.host.describe(), ui.verbose)?
            .trim_end(),
    );
    if let Some(path) = args
        .output
        .as_ref()
        .filter(|_| !output::is_stdout(args.output.as_deref()))
    {
        ui.note(&format!(
            "Wrote {}",
            render::safe(&path.display().to_string())
        ));
    }
    Ok(())
}

fn each_once(
    option: &str,
    given: &[(SyscallName, String)],
) -> Result<BTreeMap<SyscallName, String>, CommandError> {
    let mut all = BTreeMap::new();
    for (name, reason) in given {
        if all.insert(name.clone(), reason.clone()).is_some() {
            return Err(CommandError::user(format!(
                "`{option} {name}` is given twice"
            )));
        }
    }
    Ok(all)
}

impl GenerateArgs {
    fn options(&self, ui: &Ui) -> Result<Options, CommandError> {
        let base = match self.base.as_str() {
            "none" => None,
            word => {
                let (name, profile) = operand::profile(word, ui)?;
                Some(Base { name, profile })
            }
        };
        let allow = each_once("--allow", &self.allow)?;
        let also = each_once("--also", &self.also)?;
        Ok(Options {
            arches: self.arch.iter().copied().collect(),
            base,
            capabilities: self.host.capabilities()?,
            kernel: self.host.kernel()?,
            floor: self.runtime.floor(ui)?,
            no_new_privileges: self.runtime.no_new_privileges,
            allow,
            also,
            default: match self.default_action {
                DefaultArg::Errno => DefaultAction::Errno,
                DefaultArg::KillProcess => DefaultAction::KillProcess,
                DefaultArg::Log => DefaultAction::Log,
            },
            observed_arguments: self.args == ArgumentsArg::Observed,
        })
    }
}
