//! Containers as what is recorded: `callsieve docker` and `callsieve podman`.
//!
//! The engine makes a container as the user says, and tells what it would run: entrypoint, command
//! and health check. That one is removed, and another made with the recorder as its entrypoint,
//! which is copied into it. It is started, waited for, and what the recorders wrote is copied out
//! of it. All that through the engine's command, so that it works with a daemon elsewhere too.

pub(crate) mod archive;
mod args;
mod gathered;
mod plan;
mod session;
mod under;
mod wanted;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::event::Gap;
use callsieve::recording::{self, Recording};

pub(crate) use args::ContainedArgs;

use super::commands::record::{MAX_LABEL, free_name};
use super::engine_command::{Container, Details, Engine, Interrupts, Kind, Version, probe_command};
use super::error::CommandError;
use super::exit::Exit;
use super::output;
use super::render::contained::{Confined, Contained, summary};
use super::render::{self, safe};
use super::static_binary;
use super::ui::Ui;
use archive::OUT;
use plan::{Plan, split_command};
use session::{Probe, Session};
use wanted::{Wanted, failure};

/// How long a probe may take that is no health check.
const PROBE_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the command for an engine.
pub(crate) fn run(kind: Kind, args: &ContainedArgs, ui: &Ui) -> Result<Exit, CommandError> {
    let name = kind.name();
    let (globals, words) = split_command(&args.command).ok_or_else(|| {
        CommandError::user("there is no `run` after `--`")
            .hint(format!("callsieve {name} -- run IMAGE"))
    })?;
    args.check()?;
    let probes = probes(args)?;
    let binary = static_binary::find(args.binary.as_deref())?;
    let interrupts = Interrupts::new()?;
    let engine = Engine::new(kind, globals);
    let version = engine.version()?;
    let plan = Plan::of(&engine, words)?;
    let path = match &args.output {
        Some(path) => path.clone(),
        None => free_name(&short_name(&plan.image().to_string_lossy())),
    };
    output::check(&path)?;
    check_cid_file(&plan)?;
    let wanted = Wanted::new(&engine, &plan, &interrupts)?;
    wanted.check_architecture(&binary)?;
    let recorded = Recorded {
        args,
        version,
        wanted,
        path,
        probes,
        ui,
    };
    recorded.run(binary.file)
}

/// What is to be recorded, with all that was asked beforehand.
struct Recorded<'a> {
    args: &'a ContainedArgs,
    version: Version,
    wanted: Wanted<'a>,
    path: PathBuf,
    probes: Vec<Probe>,
    ui: &'a Ui,
}

impl Recorded<'_> {
    fn run(self, program: File) -> Result<Exit, CommandError> {
        let under = self.under();
        let container = self.wanted.inject(program, &self.args.known, |known| {
            self.args.recorder(OUT, known, &under)
        })?;
        let made = container.inspect().map_err(failure)?;
        let labels = self.labels(made.name())?;
        let checkpoint = (!output::is_stdout(Some(&self.path)) && !self.args.checkpoint.is_zero())
            .then_some(self.args.checkpoint);
        let mut session = Session::new(
            &container,
            self.wanted.interrupts,
            &labels,
            (&self.path, checkpoint),
            self.schedule(&under),
            self.ui,
        );
        if let Some(file) = &self.wanted.plan.cid_file {
            write_cid_file(file, container.id())?;
        }
        let detached = self.wanted.plan.detached;
        let child = if detached {
            container.start().map_err(failure)?;
            self.ui.result(&format!("{}\n", container.id()))?;
            container.waiter().map_err(failure)?
        } else {
            let options = self
                .wanted
                .plan
                .start(self.wanted.details.config.open_stdin);
            container.start_attached(options).map_err(failure)?
        };
        let ended = session.wait(child, !detached)?;
        let (recording, unreadable) = session.collect().map_err(failure)?;
        let tries: Vec<_> = session
            .probes
            .iter()
            .map(|it| (it.probe.name.clone(), it.tries.runs, it.tries.failures))
            .collect();
        drop(session);
        let logged = last_log(&container, detached);
        if let Err(error) = container.remove() {
            self.ui.warn(&CommandError::from(error).to_string());
        }
        for (name, why) in &unreadable {
            self.ui
                .warn(&format!("{name} of the container is left out: {why}"));
        }
        if recording.runs().len() == 0 {
            return nothing(&ended, logged.as_deref());
        }
        self.tell(&ended, &recording, &tries)?;
        let incomplete =
            recording.gaps().any(|(_, gap)| gap != Gap::Incremental) || !unreadable.is_empty();
        Ok(exit(&ended, incomplete))
    }

    /// What is known from outside, for the recording.
    fn labels(&self, container: &str) -> Result<BTreeMap<String, String>, CommandError> {
        let mut labels = BTreeMap::new();
        for (key, value) in &self.args.label {
            if labels.insert(key.clone(), value.clone()).is_some() {
                return Err(CommandError::user(format!(
                    "`--label {key}` is given twice"
                )));
            }
        }
        let version = &self.version;
        let runtime = match self.wanted.details.runtime() {
            Some(name) if name != version.runtime => name.to_owned(),
            _ => format!("{} {}", version.runtime, version.runtime_version),
        };
        for (key, value) in [
            (
                "engine",
                format!("{} {}", self.wanted.engine.name(), version.engine),
            ),
            ("runtime", runtime.trim().to_owned()),
            ("image", self.wanted.details.image().to_owned()),
            ("image-id", self.wanted.details.image_id()),
            ("container", container.to_owned()),
        ] {
            if !value.is_empty() {
                labels.entry(key.to_owned()).or_insert_with(|| cut(&value));
            }
        }
        Ok(labels)
    }

    /// The recorder's options for the profile that the program is answered by; none where the
    /// user names one, or where it can't be.
    fn under(&self) -> Vec<OsString> {
        if self.wanted.plan.names_a_profile() || !self.args.can_be_under() {
            return Vec::new();
        }
        let kind = self.wanted.engine.kind();
        under::engines_default(kind, &self.version, &self.wanted.details)
    }

    /// The health check among the probes, and when each comes again.
    fn schedule(&self, under: &[OsString]) -> Vec<Probe> {
        let health = self.wanted.details.health();
        let interval = health.as_ref().map(|health| health.interval);
        let mut probes = self.probes.clone();
        for probe in &mut probes {
            probe.interval = self.args.probe_interval.or(interval);
            under.clone_into(&mut probe.under);
        }
        if let Some(health) = health {
            probes.insert(
                0,
                Probe {
                    name: "HEALTHCHECK".to_owned(),
                    command: health.command,
                    interval: Some(self.args.probe_interval.unwrap_or(health.interval)),
                    timeout: health.timeout,
                    under: under.to_vec(),
                },
            );
        }
        probes
    }

    fn tell(
        &self,
        ended: &Details,
        recording: &Recording,
        tries: &[(String, u64, u64)],
    ) -> Result<(), CommandError> {
        let text = render::printable(recording::write(recording));
        output::write(Some(&self.path), &text, self.ui)
            .map_err(|error| error.exits(Exit::Status(125)))?;
        render::warn_of_losses(recording, self.ui);
        let told = Contained {
            name: &short_name(self.wanted.details.image()),
            status: ended.state.exit_code,
            out_of_memory: ended.state.oom_killed,
            engine: self.wanted.engine.name(),
            confined: if self.wanted.plan.names_a_profile() {
                Confined::AsTold
            } else if self.args.can_be_under() {
                Confined::AsByDefault
            } else {
                Confined::Not
            },
            recording,
            tries,
            path: &self.path,
        };
        let page = self.ui.page_aside();
        self.ui.note(summary(&told, page).trim_end());
        Ok(())
    }
}

/// The probes that were asked for. When they come again is known later.
fn probes(args: &ContainedArgs) -> Result<Vec<Probe>, CommandError> {
    let probe = |text: &String| {
        let command = probe_command(text)
            .map_err(|why| CommandError::user(format!("`--probe {text}`: {why}")))?;
        Ok(Probe {
            name: cut(text),
            command,
            interval: None,
            timeout: PROBE_TIMEOUT,
            under: Vec::new(),
        })
    };
    args.probe.iter().map(probe).collect()
}

fn check_cid_file(plan: &Plan) -> Result<(), CommandError> {
    match &plan.cid_file {
        Some(file) if Path::new(file).exists() => Err(CommandError::user(format!(
            "`{}` exists already; it may be of a container that runs",
            file.to_string_lossy()
        ))
        .exits(Exit::Status(125))),
        _ => Ok(()),
    }
}

fn write_cid_file(file: &OsString, id: &str) -> Result<(), CommandError> {
    let place = format!("`{}`", file.to_string_lossy());
    let written = File::create_new(file).and_then(|mut file| file.write_all(id.as_bytes()));
    written.map_err(|error| CommandError::write(&place, &error).exits(Exit::Status(125)))
}

/// The container's own status, unless that hides that the recording is incomplete.
fn exit(ended: &Details, incomplete: bool) -> Exit {
    match u8::try_from(ended.state.exit_code) {
        Ok(0) if incomplete => Exit::Incomplete,
        Ok(status) => Exit::Status(status),
        Err(_) => Exit::Status(125),
    }
}

/// There is no recording at all. The recorder has said why, if it could.
fn nothing(ended: &Details, logged: Option<&str>) -> Result<Exit, CommandError> {
    let state = &ended.state;
    if state.status == "created" || !state.error.is_empty() {
        let why = if state.error.is_empty() {
            "the engine does not say why"
        } else {
            &state.error
        };
        return Err(
            CommandError::user(format!("the container did not start: {why}"))
                .exits(Exit::Status(125)),
        );
    }
    let status = u8::try_from(state.exit_code).unwrap_or(125);
    if matches!(status, 2 | 4 | 125..=127) {
        return match logged {
            Some(said) => Err(CommandError::user(said).exits(Exit::Status(status))),
            None => Ok(Exit::Status(status)),
        };
    }
    Err(CommandError::user(format!(
        "nothing was recorded: the container ended with status {status} before there was anything"
    ))
    .exits(Exit::Status(125)))
}

/// What a container that nobody saw said last.
fn last_log(container: &Container<'_>, detached: bool) -> Option<String> {
    if !detached {
        return None;
    }
    let (out, err) = container.logs(1 << 20).ok()?;
    [err, out].iter().find_map(|text| {
        let line = text.lines().rfind(|line| line.starts_with("error: "))?;
        Some(line.trim_start_matches("error: ").to_owned())
    })
}

/// `web` for `registry:5000/team/web:1.4@sha256:…`
fn short_name(image: &str) -> String {
    let image = image.split('@').next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    if name.is_empty() {
        "image".to_owned()
    } else {
        safe(name)
    }
}

/// As much of a text as a label may hold.
fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_LABEL);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images() {
        for (image, expected) in [
            ("web", "web"),
            ("registry:5000/team/web:1.4@sha256:ab", "web"),
            ("sha256:abc", "sha256"),
            ("", "image"),
        ] {
            assert_eq!(short_name(image), expected);
        }
        assert_eq!(cut(&"ä".repeat(200)).len(), 256);
    }
}
