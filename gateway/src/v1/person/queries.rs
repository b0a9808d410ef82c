//! `GET /api/v1/persons/{id}/hours`: the continuing-education hours of a person, class by class, as far as the caller may see the classes.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_events::PersonId;
use zhixin_projections::{ModelName, classes};

use crate::app::App;
use crate::app::routes::{Doc, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::v1::input::path_word;
use crate::v1::moment::{self, Moment};
use crate::v1::query::Query;
use crate::v1::sight::place_of_class;

pub(crate) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[moment::PARAMS], ..Doc::default() };
    routes.get("/api/v1/persons/{id}/hours", "Continuing-education hours of a person", doc, hours)
}

async fn hours(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[moment::PARAMS])?;
    let person: PersonId = path_word("id", &id)?;
    let (_, scope) = caller.require(Action::ReadPersons)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let mut of_person = classes::of_person(&app.rows(ModelName::Classes)?, person, moment.view)?;
        of_person.retain(|(class, _)| scope.covers(&place_of_class(class)));
        if of_person.is_empty() {
            return Err(Kind::NotFound.into());
        }
        let mut total = 0_u64;
        let mut rows: Vec<Value> = Vec::new();
        for (class, trainee) in &of_person {
            let Some(hours) = trainee.hours else { continue };
            total = total.saturating_add(hours.hours.get().into());
            rows.push(json!({
                "class": class.class.to_string(),
                "title": class.title,
                "year": hours.year.get(),
                "professional_tenths": hours.hours.get(),
                "position": hours.position.0,
            }));
        }
        let mut body = moment.members(app, &[ModelName::Classes])?;
        body.insert("person".to_owned(), json!(person.to_string()));
        body.insert("hours".to_owned(), Value::Array(rows));
        body.insert("total_tenths".to_owned(), json!(total));
        Ok(Json(body).into_response())
    })
    .await
}
