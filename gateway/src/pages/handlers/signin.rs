//! Signing in and out, and choosing the role to act in.

use axum::extract::{Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use zhixin_events::{OrganisationId, Role, Secret, Subject};
use zhixin_projections::ModelName;
use zhixin_projections::trainers::{self, TrainerFilter, TrainerStatus};

use super::frame::{Asked, DONE, html};
use crate::app::App;
use crate::app::body::Form;
use crate::app::routes::Routes;
use crate::auth::{self, Address, Caller};
use crate::pages::views::{DemoAccount, Environment, FieldError, Nav, PasswordView, SignInView, with_param, without_params};
use crate::problem::{Kind, Problem};
use crate::session::{self, accounts};
use crate::text::Texts;
use crate::v1::moment::Moment;
use crate::v1::query::Query;
use crate::v1::{names, story};

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = routes.page("/password", password_form).form("/password", change_password);
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
    // While the directory is being made anew, nothing is said of anybody.
    let opening = may_open_classes(app).ok();
    let mut shown = Vec::new();
    for name in known {
        let (Some(password), Some(state)) = (name.shown_password, app.engine().account(name.account)?) else { continue };
        let roles: Vec<&str> = state.roles.iter().map(|role| names::role(asked.lang, *role)).collect();
        let scope = match (state.unit, state.organisation) {
            (Some(unit), _) => names::unit(asked.lang, unit).to_owned(),
            (None, Some(organisation)) => {
                let name =
                    story::first_told(app, &Subject::organisation(organisation), "name")?.unwrap_or_else(|| organisation.to_string());
                let away = asked.lang.pick("（已暂停或移出目录，不能开班）", " (suspended or removed: opens no classes)");
                let is_away = opening.as_ref().is_some_and(|opening| !opening.contains(&organisation));
                if is_away { format!("{name}{away}") } else { name }
            }
            (None, None) => Texts::of(asked.lang).dashboard.national.to_string(),
        };
        shown.push(DemoAccount { role: roles.join(asked.lang.pick("、", ", ")), scope, account: name.login, password });
    }
    Ok(shown)
}

/// Organisations that may open classes now.
fn may_open_classes(app: &App) -> Result<Vec<OrganisationId>, Problem> {
    let moment = Moment::of_page(app, &Query::default())?;
    let filter = TrainerFilter { status: Some(TrainerStatus::Listed), ..TrainerFilter::default() };
    let listed = trainers::list(&app.rows(ModelName::Trainers)?, &filter, moment.view)?;
    Ok(listed.into_iter().map(|entry| entry.organisation).collect())
}

/// A path of this site; anything else leads home.
fn own_path(path: &str) -> &str {
    // Browsers drop tabs and line ends from an address and read a backslash as a slash, so that what follows would be a host.
    let is_plain = path.starts_with('/') && !path.starts_with("//") && !path.chars().any(|c| c == '\\' || c.is_control());
    let is_own = is_plain && in_ascii(path).parse::<Uri>().is_ok_and(|uri| uri.authority().is_none() && uri.path().starts_with('/'));
    if is_own { path } else { "/" }
}

/// A path as a header carries it.
fn in_ascii(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii() { c.to_string() } else { crate::pages::views::encode(&c.to_string()) }).collect()
}

/// Sends the browser on to a page.
pub(super) fn see_other(path: &str) -> Result<Response, Problem> {
    let location = HeaderValue::from_str(&in_ascii(path)).map_err(|_| Problem::from(Kind::Malformed))?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}

async fn sign_in(State(app): State<App>, caller: Caller, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller, parts.uri);
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    let (account, return_to) = (form.get("account").trim().to_lowercase(), form.get("return_to").to_owned());
    let password = Secret::new(form.get("password").to_owned());
    drop(form);
    let https = auth::is_https(&app, &parts.headers);
    match app.sessions().sign_in(&account, password, &address, auth::cookie(&parts.headers, https)).await {
        Ok(signed_in) => {
            let mut response = see_other(&with_param(&as_asked(&asked, own_path(&return_to)), DONE, "signed-in"))?;
            response.headers_mut().insert(SET_COOKIE, crate::v1::session_cookie(https, signed_in.token.expose())?);
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
    let asked = Asked::new(caller.clone(), parts.uri.clone());
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    if let Some(acting) = caller.acting() {
        form.check_csrf(&acting.csrf)?;
        let key = acting.key;
        app.blocking(move |app| Ok(session::end(app.engine(), &key)?)).await?;
    }
    let mut response = see_other(&with_param(&as_asked(&asked, "/"), DONE, "signed-out"))?;
    response.headers_mut().insert(SET_COOKIE, crate::v1::session_cookie(auth::is_https(&app, &parts.headers), "")?);
    Ok(response)
}

/// A page in the language and the type size of the form that led to it.
pub(super) fn as_asked(asked: &Asked, path: &str) -> String {
    let chosen = ["lang", "mode"].into_iter().filter_map(|name| Some((name, asked.query.text(name)?)));
    chosen.fold(without_params(path, &["lang", "mode"]), |path, (name, value)| with_param(&path, name, value))
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

async fn password_form(caller: Caller, State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    caller.signed_in()?;
    password_page(&app, &Asked::new(caller, uri), Vec::new())
}

fn password_page(app: &App, asked: &Asked, errors: Vec<FieldError>) -> Result<Response, Problem> {
    let title = Texts::of(asked.lang).system.password_title;
    html(PasswordView { frame: asked.frame(app, Nav::None, &[(title.as_str(), None)]), errors }.render(asked.lang))
}

async fn change_password(State(app): State<App>, caller: Caller, Address(address): Address, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let asked = Asked::new(caller.clone(), parts.uri);
    let acting = caller.signed_in()?;
    let form = Form::read(&parts.headers, body, app.deps().limits.body_bytes_max).await?;
    form.check_csrf(&acting.csrf)?;
    let (old, new) = (Secret::new(form.get("old_password").to_owned()), Secret::new(form.get("new_password").to_owned()));
    let differs = form.get("new_password") != form.get("new_password_again");
    drop(form);
    if differs {
        let message = Texts::of(asked.lang).system.password_differs.to_string();
        let page = password_page(&app, &asked, vec![FieldError { field: "new_password_again".to_owned(), message }])?;
        return Ok((StatusCode::BAD_REQUEST, page).into_response());
    }
    match app.sessions().change_password(acting, old, new, &address).await {
        Ok(()) => see_other(&with_param(&as_asked(&asked, "/"), DONE, "password")),
        Err(problem) if problem.status().is_client_error() => {
            let field = if problem.errors().is_empty() { "old_password" } else { "new_password" };
            let error = FieldError { field: field.to_owned(), message: problem.text(asked.lang) };
            let mut response = (problem.status(), password_page(&app, &asked, vec![error])?).into_response();
            problem.set_headers(&mut response);
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_returned_to() {
        for own in ["/", "/why?row=a", "/verify/T1?lang=en", "/classes/甲?names=1"] {
            assert_eq!(own_path(own), own);
        }
        for other in [
            "",
            "//evil",
            "https://evil",
            "evil",
            "/a\\b",
            "/\\evil",
            "/\t/evil.com",
            "/\n/evil.com",
            "\t//evil",
            "/\u{7f}/evil",
            "/\u{85}/evil",
        ] {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
    }
}
