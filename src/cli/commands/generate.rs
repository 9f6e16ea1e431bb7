use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::profile::build::{BuildError, Generated, Options, build};
use callsieve::recording::Recording;

use crate::cli::build_args::BuildArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::target_args::{TargetArgs, Written};
use crate::cli::ui::Ui;
use crate::cli::{input, output, render};

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
  callsieve generate app.strace --allow 'keyctl=reads its own keyring'
  callsieve generate *.rec.json --keep web.json --prune-after 5 -o web.json
  callsieve generate web.rec.json --target k8s -o web.json --manifest web.yaml
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
    #[command(flatten)]
    build: BuildArgs,
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

/// A profile that was made, before anything is written.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) recording: Recording,
    pub(crate) options: Options,
    pub(crate) generated: Generated,
    pub(crate) written: Written,
}

/// Runs the command.
pub(crate) fn run(args: &GenerateArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let made = args.make(ui)?;
    let file = args.output.as_deref();
    let reasons = render::reasons::json(&made.generated);
    let mut results = vec![(file, made.written.profile.as_str())];
    if let Some(path) = &args.reasons {
        results.push((Some(path), &reasons));
    }
    if let Some(manifest) = &made.written.manifest {
        results.push((args.target.manifest_output(), manifest));
    }
    output::write_all(&results, ui)?;
    tell(args, &made.generated, &made.options, ui)?;
    made.written.tell(ui);
    Ok(Exit::Done)
}

impl GenerateArgs {
    /// Makes the profile and writes nothing.
    pub(crate) fn make(&self, ui: &Ui) -> Result<Made, CommandError> {
        self.target.check(self.output.as_deref())?;
        let mut options =
            self.build
                .options(self.arch.iter().copied().collect(), &self.host, ui)?;
        let told = match self.arch.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        let recording = input::recordings(&self.inputs, input::Reading::of(told), ui)?;
        self.build.add_recorded(&mut options, &recording)?;
        render::warn_of_losses(&recording, ui);
        check_complete(&recording, self.allow_incomplete)?;
        let generated = build(&recording, &options).map_err(|error| failure(&error))?;
        let file = self.output.as_deref();
        let written = self.target.write(&generated, &options, file)?;
        Ok(Made {
            recording,
            options,
            generated,
            written,
        })
    }

    /// The architecture and the host that it is made for.
    pub(crate) const fn host(&self) -> &HostArgs {
        &self.host
    }
}

fn failure(error: &BuildError) -> CommandError {
    let failure = CommandError::input("", error);
    if let BuildError::Mixed { .. } = error {
        failure.hint("make one profile for each machine: choose with `--arch`")
    } else if let BuildError::UnknownSyscall { .. } = error {
        failure.hint("check the names given to `--allow`, `--also` and `--deny`")
    } else if let BuildError::KeepsEverything { .. } = error {
        failure.hint("make it without `--keep`, or in callsieve.toml with `keep = false`")
    } else {
        failure
    }
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
    let page = ui.page_aside();
    let summary = render::generated::summary(generated, options, &args.host.describe(), page)?;
    ui.note(page.wrapped(&summary).trim_end());
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
