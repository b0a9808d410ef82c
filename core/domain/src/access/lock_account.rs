//! Lock another's account. Source: Plan 4.1-1.

use zhixin_events::access::AccountLocked;
use zhixin_events::{AccountId, Subject};

use crate::access::account::{managed_account, reads_account};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Locks an account: it may no longer act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockAccount {
    /// The account.
    pub account: AccountId,
}

refusals! {
    /// Why an account is not locked.
    pub enum LockAccountRefusal {
        /// What is locked needs no lock.
        AlreadyLocked = "ACCESS-0009" Conflict "the account is locked already",
    }
}

impl Decide for LockAccount {
    const NAME: &'static str = "lock-account";

    fn reads(&self, loaded: &States) -> Reads {
        reads_account(loaded, self.account)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let account = managed_account(states, inputs, self.account)?;
        let subject = Subject::account(self.account);
        if account.locked {
            return Err(LockAccountRefusal::AlreadyLocked.refusal().of(subject));
        }
        Ok(Decision::one(NewEvent::new(AccountLocked { account: self.account }, inputs.effective_on()?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::account::AccountRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{Actor, NATIONAL, NOBODY, OPERATOR, PROVINCIAL, SYSTEM, given};

    fn lock(actor: Actor) -> LockAccount {
        LockAccount { account: actor.0 }
    }

    #[test]
    fn account_is_locked_and_may_no_longer_act() {
        given([]).when(OPERATOR, lock(NATIONAL)).then_one(AccountLocked { account: NATIONAL.0 });
        let locked = given([]).after(OPERATOR, lock(NATIONAL));
        locked.when(NATIONAL, lock(PROVINCIAL)).then_refused(CommonRefusal::AccountCannotAct);
    }

    #[test]
    fn account_is_refused_when_it_is_ones_own_or_that_of_the_process() {
        given([]).when(OPERATOR, lock(OPERATOR)).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, lock(SYSTEM)).then_refused(AccountRefusal::SystemRole);
    }

    #[test]
    fn account_is_refused_when_locked_already() {
        given([]).after(OPERATOR, lock(NATIONAL)).when(OPERATOR, lock(NATIONAL)).then_refused(LockAccountRefusal::AlreadyLocked);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nobody = LockAccount { account: AccountId::from_bytes(NOBODY) };
        given([]).when(PROVINCIAL, nobody).then_refused(CommonRefusal::UnknownSubject);
        given([]).when(PROVINCIAL, lock(PROVINCIAL)).then_refused(CommonRefusal::NotPermitted);
        given([]).when(OPERATOR, lock(OPERATOR)).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, lock(SYSTEM)).then_refused(AccountRefusal::SystemRole);
        given([]).after(OPERATOR, lock(NATIONAL)).when(OPERATOR, lock(NATIONAL)).then_refused(LockAccountRefusal::AlreadyLocked);
        given([]).when(OPERATOR, lock(NATIONAL)).then_accepted();
    }
}
