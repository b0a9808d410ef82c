//! Wire struct `PersonNameCorrectedV1`, tag `0x0502`. Frozen: a change is a `V2` with a new tag.

use crate::PersonId;
use crate::macros::wire;

wire! {
    /// The name of a person was recorded wrongly or changed.
    ///
    /// Source: Plan 4.2-1.
    pub struct PersonNameCorrectedV1 {
        /// The person.
        masked person: PersonId,
    }
    sealed {
        /// Name as on the document.
        name of Person,
    }
}
