//! Certificate look-up and check. Public; the name of the holder never leaves, only its first character does, and that after a recorded
//! reading by the process's own account.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::person::comparable_name;
use zhixin_engine::read_log::Reading;
use zhixin_events::digest::sha256;
use zhixin_events::{PersonId, ReadPurpose, Role, Secret, Subject, Timestamp};
use zhixin_projections::certificates::{self, CertificateEntry, CertificateStatus};
use zhixin_projections::{AsOf, ModelName};

use crate::app::routes::{Doc, Routes};
use crate::app::{App, body};
use crate::auth::Address;
use crate::problem::{Kind, Part, Problem};
use crate::roster::half_width;
use crate::text::Lang;
use crate::v1::input::{Errors, Field as _, body};
use crate::v1::moment::{self, Moment};
use crate::v1::names::Names;
use crate::v1::query::Query;

/// Checks of one certificate from one address within an hour, and of all certificates.
const CHECKS_MAX: [usize; 2] = [5, 30];
/// Longest number. Unit: characters.
const NUMBER_CHARS_MAX: usize = 64;

/// What the holder or an employer knows.
pub(crate) struct Check {
    pub(crate) name: Secret<String>,
    pub(crate) last_six: Secret<String>,
}

body! {
    /// What is compared with the record.
    Check {
        /// Name as on the document.
        name: Secret<String>,
        /// Last six characters of the document number.
        last_six: Secret<String>,
    } => Self { name, last_six }
}

pub(crate) fn routes(routes: Routes) -> Routes {
    let look_up = Doc { query: &[moment::PARAMS], is_public: true, ..Doc::default() };
    let compare = Doc { body: Some(Check::schema), is_public: true, ..Doc::default() };
    routes.get("/api/v1/certificates/{number}", "Whether a certificate is good", look_up, get).post(
        "/api/v1/certificates/{number}/check",
        "Whether name and document number agree",
        compare,
        check,
    )
}

/// The number as the register writes it: people may leave out spaces and hyphens, and write small letters or full-width ones.
///
/// # Errors
/// It is longer than any number.
pub(crate) fn normalised(number: &str) -> Result<String, Problem> {
    let written: String = number.chars().map(half_width).filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let (zh, en) = (format!("证书编号至多 {NUMBER_CHARS_MAX} 个字符"), format!("a number has at most {NUMBER_CHARS_MAX} characters"));
    let fits = written.chars().count() <= NUMBER_CHARS_MAX;
    if fits { Ok(written) } else { Err(Problem::part(Kind::OutOfRange, Part::Path("number"), zh, en)) }
}

/// The certificate of a number in a view. Blocks.
///
/// # Errors
/// 404 if there is none.
pub(crate) fn find(app: &App, number: &str, view: AsOf) -> Result<CertificateEntry, Problem> {
    let rows = app.rows(ModelName::Certificates)?;
    certificates::by_number(&rows, &normalised(number)?, view)?.ok_or_else(|| Kind::NotFound.into())
}

/// Whether a published checkpoint covers the issue.
pub(crate) fn is_proven(app: &App, entry: &CertificateEntry) -> bool {
    app.engine().published().is_some_and(|published| published.size > entry.position.0)
}

/// The family name of the holder and an asterisk, opened with a recorded reading; none once the holder is erased. Blocks.
pub(crate) fn masked_holder(app: &App, entry: &CertificateEntry) -> Result<Option<String>, Problem> {
    if entry.erased {
        return Ok(None);
    }
    let opened = open(app, entry.person, &["name"], &[entry.name_position.0])?;
    let name = opened.iter().rev().find(|(field, _)| *field == "name");
    Ok(name.map(|(_, value)| format!("{}*", family_name(value.expose()))))
}

/// Family names of two characters that are met more than now and then.
const COMPOUND: [&str; 24] = [
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "司空", "夏侯", "东方", "独孤", "南宫", "端木", "长孙",
    "宇文", "轩辕", "呼延", "淳于", "澹台", "赫连", "钟离",
];

/// The family name at the beginning of a name: of one character unless it is one of two and a given name follows.
fn family_name(name: &str) -> &str {
    let chars = if name.chars().count() > 2 && COMPOUND.iter().any(|family| name.starts_with(family)) { 2 } else { 1 };
    name.char_indices().nth(chars).and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}

/// Opens fields of a person for the public, recorded as a reading of the process's own account.
fn open(app: &App, person: PersonId, fields: &[&str], positions: &[u64]) -> Result<Vec<(&'static str, Secret<String>)>, Problem> {
    let reading = Reading {
        reader: app.engine().system_account(),
        role: Role::System,
        purpose: ReadPurpose::CertificateCheck,
        case_reference: None,
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        persons: vec![person],
    };
    let opened = app.engine().open_persons(&reading, positions)?;
    let fields = opened.into_iter().flat_map(|(_, fields)| fields).filter(|field| field.holder.as_person() == Some(person));
    Ok(fields.map(|field| (field.field, field.value)).collect())
}

async fn get(State(app): State<App>, Path(number): Path<String>, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[moment::PARAMS])?;
    app.blocking(move |app| {
        count_look_up(app, &address)?;
        let moment = Moment::of(app, &query)?;
        let entry = find(app, &number, moment.view)?;
        let holder = masked_holder(app, &entry)?;
        let names = Names::of(app, moment.view, Lang::from_param(query.text("lang")))?;
        let mut body = moment.members(app, &[ModelName::Certificates])?;
        body.insert("certificate".to_owned(), entry_json(app, &entry, holder.as_deref(), &names)?);
        body.insert("checked_at".to_owned(), json!(moment.now.to_china_text()));
        moment::answer_on(app, &Subject::certificate(entry.certificate), &moment, body)
    })
    .await
}

fn entry_json(app: &App, entry: &CertificateEntry, holder: Option<&str>, names: &Names) -> Result<Value, Problem> {
    let proven = is_proven(app, entry);
    let (status, revoked) = match &entry.status {
        CertificateStatus::Valid if proven => ("valid", Value::Null),
        CertificateStatus::Valid => ("awaiting_proof", Value::Null),
        CertificateStatus::Revoked { on, ground, position, .. } => {
            ("revoked", json!({ "on": on.to_string(), "ground": ground.name(), "position": position.0 }))
        }
    };
    Ok(json!({
        "number": entry.number,
        "status": status,
        "revoked": revoked,
        "holder": holder,
        "issuer": { "id": entry.trainer.to_string(), "name": names.trainer(entry.trainer)? },
        "occupation": { "id": entry.occupation.to_string(), "name": names.occupation(entry.occupation)? },
        "direction": entry.direction,
        "grade": entry.grade.name(),
        "hours": entry.hours.to_decimal_text(),
        "issued_on": entry.issued_on.to_string(),
        "issued_position": entry.position.0,
        "proof": proven.then(|| format!("/log/proof/{}", entry.position)),
    }))
}

async fn check(
    State(app): State<App>,
    Path(number): Path<String>,
    Address(address): Address,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, request_body) = request.into_parts();
    let value = body::json(&parts.headers, request_body, app.deps().limits.body_bytes_max).await?;
    let mut errors = Errors::default();
    let read = Check::read(&value, "", &mut errors);
    drop(value);
    match (errors.into_problem(), read) {
        (None, Some(asked)) => {
            let agrees = app.blocking(move |app| compare(app, &number, &address, &asked)).await?;
            Ok(Json(json!({ "agrees": agrees })).into_response())
        }
        (problem, _) => Err(problem.unwrap_or_else(|| Kind::Malformed.into())),
    }
}

/// Whether name and last six characters are both those of the record; each try is a recorded reading. Blocks.
///
/// Why one answer: with one for each, whoever knows the name could try out numbers, and the other way round.
///
/// # Errors
/// 404; 429 after too many tries within an hour; 503 when the reading cannot be recorded.
pub(crate) fn compare(app: &App, number: &str, address: &str, asked: &Check) -> Result<bool, Problem> {
    let moment = Moment::of(app, &Query::default())?;
    count_try(app, &normalised(number)?, address, moment.now)?;
    let entry = find(app, number, moment.view)?;
    // The document number is told by the person's first event, the name perhaps by a later one.
    let first = app.engine().view()?.positions(&Subject::person(entry.person), 0..1)?;
    let mut positions: Vec<u64> = first.into_iter().chain([entry.name_position.0]).collect();
    positions.sort_unstable();
    positions.dedup();
    let opened = open(app, entry.person, &["name", "document_number"], &positions)?;
    let newest = |wanted: &str| opened.iter().rev().find(|(field, _)| *field == wanted).map_or("", |(_, value)| value.expose());
    let number = newest("document_number");
    let last_six: String = number.chars().skip(number.chars().count().saturating_sub(6)).collect();
    let name = is_same(&comparable_name(newest("name")), &comparable_name(asked.name.expose()));
    Ok(name & is_same(&last_six, &asked.last_six.expose().trim().to_uppercase()))
}

/// Compares digests, so that the time does not tell how much agrees; nothing agrees with what is not there.
fn is_same(recorded: &str, stated: &str) -> bool {
    let digest = |text: &str| sha256(&[b"zx-check", text.as_bytes()]);
    let different = digest(recorded).iter().zip(digest(stated)).fold(0, |sum, (one, other)| sum | (one ^ other));
    different == 0 && !recorded.is_empty()
}

fn count_try(app: &App, number: &str, address: &str, now: Timestamp) -> Result<(), Problem> {
    let keys = [format!("one\n{number}\n{address}"), format!("all\n{address}")];
    let mut checks = app.checks().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(wait_s) = keys.iter().zip(CHECKS_MAX).filter_map(|(key, max)| checks.wait_s(key, max, now)).max() {
        return Err(Problem::too_many(wait_s));
    }
    for key in &keys {
        checks.note(key, now);
    }
    Ok(())
}

/// Counts a look-up, so that nobody copies the register number by number.
///
/// # Errors
/// 429 after [`crate::Limits::look_ups_max`] within ten minutes.
pub(crate) fn count_look_up(app: &App, address: &str) -> Result<(), Problem> {
    let (max, now) = (app.deps().limits.look_ups_max, app.engine().now()?);
    let mut look_ups = app.look_ups().lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(wait_s) = look_ups.wait_s(address, max, now).filter(|_| max > 0) {
        return Err(Problem::too_many(wait_s));
    }
    look_ups.note(address, now);
    Ok(())
}
