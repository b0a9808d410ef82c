//! `/status`, and the files of the pages.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use zhixin_engine::maintenance::{self, Act, Done};
use zhixin_engine::merkle::Checkpoint;
use zhixin_projections::ModelName;

use super::frame::{Asked, html};
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{Fact, ModelStatus, Nav, StatusView, Tag, Tone, assets};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Texts};
use crate::v1::{names, status};

pub(super) async fn show(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| html(view(app, &asked)?.render(asked.lang))).await
}

fn view(app: &App, asked: &Asked) -> Result<StatusView, Problem> {
    let lang = asked.lang;
    let t = &Texts::of(lang).system;
    let (engine, projections) = (app.engine(), &app.deps().projections);
    let end = engine.end();
    let mut models = Vec::new();
    for model in ModelName::ALL {
        let reached = projections.position_of(model);
        let good = projections.fault().is_none();
        let current = app.is_current(model);
        models.push(ModelStatus {
            name: names::model(lang, model).to_owned(),
            position: reached.saturating_sub(1),
            lag: end.saturating_sub(reached),
            quarantined: u64::try_from(projections.quarantined(model)?.len()).unwrap_or(u64::MAX),
            state: Tag {
                text: match (good, current) {
                    (true, true) => t.status_good,
                    (true, false) => t.status_catching_up,
                    (false, _) => t.status_stopped,
                }
                .to_string(),
                tone: match (good, current) {
                    (true, true) => Tone::Good,
                    (true, false) => Tone::Warning,
                    (false, _) => Tone::Bad,
                },
            },
        });
    }
    let published = engine.published();
    let verifier = engine.publisher().verifier();
    let signed =
        published.as_ref().and_then(|published| Checkpoint::open(published.note.as_bytes(), engine.publisher().origin(), &[verifier]).ok());
    let checkpoint_time = match published.as_ref().and_then(|published| published.size.checked_sub(1)) {
        Some(last) => names::minute(engine.commit_at(last)?.commit.recorded_at),
        None => t.status_never.to_string(),
    };
    let mut troubles = status::troubles(app);
    troubles.extend(status::warnings(app));
    let mut facts =
        vec![Fact { label: lang.pick("来源标识", "Origin").to_owned(), value: engine.publisher().origin().to_owned(), href: None }];
    facts.push(row_checks(app, lang));
    let done = |act| maintenance::last(engine.data(), act).map(|done| done_words(lang, done));
    let word = |name: &str| if name == "version" { t.status_version.to_string() } else { name.to_owned() };
    facts.extend(app.deps().facts.iter().map(|(label, value)| Fact { label: word(label), value: value.clone(), href: None }));
    Ok(StatusView {
        frame: asked.frame(app, Nav::Status, &[(t.status_title.as_str(), None)]),
        healthy: troubles.is_empty(),
        attention: troubles.iter().map(|(zh, en)| lang.pick(zh, en).to_owned()).collect(),
        head: end.saturating_sub(1),
        chain: chain(app)?,
        checkpoint_size: signed.as_ref().map_or(0, Checkpoint::size),
        checkpoint_time,
        checkpoint_root: signed.as_ref().map(|signed| signed.root().to_string()).unwrap_or_default(),
        models,
        last_backup: done(Act::Backup),
        last_restore: done(Act::Restore),
        last_verify: done(Act::Verify),
        facts,
    })
}

/// When something was done, and that it did not go well where it did not.
fn done_words(lang: Lang, done: Done) -> String {
    let at = names::minute(done.at);
    if done.well { at } else { format!("{at}{}", lang.pick("，发现问题", ", found something wrong")) }
}

/// What the check of the read models in samples has come to.
fn row_checks(app: &App, lang: Lang) -> Fact {
    let value = match app.deps().row_checks.as_ref().map(|checks| checks.counts()) {
        None => lang.pick("未启用", "Off").to_owned(),
        Some(counts) => {
            let last = counts.last_round_at.map_or_else(|| Texts::of(lang).system.status_never.to_string(), names::minute);
            match lang {
                Lang::Zh => format!("已核对 {} 行，{} 行不一致；上一轮完成：{last}", counts.rows, counts.wrong),
                Lang::En => format!("{} rows checked, {} wrong; last round ended: {last}", counts.rows, counts.wrong),
            }
        }
    };
    Fact { label: lang.pick("统计数据抽样核对", "Read models checked in samples").to_owned(), value, href: None }
}

/// The chain after the last batch, hexadecimal.
fn chain(app: &App) -> Result<String, Problem> {
    let Some(last) = app.engine().end().checked_sub(1) else { return Ok(String::new()) };
    let mut chain = String::new();
    let read = app.engine().reader().read(last, &mut |batch| {
        chain = crate::v1::story::hex(&batch.chain_after);
        std::ops::ControlFlow::Continue(())
    });
    read.map_err(|fault| Problem::from(Kind::Storage).because(&fault))?;
    Ok(chain)
}

/// A file of the pages, under the digest of its content.
pub(super) async fn asset(uri: Uri) -> Result<Response, Problem> {
    let found = assets::find(uri.path()).ok_or(Kind::NotFound)?;
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(found.content_type)), (CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL))];
    Ok((headers, found.bytes).into_response())
}
