//! Rosters: upload, trial report, confirmation, and the job that writes the rows.
//!
//! A file is read on trial first; nothing is written before it is confirmed. `dry_run=true` keeps the report for confirmation,
//! `dry_run=false` confirms at once what can be written.

mod at_once;
mod forecast;
mod job;
pub(crate) mod upload;

use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_engine::domain::person::is_unborn;
use zhixin_engine::read_log::Reading;
use zhixin_events::{CivilDate, ClassId, ReadPurpose};
use zhixin_projections::{ModelName, classes};

use self::upload::{State as Stand, Upload};
use super::input::path_word;
use super::moment::Moment;
use super::person::guesses;
use super::sight::place_of_class;
use crate::app::App;
use crate::app::body::{self, bad_parameter};
use crate::app::routes::{Doc, Param, Routes};
use crate::auth::{Acting, Caller};
use crate::problem::{FieldProblem, Kind, Part, Problem, Said};
use crate::roster::{self, RosterColumn, RosterFault, RosterLimits, RosterRefusal, Row, RowError};
use crate::v1::query::Query;

pub use at_once::{RosterToImport, import_roster};
pub(crate) use job::{Running, start};

/// Media type of a workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

const PARAMS: &[Param] = &[Param {
    name: "dry_run",
    doc: "true: read and report only, to be confirmed. false: write at once what can be written. true if absent.",
    schema: || json!({ "type": "string", "enum": ["true", "false"] }),
}];

pub(super) fn routes(routes: Routes) -> Routes {
    let upload = Doc { query: &[PARAMS], body: Some(upload_schema), media: Some("multipart/form-data"), ..Doc::default() };
    let confirm = Doc { body: Some(confirm_schema), ..Doc::default() };
    let workbook = Doc { answers: Some(XLSX), ..Doc::default() };
    routes
        .post("/api/v1/classes/{id}/roster", "Reads a roster file, and perhaps writes it", upload, post_roster)
        .get("/api/v1/roster-template", "The workbook to fill in", Doc { is_public: true, ..workbook }, template)
        .get("/api/v1/jobs/{id}", "How far an import is", Doc::default(), get_job)
        .post("/api/v1/jobs/{id}/confirm", "Writes the rows of a report", confirm, post_confirm)
        .get("/api/v1/jobs/{id}/returned", "The rejected rows as a workbook", workbook, returned)
}

fn upload_schema() -> Value {
    json!({ "type": "object", "required": ["file"], "properties": {
        "file": { "type": "string", "format": "binary" },
        "effective_on": { "type": "string", "format": "date", "description": "The day on which the seats were taken, for a roster that comes late." },
    } })
}

fn confirm_schema() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": { "overrides": {
        "type": "object", "description": "Reasons, by row number, for rows that may be written with one.",
        "additionalProperties": { "type": "string", "writeOnly": true },
    } } })
}

/// Goes on with imports that a restart interrupted, and drops what was kept too long.
pub(crate) fn resume_interrupted(app: &App) {
    match Upload::sweep(app) {
        Ok(interrupted) => {
            for id in interrupted {
                if let Err(problem) = start(app, &id) {
                    tracing::warn!(code = problem.code(), "an interrupted import could not be resumed");
                }
            }
        }
        Err(problem) => {
            let cause = problem.cause().unwrap_or("");
            tracing::warn!(code = problem.code(), cause, "uploads could not be looked through");
        }
    }
}

/// The file of a form, and its other fields.
pub(crate) struct Sent {
    pub(crate) file_name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: Vec<(String, String)>,
}

/// Reads an upload form.
///
/// # Errors
/// `REQ-0008`, `REQ-0003`, `REQ-0002`.
pub(crate) async fn read_form(app: &App, request: Request) -> Result<Sent, Problem> {
    let (parts, request_body) = request.into_parts();
    if !body::is_media(&parts.headers, "multipart/form-data") {
        return Err(Problem::saying(Kind::MediaType, "请求内容应为 multipart/form-data", "the body must be multipart/form-data"));
    }
    let bytes = body::collect(request_body, app.deps().limits.upload_bytes_max).await?;
    let whole = Request::from_parts(parts, axum::body::Body::from(bytes));
    let malformed = |()| Problem::saying(Kind::Malformed, "上传的表单无法读取", "the uploaded form cannot be read");
    let mut form = Multipart::from_request(whole, &()).await.map_err(|_| malformed(()))?;
    let mut sent = Sent { file_name: String::new(), bytes: Vec::new(), fields: Vec::new() };
    let mut has_file = false;
    while let Some(field) = form.next_field().await.map_err(|_| malformed(()))? {
        let name = field.name().unwrap_or("").to_owned();
        if name == "file" {
            field.file_name().unwrap_or("").clone_into(&mut sent.file_name);
            sent.bytes = field.bytes().await.map_err(|_| malformed(()))?.to_vec();
            has_file = true;
        } else {
            let value = field.text().await.map_err(|_| malformed(()))?;
            sent.fields.push((name, value));
        }
    }
    if has_file { Ok(sent) } else { Err(bad_parameter(Kind::Malformed, "file", "没有选择文件", "no file was chosen")) }
}

impl From<RosterRefusal> for Problem {
    fn from(refusal: RosterRefusal) -> Self {
        let said = Said::new(refusal.message_zh(), refusal.message_en());
        let code = refusal.code();
        let kind = match refusal {
            RosterRefusal::TooLarge { .. }
            | RosterRefusal::UnpacksTooLarge
            | RosterRefusal::TooMuchText { .. }
            | RosterRefusal::TooManyRows { .. } => Kind::TooLarge,
            RosterRefusal::Empty
            | RosterRefusal::OtherFile(_)
            | RosterRefusal::Utf16
            | RosterRefusal::Encoding { .. }
            | RosterRefusal::Damaged
            | RosterRefusal::Workbook
            | RosterRefusal::OpenQuote { .. }
            | RosterRefusal::MissingColumns { .. }
            | RosterRefusal::ColumnTwice(_)
            | RosterRefusal::NoRows { .. } => Kind::Malformed,
        };
        let error = FieldProblem { part: Part::Parameter("file".to_owned()), code, said: said.clone() };
        Self::from(kind).with_code(code, said, error)
    }
}

/// A class into which the caller may import. Blocks.
///
/// # Errors
/// 401, 403, 404.
pub(crate) fn importable(app: &App, caller: &Caller, class: ClassId) -> Result<(), Problem> {
    let (_, scope) = caller.require(Action::EnrolTrainees)?;
    // Whoever planned the class just now must find it.
    let newest = app.engine().end().saturating_sub(1).to_string();
    let moment = Moment::of(app, &Query::of_pairs([("at_least", newest.as_str())]))?;
    let found = classes::by_id(&app.rows(ModelName::Classes)?, class, moment.view)?;
    if found.is_some_and(|detail| scope.covers(&place_of_class(&detail.entry))) { Ok(()) } else { Err(Kind::NotFound.into()) }
}

/// Reads a file and keeps its rows for confirmation. Blocks.
///
/// # Errors
/// Nothing of the file can be taken, the import would be refused, or the vault cannot be written.
pub(crate) fn take(app: &App, acting: &Acting, class: ClassId, sent: &Sent) -> Result<Upload, Problem> {
    let now = app.engine().now()?;
    let mut unread = None;
    let read = roster::read_against(&sent.bytes, &RosterLimits::default(), &mut |row| {
        against_record(app, acting, row, now.civil_date()).unwrap_or_else(|problem| {
            unread = Some(problem);
            None
        })
    })?;
    if let Some(problem) = unread {
        return Err(problem);
    }
    Upload::sweep(app)?;
    let mut upload = Upload::new(acting, class, &sent.file_name, &sent.bytes, &read, now)?;
    upload.effective_on = stated_day(sent)?;
    forecast::foretell(app, &mut upload)?;
    upload.keep_returned(app)?;
    upload.keep(app)?;
    Ok(upload)
}

/// What the record or the calendar holds against a row; of the record nothing is told but that the name is another. Blocks.
fn against_record(app: &App, acting: &Acting, row: &Row, today: CivilDate) -> Result<Option<RowError>, Problem> {
    if is_unborn(&row.document, today) {
        return Ok(Some(RowError::new(RosterFault::BornLater, RosterColumn::DocumentNumber)));
    }
    let number = row.document.expose();
    guesses::may_compare(app, acting.account, number)?;
    let differs = app.engine().has_other_name(row.document.kind(), number, row.name.expose())?;
    if differs {
        guesses::note_wrong(app, acting.account, number)?;
    }
    Ok(differs.then_some(RowError::new(RosterFault::NameDiffers, RosterColumn::Name)))
}

/// The day on which the seats were taken, for a roster that comes late.
fn stated_day(sent: &Sent) -> Result<Option<CivilDate>, Problem> {
    let stated = sent.fields.iter().find(|(name, value)| name == "effective_on" && !value.is_empty());
    let day = |(_, value): &(String, String)| {
        CivilDate::parse(value)
            .map_err(|_| bad_parameter(Kind::OutOfRange, "effective_on", "应为 2025-03-01 这样的日期", "must be a date such as 2025-03-01"))
    };
    stated.map(day).transpose()
}

/// Confirms a report, with reasons for rows that may be written with one, and starts the import. Blocks.
///
/// # Errors
/// A reason does not do, nothing can be written, or the vault cannot be written.
pub(crate) fn confirm(app: &App, upload: Upload, reasons: &[(u32, String)]) -> Result<Upload, Problem> {
    let upload = confirmed(app, upload, reasons)?;
    if upload.state == Stand::Running {
        start(app, &upload.id)?;
    }
    Ok(upload)
}

/// Confirms a report, without starting the import.
fn confirmed(app: &App, mut upload: Upload, reasons: &[(u32, String)]) -> Result<Upload, Problem> {
    if upload.state == Stand::Waiting {
        for (row, reason) in reasons {
            upload.take_with_reason(*row, reason)?;
        }
        if upload.accepted.is_empty() {
            return Err(Problem::saying(Kind::OutOfRange, "没有可导入的行", "there is no row that can be written"));
        }
        upload.state = Stand::Running;
        upload.keep(app)?;
    }
    Ok(upload)
}

async fn post_roster(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS])?;
    let dry_run = query.text("dry_run").is_none() || query.flag("dry_run")?;
    let class: ClassId = path_word("id", &id)?;
    caller.require(Action::EnrolTrainees)?;
    let same = caller.clone();
    app.blocking(move |app| importable(app, &same, class)).await?;
    let sent = read_form(&app, request).await?;
    let upload = app
        .blocking(move |app| {
            let upload = take(app, caller.signed_in()?, class, &sent)?;
            if dry_run || upload.accepted.is_empty() { Ok(upload) } else { confirm(app, upload, &[]) }
        })
        .await?;
    answer(&app, &upload, StatusCode::ACCEPTED)
}

fn answer(app: &App, upload: &Upload, status: StatusCode) -> Result<Response, Problem> {
    let mut response = (status, Json(job_json(app, upload))).into_response();
    let location = HeaderValue::from_str(&format!("/api/v1/jobs/{}", upload.id)).map_err(|_| Problem::from(Kind::Internal))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// The report and the state of an import: row numbers and codes, never what a cell holds.
fn job_json(app: &App, upload: &Upload) -> Value {
    let rejected: Vec<Value> = upload
        .rejected
        .iter()
        .map(|row| {
            let errors: Vec<Value> = row
                .faults
                .iter()
                .map(|fault| {
                    let (column, message) = (&fault.column, &fault.message);
                    json!({ "code": fault.code, "column": { "zh": column.0, "en": column.1 }, "message": { "zh": message.0, "en": message.1 } })
                })
                .collect();
            json!({ "row": row.row, "errors": errors, "may_override": row.may_override })
        })
        .collect();
    let refused: Vec<Value> = upload
        .refusals
        .iter()
        .map(|(row, (code, zh, en))| json!({ "row": row, "code": code, "message": { "zh": zh, "en": en } }))
        .collect();
    let accepted = match upload.state {
        Stand::Waiting | Stand::Running => u32::try_from(upload.promised().count()).unwrap_or(u32::MAX),
        Stand::Done | Stand::Refused => upload.written,
    };
    json!({
        "id": upload.id,
        "class": upload.class,
        "state": upload.state.name(),
        "format": upload.format,
        "rows": upload.rows,
        "accepted": accepted,
        "rejected": rejected,
        "job": upload.job,
        "done": app.imports().progress(&upload.id),
        "written": upload.written,
        "refused": refused,
        "kept_until": upload.kept_until().to_china_text(),
    })
}

async fn get_job(State(app): State<App>, Path(id): Path<String>, caller: Caller) -> Result<Response, Problem> {
    caller.signed_in()?;
    let upload = app
        .blocking(move |app| {
            let upload = Upload::of(app, caller.signed_in()?, &id)?;
            if upload.state == Stand::Running {
                start(app, &upload.id)?;
            }
            Ok(upload)
        })
        .await?;
    answer(&app, &upload, StatusCode::OK)
}

async fn post_confirm(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    caller.signed_in()?;
    let (parts, request_body) = request.into_parts();
    let value = body::json(&parts.headers, request_body, app.deps().limits.body_bytes_max).await?;
    let reasons = reasons(&value)?;
    drop(value);
    let upload = app
        .blocking(move |app| {
            let upload = Upload::of(app, caller.signed_in()?, &id)?;
            confirm(app, upload, &reasons)
        })
        .await?;
    answer(&app, &upload, StatusCode::ACCEPTED)
}

fn reasons(value: &Value) -> Result<Vec<(u32, String)>, Problem> {
    let malformed = |pointer: &str| {
        Problem::part(Kind::Malformed, Part::Body(pointer.to_owned()), "应为行号到理由的对象", "must be an object of reasons by row number")
    };
    let body = value.as_object().filter(|body| body.keys().all(|key| key == "overrides")).ok_or_else(|| malformed(""))?;
    let Some(overrides) = body.get("overrides") else { return Ok(Vec::new()) };
    let overrides = overrides.as_object().ok_or_else(|| malformed("/overrides"))?;
    let reason = |(row, reason): (&String, &Value)| Some((row.parse().ok()?, reason.as_str()?.to_owned()));
    overrides.iter().map(reason).collect::<Option<Vec<_>>>().ok_or_else(|| malformed("/overrides"))
}

async fn template() -> Result<Response, Problem> {
    let workbook = tokio::task::spawn_blocking(roster::template).await;
    let workbook = workbook.map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
    download(workbook.map_err(|fault| Problem::from(Kind::Internal).because(&fault))?, "zhixin-roster.xlsx")
}

async fn returned(State(app): State<App>, Path(id): Path<String>, caller: Caller) -> Result<Response, Problem> {
    caller.signed_in()?;
    let workbook = app
        .blocking(move |app| {
            let acting = caller.signed_in()?;
            let workbook = Upload::of(app, acting, &id)?.returned(app)?;
            // The workbook holds names and numbers, of people that the record does not know: so the reading names none.
            let reading = Reading {
                reader: acting.account,
                role: acting.role,
                purpose: ReadPurpose::ClassAdministration,
                case_reference: None,
                fields: vec!["roster".to_owned()],
                persons: Vec::new(),
            };
            app.engine().read_log().record(&reading, app.engine().now()?)?;
            Ok(workbook)
        })
        .await?;
    download(workbook, "zhixin-roster-returned.xlsx")
}

fn download(workbook: Vec<u8>, name: &str) -> Result<Response, Problem> {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| Problem::from(Kind::Internal))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(XLSX)), (CONTENT_DISPOSITION, disposition)], workbook).into_response())
}
