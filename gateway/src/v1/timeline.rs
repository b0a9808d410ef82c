//! The history of a subject, and one event: `GET /api/v1/subjects/{kind}/{id}/timeline`, `GET /api/v1/events/{position}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_events::scope::Scope;
use zhixin_events::{CivilDate, Subject};

use super::input::{Word as _, path_word};
use super::moment::{self, Moment};
use super::names::Names;
use super::query::Query;
use super::sight::{self, Sight};
use super::story::{self, Entry};
use crate::app::App;
use crate::app::routes::{Doc, Param, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::text::Lang;

/// Events on a page.
pub(crate) const EVENTS_MAX: u64 = 200;

pub(super) const PARAMS: &[Param] = &[
    Param {
        name: "before",
        doc: "Only events before this position: the next of the page before.",
        schema: || json!({ "type": "integer", "minimum": 0 }),
    },
    Param {
        name: "limit",
        doc: "Events on a page, the newest first; 50 if absent.",
        schema: || json!({ "type": "integer", "minimum": 1, "maximum": EVENTS_MAX }),
    },
    Param { name: "from", doc: "Only events that took place on this day or later.", schema: CivilDate::schema },
    Param { name: "to", doc: "Only events that took place on this day or earlier.", schema: CivilDate::schema },
];

pub(super) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[PARAMS, moment::PARAMS], is_public: true, ..Doc::default() };
    routes.get("/api/v1/subjects/{kind}/{id}/timeline", "The history of a record, newest first", doc, timeline).get(
        "/api/v1/events/{position}",
        "One event",
        Doc { is_public: true, ..Doc::default() },
        event,
    )
}

/// A page of a history, newest first.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Pass it as `before`; none = this was the last page.
    pub(crate) next: Option<u64>,
    /// Events of the subject in the view, seen or not; of a person only those that the caller sees.
    pub(crate) count: u64,
}

/// How many events a page has.
///
/// # Errors
/// It is too many, or none.
pub(crate) fn limit(query: &Query) -> Result<u64, Problem> {
    Ok(query.number("limit", (1, EVENTS_MAX))?.unwrap_or(50))
}

/// Reads the newest events of a subject within a moment that the caller may see. Blocks.
///
/// # Errors
/// 404 for what the caller may not know exists.
pub(crate) fn page(app: &App, caller: &Caller, subject: &Subject, moment: &Moment, query: &Query) -> Result<Page, Problem> {
    let before = query.number("before", (0, u64::MAX))?;
    let limit = limit(query)?;
    let (from, to) = (query.word::<CivilDate>("from")?, query.word::<CivilDate>("to")?);
    let sight = sight::of_subject(app, caller, subject)?;
    let view = app.engine().view()?;
    let all = view.count(subject, moment.view.position)?;
    let count = if matches!(sight, Sight::Within(_)) { seen_count(app, &sight, &view.positions(subject, 0..all)?)? } else { all };
    let mut end = view.count(subject, before.map_or(moment.view.position, |before| before.min(moment.view.position)))?;
    let wanted = |entry: &mut Entry| -> Result<bool, Problem> {
        let within = from.is_none_or(|from| entry.effective_on >= from) && to.is_none_or(|to| entry.effective_on <= to);
        Ok(within && entry.effective_on <= moment.view.effective_by && sight.shows(app, entry)?)
    };
    let mut found: Vec<Entry> = Vec::new();
    let full = |found: &Vec<Entry>| u64::try_from(found.len()).is_ok_and(|found| found >= limit);
    while end > 0 && !full(&found) {
        let start = end.saturating_sub(limit);
        let chunk = story::entries(app, &view.positions(subject, start..end)?)?;
        for mut entry in chunk.into_iter().rev() {
            if full(&found) {
                break;
            }
            if wanted(&mut entry)? {
                found.push(entry);
            }
        }
        end = start;
    }
    if let Some(oldest) = found.last().map(|last| last.position) {
        let later = view.positions(subject, view.count(subject, oldest.saturating_add(1))?..all)?;
        mark_corrected(app, &mut found, (&sight, moment), &later)?;
    }
    let next = found.last().map(|last| last.position).filter(|_| full(&found));
    if found.is_empty() && sight == Sight::PublicOnly && before.is_none() && from.is_none() && to.is_none() {
        return Err(Kind::NotFound.into());
    }
    Ok(Page { entries: found, next, count })
}

/// Notes which of these events one of the later ones corrects: it may stand on a newer page, or outside the days asked for. Blocks.
fn mark_corrected(app: &App, found: &mut [Entry], (sight, moment): (&Sight, &Moment), later: &[u64]) -> Result<(), Problem> {
    let mut corrected = BTreeMap::new();
    for mut later in story::corrections(app, later)? {
        if later.effective_on <= moment.view.effective_by && sight.shows(app, &mut later)? {
            corrected.extend(later.corrects().map(|corrects| (corrects, later.position)));
        }
    }
    for entry in found {
        entry.corrected_by = corrected.get(&entry.position).copied();
    }
    Ok(())
}

/// How many of these events somebody sees. Blocks.
fn seen_count(app: &App, sight: &Sight, positions: &[u64]) -> Result<u64, Problem> {
    let mut count = 0_u64;
    for chunk in positions.chunks(200) {
        for mut entry in story::entries(app, chunk)? {
            count = count.saturating_add(sight.shows(app, &mut entry)?.into());
        }
    }
    Ok(count)
}

/// Reads the subject that a path names.
///
/// # Errors
/// It is none.
pub(crate) fn subject(kind: &str, id: &str) -> Result<Subject, Problem> {
    path_word("id", &format!("{kind}/{id}"))
}

async fn timeline(
    State(app): State<App>,
    Path((kind, id)): Path<(String, String)>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS, moment::PARAMS])?;
    let subject = subject(&kind, &id)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let page = page(app, &caller, &subject, &moment, &query)?;
        let (zh, en) = (Names::of(app, moment.view, Lang::Zh)?, Names::of(app, moment.view, Lang::En)?);
        let mut body = moment.members(app, &[])?;
        body.insert("subject".to_owned(), json!(subject.to_string()));
        let entries: Vec<Value> = page.entries.iter().map(|entry| entry.json(&zh, &en)).collect::<Result<_, _>>()?;
        body.insert("events".to_owned(), Value::Array(entries));
        body.insert("next".to_owned(), json!(page.next));
        Ok(Json(body).into_response())
    })
    .await
}

/// Reads a position in a path.
///
/// # Errors
/// It is none.
pub(crate) fn position(text: &str) -> Result<u64, Problem> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (zh, en) = ("位置应为非负整数", "a position is a whole number from 0");
    text.parse().ok().filter(|_| plain).ok_or_else(|| Problem::part(Kind::OutOfRange, crate::problem::Part::Path("position"), zh, en))
}

/// An event that the caller may see. Blocks.
///
/// # Errors
/// 404 beyond the end; 401 or 403 for what the caller may not see: that it exists is no secret, its hash is public.
pub(crate) fn seen_event(app: &App, caller: &Caller, position: u64) -> Result<Entry, Problem> {
    let mut entry = story::entry(app, position)?;
    if sight::of_event(app, caller, &mut entry)? {
        return Ok(entry);
    }
    caller.signed_in()?;
    Err(Kind::NotPermitted.into())
}

async fn event(State(app): State<App>, Path(at): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    Query::strict(request.uri(), &[])?;
    let at = position(&at)?;
    app.blocking(move |app| {
        let entry = seen_event(app, &caller, at)?;
        let moment = Moment::of(app, &Query::default())?;
        let (zh, en) = (Names::of(app, moment.view, Lang::Zh)?, Names::of(app, moment.view, Lang::En)?);
        let mut body = entry.json(&zh, &en)?;
        body["leaf"] = json!(entry.leaf);
        if caller.scope(Action::ReadHistory) == Scope::All {
            let found = app.engine().commit_at(at)?;
            body["actor"] = json!(found.commit.actor.to_string());
        }
        Ok(Json(body).into_response())
    })
    .await
}
