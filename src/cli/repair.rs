//! A profile made again with what it refused, until that is enough.
//!
//! What was refused becomes part of the recording that the profile was made of, as calls that
//! were seen, and the runtime's calls come from the floor. The profile is what `generate` makes of
//! both, so that it is never weaker than its base and every name has its reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use callsieve::event::CallId;
use callsieve::formats::docker;
use callsieve::profile::build::{Generated, Options, Reason, build};
use callsieve::profile::diff::{CallId as Changed, Difference};
use callsieve::profile::floor::RuntimeFloor;
use callsieve::profile::{Profile, View};
use callsieve::recording::{self, Recording, Run};

use super::build_args::BuildArgs;
use super::error::CommandError;
use super::host::HostArgs;
use super::input::{self, Loaded};
use super::ui::Ui;
use super::{output, render};

/// How often a profile is made again before that is given up; each time must bring something new.
pub(crate) const ROUNDS: usize = 16;
/// How many names an error tells.
const TOLD: usize = 5;

/// Options of `verify` for making the profile again.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Repairing")]
pub(crate) struct RepairArgs {
    /// Add what is refused to this recording, which PROFILE was made of, make PROFILE again with
    /// the options below, which are those of `generate`, and verify again, until nothing is
    /// refused or nothing new is learned. Both files are replaced, and never is anything allowed
    /// that the base refuses
    #[arg(long, value_name = "RECORDING", conflicts_with = "mode")]
    repair: Option<PathBuf>,
    #[command(flatten)]
    build: BuildArgs,
}

/// A profile that is being repaired.
#[derive(Debug)]
pub(crate) struct Repair {
    recording_path: PathBuf,
    profile_path: PathBuf,
    recording: Recording,
    /// The runs that it had before.
    known: BTreeSet<String>,
    options: Options,
    generated: Generated,
    learned: bool,
    /// The recording has grown.
    grown: bool,
    /// The runtime's calls were brought in.
    floor: Option<RuntimeFloor>,
}

impl RepairArgs {
    /// Reads what the profile was made of, and makes it again to see that it is that. `profile`
    /// is its file, and `current` what the engine makes of it.
    pub(crate) fn start(
        &self,
        profile: &str,
        current: &Profile,
        view: View,
        host: &HostArgs,
        ui: &Ui,
    ) -> Result<Option<Repair>, CommandError> {
        let Some(path) = &self.repair else {
            return Ok(None);
        };
        let place = path.display().to_string();
        let profile_path = PathBuf::from(profile);
        if !profile_path.is_file() {
            return Err(CommandError::user(format!(
                "`{profile}` is no file, which `--repair` could replace"
            )));
        }
        let Loaded::Recording(recording) = input::load(path, None, ui)? else {
            return Err(CommandError::user(format!(
                "`{place}` is a profile; name the recording that `{profile}` was made of"
            )));
        };
        let bytes = input::bytes(path, MAX_RECORDING)?.1;
        if !recording::looks_like_recording(&bytes) {
            return Err(
                CommandError::user(format!("`{place}` is a log, which can't be added to")).hint(
                    format!("make a recording of it: callsieve import {place} -o FILE"),
                ),
            );
        }
        output::check(path)?;
        output::check(&profile_path)?;
        let mut options = self.build.options(BTreeSet::new(), host, ui)?;
        self.build.add_recorded(&mut options, &recording)?;
        let generated =
            build(&recording, &options).map_err(|error| CommandError::input(&place, &error))?;
        let difference = Difference::between(&generated.profile, current, &view)
            .map_err(|error| CommandError::input(profile, &error))?;
        let more: BTreeSet<String> = difference
            .wider
            .iter()
            .filter_map(|change| match &change.call {
                Changed::Name(name) => Some(name.to_string()),
                Changed::AnyOther | Changed::AnyFrom(_) | Changed::WholeArchitecture => None,
            })
            .collect();
        if !difference.wider.is_empty() {
            let told: Vec<&str> = more.iter().take(TOLD).map(String::as_str).collect();
            return Err(CommandError::user(format!(
                "`{profile}` allows more than `generate` makes of `{place}`: {}{}",
                told.join(", "),
                if more.len() > TOLD { ", …" } else { "" }
            ))
            .hint("give the options with which it was made, such as --runtime-floor or --allow"));
        }
        let known = recording.runs().map(|(id, _)| id.to_string()).collect();
        Ok(Some(Repair {
            recording_path: path.clone(),
            profile_path,
            recording,
            known,
            options,
            generated,
            learned: false,
            grown: false,
            floor: None,
        }))
    }
}

/// A recording is read a second time, to see whether it is one.
const MAX_RECORDING: usize = 1 << 30;

impl Repair {
    /// Learns from what was refused, and from what the runtime lacks, which `floor` has. The new
    /// profile, or `None` if nothing was learned. What is new is told with its reasons.
    pub(crate) fn learn(
        &mut self,
        refused: &Recording,
        floor: Option<RuntimeFloor>,
        ui: &Ui,
    ) -> Result<Option<&Profile>, CommandError> {
        for (_, run) in refused.runs() {
            if let Some(run) = self.new_of(run) {
                self.recording.merge(Recording::of(run));
                self.grown = true;
            }
        }
        if let Some(floor) = floor {
            self.options.floor = self.options.floor.and(floor);
            self.floor = Some(self.options.floor);
        }
        let generated = build(&self.recording, &self.options)
            .map_err(|error| CommandError::input("", &error))?;
        if generated.profile == self.generated.profile {
            return Ok(None);
        }
        self.tell(&generated, ui);
        self.generated = generated;
        self.learned = true;
        Ok(Some(&self.generated.profile))
    }

    /// What of a run no other has: a call, or a value of an argument that rules look at. It stands
    /// beside the runs that the profile was made of.
    fn new_of(&self, run: &Run) -> Option<Run> {
        let totals = self.recording.totals();
        let mut new = run.clone();
        for (arch, calls) in &mut new.calls {
            let known = totals.get(arch);
            calls.retain(|call, observed| {
                let named = matches!(call, CallId::Name(_));
                let known = known.and_then(|known| known.get(call));
                named
                    && known.is_none_or(|known| {
                        observed.args.iter().any(|(index, facts)| {
                            let known = known.args.get(index);
                            let has =
                                |value| known.is_some_and(|known| known.values.contains_key(value));
                            !facts.values.keys().all(has)
                        })
                    })
            });
        }
        new.calls.retain(|_, calls| !calls.is_empty());
        if let Some(capture) = &mut new.capture {
            capture.known.clone_from(&self.known);
        }
        (!new.calls.is_empty()).then_some(new)
    }

    fn tell(&self, generated: &Generated, ui: &Ui) {
        let before = &self.generated.reasons;
        let refused = |reasons: &Vec<Reason>| reasons.iter().all(|it| *it == Reason::Probed);
        let new = generated
            .reasons
            .iter()
            .filter(|(name, _)| before.get(*name).is_none_or(refused))
            .filter(|(_, reasons)| !refused(reasons));
        for (name, reasons) in new {
            let why: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            ui.note(&format!("Added {name}: {}", render::safe(&why.join("; "))));
        }
    }

    /// Replaces the recording and the profile, if something was learned.
    pub(crate) fn write(&self, ui: &Ui) -> Result<(), CommandError> {
        if !self.learned {
            return Ok(());
        }
        let profile = render::printable(docker::write(&self.generated.profile));
        let recording = render::printable(recording::write(&self.recording));
        let mut results = vec![(Some(self.profile_path.as_path()), profile.as_str())];
        if self.grown {
            results.push((Some(self.recording_path.as_path()), recording.as_str()));
        }
        output::write_all(&results, ui)?;
        for (path, _) in &results {
            let path = path
                .map(Path::display)
                .map_or(String::new(), |path| path.to_string());
            ui.note(&format!("Wrote {}", render::safe(&path)));
        }
        if let Some(floor) = self.floor {
            ui.note(&format!(
                "`generate` makes the same of the recording with --runtime-floor {}",
                options(floor)
            ));
        }
        Ok(())
    }
}

/// A floor as options of `generate`.
fn options(floor: RuntimeFloor) -> String {
    let (exec, init) = floor.further();
    let exec = if exec { " --exec" } else { "" };
    let init = if init { " --init" } else { "" };
    format!("{floor}{exec}{init}")
}
