//! Wire struct `TargetSetV1`, tag `0x0101`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{Line, PeopleCount, PlanYear, ReportingUnit};

wire! {
    /// A target was set for a year, a line and a reporting unit.
    ///
    /// Source: Plan 2-1, 3.1-1, 3.2-1, 3.3-1.
    pub struct TargetSetV1 {
        /// Year the target counts toward.
        open year: PlanYear,
        /// Line of the programme.
        open line: Line,
        /// Reporting unit that is to reach it.
        open unit: ReportingUnit,
        /// People to be trained in the year.
        open people: PeopleCount,
        /// Number of the document that sets it.
        open document_number: String,
    }
}
