//! Take back a completion test that was recorded of the wrong person. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::CompletionTestVoided;
use zhixin_events::{ClassId, CorrectionGround, PersonId, Subject};

use crate::access::Action;
use crate::class::run::{Note, RunRefusal, note_line, permitted_run, require_taught};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::{Refusal, States};

/// Voids the last completion test of a person; an earlier one holds again. It carries the date of what it takes back. Also for an erased person:
/// counts must stay right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidCompletionTest {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// Why.
    pub ground: CorrectionGround,
    /// Why, as typed.
    pub note: Note,
}

impl Decide for VoidCompletionTest {
    const NAME: &'static str = "void-completion-test";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class), Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let note = note_line(&self.note)?;
        require_taught(class, self.class)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        let tested = class.trainees.get(&self.person).and_then(|trainee| trainee.test().map(|mark| (trainee, mark)));
        let (trainee, mark) = tested.ok_or_else(|| RunRefusal::NothingToCorrect.refusal().of(person))?;
        let effective_on = inputs.fixed(mark.effective_on)?;
        if let Some(certificate) = trainee.certificate {
            return Err(RunRefusal::GroundOfCertificate.refusal().of(Subject::certificate(certificate)));
        }
        if trainee.hours.is_some() {
            return Err(RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(self.class, self.person)));
        }
        let event = CompletionTestVoided { class: self.class, person: self.person, ground: self.ground, corrects: mark.position.0 };
        let event = NewEvent::new(event, effective_on, [subject, person]).caused_by(mark.position);
        let event = event.sealing_some("note", Subject::account(inputs.actor), note);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::RevokeTrainingCertificate;
    use crate::class::CorrectCompletionTest;
    use crate::hours::{PostHours, ReverseHours};
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, NATIONAL, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, certified_run, person_erased, seated_run, secret,
        taught_run, test_of, tested_run,
    };
    use zhixin_events::{Points, Position, RevocationGround};

    const VOID: VoidCompletionTest =
        VoidCompletionTest { class: CLASS, person: PERSON, ground: CorrectionGround::Misattributed, note: None };

    #[test]
    fn completion_test_is_voided_at_its_date_and_may_be_recorded_again() {
        let tested = taught_run().after_on(TODAY.plus_days(-1), TRAINER_STAFF, test_of(80));
        let decision = tested.when(TRAINER_STAFF, VoidCompletionTest { note: Some(secret("同名学员")), ..VOID }).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let zhixin_events::Event::Class(zhixin_events::class::ClassEvent::CompletionTestVoided(told)) = &event.event else {
            panic!("another event")
        };
        assert_eq!((event.effective_on, event.causation), (TODAY.plus_days(-1), Some(Position(told.corrects))));
        assert_eq!(event.sealed.len(), 1);
        let voided = tested.clone().after(TRAINER_STAFF, VOID);
        voided.when(TRAINER_STAFF, VOID).then_refused(RunRefusal::NothingToCorrect);
        voided.effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, test_of(60)).then_accepted();
        tested.happened(person_erased(PERSON)).when(TRAINER_STAFF, VOID).then_accepted();
    }

    #[test]
    fn earlier_test_holds_again_and_a_corrected_one_is_voided_whole() {
        let failed = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(50));
        let again = failed.after_on(TODAY.plus_days(-1), TRAINER_STAFF, test_of(80)).after(TRAINER_STAFF, VOID);
        again.when(TRAINER_STAFF, test_of(70)).then_accepted();
        let correct = CorrectCompletionTest { class: CLASS, person: PERSON, points: Points::new(70), reason: secret("登分有误") };
        again.after(TRAINER_STAFF, correct).after(TRAINER_STAFF, VOID).when(TRAINER_STAFF, test_of(70)).then_accepted();
    }

    #[test]
    fn completion_test_is_refused_while_a_certificate_or_hours_rest_on_it() {
        let posted = certified_run().after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, VOID).then_refused(RunRefusal::GroundOfCertificate);
        let certificate = posted.certificate();
        let revoke =
            RevokeTrainingCertificate { certificate, ground: RevocationGround::FactsCorrected, document_number: "第5号".to_owned() };
        let revoked = posted.after(NATIONAL, revoke);
        revoked.when(TRAINER_STAFF, VOID).then_refused(RunRefusal::GroundOfHours);
        let reverse = ReverseHours { class: CLASS, person: PERSON, ground: RevocationGround::FactsCorrected, note: None };
        revoked.after(NATIONAL, reverse).when(TRAINER_STAFF, VOID).then_accepted();
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = VoidCompletionTest { person: OTHER_PERSON, note: Some(secret("")), ..VOID };
        seated_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.note = None;
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        certified_run().when(TRAINER_STAFF, wrong).then_refused(RunRefusal::NothingToCorrect);
        certified_run().effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, VOID).then_refused(CommonRefusal::EffectiveFixed);
        certified_run().when(TRAINER_STAFF, VOID).then_refused(RunRefusal::GroundOfCertificate);
        tested_run(80).when(TRAINER_STAFF, VOID).then_accepted();
    }
}
