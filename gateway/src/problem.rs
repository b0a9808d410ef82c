//! Problems (RFC 9457): everything that is not an answer, with a stable code, in the caller's language.
//!
//! Invariants: one exhaustive mapping from refusals and faults to statuses, here and nowhere else; callers see code, text and request
//! number, never causes, paths or personal data; making a problem has no side effect, [`crate::app`] logs and writes it.

mod faults;
pub mod pages;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub use pages::ErrorPage;

use crate::text::Lang;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Said {
    /// The sentence in both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
    /// The sentence in one language.
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

/// Where in the request something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// In the body, by JSON pointer (RFC 6901).
    Body(String),
    /// A parameter of the query or a field of a form.
    Parameter(String),
    /// A header.
    Header(&'static str),
    /// A part of the path.
    Path(&'static str),
}

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where.
    pub part: Part,
    /// Stable code.
    pub code: &'static str,
    /// What, and how to mend it.
    pub said: Said,
}

/// A problem.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: Option<Said>,
    errors: Vec<FieldProblem>,
    retry_after_s: Option<u32>,
    progress: Option<Progress>,
    cause: Option<String>,
}

/// How far something is that has to be done first. Unit: events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Events worked through.
    pub reached: u64,
    /// Events to work through.
    pub needed: u64,
}

/// What the gateway itself says no with, beside the codes of the domain: status, code, short Chinese and English title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The body is not JSON.
    NotJson,
    /// A field is missing, unknown or of another type.
    Malformed,
    /// Larger than allowed.
    TooLarge,
    /// A number or date that cannot be.
    OutOfRange,
    /// An id that names nothing by its form.
    BadId,
    /// A moment that is not recorded yet.
    NotYet,
    /// The key that makes a command repeatable.
    BadKey,
    /// Another media type.
    MediaType,
    /// Nothing there, or nothing that the caller may know of.
    NotFound,
    /// Another method.
    Method,
    /// Nobody is signed in.
    NotSignedIn,
    /// Signed in, but not allowed.
    NotPermitted,
    /// The account cannot act.
    CannotAct,
    /// Account or password is wrong.
    SignInFailed,
    /// The form does not belong to the session.
    ForeignForm,
    /// Too many requests.
    TooMany,
    /// Something moved since the caller saw it.
    HasMoved,
    /// The key was used for another body.
    KeyReused,
    /// The first try is still running.
    StillRunning,
    /// Storage fails.
    Storage,
    /// The disk is full.
    Full,
    /// Readings cannot be recorded.
    ReadLog,
    /// A history does not fold.
    Poisoned,
    /// Too busy, or behind.
    Busy,
    /// We are wrong.
    Internal,
    /// A read model is still being brought up from the log.
    CatchingUp,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 26] = [
        Self::NotJson,
        Self::Malformed,
        Self::TooLarge,
        Self::OutOfRange,
        Self::BadId,
        Self::NotYet,
        Self::BadKey,
        Self::MediaType,
        Self::NotFound,
        Self::Method,
        Self::NotSignedIn,
        Self::NotPermitted,
        Self::CannotAct,
        Self::SignInFailed,
        Self::ForeignForm,
        Self::TooMany,
        Self::HasMoved,
        Self::KeyReused,
        Self::StillRunning,
        Self::Storage,
        Self::Full,
        Self::ReadLog,
        Self::Poisoned,
        Self::Busy,
        Self::Internal,
        Self::CatchingUp,
    ];

    /// Status and stable code.
    pub const fn status_and_code(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotJson => (StatusCode::BAD_REQUEST, "REQ-0001"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "REQ-0002"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "REQ-0003"),
            Self::OutOfRange => (StatusCode::BAD_REQUEST, "REQ-0004"),
            Self::BadId => (StatusCode::BAD_REQUEST, "REQ-0005"),
            Self::NotYet => (StatusCode::BAD_REQUEST, "REQ-0006"),
            Self::BadKey => (StatusCode::BAD_REQUEST, "REQ-0007"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "REQ-0008"),
            Self::NotFound => (StatusCode::NOT_FOUND, "REQ-0009"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "REQ-0010"),
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "AUTH-0001"),
            Self::NotPermitted => (StatusCode::FORBIDDEN, "AUTH-0002"),
            Self::CannotAct => (StatusCode::FORBIDDEN, "AUTH-0003"),
            Self::SignInFailed => (StatusCode::UNAUTHORIZED, "AUTH-0004"),
            Self::ForeignForm => (StatusCode::FORBIDDEN, "AUTH-0005"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "RATE-0001"),
            Self::HasMoved => (StatusCode::PRECONDITION_FAILED, "COND-0001"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "IDEM-0001"),
            Self::StillRunning => (StatusCode::CONFLICT, "IDEM-0002"),
            Self::Storage => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0001"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0002"),
            Self::ReadLog => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0003"),
            Self::Poisoned => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0004"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0005"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "SYS-0006"),
            Self::CatchingUp => (StatusCode::SERVICE_UNAVAILABLE, "SYS-0007"),
        }
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        let (status, code) = kind.status_and_code();
        let retry_after_s = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2);
        Self(Box::new(Inner { status, code, detail: None, errors: Vec::new(), retry_after_s, progress: None, cause: None }))
    }
}

impl Problem {
    /// A problem that says what happened in its own words.
    pub fn saying(kind: Kind, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::from(kind).detail(Said::new(zh, en))
    }

    /// Problems with parts of the request; the first gives the code.
    pub fn with_parts(errors: Vec<FieldProblem>) -> Self {
        let kind = errors.first().and_then(|first| Kind::ALL.into_iter().find(|kind| kind.status_and_code().1 == first.code));
        let mut problem = Self::from(kind.unwrap_or(Kind::Malformed));
        problem.0.detail = match errors.as_slice() {
            [one] => Some(one.said.clone()),
            many => {
                Some(Said::new(format!("共有 {} 处问题，见 errors", many.len()), format!("{} things are wrong, see errors", many.len())))
            }
        };
        problem.0.errors = errors;
        problem
    }

    /// One wrong part of the request.
    pub fn part(kind: Kind, part: Part, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::with_parts(vec![FieldProblem { part, code: kind.status_and_code().1, said: Said::new(zh, en) }])
    }

    /// A read model is at `reached` and answers from `needed` on.
    pub fn catching_up(reached: u64, needed: u64) -> Self {
        let mut problem = Self::from(Kind::CatchingUp);
        problem.0.progress = Some(Progress { reached, needed });
        problem
    }

    /// It happens too often; how long to wait stands in the sentence and in `Retry-After`. Unit: seconds.
    pub fn too_many(wait_s: u32) -> Self {
        let minutes = wait_s.div_ceil(60);
        let (zh, en) = if wait_s < 120 {
            (format!("{wait_s} 秒"), format!("{wait_s} seconds"))
        } else {
            (format!("{minutes} 分钟"), format!("{minutes} minutes"))
        };
        let said = (format!("次数过多，请在 {zh}后再试"), format!("too often; try again in {en}"));
        Self::saying(Kind::TooMany, said.0, said.1).retry_after(wait_s)
    }

    /// Says what happened.
    #[must_use]
    pub fn detail(mut self, detail: Said) -> Self {
        self.0.detail = Some(detail);
        self
    }
    /// Says a code of its own, with the part of the request that it is about.
    #[must_use]
    pub fn with_code(mut self, code: &'static str, detail: Said, error: FieldProblem) -> Self {
        self.0.code = code;
        self.0.detail = Some(detail);
        self.0.errors = vec![error];
        self
    }
    /// Says another name of a parameter, where a part of the program knows it by one of its own.
    #[must_use]
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        for error in &mut self.0.errors {
            if error.part == Part::Parameter(from.to_owned()) {
                error.part = Part::Parameter(to.to_owned());
            }
        }
        self
    }
    /// Says when to try again. Unit: seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }
    /// Keeps the cause for the log; callers never see it.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        self.0.cause = Some(zhixin_engine::appender::log_chain(cause));
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
    /// Its code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    /// Its single problems.
    pub fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }
    /// What the log should know.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
    /// How far what has to be done first is.
    pub fn progress(&self) -> Option<Progress> {
        self.0.progress
    }
    /// When to try again. Unit: seconds.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }

    /// What it is, in a few words.
    pub fn title(&self, lang: Lang) -> String {
        let reason = || self.0.status.canonical_reason().unwrap_or(self.0.code);
        pages::title(self.0.code, lang).unwrap_or_else(reason).to_owned()
    }

    /// What happened, in a sentence.
    pub fn text(&self, lang: Lang) -> String {
        match &self.0.detail {
            Some(said) => said.text(lang).to_owned(),
            None => pages::of_code(self.0.code).map_or_else(|| self.title(lang), |page| page.meaning(lang).to_owned()),
        }
    }

    /// The body of RFC 9457.
    pub fn json(&self, lang: Lang, request_id: &str) -> Value {
        let errors: Vec<Value> = self.0.errors.iter().map(|error| error.json(lang)).collect();
        let mut body = json!({
            "type": format!("/problems/{}", self.0.code),
            "title": self.title(lang),
            "status": self.0.status.as_u16(),
            "detail": self.text(lang),
            "code": self.0.code,
            "errors": errors,
            "request_id": request_id,
        });
        if let Some(Progress { reached, needed }) = self.0.progress {
            body["progress"] = json!({ "reached": reached, "needed": needed });
        }
        body
    }

    /// Sets the headers that belong to it.
    pub fn set_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"zhixin\""));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

impl FieldProblem {
    fn json(&self, lang: Lang) -> Value {
        let (name, value) = match &self.part {
            Part::Body(pointer) => ("pointer", pointer.as_str()),
            Part::Parameter(name) => ("parameter", name.as_str()),
            Part::Header(name) => ("header", *name),
            Part::Path(name) => ("path", *name),
        };
        json!({ name: value, "code": self.code, "detail": self.said.text(lang) })
    }
}

/// Carries the problem to the middleware, which knows language, form and request number.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_gateway_are_different() {
        let mut codes = Kind::ALL.map(|kind| kind.status_and_code().1).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
    }

    #[test]
    fn the_body_has_what_rfc_9457_wants_and_no_cause() {
        let fault = std::io::Error::other("/secret/path");
        let problem = Problem::from(Kind::Storage).because(&fault);
        let body = problem.json(Lang::En, "r-1");
        assert_eq!((body["type"].as_str(), body["status"].as_u64()), (Some("/problems/SYS-0001"), Some(503)));
        assert!(!body.to_string().contains("secret"));
        assert!(problem.cause().unwrap().contains("/secret/path"));
    }
}
