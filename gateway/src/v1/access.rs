//! Commands on organisations and accounts. Sign-in names and passwords are no part of the record: see [`crate::session`].

use zhixin_engine::domain::access::{ChangeAccountRoles, LockAccount, OpenAccount, RegisterOrganisation, UnlockAccount};
use zhixin_events::{AccountId, OrganisationId, ReportingUnit, Role};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[
    route::<RegisterOrganisation>(),
    route::<OpenAccount>(),
    route::<ChangeAccountRoles>(),
    route::<LockAccount>(),
    route::<UnlockAccount>(),
];

body! {
    /// Registers an organisation under its unified social credit code.
    RegisterOrganisation {
        /// Its name.
        name: String,
        /// Its unified social credit code.
        uscc: String,
        /// Reporting unit it lies in.
        unit: ReportingUnit,
    } => Self { name, uscc, unit }
}

body! {
    /// Opens an account.
    OpenAccount {
        /// Roles it may act in.
        roles: Vec<Role>,
        /// Territory; absent = the whole country.
        unit: Option<ReportingUnit>,
        /// Organisation it acts for.
        organisation: Option<OrganisationId>,
    } => Self { roles, unit, organisation }
}

body! {
    /// Changes the roles of an account.
    ChangeAccountRoles {
        /// The account.
        account: AccountId,
        /// Roles from now on.
        roles: Vec<Role>,
    } => Self { account, roles }
}

body! {
    /// Locks an account.
    LockAccount {
        /// The account.
        account: AccountId,
    } => Self { account }
}

body! {
    /// Unlocks an account.
    UnlockAccount {
        /// The account.
        account: AccountId,
    } => Self { account }
}
