//! Remove a trainer from the directory. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use zhixin_events::directory::TrainerRemoved;
use zhixin_events::{ListingGround, Subject, TrainerId};

use crate::command::Decide;
use crate::decision::{Decision, Inputs, Reads};
use crate::directory::listing::{ListingRefusal, change_listing, reads_trainer};
use crate::directory::state::ListingStatus;
use crate::{Refusal, States};

/// Removes a trainer for good; certificates it issued stay valid unless revoked. Its organisation may be listed anew, as another trainer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveTrainer {
    /// The trainer.
    pub trainer: TrainerId,
    /// Why.
    pub ground: ListingGround,
    /// Number of the decision.
    pub document_number: String,
}

impl Decide for RemoveTrainer {
    const NAME: &'static str = "remove-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        reads_trainer(loaded, self.trainer)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let from = (&[ListingStatus::Listed, ListingStatus::Suspended][..], ListingRefusal::Removed);
        let mut decision = change_listing(states, inputs, self.trainer, &self.document_number, from, |document_number| TrainerRemoved {
            trainer: self.trainer,
            ground: self.ground,
            document_number,
        })?;
        let organisation = states.trainer(self.trainer, "trainer")?.organisation;
        decision.events.iter_mut().for_each(|event| event.subjects.extend(organisation.map(Subject::trainer_of_organisation)));
        Ok(decision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{NATIONAL, NOBODY, PROVINCIAL, TRAINER, given, trainer_listed, trainer_removed, trainer_suspended};

    fn remove(document_number: &str) -> RemoveTrainer {
        RemoveTrainer { trainer: TRAINER, ground: ListingGround::Violation, document_number: document_number.to_owned() }
    }

    #[test]
    fn trainer_is_removed() {
        let removed = TrainerRemoved { trainer: TRAINER, ground: ListingGround::Violation, document_number: "第5号".to_owned() };
        given([trainer_listed(), trainer_suspended()]).when(NATIONAL, remove("第5号")).then_one(removed);
        given([trainer_listed()]).when(NATIONAL, remove("第5号")).then_accepted();
    }

    #[test]
    fn trainer_is_refused_when_removed_already() {
        given([trainer_listed(), trainer_removed()]).when(NATIONAL, remove("第5号")).then_refused(ListingRefusal::Removed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = given([trainer_listed(), trainer_removed()]);
        let nothing = RemoveTrainer { trainer: TrainerId::from_bytes(NOBODY), ..remove("") };
        world.when(PROVINCIAL, nothing).then_refused(CommonRefusal::UnknownSubject);
        world.when(PROVINCIAL, remove("")).then_refused(CommonRefusal::NotPermitted);
        world.when(NATIONAL, remove("")).then_refused(CommonRefusal::TextUnfit);
        world.when(NATIONAL, remove("第5号")).then_refused(ListingRefusal::Removed);
        given([trainer_listed(), trainer_suspended()]).when(NATIONAL, remove("第5号")).then_accepted();
    }
}
