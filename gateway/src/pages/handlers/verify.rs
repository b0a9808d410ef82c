//! `/verify`: look up a certificate, and check name and document number. Public.

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use zhixin_engine::domain::certificate::number::is_number;
use zhixin_events::Secret;
use zhixin_projections::ModelName;
use zhixin_projections::certificates::{CertificateEntry, CertificateStatus};

use super::frame::{Asked, html};
use super::signin::see_other;
use crate::app::App;
use crate::app::body::Form;
use crate::app::routes::Routes;
use crate::auth::{Address, Caller};
use crate::pages::views::{
    CertificateFacts, CertificateState, CheckOutcome, Fact, FieldError, Frame, Nav, VerifyFormView, VerifyView, encode, with_param,
};
use crate::problem::Problem;
use crate::text::{Lang, Texts};
use crate::v1::certificate::queries::{self as certificates, Check};
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};

/// Longest name that is compared. Unit: characters.
const NAME_CHARS_MAX: usize = 64;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/verify", form).page("/verify/{number}", result).form("/verify/{number}/check", check)
}

async fn form(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let typed = asked.query.text("number").map(certificates::normalised).transpose()?;
    if let Some(number) = typed.as_deref().filter(|number| !number.is_empty()) {
        let page = format!("/verify/{}", encode(number));
        return see_other(&asked.query.text("lang").map_or(page.clone(), |lang| with_param(&page, "lang", lang)));
    }
    let title = Texts::of(asked.lang).verify.title;
    let frame = asked.frame(&app, Nav::Verify, &[(title.as_str(), None)]);
    let missing = Texts::of(asked.lang).verify.number_missing.to_string();
    let errors: Vec<FieldError> = typed.iter().map(|_| FieldError { field: "number".to_owned(), message: missing.clone() }).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = html(VerifyFormView { frame, number: String::new(), errors }.render(asked.lang))?;
    Ok((status, page).into_response())
}

async fn result(
    State(app): State<App>,
    Path(number): Path<String>,
    caller: Caller,
    Address(address): Address,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| {
        certificates::count_look_up(app, &address)?;
        page(app, &asked, &number, CheckOutcome::NotAsked, Vec::new(), StatusCode::OK)
    })
    .await
}

fn page(
    app: &App,
    asked: &Asked,
    number: &str,
    check: CheckOutcome,
    errors: Vec<FieldError>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let lang = asked.lang;
    let title = Texts::of(lang).verify.title;
    let number = certificates::normalised(number)?;
    let moment = available(Moment::of_page(app, &asked.query))?;
    let crumbs = [(title.as_str(), Some("/verify")), (number.as_str(), None)];
    let (frame, found) = match &moment {
        Some(moment) => {
            let frame = asked.data_frame(app, Nav::Verify, &crumbs, moment, &[ModelName::Certificates])?;
            (frame, available(looked_up(app, asked, &number, moment))?)
        }
        None => (asked.frame(app, Nav::Verify, &crumbs), None),
    };
    let (state, why, found) = found.unwrap_or((CertificateState::Unavailable, None, StatusCode::SERVICE_UNAVAILABLE));
    let view = VerifyView {
        frame: Frame { path: format!("/verify/{}", encode(&number)), ..frame },
        checked_at: names::minute(app.engine().now()?),
        number,
        state,
        why,
        check,
        errors,
    };
    let page = html(view.render(lang))?;
    let says_more = found.is_success() || status == StatusCode::TOO_MANY_REQUESTS;
    Ok((if says_more { status } else { found }, page).into_response())
}

/// What is there; none, with a line in the log, where storage is unavailable for now.
fn available<T>(found: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match found {
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE && problem.progress().is_none() => {
            let cause = problem.cause().unwrap_or("");
            tracing::error!(code = problem.code(), cause, runbook = "problem", "a certificate could not be shown");
            Ok(None)
        }
        found => found.map(Some),
    }
}

/// What the look-up found, with its status: not found says so to programs too.
fn looked_up(app: &App, asked: &Asked, number: &str, moment: &Moment) -> Result<(CertificateState, Option<String>, StatusCode), Problem> {
    let lang = asked.lang;
    let entry = match certificates::find(app, number, moment.view) {
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            return Ok((not_found(app, lang, number), None, StatusCode::NOT_FOUND));
        }
        found => found?,
    };
    let holder = certificates::masked_holder(app, &entry)?;
    let facts = facts(&entry, holder, &Names::of(app, moment.view, lang)?)?;
    let state = match &entry.status {
        CertificateStatus::Valid if certificates::is_proven(app, &entry) => CertificateState::Valid(facts),
        CertificateStatus::Valid => CertificateState::AwaitingProof(facts),
        CertificateStatus::Revoked { on, ground, .. } => {
            CertificateState::Revoked { facts, on: names::date(lang, *on), reason: names::revocation_ground(lang, *ground).to_owned() }
        }
    };
    Ok((state, asked.why_row(ModelName::Certificates, entry.certificate), StatusCode::OK))
}

fn facts(entry: &CertificateEntry, holder: Option<String>, names: &Names) -> Result<CertificateFacts, Problem> {
    let lang = names.lang();
    Ok(CertificateFacts {
        holder: holder.unwrap_or_else(|| names.texts().labels.erased.to_string()),
        issuer: names.trainer(entry.trainer)?,
        occupation: names.occupation_with_code(entry.occupation)?,
        direction: entry.direction.clone().unwrap_or_default(),
        grade: names::grade(lang, entry.grade).to_owned(),
        hours: entry.hours.to_decimal_text(),
        issued_on: names::date(lang, entry.issued_on),
        position: entry.position.0,
    })
}

fn not_found(app: &App, lang: Lang, number: &str) -> CertificateState {
    let fact = |label: &str, value: &str| Fact { label: label.to_owned(), value: value.to_owned(), href: None };
    let kind = lang.pick("培训合格证书（数字技术工程师培育项目）", "Training certificates (digital technology engineers)");
    let since = lang.pick("本系统启用以来颁发的", "Issued since this system began");
    let contact = app.deps().legal.iter().map(|line| fact(lang.pick("联系", "Contact"), line));
    CertificateState::NotFound { mistyped: !is_number(number), coverage: vec![fact(kind, since)], contact: contact.collect() }
}

async fn check(
    State(app): State<App>,
    Path(number): Path<String>,
    caller: Caller,
    Address(address): Address,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller, parts.uri);
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    let check = Check { name: Secret::new(form.get("name").to_owned()), last_six: Secret::new(form.get("last_six").to_owned()) };
    drop(form);
    app.blocking(move |app| {
        // The answer shows what a look-up shows.
        certificates::count_look_up(app, &address)?;
        let errors = unfit(&check, asked.lang);
        if !errors.is_empty() {
            return page(app, &asked, &number, CheckOutcome::NotAsked, errors, StatusCode::BAD_REQUEST);
        }
        let (outcome, status) = match certificates::compare(app, &number, &address, &check) {
            Ok(agrees) => (CheckOutcome::Compared { agrees }, StatusCode::OK),
            Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
                let seconds = i64::from(problem.retry_after_s().unwrap_or(0));
                let until = zhixin_events::Timestamp(app.engine().now()?.0.saturating_add(seconds.saturating_mul(1_000)));
                let outcome = CheckOutcome::TooMany(names::minute(until));
                let mut response = page(app, &asked, &number, outcome, Vec::new(), StatusCode::TOO_MANY_REQUESTS)?;
                problem.set_headers(&mut response);
                return Ok(response);
            }
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => (CheckOutcome::NotAsked, StatusCode::NOT_FOUND),
            Err(problem) => return Err(problem),
        };
        page(app, &asked, &number, outcome, Vec::new(), status)
    })
    .await
}

fn unfit(check: &Check, lang: Lang) -> Vec<FieldError> {
    let error = |field: &str, zh: &str, en: &str| FieldError { field: field.to_owned(), message: lang.pick(zh, en).to_owned() };
    let mut errors = Vec::new();
    let name = check.name.expose().trim().chars().count();
    if name == 0 || name > NAME_CHARS_MAX {
        errors.push(error("name", "请输入姓名", "Enter the name"));
    }
    if check.last_six.expose().trim().chars().count() != 6 {
        errors.push(error("last_six", "请输入证件号码后六位", "Enter the last six characters of the number"));
    }
    errors
}
