//! Commands: `POST /api/v1/commands/NAME`, one route each. The body goes to the command loop; the answer is what the loop says.

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use zhixin_engine::answer::{Accepted, CommandError, Submission};
use zhixin_engine::domain::Command;
use zhixin_engine::domain::class::register_trainee::RegisterTraineeRefusal;
use zhixin_engine::domain::command::Decide;
use zhixin_events::json::Json as Canonical;
use zhixin_events::{CivilDate, Subject};

use super::input::{Errors, Field};
use super::{access, certificate, class, directory, document, hours, person, plan};
use crate::app::routes::{Doc, Routes};
use crate::app::{App, body};
use crate::auth::{Acting, Caller};
use crate::problem::{Kind, Part, Problem};

/// Longest `Idempotency-Key`. Unit: characters.
const KEY_CHARS_MAX: usize = 200;
/// Most subjects in an `If-Match`.
const MATCHES_MAX: usize = 16;
/// How often and after how long a form asks again for the outcome of its first sending.
const AGAIN_MAX: u32 = 100;
const AGAIN: Duration = Duration::from_millis(50);
pub(super) static POSITION_HEADER: HeaderName = HeaderName::from_static("zhixin-position");
static REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotent-replayed");

/// One command as a route.
#[derive(Clone, Copy)]
pub(super) struct CommandRoute {
    pub(super) name: &'static str,
    read: fn(&Value, &mut Errors) -> Option<Command>,
    schema: fn() -> Value,
}

/// The route of a command.
pub(super) const fn route<T: Field + Decide + Into<Command>>() -> CommandRoute {
    CommandRoute { name: T::NAME, read: |value, errors| T::read(value, "", errors).map(Into::into), schema: schema_with_date::<T> }
}

/// The schema of a command's body: its fields, and when it took place.
fn schema_with_date<T: Field>() -> Value {
    let mut schema = T::schema();
    let mut date = CivilDate::schema();
    date["description"] = json!("When it took place; today if absent.");
    schema["properties"]["effective_on"] = date;
    schema
}

/// Every command that is a route. What only the process itself may do has none.
pub(super) fn all() -> impl Iterator<Item = &'static CommandRoute> {
    [
        plan::COMMANDS,
        class::COMMANDS,
        person::COMMANDS,
        hours::COMMANDS,
        directory::COMMANDS,
        certificate::COMMANDS,
        document::COMMANDS,
        access::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

pub(super) fn routes(routes: Routes) -> Routes {
    all().fold(routes, |routes, command| {
        let doc = Doc { body: Some(command.schema), is_command: true, ..Doc::default() };
        let handler = move |State(app): State<App>, caller: Caller, request: Request| submit(app, caller, request, command);
        routes.post(&format!("/api/v1/commands/{}", command.name), command.name, doc, handler)
    })
}

async fn submit(app: App, caller: Caller, request: Request, route: &'static CommandRoute) -> Result<Response, Problem> {
    let acting = caller.signed_in()?;
    let (parts, request_body) = request.into_parts();
    let key = idempotency_key(&parts.headers)?;
    let if_match = if_match(&parts.headers)?;
    let value = body::json(&parts.headers, request_body, app.deps().limits.body_bytes_max).await?;
    let (command, effective_on) = read(&value, route)?;
    let submission = submission(&app, acting, &key, &value, (command, effective_on, if_match));
    drop(value);
    let accepted = execute(&app, submission).await?;
    Ok(answer(&accepted))
}

/// The schema of the body of a command.
pub(crate) fn schema_of(name: &str) -> Value {
    all().find(|route| route.name == name).map_or(Value::Null, |route| (route.schema)())
}

/// Sends a command as a form of a page brings it: read, submitted and refused as over the interface. A second click waits for the outcome
/// of the first.
///
/// # Errors
/// As over the interface.
pub(crate) async fn submit_form(app: &App, acting: &Acting, name: &str, key: &str, value: &Value) -> Result<Accepted, Problem> {
    let route = all().find(|route| route.name == name).ok_or(Kind::NotFound)?;
    let key = Some(key).filter(|key| is_key(key)).ok_or(Kind::BadKey)?;
    for _try in 0..AGAIN_MAX {
        let (command, effective_on) = read(value, route)?;
        match execute(app, submission(app, acting, key, value, (command, effective_on, Vec::new()))).await {
            Err(problem) if problem.code() == Kind::StillRunning.status_and_code().1 => tokio::time::sleep(AGAIN).await,
            outcome => return outcome,
        }
    }
    Err(Kind::StillRunning.into())
}

/// Sends a command; an erasure also destroys the keys, which waits for a disk.
pub(super) async fn execute(app: &App, submission: Submission) -> Result<Accepted, Problem> {
    let name = submission.command.name();
    let (account, stated) = (submission.actor, person::guesses::number_stated(&submission.command));
    if let Some(number) = &stated {
        person::guesses::may_compare(app, account, number)?;
    }
    let accepted = if let Command::ErasePerson(erase) = &submission.command {
        let person = erase.person;
        app.blocking(move |app| Ok(app.engine().erase(submission, person)?)).await?
    } else {
        match (app.engine().execute(submission).await, &stated) {
            (Err(CommandError::Refused(refusal)), Some(number)) if refusal.code == RegisterTraineeRefusal::OtherName.refusal().code => {
                person::guesses::note_wrong(app, account, number)?;
                return Err(refusal.into());
            }
            (answer, _) => answer?,
        }
    };
    app.metrics().command(name);
    tracing::info!(command = name, position = accepted.position.0, replayed = accepted.replayed, "command accepted");
    Ok(accepted)
}

fn read(value: &Value, route: &CommandRoute) -> Result<(Command, Option<CivilDate>), Problem> {
    let mut errors = Errors::default();
    let mut fields = value.clone();
    let stated = fields.as_object_mut().and_then(|fields| fields.remove("effective_on"));
    let effective_on = stated.and_then(|stated| Option::<CivilDate>::read(&stated, "/effective_on", &mut errors)).flatten();
    let command = (route.read)(&fields, &mut errors);
    match (errors.into_problem(), command) {
        (None, Some(command)) => Ok((command, effective_on)),
        (Some(problem), _) => Err(problem),
        (None, None) => Err(Kind::Malformed.into()),
    }
}

fn submission(
    app: &App,
    acting: &Acting,
    key: &str,
    value: &Value,
    (command, effective_on, if_match): (Command, Option<CivilDate>, Vec<(Subject, u32)>),
) -> Submission {
    Submission {
        actor: acting.account,
        role: acting.role,
        command_id: app.engine().command_id(&acting.account, command.name(), key),
        fingerprint: app.engine().fingerprint(canonical(value).to_canonical().as_bytes()),
        effective_on,
        if_match,
        command,
    }
}

/// The canonical form of a body, for its fingerprint. No field takes a fraction, so one that got here stands for itself as text.
fn canonical(value: &Value) -> Canonical {
    match value {
        Value::Null => Canonical::Null,
        Value::Bool(truth) => Canonical::Bool(*truth),
        Value::Number(number) => number.as_i64().map_or_else(|| Canonical::Text(number.to_string()), Canonical::Integer),
        Value::String(text) => Canonical::Text(text.clone()),
        Value::Array(items) => Canonical::List(items.iter().map(canonical).collect()),
        Value::Object(members) => Canonical::Object(members.iter().map(|(name, value)| (name.clone(), canonical(value))).collect()),
    }
}

fn is_key(key: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    match (given.next().and_then(|key| key.to_str().ok()).filter(|key| is_key(key)), given.next()) {
        (Some(key), None) => Ok(key.to_owned()),
        _missing => Err(Problem::part(
            Kind::BadKey,
            Part::Header("Idempotency-Key"),
            format!("应有一个 Idempotency-Key，为 1 至 {KEY_CHARS_MAX} 个可见 ASCII 字符"),
            format!("one Idempotency-Key of 1 to {KEY_CHARS_MAX} visible ASCII characters is needed"),
        )),
    }
}

/// `"KIND/ID:ORDINAL"`, several separated by commas.
fn if_match(headers: &HeaderMap) -> Result<Vec<(Subject, u32)>, Problem> {
    let malformed = || {
        let (zh, en) = ("应写作 \"KIND/ID:ORDINAL\"，多个以逗号分隔", "it is written \"KIND/ID:ORDINAL\", several separated by commas");
        Problem::part(Kind::Malformed, Part::Header("If-Match"), zh, en)
    };
    let mut matches = Vec::new();
    for value in headers.get_all("if-match") {
        let text = value.to_str().map_err(|_| malformed())?;
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let inner = one.strip_prefix('"').and_then(|one| one.strip_suffix('"')).ok_or_else(malformed)?;
            let (subject, ordinal) = inner.rsplit_once(':').ok_or_else(malformed)?;
            matches.push((Subject::parse(subject).map_err(|_| malformed())?, ordinal.parse().map_err(|_| malformed())?));
        }
    }
    let (zh, en) = (format!("至多 {MATCHES_MAX} 项"), format!("at most {MATCHES_MAX} subjects"));
    let too_many = || Problem::part(Kind::OutOfRange, Part::Header("If-Match"), zh, en);
    if matches.len() > MATCHES_MAX { Err(too_many()) } else { Ok(matches) }
}

/// The answer to an accepted command.
fn answer(accepted: &Accepted) -> Response {
    let mut response = Json(accepted_json(accepted)).into_response();
    response.headers_mut().insert(POSITION_HEADER.clone(), accepted.position.0.into());
    if accepted.replayed {
        response.headers_mut().insert(REPLAYED_HEADER.clone(), HeaderValue::from_static("true"));
    }
    response
}

pub(super) fn accepted_json(accepted: &Accepted) -> Value {
    let events: Vec<Value> = accepted
        .events
        .iter()
        .map(|event| {
            let subjects: Map<String, Value> =
                event.subjects.iter().map(|(subject, ordinal)| (subject.to_string(), json!(ordinal))).collect();
            json!({ "position": event.position.0, "type": event.event_type, "subjects": subjects })
        })
        .collect();
    let result: Map<String, Value> = accepted.result.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({ "position": accepted.position.0, "events": events, "result": result })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_but_the_one_of_the_process_is_a_route() {
        let mut routes: Vec<_> = all().map(|route| route.name).chain(["complete-erasure"]).collect();
        let mut names = Command::NAMES.to_vec();
        routes.sort_unstable();
        names.sort_unstable();
        assert_eq!(routes, names);
    }

    #[test]
    fn if_match_takes_several_and_splits_at_the_last_colon() {
        let mut headers = HeaderMap::new();
        headers.insert("if-match", HeaderValue::from_static("\"class/0000000001:3\", \"target/2025:digital:32:1\""));
        let matches = if_match(&headers).unwrap();
        assert_eq!(
            matches.iter().map(|(subject, ordinal)| format!("{subject} {ordinal}")).collect::<Vec<_>>(),
            ["class/0000000001 3", "target/2025:digital:32 1"]
        );
        for bad in ["class/0000000001:3", "\"class/0000000001\"", "\"nothing/1:1\"", "*", "\"class/0000000001:-1\""] {
            headers.insert("if-match", HeaderValue::from_str(bad).unwrap());
            assert_eq!(if_match(&headers).unwrap_err().code(), "REQ-0002", "{bad}");
        }
    }
}
