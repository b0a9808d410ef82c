//! Plan: yearly targets per line and reporting unit.
//!
//! Life cycle: a target is set once for a year, line and unit, then adjusted any number of times; earlier figures stay visible because
//! events are never edited. Sources: Plan 2-1 (yearly number), 3.1-1, 3.2-1, 3.3-1 (by line), 4.4-5 (动态调控).

pub mod adjust_target;
pub mod set_target;
pub mod state;

pub use adjust_target::AdjustTarget;
pub use set_target::SetTarget;
