//! Correct a recorded attendance, also after the run was closed. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::AttendanceCorrected;
use zhixin_events::{Attendance, ClassId, PersonId, Secret, SessionNumber, Subject};

use crate::access::Action;
use crate::class::completion::{Requirements, attendance_fits_awards};
use crate::class::run::{RunRefusal, permitted_run, reads_class_and_occupation, require_taught};
use crate::class::state::{AttendanceMark, ClassState, RunPlan, Trainee};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::CommonRefusal;
use crate::rules::text::{REASON_CHARS, line_of_secret};
use crate::{Refusal, States};

/// Corrects one attendance; it carries the effective date of what it corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectAttendance {
    /// The run.
    pub class: ClassId,
    /// The session.
    pub session: SessionNumber,
    /// The person.
    pub person: PersonId,
    /// What is true.
    pub attendance: Attendance,
    /// Why, as typed.
    pub reason: Secret<String>,
}

impl Decide for CorrectAttendance {
    const NAME: &'static str = "correct-attendance";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_occupation(loaded, self.class, self.person)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let reason = line_of_secret(&self.reason, REASON_CHARS, "reason")?;
        require_taught(class, self.class)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        if states.person(self.person, "person")?.is_erased() {
            return Err(CommonRefusal::PersonErased.refusal().of(person));
        }
        let trainee = class.trainees.get(&self.person).ok_or_else(|| RunRefusal::NothingToCorrect.refusal().of(person))?;
        let mark = trainee.attendance.get(&self.session).filter(|_| class.sessions.contains_key(&self.session));
        let mark = *mark.ok_or_else(|| RunRefusal::NothingToCorrect.refusal().at("session").of(person))?;
        if mark.attendance == self.attendance {
            return Err(RunRefusal::SameAsRecorded.refusal().at("attendance").of(person));
        }
        let effective_on = inputs.fixed(mark.effective_on)?;
        self.keeps_grounds(states, inputs, class, plan, trainee, mark)?;
        let event = AttendanceCorrected {
            class: self.class,
            session: self.session,
            person: self.person,
            before: mark.attendance,
            after: self.attendance,
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

impl CorrectAttendance {
    /// Refuses to take away what a certificate or posted hours rest on, and to contradict the test passed.
    fn keeps_grounds(
        &self,
        states: &States,
        inputs: &Inputs<'_>,
        class: &ClassState,
        plan: &RunPlan,
        trainee: &Trainee,
        mark: AttendanceMark,
    ) -> Result<(), Refusal> {
        let mut after = trainee.clone();
        after.attendance.insert(self.session, AttendanceMark { attendance: self.attendance, ..mark });
        let takes_away = mark.attendance == Attendance::Present;
        if let (Some(certificate), Some(test), true) = (trainee.certificate, trainee.test(), takes_away) {
            let occupation = states.occupation(plan.occupation, "class")?;
            let requirements = Requirements::read(&inputs.rules, occupation, plan, test.effective_on)?;
            if requirements.lacking(class, &after, test.effective_on).is_some() {
                return Err(RunRefusal::GroundOfCertificate.refusal().of(Subject::certificate(certificate)));
            }
        }
        attendance_fits_awards(class, &after, self.class, self.person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::RevokeTrainingCertificate;
    use crate::class::completion::CompletionRefusal;
    use crate::class::{CloseRun, RecordAttendance};
    use crate::hours::PostHours;
    use crate::scenario::{
        CLASS, NATIONAL, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, attendance, certified_run, pack, person_erased,
        seated_run, secret, session, taught_run, test_of, tested_run,
    };
    use zhixin_events::{Position, RevocationGround};

    fn correct(session: u16, attendance: Attendance) -> CorrectAttendance {
        CorrectAttendance { class: CLASS, session: SessionNumber::new(session), person: PERSON, attendance, reason: secret("点名有误") }
    }

    #[test]
    fn correction_names_and_dates_itself_by_what_it_corrects() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        let decision = closed.when(TRAINER_STAFF, correct(1, Attendance::Absent)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert_eq!(event.effective_on, TODAY.plus_days(-3));
        let zhixin_events::Event::Class(zhixin_events::class::ClassEvent::AttendanceCorrected(corrected)) = &event.event else {
            panic!("another event")
        };
        assert_eq!((corrected.before, corrected.after), (Attendance::Present, Attendance::Absent));
        assert_eq!(event.causation, Some(Position(corrected.corrects)));
        let [field] = event.sealed.as_slice() else { panic!("one sealed field") };
        assert_eq!((field.field, field.holder), ("reason", Subject::account(TRAINER_STAFF.0)));
        let twice = closed.after(TRAINER_STAFF, correct(1, Attendance::Absent));
        twice.when(TRAINER_STAFF, correct(1, Attendance::Present)).then_accepted();
    }

    #[test]
    fn correction_is_refused_when_nothing_is_recorded() {
        taught_run().when(TRAINER_STAFF, correct(3, Attendance::Absent)).then_refused(RunRefusal::NothingToCorrect);
        let other = CorrectAttendance { person: OTHER_PERSON, ..correct(1, Attendance::Absent) };
        taught_run().when(TRAINER_STAFF, other).then_refused(RunRefusal::NothingToCorrect);
    }

    #[test]
    fn correction_is_refused_when_it_changes_nothing() {
        taught_run().when(TRAINER_STAFF, correct(1, Attendance::Present)).then_refused(RunRefusal::SameAsRecorded);
    }

    #[test]
    fn correction_is_refused_while_a_certificate_rests_on_it() {
        let certified = certified_run();
        certified.when(TRAINER_STAFF, correct(1, Attendance::Excused)).then_refused(RunRefusal::GroundOfCertificate);
        let revoke = RevokeTrainingCertificate {
            certificate: certified.certificate(),
            ground: RevocationGround::FactsCorrected,
            document_number: "第5号".to_owned(),
        };
        certified.after(NATIONAL, revoke).when(TRAINER_STAFF, correct(1, Attendance::Excused)).then_accepted();
    }

    /// The certificate does not need the third session, so its attendance may be corrected either way.
    #[test]
    fn correction_is_free_where_the_certificate_does_not_rest_on_it() {
        let short = |number| crate::class::HoldSession { hours: zhixin_events::HoursTenths::new(10), ..session(number, "A", 1) };
        let certified = certified_run().after(TRAINER_STAFF, short(3)).after(TRAINER_STAFF, attendance(3, Attendance::Present));
        certified.when(TRAINER_STAFF, correct(3, Attendance::Absent)).then_accepted();
        let absent = certified.after(TRAINER_STAFF, correct(3, Attendance::Absent));
        absent.when(TRAINER_STAFF, correct(3, Attendance::Present)).then_accepted();
        // Long sessions held later sink the share; a correction that mends a little of it is still free.
        let sunk = [(3, 1), (4, 0)].into_iter().fold(certified_run(), |world, (number, days_ago)| {
            world.after(TRAINER_STAFF, session(number, "A", days_ago)).after(TRAINER_STAFF, attendance(number, Attendance::Absent))
        });
        sunk.when(TRAINER_STAFF, correct(3, Attendance::Present)).then_accepted();
    }

    #[test]
    fn correction_is_refused_while_posted_hours_rest_on_it() {
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, correct(1, Attendance::Absent)).then_refused(RunRefusal::GroundOfHours);
    }

    #[test]
    fn correction_is_refused_to_presence_after_the_test_passed() {
        let tested = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(80)).after(TRAINER_STAFF, session(3, "A", 1));
        let absent = tested.after(TRAINER_STAFF, attendance(3, Attendance::Absent));
        absent.when(TRAINER_STAFF, correct(3, Attendance::Present)).then_refused(CompletionRefusal::SessionAfterTest);
        absent.when(TRAINER_STAFF, correct(3, Attendance::Excused)).then_accepted();
    }

    #[test]
    fn correction_is_refused_of_an_erased_person() {
        let erased = taught_run().happened(person_erased(PERSON));
        erased.when(TRAINER_STAFF, correct(1, Attendance::Absent)).then_refused(CommonRefusal::PersonErased);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = CorrectAttendance { reason: secret(""), ..correct(3, Attendance::Present) };
        let posted = certified_run().after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.reason = secret("x");
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        posted.clone().happened(person_erased(PERSON)).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::PersonErased);
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NothingToCorrect);
        wrong.session = SessionNumber::new(1);
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::SameAsRecorded);
        wrong.attendance = Attendance::Absent;
        posted.clone().effective_on(TODAY).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::EffectiveFixed);
        let bare = posted.clone().happened(pack(&[]));
        bare.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::MissingFigure);
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::GroundOfCertificate);
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::GroundOfHours);
        tested_run(80).when(TRAINER_STAFF, wrong).then_accepted();
        let missing = RecordAttendance { session: SessionNumber::new(1), ..attendance(1, Attendance::Present) };
        seated_run().after(TRAINER_STAFF, session(1, "A", 1)).when(TRAINER_STAFF, missing).then_accepted();
    }
}
