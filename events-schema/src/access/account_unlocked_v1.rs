//! Wire struct `AccountUnlockedV1`, tag `0x1105`. Frozen: a change is a `V2` with a new tag.

use crate::AccountId;
use crate::macros::wire;

wire! {
    /// A locked account may act again.
    ///
    /// Source: Plan 4.1-1.
    pub struct AccountUnlockedV1 {
        /// The account.
        open account: AccountId,
    }
}
