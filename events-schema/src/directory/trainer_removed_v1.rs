//! Wire struct `TrainerRemovedV1`, tag `0x0807`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ListingGround, TrainerId};

wire! {
    /// A trainer left the directory for good.
    ///
    /// Source: Plan 3.3-4.
    pub struct TrainerRemovedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// Why.
        open ground: ListingGround,
        /// Number of the decision.
        open document_number: String,
    }
}
