//! Correct a recorded session, also after the run was closed. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::{AttendanceRecorded, SessionCorrected, SessionHeld};
use zhixin_events::{CivilDate, ClassId, CorrectionGround, DeliveryMode, HoursTenths, SessionNumber, Subject};

use crate::access::Action;
use crate::class::annul_session::{annulled, no_session};
use crate::class::close_run::CloseRunRefusal;
use crate::class::completion::keeps_awards;
use crate::class::hold_session::{HoldSessionRefusal, SESSIONS_MAX, fit_day, fit_module};
use crate::class::record_attendance::RecordAttendanceRefusal;
use crate::class::run::{Note, RunRefusal, note_line, permitted_run, reads_class_and_plan, require_taught};
use crate::class::state::{ClassState, Session, Trainee};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Most attendances that go with a session to another day: they are told anew in one commit, which has at most a thousand events.
pub const MARKS_MAX: usize = 900;

/// States a session as it was. On the same day it carries the date of what it corrects. On another day it is another session: the recorded one
/// is annulled, and it stands, with its attendances, under the next number on the day on which it was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectSession {
    /// The run.
    pub class: ClassId,
    /// The session.
    pub session: SessionNumber,
    /// The day.
    pub held_on: CivilDate,
    /// Code of the module taught.
    pub module: String,
    /// Hours it counts for.
    pub hours: HoursTenths,
    /// How it was held.
    pub mode: DeliveryMode,
    /// Why.
    pub ground: CorrectionGround,
    /// Why, as typed.
    pub note: Note,
}

refusals! {
    /// Why a session is not corrected; beside these, it must be held, and what it is to be must be what a session may be.
    pub enum CorrectSessionRefusal {
        /// Another day tells every attendance anew. Source: ours; the limit of a commit.
        TooManyToMove = "CLASS-0043" Rule "more attendances are recorded than can go with the session to another day",
    }
}

impl Decide for CorrectSession {
    const NAME: &'static str = "correct-session";

    fn reads(&self, loaded: &States) -> Reads {
        let first = reads_class_and_plan(loaded, self.class);
        let Ok(class) = loaded.class(self.class, "class") else { return first };
        // On another day everybody who is recorded at it is told of anew.
        let moved = class.sessions.get(&self.session).is_some_and(|session| session.held_on != self.held_on);
        let attended = class.trainees.iter().filter(|(_, trainee)| moved && trainee.attendance.contains_key(&self.session));
        let plan = class.plan.as_ref().map(|plan| [Subject::trainer(plan.trainer), Subject::occupation(plan.occupation)]);
        Reads::subjects(loaded, plan.into_iter().flatten().chain(attended.take(MARKS_MAX).map(|(person, _)| Subject::person(*person))))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let (note, subject) = (note_line(&self.note)?, Subject::class(self.class));
        require_taught(class, self.class)?;
        let recorded = class.sessions.get(&self.session).ok_or_else(|| no_session(self.class))?;
        if (recorded.held_on, &recorded.module, recorded.hours, recorded.mode) == (self.held_on, &self.module, self.hours, self.mode) {
            return Err(RunRefusal::SameAsRecorded.refusal().at("session").of(subject));
        }
        fit_module(plan, &self.module, subject)?;
        inputs.corrected(self.held_on, recorded.held_on, "held_on")?;
        if let Some((_, closed_on)) = class.closing().filter(|(_, closed_on)| self.held_on > *closed_on) {
            return Err(CloseRunRefusal::BeforeLastSession.refusal().at("held_on").about(closed_on));
        }
        let mut others = class.clone();
        others.sessions.remove(&self.session);
        fit_day(states, inputs, (&others, plan), (self.held_on, self.hours), subject)?;
        let events = if self.held_on == recorded.held_on {
            vec![self.corrected(inputs, recorded, note)]
        } else {
            self.moved(inputs, class, recorded, note)?
        };
        keeps_awards(states, inputs, (class, plan), &events, self.class)?;
        Ok(Decision::many(events).in_story_of(class.first_position))
    }
}

impl CorrectSession {
    fn corrected(&self, inputs: &Inputs<'_>, recorded: &Session, note: Note) -> NewEvent {
        let event = SessionCorrected {
            class: self.class,
            session: self.session,
            module_before: recorded.module.clone(),
            hours_before: recorded.hours,
            mode_before: recorded.mode,
            module: self.module.clone(),
            hours: self.hours,
            mode: self.mode,
            ground: self.ground,
            corrects: recorded.position.0,
        };
        let event = NewEvent::new(event, recorded.held_on, [Subject::class(self.class)]).caused_by(recorded.position);
        event.sealing_some("note", Subject::account(inputs.actor), note)
    }

    /// The session taken back, and told anew with its attendances on the day on which it was held.
    fn moved(&self, inputs: &Inputs<'_>, class: &ClassState, recorded: &Session, note: Note) -> Result<Vec<NewEvent>, Refusal> {
        let subject = Subject::class(self.class);
        let last = class.sessions.keys().chain(class.annulled.keys()).max().map_or(0, |number| number.get());
        let number = SessionNumber::new(last.saturating_add(1));
        if number.get() > SESSIONS_MAX {
            return Err(HoldSessionRefusal::NumberUnfit.refusal().at("session").of(subject));
        }
        if class.trainees.values().filter(|trainee| trainee.attendance.contains_key(&self.session)).count() > MARKS_MAX {
            return Err(CorrectSessionRefusal::TooManyToMove.refusal().of(subject).about(MARKS_MAX.to_string()));
        }
        let held = SessionHeld {
            class: self.class,
            session: number,
            held_on: self.held_on,
            module: self.module.clone(),
            hours: self.hours,
            mode: self.mode,
        };
        let mut events = vec![
            annulled(inputs, class, (self.class, self.session), (self.ground, note), Some(number))?,
            NewEvent::new(held, self.held_on, [subject]).caused_by(recorded.position),
        ];
        for (person, trainee) in &class.trainees {
            let Some(mark) = trainee.attendance.get(&self.session) else { continue };
            if !self.has_seat(trainee, recorded.held_on) {
                let refusal = RecordAttendanceRefusal::BeforeSeat.refusal().at("held_on").of(Subject::person(*person));
                return Err(refusal.about(trainee.seat_on()));
            }
            let told = AttendanceRecorded { class: self.class, session: number, person: *person, attendance: mark.attendance };
            events.push(NewEvent::new(told, self.held_on, [subject, Subject::person(*person)]).caused_by(mark.position));
        }
        Ok(events)
    }

    /// Whether a seat that was held on the recorded day was held on the right one too: the last change of the seat does not lie between them.
    fn has_seat(&self, trainee: &Trainee, recorded_on: CivilDate) -> bool {
        let same_side = if trainee.seat().is_some() {
            (recorded_on < trainee.seat_on()) == (self.held_on < trainee.seat_on())
        } else {
            self.held_on <= trainee.seat_on()
        };
        same_side && self.held_on >= trainee.enrolled_on()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::completion::CompletionRefusal;
    use crate::class::open_run::OpenRunRefusal;
    use crate::class::{CloseRun, WithdrawTrainee};
    use crate::hours::PostHours;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, NATIONAL, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, World, attendance, certified_run, register, seated_run,
        secret, session, taught_run, test_of, tested_run, trainer_removed,
    };
    use zhixin_events::class::{ClassEvent, TraineeRegistered};
    use zhixin_events::{Attendance, Event, PersonId, Position, RevocationGround, WithdrawalGround};

    /// The second session of the taught run, as it was recorded.
    fn second() -> CorrectSession {
        CorrectSession {
            class: CLASS,
            session: SessionNumber::new(2),
            held_on: TODAY.plus_days(-2),
            module: "B".to_owned(),
            hours: HoursTenths::new(80),
            mode: DeliveryMode::InPerson,
            ground: CorrectionGround::Mistyped,
            note: None,
        }
    }

    fn on_day(days_ago: i32) -> CorrectSession {
        CorrectSession { held_on: TODAY.plus_days(days_ago.saturating_neg()), ..second() }
    }

    fn for_hours(hours: u32) -> CorrectSession {
        CorrectSession { hours: HoursTenths::new(hours), ..second() }
    }

    #[test]
    fn session_is_corrected_at_its_date_and_says_what_was_recorded() {
        let command = CorrectSession { note: Some(secret("看错行")), mode: DeliveryMode::Online, ..for_hours(70) };
        let decision = taught_run().when(TRAINER_STAFF, command).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let Event::Class(ClassEvent::SessionCorrected(told)) = &event.event else { panic!("another event") };
        assert_eq!(
            (told.hours_before.get(), told.hours.get(), told.mode_before, told.mode),
            (80, 70, DeliveryMode::InPerson, DeliveryMode::Online)
        );
        assert_eq!((event.effective_on, event.causation), (TODAY.plus_days(-2), Some(Position(told.corrects))));
        assert_eq!(event.sealed.len(), 1);
        // With ten tenths less the hours are too few, and with them again they suffice.
        let corrected = taught_run().after(TRAINER_STAFF, for_hours(70));
        corrected.when(TRAINER_STAFF, test_of(80)).then_refused(CompletionRefusal::HoursMissing);
        corrected.after(TRAINER_STAFF, second()).when(TRAINER_STAFF, test_of(80)).then_accepted();
    }

    #[test]
    fn session_of_another_day_is_annulled_and_told_anew_with_its_attendances() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        let decision = closed.when(TRAINER_STAFF, on_day(1)).then_accepted();
        let [annulled, held, attended] = decision.events.as_slice() else { panic!("three events") };
        let Event::Class(ClassEvent::SessionAnnulled(told)) = &annulled.event else { panic!("another event") };
        assert_eq!((told.held_on, told.moved_to, annulled.effective_on), (TODAY.plus_days(-2), Some(SessionNumber::new(3)), told.held_on));
        let Event::Class(ClassEvent::SessionHeld(told)) = &held.event else { panic!("another event") };
        assert_eq!((told.session.get(), told.held_on, held.effective_on), (3, TODAY.plus_days(-1), TODAY.plus_days(-1)));
        let Event::Class(ClassEvent::AttendanceRecorded(told)) = &attended.event else { panic!("another event") };
        assert_eq!((told.session.get(), told.person, told.attendance), (3, PERSON, Attendance::Present));
        assert_eq!(attended.effective_on, TODAY.plus_days(-1));
        closed.after(TRAINER_STAFF, on_day(1)).when(TRAINER_STAFF, test_of(80)).then_accepted();
    }

    #[test]
    fn session_is_refused_when_nothing_stands_or_nothing_changes() {
        let nothing = CorrectSession { session: SessionNumber::new(3), ..second() };
        taught_run().when(TRAINER_STAFF, nothing).then_refused(RunRefusal::NothingToCorrect);
        taught_run().when(TRAINER_STAFF, second()).then_refused(RunRefusal::SameAsRecorded);
        let moved = taught_run().after(TRAINER_STAFF, on_day(1));
        moved.when(TRAINER_STAFF, on_day(0)).then_refused(RunRefusal::NothingToCorrect);
    }

    #[test]
    fn session_is_refused_that_could_not_have_been_recorded() {
        let module = CorrectSession { module: "C".to_owned(), ..second() };
        taught_run().when(TRAINER_STAFF, module).then_refused(HoldSessionRefusal::ModuleUnknown);
        taught_run().when(TRAINER_STAFF, on_day(-1)).then_refused(CommonRefusal::EffectiveInFuture);
        taught_run().when(TRAINER_STAFF, on_day(63)).then_refused(CommonRefusal::EffectiveTooEarly);
        taught_run().when(TRAINER_STAFF, on_day(62)).then_refused(HoldSessionRefusal::BeforeStart);
        // The day of the first session is full; its own hours do not count against it.
        taught_run().when(TRAINER_STAFF, on_day(3)).then_refused(HoldSessionRefusal::HoursUnfit);
        taught_run().when(TRAINER_STAFF, for_hours(81)).then_refused(HoldSessionRefusal::HoursUnfit);
        taught_run().when(TRAINER_STAFF, for_hours(0)).then_refused(HoldSessionRefusal::HoursUnfit);
        let removed = taught_run().happened(trainer_removed());
        removed.when(TRAINER_STAFF, on_day(0)).then_refused(OpenRunRefusal::TrainerNotListed);
        removed.when(TRAINER_STAFF, on_day(1)).then_accepted();
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY.plus_days(-1), late: None });
        closed.when(TRAINER_STAFF, on_day(0)).then_refused(CloseRunRefusal::BeforeLastSession);
        closed.when(TRAINER_STAFF, on_day(1)).then_accepted();
    }

    #[test]
    fn session_is_refused_while_a_test_certificate_or_hours_rest_on_it() {
        tested_run(80).when(TRAINER_STAFF, for_hours(70)).then_refused(RunRefusal::GroundOfTest);
        tested_run(10).when(TRAINER_STAFF, for_hours(70)).then_refused(RunRefusal::GroundOfTest);
        certified_run().when(TRAINER_STAFF, for_hours(70)).then_refused(RunRefusal::GroundOfCertificate);
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, for_hours(70)).then_refused(RunRefusal::GroundOfHours);
        posted
            .after(
                NATIONAL,
                crate::hours::ReverseHours { class: CLASS, person: PERSON, ground: RevocationGround::FactsCorrected, note: None },
            )
            .when(TRAINER_STAFF, for_hours(70))
            .then_refused(RunRefusal::GroundOfTest);
        certified_run().when(TRAINER_STAFF, on_day(1)).then_accepted();
        let early = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, test_of(80));
        early.when(TRAINER_STAFF, on_day(1)).then_refused(CompletionRefusal::SessionAfterTest);
    }

    /// A session that the person missed, made longer, sinks the share below what the test needed.
    #[test]
    fn session_is_refused_when_it_sinks_the_share_of_somebody_tested() {
        let short = crate::class::HoldSession { hours: HoursTenths::new(10), ..session(3, "A", 1) };
        let longer = CorrectSession { session: SessionNumber::new(3), held_on: TODAY.plus_days(-1), ..for_hours(80) };
        let tested = taught_run().after(TRAINER_STAFF, short).after(TRAINER_STAFF, test_of(80));
        tested.when(TRAINER_STAFF, longer.clone()).then_refused(RunRefusal::GroundOfTest);
        let posted = tested.after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, longer).then_refused(RunRefusal::GroundOfHours);
    }

    fn absent(world: World) -> World {
        let absent = crate::class::RecordAttendance { person: OTHER_PERSON, ..attendance(2, Attendance::Absent) };
        world.after(TRAINER_STAFF, absent)
    }

    #[test]
    fn session_is_refused_on_a_day_on_which_somebody_recorded_at_it_had_no_seat() {
        let late = absent(taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, register(OTHER_PERSON)));
        late.when(TRAINER_STAFF, on_day(5)).then_refused(RecordAttendanceRefusal::BeforeSeat);
        late.when(TRAINER_STAFF, on_day(1)).then_accepted();
        let left = absent(taught_run().after_on(TODAY.plus_days(-6), TRAINER_STAFF, register(OTHER_PERSON)));
        let left = left.after_on(
            TODAY.plus_days(-1),
            TRAINER_STAFF,
            WithdrawTrainee { class: CLASS, person: OTHER_PERSON, ground: WithdrawalGround::Asked, note: None },
        );
        left.when(TRAINER_STAFF, on_day(0)).then_refused(RecordAttendanceRefusal::BeforeSeat);
        left.when(TRAINER_STAFF, on_day(1)).then_accepted();
        left.when(TRAINER_STAFF, on_day(7)).then_refused(RecordAttendanceRefusal::BeforeSeat);
    }

    #[test]
    fn session_is_refused_with_more_attendances_than_a_commit_can_tell_anew() {
        let attended = |count: usize| {
            (0..count).fold(taught_run(), |world, number| {
                let [.., high, low] = number.to_be_bytes();
                let person = PersonId::from_bytes([8, 0, 0, 0, high, low]);
                let (class, session, subjects) = (CLASS, SessionNumber::new(2), [Subject::class(CLASS), Subject::person(person)]);
                let registered = TraineeRegistered {
                    class,
                    person,
                    category: None,
                    employer: None,
                    employer_stated: None,
                    title_level: None,
                    job: None,
                };
                let attended = AttendanceRecorded { class, session, person, attendance: Attendance::Present };
                let world = world.happened(NewEvent::new(registered, TODAY.plus_days(-20), subjects));
                world.happened(NewEvent::new(attended, TODAY.plus_days(-2), subjects))
            })
        };
        attended(MARKS_MAX).when(TRAINER_STAFF, on_day(1)).then_refused(CorrectSessionRefusal::TooManyToMove);
        let decision = attended(MARKS_MAX - 1).when(TRAINER_STAFF, on_day(1)).then_accepted();
        assert_eq!(decision.events.len(), MARKS_MAX + 2);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let mut wrong = CorrectSession { note: Some(secret("")), module: "C".to_owned(), held_on: TODAY.plus_days(1), ..for_hours(0) };
        seated_run().when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::TextUnfit);
        wrong.note = None;
        seated_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::NotTaught);
        let world =
            certified_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None }).happened(trainer_removed());
        world
            .when(TRAINER_STAFF, CorrectSession { session: SessionNumber::new(9), ..wrong.clone() })
            .then_refused(RunRefusal::NothingToCorrect);
        world.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::ModuleUnknown);
        wrong.module = "B".to_owned();
        world.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::EffectiveInFuture);
        wrong.held_on = TODAY;
        world.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::HoursUnfit);
        wrong.hours = HoursTenths::new(70);
        world.when(TRAINER_STAFF, wrong.clone()).then_refused(OpenRunRefusal::TrainerNotListed);
        wrong.held_on = TODAY.plus_days(-1);
        world.when(TRAINER_STAFF, wrong.clone()).then_refused(RunRefusal::GroundOfCertificate);
        taught_run().when(TRAINER_STAFF, wrong).then_accepted();
    }
}
