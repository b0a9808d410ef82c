//! `GET /api/v1/directories/trainers|occupations`, one entry of them, and what changed between two moments. Public.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_events::{CivilDate, ListingGround, OccupationId, OrganisationId, ReportingUnit, SourceMark, Subject, TrainerId};
use zhixin_projections::occupations::{self, Directions, OccupationEntry};
use zhixin_projections::trainers::{self, TrainerEntry, TrainerFilter, TrainerStatus};
use zhixin_projections::{AsOf, ModelName};

use crate::app::App;
use crate::app::body::bad_parameter;
use crate::app::routes::{Doc, Param, Routes};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Texts};
use crate::v1::input::{Word, path_word};
use crate::v1::moment::{self, Moment};
use crate::v1::names::{self, Names};
use crate::v1::query::Query;
use crate::v1::story;
use crate::v1::table::Table;

/// The status that stands for every one.
pub(crate) const ALL_STATUSES: &str = "all";
const STATUSES: [&str; 6] = ["not_yet", "listed", "suspended", "expired", "removed", ALL_STATUSES];
const TRAINER_PARAMS: &[Param] = &[
    Param { name: "unit", doc: "Only those of a reporting unit.", schema: ReportingUnit::schema },
    Param { name: "occupation", doc: "Only those listed for an occupation.", schema: <OccupationId as Word>::schema },
    Param {
        name: "status",
        doc: "Only those of this status, or all; listed and suspended if absent.",
        schema: || json!({ "type": "string", "enum": STATUSES }),
    },
    Param {
        name: "q",
        doc: "Only those with this in their name, or with this unified social credit code.",
        schema: || json!({ "type": "string" }),
    },
];
/// Trainers on a page at most.
const TRAINERS_MAX: u64 = 1_000;
const PAGE_PARAMS: &[Param] = &[
    Param { name: "after", doc: "Where the page begins: the next of the page before.", schema: <TrainerId as Word>::schema },
    Param {
        name: "limit",
        doc: "Trainers on a page; as many as one may have if absent.",
        schema: || json!({ "type": "integer", "minimum": 1, "maximum": TRAINERS_MAX }),
    },
];
const DIFF_PARAMS: &[Param] = &[
    Param { name: "from", doc: "The earlier moment, as as_of.", schema: || json!({ "type": "string" }) },
    Param { name: "to", doc: "The later moment, as as_of; now if absent.", schema: || json!({ "type": "string" }) },
];

pub(crate) fn routes(routes: Routes) -> Routes {
    let public = |query| Doc { query, is_public: true, ..Doc::default() };
    routes
        .get(
            "/api/v1/directories/trainers",
            "The directory of trainers",
            public(&[TRAINER_PARAMS, PAGE_PARAMS, moment::PARAMS]),
            trainer_list,
        )
        .get(
            "/api/v1/directories/trainers.csv",
            "The directory of trainers as a table",
            Doc { answers: Some("text/csv"), ..public(&[TRAINER_PARAMS, moment::PARAMS]) },
            trainer_csv,
        )
        .get("/api/v1/directories/trainers/diff", "What changed in the directory of trainers", public(&[DIFF_PARAMS]), trainer_diff)
        .get("/api/v1/directories/trainers/{id}", "One trainer", public(&[moment::PARAMS]), trainer)
        .get("/api/v1/directories/occupations", "The directory of occupations", public(&[moment::PARAMS]), occupation_list)
        .get(
            "/api/v1/directories/occupations/diff",
            "What changed in the directory of occupations",
            public(&[DIFF_PARAMS]),
            occupation_diff,
        )
        .get("/api/v1/directories/occupations/{id}", "One occupation", public(&[moment::PARAMS]), occupation)
}

/// The trainers that a query wants, by directory number. Blocks.
///
/// # Errors
/// A parameter is wrong, or the rows cannot be read.
pub(crate) fn listed_trainers(app: &App, query: &Query, view: AsOf) -> Result<Vec<TrainerEntry>, Problem> {
    let every = [TrainerStatus::NotYet, TrainerStatus::Listed, TrainerStatus::Suspended, TrainerStatus::Expired, TrainerStatus::Removed];
    let status = |text: &str| match text {
        ALL_STATUSES => Some(every.map(Some).to_vec()),
        name => every.into_iter().find(|status| status.name() == name).map(|status| vec![Some(status)]),
    };
    let statuses = query.choice("status", &STATUSES, status)?.unwrap_or_else(|| vec![None]);
    let (unit, occupation) = (query.word("unit")?, query.word("occupation")?);
    let rows = app.rows(ModelName::Trainers)?;
    let mut found = Vec::new();
    for status in statuses {
        found.extend(trainers::list(&rows, &TrainerFilter { unit, occupation, status }, view)?);
    }
    found.sort_by_key(|entry| (entry.directory_number, entry.trainer));
    let Some(wanted) = query.text("q").map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty()) else { return Ok(found) };
    let mut named = Vec::new();
    for entry in found {
        if entry.name.to_lowercase().contains(&wanted) || uscc_of(app, entry.organisation)?.to_lowercase() == wanted {
            named.push(entry);
        }
    }
    Ok(named)
}

/// The credit code of an organisation. Blocks.
pub(crate) fn uscc_of(app: &App, organisation: OrganisationId) -> Result<String, Problem> {
    Ok(story::first_told(app, &Subject::organisation(organisation), "uscc")?.unwrap_or_default())
}

async fn trainer_list(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[TRAINER_PARAMS, PAGE_PARAMS, moment::PARAMS])?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let limit = query.number("limit", (1, TRAINERS_MAX))?.unwrap_or(TRAINERS_MAX);
        let mut found = listed_trainers(app, &query, moment.view)?;
        if let Some(after) = query.word::<TrainerId>("after")? {
            // Its own place counts, for it need not be among those asked for any more.
            let last = trainers::by_id(&app.rows(ModelName::Trainers)?, after, moment.view)?.ok_or(Kind::NotFound)?;
            found.retain(|entry| (entry.directory_number, entry.trainer) > (last.directory_number, after));
        }
        let is_last = u64::try_from(found.len()).is_ok_and(|count| count <= limit);
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut body = moment.members(app, &[ModelName::Trainers])?;
        body.insert("trainers".to_owned(), found.iter().map(trainer_json).collect());
        body.insert("next".to_owned(), json!(found.last().filter(|_| !is_last).map(|last| last.trainer.to_string())));
        Ok(Json(body).into_response())
    })
    .await
}

async fn trainer_csv(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[TRAINER_PARAMS, moment::PARAMS])?;
    let lang = Lang::from_param(query.text("lang"));
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let found = listed_trainers(app, &query, moment.view)?;
        let names = Names::of(app, moment.view, lang)?;
        let t = Texts::of(lang);
        let head = [
            t.frame.name,
            t.trainers.uscc,
            t.frame.region,
            t.trainers.occupations,
            t.trainers.listed_from,
            t.trainers.listed_until,
            t.frame.status,
        ];
        let mut table = Table::new(&head.map(|word| word.to_string()), moment.stamp(lang));
        for entry in &found {
            let occupations: Vec<String> = entry.occupations.iter().map(|id| names.occupation(*id)).collect::<Result<_, _>>()?;
            table.row(&[
                entry.name.clone(),
                uscc_of(app, entry.organisation)?,
                names::unit(lang, entry.unit).to_owned(),
                occupations.join("; "),
                entry.listed_from.to_string(),
                entry.listed_until.to_string(),
                names::trainer_status(lang, entry.status).to_owned(),
            ]);
        }
        table.response("zhixin-trainers.csv")
    })
    .await
}

async fn trainer(State(app): State<App>, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[moment::PARAMS])?;
    let id: TrainerId = path_word("id", &id)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let found = trainers::by_id(&app.rows(ModelName::Trainers)?, id, moment.view)?;
        let mut body = moment.members(app, &[ModelName::Trainers])?;
        body.insert("trainer".to_owned(), trainer_json(&found.ok_or(Kind::NotFound)?));
        moment::answer_on(app, &Subject::trainer(id), &moment, body)
    })
    .await
}

/// The two moments of a comparison.
fn two(app: &App, query: &Query) -> Result<(Moment, Moment), Problem> {
    let from = query.text("from").ok_or_else(|| bad_parameter(Kind::Malformed, "from", "缺少这个参数", "the parameter is missing"))?;
    let at = |name: &str, text: Option<&str>| {
        let renamed = Query::of_pairs(text.map(|text| ("as_of", text)));
        Moment::of(app, &renamed).map_err(|problem| problem.renamed("as_of", name))
    };
    let (from, to) = (at("from", Some(from))?, at("to", query.text("to"))?);
    Ok((from, to))
}

async fn trainer_diff(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[DIFF_PARAMS])?;
    app.blocking(move |app| {
        let (from, to) = two(app, &query)?;
        let diff = trainers::diff(&app.rows(ModelName::Trainers)?, from.view, to.view)?;
        let changed: Vec<Value> =
            diff.changed.iter().map(|(before, after)| json!({ "before": trainer_json(before), "after": trainer_json(after) })).collect();
        Ok(Json(diff_json(
            app,
            (&from, &to),
            ModelName::Trainers,
            diff.added.iter().map(trainer_json),
            diff.removed.iter().map(trainer_json),
            changed,
        )?)
        .into_response())
    })
    .await
}

async fn occupation_diff(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[DIFF_PARAMS])?;
    app.blocking(move |app| {
        let (from, to) = two(app, &query)?;
        let diff = occupations::diff(&app.rows(ModelName::Occupations)?, from.view, to.view)?;
        let (added, removed) = (diff.added.iter().map(occupation_json), diff.removed.iter().map(occupation_json));
        let changed: Vec<Value> = diff
            .changed
            .iter()
            .map(|(before, after)| json!({ "before": occupation_json(before), "after": occupation_json(after) }))
            .collect();
        Ok(Json(diff_json(app, (&from, &to), ModelName::Occupations, added, removed, changed)?).into_response())
    })
    .await
}

fn diff_json(
    app: &App,
    (from, to): (&Moment, &Moment),
    model: ModelName,
    added: impl Iterator<Item = Value>,
    removed: impl Iterator<Item = Value>,
    changed: Vec<Value>,
) -> Result<Value, Problem> {
    let mut body = to.members(app, &[model])?;
    let side = |view: AsOf| json!({ "position": view.position.checked_sub(1), "effective_by": view.effective_by.to_string() });
    body.insert("from".to_owned(), side(from.view));
    body.insert("to".to_owned(), side(to.view));
    body.insert("added".to_owned(), added.collect());
    body.insert("removed".to_owned(), removed.collect());
    body.insert("changed".to_owned(), Value::Array(changed));
    Ok(Value::Object(body))
}

async fn occupation_list(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[moment::PARAMS])?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let found = occupations::list(&app.rows(ModelName::Occupations)?, moment.view)?;
        let mut body = moment.members(app, &[ModelName::Occupations])?;
        body.insert("occupations".to_owned(), found.iter().map(occupation_json).collect());
        Ok(Json(body).into_response())
    })
    .await
}

async fn occupation(State(app): State<App>, Path(id): Path<String>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[moment::PARAMS])?;
    let id: OccupationId = path_word("id", &id)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let found = occupations::by_id(&app.rows(ModelName::Occupations)?, id, moment.view)?;
        let mut body = moment.members(app, &[ModelName::Occupations])?;
        body.insert("occupation".to_owned(), occupation_json(&found.ok_or(Kind::NotFound)?));
        moment::answer_on(app, &Subject::occupation(id), &moment, body)
    })
    .await
}

fn trainer_json(entry: &TrainerEntry) -> Value {
    let day = |date: CivilDate| date.to_string();
    json!({
        "id": entry.trainer.to_string(),
        "organisation": entry.organisation.to_string(),
        "name": entry.name,
        "unit": entry.unit.to_string(),
        "directory_number": entry.directory_number.get(),
        "occupations": entry.occupations.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "listed_from": day(entry.listed_from),
        "listed_until": day(entry.listed_until),
        "national_base": entry.national_base,
        "status": entry.status.name(),
        "ground": entry.ground.map(ListingGround::name),
        "document_number": entry.document_number,
        "edition": entry.edition.0,
        "edition_on": day(entry.edition_on),
    })
}

fn occupation_json(entry: &OccupationEntry) -> Value {
    let codes: Vec<Value> = entry
        .codes
        .iter()
        .map(|code| {
            let mark = code.mark.map(SourceMark::name);
            json!({ "edition": code.edition.get(), "code": code.code, "mark": mark, "source": code.source, "position": code.position.0 })
        })
        .collect();
    let directions: Vec<Value> = entry
        .directions
        .iter()
        .map(|(grade, known)| match known {
            Directions::NotYetKnown => json!({ "grade": grade.name(), "known": false }),
            Directions::None { source, position } => {
                json!({ "grade": grade.name(), "known": true, "directions": [], "source": source, "position": position.0 })
            }
            Directions::Listed { directions, source, position } => {
                json!({ "grade": grade.name(), "known": true, "directions": directions, "source": source, "position": position.0 })
            }
        })
        .collect();
    json!({
        "id": entry.occupation.to_string(),
        "name_zh": entry.name_zh,
        "name_en": entry.name_en,
        "codes": codes,
        "directions": directions,
        "edition": entry.edition.0,
    })
}
