//! Wire struct `RunCancelledV1`, tag `0x030b`. Frozen: a change is a `V2` with a new tag.

use crate::ClassId;
use crate::macros::wire;

wire! {
    /// A run was given up.
    ///
    /// Source: SOURCES 2.1 (ours).
    pub struct RunCancelledV1 {
        /// The run.
        open class: ClassId,
        /// Number of the decision, if there is one.
        open document_number: Option<String>,
    }
    sealed {
        /// Why, as typed.
        reason of Account,
    }
}
