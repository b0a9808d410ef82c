//! Reinstate a suspended trainer. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use zhixin_events::TrainerId;
use zhixin_events::directory::TrainerReinstated;

use crate::command::Decide;
use crate::decision::{Decision, Inputs, Reads};
use crate::directory::listing::{ListingRefusal, change_listing, reads_trainer};
use crate::directory::state::ListingStatus;
use crate::{Refusal, States};

/// Reinstates a suspended trainer; the term of its listing goes on as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReinstateTrainer {
    /// The trainer.
    pub trainer: TrainerId,
    /// Number of the decision.
    pub document_number: String,
}

impl Decide for ReinstateTrainer {
    const NAME: &'static str = "reinstate-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        reads_trainer(loaded, self.trainer)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let from = (&[ListingStatus::Suspended][..], ListingRefusal::NotSuspended);
        change_listing(states, inputs, self.trainer, &self.document_number, from, |document_number| TrainerReinstated {
            trainer: self.trainer,
            document_number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, PROVINCIAL, TODAY, TRAINER, given, trainer_listed, trainer_removed, trainer_suspended};

    fn reinstate(document_number: &str) -> ReinstateTrainer {
        ReinstateTrainer { trainer: TRAINER, document_number: document_number.to_owned() }
    }

    #[test]
    fn trainer_is_reinstated() {
        let reinstated = TrainerReinstated { trainer: TRAINER, document_number: "第5号".to_owned() };
        given([trainer_listed(), trainer_suspended()]).when(NATIONAL, reinstate("第5号")).then_one(reinstated);
    }

    #[test]
    fn trainer_is_refused_when_not_suspended() {
        given([trainer_listed()]).when(NATIONAL, reinstate("第5号")).then_refused(ListingRefusal::NotSuspended);
    }

    #[test]
    fn trainer_is_refused_when_removed() {
        given([trainer_listed(), trainer_removed()]).when(NATIONAL, reinstate("第5号")).then_refused(ListingRefusal::NotSuspended);
    }

    #[test]
    fn trainer_is_refused_before_it_was_suspended() {
        let early = given([trainer_listed(), trainer_suspended()]).effective_on(TODAY.plus_days(-2));
        early.when(NATIONAL, reinstate("第5号")).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([trainer_listed(), trainer_removed()]);
        let nothing = ReinstateTrainer { trainer: TrainerId::from_bytes(NOBODY), ..reinstate("") };
        world.when(PROVINCIAL, nothing).then_refused(CommonRefusal::UnknownSubject);
        world.when(PROVINCIAL, reinstate("")).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, reinstate("")).then_refused(CommonRefusal::TextUnfit);
        world.when(NATIONAL, reinstate("第5号")).then_refused(ListingRefusal::NotSuspended);
        given([trainer_listed(), trainer_suspended()]).when(NATIONAL, reinstate("第5号")).then_accepted();
    }
}
