//! Take back a session that was recorded but never held. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::SessionAnnulled;
use zhixin_events::{ClassId, CorrectionGround, SessionNumber, Subject};

use crate::access::Action;
use crate::class::completion::keeps_awards;
use crate::class::run::{Note, RunRefusal, note_line, permitted_run, reads_class_and_plan, require_taught};
use crate::class::state::ClassState;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::{Refusal, States};

/// Annuls a session: its hours and attendances count for nothing and its number stays used. It carries the date of what it corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnulSession {
    /// The run.
    pub class: ClassId,
    /// The session.
    pub session: SessionNumber,
    /// Why.
    pub ground: CorrectionGround,
    /// Why, as typed.
    pub note: Note,
}

impl Decide for AnnulSession {
    const NAME: &'static str = "annul-session";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_plan(loaded, self.class)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let note = note_line(&self.note)?;
        require_taught(class, self.class)?;
        let session = class.sessions.get(&self.session).ok_or_else(|| no_session(self.class))?;
        inputs.fixed(session.held_on)?;
        let event = annulled(inputs, class, (self.class, self.session), (self.ground, note), None)?;
        keeps_awards(states, inputs, (class, plan), std::slice::from_ref(&event), self.class)?;
        if class.closing().is_some() && class.sessions.len() == 1 {
            return Err(RunRefusal::GroundOfClosing.refusal().of(Subject::class(self.class)));
        }
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

/// No session with the number stands.
pub(crate) fn no_session(class: ClassId) -> Refusal {
    RunRefusal::NothingToCorrect.refusal().at("session").of(Subject::class(class))
}

/// The event that takes a session back.
///
/// # Errors
/// `CLASS-0008`.
pub(crate) fn annulled(
    inputs: &Inputs<'_>,
    class: &ClassState,
    (id, session): (ClassId, SessionNumber),
    (ground, note): (CorrectionGround, Note),
    moved_to: Option<SessionNumber>,
) -> Result<NewEvent, Refusal> {
    let recorded = class.sessions.get(&session).ok_or_else(|| no_session(id))?;
    let (held_on, corrects) = (recorded.held_on, recorded.position);
    let event = SessionAnnulled { class: id, session, held_on, moved_to, ground, corrects: corrects.0 };
    let event = NewEvent::new(event, held_on, [Subject::class(id)]).caused_by(corrects);
    Ok(event.sealing_some("note", Subject::account(inputs.actor), note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::hold_session::HoldSessionRefusal;
    use crate::class::record_attendance::RecordAttendanceRefusal;
    use crate::class::{CloseRun, HoldSession, RecordAttendance};
    use crate::hours::PostHours;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, World, attendance, certified_run, seated_run, secret, session, taught_run,
        tested_run,
    };
    use zhixin_events::{Attendance, HoursTenths, Position};

    fn annul(session: u16) -> AnnulSession {
        AnnulSession { class: CLASS, session: SessionNumber::new(session), ground: CorrectionGround::NeverHappened, note: None }
    }

    /// A third session that nobody attended.
    fn with_third(world: World) -> World {
        world.after(TRAINER_STAFF, HoldSession { hours: HoursTenths::new(10), ..session(3, "A", 1) })
    }

    #[test]
    fn session_is_annulled_at_its_date_and_its_number_stays_used() {
        let noted = AnnulSession { note: Some(secret("当天停课")), ..annul(3) };
        let decision = with_third(taught_run()).when(TRAINER_STAFF, noted).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let zhixin_events::Event::Class(zhixin_events::class::ClassEvent::SessionAnnulled(told)) = &event.event else {
            panic!("another event")
        };
        assert_eq!((event.effective_on, told.held_on, told.moved_to), (TODAY.plus_days(-1), TODAY.plus_days(-1), None));
        assert_eq!(event.causation, Some(Position(told.corrects)));
        let [field] = event.sealed.as_slice() else { panic!("one sealed field") };
        assert_eq!((field.field, field.holder), ("note", Subject::account(TRAINER_STAFF.0)));
        let annulled = with_third(taught_run()).after(TRAINER_STAFF, annul(3));
        annulled.when(TRAINER_STAFF, session(3, "A", 1)).then_refused(HoldSessionRefusal::NumberUsed);
        annulled.when(TRAINER_STAFF, attendance(3, Attendance::Present)).then_refused(RecordAttendanceRefusal::SessionNotHeld);
        annulled.when(TRAINER_STAFF, annul(3)).then_refused(RunRefusal::NothingToCorrect);
        // Its hours fill its day no longer.
        annulled.when(TRAINER_STAFF, session(4, "A", 1)).then_accepted();
    }

    #[test]
    fn run_whose_only_session_is_annulled_waits_for_one_again() {
        let opened = seated_run().after(TRAINER_STAFF, session(1, "A", 1)).after(TRAINER_STAFF, annul(1));
        opened
            .when(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None })
            .then_refused(crate::class::close_run::CloseRunRefusal::NotTeaching);
        opened.when(TRAINER_STAFF, session(2, "A", 1)).then_accepted();
    }

    #[test]
    fn session_is_refused_while_a_test_certificate_or_hours_rest_on_it() {
        tested_run(80).when(TRAINER_STAFF, annul(1)).then_refused(RunRefusal::GroundOfTest);
        certified_run().when(TRAINER_STAFF, annul(1)).then_refused(RunRefusal::GroundOfCertificate);
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, annul(1)).then_refused(RunRefusal::GroundOfHours);
        with_third(certified_run()).when(TRAINER_STAFF, annul(3)).then_accepted();
    }

    #[test]
    fn session_is_refused_that_a_closed_run_needs() {
        let closed = seated_run()
            .after(TRAINER_STAFF, session(1, "A", 1))
            .after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, annul(1)).then_refused(RunRefusal::GroundOfClosing);
        let two = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        two.when(TRAINER_STAFF, annul(1)).then_accepted();
    }

    /// Who missed the annulled session is measured without it.
    #[test]
    fn attendance_at_an_annulled_session_neither_helps_nor_harms() {
        let missed = with_third(taught_run()).after(TRAINER_STAFF, HoldSession { hours: HoursTenths::new(70), ..session(4, "A", 1) });
        let missed = missed.after(TRAINER_STAFF, RecordAttendance { session: SessionNumber::new(4), ..attendance(4, Attendance::Absent) });
        let test = crate::scenario::test_of(80);
        missed.when(TRAINER_STAFF, test.clone()).then_refused(crate::class::completion::CompletionRefusal::AttendanceTooLow);
        missed.after(TRAINER_STAFF, annul(4)).when(TRAINER_STAFF, test).then_accepted();
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = AnnulSession { note: Some(secret("")), ..annul(9) };
        seated_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.note = None;
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        let world = certified_run().effective_on(TODAY);
        world.when(TRAINER_STAFF, wrong).then_refused(RunRefusal::NothingToCorrect);
        world.when(TRAINER_STAFF, annul(1)).then_refused(CommonRefusal::EffectiveFixed);
        certified_run().when(TRAINER_STAFF, annul(1)).then_refused(RunRefusal::GroundOfCertificate);
        taught_run().when(TRAINER_STAFF, annul(1)).then_accepted();
    }
}
