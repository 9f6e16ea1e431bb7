//! Reads logs block by block. With more than one thread the others look at blocks while this one
//! reads and takes them in, in the order of the log, so that the result is the same.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Reader;
use super::blocks::{Block, Blocks, Part};
use super::lex::Lexer;
use crate::event::{Sink, Tally};
use crate::ingest::lines::Line;
use crate::ingest::reader::Reader as _;
use crate::ingest::{IngestError, Options, Progress, Source};

/// Blocks that are read ahead for each thread.
const AHEAD: usize = 3;
/// More threads than this find nothing to do: one takes in what the others looked at.
const MAX_THREADS: usize = 8;

/// Reads a log, or the files of one set.
#[expect(
    single_use_lifetimes,
    reason = "an elided one is not stable in `impl Trait`"
)]
pub(in crate::ingest) fn read<'a>(
    sources: impl IntoIterator<Item = Source<'a>>,
    options: Options,
    sink: &mut dyn Sink,
    watch: &mut dyn FnMut(Progress),
) -> Result<Tally, IngestError> {
    let mut reader = Reader::new(options.told);
    let crew = Crew::default();
    let others = options.threads.clamp(1, MAX_THREADS) - 1;
    let mut log = InOrder {
        sources: sources.into_iter(),
        file: None,
        crew: &crew,
        pending: VecDeque::new(),
        ahead: 1 + AHEAD * others,
        over: false,
        lexer: Lexer::new(),
    };
    std::thread::scope(|scope| {
        let mut hired = 0;
        let mut read_all = || {
            while let Some(next) = log.next()? {
                let part = match next {
                    Next::File { name, pid } => {
                        reader.next_file(&name, pid);
                        continue;
                    }
                    Next::Part(part) => part,
                };
                // Nobody is called for a log of one block.
                while hired < others && log.has_more() {
                    hired += 1;
                    scope.spawn(|| crew.work());
                }
                take_in(&mut reader, &part, sink)?;
                watch(Progress {
                    lines: reader.tally().lines,
                    kinds: reader.kinds(),
                });
                crew.give_back(part);
            }
            Ok(())
        };
        let result = read_all();
        crew.close();
        result
    })?;
    Box::new(reader).finish(sink)
}

fn take_in(reader: &mut Reader, part: &Part, sink: &mut dyn Sink) -> Result<(), IngestError> {
    match part {
        Part::Lines(block) => reader.block(block.lines(), &block.found, sink),
        Part::Odd {
            bytes,
            terminated,
            cut,
        } => reader.next_line(
            Line {
                bytes,
                terminated: *terminated,
                cut: *cut,
                near_escape: true,
            },
            sink,
        ),
    }
}

/// The parts of all files in their order.
struct InOrder<'a, 's, S> {
    sources: S,
    /// The file that is being read, and its name.
    file: Option<(Blocks<Box<dyn Read + 's>>, String)>,
    crew: &'a Crew,
    /// What was read and not taken in. Files are read ahead as blocks are, so that a set of
    /// many small ones keeps all threads busy too.
    pending: VecDeque<Pending>,
    /// How many there may be.
    ahead: usize,
    /// All files were read, or one of them can't be.
    over: bool,
    lexer: Lexer,
}

enum Pending {
    /// What follows is of another file.
    File { name: String, pid: Option<u32> },
    /// A block that the crew has.
    Given(u64),
    /// A part that is as it should be.
    Odd(Part),
    /// The file can't be read on.
    Failed(IngestError),
}

/// What comes next in the log.
enum Next {
    /// Another file.
    File { name: String, pid: Option<u32> },
    /// A part of the file, looked at.
    Part(Part),
}

impl<'s, S: Iterator<Item = Source<'s>>> InOrder<'_, 's, S> {
    /// What comes next.
    fn next(&mut self) -> Result<Option<Next>, IngestError> {
        while !self.over && self.pending.len() < self.ahead {
            let pending = self.read();
            self.pending.extend(pending);
        }
        Ok(Some(match self.pending.pop_front() {
            Some(Pending::Given(number)) => {
                Next::Part(Part::Lines(self.crew.take(number, &self.lexer)))
            }
            Some(Pending::Odd(part)) => Next::Part(part),
            Some(Pending::File { name, pid }) => Next::File { name, pid },
            Some(Pending::Failed(error)) => return Err(error),
            None => return Ok(None),
        }))
    }

    /// Reads on; nothing if a file is over, or all are.
    fn read(&mut self) -> Option<Pending> {
        let Some((blocks, name)) = &mut self.file else {
            let Some(source) = self.sources.next() else {
                self.over = true;
                return None;
            };
            let name = source.name.clone();
            self.file = Some((Blocks::new(source.reader), source.name));
            return Some(Pending::File {
                name,
                pid: source.pid,
            });
        };
        match blocks.next(self.crew.free()) {
            Ok(Some(Part::Lines(block))) => Some(Pending::Given(self.crew.give(block))),
            Ok(Some(odd @ Part::Odd { .. })) => Some(Pending::Odd(odd)),
            Ok(None) => {
                self.file = None;
                None
            }
            Err(source) => {
                self.over = true;
                Some(Pending::Failed(IngestError::Read {
                    file: std::mem::take(name),
                    source,
                }))
            }
        }
    }

    /// Whether there is more to look at, as far as was read ahead.
    fn has_more(&self) -> bool {
        let given = |pending: &Pending| matches!(pending, Pending::Given(_));
        self.pending.iter().any(given)
    }
}

/// Those who look at blocks.
#[derive(Debug, Default)]
struct Crew {
    desk: Mutex<Desk>,
    /// There is a block to look at, or none will come.
    work: Condvar,
    /// A block was looked at.
    done: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    next: u64,
    waiting: VecDeque<(u64, Block)>,
    ready: BTreeMap<u64, Block>,
    free: Vec<Block>,
    closed: bool,
}

impl Crew {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block no longer needed, or a new one.
    fn free(&self) -> Block {
        self.desk().free.pop().unwrap_or_default()
    }

    fn give_back(&self, part: Part) {
        if let Part::Lines(block) = part {
            self.desk().free.push(block);
        }
    }

    /// Puts a block on the desk. Returns its number.
    fn give(&self, block: Block) -> u64 {
        let mut desk = self.desk();
        let number = desk.next;
        desk.next += 1;
        desk.waiting.push_back((number, block));
        drop(desk);
        self.work.notify_one();
        number
    }

    /// The block with this number, looked at; until it is, this thread looks at blocks itself.
    fn take(&self, number: u64, lexer: &Lexer) -> Block {
        let mut desk = self.desk();
        loop {
            if let Some(block) = desk.ready.remove(&number) {
                return block;
            }
            if let Some((other, mut block)) = desk.waiting.pop_front() {
                drop(desk);
                block.look(lexer);
                if other == number {
                    return block;
                }
                desk = self.desk();
                desk.ready.insert(other, block);
            } else {
                desk = self.done.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Looks at blocks until none will come.
    fn work(&self) {
        /// How often to look for work again before sleeping for it. A thread that sleeps after
        /// each block is woken on the processor of the one that wakes it, and both share that.
        const PATIENCE: u32 = 4_000;
        let lexer = Lexer::new();
        let mut patience = PATIENCE;
        let mut desk = self.desk();
        loop {
            if let Some((number, mut block)) = desk.waiting.pop_front() {
                drop(desk);
                block.look(&lexer);
                desk = self.desk();
                desk.ready.insert(number, block);
                self.done.notify_one();
                patience = PATIENCE;
            } else if desk.closed {
                return;
            } else if patience > 0 {
                patience -= 1;
                drop(desk);
                std::thread::yield_now();
                desk = self.desk();
            } else {
                desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// No more blocks will come.
    fn close(&self) {
        self.desk().closed = true;
        self.work.notify_all();
    }
}
