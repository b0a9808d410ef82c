//! Wire struct `AccountLockedV1`, tag `0x1104`. Frozen: a change is a `V2` with a new tag.

use crate::AccountId;
use crate::macros::wire;

wire! {
    /// An account may no longer act.
    ///
    /// Source: Plan 4.1-1.
    pub struct AccountLockedV1 {
        /// The account.
        open account: AccountId,
    }
}
