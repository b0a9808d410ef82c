//! Access: organisations, accounts, and who may do what. Written once: a decision on one case and a filter of a list give the same answer.
//!
//! Permission = role × territory × organisation. [`reach`] is the whole table; commands ask it through [`permit`], queries through
//! [`scope`]. The national office sets targets, lists trainers and erases; provinces see their unit; a trainer runs its own classes; auditors
//! and investigators read; the operator runs the machine and sees no personal data. A person lies in no territory, so an office corrects
//! anybody's name. Source: Plan 4.1-1; the table itself is ours.

pub mod account;
pub mod change_account_roles;
pub mod lock_account;
pub mod open_account;
pub mod register_organisation;
pub mod state;
pub mod unlock_account;

pub use change_account_roles::ChangeAccountRoles;
pub use lock_account::LockAccount;
pub use open_account::OpenAccount;
pub use register_organisation::RegisterOrganisation;
pub use unlock_account::UnlockAccount;

use zhixin_events::scope::{Place, Scope};
use zhixin_events::{ReadPurpose, Role};

use crate::access::state::AccountState;
use crate::decision::Inputs;
use crate::refusal::CommonRefusal;
use crate::{Refusal, States};

/// What somebody may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Set and adjust yearly targets.
    SetTargets,
    /// Add occupations, their codes and directions.
    ManageOccupations,
    /// List, change, suspend, reinstate and remove trainers.
    ManageTrainers,
    /// Register organisations.
    RegisterOrganisations,
    /// Plan, open, teach, close and cancel runs; record attendance and tests; correct them.
    RunClasses,
    /// Register and withdraw trainees; import rosters.
    EnrolTrainees,
    /// Issue training certificates and post hours.
    IssueCertificates,
    /// Revoke training certificates.
    RevokeCertificates,
    /// Publish rule packs and calendars.
    PublishRules,
    /// Open and lock accounts, change roles.
    ManageAccounts,
    /// Correct the names of persons.
    CorrectPersons,
    /// Decide the erasure of persons.
    ErasePersons,
    /// Record that the keys of erased persons are destroyed.
    CompleteErasures,
    /// See classes and their rosters without personal data.
    ReadClasses,
    /// See the history of a subject and of a figure.
    ReadHistory,
    /// Open personal data, each time recorded.
    ReadPersons,
    /// See every entry of the log.
    ReadLog,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 17] = [
        Self::SetTargets,
        Self::ManageOccupations,
        Self::ManageTrainers,
        Self::RegisterOrganisations,
        Self::RunClasses,
        Self::EnrolTrainees,
        Self::IssueCertificates,
        Self::RevokeCertificates,
        Self::PublishRules,
        Self::ManageAccounts,
        Self::CorrectPersons,
        Self::ErasePersons,
        Self::CompleteErasures,
        Self::ReadClasses,
        Self::ReadHistory,
        Self::ReadPersons,
        Self::ReadLog,
    ];
}

/// How far a role reaches with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Not at all.
    Nowhere,
    /// Within its own organisation.
    OwnOrganisation,
    /// Within its territory.
    Territory,
    /// Everywhere, also outside its territory: a person has none.
    Everywhere,
}

/// The table of permissions.
pub const fn reach(role: Role, action: Action) -> Reach {
    use Action as A;
    match (role, action) {
        (Role::NationalOffice | Role::ProvincialOffice, A::CorrectPersons) => Reach::Everywhere,
        (Role::System, A::PublishRules | A::ErasePersons | A::CompleteErasures | A::ManageAccounts)
        | (Role::Operator, A::ManageAccounts)
        | (
            Role::NationalOffice,
            A::SetTargets
            | A::ManageOccupations
            | A::ManageTrainers
            | A::RegisterOrganisations
            | A::RevokeCertificates
            | A::PublishRules
            | A::ErasePersons
            | A::ReadClasses
            | A::ReadHistory
            | A::ReadPersons,
        )
        | (Role::ProvincialOffice, A::RegisterOrganisations | A::RevokeCertificates | A::ReadClasses | A::ReadHistory | A::ReadPersons)
        | (Role::Auditor, A::ReadClasses | A::ReadHistory | A::ReadPersons | A::ReadLog)
        | (Role::Investigator, A::ReadClasses | A::ReadHistory | A::ReadPersons) => Reach::Territory,
        (Role::Trainer, A::RunClasses | A::EnrolTrainees | A::IssueCertificates | A::ReadClasses | A::ReadHistory | A::ReadPersons) => {
            Reach::OwnOrganisation
        }
        (
            Role::System
            | Role::Operator
            | Role::NationalOffice
            | Role::ProvincialOffice
            | Role::Trainer
            | Role::Auditor
            | Role::Investigator,
            _,
        ) => Reach::Nowhere,
    }
}

/// Whether whoever acts in a role may open personal data for this purpose: each role for what it is there for. Source: 个人信息保护法 Art. 6
/// (a clear purpose, and no more than it needs); the table itself is ours.
pub const fn may_claim(role: Role, purpose: ReadPurpose) -> bool {
    use ReadPurpose as P;
    match role {
        Role::System => matches!(purpose, P::CertificateCheck),
        Role::Operator => false,
        Role::NationalOffice | Role::ProvincialOffice => {
            matches!(purpose, P::ClassAdministration | P::Inspection | P::Complaint | P::OwnData)
        }
        Role::Trainer => matches!(purpose, P::ClassAdministration | P::OwnData),
        Role::Auditor => matches!(purpose, P::Audit),
        Role::Investigator => matches!(purpose, P::Inspection | P::Complaint),
    }
}

/// The purpose that a role has where it states none.
pub const fn usual_purpose(role: Role) -> ReadPurpose {
    match role {
        Role::System => ReadPurpose::CertificateCheck,
        Role::Operator | Role::NationalOffice | Role::ProvincialOffice | Role::Trainer => ReadPurpose::ClassAdministration,
        Role::Auditor => ReadPurpose::Audit,
        Role::Investigator => ReadPurpose::Complaint,
    }
}

/// Whether a role opens personal data for a case only, which it must name: investigators have no business of their own with anybody.
pub const fn needs_case(role: Role) -> bool {
    matches!(role, Role::Investigator)
}

/// What an account may see or do with an action when acting in a role: the filter of lists, and the answer to one case.
pub fn scope(account: &AccountState, role: Role, action: Action) -> Scope {
    if account.locked || !account.roles.contains(&role) {
        return Scope::None;
    }
    match reach(role, action) {
        Reach::Nowhere => Scope::None,
        Reach::OwnOrganisation => account.organisation.map_or(Scope::None, Scope::Organisation),
        Reach::Territory => account.unit.map_or(Scope::All, Scope::Unit),
        Reach::Everywhere => Scope::All,
    }
}

/// Refuses unless the actor may do this to a thing that lies there; from here on the figures of that territory hold for its dates.
///
/// # Errors
/// `AUTH-0003`: the account cannot act. `AUTH-0002`: it may not do this.
pub fn permit(states: &States, inputs: &Inputs<'_>, action: Action, place: &Place) -> Result<(), Refusal> {
    let account = states.account(inputs.actor, "actor").map_err(|_| CommonRefusal::AccountCannotAct.refusal())?;
    if account.locked || !account.roles.contains(&inputs.role) {
        return Err(CommonRefusal::AccountCannotAct.into());
    }
    if !scope(account, inputs.role, action).covers(place) {
        return Err(CommonRefusal::NotPermitted.into());
    }
    inputs.rules.settle(place.unit);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zhixin_events::{OrganisationId, ReportingUnit};

    #[test]
    fn a_role_opens_personal_data_for_its_own_purposes_only() {
        for role in Role::ALL.iter().copied() {
            let reads = matches!(role, Role::System) || reach(role, Action::ReadPersons) != Reach::Nowhere;
            assert_eq!(ReadPurpose::ALL.iter().any(|purpose| may_claim(role, *purpose)), reads, "{role:?}");
            assert_eq!(may_claim(role, usual_purpose(role)), reads, "{role:?}");
        }
        for (role, foreign) in [
            (Role::Investigator, ReadPurpose::ClassAdministration),
            (Role::Investigator, ReadPurpose::OwnData),
            (Role::Trainer, ReadPurpose::Audit),
            (Role::Auditor, ReadPurpose::ClassAdministration),
        ] {
            assert!(!may_claim(role, foreign), "{role:?} {foreign:?}");
        }
        assert!(needs_case(Role::Investigator) && !needs_case(Role::Trainer));
    }

    proptest! {
        /// A case is permitted exactly when the filter of the list would show it, whatever the world looks like.
        #[test]
        fn one_case_and_the_list_filter_agree(role in 0..Role::ALL.len(), action in 0..Action::ALL.len(), organisation: [u8; 6], own: bool, unit in 0_usize..32, in_unit: bool, national: bool, locked: bool) {
            let role = Role::ALL[role];
            let units: Vec<_> = ReportingUnit::all().collect();
            let organisation = OrganisationId::from_bytes(organisation);
            let account = AccountState { roles: vec![role], unit: (!national).then(|| units[unit]), organisation: Some(organisation), locked };
            let place = Place {
                unit: Some(if in_unit { units[unit] } else { units[31_usize.saturating_sub(unit)] }),
                organisation: own.then_some(organisation),
            };
            let expected = !locked && match reach(role, Action::ALL[action]) {
                Reach::Nowhere => false,
                Reach::OwnOrganisation => own,
                Reach::Territory => national || in_unit,
                Reach::Everywhere => true,
            };
            prop_assert_eq!(scope(&account, role, Action::ALL[action]).covers(&place), expected);
        }
    }
}
