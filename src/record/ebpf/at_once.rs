//! Does independent things at once, as far as there are processors for them. The kernel does not
//! make those who wait for tables and programs wait for each other.

use std::panic::resume_unwind;
use std::sync::{LazyLock, Mutex};
use std::thread::{self, Builder};

/// More threads cost more than they save.
const MOST: usize = 4;

static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));

/// Does the same with each of several things. What comes of them is in their order; all threads
/// have ended by then, so that this process can fork.
pub(super) fn each<T: Send, R: Send>(all: Vec<T>, what: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = all.len().min(MOST).min(*PROCESSORS);
    let left = Mutex::new(all.into_iter().enumerate());
    let work = || {
        let mut done = Vec::new();
        loop {
            // Who panics does not have it.
            let next = left.lock().ok().and_then(|mut left| left.next());
            let Some((at, job)) = next else {
                return done;
            };
            done.push((at, what(job)));
        }
    };
    let mut done = thread::scope(|scope| {
        // Without threads it is all done here.
        let others: Vec<_> = (1..threads)
            .map_while(|_| Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut done = work();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Does two things, the first of them on another thread if there is one to be had.
pub(super) fn both<A: Send, B>(aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    if *PROCESSORS < 2 {
        return (aside(), here());
    }
    thread::scope(|scope| match Builder::new().spawn_scoped(scope, &aside) {
        Ok(other) => {
            let here = here();
            let aside = other.join();
            (aside.unwrap_or_else(|panic| resume_unwind(panic)), here)
        }
        Err(_none) => (aside(), here()),
    })
}

/// Lets go of something while this thread goes on. The end of the process lets go of it as well.
pub(super) fn let_go<T: Send + 'static>(what: T) {
    if *PROCESSORS > 1 {
        // Where there is no thread it goes with what the thread was to do.
        drop(Builder::new().spawn(|| drop(what)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_things_is_in_their_order() {
        for count in [0, 1, 2, 3, 100] {
            let all: Vec<u32> = (0..count).collect();
            let made = each(all, |job| {
                thread::yield_now();
                job * 2
            });
            let expected: Vec<u32> = (0..count).map(|job| job * 2).collect();
            assert_eq!(made, expected);
        }
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
