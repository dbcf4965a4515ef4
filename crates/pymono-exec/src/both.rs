//! Things at once, of which each may wait for processes.

use std::{
    panic,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Does one thing on a thread of its own, and another one meanwhile; a panic of either is handed on.
///
/// Threads of a pool would be taken from it for as long as the processes run.
pub fn both<A: Send, B>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| panic::resume_unwind(panic)), other)
    })
}

/// Does something with each of `things`, in their order and with its place, on so many threads.
pub fn side_by_side<T: Sync>(threads: usize, things: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(thing) = things.get(index) else { return };
            work(index, thing);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.min(things.len()) {
            scope.spawn(work);
        }
    });
}
