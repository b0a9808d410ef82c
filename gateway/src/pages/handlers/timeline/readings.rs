//! Readings of sealed data beside the changes of a record: one list by time. Each of the two logs has its own positions, so a page goes on
//! from one of each.

use std::cmp::Reverse;

use zhixin_engine::read_log::RecordedReading;
use zhixin_events::{Subject, SubjectKind};

use super::{Told, by_day, told};
use crate::app::App;
use crate::pages::handlers::frame::Asked;
use crate::pages::views::{Item, ItemKind, Link, TimelineView, with_param};
use crate::problem::Problem;
use crate::text::{Lang, Texts};
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};
use crate::v1::{readings, timeline};

/// Where the readings of the next page end, as `before` says it of the changes.
const BEFORE: &str = "reads_before";

/// Whether the reader may have readings shown and has asked for them, and the newest of them. Blocks.
pub(super) fn shown(app: &App, asked: &Asked, subject: &Subject, moment: &Moment) -> Result<(Option<bool>, Vec<RecordedReading>), Problem> {
    if !readings::may_see(app, &asked.caller, subject)? {
        return Ok((None, Vec::new()));
    }
    if !asked.query.flag("reads")? {
        return Ok((Some(false), Vec::new()));
    }
    let before = asked.query.number(BEFORE, (0, u64::MAX))?;
    let page = readings::page(app, subject, moment, &asked.query, before, timeline::limit(&asked.query)?)?;
    Ok((Some(true), page.readings))
}

/// The days of a page of changes and readings, and the address of the next. Blocks.
pub(super) fn mixed(
    asked: &Asked,
    subject: &Subject,
    page: &timeline::Page,
    readings: &[RecordedReading],
    names: &Names,
) -> Result<TimelineView, Problem> {
    let limit = usize::try_from(timeline::limit(&asked.query)?).unwrap_or(usize::MAX);
    let is_full = page.next.is_some() || readings.len() >= limit;
    let mut all = told(&page.entries, names)?;
    all.extend(readings.iter().map(|read| of_reading(read, subject, names.lang())));
    all.sort_by_key(|told| Reverse(told.at));
    let goes_on = is_full || all.len() > limit;
    all.truncate(limit);
    let without = ["before", BEFORE, "lang", "mode", "as_of", "effective_by"];
    let older = [("before", ItemKind::Fact), (BEFORE, ItemKind::Read)].into_iter().fold(
        asked.query.href(&format!("/subjects/{subject}"), &without),
        |href, (name, kind)| {
            let last = all.iter().rev().find(|told| told.item.kind == kind).map(|told| told.item.position.to_string());
            last.or_else(|| asked.query.text(name).map(str::to_owned)).map_or(href.clone(), |at| with_param(&href, name, &at))
        },
    );
    Ok(TimelineView { days: by_day(&all, names.lang()), older: goes_on.then_some(older), ..TimelineView::default() })
}

fn of_reading(read: &RecordedReading, subject: &Subject, lang: Lang) -> Told {
    let (t, reading) = (&Texts::of(lang).timeline, &read.reading);
    let fields: Vec<&str> = reading.fields.iter().map(|field| names::sealed_field(lang, field)).collect();
    let (fields, purpose) = (fields.join(lang.pick("、", ", ")), names::purpose(lang, reading.purpose));
    let mut sentence = match reading.persons.len() {
        1 => t.read_one.with2(fields, purpose),
        many => t.read_many.with3(fields, purpose, many),
    };
    if let Some(case) = &reading.case_reference {
        sentence.push_str(&t.read_case.with(case));
    }
    // In the history of an account every reading is its own.
    let reader = (subject.kind() != SubjectKind::Account).then(|| {
        Box::new(Link { label: t.reader.with(reading.reader), href: format!("/subjects/{}?reads=1", Subject::account(reading.reader)) })
    });
    let item = Item {
        kind: ItemKind::Read,
        time: names::time_of_day(read.recorded_at),
        machine_time: read.recorded_at.to_china_text(),
        sentence,
        role: names::role(lang, reading.role).to_owned(),
        reader,
        position: read.position,
        ..Item::default()
    };
    Told { at: read.recorded_at, event_type: "access.personal-data-read", item }
}
