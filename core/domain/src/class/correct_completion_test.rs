//! Correct a recorded completion test, also after the run was closed. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::CompletionTestCorrected;
use zhixin_events::{ClassId, PersonId, Points, Secret, Subject};

use crate::access::Action;
use crate::class::completion::test_after_sessions;
use crate::class::record_completion_test::fit_points;
use crate::class::run::{RunRefusal, permitted_run, require_taught};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::CommonRefusal;
use crate::rules::text::{REASON_CHARS, line_of_secret};
use crate::{Refusal, States};

/// Corrects the last completion test; it carries the effective date of what it corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectCompletionTest {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// What is true.
    pub points: Points,
    /// Why, as typed.
    pub reason: Secret<String>,
}

impl Decide for CorrectCompletionTest {
    const NAME: &'static str = "correct-completion-test";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class), Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let reason = line_of_secret(&self.reason, REASON_CHARS, "reason")?;
        fit_points(self.points)?;
        require_taught(class, self.class)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        if states.person(self.person, "person")?.is_erased() {
            return Err(CommonRefusal::PersonErased.refusal().of(person));
        }
        let tested = class.trainees.get(&self.person).and_then(|trainee| trainee.test().map(|mark| (trainee, mark)));
        let (trainee, mark) = tested.ok_or_else(|| RunRefusal::NothingToCorrect.refusal().of(person))?;
        if trainee.seat().is_none() {
            return Err(RunRefusal::NoSeat.refusal().of(person));
        }
        if mark.points == self.points {
            return Err(RunRefusal::SameAsRecorded.refusal().at("points").of(person));
        }
        let effective_on = inputs.fixed(mark.effective_on)?;
        let pass_mark = inputs.rules.points("completion_test.pass_mark", Some(plan.unit), effective_on)?;
        let passed = self.points >= pass_mark;
        if passed {
            test_after_sessions(class, trainee, effective_on, person)?;
        }
        if let (Some(certificate), false) = (trainee.certificate, passed) {
            return Err(RunRefusal::GroundOfCertificate.refusal().of(Subject::certificate(certificate)));
        }
        if trainee.hours.is_some() && !passed {
            return Err(RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(self.class, self.person)));
        }
        let event = CompletionTestCorrected {
            class: self.class,
            person: self.person,
            points_before: mark.points,
            points: self.points,
            passed,
            pass_mark,
            corrects: mark.position.0,
        };
        let event = NewEvent::new(event, effective_on, [subject, person]).caused_by(mark.position).sealing(
            "reason",
            Subject::account(inputs.actor),
            reason,
        );
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::CloseRun;
    use crate::class::completion::CompletionRefusal;
    use crate::class::record_completion_test::RecordCompletionTestRefusal;
    use crate::hours::PostHours;
    use crate::scenario::{
        CLASS, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, attendance, certified_run, pack, person_erased, seated_run, secret,
        session, taught_run, test_of, tested_run,
    };
    use zhixin_events::{Attendance, Event, class::ClassEvent};

    fn correct(points: u8) -> CorrectCompletionTest {
        CorrectCompletionTest { class: CLASS, person: PERSON, points: Points::new(points), reason: secret("登分有误") }
    }

    #[test]
    fn correction_settles_again_whether_the_test_is_passed() {
        let closed = tested_run(55).after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        let decision = closed.when(TRAINER_STAFF, correct(65)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let Event::Class(ClassEvent::CompletionTestCorrected(corrected)) = &event.event else { panic!("another event") };
        assert_eq!((corrected.points_before, corrected.points, corrected.passed), (Points::new(55), Points::new(65), true));
        assert_eq!((event.causation.map(|position| position.0), event.sealed.len()), (Some(corrected.corrects), 1));
    }

    #[test]
    fn correction_to_passed_is_refused_after_a_session_attended_later() {
        let failed = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(50));
        let prepared = failed.after(TRAINER_STAFF, session(3, "A", 1)).after(TRAINER_STAFF, attendance(3, Attendance::Present));
        prepared.when(TRAINER_STAFF, correct(60)).then_refused(CompletionRefusal::SessionAfterTest);
        prepared.when(TRAINER_STAFF, correct(59)).then_accepted();
    }

    #[test]
    fn correction_is_refused_when_there_was_no_test() {
        taught_run().when(TRAINER_STAFF, correct(65)).then_refused(RunRefusal::NothingToCorrect);
    }

    #[test]
    fn correction_is_refused_when_it_changes_nothing() {
        tested_run(65).when(TRAINER_STAFF, correct(65)).then_refused(RunRefusal::SameAsRecorded);
    }

    #[test]
    fn correction_is_refused_only_when_it_takes_the_ground_of_a_certificate() {
        certified_run().when(TRAINER_STAFF, correct(59)).then_refused(RunRefusal::GroundOfCertificate);
        certified_run().when(TRAINER_STAFF, correct(60)).then_accepted();
    }

    #[test]
    fn correction_is_refused_only_when_it_takes_the_ground_of_hours() {
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, correct(59)).then_refused(RunRefusal::GroundOfHours);
        posted.when(TRAINER_STAFF, correct(60)).then_accepted();
    }

    #[test]
    fn refusals_come_in_their_order() {
        let posted = certified_run().after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        let mut wrong = CorrectCompletionTest { person: OTHER_PERSON, reason: secret(""), ..correct(101) };
        posted.when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.reason = secret("x");
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RecordCompletionTestRefusal::PointsUnfit);
        wrong.points = Points::new(80);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        posted.clone().happened(person_erased(OTHER_PERSON)).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::PersonErased);
        posted.when(TRAINER_STAFF, wrong).then_refused(RunRefusal::NothingToCorrect);
        posted.when(TRAINER_STAFF, correct(80)).then_refused(RunRefusal::SameAsRecorded);
        posted.clone().effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, correct(10)).then_refused(CommonRefusal::EffectiveFixed);
        posted.clone().happened(pack(&[])).when(TRAINER_STAFF, correct(10)).then_refused(CommonRefusal::MissingFigure);
        posted.when(TRAINER_STAFF, correct(10)).then_refused(RunRefusal::GroundOfCertificate);
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, correct(10)).then_refused(RunRefusal::GroundOfHours);
        tested_run(80).when(TRAINER_STAFF, correct(10)).then_accepted();
    }
}
