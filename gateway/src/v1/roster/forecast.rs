//! What an import would come to, told before it is confirmed: its very commands, tried by the rules and not recorded.

use zhixin_engine::answer::CommandError;
use zhixin_engine::domain::class::StartRosterImport;

use super::job::sentences;
use super::upload::Upload;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// Notes for each row that could be written why it would be refused, if it would. Blocks.
///
/// # Errors
/// The import as a whole would be refused: enrolment is not open, or not on the day that was stated.
pub(super) fn foretell(app: &App, upload: &mut Upload) -> Result<(), Problem> {
    let (Some(class), Some(file_digest), Some((actor, role))) = (upload.class(), upload.digest(), upload.actor()) else {
        return Err(Kind::Internal.into());
    };
    let mut rehearsal = app.engine().rehearse(actor, role, upload.effective_on)?;
    let start = StartRosterImport { class, rows: upload.rows, file_digest };
    let started = rehearsal.try_out(&start.into())?;
    let job = started.iter().find(|(name, _)| *name == "job").and_then(|(_, job)| job.parse().ok()).ok_or(Kind::Internal)?;
    for row in &upload.accepted {
        match rehearsal.try_out(&row.command(app, class, job)?.into()) {
            Ok(_) => {}
            Err(CommandError::Refused(refusal)) => {
                upload.refusals.insert(row.row, sentences(&refusal.into()));
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}
