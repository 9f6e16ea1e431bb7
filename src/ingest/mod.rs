//! Other tools' logs: bytes in, sightings and a tally out.
//!
//! Nothing here opens a file. A caller brings readers; [`decompressed`] undoes compression.
//! Each format is a file or a folder of its own that knows of no other; `format` lists them.

mod audit;
mod bpftrace;
mod by_line;
mod clock;
mod compressed;
mod explain;
mod format;
mod ftrace;
mod gadget;
mod gather;
mod gvisor;
mod json;
mod json_lines;
mod lines;
mod lttng;
mod names;
mod perf_script;
mod perf_trace;
mod policy;
mod qemu;
mod reader;
mod spo;
mod strace;
mod strace_json;
mod sysdig;
mod text;
mod tracee;

use std::fmt;
use std::io::{self, Read};

pub use compressed::{decompressed, opened};
pub use explain::{Explanation, Lines as LinesAlike, Made};
pub use format::{DETECT_BYTES, Format, UnknownFormat};

use crate::arch::Arch;
use crate::event::{Sink, Tally};

/// A log, or one file of an `strace -ff` set.
pub struct Source<'a> {
    /// The name of the file, without its folder.
    pub name: String,
    /// The process that the file belongs to, in an `-ff` set.
    pub pid: Option<u32>,
    /// Its bytes, no longer compressed.
    pub reader: Box<dyn Read + 'a>,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("pid", &self.pid)
            .finish()
    }
}

/// Why a log gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The file can't be read to its end.
    #[error("can't read `{}`", file.escape_debug())]
    Read {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("`{}` is empty; expected the output of {format}", file.escape_debug())]
    Empty {
        /// The file.
        file: String,
        /// The format expected.
        format: Format,
    },
    /// No line of it is of the format.
    #[error(
        "`{}` line {line}: expected a line of {format} such as `{}`, found `{text}`; no line of the log was understood",
        file.escape_debug(), format.example()
    )]
    NothingUnderstood {
        /// The file.
        file: String,
        /// The format expected.
        format: Format,
        /// The first line that was not understood.
        line: u64,
        /// Its start, escaped.
        text: String,
    },
    /// There are lines of the format in it, but no call.
    #[error(
        "`{}` has no call in it; expected lines such as `{}`",
        file.escape_debug(), format.example()
    )]
    NoCalls {
        /// The file.
        file: String,
        /// The format.
        format: Format,
    },
    /// It is of a tool whose lines look like strace's and mean something else.
    #[error("`{}` line {line}: this is a log of {what}, not of {format}", file.escape_debug())]
    Foreign {
        /// The file.
        file: String,
        /// The format expected.
        format: Format,
        /// The line that shows it.
        line: u64,
        /// The tool.
        what: &'static str,
    },
    /// The log does not tell which architecture it was taken on.
    #[error(
        "`{}` does not tell its architecture: its calls fit {}",
        file.escape_debug(),
        list(candidates)
    )]
    UnknownArch {
        /// The file.
        file: String,
        /// What it can be.
        candidates: Vec<Arch>,
    },
}

fn list(arches: &[Arch]) -> String {
    match arches {
        [] => "none at all".to_owned(),
        arches if arches.len() > 8 => format!("{} architectures", arches.len()),
        arches => arches
            .iter()
            .map(|arch| arch.name())
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// How far reading has come, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Lines read.
    pub lines: u64,
    /// Different calls met.
    pub kinds: usize,
}

/// Lines between two reports of progress.
const REPORT_EVERY: u64 = 1 << 14;

/// How a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The format it is in.
    pub format: Format,
    /// The architecture for what the log itself leaves open.
    pub told: Option<Arch>,
    /// How many threads may work on it. The result does not depend on it.
    pub threads: usize,
}

/// Reads one log, or the files of one set in the order of their processes. `watch` hears of
/// progress.
#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
pub fn read<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    options: Options,
    sink: &mut dyn Sink,
    watch: &mut dyn FnMut(Progress),
) -> Result<Tally, IngestError> {
    if options.format == Format::Strace {
        strace::read(sources, options, sink, watch)
    } else {
        read_lines(sources, options, sink, watch, None)
    }
}

/// Reads as [`read`] does, and tells what was made of the lines. If the log gives an error in the
/// end, what was made of its lines is told all the same.
#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
pub fn explain<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    options: Options,
    sink: &mut dyn Sink,
    watch: &mut dyn FnMut(Progress),
) -> (Explanation, Result<Tally, IngestError>) {
    let mut explanation = Explanation::default();
    let tally = read_lines(sources, options, sink, watch, Some(&mut explanation));
    (explanation, tally)
}

/// Reads one strace log, or the files of one `-ff` set in the order of their processes.
#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
pub fn read_strace<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    told: Option<Arch>,
    sink: &mut dyn Sink,
    watch: &mut dyn FnMut(Progress),
) -> Result<Tally, IngestError> {
    let options = Options {
        format: Format::Strace,
        told,
        threads: 1,
    };
    read(sources, options, sink, watch)
}

#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
fn read_lines<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    options: Options,
    sink: &mut dyn Sink,
    watch: &mut dyn FnMut(Progress),
    mut explanation: Option<&mut Explanation>,
) -> Result<Tally, IngestError> {
    let mut reader = options.format.reader(options.told);
    let mut count = 0;
    for source in sources {
        reader.file(&source.name, source.pid);
        let mut number = 0;
        let mut lines = lines::Lines::new(source.reader);
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    return Err(IngestError::Read {
                        file: source.name,
                        source: error,
                    });
                }
            };
            number += 1;
            if let Some(explanation) = &mut explanation {
                let before = reader.tally().clone();
                reader.line(line, sink)?;
                let place = (source.name.as_str(), number);
                explanation.line(line.bytes, place, &before, reader.tally());
            } else {
                reader.line(line, sink)?;
            }
            count += 1;
            if count % REPORT_EVERY == 0 {
                watch(Progress {
                    lines: count,
                    kinds: reader.kinds(),
                });
            }
        }
    }
    watch(Progress {
        lines: count,
        kinds: reader.kinds(),
    });
    reader.finish(sink)
}
