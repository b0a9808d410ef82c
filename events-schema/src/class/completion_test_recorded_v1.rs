//! Wire struct `CompletionTestRecordedV1`, tag `0x0308`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, HoursTenths, PersonId, Points};

wire! {
    /// The completion test of a person was marked.
    ///
    /// Source: Plan 3.3-5 (结业考核).
    pub struct CompletionTestRecordedV1 {
        /// The run.
        open class: ClassId,
        /// The person.
        masked person: PersonId,
        /// Points reached.
        masked points: Points,
        /// Whether they reach the pass mark of the rule packs.
        masked passed: bool,
        /// The pass mark that settled it.
        open pass_mark: Points,
        /// Hours attended when the test was recorded.
        masked hours_attended: HoursTenths,
    }
}
