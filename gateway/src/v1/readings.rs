//! `GET /api/v1/subjects/{kind}/{id}/reads`: who opened the sealed data of a person and why, or what an account opened, newest first.
//!
//! From the log of reads, which has positions of its own. For those alone who may see every entry of the log, within their scope; a reading
//! of many tells how many persons it opened and names none of them.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_engine::read_log::RecordedReading;
use zhixin_events::scope::Scope;
use zhixin_events::{CivilDate, Subject, SubjectKind};

use super::moment::{self, Moment};
use super::query::Query;
use super::{sight, timeline};
use crate::app::App;
use crate::app::routes::{Doc, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};

pub(super) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[timeline::PARAMS, moment::PARAMS], ..Doc::default() };
    routes.get("/api/v1/subjects/{kind}/{id}/reads", "Who opened personal data and why, newest first", doc, reads)
}

/// A page of readings, newest first.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) readings: Vec<RecordedReading>,
    /// Pass it as `before`; none = this was the last page.
    pub(crate) next: Option<u64>,
}

/// Whether a caller may see who opened the data of a subject. Only persons have sealed data and only accounts open them. Blocks.
pub(crate) fn may_see(app: &App, caller: &Caller, subject: &Subject) -> Result<bool, Problem> {
    let scope = caller.scope(Action::ReadLog);
    let has_readings = matches!(subject.kind(), SubjectKind::Person | SubjectKind::Account);
    Ok(has_readings && scope != Scope::None && sight::covers(app, &scope, subject)?)
}

/// The newest readings of a moment before a position of the log of reads, at most `limit`, as far as the days of the query go. Blocks.
///
/// # Errors
/// A day is none; the log of reads cannot be read.
pub(crate) fn page(app: &App, subject: &Subject, moment: &Moment, query: &Query, before: Option<u64>, limit: u64) -> Result<Page, Problem> {
    let (from, to) = (query.word::<CivilDate>("from")?, query.word::<CivilDate>("to")?);
    let log = app.engine().read_log();
    let end = if moment.is_newest { u64::MAX } else { log.position_after(moment.at)? };
    let mut before = before.map_or(end, |before| before.min(end));
    let mut page = Page::default();
    let full = |page: &Page| u64::try_from(page.readings.len()).is_ok_and(|found| found >= limit);
    while !full(&page) {
        let chunk = log.newest(subject, before, limit)?;
        let Some(last) = chunk.last() else { break };
        before = last.position;
        page.readings.extend(chunk.into_iter().filter(|read| {
            let on = read.recorded_at.civil_date();
            on <= moment.view.effective_by && from.is_none_or(|from| on >= from) && to.is_none_or(|to| on <= to)
        }));
    }
    page.readings.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    page.next = page.readings.last().map(|last| last.position).filter(|_| full(&page));
    Ok(page)
}

async fn reads(
    State(app): State<App>,
    Path((kind, id)): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[timeline::PARAMS, moment::PARAMS])?;
    let subject = timeline::subject(&kind, &id)?;
    caller.require(Action::ReadLog)?;
    app.blocking(move |app| {
        if app.engine().view()?.count(&subject, u64::MAX)? == 0 || !may_see(app, &caller, &subject)? {
            return Err(Kind::NotFound.into());
        }
        let moment = Moment::of(app, &query)?;
        let page = page(app, &subject, &moment, &query, query.number("before", (0, u64::MAX))?, timeline::limit(&query)?)?;
        let mut body = moment.members(app, &[])?;
        body.insert("subject".to_owned(), json!(subject.to_string()));
        body.insert("reads".to_owned(), page.readings.iter().map(reading_json).collect());
        body.insert("next".to_owned(), json!(page.next));
        Ok(Json(body).into_response())
    })
    .await
}

fn reading_json(read: &RecordedReading) -> Value {
    let reading = &read.reading;
    json!({
        "position": read.position,
        "recorded_at": read.recorded_at.to_china_text(),
        "reader": reading.reader.to_string(),
        "role": reading.role.name(),
        "purpose": reading.purpose.name(),
        "case": reading.case_reference,
        "fields": reading.fields,
        "persons": reading.persons.len(),
    })
}
