//! `GET /api/v1/live`: server-sent events that tell that figures have moved. Public, because it tells no more than a position.
//!
//! A message has the newest position that quota, the model of the dashboard, reflects as its id; who reads it asks again for what it shows.
//! Nothing is lost by a break: the reader names the last position that it knows (`Last-Event-ID`, or `after` at first) and is told at once
//! if there is a later one. Streams end with the server, after [`crate::Limits::stream_time_max`], or after as many messages as were asked.
//! Nobody takes the places of the others: an account, or an address where nobody is signed in, has [`crate::Limits::streams_each_max`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use zhixin_projections::ModelName;

use super::query::Query;
use crate::app::routes::{Doc, Param, Routes};
use crate::app::{App, Limits};
use crate::auth::{Address, Caller};
use crate::problem::{Kind, Problem};

/// How often the position is looked at; of all that happens in between a reader is told once.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A comment keeps proxies from taking a quiet stream for a dead one.
const PING_EVERY: Duration = Duration::from_secs(15);
/// How long a reader waits before it connects again.
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// Most messages that can be asked for.
const MESSAGES_MAX: u64 = 1_000_000;

const PARAMS: &[Param] = &[
    Param {
        name: "after",
        doc: "The position that the reader knows: a later one is told at once. The present one if absent; Last-Event-ID goes before it.",
        schema: || json!({ "type": "integer", "minimum": 0 }),
    },
    Param {
        name: "messages",
        doc: "Ends after so many messages.",
        schema: || json!({ "type": "integer", "minimum": 1, "maximum": MESSAGES_MAX }),
    },
];

/// How long who gets no place waits. Unit: seconds.
const PLACE_WAIT_S: u32 = 30;

/// The streams of a process.
#[derive(Debug)]
pub(crate) struct Streams {
    open: Open,
    max: usize,
    each_max: usize,
    ending: watch::Sender<bool>,
}

/// How many streams each caller has open; who has none is not in it.
type Open = Arc<Mutex<BTreeMap<String, usize>>>;

fn lock(open: &Open) -> MutexGuard<'_, BTreeMap<String, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streams {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { open: Open::default(), max: limits.streams_max, each_max: limits.streams_each_max, ending: watch::Sender::new(false) }
    }
    /// Ends every stream.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }
    /// A place for a stream of a caller, until it is dropped.
    ///
    /// # Errors
    /// 429 when the caller has as many as one may have, 503 when there are as many as there may be.
    fn take(&self, whose: String) -> Result<Place, Problem> {
        let mut open = lock(&self.open);
        let own = open.get(&whose).copied().unwrap_or(0);
        if own >= self.each_max {
            let (zh, en) = (
                format!("同一账号（未登录时为同一地址）最多同时保持 {own} 个实时连接，请先关闭几个页面"),
                format!(
                    "one account, or one address where nobody is signed in, may keep {own} live connections open: close some pages first"
                ),
            );
            return Err(Problem::saying(Kind::TooMany, zh, en).retry_after(PLACE_WAIT_S));
        }
        if open.values().sum::<usize>() >= self.max {
            return Err(Problem::from(Kind::Busy).retry_after(PLACE_WAIT_S));
        }
        open.insert(whose.clone(), own.saturating_add(1));
        Ok(Place { open: Arc::clone(&self.open), whose })
    }
}

/// A place of a stream.
struct Place {
    open: Open,
    whose: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        let left = open.remove(&self.whose).unwrap_or(0).saturating_sub(1);
        if left > 0 {
            open.insert(std::mem::take(&mut self.whose), left);
        }
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[PARAMS], answers: Some("text/event-stream"), is_public: true, ..Doc::default() };
    routes.get("/api/v1/live", "Tells when figures have moved", doc, live)
}

/// One reader.
struct Reader {
    app: App,
    _place: Place,
    ending: watch::Receiver<bool>,
    looks: Interval,
    until: Instant,
    /// What the reader knows.
    known: Option<u64>,
    messages_left: u64,
}

async fn live(State(app): State<App>, caller: Caller, address: Address, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS])?;
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let known = last.or(query.number("after", (0, u64::MAX))?).or_else(|| position(&app));
    let messages_left = query.number("messages", (1, MESSAGES_MAX))?.unwrap_or(u64::MAX);
    let streams = app.streams();
    let place = streams.take(caller.acting().map_or(address.0, |acting| acting.account.to_string()))?;
    let ending = streams.ending.subscribe();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = Instant::now() + app.deps().limits.stream_time_max;
    let reader = Reader { app, _place: place, ending, looks, until, known, messages_left };
    let messages = stream::unfold(reader, |mut reader| async move { Some((reader.next().await?, reader)) });
    let mut response = Sse::new(messages).keep_alive(KeepAlive::new().interval(PING_EVERY)).into_response();
    // nginx would hold messages back otherwise.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The last event that the dashboard shows.
fn position(app: &App) -> Option<u64> {
    app.deps().projections.position_of(ModelName::Quota).checked_sub(1)
}

impl Reader {
    /// Waits for the next message; none at the end.
    async fn next(&mut self) -> Option<Result<Event, axum::Error>> {
        self.messages_left = self.messages_left.checked_sub(1)?;
        loop {
            tokio::select! {
                _ = self.ending.wait_for(|ending| *ending) => return None,
                () = sleep_until(self.until) => return None,
                _ = self.looks.tick() => {}
            }
            let newest = position(&self.app).filter(|newest| self.known.is_none_or(|known| *newest > known));
            if let Some(newest) = newest.filter(|_| self.app.is_current(ModelName::Quota)) {
                self.known = Some(newest);
                return Some(Event::default().id(newest.to_string()).retry(RETRY_AFTER).json_data(json!({ "position": newest })));
            }
        }
    }
}
