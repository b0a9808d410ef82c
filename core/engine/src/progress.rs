//! How far a follower of the log has come, for those who wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A position that only rises.
#[derive(Debug, Default)]
pub struct Progress {
    reached: Mutex<u64>,
    changed: Condvar,
}

impl Progress {
    /// Begins at a position.
    pub const fn new(reached: u64) -> Self {
        Self { reached: Mutex::new(reached), changed: Condvar::new() }
    }
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The next position that is not reflected yet.
    pub fn reached(&self) -> u64 {
        *self.lock()
    }
    /// Moves on.
    pub fn advance(&self, reached: u64) {
        let mut now = self.lock();
        *now = reached.max(*now);
        drop(now);
        self.changed.notify_all();
    }
    /// Waits until everything before `end` is reflected; says whether it is.
    pub fn wait_for(&self, end: u64, timeout: Duration) -> bool {
        let (reached, _) =
            self.changed.wait_timeout_while(self.lock(), timeout, |reached| *reached < end).unwrap_or_else(PoisonError::into_inner);
        *reached >= end
    }
}
