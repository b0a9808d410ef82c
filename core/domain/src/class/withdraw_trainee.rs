//! Give up the seat of a person; it can be taken again. Source: Plan 3.3-5; SOURCES 2.1 (WITHDRAWN).

use zhixin_events::class::TraineeWithdrawn;
use zhixin_events::{CivilDate, ClassId, ClassStatus, PersonId, Subject, WithdrawalGround};

use crate::access::Action;
use crate::class::register_trainee::RegisterTraineeRefusal;
use crate::class::run::{Note, RunRefusal, note_line, permitted_run};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Gives up a seat. An erased person can be withdrawn too: it frees the seat and says nothing of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithdrawTrainee {
    /// The run.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// Why.
    pub ground: WithdrawalGround,
    /// Why, as typed.
    pub note: Note,
}

refusals! {
    /// Why a seat is not given up; beside these, enrolment must be open and the seat held.
    pub enum WithdrawTraineeRefusal {
        /// Who passed has completed the run. Source: Plan 3.3-5. Who failed may leave.
        Tested = "CLASS-0018" Conflict "the person passed the completion test",
    }
}

impl Decide for WithdrawTrainee {
    const NAME: &'static str = "withdraw-trainee";

    fn reads(&self, loaded: &States) -> Reads {
        Reads::subjects(loaded, [Subject::class(self.class), Subject::person(self.person), Subject::seat(self.class, self.person)])
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, _) = permitted_run(states, inputs, self.class, Action::EnrolTrainees)?;
        let note = note_line(&self.note)?;
        let (subject, person) = (Subject::class(self.class), Subject::person(self.person));
        if !matches!(class.status(), Some(ClassStatus::Open | ClassStatus::Teaching)) {
            return Err(RegisterTraineeRefusal::NotOpen.refusal().of(subject));
        }
        let seated = class.trainees.get(&self.person).filter(|trainee| trainee.seat().is_some());
        let trainee = seated.ok_or_else(|| RunRefusal::NoSeat.refusal().of(person))?;
        if trainee.test().is_some_and(|test| test.passed) {
            return Err(WithdrawTraineeRefusal::Tested.refusal().of(person));
        }
        if trainee.hours.is_some() {
            return Err(RunRefusal::GroundOfHours.refusal().of(Subject::hours_once(self.class, self.person)));
        }
        let told = [class.last_attended_on(trainee), trainee.test().map(|test| test.effective_on)];
        let earlier = told.into_iter().flatten().fold(trainee.seat_on(), CivilDate::max);
        let effective_on = inputs.effective_after(earlier, person)?;
        let event = TraineeWithdrawn { class: self.class, person: self.person, ground: self.ground };
        let subjects = [subject, person, Subject::seat(self.class, self.person)];
        let event = NewEvent::new(event, effective_on, subjects).sealing_some("note", Subject::account(inputs.actor), note);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::CloseRun;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{
        CLASS, OTHER_PERSON, OTHER_STAFF, PERSON, TODAY, TRAINER_STAFF, person_erased, register, seated_run, secret, taught_run, test_of,
        tested_run,
    };

    fn withdraw(person: PersonId) -> WithdrawTrainee {
        WithdrawTrainee { class: CLASS, person, ground: WithdrawalGround::Asked, note: None }
    }

    #[test]
    fn trainee_is_withdrawn_and_may_come_back() {
        seated_run().when(TRAINER_STAFF, withdraw(PERSON)).then_one(TraineeWithdrawn {
            class: CLASS,
            person: PERSON,
            ground: WithdrawalGround::Asked,
        });
        seated_run().after(TRAINER_STAFF, withdraw(PERSON)).when(TRAINER_STAFF, register(PERSON)).then_accepted();
        seated_run().happened(person_erased(PERSON)).when(TRAINER_STAFF, withdraw(PERSON)).then_accepted();
    }

    #[test]
    fn withdrawal_is_refused_when_enrolment_is_over() {
        let closed = taught_run().after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(TRAINER_STAFF, withdraw(PERSON)).then_refused(RegisterTraineeRefusal::NotOpen);
    }

    #[test]
    fn withdrawal_is_refused_without_a_seat() {
        seated_run().when(TRAINER_STAFF, withdraw(OTHER_PERSON)).then_refused(RunRefusal::NoSeat);
        seated_run().after(TRAINER_STAFF, withdraw(PERSON)).when(TRAINER_STAFF, withdraw(PERSON)).then_refused(RunRefusal::NoSeat);
    }

    #[test]
    fn withdrawal_is_refused_before_the_seat_or_an_attendance_and_so_is_coming_back() {
        let early = seated_run().effective_on(TODAY.plus_days(-21));
        early.when(TRAINER_STAFF, withdraw(PERSON)).then_refused(CommonRefusal::OutOfOrder);
        taught_run().effective_on(TODAY.plus_days(-3)).when(TRAINER_STAFF, withdraw(PERSON)).then_refused(CommonRefusal::OutOfOrder);
        let withdrawn = taught_run().after_on(TODAY.plus_days(-2), TRAINER_STAFF, withdraw(PERSON));
        withdrawn.clone().effective_on(TODAY.plus_days(-3)).when(TRAINER_STAFF, register(PERSON)).then_refused(CommonRefusal::OutOfOrder);
        withdrawn.effective_on(TODAY.plus_days(-2)).when(TRAINER_STAFF, register(PERSON)).then_accepted();
    }

    #[test]
    fn withdrawal_is_refused_after_a_test_passed_and_free_after_one_failed() {
        tested_run(80).when(TRAINER_STAFF, withdraw(PERSON)).then_refused(WithdrawTraineeRefusal::Tested);
        tested_run(10).when(TRAINER_STAFF, withdraw(PERSON)).then_accepted();
        tested_run(10).effective_on(TODAY.plus_days(-1)).when(TRAINER_STAFF, withdraw(PERSON)).then_refused(CommonRefusal::OutOfOrder);
        // Whoever comes back has been tested all the same.
        let back = tested_run(10).after(TRAINER_STAFF, withdraw(PERSON)).after(TRAINER_STAFF, register(PERSON));
        back.when(TRAINER_STAFF, test_of(80))
            .then_refused(crate::class::record_completion_test::RecordCompletionTestRefusal::AlreadyTested);
    }

    #[test]
    fn withdrawal_seals_its_note() {
        let noted = WithdrawTrainee { note: Some(secret("工作调动")), ..withdraw(PERSON) };
        let decision = seated_run().when(TRAINER_STAFF, noted.clone()).then_accepted();
        assert_eq!(decision.events.iter().map(|event| event.sealed.len()).collect::<Vec<_>>(), [1]);
        seated_run().when(TRAINER_STAFF, WithdrawTrainee { note: Some(secret("")), ..noted }).then_refused(CommonRefusal::TextUnfit);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let closed = tested_run(80).after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.when(OTHER_STAFF, withdraw(OTHER_PERSON)).then_refused(CommonRefusal::NotPermitted);
        closed.when(TRAINER_STAFF, withdraw(OTHER_PERSON)).then_refused(RegisterTraineeRefusal::NotOpen);
        tested_run(80).when(TRAINER_STAFF, withdraw(OTHER_PERSON)).then_refused(RunRefusal::NoSeat);
        tested_run(80).when(TRAINER_STAFF, withdraw(PERSON)).then_refused(WithdrawTraineeRefusal::Tested);
        taught_run().when(TRAINER_STAFF, withdraw(PERSON)).then_accepted();
    }
}
