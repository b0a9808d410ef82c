//! Correct a registration: the day on which the seat was taken, category, employer, title. Source: Plan 2-1, 4.2-1; ours: every correction stays visible.

use zhixin_events::class::{RegistrationAnnulled, TraineeRegistered};
use zhixin_events::{CivilDate, ClassId, ClassStatus, CorrectionGround, PersonId, Subject, TalentCategory};

use crate::access::Action;
use crate::class::employer::Employer;
use crate::class::open_run::OpenRunRefusal;
use crate::class::record_attendance::RecordAttendanceRefusal;
use crate::class::register_trainee::RegisterTraineeRefusal;
use crate::class::run::{Note, RunRefusal, note_line, permitted_run, plan_of, seated};
use crate::class::state::{ClassState, RunPlan, Seat, Trainee};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads, in_order};
use crate::rules::text::{NAME_CHARS, line_of_text};
use crate::{Refusal, States};

/// States the registration of somebody who holds a seat as it was: the recorded one is annulled and the right one told with its own date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectRegistration {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// The day on which the seat was taken.
    pub registered_on: CivilDate,
    /// Why the person counts among those the programme is for.
    pub category: Option<TalentCategory>,
    /// Employer; a code that the standard refuses only if it stands so in the record.
    pub employer: Option<Employer>,
    /// Level of the professional title, as written.
    pub title_level: Option<String>,
    /// Why.
    pub ground: CorrectionGround,
    /// Why, as typed.
    pub note: Note,
}

impl Decide for CorrectRegistration {
    const NAME: &'static str = "correct-registration";

    fn reads(&self, loaded: &States) -> Reads {
        let mut wanted = vec![Subject::class(self.class), Subject::person(self.person), Subject::seat(self.class, self.person)];
        wanted.extend(plan_of(loaded, self.class).map(|plan| Subject::trainer(plan.trainer)));
        wanted.extend(self.employer.as_ref().and_then(Employer::registered).map(Subject::organisation));
        Reads::subjects(loaded, wanted)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::EnrolTrainees)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        let note = note_line(&self.note)?;
        let recorded = class.trainees.get(&self.person).and_then(Trainee::seat).and_then(|seat| seat.employer_stated.as_ref());
        let employer = Employer::told(self.employer.as_ref(), states, false, recorded)?;
        let title_level = self.title_level.as_ref().map(|level| line_of_text(level, NAME_CHARS, "title_level")).transpose()?;
        if !matches!(class.status(), Some(ClassStatus::Open | ClassStatus::Teaching | ClassStatus::Closed)) {
            return Err(RegisterTraineeRefusal::NotOpen.refusal().of(subject));
        }
        let trainee = seated(states, class, self.person)?;
        let seat = trainee.seat().ok_or_else(|| RunRefusal::NoSeat.refusal().of(person))?;
        let same_day = seat.taken_on == self.registered_on;
        let same_employer = seat.employer == employer.registered && seat.employer_stated == employer.stated;
        if same_day && same_employer && seat.category == self.category && seat.title_level == title_level {
            return Err(RunRefusal::SameAsRecorded.refusal().of(person));
        }
        inputs.corrected(self.registered_on, seat.taken_on, "registered_on")?;
        self.fit_day(states, (class, plan), (trainee, seat))?;
        let subjects = [subject, person, Subject::seat(self.class, self.person)];
        let annulled = RegistrationAnnulled { class: self.class, person: self.person, ground: self.ground, corrects: seat.position.0 };
        let annulled = NewEvent::new(annulled, seat.taken_on, subjects).caused_by(seat.position);
        let told = TraineeRegistered {
            class: self.class,
            person: self.person,
            category: self.category,
            employer: employer.registered,
            employer_stated: employer.stated,
            title_level,
            job: None,
        };
        let told = NewEvent::new(told, self.registered_on, subjects).caused_by(seat.position);
        let told = told.sealing_some("employer_override_reason", person, employer.override_reason);
        let events = vec![annulled.sealing_some("note", Subject::account(inputs.actor), note), told];
        Ok(Decision::many(events).in_story_of(class.first_position))
    }
}

impl CorrectRegistration {
    /// Refuses a day on which the seat could not have been taken, or after what the person did on it.
    fn fit_day(&self, states: &States, (class, plan): (&ClassState, &RunPlan), (trainee, seat): (&Trainee, &Seat)) -> Result<(), Refusal> {
        let (subject, person, on) = (Subject::class(self.class), Subject::person(self.person), self.registered_on);
        in_order(on, class.begun_on(), subject)?;
        in_order(on, trainee.left_on.unwrap_or(on), person)?;
        if let Some((_, closed_on)) = class.closing().filter(|(_, closed_on)| *closed_on < on) {
            return Err(RegisterTraineeRefusal::AfterClosing.refusal().of(subject).about(closed_on));
        }
        if !states.trainer(plan.trainer, "class")?.may_enrol(plan.occupation, plan.starts_on, on) {
            return Err(OpenRunRefusal::TrainerNotListed.refusal().of(Subject::trainer(plan.trainer)).about(on));
        }
        let at_sessions = trainee.attendance.keys().filter_map(|number| class.sessions.get(number)).map(|session| session.held_on);
        if let Some(held_on) = at_sessions.filter(|held_on| *held_on >= seat.taken_on && *held_on < on).min() {
            return Err(RecordAttendanceRefusal::BeforeSeat.refusal().at("registered_on").of(person).about(held_on));
        }
        for test in trainee.tests.iter().filter(|test| test.effective_on >= seat.taken_on) {
            in_order(test.effective_on, on, person)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CloseRun, EmployerDescription, RegisterTrainee, StartRosterImport, WithdrawTrainee};
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, NOBODY, OTHER_ORGANISATION, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, person_erased, planned_run, register,
        seated_run, secret, taught_run, test_of, trainer_removed,
    };
    use zhixin_events::class::ClassEvent;
    use zhixin_events::field::Digest32;
    use zhixin_events::{Event, JobId, OrganisationId, WithdrawalGround};

    fn correct(days_ago: i32) -> CorrectRegistration {
        CorrectRegistration {
            class: CLASS,
            person: PERSON,
            registered_on: TODAY.plus_days(days_ago.saturating_neg()),
            category: None,
            employer: None,
            title_level: None,
            ground: CorrectionGround::Mistyped,
            note: None,
        }
    }

    /// Its check character is wrong.
    const WRONG_CODE: &str = "91350100M000100Y42";

    fn stated(uscc: &str, reason: Option<&str>) -> Employer {
        let (name, uscc) = (Some("某研究所".to_owned()), Some(uscc.to_owned()));
        Employer::Described(EmployerDescription { name, uscc, override_reason: reason.map(secret) })
    }

    fn close() -> CloseRun {
        CloseRun { class: CLASS, closed_on: TODAY, late: None }
    }

    #[test]
    fn registration_is_annulled_at_its_date_and_told_anew_at_its_own() {
        let (category, employer, note) = (Some(TalentCategory::Backbone), Some(OTHER_ORGANISATION), Some(secret("单位填错")));
        let told = employer.map(Employer::Registered);
        let command = CorrectRegistration { category, employer: told, note, ..correct(25) };
        let decision = taught_run().after(TRAINER_STAFF, close()).when(TRAINER_STAFF, command).then_accepted();
        let [annulled, told] = decision.events.as_slice() else { panic!("two events") };
        assert!(matches!(&annulled.event, Event::Class(ClassEvent::RegistrationAnnulled(event)) if event.person == PERSON));
        assert_eq!((annulled.effective_on, annulled.sealed.len()), (TODAY.plus_days(-20), 1));
        let registered =
            TraineeRegistered { class: CLASS, person: PERSON, category, employer, employer_stated: None, title_level: None, job: None };
        assert_eq!((&told.event, told.effective_on), (&registered.into(), TODAY.plus_days(-25)));
        let corrected = seated_run().after(TRAINER_STAFF, correct(25));
        corrected.when(TRAINER_STAFF, register(PERSON)).then_refused(RegisterTraineeRefusal::AlreadySeated);
        corrected.when(TRAINER_STAFF, correct(20)).then_accepted();
    }

    #[test]
    fn employer_and_title_are_corrected_and_a_code_taken_with_a_reason_stands() {
        let job = JobId::from_bytes([7, 7, 7, 7, 2, 0]);
        let importing = seated_run().after(TRAINER_STAFF, StartRosterImport { class: CLASS, rows: 1, file_digest: Digest32([1; 32]) });
        let (employer, person) = (Some(stated(WRONG_CODE, Some("证书如此"))), OTHER_PERSON);
        let imported = importing.after(TRAINER_STAFF, RegisterTrainee { job: Some(job), employer, ..register(person) });
        let mend = |employer, title_level: &str| CorrectRegistration {
            person,
            registered_on: TODAY,
            employer: Some(employer),
            title_level: Some(title_level.to_owned()),
            ..correct(0)
        };
        let told = imported.when(TRAINER_STAFF, mend(stated(WRONG_CODE, None), "中级")).then_accepted();
        let Some(Event::Class(ClassEvent::TraineeRegistered(event))) = told.events.last().map(|told| &told.event) else { panic!("other") };
        assert!(event.title_level.as_deref() == Some("中级") && event.employer_stated.as_ref().is_some_and(|stated| stated.uscc_override));
        // Another code that the standard refuses is not taken, with a reason or without.
        let other = |reason| mend(stated("91350100M000100Y44", reason), "中级");
        imported.when(TRAINER_STAFF, other(None)).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        imported.when(TRAINER_STAFF, other(Some("证书如此"))).then_refused(RegisterTraineeRefusal::OverrideOutsideImport);
        let corrected = imported.after(TRAINER_STAFF, mend(stated("91350100M000100Y43", None), "中级"));
        let again = mend(stated("91350100M000100Y43", None), "中级");
        corrected.when(TRAINER_STAFF, again).then_refused(RunRefusal::SameAsRecorded);
        corrected.when(TRAINER_STAFF, mend(stated(WRONG_CODE, None), "中级")).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        corrected.when(TRAINER_STAFF, mend(stated("91350100M000100Y43", None), "高级")).then_accepted();
    }

    #[test]
    fn registration_is_refused_when_nothing_stands_or_nothing_changes() {
        seated_run().when(TRAINER_STAFF, CorrectRegistration { person: OTHER_PERSON, ..correct(20) }).then_refused(RunRefusal::NoSeat);
        seated_run().when(TRAINER_STAFF, correct(20)).then_refused(RunRefusal::SameAsRecorded);
        let unknown = CorrectRegistration { employer: Some(Employer::Registered(OrganisationId::from_bytes(NOBODY))), ..correct(20) };
        seated_run().when(TRAINER_STAFF, unknown).then_refused(CommonRefusal::UnknownSubject);
        seated_run().happened(person_erased(PERSON)).when(TRAINER_STAFF, correct(21)).then_refused(CommonRefusal::PersonErased);
    }

    #[test]
    fn registration_is_refused_on_a_day_that_does_not_fit() {
        seated_run().when(TRAINER_STAFF, correct(-1)).then_refused(CommonRefusal::EffectiveInFuture);
        seated_run().when(TRAINER_STAFF, correct(81)).then_refused(CommonRefusal::EffectiveTooEarly);
        seated_run().when(TRAINER_STAFF, correct(31)).then_refused(CommonRefusal::OutOfOrder);
        taught_run().when(TRAINER_STAFF, correct(2)).then_refused(RecordAttendanceRefusal::BeforeSeat);
        taught_run().when(TRAINER_STAFF, correct(3)).then_accepted();
        let closed = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, register(OTHER_PERSON));
        let closed = closed.after(TRAINER_STAFF, CloseRun { closed_on: TODAY.plus_days(-1), ..close() });
        let other = CorrectRegistration { person: OTHER_PERSON, ..correct(0) };
        closed.when(TRAINER_STAFF, other).then_refused(RegisterTraineeRefusal::AfterClosing);
        let tested = seated_run().happened(NewEvent::new(
            zhixin_events::class::CompletionTestRecorded {
                class: CLASS,
                person: PERSON,
                points: zhixin_events::Points::new(10),
                passed: false,
                pass_mark: zhixin_events::Points::new(60),
                hours_attended: zhixin_events::HoursTenths::new(160),
            },
            TODAY.plus_days(-5),
            [Subject::class(CLASS), Subject::person(PERSON)],
        ));
        tested.when(TRAINER_STAFF, correct(4)).then_refused(CommonRefusal::OutOfOrder);
        tested.when(TRAINER_STAFF, correct(5)).then_accepted();
        let withdraw = WithdrawTrainee { class: CLASS, person: PERSON, ground: WithdrawalGround::Asked, note: None };
        let left = seated_run().after_on(TODAY.plus_days(-15), TRAINER_STAFF, withdraw);
        let back = left.after_on(
            TODAY.plus_days(-10),
            TRAINER_STAFF,
            RegisterTrainee { category: Some(TalentCategory::HighLevel), ..register(PERSON) },
        );
        back.when(TRAINER_STAFF, correct(16)).then_refused(CommonRefusal::OutOfOrder);
        back.when(TRAINER_STAFF, correct(15)).then_accepted();
        seated_run().happened(trainer_removed()).when(TRAINER_STAFF, correct(0)).then_refused(OpenRunRefusal::TrainerNotListed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = CorrectRegistration {
            person: OTHER_PERSON,
            employer: Some(Employer::Registered(OrganisationId::from_bytes(NOBODY))),
            note: Some(secret("")),
            ..correct(-1)
        };
        planned_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.note = None;
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::UnknownSubject);
        wrong.employer = Some(stated(WRONG_CODE, None));
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RegisterTraineeRefusal::EmployerCodeUnfit);
        wrong.employer = None;
        wrong.title_level = Some(String::new());
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.title_level = None;
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RegisterTraineeRefusal::NotOpen);
        let taught = taught_run().happened(trainer_removed());
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NoSeat);
        wrong.person = PERSON;
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::EffectiveInFuture);
        wrong.registered_on = TODAY.plus_days(-31);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::OutOfOrder);
        wrong.registered_on = TODAY;
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(OpenRunRefusal::TrainerNotListed);
        taught_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RecordAttendanceRefusal::BeforeSeat);
        wrong.registered_on = TODAY.plus_days(-25);
        taught_run().after(TRAINER_STAFF, test_of(80)).when(TRAINER_STAFF, wrong).then_accepted();
    }
}
