//! callsieve inside of the container, to see what the profile refuses there.
//!
//! The engine loads no filter. The recorder in front of the program installs the one that the
//! engine would make of the profile, and notes what it refuses; the same for each probe.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use callsieve::recording::Recording;

use super::dress::security;
use super::{Dress, Plan, Probe};
use crate::cli::contained::archive::{FOLDER, OUT, PROGRAM, pack, unpack};
use crate::cli::engine_command::{Container, Details};
use crate::cli::error::CommandError;

/// A container with callsieve inside.
#[derive(Debug)]
pub(crate) struct Guest {
    /// The static program.
    binary: File,
    /// The profile's file.
    profile: PathBuf,
    /// Options that say how the profile is read.
    reading: Vec<OsString>,
    /// The program of the container, with its arguments.
    program: Vec<String>,
    read_only: bool,
    /// How many programs were run inside.
    probes: Cell<usize>,
    /// What came out of it.
    recordings: Vec<Recording>,
}

/// Where the profile lies inside.
const PROFILE: &str = "/.callsieve/known/0";

/// The label of a run that says what it was of: `start`, or the probe.
pub(super) const STEP: &str = "step";

/// A probe as a label's value, which is not longer than 256 bytes.
pub(super) fn label(text: &str) -> String {
    let mut label = format!("probe {}", text.replace('\0', " "));
    let end = (0..=200).rev().find(|at| label.is_char_boundary(*at));
    label.truncate(end.unwrap_or_default().min(label.len()));
    label
}

impl Guest {
    /// For a container like `details`, with the profile as read with these options.
    pub(crate) fn new(
        binary: File,
        profile: PathBuf,
        reading: Vec<OsString>,
        details: &Details,
    ) -> Self {
        Self {
            binary,
            profile,
            reading,
            program: details.command().into_iter().map(str::to_owned).collect(),
            read_only: details.is_read_only(),
            probes: Cell::new(0),
            recordings: Vec::new(),
        }
    }

    /// What was recorded.
    pub(crate) fn recordings(self) -> Vec<Recording> {
        self.recordings
    }

    /// The recorder and its options, up to the program.
    fn recorder(&self, name: &str, step: &str) -> Vec<OsString> {
        let place = self.profile.file_name().unwrap_or_default();
        let place = format!("{PROFILE}/{}", place.to_string_lossy());
        let mut words: Vec<OsString> =
            ["record", "--quiet", "--only-refused", "--checkpoint", "1s"]
                .map(OsString::from)
                .to_vec();
        words.extend(["--under".into(), place.into()]);
        words.extend(["--label".into(), format!("{STEP}={step}").into()]);
        words.extend(self.reading.iter().cloned());
        words.extend([
            "-o".into(),
            format!("{OUT}/{name}.rec.json").into(),
            "--".into(),
        ]);
        words
    }
}

impl Dress for Guest {
    fn options(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = security("unconfined").into();
        words.extend(["--entrypoint".into(), PROGRAM.into()]);
        if self.read_only {
            // Nothing can be copied into a root file system that is read-only, but into a volume.
            words.extend(["--volume".into(), FOLDER.into()]);
        }
        words
    }

    fn command(&self, _plan: &Plan) -> Vec<OsString> {
        let mut words = self.recorder("program", "start");
        words.extend(self.program.iter().map(OsString::from));
        words
    }

    fn prepare(&mut self, container: &Container<'_>) -> Result<(), CommandError> {
        let cant =
            |error: std::io::Error| CommandError::input("what goes into the container", &error);
        let binary = self.binary.try_clone().map_err(cant)?;
        let packed = pack(binary, std::slice::from_ref(&self.profile), !self.read_only);
        let (archive, _places) = packed.map_err(cant)?;
        let folder = if self.read_only { FOLDER } else { "/" };
        container.copy_in(archive, folder)?;
        Ok(())
    }

    fn inside(&self, probe: &Probe) -> Vec<String> {
        self.probes.set(self.probes.get() + 1);
        let name = format!("probe-{}", self.probes.get());
        let recorder = self.recorder(&name, &label(&probe.text));
        let recorder = recorder
            .iter()
            .map(|word| word.to_string_lossy().into_owned());
        std::iter::once(PROGRAM.to_owned())
            .chain(recorder)
            .chain(probe.words.iter().cloned())
            .collect()
    }

    fn collect(&mut self, container: &Container<'_>) -> Result<(), CommandError> {
        let archive = container.copy_out(OUT)?;
        let found = unpack(archive)
            .map_err(|error| CommandError::input("what came out of the container", &error))?;
        self.recordings = found.recordings;
        match found.unreadable.first() {
            None => Ok(()),
            Some((name, why)) => Err(CommandError::incomplete(format!(
                "`{name}` of the container is no recording: {why}"
            ))),
        }
    }
}
