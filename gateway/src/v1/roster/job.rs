//! The import itself: started, then one command a row, then finished. The id of every command follows from upload and row, so that an
//! import that was interrupted goes on where it stood, and a row is never written twice.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot::Receiver;
use zhixin_engine::answer::{Answer, CommandError, Submission};
use zhixin_engine::domain::Command;
use zhixin_engine::domain::class::{FinishRosterImport, StartRosterImport};
use zhixin_events::JobId;

use super::upload::{State, Upload};
use crate::app::App;
use crate::problem::pages::NOTHING_DONE;
use crate::problem::{Kind, Problem};
use crate::text::Lang;

/// Rows under way at the same time: they share the syncs of the log.
const WINDOW: usize = 64;

/// Imports that this process is running, and how many of their rows have an answer.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<BTreeMap<String, u32>>);

impl Running {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Rows that have an answer, while it runs.
    pub(crate) fn progress(&self, id: &str) -> Option<u32> {
        self.lock().get(id).copied()
    }
}

/// Runs an import on a thread of its own, unless it runs already.
pub(crate) fn start(app: &App, id: &str) -> Result<(), Problem> {
    if app.imports().lock().insert(id.to_owned(), 0).is_some() {
        return Ok(());
    }
    let (theirs, name) = (app.clone(), id.to_owned());
    let spawned = std::thread::Builder::new().name("roster-import".to_owned()).spawn(move || {
        if let Err(problem) = run(&theirs, &name) {
            let (code, cause) = (problem.code(), problem.cause().unwrap_or(""));
            tracing::warn!(code, cause, "an import of a roster was interrupted; it goes on when its page is opened or at the next start");
        }
        theirs.imports().lock().remove(&name);
    });
    spawned.map(drop).map_err(|fault| {
        app.imports().lock().remove(id);
        Problem::from(Kind::Busy).because(&fault)
    })
}

pub(super) fn run(app: &App, id: &str) -> Result<(), Problem> {
    let Some(mut upload) = Upload::load(app, id)?.filter(|upload| upload.state == State::Running) else { return Ok(()) };
    match begin(app, &mut upload) {
        Err(CommandError::Refused(refusal)) => {
            upload.state = State::Refused;
            upload.refusals.insert(0, sentences(&refusal.into()));
            upload.forget_persons();
            return upload.keep(app);
        }
        outcome => outcome?,
    }
    let Some(job) = upload.job.as_deref().and_then(|job| job.parse().ok()) else { return Err(Kind::Internal.into()) };
    write_rows(app, &mut upload, job)?;
    let refused = upload.rows.saturating_sub(upload.written);
    let finish = FinishRosterImport { job, accepted: upload.written, refused };
    let key = format!("{}:end", upload.id);
    match app.engine().execute_blocking(submission(app, &upload, finish.into(), &key)?) {
        // Somebody else finished it, or the class has ended meanwhile: the rows stand as they are.
        Ok(_) | Err(CommandError::Refused(_)) => {}
        Err(fault) => return Err(fault.into()),
    }
    upload.state = State::Done;
    upload.keep_returned(app)?;
    upload.forget_persons();
    upload.keep(app)
}

/// Records the beginning; a repeat finds the job that began.
fn begin(app: &App, upload: &mut Upload) -> Result<(), CommandError> {
    let storage = CommandError::Unavailable(zhixin_engine::answer::Unavailable::Storage);
    let (Some(class), Some(file_digest)) = (upload.class(), upload.digest()) else { return Err(storage) };
    let start = StartRosterImport { class, rows: upload.rows, file_digest };
    let key = format!("{}:start", upload.id);
    let accepted = app.engine().execute_blocking(submission(app, upload, start.into(), &key).map_err(|_| storage.clone())?)?;
    upload.job = accepted.result.into_iter().find(|(name, _)| *name == "job").map(|(_, job)| job);
    upload.keep(app).map_err(|_| storage)
}

fn submission(app: &App, upload: &Upload, command: Command, key: &str) -> Result<Submission, Problem> {
    let (actor, role) = upload.actor().ok_or(Kind::Internal)?;
    Ok(Submission {
        actor,
        role,
        command_id: app.engine().command_id(&actor, "roster-import", key),
        fingerprint: app.engine().fingerprint(key.as_bytes()),
        effective_on: upload.effective_on,
        if_match: Vec::new(),
        command,
    })
}

/// One command a row, a window of them at a time; what a row gets is noted by its number.
fn write_rows(app: &App, upload: &mut Upload, job: JobId) -> Result<(), Problem> {
    let Some(class) = upload.class() else { return Err(Kind::Internal.into()) };
    let rows = upload.accepted.clone();
    let mut under_way: VecDeque<(u32, Receiver<Answer>)> = VecDeque::new();
    (upload.written, upload.refusals) = (0, BTreeMap::new());
    for row in &rows {
        if under_way.len() >= WINDOW {
            settle(app, upload, &mut under_way)?;
        }
        let command = row.command(app, class, job)?;
        let submission = submission(app, upload, command.into(), &format!("{}:{}", upload.id, row.row))?;
        let answer = app.engine().submit(submission)?;
        under_way.push_back((row.row, answer));
    }
    while !under_way.is_empty() {
        settle(app, upload, &mut under_way)?;
    }
    Ok(())
}

/// Waits for the oldest row under way.
fn settle(app: &App, upload: &mut Upload, under_way: &mut VecDeque<(u32, Receiver<Answer>)>) -> Result<(), Problem> {
    let Some((row, answer)) = under_way.pop_front() else { return Ok(()) };
    match answer.blocking_recv().unwrap_or(Err(CommandError::Unavailable(zhixin_engine::answer::Unavailable::Stopped))) {
        Ok(_) => upload.written = upload.written.saturating_add(1),
        Err(CommandError::Refused(refusal)) => {
            upload.refusals.insert(row, sentences(&refusal.into()));
        }
        Err(fault) => return Err(fault.into()),
    }
    if let Some(done) = app.imports().lock().get_mut(&upload.id) {
        *done = done.saturating_add(1);
    }
    Ok(())
}

pub(super) fn sentences(problem: &Problem) -> (String, String, String) {
    (problem.code().to_owned(), problem.text(Lang::Zh).replace(NOTHING_DONE, ""), problem.text(Lang::En))
}
