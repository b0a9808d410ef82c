//! `/subjects/{kind}/{id}`, `/events/{position}`, `/why`: the history of a record, one event, the events behind a figure.

mod readings;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use zhixin_engine::domain::access::Action;
use zhixin_events::{Subject, SubjectKind, Timestamp};
use zhixin_projections::quota::{CountUnit, Field, Group, RowKey};
use zhixin_projections::{ModelName, certificates, classes};

use super::frame::{Asked, html};
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{
    Change, Day, Entry as Shown, EventSubject, EventView, Fact, Item, ItemKind, Link, Nav, Pager, Tag, TimelineView, Tone, WhyEvent,
    WhyView, with_param,
};
use crate::problem::Problem;
use crate::text::{Lang, Texts};
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};
use crate::v1::query::Query;
use crate::v1::story::{self, Entry};
use crate::v1::why::{self, Why};
use crate::v1::{quota, sight, timeline};

/// So many alike events in a row are shown as one line.
const RUN_MIN: usize = 4;
/// Events on a page of a figure.
const WHY_PAGE: usize = 100;

pub(super) async fn show(
    State(app): State<App>,
    Path((kind, id)): Path<(String, String)>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let subject = timeline::subject(&kind, &id)?;
    app.blocking(move |app| html(view(app, &asked, &subject)?.render(asked.lang))).await
}

fn view(app: &App, asked: &Asked, subject: &Subject) -> Result<TimelineView, Problem> {
    let lang = asked.lang;
    let moment = Moment::of_page(app, &asked.query)?;
    let page = timeline::page(app, &asked.caller, subject, &moment, &asked.query)?;
    let (reads, readings) = readings::shown(app, asked, subject, &moment)?;
    let names = Names::of(app, moment.view, lang)?;
    let (title, record) = (names.subject(subject)?, record_href(subject, &names)?);
    let kind = names::subject_kind(lang, subject.kind());
    let history = Texts::of(lang).timeline.title.as_str();
    let list = list_of(lang, subject.kind());
    let crumbs: Vec<(&str, Option<&str>)> = match (&list, &record) {
        (Some((list, href)), Some(record)) => vec![(*list, Some(*href)), (&title, Some(record)), (history, None)],
        _bare => vec![(kind, None), (&title, None), (history, None)],
    };
    Ok(TimelineView {
        frame: asked.data_frame(app, Nav::None, &crumbs, &moment, &[])?,
        kind: kind.to_owned(),
        record_href: record,
        status: status(app, asked, subject, &moment)?,
        version: page.count,
        from: asked.query.text("from").unwrap_or_default().to_owned(),
        to: asked.query.text("to").unwrap_or_default().to_owned(),
        reads,
        title,
        ..readings::mixed(asked, subject, &page, &readings, &names)?
    })
}

/// The list in which a record stands, for the breadcrumb.
fn list_of(lang: Lang, kind: SubjectKind) -> Option<(&'static str, &'static str)> {
    let t = Texts::of(lang);
    match kind {
        SubjectKind::Class => Some((t.frame.nav_classes.as_str(), "/classes")),
        SubjectKind::Trainer => Some((t.frame.nav_trainers.as_str(), "/directories/trainers")),
        SubjectKind::Occupation => Some((t.frame.occupation.as_str(), "/directories/occupations")),
        SubjectKind::Certificate | SubjectKind::CertificateNumber => Some((t.frame.nav_verify.as_str(), "/verify")),
        SubjectKind::Account
        | SubjectKind::Organisation
        | SubjectKind::Person
        | SubjectKind::Target
        | SubjectKind::Pack
        | SubjectKind::Job
        | SubjectKind::Calendar
        | SubjectKind::CertificateSeries
        | SubjectKind::Seat
        | SubjectKind::OrganisationCode
        | SubjectKind::OccupationCode
        | SubjectKind::HoursOnce
        | SubjectKind::CertificateOnce
        | SubjectKind::DirectoryNumber
        | SubjectKind::TrainerOfOrganisation => None,
    }
}

/// The page of a record itself. Blocks.
fn record_href(subject: &Subject, names: &Names) -> Result<Option<String>, Problem> {
    let id = subject.id_text();
    Ok(match subject.kind() {
        SubjectKind::Class => Some(format!("/classes/{id}")),
        SubjectKind::Trainer => Some(format!("/directories/trainers/{id}")),
        SubjectKind::Occupation => Some("/directories/occupations".to_owned()),
        SubjectKind::Certificate => Some(format!("/verify/{}", names.subject(subject)?)),
        SubjectKind::CertificateNumber => Some(format!("/verify/{id}")),
        SubjectKind::Account
        | SubjectKind::Organisation
        | SubjectKind::Person
        | SubjectKind::Target
        | SubjectKind::Pack
        | SubjectKind::Job
        | SubjectKind::Calendar
        | SubjectKind::CertificateSeries
        | SubjectKind::Seat
        | SubjectKind::OrganisationCode
        | SubjectKind::OccupationCode
        | SubjectKind::HoursOnce
        | SubjectKind::CertificateOnce
        | SubjectKind::DirectoryNumber
        | SubjectKind::TrainerOfOrganisation => None,
    })
}

/// The state of a record in a word.
fn status(app: &App, asked: &Asked, subject: &Subject, moment: &Moment) -> Result<Tag, Problem> {
    let lang = asked.lang;
    let labels = &Texts::of(lang).labels;
    let plain = || Tag { text: lang.pick("有记录", "On record").to_owned(), tone: Tone::Neutral };
    Ok(match (subject.kind(), subject.first_id()) {
        (SubjectKind::Class, Some(id)) => {
            let found = classes::by_id(&app.rows(ModelName::Classes)?, zhixin_events::ClassId::from_bytes(id), moment.view)?;
            found.map_or_else(plain, |detail| super::class_tag(lang, detail.entry.status))
        }
        (SubjectKind::Certificate, Some(id)) => {
            let rows = app.rows(ModelName::Certificates)?;
            let found = certificates::by_id(&rows, zhixin_events::CertificateId::from_bytes(id), moment.view)?;
            found.map_or_else(plain, |entry| match entry.status {
                certificates::CertificateStatus::Valid => Tag { text: labels.certificate_valid.to_string(), tone: Tone::Good },
                certificates::CertificateStatus::Revoked { .. } => Tag { text: labels.certificate_revoked.to_string(), tone: Tone::Bad },
            })
        }
        (SubjectKind::Person, Some(id)) if app.engine().view()?.is_erased(zhixin_events::PersonId::from_bytes(id))? => {
            Tag { text: labels.erased.to_string(), tone: Tone::Warning }
        }
        _other => plain(),
    })
}

/// An item with the instant and the type of what it shows.
struct Told {
    at: Timestamp,
    event_type: &'static str,
    item: Item,
}

/// Entries by day, newest first, with long runs of alike ones under one line.
pub(super) fn days(entries: &[Entry], names: &Names) -> Result<Vec<Day>, Problem> {
    Ok(by_day(&told(entries, names)?, names.lang()))
}

fn told(entries: &[Entry], names: &Names) -> Result<Vec<Told>, Problem> {
    let told = |entry: &Entry| Ok(Told { at: entry.recorded_at, event_type: entry.event_type, item: item(entry, names)? });
    entries.iter().map(told).collect()
}

fn by_day(told: &[Told], lang: Lang) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for group in told.chunk_by(|one, other| one.at.civil_date() == other.at.civil_date()) {
        let Some(first) = group.first() else { continue };
        let mut shown = Vec::new();
        for run in group.chunk_by(|one, other| one.event_type == other.event_type) {
            let items: Vec<Item> = run.iter().map(|told| told.item.clone()).collect();
            match items.first() {
                Some(first) if items.len() >= RUN_MIN => shown.push(Shown::Run { sentence: first.sentence.clone(), items }),
                Some(_) | None => shown.extend(items.into_iter().map(Shown::One)),
            }
        }
        days.push(Day { date: names::date(lang, first.at.civil_date()), entries: shown });
    }
    days
}

fn item(entry: &Entry, names: &Names) -> Result<Item, Problem> {
    let recorded_on = entry.recorded_at.civil_date();
    let before_of = |(name, before): (&String, &serde_json::Value)| {
        let field = name.strip_suffix("_before")?;
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let word = if field == "people" { names.lang().pick("人数", "People") } else { field };
        Some(Change { field: word.to_owned(), before: Some(text(before)), after: entry.open.get(field).map(text) })
    };
    Ok(Item {
        kind: ItemKind::Fact,
        time: names::time_of_day(entry.recorded_at),
        machine_time: entry.recorded_at.to_china_text(),
        sentence: entry.sentence(names)?,
        role: names::role(names.lang(), entry.role).to_owned(),
        reader: None,
        effective_on: (entry.effective_on != recorded_on).then(|| names::date(names.lang(), entry.effective_on)),
        changes: entry.open.iter().filter_map(before_of).collect(),
        position: entry.position,
        hash: entry.leaf_hash_hex().chars().take(8).collect(),
        corrects: entry.corrects(),
        corrected_by: entry.corrected_by,
        voided: entry.corrected_by.is_some(),
    })
}

pub(super) async fn event(State(app): State<App>, Path(at): Path<String>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let at = timeline::position(&at)?;
    app.blocking(move |app| html(event_view(app, &asked, at)?.render(asked.lang))).await
}

/// Name and history of a record that the reader may see; none for any other. Blocks.
fn link(app: &App, asked: &Asked, subject: &Subject, names: &Names) -> Result<Option<Link>, Problem> {
    match sight::of_subject(app, &asked.caller, subject) {
        Ok(_) => Ok(Some(Link { label: story::subject_label(subject, names)?, href: format!("/subjects/{subject}") })),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(None),
        Err(problem) => Err(problem),
    }
}

fn event_view(app: &App, asked: &Asked, at: u64) -> Result<EventView, Problem> {
    let lang = asked.lang;
    let mut entry = story::entry(app, at)?;
    let seen = sight::of_event(app, &asked.caller, &mut entry)?;
    let moment = Moment::of_page(app, &Query::default())?;
    let names = Names::of(app, moment.view, lang)?;
    let mut subjects = Vec::new();
    // That it exists and its hash are public; what it concerns is not.
    for (subject, ordinal) in entry.subjects.iter().filter(|(subject, _)| seen && !subject.kind().is_claim()) {
        let link = link(app, asked, subject, &names)?;
        let label = match &link {
            Some(link) => link.label.clone(),
            // The event is open, this record is not: its kind and id stand in the leaf anyway.
            None => format!("{} {}", names::subject_kind(lang, subject.kind()), subject.id_text()),
        };
        subjects.push(EventSubject { label, href: link.map(|link| link.href), ordinal: (*ordinal).into() });
    }
    let title = Texts::of(lang).timeline.event_title.with(at);
    let hidden = || "–".to_owned();
    let show = |text: String| if seen { text } else { hidden() };
    Ok(EventView {
        frame: asked.frame(app, Nav::None, &[(&title, None)]),
        position: at,
        sentence: if seen { entry.sentence(&names)? } else { String::new() },
        event_type: show(entry.event_type.to_owned()),
        recorded_at: show(names::minute(entry.recorded_at)),
        effective_on: show(names::date(lang, entry.effective_on)),
        by: show(names::role(lang, entry.role).to_owned()),
        subjects,
        leaf_hash: entry.leaf_hash_hex(),
        json: seen.then(|| entry.leaf.clone()),
        previous: at.checked_sub(1),
        next: Some(at.saturating_add(1)).filter(|next| *next < app.engine().end()),
    })
}

pub(super) async fn why_page(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    asked.caller.require(Action::ReadHistory)?;
    app.blocking(move |app| html(why_view(app, &asked)?.render(asked.lang))).await
}

/// The dashboard also links figures in the other unit; their row is the same but for the unit.
fn with_unit(query: &Query) -> Query {
    let unit = match query.text("field") {
        Some("completed_persons") => CountUnit::Persons,
        Some("completed_trainings") => CountUnit::Trainings,
        Some(_) | None => return query.clone(),
    };
    match query.text("row").and_then(|row| row.parse::<RowKey>().ok()) {
        Some(row) => {
            let row = RowKey { unit, ..row }.to_string();
            Query::of_pairs([("model", "quota"), ("row", row.as_str()), ("field", "completed")])
        }
        None => query.clone(),
    }
}

/// What a figure of the quota counts, in words.
fn figure_scope(key: &RowKey, names: &Names) -> Result<Vec<Fact>, Problem> {
    let (lang, t) = (names.lang(), names.texts());
    let fact = |label: String, value: String| Fact { label, value, href: None };
    let year = fact(t.dashboard.year.to_string(), key.year.to_string());
    let line = fact(t.dashboard.line.to_string(), names::line(lang, key.line).to_owned());
    let region = key.region.map(|unit| fact(t.frame.region.to_string(), names::unit(lang, unit).to_owned()));
    let of_group = (key.group != Group::Total).then(|| quota::label(&key.group, names)).transpose()?;
    let group = of_group.map(|value| fact(why_group(lang, &key.group), value));
    Ok([Some(year), Some(line), region, group].into_iter().flatten().collect())
}

fn why_view(app: &App, asked: &Asked) -> Result<WhyView, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let moment = Moment::of_page(app, &asked.query)?;
    let query = with_unit(&asked.query);
    let why = why::find(app, &asked.caller, &query, moment.view)?;
    let names = Names::of(app, moment.view, lang)?;
    let page = asked.query.number("page", (1, 1_000_000))?.and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
    let skipped = page.saturating_sub(1).saturating_mul(WHY_PAGE);
    let positions: Vec<u64> = why.positions.iter().map(|position| position.0).skip(skipped).take(WHY_PAGE).collect();
    let mut events = Vec::new();
    for mut entry in story::entries(app, &positions)? {
        events.push(why_event(app, asked, &mut entry, &names, is_target(&why))?);
    }
    let href = |page: usize| {
        let bare = format!("/why?model={}", why.model.name());
        let parts = [("row", query.text("row")), ("field", query.text("field"))];
        let with = parts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(bare, |href, (name, value)| with_param(&href, name, value));
        with_param(&with, "page", &page.to_string())
    };
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let total = why.positions.len();
    let last = skipped.saturating_add(positions.len());
    let figure = why.value();
    let recount = recount(app, &why)?;
    let (label, scope, rule) = match &why.figure {
        Some((row, field)) => (field_name(lang, *field), figure_scope(&row.key, &names)?, Some(quota::rule(lang, row.key.unit).to_owned())),
        None => (lang.pick("个来源事件", "source events").to_owned(), row_facts(why.model, query.text("row"), &names)?, None),
    };
    let back = match scope.first() {
        Some(fact) if rule.is_none() => fact.href.clone(),
        Some(_) | None => Some("/".to_owned()),
    };
    let title = if rule.is_some() { t.timeline.why_title } else { t.frame.why_row };
    Ok(WhyView {
        frame: asked.data_frame(
            app,
            if rule.is_some() { Nav::Dashboard } else { Nav::None },
            &[(title.as_str(), None)],
            &moment,
            &[why.model],
        )?,
        figure: figure.map_or_else(|| total.to_string(), |figure| crate::charts::group_digits(&figure.to_string())),
        label,
        scope,
        rule,
        recount,
        agrees: figure.is_none_or(|figure| u64::try_from(figure) == Ok(recount)),
        events,
        pager: Pager {
            first: wide(skipped.saturating_add(1).min(total)),
            last: wide(last),
            total: wide(total),
            previous: (page > 1).then(|| href(page.saturating_sub(1))),
            next: (last < total).then(|| href(page.saturating_add(1))),
        },
        back,
    })
}

/// What the rows of a figure's table are.
fn why_group(lang: Lang, group: &Group) -> String {
    let labels = &Texts::of(lang).labels;
    let phrase = match group {
        Group::Total => labels.total,
        Group::Region(_) => labels.by_region,
        Group::Month(_) => labels.by_month,
        Group::Occupation(_) => labels.by_occupation,
        Group::Direction(..) => labels.by_direction,
        Group::Grade(_) => labels.by_grade,
        Group::OccupationGrade(..) => labels.by_occupation_grade,
        Group::Trainer(_) => labels.by_trainer,
        Group::Category(_) => labels.by_category,
    };
    phrase.to_string()
}

/// The record that a row describes, with its page; of a trainee, class and person. Blocks.
fn row_facts(model: ModelName, row: Option<&str>, names: &Names) -> Result<Vec<Fact>, Problem> {
    let (kinds, lang): (&[SubjectKind], _) = (
        match model {
            ModelName::Quota => &[],
            ModelName::Certificates => &[SubjectKind::Certificate],
            ModelName::Classes => &[SubjectKind::Class, SubjectKind::Person],
            ModelName::Trainers => &[SubjectKind::Trainer],
            ModelName::Occupations => &[SubjectKind::Occupation],
        },
        names.lang(),
    );
    let fact = |(kind, id): (&SubjectKind, &str)| {
        let subject = timeline::subject(kind.name(), id)?;
        Ok(Fact {
            label: names::subject_kind(lang, *kind).to_owned(),
            value: names.subject(&subject)?,
            href: Some(record_href(&subject, names)?.unwrap_or_else(|| format!("/subjects/{subject}"))),
        })
    };
    kinds.iter().zip(row.unwrap_or_default().split(':')).map(fact).collect()
}

fn field_name(lang: Lang, field: Field) -> String {
    let t = &Texts::of(lang).dashboard;
    match field {
        Field::Target => t.target,
        Field::Enrolled => t.enrolled,
        Field::Completed => t.completed_column,
        Field::Certified => t.certified,
    }
    .to_string()
}

fn is_target(why: &Why) -> bool {
    matches!(why.figure, Some((_, Field::Target)))
}

/// The figure counted again from its events: one each, for a target what each sets.
fn recount(app: &App, why: &Why) -> Result<u64, Problem> {
    if !is_target(why) {
        return Ok(u64::try_from(why.positions.len()).unwrap_or(u64::MAX));
    }
    let positions: Vec<u64> = why.positions.iter().map(|position| position.0).collect();
    let told = story::entries(app, &positions)?;
    Ok(told.iter().filter_map(|entry| entry.number("people")).fold(0, u64::saturating_add))
}

fn why_event(app: &App, asked: &Asked, entry: &mut Entry, names: &Names, is_target: bool) -> Result<WhyEvent, Problem> {
    let lang = asked.lang;
    let seen = sight::of_event(app, &asked.caller, entry)?;
    let hidden = lang.pick("（不在您的查看范围内）", "(outside what you may see)");
    let mut subject = None;
    for (candidate, _) in entry.subjects.iter().filter(|(candidate, _)| seen && !candidate.kind().is_claim()) {
        if subject.is_none() {
            subject = link(app, asked, candidate, names)?;
        }
    }
    Ok(WhyEvent {
        position: entry.position,
        time: names::minute(entry.recorded_at),
        sentence: if seen { entry.sentence(names)? } else { hidden.to_owned() },
        subject,
        counts: if is_target { entry.number("people").and_then(|people| i64::try_from(people).ok()).unwrap_or(0) } else { 1 },
    })
}
