//! The interface description, made from the list of routes, and its viewer.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde_json::{Map, Value, json};

use super::answers;
use crate::app::route_list;
use crate::app::routes::{Doc, RouteInfo, Routes};
use crate::problem::{Kind, Problem};

pub(super) fn routes(routes: Routes) -> Routes {
    let public = Doc { is_public: true, ..Doc::default() };
    routes
        .get("/api/v1/openapi.json", "This description", public, || async { Json(description().clone()) })
        .page("/docs", || async { Redirect::permanent("/docs/") })
        .page("/docs/", || async { viewer("") })
        .page("/docs/{*file}", |Path(file): Path<String>| async move { viewer(&file) })
}

fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let mut paths = Map::new();
        for route in route_list().iter().filter(|route| !route.summary.is_empty()) {
            let path = paths.entry(route.path.replace("{*", "{")).or_insert_with(|| json!({}));
            path[route.method.to_ascii_lowercase()] = operation(route);
        }
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "知新 Zhixin",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Knowledge Renewal Programme for Professional Talent: the record, its figures and its proofs. Times are RFC 3339 with +08:00.",
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "paths": paths,
            "components": { "schemas": schemas(), "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "cookie": { "type": "apiKey", "in": "cookie", "name": crate::auth::cookie_name(false) },
            } },
        })
    })
}

fn operation(route: &RouteInfo) -> Value {
    let doc = &route.doc;
    let mut operation = json!({
        "operationId": format!("{}_{}", route.method.to_ascii_lowercase(), route.path.trim_matches('/').replace(['/', '{', '}', '.', '-', '*'], "_")),
        "summary": route.summary,
        "tags": [tag(&route.path)],
        "parameters": parameters(route),
        "responses": responses(route),
    });
    if let Some(body) = doc.body {
        let media = doc.media.unwrap_or("application/json");
        operation["requestBody"] = json!({ "required": true, "content": { media: { "schema": body() } } });
    }
    if !doc.is_public {
        operation["security"] = json!([{ "token": [] }, { "cookie": [] }]);
    }
    operation
}

fn tag(path: &str) -> &str {
    match path.strip_prefix("/api/v1/") {
        Some(rest) => rest.split('/').next().unwrap_or("api"),
        None => path.split('/').nth(1).unwrap_or("api"),
    }
}

fn parameters(route: &RouteInfo) -> Vec<Value> {
    let in_path = route
        .path
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .map(|name| json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query =
        route.doc.query.iter().copied().flatten().map(
            |param| json!({ "name": param.name, "in": "query", "required": false, "description": param.doc, "schema": (param.schema)() }),
        );
    let mut parameters: Vec<Value> = in_path.chain(in_query).collect();
    if route.doc.is_command {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "Makes the command repeatable: the same key with the same body gets the first answer.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$" },
        }));
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "\"KIND/ID:ORDINAL\", several separated by commas: refused if one has moved.",
            "schema": { "type": "string" },
        }));
    }
    if !route.doc.is_public {
        parameters.push(json!({
            "name": "Zhixin-Role", "in": "header", "required": false, "description": "The role to act in, of those that the account holds.",
            "schema": <zhixin_events::Role as super::input::Word>::schema(),
        }));
    }
    parameters
}

fn responses(route: &RouteInfo) -> Value {
    let media = route.doc.answers.unwrap_or("application/json");
    let schema = match (route.doc.is_command, media) {
        (true, _) => json!({ "$ref": "#/components/schemas/Accepted" }),
        (false, "application/json") => answers::of(route.method, &route.path).unwrap_or_else(|| json!({ "type": "object" })),
        (false, _) => json!({ "type": "string" }),
    };
    let header = |text: &str, schema: Value| json!({ "description": text, "schema": schema });
    let number = || json!({ "type": "integer", "minimum": 0 });
    let mut good = json!({ "description": "The answer", "content": { media: { "schema": schema } } });
    if route.doc.is_command {
        good["headers"] = json!({
            "Zhixin-Position": header("Position of the first event; `at_least` takes it.", number()),
            "Idempotent-Replayed": header("The command was accepted before; this is its first answer.", json!({ "type": "string", "enum": ["true"] })),
        });
    }
    let problem = json!({
        "description": "A problem",
        "headers": { "Retry-After": header("When to try again, in seconds.", number()) },
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let status = match (route.method, route.path.as_str()) {
        ("POST", "/api/v1/sessions") => "201",
        ("DELETE", _) | ("POST", "/api/v1/sessions/current/password") => "204",
        ("POST", path) if path.ends_with("/roster") || path.ends_with("/confirm") => "202",
        _other => "200",
    };
    let good = if status == "204" { json!({ "description": "Done" }) } else { good };
    json!({ status: good, "default": problem })
}

fn schemas() -> Value {
    let mut schemas = answers::components();
    schemas.extend(its_own());
    Value::Object(schemas)
}

fn its_own() -> [(String, Value); 2] {
    let error = json!({ "type": "object", "required": ["code", "detail"], "properties": {
        "pointer": { "type": "string" }, "parameter": { "type": "string" }, "header": { "type": "string" },
        "path": { "type": "string" }, "code": { "type": "string" }, "detail": { "type": "string" },
    } });
    let progress = json!({ "type": "object", "required": ["reached", "needed"], "properties": {
        "reached": { "type": "integer" }, "needed": { "type": "integer" },
    } });
    let problem = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" },
            "code": { "type": "string" }, "request_id": { "type": "string" }, "errors": { "type": "array", "items": error }, "progress": progress,
        },
    });
    let event = json!({ "type": "object", "required": ["position", "type", "subjects"], "additionalProperties": false, "properties": {
        "position": { "type": "integer" }, "type": { "type": "string" },
        "subjects": { "type": "object", "additionalProperties": { "type": "integer" } },
    } });
    let accepted = json!({
        "type": "object", "required": ["position", "events", "result"], "additionalProperties": false,
        "properties": {
            "position": { "type": "integer" }, "events": { "type": "array", "items": event },
            "result": { "type": "object", "additionalProperties": { "type": "string" } },
        },
    });
    [("Problem".to_owned(), problem), ("Accepted".to_owned(), accepted)]
}

fn viewer(file: &str) -> Result<Response, Problem> {
    static CONFIG: OnceLock<Arc<utoipa_swagger_ui::Config<'static>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| Arc::new(utoipa_swagger_ui::Config::from("/api/v1/openapi.json")));
    match utoipa_swagger_ui::serve(file, Arc::clone(config)) {
        Ok(Some(found)) => {
            let mut response = ([(CONTENT_TYPE, found.content_type)], found.bytes.into_owned()).into_response();
            if found.gzpipped {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            Ok(response)
        }
        Ok(None) => Err(Kind::NotFound.into()),
        Err(fault) => Err(Problem::from(Kind::Internal).because(fault.as_ref())),
    }
}
