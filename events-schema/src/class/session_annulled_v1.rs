//! Wire struct `SessionAnnulledV1`, tag `0x030f`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, ClassId, CorrectionGround, SessionNumber};

wire! {
    /// A recorded session was not held, or not on that day; its attendances count for nothing.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible. Why another day is another session: a view by date must show it, and who
    /// attended, from the day on which it was held.
    pub struct SessionAnnulledV1 {
        /// The run.
        open class: ClassId,
        /// The session.
        open session: SessionNumber,
        /// The day that had been recorded.
        open held_on: CivilDate,
        /// Number under which it stands on the right day, if it was held at all.
        open moved_to: Option<SessionNumber>,
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
