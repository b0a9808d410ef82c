//! Wire struct `RunClosedV1`, tag `0x030a`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, ClassId, LateGround};

wire! {
    /// A run ended.
    ///
    /// Source: Plan 3.3-5.
    pub struct RunClosedV1 {
        /// The run.
        open class: ClassId,
        /// Last day; the year and month it counts in.
        open closed_on: CivilDate,
        /// Why it is told later than late entries may be told, where it is.
        open late: Option<LateGround>,
    }
    sealed {
        /// Why it is told so late, as typed.
        note of Account,
    }
}
