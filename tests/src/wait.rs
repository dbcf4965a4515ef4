//! Waiting for a condition, never for a time.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until there is an answer and returns it; panics when none comes.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(last) => {
                assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}, last: {last}");
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}
