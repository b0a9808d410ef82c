//! Wire struct `HoursPostedV1`, tag `0x0601`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, HoursTenths, PersonId, PlanYear};

wire! {
    /// Hours of a class were posted to the record of a person.
    ///
    /// Source: Plan 4.2-1.
    pub struct HoursPostedV1 {
        /// The person.
        masked person: PersonId,
        /// The run that earned them.
        open class: ClassId,
        /// Year they count in.
        open year: PlanYear,
        /// Hours of professional subjects (专业科目).
        masked professional: HoursTenths,
    }
}
