//! What the commands on accounts have in common: where an account lies, and which roles it may hold. Source: Plan 4.1-1; the rules are ours.

use std::collections::BTreeSet;

use zhixin_events::scope::Place;
use zhixin_events::{AccountId, OrganisationId, ReportingUnit, Role, Subject};

use crate::access::state::AccountState;
use crate::access::{Action, permit};
use crate::decision::{Inputs, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

refusals! {
    /// Refusals that several commands on accounts give.
    pub enum AccountRefusal {
        /// Nobody raises, locks or unlocks themselves: a second person must look.
        OwnAccount = "ACCESS-0003" Rule "nobody manages the account they act with",
        /// The process's own role is nobody's, and its account is not managed.
        SystemRole = "ACCESS-0004" Rule "the role system and its account belong to the process itself",
        /// No roles, or one twice.
        RolesUnfit = "ACCESS-0005" Rule "an account holds at least one role, each once",
        /// A provincial office has its reporting unit. Source: Plan 4.1-1.
        UnitMissing = "ACCESS-0006" Rule "the role provincial_office needs a reporting unit",
        /// Staff of a trainer act for its organisation. Source: Plan 3.3-5.
        OrganisationMissing = "ACCESS-0007" Rule "the role trainer needs an organisation",
    }
}

/// Reads an account, then the organisation it acts for.
pub(crate) fn reads_account(loaded: &States, id: AccountId) -> Reads {
    let organisation = loaded.account(id, "account").ok().and_then(|account| account.organisation).map(Subject::organisation);
    Reads::subjects(loaded, std::iter::once(Subject::account(id)).chain(organisation))
}

/// Where an account lies: in its own unit, else in that of its organisation.
///
/// # Errors
/// `REF-0001`.
pub(crate) fn place_of(states: &States, unit: Option<ReportingUnit>, organisation: Option<OrganisationId>) -> Result<Place, Refusal> {
    let theirs = match organisation {
        Some(organisation) => states.organisation(organisation, "organisation")?.unit,
        None => None,
    };
    Ok(Place { unit: unit.or(theirs), organisation })
}

/// Another's account that the actor may manage.
///
/// # Errors
/// `REF-0001`, `AUTH-0003`, `AUTH-0002`, `ACCESS-0003`, `ACCESS-0004`.
pub(crate) fn managed_account<'a>(states: &'a States, inputs: &Inputs<'_>, id: AccountId) -> Result<&'a AccountState, Refusal> {
    let account = states.account(id, "account")?;
    permit(states, inputs, Action::ManageAccounts, &place_of(states, account.unit, account.organisation)?)?;
    let subject = Subject::account(id);
    if id == inputs.actor {
        return Err(AccountRefusal::OwnAccount.refusal().at("account").of(subject));
    }
    if account.roles.contains(&Role::System) {
        return Err(AccountRefusal::SystemRole.refusal().at("account").of(subject));
    }
    Ok(account)
}

/// Refuses roles that nobody may hold so.
///
/// # Errors
/// `ACCESS-0004`, `ACCESS-0005`, `ACCESS-0006`, `ACCESS-0007`.
pub(crate) fn fit_roles(roles: &[Role], unit: Option<ReportingUnit>, organisation: Option<OrganisationId>) -> Result<(), Refusal> {
    if roles.contains(&Role::System) {
        return Err(AccountRefusal::SystemRole.refusal().at("roles"));
    }
    let different: BTreeSet<_> = roles.iter().collect();
    if roles.is_empty() || different.len() != roles.len() {
        return Err(AccountRefusal::RolesUnfit.refusal().at("roles"));
    }
    if roles.contains(&Role::ProvincialOffice) && unit.is_none() {
        return Err(AccountRefusal::UnitMissing.refusal().at("unit"));
    }
    if roles.contains(&Role::Trainer) && organisation.is_none() {
        return Err(AccountRefusal::OrganisationMissing.refusal().at("organisation"));
    }
    Ok(())
}
