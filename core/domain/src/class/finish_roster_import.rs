//! Finish the import of a roster. Source: ours; rosters may be uploaded by Plan 4.2-1.

use zhixin_events::class::RosterImportFinished;
use zhixin_events::{JobId, Subject};

use crate::access::Action;
use crate::class::run::permitted_run;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::{CommonRefusal, refusals};
use crate::{Refusal, States};

/// Finishes an import once every row has its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishRosterImport {
    /// The import.
    pub job: JobId,
    /// Rows that became trainees.
    pub accepted: u32,
    /// Rows that did not.
    pub refused: u32,
}

refusals! {
    /// Why an import does not finish.
    pub enum FinishRosterImportRefusal {
        /// An import ends once.
        AlreadyFinished = "CLASS-0034" Conflict "the import has ended already",
        /// Every row is accepted or refused, and the accepted ones are the registrations that name the import.
        RowsDoNotAddUp = "CLASS-0035" Rule "the accepted and refused rows are not those of the roster and of its registrations",
    }
}

impl Decide for FinishRosterImport {
    const NAME: &'static str = "finish-roster-import";

    fn reads(&self, loaded: &States) -> Reads {
        let class = loaded.job(self.job, "job").ok().and_then(|job| job.class).map(Subject::class);
        Reads::subjects(loaded, std::iter::once(Subject::job(self.job)).chain(class))
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let subject = Subject::job(self.job);
        let job = states.job(self.job, "job")?;
        let id = job.class.ok_or_else(|| CommonRefusal::UnknownSubject.refusal().at("job").of(subject))?;
        let (class, _) = permitted_run(states, inputs, id, Action::EnrolTrainees)?;
        if job.finished {
            return Err(FinishRosterImportRefusal::AlreadyFinished.refusal().of(subject));
        }
        if self.accepted != job.accepted || self.accepted.checked_add(self.refused) != Some(job.rows) {
            return Err(FinishRosterImportRefusal::RowsDoNotAddUp.refusal().of(subject).about(job.rows));
        }
        let event = RosterImportFinished { job: self.job, class: id, accepted: self.accepted, refused: self.refused };
        let event = NewEvent::new(event, inputs.effective_on()?, [subject, Subject::class(id)]);
        Ok(Decision::one(event).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::{RegisterTrainee, StartRosterImport};
    use crate::scenario::{CLASS, NOBODY, OTHER_PERSON, OTHER_STAFF, TRAINER_STAFF, World, register, seated_run};
    use zhixin_events::field::Digest32;

    const JOB: JobId = JobId::from_bytes([7, 7, 7, 7, 2, 0]);

    /// An import of ten rows, one of which became a trainee.
    fn started() -> World {
        let started = seated_run().after(TRAINER_STAFF, StartRosterImport { class: CLASS, rows: 10, file_digest: Digest32([1; 32]) });
        started.after(TRAINER_STAFF, RegisterTrainee { job: Some(JOB), ..register(OTHER_PERSON) })
    }

    fn finish(accepted: u32, refused: u32) -> FinishRosterImport {
        FinishRosterImport { job: JOB, accepted, refused }
    }

    #[test]
    fn import_finishes_when_every_row_has_its_answer() {
        started().when(TRAINER_STAFF, finish(1, 9)).then_one(RosterImportFinished { job: JOB, class: CLASS, accepted: 1, refused: 9 });
    }

    #[test]
    fn import_is_refused_when_it_has_ended() {
        let ended = started().after(TRAINER_STAFF, finish(1, 9));
        ended.when(TRAINER_STAFF, finish(1, 9)).then_refused(FinishRosterImportRefusal::AlreadyFinished);
    }

    #[test]
    fn import_is_refused_when_rows_are_missing() {
        for (accepted, refused) in [(1, 8), (1, 10), (u32::MAX, 11)] {
            started().when(TRAINER_STAFF, finish(accepted, refused)).then_refused(FinishRosterImportRefusal::RowsDoNotAddUp);
        }
    }

    #[test]
    fn import_is_refused_when_the_record_holds_another_number_of_its_trainees() {
        for (accepted, refused) in [(0, 10), (2, 8), (10, 0)] {
            started().when(TRAINER_STAFF, finish(accepted, refused)).then_refused(FinishRosterImportRefusal::RowsDoNotAddUp);
        }
    }

    #[test]
    fn refusals_come_in_their_order() {
        let ended = started().after(TRAINER_STAFF, finish(1, 9));
        let nothing = FinishRosterImport { job: JobId::from_bytes(NOBODY), ..finish(1, 1) };
        ended.when(TRAINER_STAFF, nothing).then_refused(CommonRefusal::UnknownSubject);
        ended.when(OTHER_STAFF, finish(1, 1)).then_refused(CommonRefusal::NotPermitted);
        ended.when(TRAINER_STAFF, finish(1, 1)).then_refused(FinishRosterImportRefusal::AlreadyFinished);
        started().when(TRAINER_STAFF, finish(1, 1)).then_refused(FinishRosterImportRefusal::RowsDoNotAddUp);
        started().when(TRAINER_STAFF, finish(1, 9)).then_accepted();
    }
}
