//! Wire struct `RunReopenedV1`, tag `0x0310`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, ClassId, CorrectionGround};

wire! {
    /// A run had not ended, or not on that day: its closing is taken back.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible.
    pub struct RunReopenedV1 {
        /// The run.
        open class: ClassId,
        /// The last day that had been recorded.
        open closed_on: CivilDate,
        /// Why.
        open ground: CorrectionGround,
        /// Position of the closing.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
