//! Importing a roster in the browser: upload form → trial report → confirmation.

use axum::extract::{Path, Request, State};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use zhixin_events::ClassId;
use zhixin_projections::classes::ClassEntry;
use zhixin_projections::{ModelName, classes};

use super::frame::{Asked, html};
use super::signin::see_other;
use crate::app::App;
use crate::app::body::Form;
use crate::app::routes::Routes;
use crate::auth::Caller;
use crate::pages::views::{AcceptedRow, DuplicateRow, FaultyRow, FieldError, ImportReportView, ImportStage, Nav, RowProblem};
use crate::problem::{Kind, Part, Problem};
use crate::text::{Lang, Texts};
use crate::v1::input::path_word;
use crate::v1::moment::Moment;
use crate::v1::names;
use crate::v1::query::Query;
use crate::v1::roster::upload::{Fault, Rejected, State as Stand, Upload};
use crate::v1::roster::{confirm, importable, read_form, start, take};

/// Code of a row that repeats another of the file.
const REPEATED: &str = "ROSTER-DUPLICATE-IN-FILE";
/// Codes of rows that were refused because the trainee is there already.
const SEATED: &str = "CLASS-0004";

/// Codes of an import that is refused for the day on which the seats were taken.
const DAY: [&str; 2] = ["TIME-0004", "CLASS-0041"];

pub(super) fn routes(routes: Routes) -> Routes {
    routes.form("/classes/{id}/import", upload).page("/imports/{id}", report).form("/imports/{id}/confirm", confirmed)
}

async fn upload(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let asked = Asked::new(caller.clone(), request.uri().clone());
    let class: ClassId = path_word("id", &id)?;
    let csrf = caller.signed_in()?.csrf.clone();
    let same = caller.clone();
    app.blocking(move |app| importable(app, &same, class)).await?;
    let sent = read_form(&app, request).await?;
    if !sent.fields.iter().any(|(name, value)| name == "csrf" && *value == csrf) {
        return Err(Kind::ForeignForm.into());
    }
    let taken = app.blocking(move |app| take(app, caller.signed_in()?, class, &sent)).await;
    match taken {
        Ok(upload) => see_other(&format!("/imports/{}", upload.id)),
        Err(problem) if problem.status().is_client_error() => {
            let of_day = problem.errors().iter().any(|error| matches!(&error.part, Part::Body(field) if field == "/effective_on"));
            let field = if of_day || DAY.contains(&problem.code()) { "effective_on" } else { "file" };
            let error = FieldError { field: field.to_owned(), message: problem.text(asked.lang) };
            let status = problem.status();
            let page = app.blocking(move |app| html(super::classes::view(app, &asked, class, vec![error])?.render(asked.lang))).await?;
            Ok((status, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn report(State(app): State<App>, Path(id): Path<String>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    asked.caller.signed_in()?;
    app.blocking(move |app| {
        let upload = Upload::of(app, asked.caller.signed_in()?, &id)?;
        if upload.state == Stand::Running {
            // Opening the page also wakes an import that a restart interrupted.
            start(app, &upload.id)?;
        }
        html(view(app, &asked, &upload)?.render(asked.lang))
    })
    .await
}

fn column(lang: Lang, fault: &Fault) -> RowProblem {
    RowProblem {
        code: fault.code.clone(),
        column: lang.pick(&fault.column.0, &fault.column.1).to_owned(),
        message: lang.pick(&fault.message.0, &fault.message.1).to_owned(),
    }
}

fn is_repeat(row: &Rejected) -> bool {
    row.faults.iter().all(|fault| fault.code == REPEATED)
}

fn view(app: &App, asked: &Asked, upload: &Upload) -> Result<ImportReportView, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let moment = Moment::of_page(app, &Query::default())?;
    let class: ClassId = upload.class().ok_or(Kind::NotFound)?;
    let found = classes::by_id(&app.rows(ModelName::Classes)?, class, moment.view)?;
    let seats = found.as_ref().map(|detail| seats_left(app, &detail.entry, &moment)).transpose()?;
    let class_name = found.map_or_else(|| class.to_string(), |detail| detail.entry.title);
    let class_href = format!("/classes/{class}");
    let note = |notes: &[(String, String)]| notes.iter().map(|(zh, en)| lang.pick(zh, en)).collect::<Vec<_>>().join(lang.pick("；", "; "));
    let accepted = upload.promised().map(|row| AcceptedRow {
        row: row.row,
        name: row.name.clone(),
        employer: row.employer.clone(),
        note: note(&row.notes),
    });
    let title = if upload.state == Stand::Waiting { t.classes.report_title } else { t.classes.import_report_title };
    let crumbs = [(t.classes.title.as_str(), Some("/classes")), (class_name.as_str(), Some(class_href.as_str())), (title.as_str(), None)];
    Ok(ImportReportView {
        frame: asked.frame(app, Nav::Classes, &crumbs),
        file: upload.file.clone(),
        format: upload.format.clone(),
        sheet: upload.sheet.clone(),
        stage: stage(app, upload),
        accepted: accepted.collect(),
        faulty: faulty(upload, lang),
        duplicates: duplicates(upload, lang),
        day: names::date(lang, upload.effective_on.unwrap_or_else(|| moment.now.civil_date())),
        seats,
        confirm_action: format!("/imports/{}/confirm", upload.id),
        marked_file: (!upload.rejected.is_empty() || !upload.refusals.is_empty()).then(|| format!("/api/v1/jobs/{}/returned", upload.id)),
        refused: None,
        expires: names::minute(upload.kept_until()),
        class_name,
        class_href,
    })
}

fn stage(app: &App, upload: &Upload) -> ImportStage {
    match upload.state {
        Stand::Waiting => ImportStage::Waiting,
        Stand::Running => ImportStage::Running {
            done: app.imports().progress(&upload.id).unwrap_or(0),
            of: u32::try_from(upload.accepted.len()).unwrap_or(u32::MAX),
        },
        Stand::Done => ImportStage::Done { written: upload.written },
        Stand::Refused => ImportStage::Refused,
    }
}

/// Rows that the file has wrong, and those that the rules would refuse or did.
fn faulty(upload: &Upload, lang: Lang) -> Vec<FaultyRow> {
    let wrong = upload.rejected.iter().filter(|row| !is_repeat(row)).map(|row| FaultyRow {
        row: row.row,
        name: row.name.clone(),
        problems: row.faults.iter().map(|fault| column(lang, fault)).collect(),
        reason: (row.may_override && upload.state == Stand::Waiting).then(String::new),
    });
    let refused = upload.refusals.iter().filter(|(_, refusal)| refusal.0 != SEATED).map(|(row, (code, zh, en))| FaultyRow {
        row: *row,
        name: name(upload, *row),
        problems: vec![RowProblem { code: code.clone(), column: String::new(), message: lang.pick(zh, en).to_owned() }],
        reason: None,
    });
    let mut rows: Vec<FaultyRow> = wrong.chain(refused).collect();
    rows.sort_by_key(|row| row.row);
    rows
}

/// Rows that repeat others of the file, and those of people who have a seat already.
fn duplicates(upload: &Upload, lang: Lang) -> Vec<DuplicateRow> {
    let earlier = |row: &Rejected| row.faults.iter().find_map(|fault| fault.earlier_row);
    let of = |row: u32| format!("{} {row}", Texts::of(lang).classes.row);
    let repeats = upload.rejected.iter().filter(|row| is_repeat(row)).map(|row| DuplicateRow {
        row: row.row,
        name: row.name.clone(),
        duplicate_of: earlier(row).map(of).unwrap_or_default(),
    });
    let seated = upload.refusals.iter().filter(|(_, refusal)| refusal.0 == SEATED).map(|(row, _)| DuplicateRow {
        row: *row,
        name: name(upload, *row),
        duplicate_of: lang.pick("已有学员", "a trainee of the class").to_owned(),
    });
    let mut rows: Vec<DuplicateRow> = repeats.chain(seated).collect();
    rows.sort_by_key(|row| row.row);
    rows
}

/// The name in a row that could be written, until names are forgotten.
fn name(upload: &Upload, row: u32) -> String {
    upload.accepted.iter().find(|accepted| accepted.row == row).map(|accepted| accepted.name.clone()).unwrap_or_default()
}

/// Seats of a class, and those that are free.
fn seats_left(app: &App, class: &ClassEntry, moment: &Moment) -> Result<(u32, u32), Problem> {
    let roster = classes::roster(&app.rows(ModelName::Classes)?, class.class, moment.view, None, usize::MAX)?.items;
    let taken = u32::try_from(roster.iter().filter(|trainee| trainee.seat.is_some()).count()).unwrap_or(u32::MAX);
    Ok((class.seats.get(), class.seats.get().saturating_sub(taken)))
}

async fn confirmed(State(app): State<App>, Path(id): Path<String>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller, parts.uri);
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    form.check_csrf(&asked.caller.signed_in()?.csrf)?;
    let reason = |(name, value): (&str, &str)| {
        let row = name.strip_prefix("override-")?.parse().ok()?;
        (!value.trim().is_empty()).then(|| (row, value.trim().to_owned()))
    };
    let reasons: Vec<(u32, String)> = form.fields().filter_map(reason).collect();
    drop(form);
    app.blocking(move |app| {
        let upload = Upload::of(app, asked.caller.signed_in()?, &id)?;
        let outcome = if upload.state == Stand::Waiting && upload.promised().next().is_none() && reasons.is_empty() {
            Err(Problem::saying(Kind::OutOfRange, "没有可导入的行，也没有填写理由", "there is no row to import, and no reason was given"))
        } else {
            confirm(app, upload, &reasons)
        };
        match outcome {
            Ok(upload) => see_other(&asked.query.href(&format!("/imports/{}", upload.id), &[])),
            Err(problem) if problem.status().is_client_error() => {
                let mut view = view(app, &asked, &Upload::of(app, asked.caller.signed_in()?, &id)?)?;
                view.refused = Some(problem.text(asked.lang));
                for (row, reason) in reasons {
                    let typed = view.faulty.iter_mut().filter(|faulty| faulty.row == row).find_map(|faulty| faulty.reason.as_mut());
                    if let Some(typed) = typed {
                        *typed = reason;
                    }
                }
                Ok((problem.status(), html(view.render(asked.lang))?).into_response())
            }
            Err(problem) => Err(problem),
        }
    })
    .await
}
