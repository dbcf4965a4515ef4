//! Stopping on request.
//!
//! Who receives which signal, and why. Ctrl-C in a terminal sends SIGINT to
//! the whole foreground process group. If our children were in it, each would
//! act on its own, a second Ctrl-C would reach them again while they clean up,
//! and whatever they had started themselves could outlive us. So every child
//! leads a process group of its own ([`crate::Invocation::stream`]); the
//! terminal's signal, or a SIGTERM or SIGHUP from outside, reaches pymono
//! alone, and pymono passes it on to each group:
//!
//! 1. On the first request each group gets SIGINT. The docker client then tells
//!    the daemon to cancel the build, so that nothing goes on running there.
//! 2. A group that has not ended after a grace period of a few seconds gets
//!    SIGKILL, whole, so that no grandchild is left.
//! 3. A second request means the user will not wait: SIGKILL at once.
//!
//! When the child itself has ended after a request, what is left of its group
//! gets SIGKILL too. SIGKILL to pymono cannot be passed on, by anyone.
//! On Windows there are no groups: the child alone is killed, at once.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use thiserror::Error;

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// A request to stop, shared by all who have to know of it.
///
/// Clones are one and the same request; a [`Interrupt::scope`] hears its
/// parent's request but not the other way round.
#[derive(Clone)]
pub struct Interrupt {
    bell: Arc<Bell>,
    own: Arc<AtomicU8>,
    above: Vec<Arc<AtomicU8>>,
    /// How many requests are not heard.
    patience: u8,
    grace: Duration,
}

/// Wakes whoever waits for a request of the family or for a process's end.
#[derive(Default)]
struct Bell {
    lock: Mutex<()>,
    rung: Condvar,
}

/// The signal handler could not be installed.
#[derive(Debug, Error)]
#[error("failed to install the handler of Ctrl-C")]
pub struct InstallError(#[from] ctrlc::Error);

impl Interrupt {
    /// Returns a request that nobody has made yet.
    pub fn new() -> Self {
        Self {
            bell: Arc::default(),
            own: Arc::default(),
            above: Vec::new(),
            patience: 0,
            grace: GRACE,
        }
    }

    /// Returns the same request with another grace period between SIGINT and SIGKILL.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Makes the request whenever this process gets SIGINT, SIGTERM or SIGHUP, or Ctrl-C on Windows.
    ///
    /// Only the binary calls this, once.
    pub fn install(&self) -> Result<(), InstallError> {
        let interrupt = self.clone();
        Ok(ctrlc::set_handler(move || interrupt.request())?)
    }

    /// Returns a request of narrower scope: made by itself or by this one.
    #[must_use]
    pub fn scope(&self) -> Self {
        let mut above = self.above.clone();
        above.push(Arc::clone(&self.own));
        Self { bell: Arc::clone(&self.bell), own: Arc::default(), above, ..*self }
    }

    /// Returns a request of narrower scope that is made only when this one is made again: for what is to be left in order.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { patience: self.patience.saturating_add(1), ..self.scope() }
    }

    /// Asks everything under this request to stop; asking again, to stop at once.
    pub fn request(&self) {
        let _guard = self.bell.lock();
        self.own.store(self.own.load(Ordering::SeqCst).saturating_add(1), Ordering::SeqCst);
        self.bell.rung.notify_all();
    }

    /// Returns true once the request was made.
    pub fn requested(&self) -> bool {
        self.level() >= 1
    }

    /// Sleeps for `duration` or until the request is made; returns true in the latter case.
    pub fn pause(&self, duration: Duration) -> bool {
        self.wait(Some(Instant::now() + duration), || self.requested());
        self.requested()
    }

    /// Returns how often the request was made and heard, counting those above.
    pub(crate) fn level(&self) -> u8 {
        self.above
            .iter()
            .chain([&self.own])
            .map(|level| level.load(Ordering::SeqCst))
            .max()
            .unwrap_or(0)
            .saturating_sub(self.patience)
    }

    /// Returns the time between SIGINT and SIGKILL.
    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    /// Waits until `ready` or the deadline; whoever makes `ready` true must [`Interrupt::ring`].
    pub(crate) fn wait(&self, deadline: Option<Instant>, ready: impl Fn() -> bool) {
        let mut guard = self.bell.lock();
        while !ready() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            guard = match left {
                Some(Duration::ZERO) => return,
                Some(left) => {
                    self.bell
                        .rung
                        .wait_timeout(guard, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.bell.rung.wait(guard).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Does `change` and wakes all who wait, so that they look again.
    pub(crate) fn ring(&self, change: impl FnOnce()) {
        let _guard = self.bell.lock();
        change();
        self.bell.rung.notify_all();
    }
}

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("level", &self.level()).finish_non_exhaustive()
    }
}

impl Bell {
    /// Locks against lost wake-ups. The lock guards no data, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_request_reaches_those_below_and_not_those_above() {
        let top = Interrupt::new();
        let (left, right) = (top.scope(), top.scope());
        left.request();
        assert!(left.requested() && !right.requested() && !top.requested());
        top.request();
        assert!(right.requested() && right.scope().requested());
    }

    #[test]
    fn who_is_patient_hears_the_second_request() {
        let top = Interrupt::new();
        let below = top.scope().patient().scope();
        top.request();
        assert!(top.requested() && !below.requested());
        top.request();
        assert!(below.requested());
    }

    #[test]
    fn a_pause_ends_with_the_request() {
        let top = Interrupt::new();
        let below = top.scope();
        std::thread::scope(|scope| {
            let pause = scope.spawn(|| below.pause(LONG));
            top.request();
            assert!(pause.join().unwrap());
        });
        assert!(!Interrupt::new().pause(Duration::from_millis(1)));
    }
}
