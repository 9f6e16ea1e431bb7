//! What is seen while a program is recorded: a few lines on a terminal, a line for each new call
//! with `-v`, and checkpoints.

use std::path::{Path, PathBuf};
use std::time::Duration;

use callsieve::event::Gap;
use callsieve::record::{
    Backend, Choice, Control, First, Front, Observations, Progress, TerminalUse, Tid, Used, Watch,
};
use callsieve::recording::{self, Recording, RunBuilder};

use super::block::Block;
use super::{counted, number, printable, safe};
use crate::cli::output;
use crate::cli::ui::Ui;

/// The lines come back when the program has not written for so many looks, of which there are
/// four a second.
const QUIET_LOOKS: u32 = 3;
/// By how much longer it must be quiet each time that it wrote below lines which stay there.
const PATIENCE: u32 = 4;

/// When to stop and when to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) duration: Option<Duration>,
    pub(crate) quiet: Option<Duration>,
    pub(crate) checkpoint: Option<Duration>,
}

/// Where the lines are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// Not drawn now.
    Away,
    /// On the terminal.
    Drawn,
    /// There is no terminal, or the program has it for itself.
    Never,
}

/// Watches a recording.
#[derive(Debug)]
pub(crate) struct Screen<'a> {
    name: String,
    limits: Limits,
    path: PathBuf,
    /// Where the first one went, if there were several.
    first_path: PathBuf,
    front: &'a Front,
    ui: &'a Ui,
    block: Block,
    /// When the last checkpoint was written.
    written: Duration,
    /// A checkpoint failed, which was said.
    failed: bool,
    /// Calls and time at the last look.
    last: (u64, Duration),
    launched: bool,
    lines: Lines,
    /// What the program writes is known only when it stands on the terminal.
    late: bool,
    /// Looks for which it must not write before lines are drawn.
    quiet: u32,
    /// Looks that are left of them.
    written_over: u32,
}

impl<'a> Screen<'a> {
    /// With `shows` it draws its lines where that may be: not if the program could write to the
    /// terminal unseen.
    pub(crate) fn new(
        name: &str,
        limits: Limits,
        path: &Path,
        front: &'a Front,
        shows: bool,
        ui: &'a Ui,
    ) -> Self {
        Self {
            name: safe(name),
            limits,
            path: path.to_owned(),
            first_path: path.to_owned(),
            front,
            ui,
            block: Block::default(),
            written: Duration::ZERO,
            failed: false,
            last: (0, Duration::ZERO),
            launched: false,
            lines: if shows && ui.shows_progress() {
                Lines::Away
            } else {
                Lines::Never
            },
            late: false,
            quiet: QUIET_LOOKS,
            written_over: QUIET_LOOKS,
        }
    }

    /// Takes the lines away.
    pub(crate) fn finish(&mut self) {
        self.clear();
    }

    fn draw(&mut self, progress: &Progress<'_>) {
        self.written_over = self.written_over.saturating_sub(1);
        if self.lines == Lines::Never || self.written_over > 0 {
            return;
        }
        let seen = progress.seen;
        let (calls, then) = self.last;
        let passed = progress.elapsed.saturating_sub(then).as_millis().max(1);
        let rate = u128::from(seen.calls().saturating_sub(calls)) * 1000 / passed;
        self.last = (seen.calls(), progress.elapsed);
        let parts = [
            self.name.clone(),
            clock(progress.elapsed),
            processes(u64::try_from(progress.processes).unwrap_or(u64::MAX)),
            counted(u64::try_from(seen.kinds()).unwrap_or(u64::MAX), "syscalls"),
            format!(
                "{} calls/s",
                number(u64::try_from(rate).unwrap_or(u64::MAX))
            ),
            format!("{} lost", number(seen.lost())),
        ];
        let space = Ui::space_aside();
        // What the terminal would fold by itself could not be taken away again.
        let width = self.ui.page_aside().width.min(space.width);
        let mut lines = side_by_side(&parts, width);
        if let Some(last) = seen.last_new() {
            lines.push(format!("  last new  {}", new_call(last, progress.elapsed)));
        }
        lines.push(if self.launched {
            format!("  Ctrl-C goes to {}; a second one ends it", self.name)
        } else {
            "  Ctrl-C ends the recording".to_owned()
        });
        let lines: Vec<String> = lines.iter().map(|line| cut(line, width)).collect();
        let drawn = self.block.drawing(&lines, space);
        // As late as can be: what it would write from here on, these would be drawn over.
        let used = self.late && progress.used_since.is_some_and(Used::used);
        if !used {
            self.block.put(&drawn);
            self.lines = Lines::Drawn;
        }
    }

    /// Takes the lines away for now.
    fn clear(&mut self) {
        if self.lines == Lines::Drawn {
            self.lines = Lines::Away;
            self.block.clear();
        }
    }

    /// The program has written below the lines, so they stay.
    fn leave(&mut self) {
        if self.lines == Lines::Drawn {
            self.lines = Lines::Away;
            self.block.leave();
            self.quiet = self.quiet.saturating_mul(PATIENCE);
        }
    }

    /// Says something where the lines are, which come back at the next look.
    fn aside(&mut self, say: impl FnOnce(&Ui)) {
        self.clear();
        say(self.ui);
    }

    fn checkpoint(&mut self, progress: &Progress<'_>) {
        let due = self
            .limits
            .checkpoint
            .is_some_and(|every| progress.elapsed.saturating_sub(self.written) >= every);
        if !due {
            return;
        }
        self.written = progress.elapsed;
        let recording = unfinished(progress.seen);
        let text = printable(recording::write(&recording));
        let written = output::write(Some(&self.path), &text, self.ui);
        if let (Err(error), false) = (written, self.failed) {
            self.failed = true;
            self.aside(|ui| ui.warn(&error.to_string()));
        }
    }
}

/// Parts in as few lines as fit.
fn side_by_side(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + part.chars().count() < width => {
                line.push_str("  ");
                line.push_str(part);
            }
            _ => lines.push(format!("  {part}")),
        }
    }
    lines
}

/// The begin of a line, if it is too long.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() < width {
        return line.to_owned();
    }
    let begin: String = line.chars().take(width.saturating_sub(4)).collect();
    begin + "..."
}

/// What a recorder that is killed later will have left.
fn unfinished(seen: &Observations) -> Recording {
    let mut run = RunBuilder::new("callsieve", vec![seen.label().to_owned()])
        .captured(seen.capture().clone());
    let mut tally = seen.report(&mut run);
    tally.gaps.insert(Gap::Detached);
    Recording::of(run.finish(tally))
}

impl Screen<'_> {
    /// Where the recording goes that is being made.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Watch for Screen<'_> {
    fn started(&mut self, choice: &Choice, pid: Tid) {
        self.launched = choice.launched;
        self.late = choice.launched && choice.backend == Backend::Ebpf;
        if let Some(why) = &choice.instead_of_ebpf {
            let name = choice.backend.name();
            self.ui.warn(&format!(
                "recording with {name}, as eBPF can't be had: {why}"
            ));
        }
        if self.ui.verbose {
            self.ui.note(&format!(
                "Recording process {pid} with {}: {}",
                choice.backend.name(),
                choice.reason
            ));
        }
    }

    fn first(&mut self, first: &First) {
        if self.ui.verbose {
            let line = format!(
                "{}  {}  {}  {} {}",
                clock(first.at),
                first.arch,
                first.call,
                safe(&first.program),
                first.tid
            );
            self.aside(|ui| ui.note(&line));
        }
    }

    fn tick(&mut self, progress: &Progress<'_>) -> Control {
        self.draw(progress);
        self.checkpoint(progress);
        let over = |limit: Option<Duration>, since: Duration| {
            limit.is_some_and(|limit| progress.elapsed.saturating_sub(since) >= limit)
        };
        let last_new = progress.seen.last_new().map_or(Duration::ZERO, |it| it.at);
        if over(self.limits.duration, Duration::ZERO) || over(self.limits.quiet, last_new) {
            Control::Enough
        } else {
            Control::Continue
        }
    }

    fn begins_anew(&mut self, seen: &Observations) -> bool {
        if output::is_stdout(Some(&self.path)) {
            let said = "SIGHUP: the recording goes to standard output and can't begin a new file";
            self.aside(|ui| ui.warn(said));
            return false;
        }
        let text = printable(recording::write(&unfinished(seen)));
        if let Err(error) = output::write(Some(&self.path), &text, self.ui) {
            self.aside(|ui| ui.warn(&error.to_string()));
            return false;
        }
        let wrote = safe(&self.path.display().to_string());
        self.path = output::next_free(&self.first_path, Path::exists);
        let next = safe(&self.path.display().to_string());
        let said = format!("Wrote {wrote}; going on with {next}");
        self.aside(|ui| ui.note(&said));
        true
    }

    fn uses_terminal(&mut self, how: TerminalUse) {
        if !self.launched || (how == TerminalUse::Reads && !self.ui.env.stdin_is_terminal) {
            return;
        }
        // The lines come back when it has been quiet for a while.
        if self.late {
            self.leave();
        } else {
            self.clear();
        }
        self.written_over = self.quiet;
        // Who waits for an answer has asked on the line where these would be drawn.
        let asks = how == TerminalUse::Reads;
        if asks || how == TerminalUse::TakesOver {
            self.lines = Lines::Never;
        }
    }

    fn stopped(&mut self, stopped: bool) {
        if stopped {
            self.clear();
        }
        self.front.stop(stopped);
    }
}

/// `sendfile   31 s ago   nginx 4125`
fn new_call(first: &First, now: Duration) -> String {
    let ago = now.saturating_sub(first.at).as_secs();
    let name = first.program.rsplit('/').next().unwrap_or_default();
    format!(
        "{}   {ago} s ago   {} {}",
        first.call,
        safe(name),
        first.tid
    )
}

/// `00:02:14`
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `1 process`, `5 processes`
pub(crate) fn processes(count: u64) -> String {
    // No plural to cut an `s` from.
    if count == 1 {
        "1 process".to_owned()
    } else {
        format!("{} processes", number(count))
    }
}
