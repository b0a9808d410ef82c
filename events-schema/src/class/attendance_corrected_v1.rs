//! Wire struct `AttendanceCorrectedV1`, tag `0x0307`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{Attendance, ClassId, PersonId, SessionNumber};

wire! {
    /// A recorded attendance was wrong.
    ///
    /// Source: Plan 3.3-5; ours: every correction stays visible.
    pub struct AttendanceCorrectedV1 {
        /// The run.
        open class: ClassId,
        /// The session.
        open session: SessionNumber,
        /// The person.
        masked person: PersonId,
        /// What had been recorded.
        masked before: Attendance,
        /// What is true.
        masked after: Attendance,
        /// Position of the event that it corrects.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        reason of Account,
    }
}
