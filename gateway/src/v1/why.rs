//! `GET /api/v1/why`: from a figure or a row to the events behind it.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_events::{CertificateId, ClassId, OccupationId, PersonId, Position, TrainerId};
use zhixin_projections::quota::{self, Field, QuotaRow, RowKey};
use zhixin_projections::{AsOf, ModelName, TableView, certificates, classes, occupations, trainers};

use super::moment::{self, Moment};
use super::names::Names;
use super::query::Query;
use super::sight::{self, place_of_class};
use super::story;
use crate::app::App;
use crate::app::body::bad_parameter;
use crate::app::routes::{Doc, Param, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::text::Lang;

pub(super) const MODELS: [&str; 5] = ["quota", "certificates", "classes", "trainers", "occupations"];
pub(super) const FIELDS: [&str; 4] = ["target", "enrolled", "completed", "certified"];

const PARAMS: &[Param] = &[
    Param { name: "model", doc: "Read model; quota if absent.", schema: || json!({ "type": "string", "enum": MODELS }) },
    Param {
        name: "row",
        doc: "Key of the row: for quota as its answers name it, else an id (for a trainee CLASS:PERSON).",
        schema: || json!({ "type": "string" }),
    },
    Param { name: "field", doc: "Column, for quota; completed if absent.", schema: || json!({ "type": "string", "enum": FIELDS }) },
    Param {
        name: "after",
        doc: "Only events after this position: the next of the page before.",
        schema: || json!({ "type": "integer", "minimum": 0 }),
    },
    Param { name: "limit", doc: "Events on a page; 50 if absent.", schema: || json!({ "type": "integer", "minimum": 1, "maximum": 200 }) },
];

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/api/v1/why", "The events behind a figure", Doc { query: &[PARAMS, moment::PARAMS], ..Doc::default() }, get)
}

/// What is behind a figure.
#[derive(Debug)]
pub(crate) struct Why {
    pub(crate) model: ModelName,
    /// The row and the column, where the model counts.
    pub(crate) figure: Option<(QuotaRow, Field)>,
    /// The events, oldest first.
    pub(crate) positions: Vec<Position>,
}

impl Why {
    /// The figure itself, where the model counts.
    pub(crate) fn value(&self) -> Option<i64> {
        let (row, field) = self.figure.as_ref()?;
        Some(match field {
            Field::Target => row.target.unwrap_or(0),
            Field::Enrolled => row.enrolled,
            Field::Completed => row.completed,
            Field::Certified => row.certified,
        })
    }
}

/// Finds the events behind a figure. Blocks.
///
/// # Errors
/// A parameter is wrong, or there is no such row that the caller may see.
pub(crate) fn find(app: &App, caller: &Caller, query: &Query, view: AsOf) -> Result<Why, Problem> {
    let model = query.choice("model", &MODELS, ModelName::from_name)?.unwrap_or(ModelName::Quota);
    let missing = || bad_parameter(Kind::Malformed, "row", "缺少这个参数", "the parameter is missing");
    let row = query.text("row").ok_or_else(missing)?;
    let rows = app.rows(model)?;
    if model == ModelName::Quota {
        let malformed = |_| bad_parameter(Kind::Malformed, "row", "不是统计数据的行", "it is no row of the quota model");
        let key: RowKey = row.parse().map_err(malformed)?;
        let field = query.choice("field", &FIELDS, Field::from_name)?.unwrap_or(Field::Completed);
        let positions = quota::why(&rows, &key, field, view)?;
        return Ok(Why { model, figure: Some((quota::row(&rows, &key, view)?, field)), positions });
    }
    let positions = of_row(app, caller, &rows, (model, row), view)?.filter(|positions| !positions.is_empty());
    let mut positions = positions.ok_or(Kind::NotFound)?;
    positions.sort_unstable();
    positions.dedup();
    Ok(Why { model, figure: None, positions })
}

fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| bad_parameter(Kind::BadId, "row", "编号的写法不对", "it is not written as ids are"))
}

/// The events behind a row that is no count. What lies in a class is found only by those who may see the class; that a certificate was
/// issued or revoked is public, but where the name of its holder stands leads to the person.
fn of_row(
    app: &App,
    caller: &Caller,
    rows: &TableView,
    (model, row): (ModelName, &str),
    view: AsOf,
) -> Result<Option<Vec<Position>>, Problem> {
    let class = |id: ClassId| {
        let found = classes::by_id(&app.rows(ModelName::Classes)?, id, view)?;
        Ok::<_, Problem>(found.filter(|detail| caller.scope(Action::ReadHistory).covers(&place_of_class(&detail.entry))))
    };
    Ok(match model {
        ModelName::Quota => None,
        ModelName::Certificates => match certificates::by_id(rows, id::<CertificateId>(row)?, view)? {
            None => None,
            Some(entry) => {
                let revoked = match entry.status {
                    certificates::CertificateStatus::Valid => None,
                    certificates::CertificateStatus::Revoked { position, .. } => Some(position),
                };
                let name = class(entry.class)?.map(|_| entry.name_position);
                Some([name, Some(entry.position), revoked].into_iter().flatten().collect())
            }
        },
        ModelName::Classes => match row.split_once(':') {
            Some((of, person)) => {
                let (of, person) = (id(of)?, id::<PersonId>(person)?);
                let found = class(of)?.map(|_| classes::trainee(rows, of, person, view)).transpose()?;
                found.flatten().map(|trainee| trainee.positions)
            }
            None => class(id(row)?)?.map(|detail| detail.positions),
        },
        ModelName::Trainers => Some(trainers::events(rows, id::<TrainerId>(row)?, view)?),
        ModelName::Occupations => Some(occupations::events(rows, id::<OccupationId>(row)?, view)?),
    })
}

async fn get(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS, moment::PARAMS])?;
    caller.require(Action::ReadHistory)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let why = find(app, &caller, &query, moment.view)?;
        let after = query.number("after", (0, u64::MAX))?;
        let limit = query.number("limit", (1, 200))?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50);
        let rest = why.positions.iter().map(|position| position.0).filter(|position| after.is_none_or(|after| *position > after));
        let page: Vec<u64> = rest.take(limit).collect();
        let next = page.last().copied().filter(|last| why.positions.last().is_some_and(|end| end.0 > *last));
        let (zh, en) = (Names::of(app, moment.view, Lang::Zh)?, Names::of(app, moment.view, Lang::En)?);
        let mut events: Vec<Value> = Vec::new();
        for mut entry in story::entries(app, &page)? {
            // What lies outside the caller's scope counts, but is not told.
            let seen = sight::of_event(app, &caller, &mut entry)?;
            events.push(if seen { entry.json(&zh, &en)? } else { json!({ "position": entry.position }) });
        }
        let mut body = moment.members(app, &[why.model])?;
        body.insert("model".to_owned(), json!(why.model.name()));
        body.insert("row".to_owned(), json!(query.text("row")));
        body.insert("field".to_owned(), json!(why.figure.as_ref().map(|(_, field)| field.name())));
        body.insert("figure".to_owned(), json!(why.value()));
        body.insert("count".to_owned(), json!(why.positions.len()));
        body.insert("events".to_owned(), Value::Array(events));
        body.insert("next".to_owned(), json!(next));
        Ok(Json(body).into_response())
    })
    .await
}
