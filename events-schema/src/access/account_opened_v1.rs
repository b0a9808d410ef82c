//! Wire struct `AccountOpenedV1`, tag `0x1102`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{AccountId, OrganisationId, ReportingUnit, Role};

wire! {
    /// An account was opened.
    ///
    /// Source: Plan 4.1-1.
    pub struct AccountOpenedV1 {
        /// The account.
        open account: AccountId,
        /// Roles it may act in.
        open roles: Vec<Role>,
        /// Territory; absent = the whole country.
        open unit: Option<ReportingUnit>,
        /// Organisation it acts for.
        open organisation: Option<OrganisationId>,
    }
}
