//! `GET /api/v1/live`: server-sent events that tell that figures have moved. Public, because it tells no more than a position.
//!
//! A message has the newest position that quota, the model of the dashboard, reflects as its id; who reads it asks again for what it shows.
//! Nothing is lost by a break: the reader names the last position that it knows (`Last-Event-ID`, or `after` at first) and is told at once
//! if there is a later one. Streams end with the server, after [`crate::Limits::stream_time_max`], or after as many messages as were asked.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use zhixin_projections::ModelName;

use super::query::Query;
use crate::app::App;
use crate::app::routes::{Doc, Param, Routes};
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

/// The streams of a process.
#[derive(Debug)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    ending: watch::Sender<bool>,
}

impl Streams {
    pub(crate) fn new(max: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(max)), ending: watch::Sender::new(false) }
    }
    /// Ends every stream.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }
}

pub(super) fn routes(routes: Routes) -> Routes {
    let doc = Doc { query: &[PARAMS], answers: Some("text/event-stream"), is_public: true, ..Doc::default() };
    routes.get("/api/v1/live", "Tells when figures have moved", doc, live)
}

/// One reader.
struct Reader {
    app: App,
    _place: OwnedSemaphorePermit,
    ending: watch::Receiver<bool>,
    looks: Interval,
    until: Instant,
    /// What the reader knows.
    known: Option<u64>,
    messages_left: u64,
}

async fn live(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let query = Query::strict(request.uri(), &[PARAMS])?;
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let known = last.or(query.number("after", (0, u64::MAX))?).or_else(|| position(&app));
    let messages_left = query.number("messages", (1, MESSAGES_MAX))?.unwrap_or(u64::MAX);
    let streams = app.streams();
    let place = Arc::clone(&streams.places).try_acquire_owned().map_err(|_| Problem::from(Kind::Busy).retry_after(30))?;
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
