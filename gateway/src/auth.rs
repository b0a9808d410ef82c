//! Who asks: the signed-in account with its present roles, territory and organisation, and what it may see.
//!
//! Invariants: permission is computed from the record's present state of the account, whatever moment a query looks at; the table is the
//! domain's, asked through [`Acting::scope`]; nobody acts in a role that the account does not hold.

pub(crate) mod address;
pub(crate) mod rate;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use zhixin_engine::domain::access::state::AccountState;
use zhixin_engine::domain::access::{Action, scope};
use zhixin_engine::handle::EngineHandle;
use zhixin_events::scope::Scope;
use zhixin_events::{AccountId, Role};

use crate::app::App;
use crate::problem::{Kind, Part, Problem};
use crate::session::{self, SessionKey};

pub(crate) use address::Address;

/// Name of the cookie. Over HTTPS it has the prefix by which browsers take it from this host alone and for every path of it.
pub(crate) const fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-zhixin_session" } else { "zhixin_session" }
}

/// Whether people reach the process over HTTPS: because it is told so, or a trusted proxy says so.
pub(crate) fn is_https(app: &App, headers: &HeaderMap) -> bool {
    app.deps().https || app.deps().proxies.is_https(headers)
}
/// Header that names the role to act in.
const ROLE_HEADER: &str = "zhixin-role";
/// Longest wait for the index to know an account.
const INDEX_WAIT_MAX: Duration = Duration::from_secs(5);

/// A signed-in account.
#[derive(Debug)]
pub(crate) struct Acting {
    /// Sign-in name.
    pub(crate) login: String,
    /// The account.
    pub(crate) account: AccountId,
    /// The role it acts in.
    pub(crate) role: Role,
    /// Its present state.
    pub(crate) state: AccountState,
    /// Token that forms of the session carry.
    pub(crate) csrf: String,
    /// The session.
    pub(crate) key: SessionKey,
}

impl Acting {
    /// What it may see or do.
    pub(crate) fn scope(&self, action: Action) -> Scope {
        scope(&self.state, self.role, action)
    }
}

/// Who asks; nobody in particular if not signed in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    acting: Option<Arc<Acting>>,
}

impl Caller {
    /// Somebody who acts.
    pub(crate) fn of(acting: Acting) -> Self {
        Self { acting: Some(Arc::new(acting)) }
    }
    /// The account, if signed in.
    pub(crate) fn acting(&self) -> Option<&Acting> {
        self.acting.as_deref()
    }
    /// The account.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub(crate) fn signed_in(&self) -> Result<&Acting, Problem> {
        self.acting().ok_or_else(|| Kind::NotSignedIn.into())
    }
    /// What the caller may see or do; nothing if not signed in.
    pub(crate) fn scope(&self, action: Action) -> Scope {
        self.acting().map_or(Scope::None, |acting| acting.scope(action))
    }
    /// Like [`Caller::scope`], for what is closed to those who may see nothing of it.
    ///
    /// # Errors
    /// Nobody is signed in, or the account may see nothing of it.
    pub(crate) fn require(&self, action: Action) -> Result<(&Acting, Scope), Problem> {
        let acting = self.signed_in()?;
        match acting.scope(action) {
            Scope::None => Err(Kind::NotPermitted.into()),
            scope @ (Scope::All | Scope::Unit(_) | Scope::Organisation(_)) => Ok((acting, scope)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

enum Token {
    None,
    Cookie(SessionKey),
    Bearer(Option<SessionKey>),
}

fn token(headers: &HeaderMap, https: bool) -> Token {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
        let secret = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, secret)| secret.trim());
        return Token::Bearer(secret.and_then(session::key_of));
    }
    cookie(headers, https).map_or(Token::None, Token::Cookie)
}

/// The session that the cookie names.
pub(crate) fn cookie(headers: &HeaderMap, https: bool) -> Option<SessionKey> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let ours = cookies.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == cookie_name(https));
    ours.and_then(|(_, secret)| session::key_of(secret))
}

/// Finds out who asks, before any handler.
pub(crate) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match identify(&app, request.headers(), request.method(), request.uri()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            // For the page of a problem, which shows who is signed in.
            response.extensions_mut().insert(caller);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn identify(app: &App, headers: &HeaderMap, method: &Method, uri: &Uri) -> Result<Caller, Problem> {
    let token = token(headers, is_https(app, headers));
    // Without a session too: a foreign form could sign somebody in to an account that is not theirs. No browser sends a bearer by itself.
    if !matches!(token, Token::Bearer(_)) && !method.is_safe() && is_cross_site(headers, uri) {
        return Err(Kind::ForeignForm.into());
    }
    let (key, by_cookie) = match token {
        Token::None => return Ok(Caller::default()),
        Token::Cookie(key) => (key, true),
        Token::Bearer(Some(key)) => (key, false),
        Token::Bearer(None) => return Err(Kind::NotSignedIn.into()),
    };
    let wanted = headers.get(ROLE_HEADER).map(wanted_role).transpose()?;
    let found = app.blocking(move |app| acting(app, key, wanted)).await?;
    match found {
        Some(acting) => Ok(Caller { acting: Some(Arc::new(acting)) }),
        // An old cookie is nobody; a program is told that its token is over.
        None if by_cookie => Ok(Caller::default()),
        None => Err(Kind::NotSignedIn.into()),
    }
}

fn wanted_role(value: &axum::http::HeaderValue) -> Result<Role, Problem> {
    value
        .to_str()
        .ok()
        .and_then(Role::from_name)
        .ok_or_else(|| Problem::part(Kind::Malformed, Part::Header("Zhixin-Role"), "没有这个角色", "there is no such role"))
}

/// Whether a browser says that another site sent this: by `Sec-Fetch-Site`, or where it does not know that, by an `Origin` that is not the
/// host asked.
fn is_cross_site(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let from = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, from)| from);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str));
    !from.zip(host).is_some_and(|(from, host)| from.eq_ignore_ascii_case(host))
}

fn acting(app: &App, key: SessionKey, wanted: Option<Role>) -> Result<Option<Acting>, Problem> {
    let engine = &app.deps().engine;
    let Some(session) = session::find(engine, &key)? else { return Ok(None) };
    let Some(account) = session.account() else { return Ok(None) };
    let Some(state) = state(engine, account)? else { return Ok(None) };
    let held = |role: &Role| state.roles.contains(role);
    let role = match wanted {
        Some(role) if held(&role) => role,
        Some(_) => return Err(Kind::CannotAct.into()),
        None => match session.role().filter(held).or_else(|| state.roles.first().copied()) {
            Some(role) => role,
            None => return Ok(None),
        },
    };
    Ok(Some(Acting { login: session.login, account, role, state, csrf: session.csrf, key }))
}

/// The present state of an account. One that was opened just now may not be in the index yet.
fn state(engine: &EngineHandle, account: AccountId) -> Result<Option<AccountState>, Problem> {
    match engine.account(account)? {
        Some(state) => Ok(Some(state)),
        None if engine.wait_indexed(engine.end(), INDEX_WAIT_MAX) => Ok(engine.account(account)?),
        None => Err(Kind::Busy.into()),
    }
}
