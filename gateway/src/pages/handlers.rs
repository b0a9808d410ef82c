//! Handlers of the pages: they ask the same functions as the interface for programs and fill the views.

mod frame;
mod signin;

use axum::http::Uri;

use crate::app::App;
use crate::app::routes::Routes;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::text::Lang;

/// Adds every page.
pub(crate) fn routes(routes: Routes) -> Routes {
    signin::routes(routes)
}

/// A problem as a page; none if even that does not render.
pub(crate) fn problem_page(app: &App, caller: &Caller, uri: &Uri, lang: Lang, problem: &Problem, request_id: &str) -> Option<String> {
    frame::problem_page(app, caller, uri, lang, problem, request_id)
}
