//! The clock as a dependency: real time in production, simulated time in a demo log and in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use zhixin_events::Timestamp;

/// How far the wall clock may fall behind the monotonic clock before writing stops.
const BACKWARD_MAX: Duration = Duration::from_secs(5);
/// How far it may run ahead.
const FORWARD_MAX: Duration = Duration::from_mins(1);

/// The wall clock jumped; whatever is recorded now would carry a wrong time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock jumped by {by_ms} ms against the monotonic clock")]
pub struct ClockJumped {
    /// How far; negative when it went back. Unit: milliseconds.
    pub by_ms: i64,
}

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time.
    ///
    /// # Errors
    /// The clock cannot be trusted any more.
    fn now(&self) -> Result<Timestamp, ClockJumped>;
}

/// The machine's clock, watched against its monotonic clock.
#[derive(Debug)]
pub struct SystemClock {
    started_wall_ms: i64,
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemClock {
    /// Starts watching.
    pub fn new() -> Self {
        Self { started_wall_ms: wall_ms(), started: Instant::now() }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Whether a deviation of wall clock from monotonic clock can be lived with.
fn check_deviation(deviation_ms: i64) -> Result<(), ClockJumped> {
    let limit = if deviation_ms < 0 { BACKWARD_MAX } else { FORWARD_MAX };
    let within = u128::from(deviation_ms.unsigned_abs()) <= limit.as_millis();
    if within { Ok(()) } else { Err(ClockJumped { by_ms: deviation_ms }) }
}

impl Clock for SystemClock {
    fn now(&self) -> Result<Timestamp, ClockJumped> {
        let now = wall_ms();
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        check_deviation(now.saturating_sub(self.started_wall_ms).saturating_sub(elapsed))?;
        Ok(Timestamp(now))
    }
}

/// A clock that is set by hand. Only a demo log takes it.
#[derive(Debug)]
pub struct SimulatedClock {
    now_ms: AtomicI64,
}

impl SimulatedClock {
    /// Starts at a time.
    pub const fn new(now: Timestamp) -> Self {
        Self { now_ms: AtomicI64::new(now.0) }
    }
    /// Sets the time; the engine never records an earlier one than before.
    pub fn set(&self, now: Timestamp) {
        self.now_ms.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Result<Timestamp, ClockJumped> {
        Ok(Timestamp(self.now_ms.load(Ordering::SeqCst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_deviations_are_lived_with_and_jumps_stop_writing() {
        for within in [-5_000, 0, 60_000] {
            assert_eq!(check_deviation(within), Ok(()));
        }
        for jump in [-5_001, 60_001] {
            assert_eq!(check_deviation(jump), Err(ClockJumped { by_ms: jump }));
        }
    }
}
