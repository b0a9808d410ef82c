//! Change the occupations of a trainer. Source: Plan 3.3-4 (动态调整); SOURCES 2.1.

use zhixin_events::directory::TrainerOccupationsChanged;
use zhixin_events::{OccupationId, Subject, TrainerId};

use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::listing::{ListingRefusal, OCCUPATIONS_MAX, fit_occupations, permitted_trainer};
use crate::directory::state::ListingStatus;
use crate::refusal::refusals;
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Changes the occupations that a trainer is listed for; the term stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeTrainerOccupations {
    /// The trainer.
    pub trainer: TrainerId,
    /// Occupations from now on.
    pub occupations: Vec<OccupationId>,
    /// Number of the decision.
    pub document_number: String,
}

refusals! {
    /// Why the occupations are not changed; beside these, the trainer must not be removed and the occupations must be known.
    pub enum ChangeTrainerOccupationsRefusal {
        /// A change must change something.
        SameOccupations = "DIR-0011" Conflict "the trainer is listed for these occupations already",
    }
}

impl Decide for ChangeTrainerOccupations {
    const NAME: &'static str = "change-trainer-occupations";

    fn reads(&self, loaded: &States) -> Reads {
        let trainer = loaded.trainer(self.trainer, "trainer").ok();
        let organisation = trainer.and_then(|trainer| trainer.organisation).map(Subject::organisation);
        let occupations = self.occupations.iter().take(OCCUPATIONS_MAX).map(|occupation| Subject::occupation(*occupation));
        Reads::subjects(loaded, std::iter::once(Subject::trainer(self.trainer)).chain(organisation).chain(occupations))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (entry, changed_on, organisation) = permitted_trainer(states, inputs, self.trainer)?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        fit_occupations(states, &self.occupations)?;
        let subject = Subject::trainer(self.trainer);
        if entry.status == ListingStatus::Removed {
            return Err(ListingRefusal::Removed.refusal().of(subject));
        }
        if entry.occupations.len() == self.occupations.len() && entry.occupations.iter().all(|one| self.occupations.contains(one)) {
            return Err(ChangeTrainerOccupationsRefusal::SameOccupations.refusal().at("occupations").of(subject));
        }
        let event = TrainerOccupationsChanged { trainer: self.trainer, occupations: self.occupations.clone(), document_number };
        let effective_on = inputs.effective_after(changed_on, subject)?;
        Ok(Decision::one(NewEvent::new(event, effective_on, [subject, Subject::organisation(organisation)])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::AddOccupation;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        NATIONAL, NOBODY, OCCUPATION, PROVINCIAL, TRAINER, World, given, trainer_listed, trainer_removed, trainer_suspended,
    };
    use zhixin_events::PlanYear;

    /// The occupation that the world below adds.
    const SECOND: OccupationId = OccupationId::from_bytes([7, 7, 7, 7, 0, 0]);

    fn world() -> World {
        let add = AddOccupation {
            name_zh: "区块链工程技术人员".to_owned(),
            name_en: "Blockchain engineer".to_owned(),
            code: "2-02-10-15".to_owned(),
            code_edition: PlanYear::new(2015),
        };
        given([trainer_listed()]).after(NATIONAL, add)
    }

    fn change(occupations: &[OccupationId], document_number: &str) -> ChangeTrainerOccupations {
        ChangeTrainerOccupations { trainer: TRAINER, occupations: occupations.to_vec(), document_number: document_number.to_owned() }
    }

    #[test]
    fn occupations_are_changed_also_while_suspended() {
        let changed =
            TrainerOccupationsChanged { trainer: TRAINER, occupations: vec![SECOND, OCCUPATION], document_number: "第5号".to_owned() };
        let suspended = world().happened(trainer_suspended());
        suspended.when(NATIONAL, change(&[SECOND, OCCUPATION], "第5号")).then_one(changed);
    }

    #[test]
    fn occupations_are_refused_when_unknown_none_or_twice() {
        world().when(NATIONAL, change(&[OccupationId::from_bytes(NOBODY)], "第5号")).then_refused(CommonRefusal::UnknownSubject);
        for occupations in [&[][..], &[SECOND, SECOND]] {
            world().when(NATIONAL, change(occupations, "第5号")).then_refused(ListingRefusal::OccupationsUnfit);
        }
    }

    #[test]
    fn occupations_are_refused_when_the_trainer_was_removed() {
        world().happened(trainer_removed()).when(NATIONAL, change(&[SECOND], "第5号")).then_refused(ListingRefusal::Removed);
    }

    #[test]
    fn occupations_are_refused_when_nothing_changes() {
        world().when(NATIONAL, change(&[OCCUPATION], "第5号")).then_refused(ChangeTrainerOccupationsRefusal::SameOccupations);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let removed = world().happened(trainer_removed());
        removed.when(PROVINCIAL, change(&[], "")).then_refused(CommonRefusal::NotPermitted);
        removed.when(NATIONAL, change(&[], "")).then_refused(CommonRefusal::TextUnfit);
        removed.when(NATIONAL, change(&[], "第5号")).then_refused(ListingRefusal::OccupationsUnfit);
        removed.when(NATIONAL, change(&[OCCUPATION], "第5号")).then_refused(ListingRefusal::Removed);
        world().when(NATIONAL, change(&[OCCUPATION], "第5号")).then_refused(ChangeTrainerOccupationsRefusal::SameOccupations);
        world().when(NATIONAL, change(&[SECOND], "第5号")).then_accepted();
    }
}
