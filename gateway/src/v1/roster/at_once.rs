//! An import without a server: for the command line, on the same machine as the data folder. The same report, rules and job.

use serde_json::Value;
use zhixin_engine::domain::access::{Action, scope};
use zhixin_events::scope::Scope;
use zhixin_events::{AccountId, CivilDate, ClassId};

use super::upload::Upload;
use super::{Sent, confirmed, importable, job, job_json, take};
use crate::app::{App, Deps};
use crate::auth::{Acting, Caller};
use crate::problem::{Kind, Problem};

/// A roster to import into a class.
#[derive(Debug)]
pub struct RosterToImport {
    /// The class.
    pub class: ClassId,
    /// Name of the file, kept with the report for a day.
    pub file_name: String,
    /// The file: XLSX, or CSV in UTF-8 or GB18030.
    pub bytes: Vec<u8>,
    /// The day on which the seats were taken, for a roster that comes late; today if absent.
    pub effective_on: Option<CivilDate>,
    /// Report only, change nothing.
    pub dry_run: bool,
}

/// Reads a roster and, unless it is a dry run, imports the rows that can be taken. Blocks until the last row has its answer.
///
/// Returns the report as `GET /api/v1/jobs/{id}` gives it.
///
/// # Errors
/// The account may not, the class is unknown, nothing of the file can be taken, or the world failed.
pub fn import_roster(deps: Deps, login: &str, account: AccountId, roster: RosterToImport) -> Result<Value, Problem> {
    let app = App::new(deps);
    let state = app.engine().account(account)?.ok_or(Kind::NotSignedIn)?;
    let role =
        state.roles.iter().copied().find(|role| scope(&state, *role, Action::EnrolTrainees) != Scope::None).ok_or(Kind::NotPermitted)?;
    let acting = Acting { login: login.to_owned(), account, role, state, csrf: String::new(), key: [0; 32] };
    let caller = Caller::of(acting);
    importable(&app, &caller, roster.class)?;
    let stated = roster.effective_on.map(|day| ("effective_on".to_owned(), day.to_string()));
    let sent = Sent { file_name: roster.file_name, bytes: roster.bytes, fields: stated.into_iter().collect() };
    let mut upload = take(&app, caller.signed_in()?, roster.class, &sent)?;
    if !roster.dry_run && !upload.accepted.is_empty() {
        upload = confirmed(&app, upload, &[])?;
        job::run(&app, &upload.id)?;
        upload = Upload::load(&app, &upload.id)?.ok_or(Kind::Internal)?;
    }
    Ok(job_json(&app, &upload))
}
