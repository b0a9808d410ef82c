//! Wire struct `AttendanceRecordedV1`, tag `0x0306`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{Attendance, ClassId, PersonId, SessionNumber};

wire! {
    /// Whether a person was at a session.
    ///
    /// Source: Plan 3.3-5 (严格学员考勤管理).
    pub struct AttendanceRecordedV1 {
        /// The run.
        open class: ClassId,
        /// The session.
        open session: SessionNumber,
        /// The person.
        masked person: PersonId,
        /// What was recorded.
        masked attendance: Attendance,
    }
}
