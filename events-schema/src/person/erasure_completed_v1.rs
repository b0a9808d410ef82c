//! Wire struct `ErasureCompletedV1`, tag `0x0504`. Frozen: a change is a `V2` with a new tag.

use crate::PersonId;
use crate::macros::wire;

wire! {
    /// The keys of an erased person are destroyed, and the group key that wrapped them.
    ///
    /// Source: 个人信息保护法 Art. 47.
    pub struct ErasureCompletedV1 {
        /// The person.
        masked person: PersonId,
    }
}
