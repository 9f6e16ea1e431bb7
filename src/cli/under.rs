//! A profile that a program is to run under.

use callsieve::arch::Arch;
use callsieve::bpf::{Endian, Program};
use callsieve::enforce::compile;
use callsieve::profile::eval::Meaning;
use callsieve::profile::{Host, Profile, View};

use super::engine::EngineArgs;
use super::error::CommandError;
use super::host::HostArgs;
use super::operand::{Operand, ProfileFile};
use super::ui::Ui;

/// A profile as the filter that an engine would load on this machine.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Its name, for people.
    pub(crate) name: String,
    /// Its file, where it is one.
    pub(crate) file: Option<ProfileFile>,
    /// What the engine makes of it.
    pub(crate) profile: Profile,
    /// The filter.
    pub(crate) program: Program,
    /// How it was read.
    pub(crate) view: View,
    /// For what it was resolved.
    pub(crate) host: Host,
    /// The same for people: `default capabilities`.
    pub(crate) container: String,
}

/// Reads what a user named and makes the filter of it.
pub(crate) fn filter(
    word: &str,
    engine: &EngineArgs,
    host: &HostArgs,
    ui: &Ui,
) -> Result<Filter, CommandError> {
    let native = Arch::of_this_build().ok_or_else(|| {
        CommandError::user("programs of this machine's architecture can't be put under a profile")
            .unable()
    })?;
    let operand = Operand::read(word, Some(native), ui)?;
    if let Some(other) = operand.native().filter(|other| *other != native) {
        return Err(CommandError::user(format!(
            "`{}` is for {other}, and this machine is {native}",
            operand.name
        )));
    }
    let view = engine.view(native);
    let resolved = host.host(native)?;
    let profile = operand.resolve(view, &resolved);
    let program = compile(&Meaning::new(&profile, &view), Endian::native())
        .map_err(|error| CommandError::input(word, &error))?;
    Ok(Filter {
        file: operand.file(),
        name: operand.name,
        profile,
        program,
        view,
        host: resolved,
        container: host.describe() + &engine.describe(),
    })
}

/// The filter of a profile that was made in place of another's.
pub(crate) fn made(old: Filter, profile: Profile) -> Result<Filter, CommandError> {
    let program = compile(&Meaning::new(&profile, &old.view), Endian::native())
        .map_err(|error| CommandError::input(&old.name, &error))?;
    Ok(Filter {
        profile,
        program,
        ..old
    })
}
