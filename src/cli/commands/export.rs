use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::bpf::{Cost, Endian, Program};
use callsieve::enforce::compile;
use callsieve::profile::eval::Meaning;

use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::output;
use crate::cli::ui::Ui;

/// Write a profile in another form
///
/// The filter of `--target bpf` answers as the one that the engine would load, and is for whoever
/// loads filters by itself: `bwrap --seccomp FD`, crun's annotation `run.oci.seccomp_bpf_data`. With
/// `-f text` it is listed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve export web.json --target bpf -o web.bpf
  callsieve export web.json --target bpf -f text
  bwrap --ro-bind / / --seccomp 9 true 9< web.bpf")]
pub(crate) struct ExportArgs {
    /// The profile, or whatever else `diff` takes
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// The form
    #[arg(long, value_name = "TARGET", default_value = "bpf")]
    target: Target,
    /// Write to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to write it
    #[arg(short, long, default_value = "binary", value_name = "FORMAT")]
    format: Listing,
    /// The architecture of the machine; without it, the one that the profile tells
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// What a profile is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// Classic BPF, `struct sock_filter` after `struct sock_filter`
    Bpf,
}

/// How a filter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Listing {
    /// The bytes that are loaded, in the order of bytes of the architecture
    Binary,
    /// One instruction a line, then size and cost
    Text,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let operand = Operand::read(&args.profile, args.arch, ui)?;
    let native = operand::native(args.arch, &[&operand], "the profile tells no architecture")?;
    let view = args.engine.view(native);
    let profile = operand.resolve(view, &args.host.host(native)?);
    let endian = if native.is_little_endian() {
        Endian::Little
    } else {
        Endian::Big
    };
    let Target::Bpf = args.target;
    let program = compile(&Meaning::new(&profile, &view), endian)
        .map_err(|error| CommandError::input(&args.profile, &error))?;
    match args.format {
        Listing::Binary => output::write_bytes(args.output.as_deref(), &program.to_bytes())?,
        Listing::Text => output::write(args.output.as_deref(), &listing(&program), ui)?,
    }
    Ok(Exit::Done)
}

fn listing(program: &Program) -> String {
    let Cost {
        instructions,
        longest,
    } = program.cost();
    format!("{program}\n{instructions} instructions, at most {longest} of them for a call\n")
}
