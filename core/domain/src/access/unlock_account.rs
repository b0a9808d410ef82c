//! Unlock an account that was locked. Source: Plan 4.1-1.

use zhixin_events::access::AccountUnlocked;
use zhixin_events::{AccountId, Subject};

use crate::access::account::{managed_account, reads_account};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Unlocks an account: it may act again in the roles it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockAccount {
    /// The account.
    pub account: AccountId,
}

refusals! {
    /// Why an account is not unlocked.
    pub enum UnlockAccountRefusal {
        /// Only what is locked is unlocked.
        NotLocked = "ACCESS-0010" Conflict "the account is not locked",
    }
}

impl Decide for UnlockAccount {
    const NAME: &'static str = "unlock-account";

    fn reads(&self, loaded: &States) -> Reads {
        reads_account(loaded, self.account)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let account = managed_account(states, inputs, self.account)?;
        let subject = Subject::account(self.account);
        if !account.locked {
            return Err(UnlockAccountRefusal::NotLocked.refusal().of(subject));
        }
        Ok(Decision::one(NewEvent::new(AccountUnlocked { account: self.account }, inputs.effective_on()?, [subject])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::LockAccount;
    use crate::access::account::AccountRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{Actor, NATIONAL, NOBODY, OPERATOR, PROVINCIAL, SYSTEM, given};

    fn unlock(actor: Actor) -> UnlockAccount {
        UnlockAccount { account: actor.0 }
    }

    #[test]
    fn account_is_unlocked_and_may_act_again() {
        given([])
            .after(OPERATOR, LockAccount { account: NATIONAL.0 })
            .when(OPERATOR, unlock(NATIONAL))
            .then_one(AccountUnlocked { account: NATIONAL.0 });
        let again = given([]).after(OPERATOR, LockAccount { account: NATIONAL.0 }).after(OPERATOR, unlock(NATIONAL));
        again.when(NATIONAL, unlock(PROVINCIAL)).then_refused(CommonRefusal::NotPermitted);
    }

    #[test]
    fn account_is_refused_when_it_is_ones_own_or_that_of_the_process() {
        given([]).when(OPERATOR, unlock(OPERATOR)).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, unlock(SYSTEM)).then_refused(AccountRefusal::SystemRole);
    }

    #[test]
    fn account_is_refused_when_not_locked() {
        given([]).when(OPERATOR, unlock(NATIONAL)).then_refused(UnlockAccountRefusal::NotLocked);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let nobody = UnlockAccount { account: AccountId::from_bytes(NOBODY) };
        given([]).when(PROVINCIAL, nobody).then_refused(CommonRefusal::UnknownSubject);
        given([]).when(PROVINCIAL, unlock(PROVINCIAL)).then_refused(CommonRefusal::NotPermitted);
        given([]).when(OPERATOR, unlock(OPERATOR)).then_refused(AccountRefusal::OwnAccount);
        given([]).when(OPERATOR, unlock(SYSTEM)).then_refused(AccountRefusal::SystemRole);
        given([]).when(OPERATOR, unlock(NATIONAL)).then_refused(UnlockAccountRefusal::NotLocked);
        given([]).after(OPERATOR, LockAccount { account: NATIONAL.0 }).when(OPERATOR, unlock(NATIONAL)).then_accepted();
    }
}
