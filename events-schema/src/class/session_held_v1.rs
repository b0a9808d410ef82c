//! Wire struct `SessionHeldV1`, tag `0x0305`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, ClassId, DeliveryMode, HoursTenths, SessionNumber};

wire! {
    /// A session of a run was held.
    ///
    /// Source: Plan 3.3-5.
    pub struct SessionHeldV1 {
        /// The run.
        open class: ClassId,
        /// Its number in the run.
        open session: SessionNumber,
        /// The day.
        open held_on: CivilDate,
        /// Code of the module taught.
        open module: String,
        /// Continuing-education hours it counts for.
        open hours: HoursTenths,
        /// How it was held.
        open mode: DeliveryMode,
    }
}
