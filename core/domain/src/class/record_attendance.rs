//! Record whether a person was at a session. Source: Plan 3.3-5 (严格学员考勤管理).

use zhixin_events::class::AttendanceRecorded;
use zhixin_events::{Attendance, ClassId, PersonId, Position, SessionNumber, Subject};

use crate::access::Action;
use crate::class::completion::attendance_fits_awards;
use crate::class::run::{permitted_run, require_taught, seated};
use crate::class::state::AttendanceMark;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Records one attendance, once per person and session. It took place on the day of the session; a late entry is bounded like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAttendance {
    /// The run.
    pub class: ClassId,
    /// The session.
    pub session: SessionNumber,
    /// The person.
    pub person: PersonId,
    /// What is recorded.
    pub attendance: Attendance,
}

refusals! {
    /// Why an attendance is not recorded; beside these, the run must have been taught and the seat held.
    pub enum RecordAttendanceRefusal {
        /// Nobody attends what was not held.
        SessionNotHeld = "CLASS-0024" Conflict "no session with this number was held",
        /// What is recorded is corrected, not recorded again.
        AlreadyRecorded = "CLASS-0025" Conflict "the attendance is recorded already; correct it",
        /// Nobody attends before having a seat. Source: Plan 3.3-5.
        BeforeSeat = "CLASS-0038" Conflict "the session was held before the person took the seat",
    }
}

impl Decide for RecordAttendance {
    const NAME: &'static str = "record-attendance";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class), Subject::person(self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        require_taught(class, self.class)?;
        let trainee = seated(states, class, self.person)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        let not_held = || RecordAttendanceRefusal::SessionNotHeld.refusal().at("session").of(subject);
        let session = class.sessions.get(&self.session).ok_or_else(not_held)?;
        if trainee.attendance.contains_key(&self.session) {
            return Err(RecordAttendanceRefusal::AlreadyRecorded.refusal().of(person));
        }
        if session.held_on < trainee.seat_on() {
            return Err(RecordAttendanceRefusal::BeforeSeat.refusal().at("session").of(person).about(trainee.seat_on()));
        }
        let effective_on = inputs.dated(session.held_on, "session")?;
        if trainee.test().is_some() {
            let mark = AttendanceMark { attendance: self.attendance, position: Position::default(), effective_on };
            let mut after = trainee.clone();
            after.attendance.insert(self.session, mark);
            attendance_fits_awards(class, &after, self.class, self.person)?;
        }
        let event = AttendanceRecorded { class: self.class, session: self.session, person: self.person, attendance: self.attendance };
        Ok(Decision::one(NewEvent::new(event, effective_on, [subject, person])).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::CloseRun;
    use crate::class::completion::CompletionRefusal;
    use crate::class::run::RunRefusal;
    use crate::hours::PostHours;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, NOBODY, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, World, attendance, person_erased, register, seated_run,
        session, taught_run, test_of, tested_run,
    };

    fn held() -> World {
        seated_run().after(TRAINER_STAFF, session(1, "A", 3))
    }

    fn other() -> RecordAttendance {
        RecordAttendance { person: OTHER_PERSON, ..attendance(1, Attendance::Present) }
    }

    #[test]
    fn attendance_takes_place_on_the_day_of_the_session() {
        let decision = held().when(TRAINER_STAFF, attendance(1, Attendance::Excused)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert_eq!(event.effective_on, TODAY.plus_days(-3));
        let recorded = AttendanceRecorded { class: CLASS, session: SessionNumber::new(1), person: PERSON, attendance: Attendance::Excused };
        assert_eq!(event.event, recorded.into());
        let closed = held().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, attendance(1, Attendance::Present)).then_accepted();
    }

    #[test]
    fn attendance_is_refused_before_the_teaching() {
        seated_run().when(TRAINER_STAFF, attendance(1, Attendance::Present)).then_refused(RunRefusal::NotTaught);
    }

    #[test]
    fn attendance_is_refused_without_a_seat_or_of_nobody() {
        held().when(TRAINER_STAFF, other()).then_refused(RunRefusal::NoSeat);
        let nobody = RecordAttendance { person: PersonId::from_bytes(NOBODY), ..other() };
        held().when(TRAINER_STAFF, nobody).then_refused(CommonRefusal::UnknownSubject);
    }

    #[test]
    fn attendance_is_refused_of_an_erased_person() {
        held()
            .happened(person_erased(PERSON))
            .when(TRAINER_STAFF, attendance(1, Attendance::Present))
            .then_refused(CommonRefusal::PersonErased);
    }

    #[test]
    fn attendance_is_refused_at_a_session_that_was_not_held() {
        held().when(TRAINER_STAFF, attendance(2, Attendance::Present)).then_refused(RecordAttendanceRefusal::SessionNotHeld);
    }

    #[test]
    fn attendance_is_refused_when_recorded_twice() {
        held()
            .after(TRAINER_STAFF, attendance(1, Attendance::Present))
            .when(TRAINER_STAFF, attendance(1, Attendance::Absent))
            .then_refused(RecordAttendanceRefusal::AlreadyRecorded);
    }

    #[test]
    fn attendance_is_refused_at_a_session_before_the_seat_was_taken() {
        let late = held().after_on(TODAY.plus_days(-2), TRAINER_STAFF, register(OTHER_PERSON));
        late.when(TRAINER_STAFF, other()).then_refused(RecordAttendanceRefusal::BeforeSeat);
        held().after_on(TODAY.plus_days(-3), TRAINER_STAFF, register(OTHER_PERSON)).when(TRAINER_STAFF, other()).then_accepted();
    }

    #[test]
    fn attendance_is_refused_when_it_changes_posted_hours() {
        let posted =
            tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON }).after(TRAINER_STAFF, session(3, "A", 1));
        posted.when(TRAINER_STAFF, attendance(3, Attendance::Present)).then_refused(RunRefusal::GroundOfHours);
        posted.when(TRAINER_STAFF, attendance(3, Attendance::Absent)).then_accepted();
    }

    #[test]
    fn attendance_is_refused_after_the_test_passed() {
        let early =
            |points| taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(points)).after(TRAINER_STAFF, session(3, "A", 1));
        early(80).when(TRAINER_STAFF, attendance(3, Attendance::Present)).then_refused(CompletionRefusal::SessionAfterTest);
        early(80).when(TRAINER_STAFF, attendance(3, Attendance::Excused)).then_accepted();
        early(50).when(TRAINER_STAFF, attendance(3, Attendance::Present)).then_accepted();
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = RecordAttendance { session: SessionNumber::new(2), ..other() };
        seated_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        held().happened(person_erased(OTHER_PERSON)).when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::PersonErased);
        held().when(TRAINER_STAFF, wrong).then_refused(RunRefusal::NoSeat);
        held().when(TRAINER_STAFF, attendance(2, Attendance::Present)).then_refused(RecordAttendanceRefusal::SessionNotHeld);
        let recorded = held().after(TRAINER_STAFF, attendance(1, Attendance::Present)).effective_on(TODAY);
        recorded.when(TRAINER_STAFF, attendance(1, Attendance::Present)).then_refused(RecordAttendanceRefusal::AlreadyRecorded);
        let late = held().after(TRAINER_STAFF, register(OTHER_PERSON)).effective_on(TODAY);
        late.when(TRAINER_STAFF, other()).then_refused(RecordAttendanceRefusal::BeforeSeat);
        held().effective_on(TODAY).when(TRAINER_STAFF, attendance(1, Attendance::Present)).then_refused(CommonRefusal::EffectiveFixed);
        held().when(TRAINER_STAFF, attendance(1, Attendance::Present)).then_accepted();
    }
}
