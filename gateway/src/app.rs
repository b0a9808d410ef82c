//! The application: what it stands on, its routes, its limits, and the server.
//!
//! Everything that waits for a disk runs on the blocking pool ([`App::blocking`]); a view of read models never crosses an await.

pub(crate) mod body;
pub(crate) mod metrics;
mod observe;
pub(crate) mod routes;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogPurpose;
use zhixin_projections::sample::RowChecks;
use zhixin_projections::{ModelName, Projections, Quarantined, TableView};

use crate::auth::address::Proxies;
use crate::auth::rate::Rate;
use crate::pages::views::Environment;
use crate::problem::{Kind, Problem};
use crate::session::Sessions;
use crate::{auth, log, pages, v1};

pub use routes::{RouteInfo, route_list};

/// Bounds of one process.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest body of a request. Unit: bytes.
    pub body_bytes_max: usize,
    /// Longest uploaded file with its form. Unit: bytes.
    pub upload_bytes_max: usize,
    /// Longest time for a request.
    pub request_time_max: Duration,
    /// Longest wait for a read model to reach a position.
    pub wait_time_max: Duration,
    /// Requests worked on at the same time.
    pub concurrent_max: usize,
    /// Event streams open at the same time.
    pub streams_max: usize,
    /// Event streams open at the same time for one account, or for one address where nobody is signed in.
    pub streams_each_max: usize,
    /// Longest life of an event stream; the reader then connects again.
    pub stream_time_max: Duration,
    /// Certificates looked up from one address within ten minutes; 0 = as many as they like. Why so many: a whole office may stand behind one
    /// address, but nobody reads the register to its end.
    pub look_ups_max: usize,
    /// Rows of a table of classes: a table is whole or refused.
    pub table_rows_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            upload_bytes_max: 20 << 20,
            request_time_max: Duration::from_mins(1),
            wait_time_max: Duration::from_secs(10),
            concurrent_max: 512,
            streams_max: 1_024,
            streams_each_max: 32,
            stream_time_max: Duration::from_mins(30),
            look_ups_max: 300,
            table_rows_max: 100_000,
        }
    }
}

/// What the gateway stands on.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The engine.
    pub engine: EngineHandle,
    /// The read models.
    pub projections: Arc<Projections>,
    /// What the check of the read models in samples has come to; none = it is off.
    pub row_checks: Option<Arc<RowChecks>>,
    /// What the ribbon says.
    pub environment: Environment,
    /// Bounds.
    pub limits: Limits,
    /// Proxies in front of it, for limits by address.
    pub proxies: Proxies,
    /// Whether people reach it over HTTPS: then cookies are marked so.
    pub https: bool,
    /// Lines of the footer: responsible body, contact, registration numbers.
    pub legal: Vec<String>,
    /// Facts for the status page: name and value, such as version or last backup.
    pub facts: Vec<(String, String)>,
}

impl Deps {
    /// An engine and read models that follow its log, with the defaults.
    pub fn new(engine: EngineHandle, projections: Arc<Projections>) -> Self {
        let environment = match engine.purpose() {
            LogPurpose::Demo => Environment::Demo,
            LogPurpose::Production => Environment::Production,
        };
        Self {
            engine,
            projections,
            row_checks: None,
            environment,
            limits: Limits::default(),
            proxies: Proxies::default(),
            https: false,
            legal: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    deps: Deps,
    sessions: Sessions,
    /// Certificate checks by number and address, and by address.
    checks: Mutex<Rate>,
    /// Certificate look-ups by address.
    look_ups: Mutex<Rate>,
    /// Wrong names stated for numbers on record, by account and number, and by account.
    name_guesses: Mutex<Rate>,
    metrics: metrics::Metrics,
    slots: Semaphore,
    streams: v1::live::Streams,
    imports: v1::roster::Running,
    /// Where the log ended when the process opened it.
    opened_at: u64,
}

/// Certificate checks and wrong names are counted over an hour. Unit: milliseconds.
const CHECK_WINDOW_MS: i64 = 3_600_000;
/// Certificate look-ups are counted over ten minutes. Unit: milliseconds.
const LOOK_UP_WINDOW_MS: i64 = 600_000;

impl App {
    pub(crate) fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner {
            sessions: Sessions::new(deps.engine.clone()),
            checks: Mutex::new(Rate::new(CHECK_WINDOW_MS)),
            look_ups: Mutex::new(Rate::new(LOOK_UP_WINDOW_MS)),
            name_guesses: Mutex::new(Rate::new(CHECK_WINDOW_MS)),
            metrics: metrics::Metrics::default(),
            slots: Semaphore::new(deps.limits.concurrent_max),
            streams: v1::live::Streams::new(&deps.limits),
            imports: v1::roster::Running::default(),
            opened_at: deps.engine.end(),
            deps,
        }))
    }
    pub(crate) fn deps(&self) -> &Deps {
        &self.0.deps
    }
    pub(crate) fn engine(&self) -> &EngineHandle {
        &self.0.deps.engine
    }
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }
    pub(crate) fn checks(&self) -> &Mutex<Rate> {
        &self.0.checks
    }
    pub(crate) fn look_ups(&self) -> &Mutex<Rate> {
        &self.0.look_ups
    }
    pub(crate) fn name_guesses(&self) -> &Mutex<Rate> {
        &self.0.name_guesses
    }
    pub(crate) fn metrics(&self) -> &metrics::Metrics {
        &self.0.metrics
    }
    pub(crate) fn slots(&self) -> &Semaphore {
        &self.0.slots
    }
    pub(crate) fn streams(&self) -> &v1::live::Streams {
        &self.0.streams
    }
    pub(crate) fn imports(&self) -> &v1::roster::Running {
        &self.0.imports
    }

    /// Whether a read model has caught up with the log as it was when the process opened. One that has not, after deleted rows, a restore
    /// or a rebuild from nothing, would answer that things are not there.
    pub(crate) fn is_current(&self, model: ModelName) -> bool {
        self.deps().projections.position_of(model) >= self.opened_at()
    }
    /// The newest rows of a read model.
    ///
    /// # Errors
    /// `SYS-0007` with the progress while the model catches up; the rows cannot be read.
    pub(crate) fn rows(&self, model: ModelName) -> Result<TableView, Problem> {
        if !self.is_current(model) {
            return Err(Problem::catching_up(self.deps().projections.position_of(model), self.opened_at()));
        }
        Ok(self.deps().projections.view(model)?)
    }
    /// The events that a read model could not take.
    ///
    /// # Errors
    /// As [`App::rows`].
    pub(crate) fn quarantined(&self, model: ModelName) -> Result<Vec<Quarantined>, Problem> {
        self.rows(model)?;
        Ok(self.deps().projections.quarantined(model)?)
    }
    /// What answers reflect: the least of the models that have caught up; the others refuse to answer.
    pub(crate) fn reflected(&self) -> u64 {
        let positions = ModelName::ALL.into_iter().map(|model| self.deps().projections.position_of(model));
        positions.filter(|position| *position >= self.opened_at()).min().unwrap_or_else(|| self.opened_at())
    }
    /// Waits until the models that have caught up reflect the events below a position. Blocks.
    pub(crate) fn wait_reflected(&self, position: u64, timeout: Duration) -> bool {
        let mut current = ModelName::ALL.into_iter().filter(|model| self.is_current(*model));
        current.all(|model| self.deps().projections.wait_for_model(model, position, timeout))
    }
    /// Where the log ended when the process opened it.
    pub(crate) fn opened_at(&self) -> u64 {
        self.0.opened_at
    }

    /// Runs what waits for a disk on the pool for that.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (app, span) = (self.clone(), tracing::Span::current());
        let done = tokio::task::spawn_blocking(move || span.in_scope(|| work(&app))).await;
        done.unwrap_or_else(|fault| Err(Problem::from(Kind::Internal).because(&fault)))
    }
}

/// The routes with everything around them.
pub fn app(deps: Deps) -> Router {
    router(App::new(deps))
}

fn router(app: App) -> Router {
    let routes = v1::routes(log::routes(pages::routes(routes::Routes::new())));
    v1::roster::resume_interrupted(&app);
    let metrics_of = app.clone();
    routes
        .into_router()
        .fallback(|| async { Problem::from(Kind::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(Kind::Method) })
        .layer(from_fn_with_state(app.clone(), auth::authenticate))
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(from_fn_with_state(metrics_of, observe::observe))
        .layer(from_fn(observe::head_without_body))
        .layer(CompressionLayer::new().gzip(true))
        .with_state(app)
}

/// Serves until `shutdown` is ready, then finishes what is under way. Whoever reaches the second listener reads the counts without signing in.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    metrics: Option<TcpListener>,
    deps: Deps,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = App::new(deps);
    let collectors = v1::status::metrics_alone().with_state(app.clone());
    let beside = metrics.map(|listener| tokio::spawn(axum::serve(listener, collectors).into_future()));
    let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    // Streams have no end of their own, so they would keep the server from its end.
    let ending = async move {
        shutdown.await;
        app.streams().end();
    };
    let served = axum::serve(listener, service).with_graceful_shutdown(ending).await;
    if let Some(collectors) = beside {
        collectors.abort();
    }
    served
}
