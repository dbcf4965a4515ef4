//! Waiting for a condition, never for a time.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::interrupt;

const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer. `None` when `limit` is over without one.
///
/// An error of `ask` ends the wait: what is only not ready yet answers
/// `Ok(None)`.
pub(crate) fn until<T>(
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let deadline = Instant::now() + limit;
    loop {
        interrupt::check()?;
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_the_wait() {
        let mut asked = 0;
        let answer = until(Duration::from_secs(60), || {
            asked += 1;
            Ok((asked == 3).then_some("ready"))
        });
        assert_eq!(answer.unwrap(), Some("ready"));
        assert_eq!(asked, 3);
    }

    #[test]
    fn the_wait_ends_without_an_answer() {
        assert_eq!(until::<()>(Duration::ZERO, || Ok(None)).unwrap(), None);
    }
}
