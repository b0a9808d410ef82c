//! The list of routes: one table from which the router, the interface description and the golden list of permissions come.

use axum::Router;
use axum::handler::Handler;
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
    /// A form that a page posts.
    pub(crate) fn form<T: 'static>(self, path: &str, handler: impl Handler<T, App>) -> Self {
        self.post(path, "", Doc::default(), handler)
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

/// Every route there is, in the order in which it is registered.
pub fn route_list() -> Vec<RouteInfo> {
    crate::v1::routes(crate::log::routes(crate::pages::routes(Routes::new()))).known().to_vec()
}
