//! Record a session that was held; the first one starts the teaching. Source: Plan 3.3-5, 3.3-8.

use zhixin_events::class::SessionHeld;
use zhixin_events::{CivilDate, ClassId, ClassStatus, DeliveryMode, HoursTenths, SessionNumber, Subject};

use crate::access::Action;
use crate::class::open_run::OpenRunRefusal;
use crate::class::register_trainee::RegisterTraineeRefusal;
use crate::class::run::{permitted_run, reads_class_and_trainer};
use crate::class::state::{ClassState, RunPlan};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads, in_order};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Most sessions of a run.
pub const SESSIONS_MAX: u16 = 1_000;

/// Records a session. It took place on the day it was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldSession {
    /// The run.
    pub class: ClassId,
    /// Its number in the run, from 1.
    pub session: SessionNumber,
    /// The day.
    pub held_on: CivilDate,
    /// Code of the module taught.
    pub module: String,
    /// Hours it counts for.
    pub hours: HoursTenths,
    /// How it was held.
    pub mode: DeliveryMode,
}

refusals! {
    /// Why a session is not recorded; beside these, the run must be open or being taught, and the trainer entered for its occupation on the day and not removed before.
    pub enum HoldSessionRefusal {
        /// Zero, or more than any run has.
        NumberUnfit = "CLASS-0019" Rule "sessions are numbered from 1 to 1000",
        /// A run that has ended takes no sessions.
        Ended = "CLASS-0040" Conflict "the run is closed or cancelled and takes no further sessions",
        /// A session is held once.
        NumberUsed = "CLASS-0020" Conflict "a session with this number was held already",
        /// Sessions follow the plan. Source: Plan 3.3-8.
        ModuleUnknown = "CLASS-0021" Rule "the module is not in the plan of the run",
        /// None, or with the other sessions of the day more than a day may count for; the bound is `day.hours_max_tenths`.
        HoursUnfit = "CLASS-0022" Rule "the hours are none, or with those of the day more than a day may count for",
        /// No session comes before the first day planned.
        BeforeStart = "CLASS-0023" Rule "the session was held before the first day of the run",
    }
}

impl Decide for HoldSession {
    const NAME: &'static str = "hold-session";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_trainer(loaded, self.class)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::RunClasses)?;
        let subject = Subject::class(self.class);
        if !(1..=SESSIONS_MAX).contains(&self.session.get()) {
            return Err(HoldSessionRefusal::NumberUnfit.refusal().at("session"));
        }
        match class.status() {
            Some(ClassStatus::Open | ClassStatus::Teaching) => {}
            Some(ClassStatus::Closed | ClassStatus::Cancelled) => return Err(HoldSessionRefusal::Ended.refusal().of(subject)),
            Some(ClassStatus::Planned) | None => return Err(RegisterTraineeRefusal::NotOpen.refusal().of(subject)),
        }
        if class.sessions.contains_key(&self.session) || class.annulled.contains_key(&self.session) {
            return Err(HoldSessionRefusal::NumberUsed.refusal().at("session").of(subject));
        }
        fit_module(plan, &self.module, subject)?;
        let effective_on = inputs.dated(self.held_on, "held_on")?;
        fit_day(states, inputs, (class, plan), (self.held_on, self.hours), subject)?;
        let event = SessionHeld {
            class: self.class,
            session: self.session,
            held_on: self.held_on,
            module: self.module.clone(),
            hours: self.hours,
            mode: self.mode,
        };
        Ok(Decision::one(NewEvent::new(event, effective_on, [subject])).in_story_of(class.first_position))
    }
}

/// Refuses a module that is not in the plan.
///
/// # Errors
/// `CLASS-0021`.
pub(crate) fn fit_module(plan: &RunPlan, module: &str, subject: Subject) -> Result<(), Refusal> {
    if plan.modules.iter().any(|planned| planned.code == module) {
        Ok(())
    } else {
        Err(HoldSessionRefusal::ModuleUnknown.refusal().at("module").of(subject))
    }
}

/// Refuses a day before the run, hours that do not fit beside the sessions of that day, and a trainer that may not teach on it.
///
/// # Errors
/// `CLASS-0023`, `TIME-0004`, `CLASS-0022`, `CLASS-0002`, or the bound is missing.
pub(crate) fn fit_day(
    states: &States,
    inputs: &Inputs<'_>,
    (class, plan): (&ClassState, &RunPlan),
    (held_on, hours): (CivilDate, HoursTenths),
    subject: Subject,
) -> Result<(), Refusal> {
    if held_on < plan.starts_on {
        return Err(HoldSessionRefusal::BeforeStart.refusal().at("held_on").about(plan.starts_on));
    }
    in_order(held_on, class.begun_on(), subject)?;
    let hours_max = inputs.rules.hours("day.hours_max_tenths", Some(plan.unit), held_on)?;
    if hours.get() == 0 || class.hours_held_on(held_on).plus(hours) > hours_max {
        return Err(HoldSessionRefusal::HoursUnfit.refusal().at("hours").about(hours_max));
    }
    if !states.trainer(plan.trainer, "class")?.may_teach(plan.occupation, held_on) {
        return Err(OpenRunRefusal::TrainerNotListed.refusal().of(Subject::trainer(plan.trainer)).about(held_on));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{CloseRun, OpenRun};
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, OTHER_STAFF, TODAY, TRAINER_STAFF, World, pack, planned_run, session, taught_run, trainer_removed, trainer_suspended,
    };

    fn opened() -> World {
        planned_run().after_on(TODAY.plus_days(-30), TRAINER_STAFF, OpenRun { class: CLASS })
    }

    #[test]
    fn session_is_recorded_on_the_day_it_was_held() {
        let decision = opened().when(TRAINER_STAFF, session(1, "A", 5)).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        assert_eq!(event.effective_on, TODAY.plus_days(-5));
        let HoldSession { class, session, held_on, module, hours, mode } = session(1, "A", 5);
        assert_eq!(event.event, SessionHeld { class, session, held_on, module, hours, mode }.into());
    }

    #[test]
    fn session_is_refused_outside_the_numbers() {
        for number in [0, 1_001] {
            opened().when(TRAINER_STAFF, session(number, "A", 0)).then_refused(HoldSessionRefusal::NumberUnfit);
        }
    }

    #[test]
    fn session_is_refused_before_enrolment_opens() {
        planned_run().when(TRAINER_STAFF, session(1, "A", 0)).then_refused(RegisterTraineeRefusal::NotOpen);
    }

    #[test]
    fn session_is_refused_when_its_number_is_used() {
        taught_run().when(TRAINER_STAFF, session(1, "A", 0)).then_refused(HoldSessionRefusal::NumberUsed);
    }

    #[test]
    fn session_is_refused_for_a_module_outside_the_plan() {
        opened().when(TRAINER_STAFF, session(1, "C", 0)).then_refused(HoldSessionRefusal::ModuleUnknown);
    }

    #[test]
    fn session_is_refused_outside_its_days() {
        opened().when(TRAINER_STAFF, session(1, "A", -1)).then_refused(CommonRefusal::EffectiveInFuture);
        opened().when(TRAINER_STAFF, session(1, "A", 61)).then_refused(CommonRefusal::EffectiveTooEarly);
        opened().when(TRAINER_STAFF, session(1, "A", 11)).then_refused(HoldSessionRefusal::BeforeStart);
        opened().effective_on(TODAY).when(TRAINER_STAFF, session(1, "A", 1)).then_refused(CommonRefusal::EffectiveFixed);
        opened().effective_on(TODAY).when(TRAINER_STAFF, session(1, "A", 0)).then_accepted();
    }

    #[test]
    fn session_is_refused_when_its_hours_do_not_fit() {
        for hours in [0, 81] {
            let session = HoldSession { hours: HoursTenths::new(hours), ..session(1, "A", 0) };
            opened().when(TRAINER_STAFF, session).then_refused(HoldSessionRefusal::HoursUnfit);
        }
    }

    #[test]
    fn session_is_refused_when_its_day_is_full() {
        let short = |number, days_ago, hours| HoldSession { hours: HoursTenths::new(hours), ..session(number, "A", days_ago) };
        let held = opened().after(TRAINER_STAFF, short(1, 3, 50)).after(TRAINER_STAFF, short(2, 2, 60));
        held.when(TRAINER_STAFF, short(3, 3, 31)).then_refused(HoldSessionRefusal::HoursUnfit);
        held.when(TRAINER_STAFF, short(3, 3, 30)).then_accepted();
    }

    #[test]
    fn session_is_refused_before_enrolment_opened() {
        let opened = planned_run().after_on(TODAY.plus_days(-4), TRAINER_STAFF, OpenRun { class: CLASS });
        opened.when(TRAINER_STAFF, session(1, "A", 5)).then_refused(CommonRefusal::OutOfOrder);
        // Sessions themselves may be told in any order.
        opened.after(TRAINER_STAFF, session(2, "A", 1)).when(TRAINER_STAFF, session(1, "A", 4)).then_accepted();
    }

    #[test]
    fn session_is_refused_when_no_pack_bounds_its_hours() {
        let bare = opened().happened(pack(&[("record.backdate_days_max", "60")]));
        bare.when(TRAINER_STAFF, session(1, "A", 0)).then_refused(CommonRefusal::MissingFigure);
    }

    #[test]
    fn session_is_held_by_a_suspended_trainer_and_refused_after_a_removal() {
        opened().happened(trainer_suspended()).when(TRAINER_STAFF, session(1, "A", 0)).then_accepted();
        let removed = opened().happened(trainer_removed());
        removed.when(TRAINER_STAFF, session(1, "A", 0)).then_refused(OpenRunRefusal::TrainerNotListed);
        removed.when(TRAINER_STAFF, session(1, "A", 1)).then_accepted();
    }

    #[test]
    fn session_is_refused_when_the_run_has_ended() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, session(3, "A", 0)).then_refused(HoldSessionRefusal::Ended);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let taught = taught_run().happened(trainer_removed());
        let mut wrong = HoldSession { hours: HoursTenths::new(0), ..session(0, "C", -1) };
        taught.when(OTHER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::NumberUnfit);
        wrong.session = SessionNumber::new(1);
        planned_run().when(TRAINER_STAFF, wrong.clone()).then_refused(RegisterTraineeRefusal::NotOpen);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::NumberUsed);
        wrong.session = SessionNumber::new(3);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::ModuleUnknown);
        wrong.module = "A".to_owned();
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::EffectiveInFuture);
        wrong.held_on = TODAY.plus_days(-11);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::BeforeStart);
        wrong.held_on = TODAY;
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(HoldSessionRefusal::HoursUnfit);
        wrong.hours = HoursTenths::new(5);
        taught.when(TRAINER_STAFF, wrong.clone()).then_refused(OpenRunRefusal::TrainerNotListed);
        taught_run().when(TRAINER_STAFF, wrong).then_accepted();
    }
}
