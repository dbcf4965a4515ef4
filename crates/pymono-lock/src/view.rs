//! A lock of any format, as one target sees it.

use pymono_names::Target;

use crate::{AnyLock, Closure, ClosureError, LockForTarget, Selection};

/// A lock of any format as one target sees it, from which many selections can be closed quickly.
///
/// It can be shared by threads. What the closures of one target have in common
/// is made once where a lock is that of many projects, as uv's is; other locks
/// are those of one.
pub struct AnyLockForTarget<'a>(View<'a>);

enum View<'a> {
    Uv(LockForTarget<'a>),
    Other(&'a AnyLock, Target),
}

impl AnyLock {
    /// Returns the lock as `target` sees it.
    pub fn for_target(&self, target: Target) -> Result<AnyLockForTarget<'_>, ClosureError> {
        Ok(AnyLockForTarget(match self {
            Self::Uv(lock) => View::Uv(lock.for_target(target)?),
            other => View::Other(other, target),
        }))
    }
}

impl AnyLockForTarget<'_> {
    /// Returns all that `selection` needs.
    pub fn close(&self, selection: &Selection) -> Result<Closure, ClosureError> {
        match &self.0 {
            View::Uv(lock) => lock.close(selection),
            View::Other(lock, target) => lock.close(selection, target),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{
        Lock, Pylock,
        testing::{pins, select, target},
    };

    #[test]
    fn threads_share_what_a_target_sees_of_a_lock() {
        let uv = "version = 1\n[[package]]\nname = \"svc\"\nsource = { virtual = \".\" }\n\
                  dependencies = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1\"\n\
                  source = { registry = \"https://index.example\" }\n\
                  wheels = [{ url = \"https://files.example/a-1-py3-none-any.whl\" }]\n";
        let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n\
                      wheels = [{ name = \"a-1-py3-none-any.whl\" }]\n";
        for lock in [
            AnyLock::Uv(Lock::parse("uv.lock", uv).unwrap()),
            AnyLock::Pylock(Pylock::parse("pylock.toml", pylock).unwrap()),
        ] {
            let view = lock.for_target(target("3.12")).unwrap();
            let alone = lock.close(&select(&[], &[]), &target("3.12")).unwrap();
            assert_eq!(pins(&alone), ["a==1"]);
            thread::scope(|scope| {
                let close = || view.close(&select(&[], &[])).unwrap();
                for closing in [scope.spawn(close), scope.spawn(close)] {
                    assert_eq!(closing.join().unwrap(), alone);
                }
            });
        }
    }
}
