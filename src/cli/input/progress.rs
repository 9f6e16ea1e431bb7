//! Shows how far a long import has come, on a terminal only.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use callsieve::ingest::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::ui::Ui;

/// Below this an import is over before anybody has looked.
const WORTH_SHOWING: u64 = 16 << 20;
/// How often the line is redrawn, per second.
const REDRAWS: u8 = 4;

/// Counts bytes and draws the line.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    bar: ProgressBar,
    bytes: Arc<AtomicU64>,
    lost: Arc<AtomicBool>,
}

impl Watcher {
    /// One for these files.
    pub(super) fn new(ui: &Ui, paths: &[PathBuf]) -> Self {
        let sizes: Option<Vec<u64>> = paths
            .iter()
            .map(|path| {
                let regular = path != Path::new("-");
                let metadata = regular.then(|| path.metadata().ok())??;
                metadata.is_file().then_some(metadata.len())
            })
            .collect();
        let total: Option<u64> = sizes.map(|sizes| sizes.iter().sum());
        if !ui.shows_progress() || total.is_some_and(|total| total < WORTH_SHOWING) {
            return Self::silent();
        }
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS);
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::with_draw_target(Some(total), target),
                "{percent:>3}%  {bytes} of {total_bytes}  {binary_bytes_per_sec}  {msg}",
            ),
            None => (
                ProgressBar::with_draw_target(None, target),
                "{bytes}  {binary_bytes_per_sec}  {msg}",
            ),
        };
        // A template that does not parse leaves the default style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            bytes: Arc::default(),
            lost: Arc::default(),
        }
    }

    /// One that draws nothing.
    pub(super) fn silent() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            bytes: Arc::default(),
            lost: Arc::default(),
        }
    }

    /// The reader has come so far.
    pub(super) fn progress(&self, progress: Progress) {
        self.bar.set_position(self.bytes.load(Ordering::Relaxed));
        self.bar.set_message(format!(
            "{} lines  {} kinds of calls",
            progress.lines, progress.kinds
        ));
    }

    /// A part of what is read can't be had any more.
    pub(super) fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
    }

    /// Whether that happened.
    pub(super) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A reader whose bytes are counted before they are decompressed.
pub(super) struct Counted<R> {
    reader: R,
    watcher: Watcher,
}

impl<R> Counted<R> {
    pub(super) const fn new(reader: R, watcher: Watcher) -> Self {
        Self { reader, watcher }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.watcher
            .bytes
            .fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        Ok(read)
    }
}
