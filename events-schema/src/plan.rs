//! Plan: yearly targets per line and reporting unit.
//!
//! Life cycle of a target: set once for a year, line and unit; adjusted any number of times with a reason; earlier figures stay visible
//! because events are never edited. Sources: Plan 2-1, 4.1-2, 4.4-5.

mod target_adjusted_v1;
mod target_set_v1;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum PlanEvent in Plan {
        /// A target was set for a year, a line and a reporting unit.
        TargetSet = target_set_v1::TargetSetV1,
        /// A target was changed in the course of the year.
        TargetAdjusted = target_adjusted_v1::TargetAdjustedV1,
    }
}
