//! Two things at once, of which each may wait for processes.

use std::{panic, thread};

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
