//! Wire struct `TrainerReinstatedV1`, tag `0x0806`. Frozen: a change is a `V2` with a new tag.

use crate::TrainerId;
use crate::macros::wire;

wire! {
    /// A suspended trainer may hold runs again.
    ///
    /// Source: Plan 3.3-4.
    pub struct TrainerReinstatedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// Number of the decision.
        open document_number: String,
    }
}
