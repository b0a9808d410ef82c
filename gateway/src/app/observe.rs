//! Around every request: its number, a span, a time limit, a slot, the headers of safety, and the one place where problems become bodies
//! and are logged.

use std::any::Any;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::App;
use super::routes::page_of_form;
use crate::auth::{self, Caller};
use crate::pages;
use crate::pages::views::assets;
use crate::problem::{Kind, Problem};
use crate::text::Lang;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Policy of the viewer of the interface description, which styles its elements itself.
const VIEWER_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'; object-src 'none'";

fn next_id() -> String {
    static START: OnceLock<String> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let start = START.get_or_init(|| {
        let mut bytes = [0; 6];
        // Without randomness the numbers still differ within this process.
        let _without = getrandom::fill(&mut bytes);
        zhixin_events::ids::to_text(bytes)
    });
    format!("{start}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// See the module page.
pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = now();
    let id = next_id();
    let asked = Asked::of(&request, &app);
    let span = tracing::info_span!("request", id, method = %asked.method, route = asked.route);
    let response = answer(&app, request, next).instrument(span.clone()).await;
    let caller = response.extensions().get::<Caller>().cloned().unwrap_or_default();
    let mut response = match response.extensions().get::<Problem>().cloned() {
        Some(problem) => span.in_scope(|| {
            note(&problem);
            write(&app, &asked, &caller, &problem, &id, &response)
        }),
        None => response,
    };
    app.metrics().request(&asked.method, &asked.route, response.status().as_u16(), began.elapsed());
    finish(&mut response, &asked, &id);
    response
}

fn now() -> Instant {
    Instant::now()
}

/// What problems and headers depend on.
struct Asked {
    method: Method,
    uri: Uri,
    route: String,
    lang: Lang,
    html: bool,
    https: bool,
}

impl Asked {
    fn of(request: &Request, app: &App) -> Self {
        let path = request.uri().path();
        let for_programs = ["/api/", "/log/", "/livez", "/readyz", "/metrics"].iter().any(|prefix| path.starts_with(prefix));
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let wants_json = header(ACCEPT).contains("json") && !header(ACCEPT).contains("html");
        let english = header(ACCEPT_LANGUAGE).trim_start().to_ascii_lowercase().starts_with("en");
        let asked = request.uri().query().into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("lang="));
        let html = !for_programs && !wants_json;
        let lang = match asked {
            Some(lang) => Lang::from_param(Some(lang)),
            None if english && !html => Lang::En,
            None => Lang::Zh,
        };
        let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
        let https = auth::is_https(app, request.headers());
        Self { method: request.method().clone(), uri: request.uri().clone(), route, lang, html, https }
    }

    /// The page that it is about: a form that was posted cannot be asked for again.
    fn page(&self) -> Uri {
        let form = (!self.method.is_safe()).then(|| page_of_form(&self.uri).parse().ok()).flatten();
        form.unwrap_or_else(|| self.uri.clone())
    }
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let Ok(_slot) = app.slots().try_acquire() else { return Problem::from(Kind::Busy).into_response() };
    let answered = tokio::time::timeout(app.deps().limits.request_time_max, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::from(Kind::Busy).into_response())
}

/// Logs a problem, once.
fn note(problem: &Problem) {
    let (code, status) = (problem.code(), problem.status().as_u16());
    let cause = problem.cause().unwrap_or("");
    // A model that catches up is the way of things after a restore; `/readyz` and the status page tell of it.
    if problem.status().is_server_error() && problem.progress().is_none() {
        tracing::error!(code, status, cause, runbook = "problem", "a request failed");
    } else {
        tracing::debug!(code, status, "a request was refused");
    }
}

fn write(app: &App, asked: &Asked, caller: &Caller, problem: &Problem, id: &str, before: &Response) -> Response {
    let page = if asked.html { pages::problem_page(app, caller, &asked.page(), asked.lang, problem, id) } else { None };
    let (media, body) = match page {
        Some(page) => ("text/html; charset=utf-8", page),
        None => ("application/problem+json", problem.json(asked.lang, id).to_string()),
    };
    let mut response = (problem.status(), [(CONTENT_TYPE, HeaderValue::from_static(media))], Body::from(body)).into_response();
    problem.set_headers(&mut response);
    if let Some(allow) = before.headers().get(ALLOW) {
        response.headers_mut().insert(ALLOW, allow.clone());
    }
    response
}

fn finish(response: &mut Response, asked: &Asked, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    let policy = if asked.uri.path().starts_with("/docs") { VIEWER_POLICY } else { assets::CONTENT_SECURITY_POLICY };
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    if asked.https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}

/// A handler broke an invariant: the request gets a problem, the log the message, and the process goes on.
#[expect(clippy::needless_pass_by_value, reason = "the form that the layer calls")]
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::from(Kind::Internal).because(&std::io::Error::other(text.unwrap_or("a panic without a message").to_owned())).into_response()
}

/// The answer to HEAD is that to GET without its body, also where it is a problem.
pub(crate) async fn head_without_body(request: Request, next: Next) -> Response {
    let is_head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    if is_head { response.map(|_| Body::empty()) } else { response }
}
