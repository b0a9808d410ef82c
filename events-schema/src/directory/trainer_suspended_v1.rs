//! Wire struct `TrainerSuspendedV1`, tag `0x0805`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ListingGround, TrainerId};

wire! {
    /// A trainer may hold no further runs for now.
    ///
    /// Source: Plan 3.3-4 (动态调整).
    pub struct TrainerSuspendedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// Why.
        open ground: ListingGround,
        /// Number of the decision.
        open document_number: String,
    }
}
