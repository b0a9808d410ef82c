//! Wire struct `RosterImportStartedV1`, tag `0x030c`. Frozen: a change is a `V2` with a new tag.

use crate::field::Digest32;
use crate::macros::wire;
use crate::{ClassId, JobId};

wire! {
    /// An import of a roster began.
    ///
    /// Source: Plan 4.2-1 (学员名单均可上传).
    pub struct RosterImportStartedV1 {
        /// The import.
        open job: JobId,
        /// The run.
        open class: ClassId,
        /// Rows read from the file.
        open rows: u32,
        /// SHA-256 of the file, which itself is not kept.
        open file_digest: Digest32,
    }
}
