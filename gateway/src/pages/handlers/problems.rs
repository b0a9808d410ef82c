//! `/problems/{code}`: what a code means, for whoever ran into it. Problems name this page as their `type`.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::frame::{Asked, html};
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{CodeView, Nav};
use crate::problem::{Kind, Problem, pages};
use crate::roster;
use crate::text::Texts;

pub(super) async fn show(State(app): State<App>, Path(code): Path<String>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let (lang, t) = (asked.lang, &Texts::of(asked.lang).system);
    let title = pages::title(&code, lang).ok_or(Kind::NotFound)?;
    let parts = match (pages::of_code(&code), roster::meaning(&code)) {
        (Some(page), _) => {
            vec![(t.error_meaning, page.meaning(lang)), (t.error_cause, page.cause(lang)), (t.error_do, page.advice(lang))]
        }
        (None, Some(_)) => vec![(t.error_do, t.error_do_roster.as_str())],
        (None, None) => Vec::new(),
    };
    let view = CodeView {
        frame: asked.frame(&app, Nav::None, &[(code.as_str(), None)]),
        title: title.to_owned(),
        parts: parts.into_iter().map(|(heading, text)| (heading.to_string(), text.replace('`', ""))).collect(),
        code,
    };
    html(view.render(lang))
}
