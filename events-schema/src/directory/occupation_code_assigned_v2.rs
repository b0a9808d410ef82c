//! Wire struct `OccupationCodeAssignedV2`, tag `0x080A`. Frozen: a change is a `V3` with a new tag.

use crate::macros::wire;
use crate::{OccupationId, PlanYear, SourceMark};

wire! {
    /// An occupation got a code in another edition of the classification.
    ///
    /// Source: Plan 3.3-2; SOURCES 3 (two code generations).
    pub struct OccupationCodeAssignedV2 {
        /// The occupation.
        open occupation: OccupationId,
        /// Its code there.
        open code: String,
        /// The edition.
        open code_edition: PlanYear,
        /// How sure the code is.
        open mark: SourceMark,
        /// Document or table it was taken from; none where it was recorded before that was asked for (`V1`).
        open source: Option<String>,
    }
}
