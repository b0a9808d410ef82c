//! `/directories/trainers`, one trainer, `/directories/occupations`.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use zhixin_events::scope::Scope;
use zhixin_events::{CivilDate, Grade, OccupationId, ReportingUnit, Subject, TrainerId};
use zhixin_projections::classes::{self, ClassFilter};
use zhixin_projections::occupations::{self, Directions, OccupationEntry};
use zhixin_projections::trainers::{self, TrainerEntry, TrainerStatus};
use zhixin_projections::{AsOf, ModelName};

use super::frame::{Asked, html};
use super::{pager, select};
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{
    self, Difference, DifferenceEntry, Fact, Link, ListedOccupation, Nav, OccupationListView, OccupationRow, Select, Tag, Tone,
    TrainerListView, TrainerRow, TrainerView, with_param,
};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Phrase, Texts};
use crate::v1::directory::queries::{ALL_STATUSES, listed_trainers, uscc_of};
use crate::v1::input::path_word;
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};
use crate::v1::query::Query;
use crate::v1::timeline;

/// Trainers on a page.
const PAGE: usize = 50;
/// Editions that the pickers offer, the newest first.
const EDITIONS: usize = 50;
/// Recent classes on the page of a trainer.
const CLASSES: usize = 10;

pub(super) fn trainer_tag(lang: Lang, status: TrainerStatus) -> Tag {
    let tone = match status {
        TrainerStatus::Listed => Tone::Good,
        TrainerStatus::Suspended => Tone::Warning,
        TrainerStatus::NotYet | TrainerStatus::Expired => Tone::Neutral,
        TrainerStatus::Removed => Tone::Bad,
    };
    Tag { text: names::trainer_status(lang, status).to_owned(), tone }
}

pub(super) async fn trainer_list(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| html(list_view(app, &asked)?.render(asked.lang))).await
}

/// An edition that the pickers offer: its position, its name and its day.
type EditionName = (u64, String, CivilDate);

fn editions(app: &App, lang: Lang) -> Result<Vec<EditionName>, Problem> {
    let latest = Moment::of_page(app, &Query::default())?;
    let page = trainers::editions(&app.rows(ModelName::Trainers)?, latest.view, None, usize::MAX)?;
    let numbered = page.items.iter().zip(1_u32..);
    let name = |edition: &trainers::Edition, number: u32| {
        (
            edition.position.0,
            lang.pick("第 {0} 版（{1}）", "Edition {0} ({1})")
                .replace("{0}", &number.to_string())
                .replace("{1}", &edition.effective_on.to_string()),
            edition.effective_on,
        )
    };
    let mut named: Vec<EditionName> = numbered.map(|(edition, number)| name(edition, number)).collect();
    named.reverse();
    Ok(named)
}

fn list_view(app: &App, asked: &Asked) -> Result<TrainerListView, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    // An edition is the moment of its event; it goes before the as-of form.
    let edition = asked.query.number("edition", (0, u64::MAX))?;
    let at_edition = |position: u64| format!("@{position}");
    let moment = match edition {
        Some(position) => Moment::of_page(app, &Query::of_pairs([("as_of", at_edition(position).as_str())]))?,
        None => Moment::of_page(app, &asked.query)?,
    };
    let names = Names::of(app, moment.view, lang)?;
    let listed = listed_trainers(app, &asked.query, moment.view)?;
    let all_editions = editions(app, lang)?;
    let shown = all_editions.iter().position(|(position, ..)| moment.view.position > *position);
    let number = shown.map_or(0, |at| all_editions.len().saturating_sub(at));
    let published_on = shown.and_then(|at| all_editions.get(at)).map_or(moment.view.effective_by, |edition| edition.2);
    let since = asked.query.number("since", (0, u64::MAX))?;
    let difference = since.map(|since| difference(app, (since, &all_editions), &moment, &names)).transpose()?;
    let (page, shown_rows) = pager(&asked.query, "/directories/trainers", &listed, PAGE)?;
    let picker = |name: &str, label: Phrase, chosen: Option<u64>| {
        let choices = std::iter::once((String::new(), lang.pick("最新", "Latest").to_owned()))
            .chain(all_editions.iter().take(EDITIONS).map(|(position, name, _)| (position.to_string(), name.clone())));
        select(name, label, choices, &chosen.map(|chosen| chosen.to_string()).unwrap_or_default())
    };
    let rows: Vec<TrainerRow> = shown_rows.iter().map(|entry| trainer_row(app, entry, &names)).collect::<Result<_, _>>()?;
    let mut frame = asked.data_frame(app, Nav::Trainers, &[(t.frame.nav_trainers.as_str(), None)], &moment, &[ModelName::Trainers])?;
    if edition.is_some() {
        frame.as_of = frame.as_of.map(|form| views::AsOf { as_of: None, effective_by: None, ..form });
    }
    Ok(TrainerListView {
        frame,
        query: asked.query.text("q").unwrap_or_default().to_owned(),
        facets: facets(app, asked, &moment)?,
        edition: picker("edition", t.trainers.edition, edition),
        since: Select { ..picker("since", t.trainers.compare, since) },
        edition_shown: (number.to_string(), names::date(lang, published_on)),
        difference,
        rows,
        pager: page,
        csv: export(asked, "/api/v1/directories/trainers.csv"),
        json: export(asked, "/api/v1/directories/trainers"),
    })
}

/// The same directory for programs: the filters that the interface knows; an edition is a moment.
fn export(asked: &Asked, path: &str) -> String {
    let known = ["unit", "occupation", "status", "q"].into_iter().filter_map(|name| Some((name, asked.query.text(name)?.to_owned())));
    let edition = asked.query.text("edition").map(|position| ("as_of", format!("@{position}")));
    known.chain(edition).fold(path.to_owned(), |href, (name, value)| with_param(&href, name, &value))
}

fn facets(app: &App, asked: &Asked, moment: &Moment) -> Result<Vec<Select>, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let all = || std::iter::once((String::new(), t.frame.all.to_string()));
    let units = all().chain(ReportingUnit::all().map(|unit| (unit.to_string(), names::unit(lang, unit).to_owned())));
    let known = occupations::list(&app.rows(ModelName::Occupations)?, moment.view)?;
    let known = all().chain(known.iter().map(|entry| (entry.occupation.to_string(), lang.pick(&entry.name_zh, &entry.name_en).to_owned())));
    let statuses = [TrainerStatus::NotYet, TrainerStatus::Listed, TrainerStatus::Suspended, TrainerStatus::Expired, TrainerStatus::Removed];
    let in_directory = (String::new(), t.trainers.in_directory.to_string());
    let every = (ALL_STATUSES.to_owned(), t.frame.all.to_string());
    let statuses = [in_directory, every]
        .into_iter()
        .chain(statuses.map(|status| (status.name().to_owned(), names::trainer_status(lang, status).to_owned())));
    let chosen = |name: &str| asked.query.text(name).unwrap_or_default();
    Ok(vec![
        select("unit", t.frame.region, units, chosen("unit")),
        select("occupation", t.frame.occupation, known, chosen("occupation")),
        select("status", t.frame.status, statuses, chosen("status")),
    ])
}

/// The term of an entry; of a removed one, until when it was there.
fn validity(lang: Lang, entry: &TrainerEntry) -> String {
    let (pattern, until) = match entry.status {
        TrainerStatus::Removed => (lang.pick("{0} 至 {1}（已移出）", "{0} to {1} (removed)"), entry.edition_on),
        TrainerStatus::NotYet | TrainerStatus::Listed | TrainerStatus::Suspended | TrainerStatus::Expired => {
            (lang.pick("{0} 至 {1}", "{0} to {1}"), entry.listed_until)
        }
    };
    pattern.replace("{0}", &names::date(lang, entry.listed_from)).replace("{1}", &names::date(lang, until))
}

fn trainer_row(app: &App, entry: &TrainerEntry, names: &Names) -> Result<TrainerRow, Problem> {
    let lang = names.lang();
    Ok(TrainerRow {
        name: trainer_link(entry),
        uscc: uscc_of(app, entry.organisation)?,
        region: names::unit(lang, entry.unit).to_owned(),
        occupations: entry.occupations.iter().map(|id| names.occupation(*id)).collect::<Result<_, _>>()?,
        status: trainer_tag(lang, entry.status),
        validity: validity(lang, entry),
    })
}

fn trainer_link(entry: &TrainerEntry) -> Link {
    Link { label: entry.name.clone(), href: format!("/directories/trainers/{}", entry.trainer) }
}

fn difference(app: &App, (since, editions): (u64, &[EditionName]), moment: &Moment, names: &Names) -> Result<Difference, Problem> {
    let lang = names.lang();
    let earlier = Moment::of_page(app, &Query::of_pairs([("as_of", format!("@{since}").as_str())]))?;
    let from = AsOf { effective_by: earlier.view.effective_by.min(moment.view.effective_by), ..earlier.view };
    let diff = trainers::diff(&app.rows(ModelName::Trainers)?, from, moment.view)?;
    let entry = |entry: &TrainerEntry, detail: String| DifferenceEntry { name: trainer_link(entry), detail, position: entry.edition.0 };
    let plain = |list: &[TrainerEntry]| list.iter().map(|one| entry(one, names::unit(lang, one.unit).to_owned())).collect();
    let changed = diff.changed.iter().map(|(before, after)| Ok(entry(after, what_changed(before, after, names)?)));
    Ok(Difference {
        since: editions.iter().find(|(position, ..)| *position == since).map_or_else(|| format!("#{since}"), |(_, name, _)| name.clone()),
        added: plain(&diff.added),
        removed: plain(&diff.removed),
        changed: changed.collect::<Result<_, Problem>>()?,
    })
}

/// What is otherwise about a trainer, in words.
fn what_changed(before: &TrainerEntry, after: &TrainerEntry, names: &Names) -> Result<String, Problem> {
    let lang = names.lang();
    let called = |list: Vec<&OccupationId>| list.into_iter().map(|id| names.occupation(*id)).collect::<Result<Vec<_>, _>>();
    let gained = called(after.occupations.iter().filter(|id| !before.occupations.contains(id)).collect())?;
    let lost = called(before.occupations.iter().filter(|id| !after.occupations.contains(id)).collect())?;
    let between = |label: (&str, &str), before: &str, after: &str| {
        (before != after).then(|| format!("{} {before} → {after}", lang.pick(label.0, label.1)))
    };
    let all_of = |label: (&str, &str), occupations: &[String]| {
        (!occupations.is_empty()).then(|| format!("{} {}", lang.pick(label.0, label.1), occupations.join(lang.pick("、", ", "))))
    };
    let base =
        |entry: &TrainerEntry| lang.pick(if entry.national_base { "是" } else { "否" }, if entry.national_base { "yes" } else { "no" });
    let status = |entry: &TrainerEntry| names::trainer_status(lang, entry.status);
    let parts = [
        between(("状态", "status"), status(before), status(after)),
        between(("有效期自", "listed from"), &before.listed_from.to_string(), &after.listed_from.to_string()),
        between(("有效期至", "listed until"), &before.listed_until.to_string(), &after.listed_until.to_string()),
        all_of(("新增职业", "now also for"), &gained),
        all_of(("不再培训", "no longer for"), &lost),
        between(("国家级继续教育基地", "national base"), base(before), base(after)),
        between(("名称", "name"), &before.name, &after.name),
        between(("文号", "document"), &before.document_number, &after.document_number),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let same = lang.pick("再次公布，内容相同", "published again, the same");
    Ok(if parts.is_empty() { same.to_owned() } else { parts.join(lang.pick("；", "; ")) })
}

pub(super) async fn trainer(State(app): State<App>, Path(id): Path<String>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let id: TrainerId = path_word("id", &id)?;
    app.blocking(move |app| html(trainer_view(app, &asked, id)?.render(asked.lang))).await
}

fn trainer_view(app: &App, asked: &Asked, id: TrainerId) -> Result<TrainerView, Problem> {
    let (lang, t) = (asked.lang, Texts::of(asked.lang));
    let moment = Moment::of_page(app, &asked.query)?;
    let entry = trainers::by_id(&app.rows(ModelName::Trainers)?, id, moment.view)?.ok_or(Kind::NotFound)?;
    let names = Names::of(app, moment.view, lang)?;
    let occupation = |id: &OccupationId| {
        Ok(ListedOccupation {
            occupation: names.occupation_with_code(*id)?,
            status: trainer_tag(lang, entry.status),
            from: names::date(lang, entry.listed_from),
            until: names::date(lang, if entry.status == TrainerStatus::Removed { entry.edition_on } else { entry.listed_until }),
            decision: entry.document_number.clone(),
            position: entry.edition.0,
        })
    };
    let subject = Subject::trainer(id);
    let history = timeline::page(app, &asked.caller, &subject, &moment, &Query::default())?;
    let scope = asked.caller.scope(zhixin_engine::domain::access::Action::ReadClasses);
    let filter = ClassFilter { trainer: Some(id), ..ClassFilter::default() };
    let rows = app.rows(ModelName::Classes)?;
    let mut held = classes::list(&rows, &filter, moment.view, None, usize::MAX)?.items;
    held.retain(|class| scope.covers(&crate::v1::sight::place_of_class(class)));
    held.sort_by_key(|class| std::cmp::Reverse(class.starts_on));
    held.truncate(CLASSES);
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: None };
    let citation = lang.pick("{0}，培训机构目录，事件 #{1}，{2}", "{0}, directory of trainers, event #{1}, {2}");
    Ok(TrainerView {
        frame: asked.data_frame(
            app,
            Nav::Trainers,
            &[(t.frame.nav_trainers.as_str(), Some("/directories/trainers")), (&entry.name, None)],
            &moment,
            &[ModelName::Trainers],
        )?,
        status: trainer_tag(lang, entry.status),
        listed: entry.status == TrainerStatus::Listed,
        facts: vec![
            fact(t.trainers.uscc.as_str(), uscc_of(app, entry.organisation)?),
            fact(lang.pick("目录编号", "Directory number"), entry.directory_number.to_string()),
            fact(t.frame.region.as_str(), names::unit(lang, entry.unit).to_owned()),
            fact(
                lang.pick("国家级继续教育基地", "National base"),
                lang.pick(if entry.national_base { "是" } else { "否" }, if entry.national_base { "yes" } else { "no" }).to_owned(),
            ),
            fact(t.trainers.validity.as_str(), validity(lang, &entry)),
            fact(t.trainers.decision.as_str(), entry.document_number.clone()),
        ],
        occupations: entry.occupations.iter().map(occupation).collect::<Result<_, Problem>>()?,
        history: super::timeline::days(&history.entries, &names)?,
        timeline: format!("/subjects/{subject}"),
        why: asked.why_row(ModelName::Trainers, id),
        classes: (scope != Scope::None).then(|| super::classes::rows(app, &held, moment.view, &names)).transpose()?,
        citation: citation
            .replace("{0}", &entry.name)
            .replace("{1}", &entry.edition.to_string())
            .replace("{2}", &names::date(lang, moment.view.effective_by)),
        name: entry.name,
    })
}

pub(super) async fn occupation_list(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| {
        let lang = asked.lang;
        let moment = Moment::of_page(app, &asked.query)?;
        let found = occupations::list(&app.rows(ModelName::Occupations)?, moment.view)?;
        let title = lang.pick("数字技术职业目录", "Directory of digital technology occupations");
        let view = OccupationListView {
            frame: asked.data_frame(app, Nav::None, &[(title, None)], &moment, &[ModelName::Occupations])?,
            title: title.to_owned(),
            code_label: lang.pick("职业编码（版本）", "Code (edition)").to_owned(),
            grades: Grade::ALL.iter().map(|grade| names::grade(lang, *grade).to_owned()).collect(),
            rows: found.iter().map(|entry| occupation_row(entry, &asked)).collect(),
        };
        html(view.render(lang))
    })
    .await
}

fn occupation_row(entry: &OccupationEntry, asked: &Asked) -> OccupationRow {
    let lang = asked.lang;
    let labels = &Texts::of(lang).labels;
    let directions = |known: &Directions| match known {
        Directions::NotYetKnown => vec![labels.direction_unknown.to_string()],
        Directions::None { .. } => vec![labels.direction_none.to_string()],
        Directions::Listed { directions, .. } => directions.clone(),
    };
    let (name, other) = (lang.pick(&entry.name_zh, &entry.name_en), lang.pick(&entry.name_en, &entry.name_zh));
    OccupationRow {
        name: Link { label: name.to_owned(), href: format!("/subjects/occupation/{}", entry.occupation) },
        other_name: other.to_owned(),
        codes: entry
            .codes
            .iter()
            .map(|code| lang.pick("{0}（{1}）", "{0} ({1})").replace("{0}", &code.code).replace("{1}", &code.edition.to_string()))
            .collect(),
        directions: entry.directions.iter().map(|(_, known)| directions(known)).collect(),
        trainers: with_param("/directories/trainers", "occupation", &entry.occupation.to_string()),
        why: asked.why_row(ModelName::Occupations, entry.occupation),
    }
}
