//! Wire struct `PersonErasedV1`, tag `0x0503`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{ErasureGround, PersonId};

wire! {
    /// The erasure of a person was decided; from here no data of the person are served.
    ///
    /// Source: 个人信息保护法 Art. 47.
    pub struct PersonErasedV1 {
        /// The person.
        masked person: PersonId,
        /// Why.
        open ground: ErasureGround,
    }
}
