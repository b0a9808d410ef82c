//! Forms by which a class is run without a program: what is done with it, and in [`plan`] how it begins.
//!
//! A form becomes the body that a program would send ([`typed`]) and goes through the same reading, the same submission and the same
//! refusals ([`command::submit_form`]), so no rule is written twice. What is wrong comes back on the same page beside its field, with what
//! was typed. Each form carries a key made when it was shown: sent twice it is carried out once and leads to the same page. Where something
//! is recorded of a whole roster it is one command a person, under the key of the form and the person, so that sending again goes on.

pub(super) mod act;
mod inputs;
mod plan;
mod typed;

use std::collections::BTreeMap;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use zhixin_engine::answer::Accepted;
use zhixin_engine::domain::access::usual_purpose;
use zhixin_events::{ClassId, HoursTenths, PersonId, Secret, SessionNumber};
use zhixin_projections::ModelName;
use zhixin_projections::classes::{self, ClassDetail, Session, Trainee};

use self::act::{Act, Stand};
use self::typed::Typed;
use super::frame::{Asked, DONE, html};
use super::pager;
use super::signin::{as_asked, see_other};
use crate::app::App;
use crate::app::body::Form;
use crate::app::routes::Routes;
use crate::auth::Caller;
use crate::pages::views::{Control, Fact, FormView, Input, Link, Nav, Pager, Told, with_param};
use crate::problem::{Kind, Part, Problem};
use crate::session::random;
use crate::text::{Lang, Texts};
use crate::v1::class::queries as shared;
use crate::v1::command::{self, schema_of};
use crate::v1::input::path_word;
use crate::v1::moment::Moment;
use crate::v1::sight::place_of_class;

/// Trainees on a page of a form.
const ROWS: usize = 100;
/// Name of the table of trainees; a row is named by the person behind it.
const TABLE: &str = "rows";

pub(super) fn routes(routes: Routes) -> Routes {
    Act::ALL.into_iter().fold(plan::routes(routes), |routes, act| {
        let path = format!("/classes/{{id}}/{}", act.name());
        let show = move |State(app): State<App>, Path(id): Path<String>, caller: Caller, uri: Uri| show(app, id, caller, uri, act);
        let send =
            move |State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request| send(app, id, caller, request, act);
        routes.page(&path, show).form(&path, send)
    })
}

/// The sentence on an act that was done, from what the address says of it.
pub(super) fn notice(lang: Lang, done: &str) -> Option<String> {
    let (name, count) = done.split_once(':').unwrap_or((done, "1"));
    if name == plan::NAME {
        return Some(Texts::of(lang).forms.plan_done.to_string());
    }
    let act = Act::ALL.into_iter().find(|act| act.name() == name)?;
    let count: u32 = count.parse().ok()?;
    Some(act.words(lang).done.with(count))
}

/// A form as somebody sent it.
struct Sent {
    key: String,
    typed: Typed,
}

impl Sent {
    /// Reads a form of the session.
    async fn read(app: &App, caller: &Caller, request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
        form.check_csrf(&caller.signed_in()?.csrf)?;
        Ok(Self { key: form.get("key").to_owned(), typed: Typed::of(&form) })
    }
}

/// What is wrong with what was sent, and the status that says so.
struct Refused {
    status: StatusCode,
    told: Vec<Told>,
}

impl Refused {
    /// What a problem says, field by field; a fault of ours or of the world is none of the form's.
    fn of(problem: Problem, lang: Lang, typed: &Typed) -> Result<Self, Problem> {
        if !problem.status().is_client_error() {
            return Err(problem);
        }
        Ok(Self { status: problem.status(), told: told(&problem, lang, typed) })
    }
}

fn told(problem: &Problem, lang: Lang, typed: &Typed) -> Vec<Told> {
    let t = &Texts::of(lang).forms;
    // What is typed wrongly is said beside the field; only what the rules say has a page worth reading.
    let code = |code: &str| if code.starts_with("REQ-") { String::new() } else { code.to_owned() };
    if problem.code() == Kind::KeyReused.status_and_code().1 {
        return vec![Told { field: String::new(), message: t.key_reused.to_string(), code: code(problem.code()) }];
    }
    if problem.errors().is_empty() {
        return vec![Told { field: String::new(), message: problem.text(lang), code: code(problem.code()) }];
    }
    let one = |error: &crate::problem::FieldProblem| {
        let field = match &error.part {
            Part::Body(pointer) => pointer.trim_start_matches('/'),
            Part::Parameter(_) | Part::Header(_) | Part::Path(_) => "",
        };
        let of_form = error.code.starts_with("REQ-");
        let message = match typed.get(field) {
            Some("") if of_form => t.missing.to_string(),
            Some(_) if of_form && field.ends_with("hours_tenths") => t.hours_fit.to_string(),
            Some(_) | None => error.said.text(lang).to_owned(),
        };
        Told { field: field.to_owned(), message, code: code(error.code) }
    };
    problem.errors().iter().map(one).collect()
}

/// Puts what was typed, or what the address says, into the fields.
fn fill<'i>(inputs: impl Iterator<Item = &'i mut Input>, typed: &Typed, is_sent: bool) {
    for input in inputs {
        match typed.get(&input.name) {
            Some(text) => text.clone_into(&mut input.value),
            None if is_sent && input.control == Control::Tick => input.value.clear(),
            None => {}
        }
    }
}

/// The position after which the read models show what a command did.
fn last_position(accepted: &Accepted) -> u64 {
    accepted.events.iter().map(|event| event.position.0).max().unwrap_or(accepted.position.0)
}

/// Sends the browser on to a page that shows what was done, and says so.
fn done(asked: &Asked, path: &str, what: &str, position: u64) -> Result<Response, Problem> {
    let path = with_param(&as_asked(asked, path), "at_least", &position.to_string());
    see_other(&with_param(&path, DONE, what))
}

async fn show(app: App, id: String, caller: Caller, uri: Uri, act: Act) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let class: ClassId = path_word("id", &id)?;
    app.blocking(move |app| {
        let typed = Typed::of_pairs(asked.query.fields());
        html(view(app, &asked, (class, act), &typed, None)?.render(asked.lang))
    })
    .await
}

async fn send(app: App, id: String, caller: Caller, request: Request, act: Act) -> Result<Response, Problem> {
    let asked = Asked::new(caller, request.uri().clone());
    let class: ClassId = path_word("id", &id)?;
    let same = asked.clone();
    app.blocking(move |app| permitted(app, &same, (class, act)).map(drop)).await?;
    let sent = Sent::read(&app, &asked.caller, request).await?;
    let typed = sent.typed.clone().with("class", &class.to_string());
    let outcome = match act.of_many() {
        Some(member) => record_all(&app, &asked, (act, member), &sent.key, typed).await?,
        None => record_one(&app, &asked, act, &sent.key, typed).await?,
    };
    match outcome {
        Ok((position, count)) => {
            let next = sent.typed.get("session").filter(|_| act == Act::Session);
            let path = match next {
                Some(session) => with_param(&format!("/classes/{class}/{}", Act::Attendance.name()), "session", session),
                None => format!("/classes/{class}"),
            };
            done(&asked, &path, &format!("{}:{count}", act.name()), position)
        }
        Err(refused) => {
            let status = refused.status;
            let page =
                app.blocking(move |app| html(view(app, &asked, (class, act), &sent.typed, Some((sent.key, refused)))?.render(asked.lang)));
            Ok((status, page.await?).into_response())
        }
    }
}

/// The last position of what was recorded, and of how many.
type Recorded = Result<(u64, usize), Refused>;

async fn record_one(app: &App, asked: &Asked, act: Act, key: &str, typed: Typed) -> Result<Recorded, Problem> {
    let body = typed.body(&schema_of(act.command()));
    match command::submit_form(app, asked.caller.signed_in()?, act.command(), key, &body).await {
        Ok(accepted) => Ok(Ok((last_position(&accepted), 1))),
        Err(problem) => Refused::of(problem, asked.lang, &typed).map(Err),
    }
}

/// Records an act of each person chosen, all at once; what is refused is told in its row.
async fn record_all(app: &App, asked: &Asked, (act, member): (Act, &'static str), key: &str, typed: Typed) -> Result<Recorded, Problem> {
    let rest = typed.get("rest").unwrap_or_default();
    let rows = typed.below("rows/").map(|(person, value)| (person.to_owned(), if value.is_empty() { rest } else { value }));
    let rows: Vec<(String, Typed)> = rows
        .filter(|(_, value)| !value.is_empty())
        .map(|(person, value)| (person.clone(), typed.clone().with("person", &person).with(member, value)))
        .collect();
    if rows.is_empty() {
        let message = Texts::of(asked.lang).forms.none_chosen.to_string();
        let told = vec![Told { field: TABLE.to_owned(), message, code: String::new() }];
        return Ok(Err(Refused { status: StatusCode::BAD_REQUEST, told }));
    }
    let schema = schema_of(act.command());
    let mut running = Vec::with_capacity(rows.len());
    for (person, row) in rows {
        let (app, caller, body, key) = (app.clone(), asked.caller.clone(), row.body(&schema), format!("{key}.{person}"));
        let sent = async move { command::submit_form(&app, caller.signed_in()?, act.command(), &key, &body).await };
        running.push((person, row, tokio::spawn(sent)));
    }
    let (mut recorded, mut position) = (0_usize, 0);
    let mut refused: Option<Refused> = None;
    for (person, row, sent) in running {
        match sent.await.unwrap_or_else(|fault| Err(Problem::from(Kind::Internal).because(&fault))) {
            Ok(accepted) => (recorded, position) = (recorded.saturating_add(1), last_position(&accepted).max(position)),
            Err(problem) => {
                let all = refused.get_or_insert_with(|| Refused { status: problem.status(), told: Vec::new() });
                for mut one in told(&problem, asked.lang, &row) {
                    // What all rows share is told once, at its field.
                    if one.field.is_empty() || typed.get(&one.field).is_none() {
                        one.field = format!("{TABLE}/{person}");
                    }
                    if !all.told.contains(&one) {
                        all.told.push(one);
                    }
                }
            }
        }
    }
    let Some(mut refused) = refused else { return Ok(Ok((position, recorded))) };
    let rows = refused.told.iter().filter(|told| told.field.starts_with(TABLE)).count();
    if recorded > 0 {
        let message = Texts::of(asked.lang).forms.some_refused.with2(recorded, rows);
        refused.told.insert(0, Told { field: String::new(), message, code: String::new() });
    }
    Ok(Err(refused))
}

/// A class with which the caller may do this. Blocks.
fn permitted(app: &App, asked: &Asked, (class, act): (ClassId, Act)) -> Result<(Moment, ClassDetail), Problem> {
    let (_, scope) = asked.caller.require(act.action())?;
    let moment = Moment::of_page(app, &asked.query)?;
    let detail = shared::seen(app, &asked.caller, class, moment.view)?;
    if scope.covers(&place_of_class(&detail.entry)) { Ok((moment, detail)) } else { Err(Kind::NotPermitted.into()) }
}

/// What the fields of a form are made from.
struct Shown<'a> {
    asked: &'a Asked,
    moment: &'a Moment,
    detail: &'a ClassDetail,
    /// The session that it is about, where it is about one.
    session: Option<&'a Session>,
    /// The number that the next session gets.
    next_session: u16,
    /// Trainees on this page of it.
    trainees: &'a [Trainee],
    pager: Pager,
    opened: BTreeMap<PersonId, Secret<String>>,
}

impl Shown<'_> {
    fn name(&self, person: PersonId) -> String {
        let t = Texts::of(self.asked.lang);
        self.opened.get(&person).map_or_else(|| t.labels.erased.to_string(), |name| name.expose().clone())
    }

    fn planned(&self) -> HoursTenths {
        self.detail.modules.iter().fold(HoursTenths::new(0), |sum, module| sum.plus(module.hours))
    }
}

/// The form of an act, fresh or with what was sent and what is wrong with it. Names of trainees in it are opened, which is recorded. Blocks.
fn view(
    app: &App,
    asked: &Asked,
    (class, act): (ClassId, Act),
    typed: &Typed,
    sent: Option<(String, Refused)>,
) -> Result<FormView, Problem> {
    let (moment, detail) = permitted(app, asked, (class, act))?;
    let (lang, t, words) = (asked.lang, Texts::of(asked.lang), act.words(asked.lang));
    let roster = classes::roster(&app.rows(ModelName::Classes)?, class, moment.view, None, usize::MAX)?.items;
    let (class_href, path) = (format!("/classes/{class}"), format!("/classes/{class}/{}", act.name()));
    let crumbs = [
        (t.classes.title.as_str(), Some("/classes")),
        (detail.entry.title.as_str(), Some(class_href.as_str())),
        (words.title.as_str(), None),
    ];
    let (is_sent, closed) = (sent.is_some(), act.closed(lang, &Stand { detail: &detail, roster: &roster }));
    let (key, told) = sent.map_or((None, Vec::new()), |(key, refused)| (Some(key), refused.told));
    let mut form = FormView {
        frame: asked.frame(app, Nav::Classes, &crumbs),
        title: words.title.to_string(),
        lead: words.lead.to_string(),
        facts: vec![Fact { label: t.classes.class_name.to_string(), value: detail.entry.title.clone(), href: Some(class_href.clone()) }],
        closed: closed.map(|reason| reason.to_string()),
        action: path.clone(),
        submit: words.go.to_string(),
        is_grave: act.is_grave(),
        back: Link { label: t.forms.back.to_string(), href: class_href },
        told,
        ..FormView::default()
    };
    if form.closed.is_some() {
        return Ok(form);
    }
    let number = typed.get("session").and_then(|text| text.parse().ok()).map(SessionNumber::new);
    let session = detail.sessions.iter().find(|session| Some(session.session) == number).filter(|_| act.is_of_session());
    let asks_session = act.is_of_session() && session.is_none();
    let mut concerned: Vec<Trainee> =
        roster.into_iter().filter(|trainee| act.concerns(trainee, session.map(|held| held.session))).collect();
    if asks_session || !act.is_of_persons() {
        concerned.clear();
    }
    let (pager, shown) = pager(&asked.query, &path, &concerned, ROWS)?;
    let acting = shared::may_open(&asked.caller, &detail.entry)?;
    let opened = shared::open_names(app, acting, (usual_purpose(acting.role), None), shown)?.names;
    let next_session = detail.sessions.iter().map(|session| session.session.get()).max().unwrap_or(0).saturating_add(1);
    let of = Shown { asked, moment: &moment, detail: &detail, session, next_session, trainees: shown, pager, opened };
    if asks_session {
        form.inputs = vec![of.session_choice()];
        form.submit = t.forms.plan_continue.to_string();
        return Ok(form);
    }
    if let Some(session) = session {
        form.facts.push(Fact { label: t.forms.session_number.to_string(), value: of.session_name(session), href: None });
    }
    if !shown.is_empty() {
        form.note = t.forms.names_note.to_string();
    }
    form.key = Some(key.map_or_else(random, Ok)?);
    form.action = asked.query.href(&path, &["lang", "mode", DONE, "at_least", "session"]);
    (form.inputs, form.table) = (of.inputs(act), of.table(act, TABLE));
    let cells = form.table.iter_mut().flat_map(|table| &mut table.rows).flat_map(|row| &mut row.cells);
    fill(form.inputs.iter_mut().chain(cells), typed, is_sent);
    Ok(form)
}
