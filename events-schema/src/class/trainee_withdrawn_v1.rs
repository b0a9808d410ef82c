//! Wire struct `TraineeWithdrawnV1`, tag `0x0304`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ClassId, PersonId, WithdrawalGround};

wire! {
    /// A person gave up a seat.
    ///
    /// Source: Plan 3.3-5.
    pub struct TraineeWithdrawnV1 {
        /// The run.
        open class: ClassId,
        /// The person.
        masked person: PersonId,
        /// Why.
        masked ground: WithdrawalGround,
    }
    sealed {
        /// Why, as typed.
        note of Account,
    }
}
