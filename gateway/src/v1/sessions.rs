//! Signing in and out: `POST` and `DELETE /api/v1/sessions`, and what the caller may do.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use zhixin_engine::domain::access::Action;
use zhixin_events::Secret;
use zhixin_events::scope::Scope;

use super::input::{Errors, Field as _, body};
use crate::app::routes::{Doc, Routes};
use crate::app::{App, body};
use crate::auth::{self, Address, Caller};
use crate::problem::{Kind, Problem};
use crate::session::{self, AGE_MS_MAX};

struct SignIn {
    account: String,
    password: Secret<String>,
}

struct NewPassword {
    old_password: Secret<String>,
    new_password: Secret<String>,
}

body! {
    /// The password of the account that is signed in.
    NewPassword {
        /// The password so far.
        old_password: Secret<String>,
        /// The password from now on: 8 to 200 characters.
        new_password: Secret<String>,
    } => Self { old_password, new_password }
}

body! {
    /// Who signs in.
    SignIn {
        /// Sign-in name.
        account: String,
        /// Password.
        password: Secret<String>,
    } => Self { account, password }
}

pub(super) fn routes(routes: Routes) -> Routes {
    let sign_in_doc = Doc { body: Some(SignIn::schema), is_public: true, ..Doc::default() };
    let password_doc = Doc { body: Some(NewPassword::schema), ..Doc::default() };
    let routes =
        routes.post("/api/v1/sessions/current/password", "Changes the own password, and ends the other sessions", password_doc, password);
    routes.post("/api/v1/sessions", "Signs in", sign_in_doc, sign_in).delete("/api/v1/sessions", "Signs out", Doc::default(), sign_out).get(
        "/api/v1/sessions/current",
        "Who is signed in, and what they may do",
        Doc::default(),
        current,
    )
}

async fn sign_in(State(app): State<App>, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let (parts, request_body) = request.into_parts();
    let value = body::json(&parts.headers, request_body, app.deps().limits.body_bytes_max).await?;
    let mut errors = Errors::default();
    let read = SignIn::read(&value, "", &mut errors);
    drop(value);
    if let Some(problem) = errors.into_problem() {
        return Err(problem);
    }
    let Some(SignIn { account, password }) = read else { return Err(Kind::Malformed.into()) };
    let https = auth::is_https(&app, &parts.headers);
    let signed_in = app.sessions().sign_in(&account, password, &address, auth::cookie(&parts.headers, https)).await?;
    let token = signed_in.token.expose();
    let body = json!({ "token": token, "account": signed_in.account.to_string(), "expires_in_s": AGE_MS_MAX.div_euclid(1_000) });
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    response.headers_mut().insert(SET_COOKIE, cookie(https, token)?);
    Ok(response)
}

async fn password(State(app): State<App>, caller: Caller, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let acting = caller.signed_in()?;
    let (parts, request_body) = request.into_parts();
    let value = body::json(&parts.headers, request_body, app.deps().limits.body_bytes_max).await?;
    let mut errors = Errors::default();
    let read = NewPassword::read(&value, "", &mut errors);
    drop(value);
    match (errors.into_problem(), read) {
        (None, Some(NewPassword { old_password, new_password })) => {
            app.sessions().change_password(acting, old_password, new_password, &address).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (problem, _) => Err(problem.unwrap_or_else(|| Kind::Malformed.into())),
    }
}

/// The cookie of a session; an empty token ends it.
pub(crate) fn cookie(https: bool, token: &str) -> Result<HeaderValue, Problem> {
    let secure = if https { "; Secure" } else { "" };
    let age = if token.is_empty() { 0 } else { AGE_MS_MAX.div_euclid(1_000) };
    let text = format!("{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", auth::cookie_name(https));
    HeaderValue::from_str(&text).map_err(|_| Kind::Internal.into())
}

async fn sign_out(State(app): State<App>, caller: Caller, headers: HeaderMap) -> Result<Response, Problem> {
    let key = caller.signed_in()?.key;
    app.blocking(move |app| Ok(session::end(app.engine(), &key)?)).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, cookie(auth::is_https(&app, &headers), "")?);
    Ok(response)
}

async fn current(caller: Caller) -> Result<Response, Problem> {
    let acting = caller.signed_in()?;
    let may: Vec<String> =
        Action::ALL.into_iter().filter(|action| acting.scope(*action) != Scope::None).map(|action| format!("{action:?}")).collect();
    let roles: Vec<&str> = acting.state.roles.iter().map(|role| role.name()).collect();
    let body = json!({
        "login": acting.login,
        "account": acting.account.to_string(),
        "role": acting.role.name(),
        "roles": roles,
        "unit": acting.state.unit.map(|unit| unit.to_string()),
        "organisation": acting.state.organisation.map(|organisation| organisation.to_string()),
        "csrf": acting.csrf,
        "may": may,
    });
    Ok(Json(body).into_response())
}
