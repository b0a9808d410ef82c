//! Wire struct `OccupationDirectionsSetV1`, tag `0x0803`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{Grade, OccupationId};

wire! {
    /// The directions of an occupation for a grade became known.
    ///
    /// Source: Plan 3.3-3; SOURCES 3.
    pub struct OccupationDirectionsSetV1 {
        /// The occupation.
        open occupation: OccupationId,
        /// The grade.
        open grade: Grade,
        /// The directions; an empty list means that the grade has none.
        open directions: Vec<String>,
        /// Standard that says so.
        open source: String,
    }
}
