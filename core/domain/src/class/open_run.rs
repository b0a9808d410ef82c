//! Open enrolment of a run. Source: Plan 3.3-5; SOURCES 2.1 (PLANNED → OPEN).

use zhixin_events::class::RunOpened;
use zhixin_events::{ClassId, ClassStatus, Subject};

use crate::access::Action;
use crate::class::run::{permitted_run, reads_class_and_trainer};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Opens enrolment of a planned run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// The run.
    pub class: ClassId,
}

refusals! {
    /// Why a run is not opened.
    pub enum OpenRunRefusal {
        /// Only a planned run can be opened.
        NotPlanned = "CLASS-0001" Conflict "the run is not in the state planned",
        /// The trainer is not listed for the occupation on the first day of the run, or is suspended or removed by now. Source: Plan 3.3-4,
        /// 3.3-5.
        TrainerNotListed = "CLASS-0002" Conflict "the trainer is not listed for the occupation of the run",
    }
}

impl Decide for OpenRun {
    const NAME: &'static str = "open-run";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_trainer(loaded, self.class)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let subject = Subject::class(self.class);
        if class.status() != Some(ClassStatus::Planned) {
            return Err(OpenRunRefusal::NotPlanned.refusal().of(subject));
        }
        let effective_on = inputs.effective_after(class.planned_on, subject)?;
        if !states.trainer(plan.trainer, "class")?.may_open(plan.occupation, plan.starts_on, effective_on) {
            return Err(OpenRunRefusal::TrainerNotListed.refusal().of(Subject::trainer(plan.trainer)));
        }
        let event = NewEvent::new(RunOpened { class: self.class }, effective_on, [subject]);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{self, CLASS, NATIONAL, TODAY, TRAINER_STAFF, given};

    #[test]
    fn run_is_opened_by_its_trainer() {
        scenario::planned_run().when(TRAINER_STAFF, OpenRun { class: CLASS }).then_one(RunOpened { class: CLASS });
    }

    #[test]
    fn run_is_refused_when_opened_twice() {
        scenario::planned_run()
            .after(TRAINER_STAFF, OpenRun { class: CLASS })
            .when(TRAINER_STAFF, OpenRun { class: CLASS })
            .then_refused(OpenRunRefusal::NotPlanned);
    }

    #[test]
    fn run_is_refused_when_the_trainer_was_suspended() {
        scenario::planned_run()
            .happened(scenario::trainer_suspended())
            .when(TRAINER_STAFF, OpenRun { class: CLASS })
            .then_refused(OpenRunRefusal::TrainerNotListed);
    }

    #[test]
    fn run_is_refused_when_said_to_have_opened_before_the_suspension() {
        let suspended = scenario::planned_run().happened(scenario::trainer_suspended());
        let earlier = suspended.effective_on(TODAY.plus_days(-2));
        earlier.when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(OpenRunRefusal::TrainerNotListed);
    }

    #[test]
    fn run_is_refused_before_it_was_planned() {
        let early = scenario::planned_run().effective_on(TODAY.plus_days(-41));
        early.when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let suspended = scenario::planned_run().happened(scenario::trainer_suspended());
        given([]).when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(CommonRefusal::UnknownSubject);
        suspended.when(NATIONAL, OpenRun { class: CLASS }).then_refused(CommonRefusal::NotPermitted);
        let opened = scenario::planned_run().after(TRAINER_STAFF, OpenRun { class: CLASS }).happened(scenario::trainer_suspended());
        let ahead = opened.effective_on(TODAY.plus_days(1));
        ahead.when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(OpenRunRefusal::NotPlanned);
        let early = suspended.clone().effective_on(TODAY.plus_days(-41));
        early.when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(CommonRefusal::OutOfOrder);
        suspended.when(TRAINER_STAFF, OpenRun { class: CLASS }).then_refused(OpenRunRefusal::TrainerNotListed);
    }
}
