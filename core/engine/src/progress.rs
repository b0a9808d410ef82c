//! How far a follower of the log has come, for those who wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A position that only rises.
#[derive(Debug, Default)]
pub struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    reached: u64,
    /// How many wait for a position.
    waiting: usize,
}

impl Progress {
    /// Begins at a position.
    pub const fn new(reached: u64) -> Self {
        Self { state: Mutex::new(State { reached, waiting: 0 }), changed: Condvar::new() }
    }
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The next position that is not reflected yet.
    pub fn reached(&self) -> u64 {
        self.lock().reached
    }
    /// Moves on.
    pub fn advance(&self, reached: u64) {
        let mut now = self.lock();
        now.reached = reached.max(now.reached);
        drop(now);
        self.changed.notify_all();
    }
    /// Waits until everything before `end` is reflected; says whether it is.
    pub fn wait_for(&self, end: u64, timeout: Duration) -> bool {
        let mut state = self.lock();
        if state.reached < end {
            state.waiting += 1;
            self.changed.notify_all();
            state = self.changed.wait_timeout_while(state, timeout, |state| state.reached < end).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        state.reached >= end
    }
    /// Waits until somebody waits for a position, at most so long; says whether somebody does.
    pub fn wait_awaited(&self, timeout: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, |state| state.waiting == 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.waiting > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_noticed_until_it_is_served_or_gives_up() {
        const LONG: Duration = Duration::from_mins(5);
        let progress = Progress::new(3);
        assert!(progress.wait_for(3, LONG) && !progress.wait_awaited(Duration::ZERO), "nothing to wait for");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| progress.wait_for(7, LONG));
            assert!(progress.wait_awaited(LONG));
            progress.advance(7);
            assert!(waiting.join().unwrap());
        });
        assert!(!progress.wait_for(8, Duration::ZERO) && !progress.wait_awaited(Duration::ZERO), "gave up");
    }
}
