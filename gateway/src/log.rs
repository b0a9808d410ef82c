//! The tamper-evident log for everybody: `/log/checkpoint`, tiles, leaves, proofs. Source: C2SP tlog-tiles, tlog-proof; `engine` 5.22.
//!
//! Hashes, proofs and checkpoints are open. Entries as bundles only to the auditor of the whole country, each fetch a recorded reading;
//! single leaves by the permission of their subjects, public types to anyone.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use zhixin_engine::domain::access::Action;
use zhixin_engine::merkle::bundle::encode_bundle;
use zhixin_engine::merkle::proof_file::hash_lines;
use zhixin_engine::merkle::{TileKind, TilePath, TlogProof, consistency_proof, inclusion_proof, tiles};
use zhixin_engine::publisher::Published;
use zhixin_engine::read_log::Reading;
use zhixin_events::scope::Scope;
use zhixin_events::{ReadPurpose, registry::LeafAudience};

use crate::app::App;
use crate::app::body::bad_parameter;
use crate::app::routes::{Doc, Param, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};
use crate::v1::query::Query;
use crate::v1::{story, timeline};

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const PRIVATE: &str = "private, no-store";

const SIZES: &[Param] = &[
    Param { name: "from", doc: "Size of the older tree.", schema: size_schema },
    Param { name: "to", doc: "Size of the newer tree; the published one if absent.", schema: size_schema },
];

fn size_schema() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(crate) fn routes(routes: Routes) -> Routes {
    let text = Doc { answers: Some("text/plain"), is_public: true, ..Doc::default() };
    let json = Doc { answers: None, ..text };
    let bytes = Doc { answers: Some(BYTES), is_public: true, ..Doc::default() };
    routes
        .get("/log/checkpoint", "The newest signed checkpoint", text, checkpoint)
        .get("/log/vkey", "The key that checkpoints are signed with", text, vkey)
        .get("/log/origins", "Every origin that the log has had, each but the first with the statement with which it began", json, origins)
        .get(
            "/log/tile/entries/{*rest}",
            "A bundle of entries, for the auditor of the whole country",
            Doc { is_public: false, ..bytes },
            entries,
        )
        .get("/log/tile/{*rest}", "A tile of hashes", bytes, tile)
        .get("/log/leaf/{position}", "One leaf", Doc { answers: None, ..text }, leaf)
        .get("/log/proof/{position}", "The proof of one leaf (tlog-proof@v1)", text, proof)
        .get("/log/consistency", "The proof that a newer tree begins with an older one", Doc { query: &[SIZES], ..text }, consistency)
}

fn reply(media: &'static str, cache: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] =
        [(CONTENT_TYPE, HeaderValue::from_static(media)), (CACHE_CONTROL, HeaderValue::from_static(cache))];
    (headers, body.into()).into_response()
}

fn published(app: &App) -> Result<Published, Problem> {
    let none = || Problem::saying(Kind::Busy, "尚未签署检查点", "no checkpoint is signed yet").retry_after(2);
    app.engine().published().ok_or_else(none)
}

async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    Ok(reply(TEXT, "no-cache", published(&app)?.note))
}

async fn vkey(State(app): State<App>) -> Response {
    reply(TEXT, "no-cache", format!("{}\n", app.engine().publisher().verifier()))
}

async fn origins(State(app): State<App>) -> Response {
    ([(CACHE_CONTROL, "no-cache")], Json(json!({ "origins": app.engine().publisher().origins() }))).into_response()
}

/// Reads the path of a tile and checks that the published tree has it.
fn tile_path(text: &str, size: u64) -> Result<TilePath, Problem> {
    let path = TilePath::parse(text).map_err(|_| Problem::from(Kind::NotFound))?;
    if path.is_within(size) { Ok(path) } else { Err(Kind::NotFound.into()) }
}

async fn tile(State(app): State<App>, Path(rest): Path<String>) -> Result<Response, Problem> {
    app.blocking(move |app| {
        let size = published(app)?.size;
        let path = tile_path(&format!("tile/{rest}"), size)?;
        let view = app.engine().view()?;
        Ok(reply(BYTES, IMMUTABLE, tiles::tile(&view.tree(), &path, size)?))
    })
    .await
}

async fn entries(State(app): State<App>, Path(rest): Path<String>, caller: Caller) -> Result<Response, Problem> {
    let (_, scope) = caller.require(Action::ReadLog)?;
    if scope != Scope::All {
        return Err(Kind::NotPermitted.into());
    }
    app.blocking(move |app| {
        let acting = caller.signed_in()?;
        let path = tile_path(&format!("tile/entries/{rest}"), published(app)?.size)?;
        if path.kind() != TileKind::Entries {
            return Err(Kind::NotFound.into());
        }
        let reading = Reading {
            reader: acting.account,
            role: acting.role,
            purpose: ReadPurpose::Audit,
            case_reference: Some(format!("entries {}+{}", path.start(), path.width())),
            fields: vec!["leaf".to_owned()],
            persons: Vec::new(),
        };
        app.engine().read_log().record(&reading, app.engine().now()?)?;
        let positions: Vec<u64> = (path.start()..path.start().saturating_add(path.width().into())).collect();
        let leaves: Vec<String> = story::entries(app, &positions)?.into_iter().map(|entry| entry.leaf).collect();
        let bundle = encode_bundle(&leaves).map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
        Ok(reply(BYTES, PRIVATE, bundle))
    })
    .await
}

async fn leaf(State(app): State<App>, Path(position): Path<String>, caller: Caller) -> Result<Response, Problem> {
    let position = timeline::position(&position)?;
    app.blocking(move |app| {
        let entry = timeline::seen_event(app, &caller, position)?;
        let cache = match entry.audience {
            LeafAudience::Public => IMMUTABLE,
            LeafAudience::Restricted => PRIVATE,
        };
        Ok(reply("application/json", cache, entry.leaf))
    })
    .await
}

async fn proof(State(app): State<App>, Path(position): Path<String>) -> Result<Response, Problem> {
    let index = timeline::position(&position)?;
    app.blocking(move |app| {
        if index >= app.engine().end() {
            return Err(Kind::NotFound.into());
        }
        let published = published(app)?;
        if index >= published.size {
            let (zh, en) = ("检查点尚未覆盖该事件，请稍后再试", "no checkpoint covers the event yet; try again shortly");
            return Err(Problem::saying(Kind::Busy, zh, en).retry_after(2));
        }
        let path = inclusion_proof(&app.engine().view()?.tree(), index, published.size)?;
        let file = TlogProof { extra: Vec::new(), index, path, checkpoint: published.note };
        Ok(reply(TEXT, "no-cache", file.to_string()))
    })
    .await
}

async fn consistency(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[SIZES])?;
    app.blocking(move |app| {
        let size = published(app)?.size;
        let missing = || bad_parameter(Kind::Malformed, "from", "缺少这个参数", "the parameter is missing");
        let from = query.number("from", (0, u64::MAX))?.ok_or_else(missing)?;
        let to = query.number("to", (0, u64::MAX))?.unwrap_or(size);
        if to > size {
            return Err(bad_parameter(Kind::NotYet, "to", "该大小的树尚未签署", "no tree of this size is signed yet"));
        }
        if from > to {
            return Err(bad_parameter(Kind::OutOfRange, "from", "from 不应大于 to", "from must not be larger than to"));
        }
        let hashes = consistency_proof(&app.engine().view()?.tree(), from, to)?;
        Ok(reply(TEXT, "no-cache", hash_lines(&hashes)))
    })
    .await
}
