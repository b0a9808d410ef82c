//! Wire struct `CompletionTestVoidedV1`, tag `0x0311`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, CorrectionGround, PersonId};

wire! {
    /// A recorded completion test was never taken by the person.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible.
    pub struct CompletionTestVoidedV1 {
        /// The run.
        open class: ClassId,
        /// The person of whom it was recorded.
        masked person: PersonId,
        /// Why; of the record, not of the person.
        open ground: CorrectionGround,
        /// Position of the event that it takes back.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
