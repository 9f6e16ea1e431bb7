use std::collections::BTreeSet;
use std::path::PathBuf;

use callsieve::arch::Arch;
use callsieve::recording::Recording;
use callsieve::syscalls::{nearest, table};

use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::explanation::{Asked, Question, home};
use crate::cli::host::HostArgs;
use crate::cli::operand::{self, Operand};
use crate::cli::output;
use crate::cli::render;
use crate::cli::ui::Ui;

/// Tell what a system call is, who made it and who allows it
///
/// What it does and how risky it is; what the profiles that are named say of it, and on which line;
/// how Docker's, Podman's and containerd's default stand to it, and since when; who made it in the
/// recordings; what a refusal does; its numbers, and the kernel that brought it. `callsieve lint
/// --explain` tells of rules of the lint instead.
///
/// A WORD of letters, digits and `_` alone is a call: a name, or a number of the architecture that
/// `--arch` names. Any other is a profile, a recording, a trace, or the default of an engine, as
/// for `diff`; a file whose name looks like a call is written ./NAME.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  callsieve explain keyctl
  callsieve explain io_uring_setup userfaultfd web.json web.rec.json
  callsieve explain 250 --arch x86_64
  callsieve explain mount docker-default@20.10.0 --cap-add SYS_ADMIN")]
pub(crate) struct ExplainArgs {
    /// Calls, and the profiles and recordings to look them up in
    #[arg(value_name = "WORD", required = true)]
    words: Vec<String>,
    /// Write to this file; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to print
    #[arg(short, long, default_value = "text", value_name = "FORMAT")]
    format: Format,
    /// The architecture of the engine, and of numbers; without it, the one that a profile or a
    /// recording tells, or that of this machine
    #[arg(long, value_name = "ARCH")]
    arch: Option<Arch>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// How to print an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// docs/explain-format.md
    Json,
    /// For a comment in a review
    Markdown,
}

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let (calls, files): (Vec<&String>, Vec<&String>) =
        args.words.iter().partition(|word| is_call(word));
    if calls.is_empty() {
        return Err(CommandError::user("no system call is named")
            .hint("`callsieve explain keyctl` tells of one"));
    }
    if files.iter().filter(|file| *file == &"-").count() > 1 {
        return Err(CommandError::user("standard input can be read only once"));
    }
    // Names that nobody knows are told before files are read.
    for call in &calls {
        known(call)?;
    }
    let operands = files
        .iter()
        .map(|file| Operand::read(file, args.arch, ui))
        .collect::<Result<Vec<_>, _>>()?;
    let all: Vec<&Operand> = operands.iter().collect();
    let none = "this machine is none of the known architectures";
    let native = operand::native(args.arch, &all, none)?;
    let mut recording = None;
    for one in operands.iter().filter_map(Operand::recording) {
        let known: &mut Recording = recording.get_or_insert_default();
        known.merge(one.clone());
    }
    let container = args.host.describe() + &args.engine.describe();
    let mut explained = Vec::new();
    let mut told = BTreeSet::new();
    for call in calls {
        let name = name(call, native)?;
        if !told.insert(name) {
            continue;
        }
        let tells = args.arch.is_some() || operands.iter().any(|it| it.native().is_some());
        let native = if tells { native } else { home(name, native) };
        let view = args.engine.view(native);
        let host = args.host.host(native)?;
        let profiles = operands.iter().filter(|it| it.recording().is_none());
        let question = Question {
            engine: view.engine,
            libseccomp: view.libseccomp,
            profiles: profiles
                .map(|it| Asked {
                    name: &it.name,
                    profile: it.resolve(view, &host),
                    written: it.written(),
                })
                .collect(),
            recording: recording.as_ref(),
            host,
        };
        explained.extend(question.answer(name)?);
    }
    let text = match args.format {
        Format::Text => {
            let page = ui.page(args.output.as_deref());
            render::explain::text(&explained, &container, page)
        }
        Format::Json => render::explain::json(&explained, &container),
        Format::Markdown => render::explain::markdown(&explained, &container, ui.verbose),
    };
    output::write(args.output.as_deref(), &text, ui)?;
    if let Some(recording) = &recording {
        render::warn_of_losses(recording, ui);
    }
    Ok(Exit::Done)
}

/// Whether a word is a call and no file.
fn is_call(word: &str) -> bool {
    let word = word.strip_prefix('#').unwrap_or(word);
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The number that a word is: `250`, `0xfa`, `#250` as other commands print it.
fn number(word: &str) -> Option<Result<u32, CommandError>> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let (digits, radix) = match digits.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    if radix == 10 && !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(u32::from_str_radix(digits, radix).map_err(|_too_large| {
        CommandError::user(format!("`{word}` is no number of a system call"))
    }))
}

/// Fails for a name that no architecture has.
fn known(word: &str) -> Result<(), CommandError> {
    if let Some(number) = number(word) {
        return number.map(|_| ());
    }
    if callsieve::syscalls::about(word).is_some() {
        return Ok(());
    }
    let error = CommandError::user(format!("no architecture has a system call `{word}`"));
    let near = nearest(word);
    Err(if near.is_empty() {
        error.hint("a file of that name is written with its folder, as ./NAME")
    } else {
        error.hint(format!("did you mean {}?", near.join(", ")))
    })
}

/// The name of a call that a word names.
fn name(word: &str, native: Arch) -> Result<&'static str, CommandError> {
    let Some(number) = number(word) else {
        let about = callsieve::syscalls::about(word);
        return about
            .map(|about| about.name)
            .ok_or_else(|| CommandError::user(format!("there is no system call `{word}`")));
    };
    let number = number?;
    table(native).name(number).ok_or_else(|| {
        CommandError::user(format!(
            "{native} has no system call with the number {number}"
        ))
        .hint("`--arch` names another architecture")
    })
}
