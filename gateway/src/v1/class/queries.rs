//! `GET /api/v1/classes` and one class with its roster; names of trainees only for those who may open them, with a recorded reading.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::{Action, may_claim, needs_case};
use zhixin_engine::read_log::Reading;
use zhixin_events::scope::Scope;
use zhixin_events::{ClassId, ClassStatus, PersonId, PlanYear, ReadPurpose, ReportingUnit, Secret, Subject, TalentCategory, TrainerId};
use zhixin_projections::classes::{self, ClassDetail, ClassEntry, ClassFilter, Trainee};
use zhixin_projections::{AsOf, ModelName, Page, TableView};

use crate::app::App;
use crate::app::body::bad_parameter;
use crate::app::routes::{Doc, Param, Routes};
use crate::auth::{Acting, Caller};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Texts};
use crate::v1::input::{Word, path_word};
use crate::v1::moment::{self, Moment};
use crate::v1::names::{self, Names};
use crate::v1::query::Query;
use crate::v1::sight::place_of_class;
use crate::v1::table::Table;

/// Longest page of a list.
pub(crate) const PAGE_MAX: u64 = 200;
/// Longest reference to a case. Unit: characters.
pub(crate) const CASE_CHARS_MAX: usize = 100;
/// What the number of a case may hold beside letters of the alphabet and digits.
const CASE_SIGNS: &str = "-/._()〔〕号";

const FILTER_PARAMS: &[Param] = &[
    Param {
        name: "year",
        doc: "Only classes that end in this year.",
        schema: || json!({ "type": "integer", "minimum": 2000, "maximum": 2199 }),
    },
    Param { name: "trainer", doc: "Only classes of a trainer.", schema: <TrainerId as Word>::schema },
    Param { name: "unit", doc: "Only classes whose organiser reports to this unit.", schema: ReportingUnit::schema },
    Param { name: "status", doc: "Only classes in this state.", schema: <ClassStatus as Word>::schema },
];
const PAGE_PARAMS: &[Param] = &[
    Param { name: "after", doc: "Where the page begins: the next of the page before.", schema: <ClassId as Word>::schema },
    Param { name: "limit", doc: "Entries on a page; 50 if absent.", schema: limit_schema },
];
const ROSTER_PARAMS: &[Param] = &[
    Param {
        name: "names",
        doc: "1: with the names, which is recorded as a reading; needs purpose.",
        schema: || json!({ "type": "string", "enum": ["0", "1"] }),
    },
    Param { name: "purpose", doc: "Why the names are opened: a purpose of the role.", schema: <ReadPurpose as Word>::schema },
    Param {
        name: "case",
        doc: "The case it is for; an investigator must name it.",
        schema: || json!({ "type": "string", "maxLength": CASE_CHARS_MAX }),
    },
    Param { name: "after", doc: "Where the roster begins: the next of the page before.", schema: <PersonId as Word>::schema },
    Param { name: "limit", doc: "Trainees on a page; 50 if absent.", schema: limit_schema },
];

fn limit_schema() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": PAGE_MAX })
}

impl Word for ClassStatus {
    const KIND: Kind = Kind::Malformed;
    fn parse(text: &str) -> Option<Self> {
        Self::from_name(text)
    }
    fn wanted() -> crate::problem::Said {
        let names = Self::ALL.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ");
        crate::problem::Said::new(format!("应为下列之一：{names}"), format!("must be one of {names}"))
    }
    fn schema() -> Value {
        json!({ "type": "string", "enum": Self::ALL.iter().map(|status| status.name()).collect::<Vec<_>>() })
    }
}

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(
            "/api/v1/classes",
            "Classes that the caller may see",
            Doc { query: &[FILTER_PARAMS, PAGE_PARAMS, moment::PARAMS], ..Doc::default() },
            list,
        )
        .get(
            "/api/v1/classes.csv",
            "Classes that the caller may see, as a table",
            Doc { query: &[FILTER_PARAMS, moment::PARAMS], answers: Some("text/csv"), ..Doc::default() },
            list_csv,
        )
        .get("/api/v1/classes/{id}", "One class with its roster", Doc { query: &[ROSTER_PARAMS, moment::PARAMS], ..Doc::default() }, get)
}

/// Entries on a page.
///
/// # Errors
/// The parameter is wrong.
pub(crate) fn limit(query: &Query) -> Result<usize, Problem> {
    Ok(query.number("limit", (1, PAGE_MAX))?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50))
}

/// The filter of a query within what the caller may see; none if that is nothing.
///
/// # Errors
/// A parameter is wrong.
pub(crate) fn filter(query: &Query, scope: &Scope) -> Result<Option<ClassFilter>, Problem> {
    let mut filter = ClassFilter {
        year: query.number("year", (2000, 2199))?.and_then(|year| u16::try_from(year).ok()).map(PlanYear::new),
        trainer: query.word("trainer")?,
        organisation: None,
        unit: query.word("unit")?,
        status: query.word("status")?,
    };
    match scope {
        Scope::All => {}
        Scope::Unit(unit) if filter.unit.is_none_or(|asked| asked == *unit) => filter.unit = Some(*unit),
        Scope::Organisation(organisation) => filter.organisation = Some(*organisation),
        Scope::Unit(_) | Scope::None => return Ok(None),
    }
    Ok(Some(filter))
}

async fn list(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[FILTER_PARAMS, PAGE_PARAMS, moment::PARAMS])?;
    let (_, scope) = caller.require(Action::ReadClasses)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let (filter, after, limit) = (filter(&query, &scope)?, query.word("after")?, limit(&query)?);
        let mut body = moment.members(app, &[ModelName::Classes])?;
        let rows = app.rows(ModelName::Classes)?;
        let page = filter.map(|filter| classes::list(&rows, &filter, moment.view, after, limit)).transpose()?;
        let (items, next) = page.map_or_else(|| (Vec::new(), None), |page| (page.items, page.next));
        body.insert("classes".to_owned(), items.iter().map(class_json).collect());
        body.insert("next".to_owned(), json!(next.map(|next| next.to_string())));
        Ok(Json(body).into_response())
    })
    .await
}

async fn list_csv(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[FILTER_PARAMS, moment::PARAMS])?;
    let (_, scope) = caller.require(Action::ReadClasses)?;
    let lang = Lang::from_param(query.text("lang"));
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let rows = app.rows(ModelName::Classes)?;
        let found = match filter(&query, &scope)? {
            Some(filter) => whole(classes::list(&rows, &filter, moment.view, None, app.deps().limits.table_rows_max)?, app)?,
            None => Vec::new(),
        };
        let names = Names::of(app, moment.view, lang)?;
        let t = Texts::of(lang);
        let (about, counted) = (
            [t.classes.class_name, t.frame.trainer, t.frame.region, t.frame.occupation, t.frame.grade, t.classes.dates, t.frame.status],
            [t.classes.registered, t.classes.completed, t.classes.certified],
        );
        let mut table = Table::new(&about.into_iter().chain(counted).map(|word| word.to_string()).collect::<Vec<_>>(), moment.stamp(lang));
        for class in &found {
            let counts = Counts::of(&rows, class.class, moment.view)?;
            table.row(&[
                class.title.clone(),
                names.trainer(class.trainer)?,
                names::unit(lang, class.unit).to_owned(),
                names.occupation(class.occupation)?,
                names::grade(lang, class.grade).to_owned(),
                format!("{} – {}", class.starts_on, class.counts_on()),
                names::class_status(lang, class.status).to_owned(),
                counts.registered.to_string(),
                counts.completed.to_string(),
                counts.certified.to_string(),
            ]);
        }
        table.response("zhixin-classes.csv")
    })
    .await
}

/// The classes of a table, which is whole or refused: nobody would see that the end is missing.
fn whole(page: Page<ClassEntry, ClassId>, app: &App) -> Result<Vec<ClassEntry>, Problem> {
    let max = app.deps().limits.table_rows_max;
    let zh = format!("表格至多 {max} 行；请按年度、地区、机构或状态缩小范围");
    let en = format!("a table holds at most {max} rows: narrow it by year, unit, trainer or status");
    if page.next.is_none() { Ok(page.items) } else { Err(Problem::saying(Kind::TooLarge, zh, en)) }
}

/// How many people of a class have a seat, have completed it, and hold a certificate of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) registered: u64,
    pub(crate) completed: u64,
    pub(crate) certified: u64,
}

impl Counts {
    /// The counts as a view knows them. Blocks.
    ///
    /// # Errors
    /// The rows cannot be read.
    pub(crate) fn of(rows: &TableView, class: ClassId, view: AsOf) -> Result<Self, Problem> {
        let roster = classes::roster(rows, class, view, None, usize::MAX)?.items;
        let count = |which: &dyn Fn(&Trainee) -> bool| u64::try_from(roster.iter().filter(|one| which(one)).count()).unwrap_or(u64::MAX);
        Ok(Self {
            registered: count(&|one| one.seat.is_some()),
            completed: count(&Trainee::has_completed),
            certified: count(&Trainee::is_certified),
        })
    }
}

/// A class that the caller may see; 404 otherwise. Blocks.
///
/// # Errors
/// 401, 403, 404.
pub(crate) fn seen(app: &App, caller: &Caller, id: ClassId, view: AsOf) -> Result<ClassDetail, Problem> {
    let (_, scope) = caller.require(Action::ReadClasses)?;
    let found = classes::by_id(&app.rows(ModelName::Classes)?, id, view)?;
    found.filter(|detail| scope.covers(&place_of_class(&detail.entry))).ok_or_else(|| Kind::NotFound.into())
}

async fn get(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[ROSTER_PARAMS, moment::PARAMS])?;
    let id: ClassId = path_word("id", &id)?;
    caller.require(Action::ReadClasses)?;
    app.blocking(move |app| {
        let moment = Moment::of(app, &query)?;
        let detail = seen(app, &caller, id, moment.view)?;
        let rows = app.rows(ModelName::Classes)?;
        let roster = classes::roster(&rows, id, moment.view, query.word("after")?, limit(&query)?)?;
        let wanted = query.flag("names")?;
        let names = if wanted { Some(names_of(app, &caller, &query, &detail.entry, &roster.items)?) } else { None };
        let mut body = moment.members(app, &[ModelName::Classes])?;
        body.insert("class".to_owned(), detail_json(&detail));
        let trainees = roster.items.iter().map(|trainee| trainee_json(trainee, names.as_ref()));
        body.insert("roster".to_owned(), trainees.collect());
        body.insert("next".to_owned(), json!(roster.next.map(|next| next.to_string())));
        moment::answer_on(app, &Subject::class(id), &moment, body)
    })
    .await
}

fn names_of(app: &App, caller: &Caller, query: &Query, class: &ClassEntry, roster: &[Trainee]) -> Result<Opened, Problem> {
    let missing = || bad_parameter(Kind::Malformed, "purpose", "查看姓名须注明用途", "opening names needs a purpose");
    let purpose = query.word::<ReadPurpose>("purpose")?.ok_or_else(missing)?;
    let acting = may_open(caller, class)?;
    open_names(app, acting, (purpose, case_of(query)?), roster)
}

/// The case that names are opened for, if one is named. Why nothing but a number is taken: it stands in the clear in the log of reads for ever,
/// and in a free text somebody's name would.
///
/// # Errors
/// It is too long, or no number of a case.
pub(crate) fn case_of(query: &Query) -> Result<Option<String>, Problem> {
    let Some(case) = query.short("case", CASE_CHARS_MAX)?.map(str::trim).filter(|case| !case.is_empty()) else { return Ok(None) };
    let may_stand = |letter: char| letter.is_ascii_alphanumeric() || CASE_SIGNS.contains(letter);
    if case.chars().all(may_stand) && case.contains(|letter: char| letter.is_ascii_digit()) {
        return Ok(Some(case.to_owned()));
    }
    let zh = format!("案件编号只能含字母、数字和 {CASE_SIGNS}，且至少有一个数字；不要填写姓名或案由");
    let en = format!("the number of a case has letters of the alphabet, digits and {CASE_SIGNS}, at least one digit, and never a name");
    Err(bad_parameter(Kind::OutOfRange, "case", zh, en))
}

/// The account, if it may open the names of a class.
///
/// # Errors
/// `AUTH-0001`, `AUTH-0002`.
pub(crate) fn may_open<'c>(caller: &'c Caller, class: &ClassEntry) -> Result<&'c Acting, Problem> {
    let (acting, scope) = caller.require(Action::ReadPersons)?;
    if scope.covers(&place_of_class(class)) { Ok(acting) } else { Err(Kind::NotPermitted.into()) }
}

/// Sealed field: why a code of an employer was taken that the standard refuses.
const EMPLOYER_REASON: &str = "employer_override_reason";

/// What was opened of trainees.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// Names.
    pub(crate) names: BTreeMap<PersonId, Secret<String>>,
    /// Why codes of employers were taken that the standard refuses.
    pub(crate) employer_reasons: BTreeMap<PersonId, Secret<String>>,
}

/// Where the reason stands for which the code of an employer was taken, if one was.
fn reason_position(trainee: &Trainee) -> Option<u64> {
    let is_overridden = trainee.employer_stated.as_ref().is_some_and(|employer| employer.uscc_override);
    trainee.told_by.filter(|_| is_overridden && !trainee.erased).map(|position| position.0)
}

/// The names of trainees as the view that showed them knew them, opened with a recorded reading; erased persons are left out. Blocks.
///
/// # Errors
/// 403 for a purpose that is not the role's; 400 when it must name a case and does not; 503 when the reading cannot be recorded.
pub(crate) fn open_names(
    app: &App,
    acting: &Acting,
    (purpose, case_reference): (ReadPurpose, Option<String>),
    trainees: &[Trainee],
) -> Result<Opened, Problem> {
    if !may_claim(acting.role, purpose) {
        let (zh, en) = ("当前角色不能以此用途查看姓名", "the role does not open names for this purpose");
        return Err(Problem::saying(Kind::NotPermitted, zh, en));
    }
    if needs_case(acting.role) && case_reference.is_none() {
        return Err(bad_parameter(Kind::Malformed, "case", "查看姓名须注明案件编号", "opening names needs the reference of a case"));
    }
    let persons: Vec<PersonId> = trainees.iter().filter(|trainee| !trainee.erased).map(|trainee| trainee.person).collect();
    if persons.is_empty() {
        return Ok(Opened::default());
    }
    let mut positions: Vec<u64> = trainees.iter().filter_map(|trainee| trainee.name_position).map(|position| position.0).collect();
    let mut fields = vec!["name".to_owned()];
    let reasoned: Vec<u64> = trainees.iter().filter_map(reason_position).collect();
    if !reasoned.is_empty() {
        positions.extend(reasoned);
        fields.push(EMPLOYER_REASON.to_owned());
    }
    positions.sort_unstable();
    positions.dedup();
    let reading = Reading { reader: acting.account, role: acting.role, purpose, case_reference, fields, persons };
    let mut told = Opened::default();
    for field in app.engine().open_persons(&reading, &positions)?.into_iter().flat_map(|(_, fields)| fields) {
        let Some(person) = field.holder.as_person() else { continue };
        if field.field == "name" {
            told.names.insert(person, field.value);
        } else if field.field == EMPLOYER_REASON {
            told.employer_reasons.insert(person, field.value);
        }
    }
    Ok(told)
}

pub(crate) fn class_json(entry: &ClassEntry) -> Value {
    json!({
        "id": entry.class.to_string(),
        "title": entry.title,
        "line": entry.line.name(),
        "trainer": entry.trainer.to_string(),
        "organisation": entry.organisation.to_string(),
        "unit": entry.unit.to_string(),
        "division": entry.division.to_string(),
        "occupation": entry.occupation.to_string(),
        "direction": entry.direction,
        "grade": entry.grade.name(),
        "mode": entry.mode.name(),
        "starts_on": entry.starts_on.to_string(),
        "ends_on": entry.ends_on.to_string(),
        "closed_on": entry.closed_on.map(|day| day.to_string()),
        "seats": entry.seats.get(),
        "status": entry.status.name(),
        "position": entry.position.0,
    })
}

fn detail_json(detail: &ClassDetail) -> Value {
    let mut body = class_json(&detail.entry);
    body["modules"] = detail
        .modules
        .iter()
        .map(|module| json!({ "code": module.code, "name": module.name, "hours_tenths": module.hours.get() }))
        .collect();
    body["sessions"] = detail
        .sessions
        .iter()
        .map(|session| {
            json!({
                "session": session.session.get(),
                "held_on": session.held_on.to_string(),
                "module": session.module,
                "hours_tenths": session.hours.get(),
                "mode": session.mode.name(),
                "position": session.position.0,
            })
        })
        .collect();
    body["imports"] = detail
        .imports
        .iter()
        .map(|import| {
            json!({
                "job": import.job.to_string(),
                "rows": import.rows,
                "accepted": import.outcome.map(|outcome| outcome.0),
                "refused": import.outcome.map(|outcome| outcome.1),
                "position": import.position.0,
            })
        })
        .collect();
    body
}

fn trainee_json(trainee: &Trainee, opened: Option<&Opened>) -> Value {
    let attendance: Vec<Value> = trainee
        .attendance
        .iter()
        .map(|one| json!({ "session": one.session.get(), "attendance": one.attendance.name(), "positions": one.records.iter().map(|record| record.position.0).collect::<Vec<_>>() }))
        .collect();
    let mut body = json!({
        "person": trainee.person.to_string(),
        "seated": trainee.seat.is_some(),
        "category": trainee.category.map(TalentCategory::name),
        "employer": trainee.employer.map(|employer| employer.to_string()),
        "employer_stated": trainee.employer_stated.as_ref().filter(|_| !trainee.erased).map(|employer| json!({
            "name": employer.name,
            "uscc": employer.uscc.map(|code| code.to_string()),
            "uscc_override": employer.uscc_override,
        })),
        "title_level": trainee.title_level,
        "job": trainee.job.map(|job| job.to_string()),
        "attendance": attendance,
        "attended_tenths": trainee.attended.get(),
        "test": trainee.test().map(|test| json!({ "points": test.points.get(), "passed": test.passed, "pass_mark": test.pass_mark.get(), "position": test.position.0 })),
        "certificate": trainee.certificate.as_ref().map(|certificate| json!({
            "id": certificate.certificate.to_string(),
            "number": certificate.number,
            "position": certificate.position.0,
            "revoked": certificate.revoked.is_some(),
        })),
        "hours_tenths": trainee.hours.map(|hours| hours.hours.get()),
    });
    if let Some(opened) = opened {
        body["name"] = json!(opened.names.get(&trainee.person).map(Secret::expose));
        body["employer_override_reason"] = json!(opened.employer_reasons.get(&trainee.person).map(Secret::expose));
    }
    body
}
