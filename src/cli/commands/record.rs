use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::event::Gap;
use callsieve::record::backend::Host;
use callsieve::record::{
    self, Command, EbpfError, End, Finished, Front, Known, Mode, RecordError, Session, Side,
    Target, Tid, Under, Which, Wish,
};
use callsieve::recording::{self, Recording, RunBuilder};

use crate::cli::containers::{self, Job, Place};
use crate::cli::engine::EngineArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::host::HostArgs;
use crate::cli::render::recorded::{Recorded, summary};
use crate::cli::render::screen::{Limits, Screen};
use crate::cli::ui::Ui;
use crate::cli::{container, hook, known, output, render, under};

/// Run a command and record its system calls
///
/// Follows everything that the command starts, until all of it has ended. The command runs as it
/// would alone: its input, output, signals and status are its own. No privileges are needed.
///
/// Exits as the command does: with its status, with 128+N after signal N, with 126 or 127 if it
/// can't be started, with 125 if callsieve fails; with 3 if it succeeded and the recording is
/// incomplete, with 4 if recording is not permitted here.
#[expect(clippy::struct_excessive_bools, reason = "options are switches")]
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "callsieve record [OPTIONS] [--] COMMAND [ARG]...\n       callsieve record [OPTIONS] --pid PID\n       callsieve record [OPTIONS] --container ID | --cgroup FOLDER | --all",
    after_help = "\
Examples:
  callsieve record -o web.rec.json -- nginx -g 'daemon off;'
  callsieve record --duration 30s -- ./server
  callsieve record --pid 4125 --duration 5m -o running.rec.json
  callsieve record --container web --duration 5m
  callsieve record --all -o recordings --duration 1h"
)]
pub(crate) struct RecordArgs {
    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        required_unless_present_any = ["pid", "container", "cgroup", "all", "oci_hook"]
    )]
    command: Vec<OsString>,
    /// Write the recording to this file; without it, to NAME.rec.json, or NAME.2.rec.json and so
    /// on if that exists
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run it under this profile, which is what `diff` takes, such as docker-default: refused calls
    /// get the profile's answer, as in a container, and are recorded with it
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["pid", "known"])]
    under: Option<String>,
    /// Record only what the profile refuses: calls that it allows run at full speed. The recording
    /// is complete when merged with those that the profile was made of
    #[arg(long, requires = "under", conflicts_with = "results")]
    only_refused: bool,
    /// Write the recording to this folder, as the first of run-1.rec.json, run-2.rec.json and so
    /// on that is free: a container that is started again has the same command line
    #[arg(long, value_name = "FOLDER", hide = true, conflicts_with = "output")]
    output_folder: Option<PathBuf>,
    /// How to record
    #[arg(long, value_name = "BACKEND", default_value = "auto")]
    backend: BackendArg,
    /// Record a process that runs already, with its threads and the processes that it started;
    /// the recording is incomplete, as the start is missing. SIGHUP starts a new file
    #[arg(long, value_name = "PID", conflicts_with = "command", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,
    /// Record a container of Docker or Podman that runs already: all its processes, also those
    /// that `docker exec` brings in; the recording is incomplete, as the start is missing
    #[arg(long, value_name = "ID", conflicts_with_all = ["command", "pid", "cgroup"])]
    container: Option<String>,
    /// Record what is in this control group or below it, or is going to be, of either version.
    /// Takes eBPF
    #[arg(long, value_name = "FOLDER", conflicts_with_all = CONTAINERS_CONFLICT)]
    cgroup: Option<PathBuf>,
    /// Record every container of this machine from its first instruction on, each to a file of
    /// its own in the folder that `-o` names, until Ctrl-C; SIGHUP starts new files. Takes eBPF
    #[arg(long, conflicts_with_all = CONTAINERS_CONFLICT, conflicts_with_all = ["container", "cgroup"])]
    all: bool,
    /// As a hook of a container runtime: record the container whose state stands on standard
    /// input, from its first instruction to its end, to the folder that `-o` names, or
    /// /var/lib/callsieve/recordings. Returns when the recorder counts, after 2 s at most, and
    /// always with status 0; see `callsieve setup`
    #[arg(long, conflicts_with_all = CONTAINERS_CONFLICT, conflicts_with_all = HOOK_CONFLICT)]
    oci_hook: bool,
    /// Only the process itself, not what it starts
    #[arg(long, requires = "pid")]
    no_follow: bool,
    /// Don't record again what these recordings or profiles have: such calls run at full speed
    /// (repeatable). The recording is complete when merged with the recordings
    #[arg(long, value_name = "FILE", conflicts_with_all = ["results", "pid", "container"])]
    known: Vec<PathBuf>,
    /// Also record how calls ended, at the price of a second stop for each
    #[arg(long)]
    results: bool,
    /// End the command if callsieve is killed; otherwise it runs on and is recorded on
    #[arg(long)]
    kill_on_exit: bool,
    /// Stop after this time, as 90s, 5m or 1h: a command is asked to end, a process is let go
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
    /// Stop when no new kind of call was seen for this time; silence is no proof that there is
    /// none to come
    #[arg(long, value_name = "TIME", value_parser = duration)]
    stop_when_quiet: Option<Duration>,
    /// Write the recording this often while it grows; 0 for never
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    checkpoint: Duration,
    /// Have this written in the recording (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    host: HostArgs,
}

/// What does not go with containers that are recorded from outside.
const CONTAINERS_CONFLICT: [&str; 8] = [
    "command",
    "pid",
    "under",
    "known",
    "no_follow",
    "results",
    "kill_on_exit",
    "output_folder",
];

/// What does not go with the hook, beside that.
const HOOK_CONFLICT: [&str; 5] = ["container", "cgroup", "all", "duration", "stop_when_quiet"];

/// How to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BackendArg {
    /// eBPF where this user may have it and it fits, else ptrace, or notify where most calls are
    /// known; `-v` and the recording say which and why
    Auto,
    /// Stop at each call, by a filter where one can be had
    Ptrace,
    /// Be notified of each call: cheaper, and the command can be debugged meanwhile, but signals
    /// whose handlers don't restart calls show as EINTR, which shells under load don't survive
    Notify,
    #[expect(clippy::doc_markdown, reason = "it is the help")]
    /// Count calls in the kernel: at nearly no price, and the command runs as it would alone. For
    /// root, or with CAP_BPF and CAP_PERFMON, on Linux 5.8 or later, on x86_64
    Ebpf,
}

/// `90s`, `5m`, `1h`, `250ms`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let number: u64 = digits
        .parse()
        .map_err(|_error| "expected a time such as 90s, 5m or 1h")?;
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let milliseconds = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{unit}` is no unit of time: ms, s, m or h")),
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .ok_or_else(|| "that is longer than this machine will last".to_owned())
}

/// Longest key and value of a label, in bytes.
pub(crate) const MAX_LABEL: usize = 256;

pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    if key.len() > MAX_LABEL || value.len() > MAX_LABEL {
        return Err(format!("longer than {MAX_LABEL} bytes"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

/// Runs the command.
pub(crate) fn run(args: &RecordArgs, ui: &Ui) -> Result<Exit, CommandError> {
    if args.oci_hook {
        let labels = args.labels()?.into_iter();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        return hook::start(args.output.as_deref(), &labels);
    }
    if let Some(job) = args.containers()? {
        return containers::record(&job, ui);
    }
    let session = args.session(ui)?;
    let path = match (&args.output, &args.output_folder) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => first_free(|number| folder.join(format!("run-{number}.rec.json"))),
        (None, None) => free_name(&session.label),
    };
    output::check(&path)?;
    match record::split(args.kill_on_exit).map_err(|error| failure(&error))? {
        Side::Front(Some(status)) => Ok(Exit::Status(u8::try_from(status).unwrap_or(125))),
        Side::Front(None) => Err(CommandError::user(
            "the recorder was killed; the recording holds what it had written by then",
        )
        .exits(Exit::Status(125))),
        Side::Recorder(front) => args.record(session, &path, &front, ui),
    }
}

impl RecordArgs {
    /// What is to be recorded from outside, if it is that.
    fn containers(&self) -> Result<Option<Job>, CommandError> {
        let (which, label) = if self.all {
            (Which::All, "containers".to_owned())
        } else if let Some(path) = &self.cgroup {
            let name = path.file_name().unwrap_or(path.as_os_str());
            (
                Which::Group(path.clone()),
                name.to_string_lossy().into_owned(),
            )
        } else if let Some(id) = &self.container {
            let found = container::running(id)?;
            let pid = Tid(found.details.state.pid);
            let apart = record::mount_namespace(pid) != record::mount_namespace(own_pid());
            let fits = apart && Host::of_this_process().takes_programs();
            match self.backend {
                BackendArg::Ebpf if !apart => {
                    return Err(CommandError::user(format!(
                        "container `{id}` shares this process's mount namespace, so eBPF can't tell them apart"
                    )));
                }
                BackendArg::Ebpf => {}
                BackendArg::Auto if fits && self.under.is_none() => {}
                BackendArg::Auto | BackendArg::Ptrace | BackendArg::Notify => return Ok(None),
            }
            let name = found.details.name().to_owned();
            (Which::NamespaceOf(pid), name)
        } else {
            return Ok(None);
        };
        if !matches!(self.backend, BackendArg::Auto | BackendArg::Ebpf) {
            return Err(CommandError::user(
                "containers are recorded from outside with eBPF only",
            ));
        }
        let place = match (&self.output, self.all) {
            (Some(folder), true) => Place::Folder(folder.clone()),
            (None, true) => Place::Folder(PathBuf::from(".")),
            (Some(path), false) => Place::File(path.clone()),
            (None, false) => Place::File(free_name(&label)),
        };
        if place == Place::Folder(PathBuf::from("-")) {
            return Err(CommandError::user("name a folder for the recordings"));
        }
        Ok(Some(Job {
            which,
            label,
            labels: self.labels()?,
            limits: self.limits(self.output.as_deref()),
            place,
        }))
    }

    fn limits(&self, path: Option<&Path>) -> Limits {
        let to_stdout = path.is_some_and(|path| output::is_stdout(Some(path)));
        Limits {
            duration: self.duration,
            quiet: self.stop_when_quiet,
            checkpoint: (!to_stdout && !self.checkpoint.is_zero()).then_some(self.checkpoint),
        }
    }

    fn labels(&self) -> Result<BTreeMap<String, String>, CommandError> {
        let mut labels = BTreeMap::new();
        for (key, value) in &self.label {
            if labels.insert(key.clone(), value.clone()).is_some() {
                return Err(CommandError::user(format!(
                    "`--label {key}` is given twice"
                )));
            }
        }
        Ok(labels)
    }

    fn session(&self, ui: &Ui) -> Result<Session, CommandError> {
        let (target, label) = if let Some(id) = &self.container {
            let found = container::running(id)?;
            let first = Tid(found.details.state.pid);
            (Target::Container { first }, found.details.name().to_owned())
        } else if let Some(pid) = self.pid {
            let follow = !self.no_follow;
            let pid = Tid(pid);
            (Target::Process { pid, follow }, process_name(pid))
        } else {
            let command = command(&self.command, ui.env.search_path.as_deref())?;
            let name = self.command.first().map(PathBuf::from).unwrap_or_default();
            let name = name.file_name().unwrap_or(name.as_os_str());
            let label = name.to_string_lossy().into_owned();
            (Target::Command(command), label)
        };
        Ok(Session {
            target,
            wish: match self.backend {
                BackendArg::Auto => Wish::Auto,
                BackendArg::Ptrace => Wish::Ptrace,
                BackendArg::Notify => Wish::Notify,
                BackendArg::Ebpf => Wish::Ebpf,
            },
            known: self.known(ui)?,
            results: self.results,
            kill_on_exit: self.kill_on_exit,
            label,
            labels: self.labels()?,
            under: self.under(ui)?,
            draws: self.draws() && ui.shows_progress(),
        })
    }

    /// The profile that the command is to run under, with every call recorded all the same.
    fn under(&self, ui: &Ui) -> Result<Option<Under>, CommandError> {
        let Some(word) = &self.under else {
            let host = &self.host;
            let asked = self.engine.describe() != ""
                || !host.cap_add.is_empty()
                || !host.cap_drop.is_empty();
            if asked {
                return Err(CommandError::user(
                    "the engine and the capabilities are those of a profile; name it with `--under`",
                ));
            }
            return Ok(None);
        };
        if word == "-" {
            return Err(CommandError::user(
                "standard input is the command's; name the profile by its file",
            ));
        }
        let filter = under::filter(word, &self.engine, &self.host, ui)?;
        Ok(Some(Under {
            program: filter.program,
            name: filter.name,
            mode: Mode::Enforce,
            everything: !self.only_refused,
        }))
    }

    /// Whether it can be known when the program writes to the terminal.
    fn draws(&self) -> bool {
        self.known.is_empty() && !self.only_refused
    }

    /// What needs no recording.
    fn known(&self, ui: &Ui) -> Result<Known, CommandError> {
        let mut known = known::known(&self.known, ui)?;
        if let Some(word) = self.under.as_ref().filter(|_| self.only_refused) {
            let name = Path::new(word).file_name().unwrap_or(word.as_ref());
            known
                .from
                .insert(format!("profile {}", name.to_string_lossy()));
        }
        Ok(known)
    }

    fn record(
        &self,
        session: Session,
        path: &Path,
        front: &Front,
        ui: &Ui,
    ) -> Result<Exit, CommandError> {
        let limits = self.limits(Some(path));
        let mut screen = Screen::new(&session.label, limits, path, front, self.draws(), ui);
        let recorder = record::recorder(session, Some(front)).map_err(|error| failure(&error))?;
        let finished = recorder.record(&mut screen);
        screen.finish();
        let path = screen.path();
        let finished = finished.map_err(|error| failure(&error))?;
        let recording = recording(&finished);
        let text = render::printable(recording::write(&recording));
        output::write(Some(path), &text, ui).map_err(|error| error.exits(Exit::Status(125)))?;
        render::warn_of_losses(&recording, ui);
        let told = Recorded {
            finished: &finished,
            recording: &recording,
            path,
            known: &self.known,
        };
        ui.note(summary(&told, ui.page_aside()).trim_end());
        // That calls were left out which are known was asked for.
        let incomplete = recording.gaps().any(|(_, gap)| gap != Gap::Incremental);
        Ok(exit(&finished, incomplete))
    }
}

/// The run of a recorder that has ended.
fn recording(finished: &Finished) -> Recording {
    let seen = &finished.seen;
    let mut run = RunBuilder::new("callsieve", vec![seen.label().to_owned()])
        .captured(seen.capture().clone());
    let tally = seen.report(&mut run);
    Recording::of(run.finish(tally))
}

/// The command's own status, unless that hides that the recording is incomplete.
fn exit(finished: &Finished, incomplete: bool) -> Exit {
    let status = match finished.end {
        End::Exited(status) => status,
        End::Killed(signal) => 128 + signal.0,
        End::LeftRunning | End::Gone => 0,
    };
    match u8::try_from(status) {
        Ok(0) if incomplete => Exit::Incomplete,
        Ok(status) => Exit::Status(status),
        Err(_) => Exit::Status(125),
    }
}

/// The files to try for a command, as `execvp` does.
pub(crate) fn command(
    words: &[OsString],
    search_path: Option<&OsStr>,
) -> Result<Command, CommandError> {
    let name = words.first().map(OsString::as_os_str).unwrap_or_default();
    let arguments = words
        .iter()
        .map(|word| CString::new(word.clone().into_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_nul| CommandError::user("an argument has a NUL in it"))?;
    let candidates = if name.as_bytes().contains(&b'/') || name.is_empty() {
        vec![PathBuf::from(name)]
    } else {
        // What execvp(3) does without a PATH.
        let path = search_path.unwrap_or(OsStr::new("/bin:/usr/bin"));
        std::env::split_paths(path)
            .map(|folder| {
                if folder.as_os_str().is_empty() {
                    Path::new(".").join(name)
                } else {
                    folder.join(name)
                }
            })
            .collect()
    };
    Ok(Command {
        candidates,
        arguments,
    })
}

fn own_pid() -> Tid {
    Tid(i32::try_from(std::process::id()).unwrap_or_default())
}

fn process_name(pid: Tid) -> String {
    let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim_end().to_owned();
    if name.is_empty() {
        format!("process-{pid}")
    } else {
        name
    }
}

/// `NAME.rec.json`, or the next that is free: a recording is not replaced by accident.
pub(crate) fn free_name(label: &str) -> PathBuf {
    let name: String = label
        .chars()
        .map(|c| if c == '/' || c.is_control() { '_' } else { c })
        .collect();
    first_free(|number| match number {
        1 => PathBuf::from(format!("{name}.rec.json")),
        _ => PathBuf::from(format!("{name}.{number}.rec.json")),
    })
}

/// The first name that nothing has yet.
fn first_free(name: impl Fn(u32) -> PathBuf) -> PathBuf {
    (1..10_000)
        .map(&name)
        .find(|path| !path.exists())
        .unwrap_or_else(|| name(1))
}

/// Errors of the recorder with what to do about them.
pub(crate) fn failure(error: &RecordError) -> CommandError {
    let told = CommandError::input("", error);
    match error {
        RecordError::NotFound { .. } => told.exits(Exit::Status(127)),
        RecordError::NotExecutable { .. } | RecordError::Nul { .. } => {
            told.exits(Exit::Status(126))
        }
        RecordError::NotPermitted { .. } => {
            let told = told.exits(Exit::NotPermitted);
            match yama() {
                Some(3) => told.hint("kernel.yama.ptrace_scope is 3, which forbids tracing until the next boot; use `--backend notify`"),
                Some(2) => told.hint("kernel.yama.ptrace_scope is 2: run as root or with CAP_SYS_PTRACE"),
                Some(1) => told.hint("a process of another ancestry needs root or CAP_SYS_PTRACE while kernel.yama.ptrace_scope is 1"),
                _ => told.hint("run as the user and group of the process, or with CAP_SYS_PTRACE"),
            }
        }
        RecordError::Ebpf(error) => {
            let told = if matches!(
                error,
                EbpfError::Group { .. } | EbpfError::NoController { .. }
            ) {
                told
            } else {
                told.exits(Exit::NotPermitted)
            };
            match error.hint() {
                Some(hint) => told.hint(hint),
                None => told,
            }
        }
        RecordError::Traced { .. } | RecordError::NotSupported { .. } => {
            told.exits(Exit::NotPermitted)
        }
        RecordError::NoProcess { .. } | RecordError::Contradiction(_) => told,
        RecordError::Kernel { .. } | _ => told.exits(Exit::Status(125)),
    }
}

/// How far the kernel lets users trace.
fn yama() -> Option<u8> {
    let text = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("5", Some(5_000)),
            ("90s", Some(90_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("250ms", Some(250)),
            ("0", Some(0)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
            ("1.5s", None),
            ("99999999999999999999", None),
            ("99999999999999999h", None),
        ] {
            let read = duration(text).ok();
            assert_eq!(read, expected.map(Duration::from_millis), "{text}");
        }
    }
}
