//! Signing in and out, and choosing the role to act in.

use axum::extract::{Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use zhixin_events::{Role, Secret, Subject};

use super::frame::{Asked, DONE, html};
use crate::app::App;
use crate::app::body::Form;
use crate::app::routes::Routes;
use crate::auth::{self, Address, Caller};
use crate::pages::views::{DemoAccount, Environment, FieldError, Nav, SignInView, with_param};
use crate::problem::{Kind, Problem};
use crate::session::{self, accounts};
use crate::text::Texts;
use crate::v1::{names, story};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/signin", show).form("/signin", sign_in).form("/signout", sign_out).form("/role", choose_role)
}

async fn show(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    let return_to = asked.query.text("return_to").unwrap_or("/").to_owned();
    page(&app, asked, return_to, String::new(), Vec::new(), StatusCode::OK).await
}

async fn page(
    app: &App,
    asked: Asked,
    return_to: String,
    account: String,
    errors: Vec<FieldError>,
    status: StatusCode,
) -> Result<Response, Problem> {
    app.blocking(move |app| {
        let title = Texts::of(asked.lang).system.sign_in_title;
        let view = SignInView {
            frame: asked.frame(app, Nav::None, &[(title.as_str(), None)]),
            account,
            return_to: own_path(&return_to).to_owned(),
            errors,
            demo_accounts: demo_accounts(app, &asked)?,
        };
        let page = html(view.render(asked.lang))?;
        Ok((status, page).into_response())
    })
    .await
}

/// Accounts that anybody may use, in a demo only.
fn demo_accounts(app: &App, asked: &Asked) -> Result<Vec<DemoAccount>, Problem> {
    if app.deps().environment != Environment::Demo {
        return Ok(Vec::new());
    }
    let known = accounts::list(app.engine()).map_err(|fault| Problem::from(Kind::Storage).because(&fault))?;
    let mut shown = Vec::new();
    for name in known {
        let (Some(password), Some(state)) = (name.shown_password, app.engine().account(name.account)?) else { continue };
        let roles: Vec<&str> = state.roles.iter().map(|role| names::role(asked.lang, *role)).collect();
        let scope = match (state.unit, state.organisation) {
            (Some(unit), _) => names::unit(asked.lang, unit).to_owned(),
            (None, Some(organisation)) => {
                story::first_told(app, &Subject::organisation(organisation), "name")?.unwrap_or_else(|| organisation.to_string())
            }
            (None, None) => Texts::of(asked.lang).dashboard.national.to_string(),
        };
        shown.push(DemoAccount { role: roles.join(asked.lang.pick("、", ", ")), scope, account: name.login, password });
    }
    Ok(shown)
}

/// A path of this site; anything else leads home.
fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if is_own { path } else { "/" }
}

/// Sends the browser on to a page.
pub(super) fn see_other(path: &str) -> Result<Response, Problem> {
    let target: String =
        path.chars().map(|c| if c.is_ascii() { c.to_string() } else { crate::pages::views::encode(&c.to_string()) }).collect();
    let location = HeaderValue::from_str(&target).map_err(|_| Problem::from(Kind::Malformed))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

async fn sign_in(State(app): State<App>, caller: Caller, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller, parts.uri);
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    let (account, return_to) = (form.get("account").trim().to_lowercase(), form.get("return_to").to_owned());
    let password = Secret::new(form.get("password").to_owned());
    drop(form);
    match app.sessions().sign_in(&account, password, &address, auth::cookie(&parts.headers)).await {
        Ok(signed_in) => {
            let mut response = see_other(&with_param(own_path(&return_to), DONE, "signed-in"))?;
            response.headers_mut().insert(SET_COOKIE, crate::v1::session_cookie(&app, signed_in.token.expose())?);
            Ok(response)
        }
        Err(problem) if problem.status().is_client_error() => {
            let message = FieldError { field: "account".to_owned(), message: problem.text(asked.lang) };
            let status = problem.status();
            let mut response = page(&app, asked, return_to, account, vec![message], status).await?;
            problem.set_headers(&mut response);
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

async fn sign_out(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller.clone(), parts.uri);
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    if let Some(acting) = caller.acting() {
        form.check_csrf(&acting.csrf)?;
        let key = acting.key;
        app.blocking(move |app| Ok(session::end(app.engine(), &key)?)).await?;
    }
    let mut response = see_other(&with_param(&home(&asked), DONE, "signed-out"))?;
    response.headers_mut().insert(SET_COOKIE, crate::v1::session_cookie(&app, "")?);
    Ok(response)
}

fn home(asked: &Asked) -> String {
    match asked.query.text("lang") {
        Some(lang) => with_param("/", "lang", lang),
        None => "/".to_owned(),
    }
}

async fn choose_role(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    let acting = caller.signed_in()?;
    form.check_csrf(&acting.csrf)?;
    let role = Role::from_name(form.get("role")).filter(|role| acting.state.roles.contains(role)).ok_or(Kind::CannotAct)?;
    let key = acting.key;
    app.blocking(move |app| session::choose_role(app.engine(), &key, role)).await?;
    see_other(&with_param(own_path(form.get("return_to")), DONE, "role"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for (given, kept) in [("/why?row=a", "/why?row=a"), ("//evil", "/"), ("https://evil", "/"), ("/a\\b", "/"), ("", "/")] {
            assert_eq!(own_path(given), kept);
        }
    }
}
