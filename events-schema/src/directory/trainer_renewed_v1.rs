//! Wire struct `TrainerRenewedV1`, tag `0x0809`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, TrainerId};

wire! {
    /// The term of a trainer's listing was extended.
    ///
    /// Source: Plan 3.3-4 (动态调整).
    pub struct TrainerRenewedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// Last day of the listing from now on.
        open listed_until: CivilDate,
        /// Number of the announcement.
        open document_number: String,
    }
}
