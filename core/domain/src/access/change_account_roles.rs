//! Change the roles of another's account. Source: Plan 4.1-1.

use zhixin_events::access::AccountRolesChanged;
use zhixin_events::{AccountId, Role, Subject};

use crate::access::account::{fit_roles, managed_account, reads_account};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Changes the roles of an account; territory and organisation stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeAccountRoles {
    /// The account.
    pub account: AccountId,
    /// Roles from now on.
    pub roles: Vec<Role>,
}

refusals! {
    /// Why the roles are not changed; beside these, they must fit the account.
    pub enum ChangeAccountRolesRefusal {
        /// A change must change something.
        SameRoles = "ACCESS-0008" Conflict "the account holds these roles already",
    }
}

impl Decide for ChangeAccountRoles {
    const NAME: &'static str = "change-account-roles";

    fn reads(&self, loaded: &States) -> Reads {
        reads_account(loaded, self.account)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let account = managed_account(states, inputs, self.account)?;
        fit_roles(&self.roles, account.unit, account.organisation)?;
        let subject = Subject::account(self.account);
        if account.roles.len() == self.roles.len() && account.roles.iter().all(|role| self.roles.contains(role)) {
            return Err(ChangeAccountRolesRefusal::SameRoles.refusal().at("roles").of(subject));
        }
        let event = AccountRolesChanged { account: self.account, roles: self.roles.clone() };
        Ok(Decision::one(NewEvent::new(event, inputs.effective_on()?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::account::AccountRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{Actor, NATIONAL, NOBODY, OPERATOR, PROVINCIAL, SYSTEM, TRAINER_STAFF, given};

    fn change(actor: Actor, roles: &[Role]) -> ChangeAccountRoles {
        ChangeAccountRoles { account: actor.0, roles: roles.to_vec() }
    }

    #[test]
    fn roles_are_changed_and_hold_from_the_next_command() {
        let roles = vec![Role::Auditor];
        let changed = AccountRolesChanged { account: PROVINCIAL.0, roles };
        given([]).when(OPERATOR, change(PROVINCIAL, &[Role::Auditor])).then_one(changed);
        let world = given([]).after(OPERATOR, change(OPERATOR_OF_TWO, &[Role::Operator, Role::Auditor]));
        world.when(OPERATOR_OF_TWO, change(PROVINCIAL, &[Role::Auditor])).then_accepted();
    }

    /// The national office's account, once it is also an operator's.
    const OPERATOR_OF_TWO: Actor = Actor(NATIONAL.0, Role::Operator);

    #[test]
    fn roles_are_refused_on_ones_own_account_and_on_that_of_the_process() {
        given([]).when(OPERATOR, change(OPERATOR, &[Role::NationalOffice])).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, change(SYSTEM, &[Role::Operator])).then_refused(AccountRefusal::SystemRole);
    }

    #[test]
    fn roles_are_refused_when_they_do_not_fit_the_account() {
        given([]).when(OPERATOR, change(NATIONAL, &[Role::ProvincialOffice])).then_refused(AccountRefusal::UnitMissing);
        given([]).when(OPERATOR, change(NATIONAL, &[Role::Trainer])).then_refused(AccountRefusal::OrganisationMissing);
        given([]).when(OPERATOR, change(TRAINER_STAFF, &[])).then_refused(AccountRefusal::RolesUnfit);
    }

    #[test]
    fn roles_are_refused_when_nothing_changes() {
        given([]).when(OPERATOR, change(NATIONAL, &[Role::NationalOffice])).then_refused(ChangeAccountRolesRefusal::SameRoles);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nobody = ChangeAccountRoles { account: AccountId::from_bytes(NOBODY), roles: vec![] };
        given([]).when(PROVINCIAL, nobody).then_refused(CommonRefusal::UnknownSubject);
        given([]).when(PROVINCIAL, change(PROVINCIAL, &[])).then_refused(CommonRefusal::NotPermitted);
        given([]).when(OPERATOR, change(OPERATOR, &[])).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, change(SYSTEM, &[])).then_refused(AccountRefusal::SystemRole);
        given([]).when(OPERATOR, change(NATIONAL, &[])).then_refused(AccountRefusal::RolesUnfit);
        given([]).when(OPERATOR, change(NATIONAL, &[Role::NationalOffice])).then_refused(ChangeAccountRolesRefusal::SameRoles);
        given([]).when(OPERATOR, change(NATIONAL, &[Role::Auditor])).then_accepted();
    }
}
