//! Suspend a trainer. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use zhixin_events::directory::TrainerSuspended;
use zhixin_events::{ListingGround, TrainerId};

use crate::command::Decide;
use crate::decision::{Decision, Inputs, Reads};
use crate::directory::listing::{ListingRefusal, change_listing, reads_trainer};
use crate::directory::state::ListingStatus;
use crate::{Refusal, States};

/// Suspends a listed trainer: it may hold no runs until it is reinstated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspendTrainer {
    /// The trainer.
    pub trainer: TrainerId,
    /// Why.
    pub ground: ListingGround,
    /// Number of the decision.
    pub document_number: String,
}

impl Decide for SuspendTrainer {
    const NAME: &'static str = "suspend-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        reads_trainer(loaded, self.trainer)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let from = (&[ListingStatus::Listed][..], ListingRefusal::NotListed);
        change_listing(states, inputs, self.trainer, &self.document_number, from, |document_number| TrainerSuspended {
            trainer: self.trainer,
            ground: self.ground,
            document_number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, PROVINCIAL, TODAY, TRAINER, World, given, trainer_listed, trainer_removed, trainer_suspended};

    fn suspend(document_number: &str) -> SuspendTrainer {
        SuspendTrainer { trainer: TRAINER, ground: ListingGround::Violation, document_number: document_number.to_owned() }
    }

    #[test]
    fn trainer_is_suspended() {
        let suspended = TrainerSuspended { trainer: TRAINER, ground: ListingGround::Violation, document_number: "第5号".to_owned() };
        given([trainer_listed()]).when(NATIONAL, suspend("第5号")).then_one(suspended);
    }

    #[test]
    fn trainer_is_refused_when_suspended_already() {
        given([trainer_listed(), trainer_suspended()]).when(NATIONAL, suspend("第5号")).then_refused(ListingRefusal::NotListed);
    }

    #[test]
    fn trainer_is_refused_when_removed() {
        given([trainer_listed(), trainer_removed()]).when(NATIONAL, suspend("第5号")).then_refused(ListingRefusal::NotListed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([trainer_listed(), trainer_removed()]);
        let nothing = SuspendTrainer { trainer: TrainerId::from_bytes(NOBODY), ..suspend("") };
        world.when(PROVINCIAL, nothing).then_refused(CommonRefusal::UnknownSubject);
        world.when(PROVINCIAL, suspend("")).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, suspend("")).then_refused(CommonRefusal::TextUnfit);
        let ahead = |world: World| world.effective_on(TODAY.plus_days(1));
        ahead(world).when(NATIONAL, suspend("第5号")).then_refused(ListingRefusal::NotListed);
        ahead(given([trainer_listed()])).when(NATIONAL, suspend("第5号")).then_refused(CommonRefusal::EffectiveInFuture);
        given([trainer_listed()]).when(NATIONAL, suspend("第5号")).then_accepted();
    }
}
