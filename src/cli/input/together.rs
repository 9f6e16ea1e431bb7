//! Reads several logs at once. What comes out is in the order of the logs, and the same on any
//! number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::cli::error::CommandError;

/// Does the work for each, on up to so many threads. The error of the first that has one is given;
/// those behind it may not have been begun.
pub(super) fn each<T: Sync, R: Send>(
    all: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, CommandError> + Sync,
) -> Result<Vec<R>, CommandError> {
    if threads < 2 || all.len() < 2 {
        return all.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(usize::MAX);
    let done: Mutex<Vec<(usize, Result<R, CommandError>)>> = Mutex::default();
    let take = || {
        loop {
            // They are begun in their order, so that all before one that fails are done too.
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at).filter(|_| at < failed.load(Ordering::Relaxed)) else {
                return;
            };
            let result = work(one);
            if result.is_err() {
                failed.fetch_min(at, Ordering::Relaxed);
            }
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.push((at, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(all.len()) {
            scope.spawn(take);
        }
        take();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_their_order_and_the_first_error() {
        let all: Vec<usize> = (0..100).collect();
        for threads in [1, 2, 7] {
            let doubled = each(&all, threads, |one| Ok(one * 2)).unwrap();
            assert!(doubled.into_iter().eq((0..100).map(|one| one * 2)));
            let failed = each(&all, threads, |one| match one {
                30.. => Err(CommandError::user(format!("{one}"))),
                _ => Ok(()),
            });
            assert!(format!("{:?}", failed.unwrap_err()).contains("30"));
        }
    }
}
