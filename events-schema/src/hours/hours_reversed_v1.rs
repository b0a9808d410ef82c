//! Wire struct `HoursReversedV1`, tag `0x0602`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, HoursTenths, PersonId, PlanYear, RevocationGround};

wire! {
    /// Posted hours were taken back.
    ///
    /// Source: Plan 4.2-1.
    pub struct HoursReversedV1 {
        /// The person.
        masked person: PersonId,
        /// The run that had earned them.
        open class: ClassId,
        /// Year they had counted in.
        open year: PlanYear,
        /// Hours taken back.
        masked professional: HoursTenths,
        /// Position of the posting.
        open corrects: u64,
        /// Why.
        masked ground: RevocationGround,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
