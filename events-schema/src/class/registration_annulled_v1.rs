//! Wire struct `RegistrationAnnulledV1`, tag `0x0312`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, CorrectionGround, PersonId};

wire! {
    /// A registration was recorded wrongly; the right one, with its own date, follows in the same commit.
    ///
    /// Source: Plan 4.2-1; ours: every correction stays visible.
    pub struct RegistrationAnnulledV1 {
        /// The run.
        open class: ClassId,
        /// The person.
        masked person: PersonId,
        /// Why; of the record, not of the person.
        open ground: CorrectionGround,
        /// Position of the registration.
        open corrects: u64,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
