//! A reader that works on a thread of its own, some way ahead: what undoes compression does not
//! keep those who read waiting.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Bytes handed over at once.
const CHUNK: usize = 256 << 10;
/// Chunks that may wait.
const CHUNKS: usize = 4;

/// What the other thread has read.
#[derive(Debug)]
pub(super) struct Ahead {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    position: usize,
}

impl Ahead {
    /// Lets a thread read, until the end or until nobody wants more.
    pub(super) fn new(reader: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, chunks) = sync_channel(CHUNKS);
        thread::Builder::new()
            .name("decompress".to_owned())
            .spawn(move || hand_over(reader, &sender))?;
        Ok(Self {
            chunks,
            chunk: Vec::new(),
            position: 0,
        })
    }
}

fn hand_over(mut reader: impl Read, to: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
        let over = read.is_err() || chunk.is_empty();
        // What was read before an error comes first.
        if !chunk.is_empty() && to.send(Ok(chunk)).is_err() {
            return;
        }
        if let Err(error) = read {
            // Nobody may be left to hear of it.
            drop(to.send(Err(error)));
        }
        if over {
            return;
        }
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.chunk.len() {
            match self.chunks.recv() {
                Ok(chunk) => self.chunk = chunk?,
                Err(_) => return Ok(0),
            }
            self.position = 0;
        }
        let mut rest = self.chunk.get(self.position..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.position += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes and then an error.
    struct Broken(usize);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("broken"));
            }
            let len = self.0.min(buffer.len()).min(1000);
            buffer[..len].fill(b'x');
            self.0 -= len;
            Ok(len)
        }
    }

    #[test]
    fn all_that_was_read_comes_before_the_error() {
        let mut ahead = Ahead::new(Broken(3 * CHUNK + 5)).unwrap();
        let mut all = Vec::new();
        let error = ahead.read_to_end(&mut all).unwrap_err();
        assert_eq!(error.to_string(), "broken");
        assert_eq!(all.len(), 3 * CHUNK + 5);
        assert_eq!(ahead.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn nobody_has_to_read_to_the_end() {
        drop(Ahead::new(io::repeat(b'x')).unwrap());
        let mut all = Vec::new();
        let bytes: &[u8] = b"abc";
        let mut ahead = Ahead::new(bytes).unwrap();
        ahead.read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);
    }
}
