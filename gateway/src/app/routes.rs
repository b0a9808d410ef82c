//! The list of routes: one table from which the router, the interface description and the golden list of permissions come.

use axum::Router;
use axum::handler::Handler;
use axum::http::Uri;
use axum::response::Redirect;
use axum::routing::{MethodRouter, delete, get, post};
use serde_json::Value;

use super::App;

/// A route as lists show it.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// Method.
    pub method: &'static str,
    /// Path with its parameters in braces.
    pub path: String,
    /// What it does, in a sentence; empty for pages.
    pub summary: &'static str,
    pub(crate) doc: Doc,
}

/// A parameter of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) schema: fn() -> Value,
}

/// What the interface description says of a route beside its summary.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Doc {
    /// Parameters of the query, list by list.
    pub(crate) query: &'static [&'static [Param]],
    /// Schema of the body.
    pub(crate) body: Option<fn() -> Value>,
    /// Media type of the body.
    pub(crate) media: Option<&'static str>,
    /// Media type of the answer; JSON if none.
    pub(crate) answers: Option<&'static str>,
    /// Whether it takes `Idempotency-Key` and `If-Match`.
    pub(crate) is_command: bool,
    /// Whether anybody may ask.
    pub(crate) is_public: bool,
}

/// Routes while they are gathered.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    router: Router<App>,
    known: Vec<RouteInfo>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::default()
    }
    pub(crate) fn get<T: 'static>(self, path: &str, summary: &'static str, doc: Doc, handler: impl Handler<T, App>) -> Self {
        self.add("GET", path, summary, doc, get(handler))
    }
    pub(crate) fn post<T: 'static>(self, path: &str, summary: &'static str, doc: Doc, handler: impl Handler<T, App>) -> Self {
        self.add("POST", path, summary, doc, post(handler))
    }
    pub(crate) fn delete<T: 'static>(self, path: &str, summary: &'static str, doc: Doc, handler: impl Handler<T, App>) -> Self {
        self.add("DELETE", path, summary, doc, delete(handler))
    }
    /// A page for people: a GET that is no part of the interface description.
    pub(crate) fn page<T: 'static>(self, path: &str, handler: impl Handler<T, App>) -> Self {
        self.get(path, "", Doc::default(), handler)
    }
    /// A form that a page posts. Its address asked with GET, as after a reload or a change of language, leads back to that page.
    pub(crate) fn form<T: 'static>(self, path: &str, handler: impl Handler<T, App>) -> Self {
        let is_page = self.known.iter().any(|route| route.method == "GET" && route.path == path);
        let route = if is_page { post(handler) } else { post(handler).get(|uri: Uri| async move { Redirect::to(&page_of_form(&uri)) }) };
        self.add("POST", path, "", Doc::default(), route)
    }
    fn add(mut self, method: &'static str, path: &str, summary: &'static str, doc: Doc, route: MethodRouter<App>) -> Self {
        self.known.push(RouteInfo { method, path: path.to_owned(), summary, doc });
        Self { router: self.router.route(path, route), known: self.known }
    }
    pub(crate) fn into_router(self) -> Router<App> {
        self.router
    }
    pub(crate) fn known(&self) -> &[RouteInfo] {
        &self.known
    }
}

/// The page on which a form stands: the address above that of the form.
pub(crate) fn page_of_form(address: &Uri) -> String {
    let above = address.path().rsplit_once('/').map_or("", |(above, _)| above);
    let above = if above.is_empty() { "/" } else { above };
    address.query().map_or_else(|| above.to_owned(), |query| format!("{above}?{query}"))
}

/// Every route there is, in the order in which it is registered.
pub fn route_list() -> Vec<RouteInfo> {
    crate::v1::routes(crate::log::routes(crate::pages::routes(Routes::new()))).known().to_vec()
}
