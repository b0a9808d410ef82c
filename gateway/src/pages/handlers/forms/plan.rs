//! `/classes/plan`: planning a class. Two pages: occupation and grade first, because the directions depend on them.

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use zhixin_engine::domain::access::Action;
use zhixin_engine::domain::class::PlanRun;
use zhixin_engine::domain::class::plan_run::MODULES_MAX;
use zhixin_engine::domain::command::Decide;
use zhixin_events::scope::Place;
use zhixin_events::{DeliveryMode, Grade, OccupationId, TrainerId};
use zhixin_projections::ModelName;
use zhixin_projections::occupations::{self, Directions, OccupationEntry};
use zhixin_projections::trainers::{self, TrainerEntry, TrainerFilter, TrainerStatus};

use super::inputs::{choice, hidden, hinted, input, optional};
use super::typed::Typed;
use super::{Refused, Sent, done, fill, last_position};
use crate::app::App;
use crate::app::routes::Routes;
use crate::auth::Caller;
use crate::pages::handlers::frame::{Asked, html};
use crate::pages::views::{Control, Fact, FormRow, FormTable, FormView, Input, Link, Nav, with_param};
use crate::problem::{Kind, Problem};
use crate::session::random;
use crate::text::Texts;
use crate::v1::command::{self, schema_of};
use crate::v1::moment::Moment;
use crate::v1::names;

/// What the address says when a class is planned.
pub(super) const NAME: &str = "plan";
const PATH: &str = "/classes/plan";
/// Rows for modules that are shown empty.
const ROWS: usize = 6;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.page(PATH, show).form(PATH, send)
}

async fn show(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| {
        let typed = Typed::of_pairs(asked.query.fields());
        html(view(app, &asked, &typed, None)?.render(asked.lang))
    })
    .await
}

async fn send(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let asked = Asked::new(caller, request.uri().clone());
    asked.caller.require(Action::RunClasses)?;
    let Sent { key, typed } = Sent::read(&app, &asked.caller, request).await?;
    let body = typed.body(&schema_of(PlanRun::NAME));
    match command::submit_form(&app, asked.caller.signed_in()?, PlanRun::NAME, &key, &body).await {
        Ok(accepted) => {
            let class = accepted.result.iter().find(|(name, _)| *name == "class").ok_or(Kind::Internal)?;
            done(&asked, &format!("/classes/{}", class.1), NAME, last_position(&accepted))
        }
        Err(problem) => {
            let refused = Refused::of(problem, asked.lang, &typed)?;
            let status = refused.status;
            let page = app.blocking(move |app| html(view(app, &asked, &typed, Some((key, refused)))?.render(asked.lang)));
            Ok((status, page.await?).into_response())
        }
    }
}

/// The listed trainers for which the caller may plan, with what they are listed for. Blocks.
fn of_caller(app: &App, asked: &Asked, moment: &Moment) -> Result<Vec<TrainerEntry>, Problem> {
    let (_, scope) = asked.caller.require(Action::RunClasses)?;
    let listed = trainers::list(&app.rows(ModelName::Trainers)?, &TrainerFilter::default(), moment.view)?;
    let own = |entry: &TrainerEntry| scope.covers(&Place { unit: Some(entry.unit), organisation: Some(entry.organisation) });
    Ok(listed.into_iter().filter(|entry| entry.status == TrainerStatus::Listed && own(entry)).collect())
}

fn view(app: &App, asked: &Asked, typed: &Typed, sent: Option<(String, Refused)>) -> Result<FormView, Problem> {
    asked.caller.require(Action::RunClasses)?;
    let moment = Moment::of_page(app, &asked.query)?;
    let t = Texts::of(asked.lang);
    let own = of_caller(app, asked, &moment)?;
    let is_sent = sent.is_some();
    let (key, told) = sent.map_or((None, Vec::new()), |(key, refused)| (Some(key), refused.told));
    let crumbs = [(t.classes.title.as_str(), Some("/classes")), (t.forms.plan.as_str(), None)];
    let form = FormView {
        frame: asked.frame(app, Nav::Classes, &crumbs),
        title: t.forms.plan.to_string(),
        lead: t.forms.plan_first_lead.to_string(),
        closed: own.is_empty().then(|| t.forms.no_trainer.to_string()),
        action: PATH.to_owned(),
        submit: t.forms.plan_continue.to_string(),
        back: Link { label: t.forms.back_to_list.to_string(), href: "/classes".to_owned() },
        told,
        ..FormView::default()
    };
    let known = occupations::list(&app.rows(ModelName::Occupations)?, moment.view)?;
    let known: Vec<OccupationEntry> =
        known.into_iter().filter(|entry| own.iter().any(|trainer| trainer.occupations.contains(&entry.occupation))).collect();
    let chosen = (
        typed.get("trainer").and_then(|id| id.parse::<TrainerId>().ok()).and_then(|id| own.iter().find(|entry| entry.trainer == id)),
        typed
            .get("occupation")
            .and_then(|id| id.parse::<OccupationId>().ok())
            .and_then(|id| known.iter().find(|entry| entry.occupation == id)),
        typed.get("grade").and_then(Grade::from_name),
    );
    let mut form = match chosen {
        (Some(trainer), Some(occupation), Some(grade)) => FormView {
            lead: t.forms.plan_lead.to_string(),
            facts: facts(asked, trainer, occupation, grade),
            key: Some(key.map_or_else(random, Ok)?),
            inputs: plan(asked, trainer, occupation, grade),
            table: Some(modules(asked, typed)),
            submit: t.forms.plan_go.to_string(),
            ..form
        },
        _first => FormView { inputs: first(asked, &own, &known), ..form },
    };
    let cells = form.table.iter_mut().flat_map(|table| &mut table.rows).flat_map(|row| &mut row.cells);
    fill(form.inputs.iter_mut().chain(cells), typed, is_sent);
    Ok(form)
}

/// Occupation and grade; the trainer too, where the account acts for several.
fn first(asked: &Asked, own: &[TrainerEntry], known: &[OccupationEntry]) -> Vec<Input> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let trainer = match own {
        [only] => hidden("trainer", only.trainer.to_string()),
        several => {
            let named = several.iter().map(|entry| (entry.trainer.to_string(), entry.name.clone()));
            input("trainer", t.frame.trainer, choice(t.forms.choose, named), "")
        }
    };
    let occupations = known.iter().map(|entry| (entry.occupation.to_string(), name(asked, entry)));
    let grades = Grade::ALL.iter().map(|grade| (grade.name().to_owned(), names::grade(lang, *grade).to_owned()));
    vec![
        trainer,
        input("occupation", t.frame.occupation, choice(t.forms.choose, occupations), ""),
        input("grade", t.frame.grade, choice(t.forms.choose, grades), ""),
    ]
}

fn name(asked: &Asked, entry: &OccupationEntry) -> String {
    let code = entry.newest_code().map(|newest| newest.code.as_str()).unwrap_or_default();
    format!("{} {code}", asked.lang.pick(&entry.name_zh, &entry.name_en))
}

fn facts(asked: &Asked, trainer: &TrainerEntry, occupation: &OccupationEntry, grade: Grade) -> Vec<Fact> {
    let t = Texts::of(asked.lang);
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: None };
    let again = [("occupation", occupation.occupation.to_string()), ("grade", grade.name().to_owned())];
    let again = again.iter().fold(PATH.to_owned(), |href, (name, value)| with_param(&href, name, value));
    vec![
        fact(t.frame.trainer.as_str(), trainer.name.clone()),
        fact(t.frame.occupation.as_str(), name(asked, occupation)),
        fact(t.frame.grade.as_str(), names::grade(asked.lang, grade).to_owned()),
        Fact { label: t.forms.change.to_string(), value: t.forms.plan_change.to_string(), href: Some(again) },
    ]
}

fn plan(asked: &Asked, trainer: &TrainerEntry, occupation: &OccupationEntry, grade: Grade) -> Vec<Input> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let f = &t.forms;
    let direction = match occupation.directions_for(grade) {
        Directions::Listed { directions, .. } => {
            let named = directions.iter().map(|direction| (direction.clone(), direction.clone()));
            Some(input("direction", t.frame.direction, choice(f.choose, named), ""))
        }
        Directions::None { .. } | Directions::NotYetKnown => None,
    };
    let modes = DeliveryMode::ALL.iter().map(|mode| (mode.name().to_owned(), names::mode(lang, *mode).to_owned()));
    let identity = [
        hidden("trainer", trainer.trainer.to_string()),
        hidden("occupation", occupation.occupation.to_string()),
        hidden("grade", grade.name()),
        input("title", f.title, Control::Text, ""),
    ];
    let rest = [
        hinted(input("division", f.place, Control::Text, ""), f.place_hint),
        input("mode", f.mode, choice(f.choose, modes), ""),
        input("starts_on", f.starts_on, Control::Date, ""),
        input("ends_on", f.ends_on, Control::Date, ""),
        input("seats", f.seats, Control::Number("1"), ""),
        hinted(optional(input("effective_on", f.plan_day, Control::Date, "")), f.day_hint),
    ];
    identity.into_iter().chain(direction).chain(rest).collect()
}

/// A row a module, always with a few empty ones.
fn modules(asked: &Asked, typed: &Typed) -> FormTable {
    let f = &Texts::of(asked.lang).forms;
    let filled = (0..MODULES_MAX).take_while(|index| typed.below(&format!("modules/{index}/")).next().is_some()).count();
    let cell = |index: usize, member: &str, label: crate::text::Phrase, control: Control| {
        optional(input(&format!("modules/{index}/{member}"), label, control, ""))
    };
    let row = |index: usize| FormRow {
        head: format!("{} {}", f.module, index.saturating_add(1)),
        note: String::new(),
        cells: vec![
            cell(index, "code", f.module_code, Control::Text),
            cell(index, "name", f.module_name, Control::Text),
            cell(index, "hours_tenths", f.module_hours, Control::Number("0.1")),
        ],
    };
    FormTable {
        name: "modules".to_owned(),
        caption: f.modules.to_string(),
        hint: f.modules_hint.to_string(),
        columns: [f.module, f.module_code, f.module_name, f.module_hours].map(|word| word.to_string()).to_vec(),
        rows: (0..filled.saturating_add(2).clamp(ROWS, MODULES_MAX)).map(row).collect(),
        pager: crate::pages::views::Pager::default(),
    }
}
