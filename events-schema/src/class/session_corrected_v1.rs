//! Wire struct `SessionCorrectedV1`, tag `0x030e`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, CorrectionGround, DeliveryMode, HoursTenths, SessionNumber};

wire! {
    /// What was recorded of a session was wrong; the day is right, or the session is annulled.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible.
    pub struct SessionCorrectedV1 {
        /// The run.
        open class: ClassId,
        /// The session.
        open session: SessionNumber,
        /// Module that had been recorded.
        open module_before: String,
        /// Hours that had been recorded.
        open hours_before: HoursTenths,
        /// How it had been recorded to be held.
        open mode_before: DeliveryMode,
        /// Code of the module taught.
        open module: String,
        /// Continuing-education hours it counts for.
        open hours: HoursTenths,
        /// How it was held.
        open mode: DeliveryMode,
        /// Why.
        open ground: CorrectionGround,
        /// Position of the event that it corrects.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
