//! What every page needs: its frame, its language, its place in the site.

use std::fmt::Display;

use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use zhixin_engine::domain::access::Action;
use zhixin_projections::ModelName;

use crate::app::App;
use crate::auth::{Acting, Caller};
use crate::pages::views::{
    Account, AsOf, Crumb, DataTime, ErrorView, FieldError, Frame, Integrity, Nav, Quarantine, encode, without_params,
};
use crate::problem::{Part, Problem, pages};
use crate::text::{Lang, Texts};
use crate::v1::moment::Moment;
use crate::v1::query::Query;
use crate::v1::{names, status};

/// Parameter that names the act that led to a page; the page says so once.
pub(super) const DONE: &str = "done";

/// A page that is being made.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) uri: Uri,
    pub(super) query: Query,
    pub(super) lang: Lang,
}

impl Asked {
    pub(super) fn new(caller: Caller, uri: Uri) -> Self {
        let query = Query::lenient(&uri);
        let lang = Lang::from_param(query.text("lang"));
        Self { caller, uri, query, lang }
    }

    /// The frame of a page without data.
    pub(super) fn frame(&self, app: &App, nav: Nav, crumbs: &[(&str, Option<&str>)]) -> Frame {
        let acting = self.caller.acting();
        Frame {
            path: without_params(self.uri.path_and_query().map_or("/", |path| path.as_str()), &[DONE]),
            notice: self.query.text(DONE).and_then(|done| self.notice(done)),
            environment: app.deps().environment,
            nav,
            crumbs: crumbs.iter().map(|(label, href)| Crumb { label: (*label).to_owned(), href: href.map(str::to_owned) }).collect(),
            account: acting.map(|acting| self.account(acting)),
            csrf: acting.map(|acting| acting.csrf.clone()).unwrap_or_default(),
            elder: self.query.text("mode") == Some("elder"),
            legal: app.deps().legal.clone(),
            ..Frame::default()
        }
    }

    /// The page of the events behind a row, for readers who may read histories.
    pub(super) fn why_row(&self, model: ModelName, row: impl Display) -> Option<String> {
        self.caller.require(Action::ReadHistory).ok()?;
        Some(format!("/why?model={}&row={}", model.name(), encode(&row.to_string())))
    }

    /// The sentence on an act that led to this page.
    fn notice(&self, done: &str) -> Option<String> {
        let t = &Texts::of(self.lang).system;
        match (done, self.caller.acting()) {
            ("signed-in", Some(_)) => Some(t.done_signed_in.to_string()),
            ("signed-out", None) => Some(t.done_signed_out.to_string()),
            ("password", Some(_)) => Some(t.done_password.to_string()),
            ("role", Some(acting)) => Some(t.done_role.with(names::role(self.lang, acting.role))),
            (act, Some(_)) => super::forms::notice(self.lang, act),
            _other => None,
        }
    }

    fn account(&self, acting: &Acting) -> Account {
        let name = |role| names::role(self.lang, role).to_owned();
        let others = acting.state.roles.iter().filter(|role| **role != acting.role);
        Account {
            name: acting.login.clone(),
            role: name(acting.role),
            other_roles: others.map(|role| (role.name().to_owned(), name(*role))).collect(),
        }
    }

    /// The frame of a page that shows a moment. Blocks.
    pub(super) fn data_frame(
        &self,
        app: &App,
        nav: Nav,
        crumbs: &[(&str, Option<&str>)],
        moment: &Moment,
        models: &[ModelName],
    ) -> Result<Frame, Problem> {
        let mut count = 0_u64;
        for model in models {
            let left_out = app.quarantined(*model)?.len();
            count = count.saturating_add(u64::try_from(left_out).unwrap_or(u64::MAX));
        }
        let first = match app.engine().end() {
            0 => moment.now,
            _ => app.engine().commit_at(0)?.commit.recorded_at,
        };
        let position = moment.position().unwrap_or(0);
        let integrity = integrity(app, position);
        let today = moment.now.civil_date();
        Ok(Frame {
            data_time: Some(DataTime { time: names::minute(moment.at), position, integrity }),
            as_of: Some(AsOf {
                as_of: self.query.text("as_of").filter(|_| !moment.is_newest).map(str::to_owned),
                effective_by: self.query.text("effective_by").map(str::to_owned),
                date: if moment.is_newest { today } else { moment.at.civil_date() }.to_string(),
                first_date: first.civil_date().to_string(),
                last_date: today.to_string(),
            }),
            quarantine: (count > 0).then(|| Quarantine { count, href: "/status".to_owned() }),
            ..self.frame(app, nav, crumbs)
        })
    }
}

/// What is known of the record up to a position: its tree recomputed since the start, and signed.
fn integrity(app: &App, position: u64) -> Integrity {
    if !status::warnings(app).is_empty() {
        return Integrity::Failed;
    }
    let recomputation = app.engine().recomputation();
    match app.engine().published() {
        Some(published) if published.size > 0 && recomputation.done() >= recomputation.size() => {
            Integrity::CheckedTo(position.min(published.size.saturating_sub(1)))
        }
        Some(_) | None => Integrity::Pending,
    }
}

/// A rendered page.
pub(super) fn html(page: Result<String, askama::Error>) -> Result<Response, Problem> {
    Ok(Html(page?).into_response())
}

/// What a text says beyond its first sentence, if that is the title already.
fn beyond_title(title: &str, text: String) -> String {
    match text.strip_prefix(title).and_then(|rest| rest.strip_prefix(pages::ENDS)) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        Some(_) | None => text,
    }
}

/// A problem as a page.
pub(super) fn problem_page(app: &App, caller: &Caller, uri: &Uri, lang: Lang, problem: &Problem, request_id: &str) -> Option<String> {
    let asked = Asked { lang, ..Asked::new(caller.clone(), uri.clone()) };
    let page = pages::of_code(problem.code());
    // A page about what needs an account leads there; what the code's page tells programs is not for its readers.
    let sign_in = problem.status() == StatusCode::UNAUTHORIZED;
    let advice = if sign_in { Some(Texts::of(lang).system.error_sign_in.as_str()) } else { page.map(|page| page.advice(lang)) };
    let field = |part: &Part| match part {
        Part::Body(name) | Part::Parameter(name) => name.clone(),
        Part::Header(name) | Part::Path(name) => (*name).to_owned(),
    };
    let errors = problem.errors().iter().map(|error| FieldError { field: field(&error.part), message: error.said.text(lang).to_owned() });
    let view = ErrorView {
        frame: asked.frame(app, Nav::None, &[(&problem.title(lang), None)]),
        status: problem.status().as_u16(),
        code: problem.code().to_owned(),
        detail: beyond_title(&problem.title(lang), problem.text(lang)),
        title: problem.title(lang),
        advice: advice.into_iter().map(str::to_owned).collect(),
        errors: errors.collect(),
        code_href: page.map(|page| format!("/problems/{}", page.code)),
        request_id: request_id.to_owned(),
        progress: problem.progress().map(|progress| (progress.reached, progress.needed)),
        sign_in,
        past: ["as_of", "effective_by"].iter().any(|name| asked.query.text(name).is_some()),
    };
    view.render(lang).ok()
}
