//! The options of `callsieve docker` and `callsieve podman`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum as _;

use crate::cli::commands::record::{BackendArg, duration, label};
use crate::cli::error::CommandError;

/// How a container is recorded.
#[derive(Debug, clap::Args)]
pub(crate) struct ContainedArgs {
    /// `run` with its options, the image and its command; options of the engine itself stand
    /// before `run`
    #[arg(value_name = "run ...", last = true, required = true)]
    pub(super) command: Vec<OsString>,
    /// Write the recording to this file; without it, to NAME.rec.json after the image, or
    /// NAME.2.rec.json and so on if that exists
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Also run this in the container once it runs, and record it (repeatable): a line for its
    /// shell, or `["PROGRAM", "ARGUMENT"]` without one
    #[arg(long, value_name = "COMMAND")]
    pub(super) probe: Vec<String>,
    /// Run each probe again after this time; without it, at the interval of the health check,
    /// or once if there is none
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) probe_interval: Option<Duration>,
    /// The program that goes into the container: a static callsieve for its architecture;
    /// without it, this one if it is static, or `callsieve-static` beside it
    #[arg(long, value_name = "FILE")]
    pub(super) binary: Option<PathBuf>,
    /// How to record
    #[arg(long, value_name = "BACKEND", default_value = "auto")]
    pub(super) backend: BackendArg,
    /// Don't record again what these recordings or profiles have: such calls run at full speed
    /// (repeatable)
    #[arg(long, value_name = "FILE", conflicts_with = "results")]
    pub(super) known: Vec<PathBuf>,
    /// Also record how calls ended, at the price of a second stop for each
    #[arg(long)]
    pub(super) results: bool,
    /// Ask the program to end after this time, as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) duration: Option<Duration>,
    /// Ask it to end when no new kind of call was seen for this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) stop_when_quiet: Option<Duration>,
    /// Write the recording this often while it grows; 0 for never
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub(super) checkpoint: Duration,
    /// Have this written in the recording (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    pub(super) label: Vec<(String, String)>,
}

impl ContainedArgs {
    /// Refuses what can't work in a container.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        if matches!(self.backend, BackendArg::Ebpf) {
            return Err(CommandError::user(
                "the recorder runs in the container, where eBPF is not permitted",
            )
            .hint("`callsieve record --all` records containers from outside"));
        }
        Ok(())
    }

    /// Whether the recorder could answer as a profile does beside what it is asked for.
    pub(super) const fn can_be_under(&self) -> bool {
        self.known.is_empty() && !matches!(self.backend, BackendArg::Notify | BackendArg::Ebpf)
    }

    /// The words that the recorder in the container gets, up to `--`. `known` is where those
    /// files lie there, `under` its options for a profile.
    pub(super) fn recorder(
        &self,
        out: &str,
        known: &[String],
        under: &[OsString],
    ) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["record", "--quiet", "--output-folder", out]
            .map(OsString::from)
            .to_vec();
        // What a kill leaves is not older than this. The recordings are small.
        words.extend(["--checkpoint", "500ms"].map(OsString::from));
        // With rights it could load programs into the machine's kernel, for which it is not there.
        let backend = if self.backend == BackendArg::Auto && self.known.is_empty() {
            BackendArg::Ptrace
        } else {
            self.backend
        };
        if let Some(backend) = backend.to_possible_value() {
            words.extend(["--backend", backend.get_name()].map(OsString::from));
        }
        if self.results {
            words.push("--results".into());
        }
        for place in known {
            words.extend(["--known", place].map(OsString::from));
        }
        for (option, time) in [
            ("--duration", self.duration),
            ("--stop-when-quiet", self.stop_when_quiet),
        ] {
            if let Some(time) = time {
                let time = format!("{}ms", time.as_millis());
                words.extend([option, &time].map(OsString::from));
            }
        }
        words.extend_from_slice(under);
        words.push("--".into());
        words
    }
}
