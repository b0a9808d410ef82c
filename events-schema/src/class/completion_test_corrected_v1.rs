//! Wire struct `CompletionTestCorrectedV1`, tag `0x0309`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, PersonId, Points};

wire! {
    /// A recorded completion test was wrong.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible.
    pub struct CompletionTestCorrectedV1 {
        /// The run.
        open class: ClassId,
        /// The person.
        masked person: PersonId,
        /// What had been recorded.
        masked points_before: Points,
        /// What is true.
        masked points: Points,
        /// Whether they reach the pass mark.
        masked passed: bool,
        /// The pass mark that settled it.
        open pass_mark: Points,
        /// Position of the event that it corrects.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        reason of Account,
    }
}
