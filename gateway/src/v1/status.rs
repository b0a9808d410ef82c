//! Whether it lives, whether it is ready, how far everything is, and the counts for collectors.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use zhixin_engine::answer::Unavailable;
use zhixin_events::{Role, Timestamp};
use zhixin_projections::ModelName;
use zhixin_projections::sample::RowCheckCounts;

use crate::app::App;
use crate::app::routes::{Doc, Routes};
use crate::auth::Caller;
use crate::problem::{Kind, Problem};

/// A read model that lags further behind than this is not ready. Unit: events.
const LAG_MAX: u64 = 100_000;

pub(super) fn routes(routes: Routes) -> Routes {
    let closed = Doc { answers: Some("text/plain"), ..Doc::default() };
    let text = Doc { is_public: true, ..closed };
    routes
        .get("/livez", "Whether the process answers", text, || async { "ok\n" })
        .get("/readyz", "Whether it can serve", text, ready)
        .get("/metrics", "Counts for collectors, on the port of their own or for operators", closed, metrics)
        .get("/api/v1/status", "How far log, checkpoint and read models are", Doc { is_public: true, ..Doc::default() }, status)
}

/// What keeps the process from serving, in words; empty if nothing does.
pub(crate) fn troubles(app: &App) -> Vec<(&'static str, &'static str)> {
    let (engine, projections) = (app.engine(), &app.deps().projections);
    let mut found = Vec::new();
    if engine.now().is_err() {
        found.push(("系统时钟异常", "the clock cannot be trusted"));
    }
    if let Some(stopped) = engine.writing_stopped() {
        found.push(if stopped == Unavailable::OutcomeUnknown {
            ("已停止写入，重启后才知道最后的操作是否已记录", "writing has stopped; a restart shows whether the last commands were recorded")
        } else {
            ("已停止写入，须重启", "writing has stopped until a restart")
        });
    }
    if engine.vault().get(b"w/").is_err() {
        found.push(("密钥库无法读取", "the vault cannot be read"));
    }
    if projections.fault().is_some() {
        found.push(("统计数据停止更新", "the read models have stopped"));
    }
    if projections.position() < app.opened_at() {
        found.push(("统计数据正在从记录重新生成", "the read models have not caught up with the log since the start"));
    } else if engine.end().saturating_sub(projections.position()) > LAG_MAX {
        found.push(("统计数据更新滞后", "the read models are far behind"));
    }
    if engine.view().is_err() {
        found.push(("索引无法读取", "the index cannot be read"));
    }
    found
}

/// What is wrong although the process goes on and the log is not touched: people are told.
pub(crate) fn warnings(app: &App) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if app.deps().row_checks.as_ref().is_some_and(|checks| checks.counts().wrong > 0) {
        found.push(("抽样核对发现统计数据与记录不一致", "samples of the read models differ from the record"));
    }
    // Proofs may not check.
    if app.engine().recomputation().trouble().is_some() {
        found.push(("重新计算发现存储的证明树与记录不一致", "the stored tree differs from the record, or could not be recomputed"));
    }
    if app.engine().unopened_events() > 0 {
        found.push((
            "有加密字段无法打开，相关人员按证件号码查找不到；请运行 zhixin verify 并按 vault 手册处理",
            "sealed fields do not open, so their persons are not found by number: run `zhixin verify` and see the runbook `vault`",
        ));
    }
    if app.engine().publisher().is_unsigned() {
        found.push((
            "数据文件夹由备份恢复，尚未核对最新公布的检查点，因此不签署；请放回检查点文件后重启，事件确已丢失时运行 zhixin origin renew",
            "the folder was restored and has not been shown the newest published checkpoint, so nothing is signed: bring the checkpoint file back and restart, or run `zhixin origin renew` if events are really lost",
        ));
    }
    if app.engine().publisher().is_failing() {
        found.push(("检查点无法签署或发布", "checkpoints cannot be signed or published"));
    }
    found
}

async fn ready(State(app): State<App>) -> Result<Response, Problem> {
    let troubles = app.blocking(|app| Ok(troubles(app))).await?;
    match troubles.first() {
        None => Ok("ready\n".into_response()),
        Some((zh, en)) => Err(Problem::saying(Kind::Storage, *zh, *en)),
    }
}

/// The counts on a listener of their own, which only collectors reach.
pub(crate) fn metrics_alone() -> Router<App> {
    Router::new().route("/metrics", get(counts))
}

/// On the port for everybody: what is asked how often, and how far everything is, is for operators only.
async fn metrics(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    if caller.signed_in()?.role != Role::Operator {
        return Err(Kind::NotPermitted.into());
    }
    counts(State(app)).await
}

async fn counts(State(app): State<App>) -> Result<Response, Problem> {
    let text = app.blocking(|app| Ok(app.metrics().text(app))).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

async fn status(State(app): State<App>) -> Result<Response, Problem> {
    app.blocking(|app| Ok(Json(status_json(app)?).into_response())).await
}

fn status_json(app: &App) -> Result<Value, Problem> {
    let (engine, projections) = (app.engine(), &app.deps().projections);
    let published = engine.published().map(|published| json!({ "size": published.size, "root": published.root.to_string() }));
    let recomputation = engine.recomputation();
    let mut models = Vec::new();
    for model in ModelName::ALL {
        models.push(json!({ "name": model.name(), "version": model.version(), "position": projections.position_of(model).checked_sub(1), "answers": app.is_current(model), "quarantined": projections.quarantined(model)?.len() }));
    }
    let row_checks = app.deps().row_checks.as_ref().map(|checks| {
        let RowCheckCounts { samples, rows, wrong, rounds, last_round_at } = checks.counts();
        let last_round_at = last_round_at.map(Timestamp::to_china_text);
        json!({ "samples": samples, "rows": rows, "wrong_rows": wrong, "rounds": rounds, "last_round_at": last_round_at })
    });
    let mut troubles = troubles(app);
    troubles.extend(warnings(app));
    let troubles: Vec<Value> = troubles.iter().map(|(zh, en)| json!({ "zh": zh, "en": en })).collect();
    Ok(json!({
        "healthy": troubles.is_empty(),
        "troubles": troubles,
        "position": engine.end().checked_sub(1),
        "origin": engine.publisher().origin(),
        "checkpoint": published,
        "recomputed_tree": { "done": recomputation.done(), "of": recomputation.size(), "trouble": recomputation.trouble() },
        "read_models": { "position": projections.position().checked_sub(1), "models": models },
        "row_checks": row_checks,
        "time": engine.now()?.to_china_text(),
    }))
}
