//! Wire struct `OccupationCodeAssignedV1`, tag `0x0802`. Frozen; followed by `V2`, which adds the source.

use crate::directory::OccupationCodeAssigned;
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

impl From<OccupationCodeAssignedV1> for OccupationCodeAssigned {
    fn from(old: OccupationCodeAssignedV1) -> Self {
        let OccupationCodeAssignedV1 { occupation, code, code_edition, mark } = old;
        Self { occupation, code, code_edition, mark, source: None }
    }
}
