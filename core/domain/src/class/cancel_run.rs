//! Give up a run. Source: SOURCES 2.1 (ours).

use zhixin_events::class::RunCancelled;
use zhixin_events::{ClassId, ClassStatus, Secret, Subject};

use crate::access::Action;
use crate::class::run::permitted_run;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, REASON_CHARS, line_of_secret, line_of_text};
use crate::{Refusal, States};

/// Gives up a run that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRun {
    /// The run.
    pub class: ClassId,
    /// Why, as typed.
    pub reason: Secret<String>,
    /// Number of the decision, if there is one.
    pub document_number: Option<String>,
}

refusals! {
    /// Why a run is not cancelled.
    pub enum CancelRunRefusal {
        /// A run ends once.
        Ended = "CLASS-0016" Conflict "the run is closed or cancelled already",
        /// What the run led to must be taken back first.
        Awarded = "CLASS-0017" Conflict "certificates or hours of the run are in force",
    }
}

impl Decide for CancelRun {
    const NAME: &'static str = "cancel-run";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let reason = line_of_secret(&self.reason, REASON_CHARS, "reason")?;
        let document_number = match &self.document_number {
            Some(number) => Some(line_of_text(number, DOCUMENT_NUMBER_CHARS, "document_number")?),
            None => None,
        };
        let subject = Subject::class(self.class);
        if matches!(class.status(), Some(ClassStatus::Closed | ClassStatus::Cancelled)) {
            return Err(CancelRunRefusal::Ended.refusal().of(subject));
        }
        if class.trainees.values().any(|trainee| trainee.certificate.is_some() || trainee.hours.is_some()) {
            return Err(CancelRunRefusal::Awarded.refusal().of(subject));
        }
        let effective_on = inputs.effective_after(class.last_fact_on(), subject)?;
        let event = RunCancelled { class: self.class, document_number };
        let event = NewEvent::new(event, effective_on, [subject]).sealing("reason", Subject::account(inputs.actor), reason);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::CloseRun;
    use crate::hours::PostHours;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{CLASS, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, certified_run, planned_run, secret, taught_run, tested_run};

    fn cancel(reason: &str) -> CancelRun {
        CancelRun { class: CLASS, reason: secret(reason), document_number: Some("第9号".to_owned()) }
    }

    #[test]
    fn run_is_cancelled_with_a_sealed_reason() {
        let decision = taught_run().when(TRAINER_STAFF, cancel("教师生病")).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert_eq!(event.event, RunCancelled { class: CLASS, document_number: Some("第9号".to_owned()) }.into());
        let [field] = event.sealed.as_slice() else { panic!("one sealed field") };
        assert_eq!((field.field, field.holder, field.value.expose().as_str()), ("reason", Subject::account(TRAINER_STAFF.0), "教师生病"));
    }

    #[test]
    fn run_is_refused_when_closed_or_cancelled() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Ended);
        let cancelled = planned_run().after(TRAINER_STAFF, cancel("x"));
        cancelled.when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Ended);
    }

    #[test]
    fn run_is_refused_while_certificates_or_hours_stand() {
        certified_run().when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Awarded);
        let posted = tested_run(80).after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON });
        posted.when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Awarded);
    }

    #[test]
    fn run_is_refused_before_its_last_session() {
        taught_run().effective_on(TODAY.plus_days(-3)).when(TRAINER_STAFF, cancel("x")).then_refused(CommonRefusal::OutOfOrder);
        taught_run().effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, cancel("x")).then_accepted();
    }

    #[test]
    fn refusals_come_in_their_order() {
        let closed = certified_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(OTHER_STAFF, cancel("")).then_refused(CommonRefusal::NotPermitted);
        closed.when(TRAINER_STAFF, cancel("")).then_refused(CommonRefusal::TextUnfit);
        closed.when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Ended);
        certified_run().when(TRAINER_STAFF, cancel("x")).then_refused(CancelRunRefusal::Awarded);
        tested_run(80).when(TRAINER_STAFF, cancel("x")).then_accepted();
    }
}
