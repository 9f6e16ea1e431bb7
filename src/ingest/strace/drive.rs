//! Reads logs block by block. With more than one thread the others look at blocks while this one
//! reads and takes them in, in the order of the log, so that the result is the same.

use std::collections::{BTreeMap, VecDeque};
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
    std::thread::scope(|scope| {
        let mut hired = 0;
        let result = sources.into_iter().try_for_each(|source| {
            reader.next_file(&source.name, source.pid);
            let mut file = InOrder {
                blocks: Blocks::new(source.reader),
                name: source.name,
                crew: &crew,
                pending: VecDeque::new(),
                ahead: 1 + AHEAD * others,
                lexer: Lexer::new(),
            };
            let mut nth = 0;
            while let Some(part) = file.next()? {
                take_in(&mut reader, &part, sink)?;
                watch(Progress {
                    lines: reader.tally().lines,
                    kinds: reader.kinds(),
                });
                crew.give_back(part);
                // Nobody is called for a log of one block.
                nth += 1;
                if nth == 1 {
                    while hired < others && !file.is_over() {
                        hired += 1;
                        scope.spawn(|| crew.work());
                    }
                }
            }
            Ok(())
        });
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

/// The parts of a file in their order.
struct InOrder<'a, R> {
    blocks: Blocks<R>,
    name: String,
    crew: &'a Crew,
    /// Parts that were read and not taken in.
    pending: VecDeque<Pending>,
    /// How many there may be.
    ahead: usize,
    lexer: Lexer,
}

enum Pending {
    /// A block that the crew has.
    Given(u64),
    /// A part that is as it should be.
    Odd(Part),
}

impl<R: std::io::Read> InOrder<'_, R> {
    /// The next part, looked at.
    fn next(&mut self) -> Result<Option<Part>, IngestError> {
        while self.pending.len() < self.ahead {
            let part = self
                .blocks
                .next(self.crew.free())
                .map_err(|source| IngestError::Read {
                    file: self.name.clone(),
                    source,
                })?;
            match part {
                Some(Part::Lines(block)) => {
                    let number = self.crew.give(block);
                    self.pending.push_back(Pending::Given(number));
                }
                Some(odd @ Part::Odd { .. }) => self.pending.push_back(Pending::Odd(odd)),
                None => break,
            }
        }
        Ok(match self.pending.pop_front() {
            Some(Pending::Given(number)) => Some(Part::Lines(self.crew.take(number, &self.lexer))),
            Some(Pending::Odd(part)) => Some(part),
            None => None,
        })
    }

    /// Whether there is nothing more to look at.
    fn is_over(&self) -> bool {
        self.blocks.is_over()
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
