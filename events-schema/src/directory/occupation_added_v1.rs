//! Wire struct `OccupationAddedV1`, tag `0x0801`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{OccupationId, PlanYear};

wire! {
    /// An occupation entered the directory.
    ///
    /// Source: Plan 3.3-2, 3.3-4.
    pub struct OccupationAddedV1 {
        /// The occupation.
        open occupation: OccupationId,
        /// Chinese name.
        open name_zh: String,
        /// English name.
        open name_en: String,
        /// Code in the classification current then.
        open code: String,
        /// Edition of the classification (国家职业分类大典).
        open code_edition: PlanYear,
    }
}
