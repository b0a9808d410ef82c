//! Access: organisations, accounts and the reading of personal data.
//!
//! Who may do what is decided by the roles, the territory and the organisation of an account. Sign-in names and passwords are in the vault,
//! not here. Sources: Plan 4.1-1; 个人信息保护法 Art. 54.

mod account_locked_v1;
mod account_opened_v1;
mod account_roles_changed_v1;
mod account_unlocked_v1;
mod organisation_registered_v1;
mod personal_data_read_v1;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum AccessEvent in Access {
        /// An organisation became known to the programme.
        OrganisationRegistered = organisation_registered_v1::OrganisationRegisteredV1,
        /// An account was opened.
        AccountOpened = account_opened_v1::AccountOpenedV1,
        /// The roles of an account changed.
        AccountRolesChanged = account_roles_changed_v1::AccountRolesChangedV1,
        /// An account may no longer act.
        AccountLocked = account_locked_v1::AccountLockedV1,
        /// A locked account may act again.
        AccountUnlocked = account_unlocked_v1::AccountUnlockedV1,
        /// Personal data were opened for somebody. Recorded in the log of reads, before the data are sent.
        PersonalDataRead = personal_data_read_v1::PersonalDataReadV1,
    }
}
