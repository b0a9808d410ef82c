//! Extend the term of a trainer's listing. Source: Plan 3.3-4 (动态调整); SOURCES 2.1 (entries have a term).

use zhixin_events::directory::TrainerRenewed;
use zhixin_events::{CivilDate, Subject, TrainerId};

use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::directory::listing::{ListingRefusal, permitted_trainer, reads_trainer, term_until};
use crate::directory::state::ListingStatus;
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Extends a term, also of an expired or suspended entry; the status stays. The further term begins after the last one, or when the renewal
/// takes effect, if that is later: what lies between is not covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewTrainer {
    /// The trainer.
    pub trainer: TrainerId,
    /// Last day, where the announcement names it; else it follows from `directory.validity_years`.
    pub listed_until: Option<CivilDate>,
    /// Number of the announcement.
    pub document_number: String,
}

impl Decide for RenewTrainer {
    const NAME: &'static str = "renew-trainer";

    fn reads(&self, loaded: &States) -> Reads {
        reads_trainer(loaded, self.trainer)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (entry, changed_on, organisation) = permitted_trainer(states, inputs, self.trainer)?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        let subject = Subject::trainer(self.trainer);
        if entry.status == ListingStatus::Removed {
            return Err(ListingRefusal::Removed.refusal().of(subject));
        }
        let effective_on = inputs.effective_after(changed_on, subject)?;
        let from = entry.listed_until.plus_days(1).max(effective_on);
        let unit = states.trainer(self.trainer, "trainer")?.unit;
        let listed_until = term_until(inputs, unit, from, self.listed_until, effective_on)?;
        let event = TrainerRenewed { trainer: self.trainer, listed_until, document_number };
        Ok(Decision::one(NewEvent::new(event, effective_on, [subject, Subject::organisation(organisation)])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectState;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        NATIONAL, OCCUPATION, PROVINCIAL, TODAY, TRAINER, World, given, pack, trainer_listed, trainer_removed, trainer_suspended,
    };
    use zhixin_events::Event;
    use zhixin_events::directory::DirectoryEvent;

    /// The last day of the term in all scenarios.
    const UNTIL: CivilDate = CivilDate(TODAY.0 + 300);

    fn renew(listed_until: Option<CivilDate>) -> RenewTrainer {
        RenewTrainer { trainer: TRAINER, listed_until, document_number: "第6号".to_owned() }
    }

    fn until(world: &World, command: RenewTrainer) -> CivilDate {
        let decision = world.when(NATIONAL, command).then_accepted();
        match decision.events.first().map(|event| &event.event) {
            Some(Event::Directory(DirectoryEvent::TrainerRenewed(event))) => event.listed_until,
            other => panic!("another event: {other:?}"),
        }
    }

    /// An entry whose term ended ten days ago.
    fn expired() -> World {
        let mut listed = trainer_listed();
        if let Event::Directory(DirectoryEvent::TrainerListed(event)) = &mut listed.event {
            event.listed_until = TODAY.plus_days(-10);
        }
        given([listed])
    }

    #[test]
    fn term_is_extended_after_the_last_one_or_from_the_day_of_an_expired_entry() {
        let listed = given([trainer_listed()]);
        assert_eq!(until(&listed, renew(None)), UNTIL.plus_years(3));
        assert_eq!(until(&listed, renew(Some(UNTIL.plus_days(30)))), UNTIL.plus_days(30));
        assert_eq!(until(&given([trainer_listed(), trainer_suspended()]), renew(None)), UNTIL.plus_years(3));
        assert_eq!(until(&expired(), renew(None)), TODAY.plus_years(3).plus_days(-1));
    }

    #[test]
    fn days_between_the_end_of_a_term_and_the_renewal_are_not_covered() {
        let renewed = expired().after(NATIONAL, renew(None));
        let of_trainer =
            |(_, state): (_, &SubjectState)| if let SubjectState::Trainer(trainer) = state { Some(trainer.clone()) } else { None };
        let trainer = renewed.states().find_map(of_trainer).unwrap();
        let listed = [-11, -10, -9, -1, 0, 99].map(|days| trainer.is_listed_for(OCCUPATION, TODAY.plus_days(days)));
        assert_eq!(listed, [true, true, false, false, true, true]);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let removed = given([trainer_listed(), trainer_removed()]);
        let wrong = RenewTrainer { document_number: String::new(), ..renew(Some(UNTIL)) };
        removed.when(PROVINCIAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        removed.when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        removed.when(NATIONAL, renew(Some(UNTIL))).then_refused(ListingRefusal::Removed);
        let early = given([trainer_listed(), trainer_suspended()]).effective_on(TODAY.plus_days(-2));
        early.when(NATIONAL, renew(Some(UNTIL))).then_refused(CommonRefusal::OutOfOrder);
        given([trainer_listed()]).when(NATIONAL, renew(Some(UNTIL))).then_refused(ListingRefusal::TermUnfit);
        given([trainer_listed(), pack(&[])]).when(NATIONAL, renew(None)).then_refused(CommonRefusal::MissingFigure);
        given([trainer_listed()]).when(NATIONAL, renew(None)).then_accepted();
    }
}
