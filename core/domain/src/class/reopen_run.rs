//! Take back the closing of a run: it had not ended, or not on that day. Source: Plan 3.3-5; ours: every correction stays visible.

use zhixin_events::class::RunReopened;
use zhixin_events::{ClassId, CorrectionGround, Subject};

use crate::access::Action;
use crate::class::run::{Note, note_line, permitted_run};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Reopens a closed run; it carries the date of the closing that it takes back. The run may go on, or be closed on its true last day: that is
/// another closing. Certificates and hours stay, for they rest on sessions and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReopenRun {
    /// The run.
    pub class: ClassId,
    /// Why.
    pub ground: CorrectionGround,
    /// Why, as typed.
    pub note: Note,
}

refusals! {
    /// Why a run is not reopened.
    pub enum ReopenRunRefusal {
        /// Only a closing can be taken back.
        NotClosed = "CLASS-0045" Conflict "the run is not closed",
    }
}

impl Decide for ReopenRun {
    const NAME: &'static str = "reopen-run";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let (note, subject) = (note_line(&self.note)?, Subject::class(self.class));
        let (position, closed_on) = class.closing().ok_or_else(|| ReopenRunRefusal::NotClosed.refusal().of(subject))?;
        let event = RunReopened { class: self.class, closed_on, ground: self.ground, corrects: position.0 };
        let event = NewEvent::new(event, inputs.fixed(closed_on)?, [subject]).caused_by(position);
        let event = event.sealing_some("note", Subject::account(inputs.actor), note);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CloseRun, WithdrawTrainee};
    use crate::refusal::CommonRefusal;
    use crate::scenario::{CLASS, NATIONAL, PERSON, TODAY, TRAINER_STAFF, World, certified_run, secret, session, taught_run};
    use zhixin_events::{Position, WithdrawalGround};

    const REOPEN: ReopenRun = ReopenRun { class: CLASS, ground: CorrectionGround::Mistyped, note: None };

    fn close(days_ago: i32) -> CloseRun {
        CloseRun { class: CLASS, closed_on: TODAY.plus_days(days_ago.saturating_neg()), late: None }
    }

    fn closed() -> World {
        taught_run().after(TRAINER_STAFF, close(0))
    }

    #[test]
    fn closing_is_taken_back_at_its_date_and_told_anew_on_the_true_day() {
        let decision = closed().when(TRAINER_STAFF, ReopenRun { note: Some(secret("看错日期")), ..REOPEN }).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let zhixin_events::Event::Class(zhixin_events::class::ClassEvent::RunReopened(told)) = &event.event else {
            panic!("another event")
        };
        assert_eq!((event.effective_on, told.closed_on, event.causation), (TODAY, TODAY, Some(Position(told.corrects))));
        assert_eq!(event.sealed.len(), 1);
        let reopened = closed().after(TRAINER_STAFF, REOPEN);
        reopened.when(TRAINER_STAFF, close(1)).then_accepted();
        reopened.when(TRAINER_STAFF, session(3, "A", 1)).then_accepted();
        let withdraw = WithdrawTrainee { class: CLASS, person: PERSON, ground: WithdrawalGround::Asked, note: None };
        reopened.when(TRAINER_STAFF, withdraw).then_accepted();
        certified_run().after(TRAINER_STAFF, close(0)).when(TRAINER_STAFF, REOPEN).then_accepted();
    }

    #[test]
    fn run_is_refused_that_is_not_closed() {
        taught_run().when(TRAINER_STAFF, REOPEN).then_refused(ReopenRunRefusal::NotClosed);
        closed().after(TRAINER_STAFF, REOPEN).when(TRAINER_STAFF, REOPEN).then_refused(ReopenRunRefusal::NotClosed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let wrong = ReopenRun { note: Some(secret("")), ..REOPEN };
        taught_run().when(NATIONAL, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        taught_run().when(TRAINER_STAFF, wrong).then_refused(CommonRefusal::TextUnfit);
        taught_run().effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, REOPEN).then_refused(ReopenRunRefusal::NotClosed);
        closed().effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, REOPEN).then_refused(CommonRefusal::EffectiveFixed);
        closed().when(TRAINER_STAFF, REOPEN).then_accepted();
    }
}
