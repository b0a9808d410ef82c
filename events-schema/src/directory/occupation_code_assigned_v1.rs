//! Wire struct `OccupationCodeAssignedV1`, tag `0x0802`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{OccupationId, PlanYear, SourceMark};

wire! {
    /// An occupation got a code in another edition of the classification.
    ///
    /// Source: Plan 3.3-2; SOURCES 3 (two code generations).
    pub struct OccupationCodeAssignedV1 {
        /// The occupation.
        open occupation: OccupationId,
        /// Its code there.
        open code: String,
        /// The edition.
        open code_edition: PlanYear,
        /// How sure the code is.
        open mark: SourceMark,
    }
}
