//! Wire struct `RunOpenedV1`, tag `0x0302`. Frozen: a change is a `V2` with a new tag.

use crate::ClassId;
use crate::macros::wire;

wire! {
    /// Enrolment of a run was opened.
    ///
    /// Source: Plan 3.3-5.
    pub struct RunOpenedV1 {
        /// The run.
        open class: ClassId,
    }
}
