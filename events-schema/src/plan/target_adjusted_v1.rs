//! Wire struct `TargetAdjustedV1`, tag `0x0102`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{Line, PeopleCount, PlanYear, ReportingUnit};

wire! {
    /// A target was changed in the course of the year.
    ///
    /// Source: Plan 4.4-5 (动态调控).
    pub struct TargetAdjustedV1 {
        /// Year the target counts toward.
        open year: PlanYear,
        /// Line of the programme.
        open line: Line,
        /// Reporting unit that is to reach it.
        open unit: ReportingUnit,
        /// People to be trained from now on.
        open people: PeopleCount,
        /// The figure that it replaces.
        open people_before: PeopleCount,
        /// Number of the document that changes it.
        open document_number: String,
    }
}
