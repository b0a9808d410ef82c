//! Close a run that was taught to the end. Source: Plan 3.3-5; SOURCES 2.1 (CLOSED).

use zhixin_events::class::RunClosed;
use zhixin_events::{CivilDate, ClassId, ClassStatus, LateGround, Subject};

use crate::access::Action;
use crate::class::run::{Note, note_line, permitted_run};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads, in_order};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Closes a run. It took place on the last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseRun {
    /// The run.
    pub class: ClassId,
    /// Last day; the year and month it counts in.
    pub closed_on: CivilDate,
    /// Why it is told later than late entries may be told; then the day may lie further back.
    pub late: Option<Lateness>,
}

/// Why something is told so late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// Why.
    pub ground: LateGround,
    /// Why, as typed.
    pub note: Note,
}

refusals! {
    /// Why a run is not closed.
    pub enum CloseRunRefusal {
        /// Only a run that is being taught, so that had a session, can be closed.
        NotTeaching = "CLASS-0031" Conflict "the run is not in the state teaching",
        /// A run does not end before its last session.
        BeforeLastSession = "CLASS-0032" Rule "a session was held after this day",
    }
}

impl Decide for CloseRun {
    const NAME: &'static str = "close-run";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let note = note_line(&self.late.as_ref().and_then(|late| late.note.clone()))?;
        let subject = Subject::class(self.class);
        if class.status() != Some(ClassStatus::Teaching) {
            return Err(CloseRunRefusal::NotTeaching.refusal().of(subject));
        }
        let effective_on = match self.late {
            None => inputs.dated(self.closed_on, "closed_on")?,
            Some(_) => inputs.corrected(self.closed_on, self.closed_on, "closed_on")?,
        };
        if let Some(session) = class.sessions.values().find(|session| session.held_on > self.closed_on) {
            return Err(CloseRunRefusal::BeforeLastSession.refusal().at("closed_on").about(session.held_on));
        }
        in_order(effective_on, class.begun_on(), subject)?;
        let event = RunClosed { class: self.class, closed_on: self.closed_on, late: self.late.as_ref().map(|late| late.ground) };
        let event = NewEvent::new(event, effective_on, [subject]).sealing_some("note", Subject::account(inputs.actor), note);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{CLASS, OTHER_STAFF, TODAY, TRAINER_STAFF, pack, planned_run_from, seated_run, secret, session, taught_run};

    fn close(days_ago: i32) -> CloseRun {
        CloseRun { class: CLASS, closed_on: TODAY.plus_days(days_ago.saturating_neg()), late: None }
    }

    #[test]
    fn run_is_closed_on_its_last_day() {
        let decision = taught_run().when(TRAINER_STAFF, close(2)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert_eq!(
            (&event.event, event.effective_on),
            (&RunClosed { class: CLASS, closed_on: TODAY.plus_days(-2), late: None }.into(), TODAY.plus_days(-2))
        );
    }

    /// A run whose one session was held a hundred days ago, in a world in which so much may be told late.
    fn forgotten() -> crate::scenario::World {
        let bound = |days| pack(&[("record.backdate_days_max", days), ("day.hours_max_tenths", "80")]);
        let run = planned_run_from(TODAY.plus_days(-120)).happened(bound("200"));
        let opened = run.after_on(TODAY.plus_days(-130), TRAINER_STAFF, crate::class::OpenRun { class: CLASS });
        opened.after(TRAINER_STAFF, session(1, "A", 100)).happened(bound("60"))
    }

    #[test]
    fn run_is_closed_on_its_true_day_beyond_the_bound_with_a_reason() {
        forgotten().when(TRAINER_STAFF, close(100)).then_refused(CommonRefusal::EffectiveTooEarly);
        let late = Some(Lateness { ground: LateGround::Omitted, note: Some(secret("经办人离职")) });
        let decision = forgotten().when(TRAINER_STAFF, CloseRun { late, ..close(100) }).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let told = RunClosed { class: CLASS, closed_on: TODAY.plus_days(-100), late: Some(LateGround::Omitted) };
        assert_eq!((&event.event, event.effective_on, event.sealed.len()), (&told.into(), TODAY.plus_days(-100), 1));
        let late = || Some(Lateness { ground: LateGround::Omitted, note: None });
        forgotten().when(TRAINER_STAFF, CloseRun { late: late(), ..close(-1) }).then_refused(CommonRefusal::EffectiveInFuture);
        forgotten().when(TRAINER_STAFF, CloseRun { late: late(), ..close(101) }).then_refused(CloseRunRefusal::BeforeLastSession);
        let unfit = Some(Lateness { ground: LateGround::Omitted, note: Some(secret("")) });
        forgotten().when(TRAINER_STAFF, CloseRun { late: unfit, ..close(100) }).then_refused(CommonRefusal::TextUnfit);
    }

    #[test]
    fn run_is_refused_without_a_session() {
        seated_run().when(TRAINER_STAFF, close(0)).then_refused(CloseRunRefusal::NotTeaching);
    }

    #[test]
    fn run_is_refused_before_its_last_session() {
        taught_run().when(TRAINER_STAFF, close(3)).then_refused(CloseRunRefusal::BeforeLastSession);
    }

    #[test]
    fn refusals_come_in_their_order() {
        seated_run().when(OTHER_STAFF, close(-1)).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, close(-1)).then_refused(CloseRunRefusal::NotTeaching);
        taught_run().effective_on(TODAY).when(TRAINER_STAFF, close(3)).then_refused(CommonRefusal::EffectiveFixed);
        taught_run().when(TRAINER_STAFF, close(-1)).then_refused(CommonRefusal::EffectiveInFuture);
        taught_run().when(TRAINER_STAFF, close(61)).then_refused(CommonRefusal::EffectiveTooEarly);
        taught_run().when(TRAINER_STAFF, close(3)).then_refused(CloseRunRefusal::BeforeLastSession);
        taught_run().when(TRAINER_STAFF, close(1)).then_accepted();
        taught_run().after(TRAINER_STAFF, close(1)).when(TRAINER_STAFF, close(1)).then_refused(CloseRunRefusal::NotTeaching);
    }
}
