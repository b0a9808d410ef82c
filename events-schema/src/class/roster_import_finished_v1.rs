//! Wire struct `RosterImportFinishedV1`, tag `0x030d`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, JobId};

wire! {
    /// An import of a roster ended.
    ///
    /// Source: Plan 4.2-1.
    pub struct RosterImportFinishedV1 {
        /// The import.
        open job: JobId,
        /// The run.
        open class: ClassId,
        /// Rows that became trainees.
        open accepted: u32,
        /// Rows that did not.
        open refused: u32,
    }
}
