//! State of accounts and organisations, and what each access event means for it.

use serde::{Deserialize, Serialize};
use zhixin_events::access::AccessEvent;
use zhixin_events::{OrganisationId, ReportingUnit, Role};

use crate::state::{Fact, SubjectState};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountState {
    /// Roles it may act in.
    pub roles: Vec<Role>,
    /// Its territory; absent = the whole country.
    pub unit: Option<ReportingUnit>,
    /// The organisation it acts for.
    pub organisation: Option<OrganisationId>,
    /// Whether it may not act.
    pub locked: bool,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OrganisationState {
    /// Its name.
    pub name: String,
    /// The reporting unit it lies in.
    pub unit: Option<ReportingUnit>,
}

/// Folds an access event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &AccessEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        AccessEvent::OrganisationRegistered(event) => {
            if let SubjectState::Organisation(organisation) = state {
                organisation.name.clone_from(&event.name);
                organisation.unit = Some(event.unit);
            }
            state.hold_claim(fact.position)?;
        }
        AccessEvent::AccountOpened(event) => {
            if let SubjectState::Account(account) = state {
                account.roles.clone_from(&event.roles);
                account.unit = event.unit;
                account.organisation = event.organisation;
            }
        }
        AccessEvent::AccountRolesChanged(event) => {
            if let SubjectState::Account(account) = state {
                account.roles.clone_from(&event.roles);
            }
        }
        AccessEvent::AccountLocked(_) => {
            if let SubjectState::Account(account) = state {
                account.locked = true;
            }
        }
        AccessEvent::AccountUnlocked(_) => {
            if let SubjectState::Account(account) = state {
                account.locked = false;
            }
        }
        AccessEvent::PersonalDataRead(_) => {}
    }
    Ok(())
}
