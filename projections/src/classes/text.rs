//! Classes as canonical text, for `replay`.

use std::ops::ControlFlow;

use zhixin_events::json::Json;
use zhixin_events::{ClassId, Position};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

use super::{CLASS, ClassDetail, Trainee, by_id, roster};
use crate::AsOf;
use crate::facts;

/// Every class of the view, and every trainee under `CLASS/PERSON`.
pub(crate) fn dump(view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    let mut rows = Vec::new();
    facts::scan(view, &[CLASS], None, |key, _| {
        let class = ClassId::from_bytes(facts::id_at(key, 1)?);
        rows.extend(by_id(view, class, as_of)?.map(|detail| (class.to_string(), class_text(&detail))));
        let trainees = roster(view, class, as_of, None, usize::MAX)?.items;
        rows.extend(trainees.iter().map(|trainee| (format!("{class}/{}", trainee.person), trainee_text(trainee))));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

fn number(number: impl TryInto<i64>) -> Json {
    Json::Integer(number.try_into().unwrap_or(i64::MAX))
}

fn at(position: Option<Position>) -> Json {
    position.map_or(Json::Null, |position| number(position.0))
}

fn class_text(detail: &ClassDetail) -> String {
    let entry = &detail.entry;
    let sessions = detail.sessions.iter().map(|session| {
        Json::object([
            ("session", number(session.session.get())),
            ("held_on", Json::Text(session.held_on.to_string())),
            ("module", Json::Text(session.module.clone())),
            ("hours_tenths", number(session.hours.get())),
            ("position", number(session.position.0)),
        ])
    });
    Json::object([
        ("title", Json::Text(entry.title.clone())),
        ("line", Json::Static(entry.line.name())),
        ("trainer", Json::Text(entry.trainer.to_string())),
        ("organisation", Json::Text(entry.organisation.to_string())),
        ("unit", Json::Text(entry.unit.to_string())),
        ("division", number(entry.division.get())),
        ("occupation", Json::Text(entry.occupation.to_string())),
        ("direction", entry.direction.clone().map_or(Json::Null, Json::Text)),
        ("grade", Json::Static(entry.grade.name())),
        ("mode", Json::Static(entry.mode.name())),
        ("starts_on", Json::Text(entry.starts_on.to_string())),
        ("ends_on", Json::Text(entry.ends_on.to_string())),
        ("closed_on", entry.closed_on.map_or(Json::Null, |day| Json::Text(day.to_string()))),
        ("seats", number(entry.seats.get())),
        ("status", Json::Static(entry.status.name())),
        ("position", number(entry.position.0)),
        ("sessions", Json::List(sessions.collect())),
        ("imports", Json::List(detail.imports.iter().map(|import| Json::Text(import.job.to_string())).collect())),
    ])
    .to_canonical()
}

fn trainee_text(trainee: &Trainee) -> String {
    let attendance = trainee.attendance.iter().map(|one| {
        let records = one.records.iter().map(|record| {
            Json::object([
                ("attendance", Json::Static(record.attendance.name())),
                ("position", number(record.position.0)),
                ("corrects", at(record.corrects)),
            ])
        });
        Json::object([("session", number(one.session.get())), ("records", Json::List(records.collect()))])
    });
    let tests = trainee.tests.iter().map(|test| {
        Json::object([
            ("points", number(test.points.get())),
            ("passed", Json::Bool(test.passed)),
            ("position", number(test.position.0)),
            ("corrects", at(test.corrects)),
        ])
    });
    let certificate = trainee.certificate.as_ref().map_or(Json::Null, |certificate| {
        Json::object([
            ("number", Json::Text(certificate.number.clone())),
            ("position", number(certificate.position.0)),
            ("revoked", at(certificate.revoked.map(|(position, _)| position))),
        ])
    });
    let hours = trainee.hours.map_or(Json::Null, |hours| {
        Json::object([("year", number(hours.year.get())), ("tenths", number(hours.hours.get())), ("position", number(hours.position.0))])
    });
    let stated = trainee.employer_stated.as_ref().map_or(Json::Null, |employer| {
        Json::object([
            ("name", employer.name.clone().map_or(Json::Null, Json::Text)),
            ("uscc", employer.uscc.map_or(Json::Null, |uscc| Json::Text(uscc.to_string()))),
            ("uscc_override", Json::Bool(employer.uscc_override)),
        ])
    });
    Json::object([
        ("name_position", at(trainee.name_position)),
        ("erased", Json::Bool(trainee.erased)),
        ("seat", at(trainee.seat)),
        ("withdrawn", at(trainee.withdrawn)),
        ("category", trainee.category.map_or(Json::Null, |category| Json::Static(category.name()))),
        ("employer", trainee.employer.map_or(Json::Null, |employer| Json::Text(employer.to_string()))),
        ("employer_stated", stated),
        ("title_level", trainee.title_level.clone().map_or(Json::Null, Json::Text)),
        ("attendance", Json::List(attendance.collect())),
        ("attended_tenths", number(trainee.attended.get())),
        ("tests", Json::List(tests.collect())),
        ("certificate", certificate),
        ("hours", hours),
    ])
    .to_canonical()
}
