//! Handlers of the pages: they ask the same functions as the interface for programs and fill the views.

mod classes;
mod dashboard;
mod directories;
mod forms;
mod frame;
mod import;
mod problems;
mod signin;
mod status;
mod timeline;
mod verify;

use axum::http::Uri;
use zhixin_events::ClassStatus;

use crate::app::App;
use crate::app::routes::Routes;
use crate::auth::Caller;
use crate::pages::views::{Choice, Pager, Select, Tag, Tone, with_param};
use crate::problem::Problem;
use crate::text::{Lang, Phrase};
use crate::v1::names;
use crate::v1::query::Query;

/// Adds every page.
pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = verify::routes(forms::routes(import::routes(signin::routes(routes))));
    routes
        .page("/", dashboard::show)
        .page("/directories/trainers", directories::trainer_list)
        .page("/directories/trainers/{id}", directories::trainer)
        .page("/directories/occupations", directories::occupation_list)
        .page("/classes", classes::list)
        .page("/classes/{id}", classes::show)
        .page("/subjects/{kind}/{id}", timeline::show)
        .page("/events/{position}", timeline::event)
        .page("/why", timeline::why_page)
        .page("/status", status::show)
        .page("/problems/{code}", problems::show)
        .page("/assets/{digest}/{name}", status::asset)
}

/// A problem as a page; none if even that does not render.
pub(crate) fn problem_page(app: &App, caller: &Caller, uri: &Uri, lang: Lang, problem: &Problem, request_id: &str) -> Option<String> {
    frame::problem_page(app, caller, uri, lang, problem, request_id)
}

/// A select list of a filter form.
fn select(name: &str, label: Phrase, choices: impl IntoIterator<Item = (String, String)>, chosen: &str) -> Select {
    let choice = |(value, label): (String, String)| Choice { selected: value == chosen, value, label };
    Select { name: name.to_owned(), label: label.to_string(), choices: choices.into_iter().map(choice).collect() }
}

/// The part of a list that a page shows, and where it stands.
fn pager<'l, T>(query: &Query, path: &str, list: &'l [T], size: usize) -> Result<(Pager, &'l [T]), Problem> {
    let page = query.number("page", (1, 1_000_000))?.and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
    let start = page.saturating_sub(1).saturating_mul(size).min(list.len());
    let end = start.saturating_add(size).min(list.len());
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let href = |page: usize| with_param(&query.href(path, &["page", "as_of", "effective_by", "lang", "mode"]), "page", &page.to_string());
    let pager = Pager {
        first: wide(start.saturating_add(1).min(list.len())),
        last: wide(end),
        total: wide(list.len()),
        previous: (page > 1).then(|| href(page.saturating_sub(1))),
        next: (end < list.len()).then(|| href(page.saturating_add(1))),
    };
    Ok((pager, list.get(start..end).unwrap_or_default()))
}

/// The state of a class, coloured.
fn class_tag(lang: Lang, status: ClassStatus) -> Tag {
    let tone = match status {
        ClassStatus::Planned => Tone::Neutral,
        ClassStatus::Open | ClassStatus::Teaching | ClassStatus::Closed => Tone::Good,
        ClassStatus::Cancelled => Tone::Bad,
    };
    Tag { text: names::class_status(lang, status).to_owned(), tone }
}
