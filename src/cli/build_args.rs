//! How a profile is made of a recording.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use callsieve::arch::Arch;
use callsieve::profile::build::{Base, DefaultAction, Keep, Options};
use callsieve::recording::Recording;
use callsieve::syscalls::SyscallName;

use super::error::CommandError;
use super::host::HostArgs;
use super::operand;
use super::runtime_args::RuntimeArgs;
use super::ui::Ui;

/// How a profile is made of a recording.
#[derive(Debug, clap::Args)]
pub(crate) struct BuildArgs {
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
    /// Refuse a call even if it was observed, for a reason that is kept (repeatable)
    #[arg(long, value_name = "NAME=REASON", value_parser = allowance)]
    deny: Vec<(SyscallName, String)>,
    /// Also allow what this older profile does, as far as the base does
    #[arg(long, value_name = "OLD")]
    keep: Option<String>,
    /// Keep nothing that at least this many complete runs do not show
    #[arg(long, value_name = "N", requires = "keep")]
    prune_after: Option<NonZeroUsize>,
    /// What happens to other calls
    #[arg(long, value_name = "ACTION", default_value = "errno")]
    default_action: DefaultArg,
    /// Argument rules of the base: carry them over, or narrow them to the values observed
    #[arg(long, value_name = "HOW", default_value = "base")]
    args: ArgumentsArg,
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

impl BuildArgs {
    /// Adds what the recordings tell of what runtimes need, if that is asked for.
    pub(crate) fn add_recorded(
        &self,
        options: &mut Options,
        recording: &Recording,
    ) -> Result<(), CommandError> {
        options.recorded_floor = self.runtime.recorded(recording)?;
        Ok(())
    }

    /// What they say, for these architectures and this host.
    pub(crate) fn options(
        &self,
        arches: BTreeSet<Arch>,
        host: &HostArgs,
        ui: &Ui,
    ) -> Result<Options, CommandError> {
        let base = match self.base.as_str() {
            "none" => None,
            word => {
                let (name, profile) = operand::profile(word, ui)?;
                Some(Base { name, profile })
            }
        };
        let allow = each_once("--allow", &self.allow)?;
        let also = each_once("--also", &self.also)?;
        let deny = each_once("--deny", &self.deny)?;
        let keep = match &self.keep {
            Some(word) => {
                let (name, profile) = operand::profile(word, ui)?;
                Some(Keep {
                    name,
                    profile,
                    prune_after: self.prune_after,
                })
            }
            None => None,
        };
        Ok(Options {
            arches,
            base,
            capabilities: host.capabilities()?,
            kernel: host.kernel()?,
            floor: self.runtime.floor(ui)?,
            // See `add_recorded`.
            recorded_floor: BTreeMap::new(),
            no_new_privileges: self.runtime.no_new_privileges,
            allow,
            also,
            deny,
            keep,
            default: match self.default_action {
                DefaultArg::Errno => DefaultAction::Errno,
                DefaultArg::KillProcess => DefaultAction::KillProcess,
                DefaultArg::Log => DefaultAction::Log,
            },
            observed_arguments: self.args == ArgumentsArg::Observed,
        })
    }
}
