//! Post the hours of a run to the record of a person. Source: Plan 4.2-1 (学时记入继续教育证书); SOURCES 2.

use zhixin_events::hours::HoursPosted;
use zhixin_events::{ClassId, PersonId, Subject};

use crate::access::Action;
use crate::class::completion::passed_test;
use crate::class::run::{permitted_run, plan_of, require_taught, seated};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::rules::year_of;
use crate::{Refusal, States};

/// Posts the hours attended, once per person and run, in the year of the last session that the person attended. Whether the completion test
/// must be passed is the figure `hours.test_required`: the plan (4.2-1) has hours recorded and names no test. Where it is not required, the run
/// must be closed, so that all hours are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostHours {
    /// The run that earned them.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
}

refusals! {
    /// Why hours are not posted; beside these, the run must have been taught, the seat held, and hours and content must still be complete.
    pub enum PostHoursRefusal {
        /// Hours are posted once.
        AlreadyPosted = "HOURS-0001" Conflict "the hours are posted already",
        /// Hours count with the completion test passed. Source: ours; the figure is `hours.test_required`.
        TestNotPassed = "HOURS-0002" Conflict "the completion test is not passed",
        /// Without a test, the hours are known when the run has ended.
        RunNotClosed = "HOURS-0004" Conflict "the run is not closed",
        /// Nothing was attended, so nothing is posted.
        NothingAttended = "HOURS-0005" Conflict "the person attended no session",
    }
}

impl Decide for PostHours {
    const NAME: &'static str = "post-hours";

    fn reads(&self, loaded: &States) -> Reads {
        let mut wanted = vec![Subject::class(self.class), Subject::person(self.person), Subject::hours_once(self.class, self.person)];
        if let Some(plan) = plan_of(loaded, self.class) {
            wanted.extend([Subject::trainer(plan.trainer), Subject::occupation(plan.occupation)]);
        }
        Reads::subjects(loaded, wanted)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::IssueCertificates)?;
        require_taught(class, self.class)?;
        let trainee = seated(states, class, self.person)?;
        let (person, once) = (Subject::person(self.person), Subject::hours_once(self.class, self.person));
        if states.is_held(&once) {
            return Err(PostHoursRefusal::AlreadyPosted.refusal().of(person));
        }
        let attended_on = class.last_attended_on(trainee);
        let is_test_required = inputs.rules.flag("hours.test_required", Some(plan.unit), attended_on.unwrap_or(plan.ends_on))?;
        let earned_on = if is_test_required {
            passed_test(states, inputs, (class, plan), (trainee, person), PostHoursRefusal::TestNotPassed)?.effective_on
        } else {
            class.closing().ok_or_else(|| PostHoursRefusal::RunNotClosed.refusal().of(Subject::class(self.class)))?.1
        };
        let attended_on = attended_on.ok_or_else(|| PostHoursRefusal::NothingAttended.refusal().of(person))?;
        let effective_on = inputs.effective_after(earned_on.max(trainee.hours_on), person)?;
        let event =
            HoursPosted { person: self.person, class: self.class, year: year_of(attended_on), professional: class.hours_attended(trainee) };
        let event = NewEvent::new(event, effective_on, [Subject::class(self.class), person, once]);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::completion::CompletionRefusal;
    use crate::class::run::RunRefusal;
    use crate::class::{CloseRun, CorrectAttendance, ReopenRun, WithdrawTrainee};
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, JIANGSU, NATIONAL, OTHER_PERSON, PERSON, TODAY, TRAINER_STAFF, World, pack_of, person_erased, register, seated_run, secret,
        taught_run, test_of, tested_run, trainer_removed,
    };
    use zhixin_events::{Attendance, CorrectionGround, HoursTenths, PlanYear, SessionNumber, WithdrawalGround};

    const POST: PostHours = PostHours { class: CLASS, person: PERSON };

    #[test]
    fn hours_attended_are_posted_in_the_year_of_the_last_session_attended() {
        let posted = HoursPosted { person: PERSON, class: CLASS, year: PlanYear::new(2025), professional: HoursTenths::new(160) };
        tested_run(80).when(TRAINER_STAFF, POST).then_one(posted.clone());
        let closed = tested_run(80).after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, POST).then_one(posted);
        closed.effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, POST).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn hours_are_refused_when_a_correction_took_their_ground_away() {
        let absent = CorrectAttendance {
            class: CLASS,
            session: SessionNumber::new(1),
            person: PERSON,
            attendance: Attendance::Absent,
            reason: secret("点名有误"),
        };
        tested_run(80).after(TRAINER_STAFF, absent).when(TRAINER_STAFF, POST).then_refused(CompletionRefusal::HoursMissing);
    }

    #[test]
    fn hours_are_refused_for_a_test_after_the_trainer_was_removed() {
        tested_run(80).happened(trainer_removed()).when(TRAINER_STAFF, POST).then_refused(CompletionRefusal::TrainerRemoved);
        let passed = taught_run().after_on(TODAY.plus_days(-1), TRAINER_STAFF, test_of(80)).happened(trainer_removed());
        passed.when(TRAINER_STAFF, POST).then_accepted();
    }

    #[test]
    fn hours_are_refused_when_posted_already() {
        tested_run(80).after(TRAINER_STAFF, POST).when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::AlreadyPosted);
    }

    #[test]
    fn hours_are_refused_without_a_passed_test() {
        taught_run().when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::TestNotPassed);
        tested_run(59).when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::TestNotPassed);
    }

    #[test]
    fn hours_are_posted_without_a_test_where_none_is_required_once_the_run_is_closed() {
        let free = |world: World| world.happened(pack_of(Some(JIANGSU), &[("hours.test_required", "no")]));
        let close = CloseRun { class: CLASS, closed_on: TODAY, late: None };
        let open = free(taught_run()).after(TRAINER_STAFF, register(OTHER_PERSON));
        open.when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::RunNotClosed);
        let closed = open.after(TRAINER_STAFF, close);
        let nothing = PostHours { person: OTHER_PERSON, ..POST };
        closed.when(TRAINER_STAFF, nothing).then_refused(PostHoursRefusal::NothingAttended);
        let posted = HoursPosted { person: PERSON, class: CLASS, year: PlanYear::new(2025), professional: HoursTenths::new(160) };
        closed.when(TRAINER_STAFF, POST).then_one(posted);
        let posted = closed.after(TRAINER_STAFF, POST);
        posted.when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::AlreadyPosted);
        // What the hours rest on stays, and so does the seat.
        let reopened = posted.after(TRAINER_STAFF, ReopenRun { class: CLASS, ground: CorrectionGround::Mistyped, note: None });
        let withdraw = WithdrawTrainee { class: CLASS, person: PERSON, ground: WithdrawalGround::Asked, note: None };
        reopened.when(TRAINER_STAFF, withdraw).then_refused(RunRefusal::GroundOfHours);
        let unclear = taught_run().happened(pack_of(Some(JIANGSU), &[("hours.test_required", "maybe")]));
        unclear.when(TRAINER_STAFF, POST).then_refused(CommonRefusal::MalformedFigure);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let other = PostHours { person: OTHER_PERSON, ..POST };
        seated_run().when(NATIONAL, other.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, other.clone()).then_refused(RunRefusal::NotTaught);
        taught_run().happened(person_erased(OTHER_PERSON)).when(TRAINER_STAFF, other.clone()).then_refused(CommonRefusal::PersonErased);
        taught_run().when(TRAINER_STAFF, other).then_refused(RunRefusal::NoSeat);
        let posted = tested_run(80).after(TRAINER_STAFF, POST).effective_on(TODAY.plus_days(1));
        posted.when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::AlreadyPosted);
        let later = taught_run().effective_on(TODAY.plus_days(1));
        later.when(TRAINER_STAFF, POST).then_refused(PostHoursRefusal::TestNotPassed);
        tested_run(80).effective_on(TODAY.plus_days(1)).when(TRAINER_STAFF, POST).then_refused(CommonRefusal::EffectiveInFuture);
        tested_run(80).when(TRAINER_STAFF, POST).then_accepted();
    }
}
