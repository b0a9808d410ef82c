//! Start the import of a roster: a job of one command a row. Source: Plan 4.2-1 (学员名单均可上传).

use zhixin_events::class::RosterImportStarted;
use zhixin_events::field::Digest32;
use zhixin_events::{ClassId, JobId, Subject};

use crate::access::Action;
use crate::class::run::{enrolling_on, permitted_run, reads_class_and_trainer};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::refusals;
use crate::{Refusal, States};

/// Most rows of a roster.
pub const ROWS_MAX: u32 = 10_000;

/// Starts an import into a run whose enrolment is open, or into a closed one for a day before it was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartRosterImport {
    /// The run.
    pub class: ClassId,
    /// Rows read from the file.
    pub rows: u32,
    /// SHA-256 of the file, which itself is not kept.
    pub file_digest: Digest32,
}

refusals! {
    /// Why an import does not start; beside these, enrolment must be open and the trainer listed.
    pub enum StartRosterImportRefusal {
        /// An empty roster, or more than an import takes.
        RowsUnfit = "CLASS-0033" Rule "a roster has 1 to 10000 rows",
    }
}

impl Decide for StartRosterImport {
    const NAME: &'static str = "start-roster-import";

    fn reads(&self, loaded: &States) -> Reads {
        reads_class_and_trainer(loaded, self.class)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::EnrolTrainees)?;
        let subject = Subject::class(self.class);
        if !(1..=ROWS_MAX).contains(&self.rows) {
            return Err(StartRosterImportRefusal::RowsUnfit.refusal().at("rows"));
        }
        let effective_on = enrolling_on(states, inputs, (class, plan), self.class)?;
        let [fresh, ..] = inputs.fresh;
        let job = JobId::from_bytes(fresh);
        let event = RosterImportStarted { job, class: self.class, rows: self.rows, file_digest: self.file_digest };
        let event = NewEvent::new(event, effective_on, [Subject::job(job), subject]);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::open_run::OpenRunRefusal;
    use crate::class::register_trainee::RegisterTraineeRefusal;
    use crate::refusal::CommonRefusal;
    use crate::scenario::{CLASS, OTHER_STAFF, TODAY, TRAINER_STAFF, planned_run, seated_run, trainer_removed, trainer_suspended};

    fn start(rows: u32) -> StartRosterImport {
        StartRosterImport { class: CLASS, rows, file_digest: Digest32([1; 32]) }
    }

    #[test]
    fn import_starts_as_a_job_of_the_run() {
        seated_run().when(TRAINER_STAFF, start(10_000)).then_one(RosterImportStarted {
            job: JobId::from_bytes([7, 7, 7, 7, 2, 0]),
            class: CLASS,
            rows: 10_000,
            file_digest: Digest32([1; 32]),
        });
    }

    #[test]
    fn import_is_refused_without_rows_or_with_too_many() {
        for rows in [0, 10_001] {
            seated_run().when(TRAINER_STAFF, start(rows)).then_refused(StartRosterImportRefusal::RowsUnfit);
        }
    }

    #[test]
    fn import_is_refused_when_enrolment_is_not_open() {
        planned_run().when(TRAINER_STAFF, start(1)).then_refused(RegisterTraineeRefusal::NotOpen);
    }

    #[test]
    fn import_is_refused_while_the_trainer_is_suspended() {
        seated_run().happened(trainer_suspended()).when(TRAINER_STAFF, start(1)).then_refused(OpenRunRefusal::TrainerNotListed);
    }

    #[test]
    fn refusals_come_in_their_order() {
        planned_run().when(OTHER_STAFF, start(0)).then_refused(CommonRefusal::NotPermitted);
        planned_run().when(TRAINER_STAFF, start(0)).then_refused(StartRosterImportRefusal::RowsUnfit);
        let ahead = planned_run().effective_on(TODAY.plus_days(1));
        ahead.when(TRAINER_STAFF, start(1)).then_refused(RegisterTraineeRefusal::NotOpen);
        let early = seated_run().happened(trainer_removed()).effective_on(TODAY.plus_days(-41));
        early.when(TRAINER_STAFF, start(1)).then_refused(CommonRefusal::OutOfOrder);
        let removed = seated_run().happened(trainer_removed());
        removed.when(TRAINER_STAFF, start(1)).then_refused(OpenRunRefusal::TrainerNotListed);
        seated_run().when(TRAINER_STAFF, start(1)).then_accepted();
    }
}
