//! Open an account. Source: Plan 4.1-1. Sign-in name and password are kept in the vault, not here.

use zhixin_events::access::AccountOpened;
use zhixin_events::{AccountId, OrganisationId, ReportingUnit, Role, Subject};

use crate::access::account::{fit_roles, place_of};
use crate::access::{Action, permit};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::{Refusal, States};

/// Opens an account with its roles, territory and organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAccount {
    /// Roles it may act in.
    pub roles: Vec<Role>,
    /// Territory; absent = the whole country.
    pub unit: Option<ReportingUnit>,
    /// Organisation it acts for.
    pub organisation: Option<OrganisationId>,
}

impl Decide for OpenAccount {
    const NAME: &'static str = "open-account";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, self.organisation.map(Subject::organisation))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        permit(states, inputs, Action::ManageAccounts, &place_of(states, self.unit, self.organisation)?)?;
        fit_roles(&self.roles, self.unit, self.organisation)?;
        let [fresh, ..] = inputs.fresh;
        let account = AccountId::from_bytes(fresh);
        let event = AccountOpened { account, roles: self.roles.clone(), unit: self.unit, organisation: self.organisation };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [Subject::account(account)])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::account::AccountRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{JIANGSU, NATIONAL, NOBODY, OPERATOR, ORGANISATION, SYSTEM, given};

    fn open(roles: &[Role]) -> OpenAccount {
        OpenAccount { roles: roles.to_vec(), unit: Some(JIANGSU), organisation: Some(ORGANISATION) }
    }

    #[test]
    fn account_is_opened_by_the_operator_and_the_first_by_the_process() {
        let event = AccountOpened {
            account: AccountId::from_bytes([7, 7, 7, 7, 0, 0]),
            roles: vec![Role::Trainer, Role::Auditor],
            unit: Some(JIANGSU),
            organisation: Some(ORGANISATION),
        };
        given([]).when(OPERATOR, open(&[Role::Trainer, Role::Auditor])).then_one(event);
        given([]).when(SYSTEM, OpenAccount { unit: None, organisation: None, ..open(&[Role::Operator]) }).then_accepted();
    }

    #[test]
    fn account_is_refused_with_roles_that_do_not_fit() {
        let refused = |command: OpenAccount, refusal: AccountRefusal| given([]).when(OPERATOR, command).then_refused(refusal);
        refused(open(&[Role::System]), AccountRefusal::SystemRole);
        refused(open(&[]), AccountRefusal::RolesUnfit);
        refused(open(&[Role::Auditor, Role::Auditor]), AccountRefusal::RolesUnfit);
        refused(OpenAccount { unit: None, ..open(&[Role::ProvincialOffice]) }, AccountRefusal::UnitMissing);
        refused(OpenAccount { organisation: None, ..open(&[Role::Trainer]) }, AccountRefusal::OrganisationMissing);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = OpenAccount { roles: vec![Role::System], unit: None, organisation: Some(OrganisationId::from_bytes(NOBODY)) };
        given([]).when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::UnknownSubject);
        wrong.organisation = None;
        given([]).when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        given([]).when(OPERATOR, wrong.clone()).then_refused(AccountRefusal::SystemRole);
        wrong.roles = vec![Role::Trainer, Role::ProvincialOffice, Role::Trainer];
        given([]).when(OPERATOR, wrong.clone()).then_refused(AccountRefusal::RolesUnfit);
        wrong.roles = vec![Role::Trainer, Role::ProvincialOffice];
        given([]).when(OPERATOR, wrong.clone()).then_refused(AccountRefusal::UnitMissing);
        wrong.unit = Some(JIANGSU);
        given([]).when(OPERATOR, wrong.clone()).then_refused(AccountRefusal::OrganisationMissing);
        wrong.organisation = Some(ORGANISATION);
        given([]).when(OPERATOR, wrong).then_accepted();
    }
}
