//! Wire struct `TrainerOccupationsChangedV1`, tag `0x0808`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{OccupationId, TrainerId};

wire! {
    /// The occupations of a listed trainer changed.
    ///
    /// Source: Plan 3.3-4.
    pub struct TrainerOccupationsChangedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// Occupations from now on.
        open occupations: Vec<OccupationId>,
        /// Number of the decision.
        open document_number: String,
    }
}
