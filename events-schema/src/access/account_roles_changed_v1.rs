//! Wire struct `AccountRolesChangedV1`, tag `0x1103`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{AccountId, Role};

wire! {
    /// The roles of an account changed.
    ///
    /// Source: Plan 4.1-1.
    pub struct AccountRolesChangedV1 {
        /// The account.
        open account: AccountId,
        /// Roles from now on.
        open roles: Vec<Role>,
    }
}
