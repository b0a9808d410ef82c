//! `zhixin serve`: pages and API until SIGTERM or Ctrl-C; ends cleanly and loses nothing.
//!
//! It listens as soon as the engine is open, so that commands are taken at once. The line with the address, which scripts wait for, comes when
//! the read models reflect everything that the log held at the start; until then `/readyz` and what they show answer 503.

mod row_checks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zhixin_gateway::{Deps, Limits, Proxies, ProxyHeader};
use zhixin_projections::sample::RowChecks;
use zhixin_projections::{ModelName, Projections};

use crate::cli::{CHECK_ROWS, Common, ServeArgs, Usage};
use crate::commands::user;
use crate::folder::{self, Opened};
use crate::out::Bar;
use crate::{Ending, out};

/// Read models that need longer than this to catch up are reported with their progress.
const CATCH_UP_SILENT: Duration = Duration::from_millis(500);
/// How often the progress is looked at.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

pub(crate) fn run(common: &Common, args: &ServeArgs) -> anyhow::Result<Ending> {
    if args.log != "embedded" {
        return Err(
            Usage(format!("--log {}: this version keeps the log in the data folder; only `embedded` can be named", args.log)).into()
        );
    }
    let opened = folder::open(common, args.domain.as_deref())?;
    user::make_operator(&opened)?;
    let header = if args.proxy_header == "forwarded" { ProxyHeader::Forwarded } else { ProxyHeader::XForwardedFor };
    let serving = Serving {
        listen: args.listen,
        check_rows: args.check_rows,
        proxies: Proxies { trusted: args.trusted_proxies, header },
        look_ups_max: args.look_ups_max,
        metrics_listen: args.metrics_listen,
        plain_http: args.plain_http,
    };
    serve(opened, &serving)
}

/// How a folder is served.
pub(crate) struct Serving {
    pub(crate) listen: SocketAddr,
    /// Rate at which the rows are checked, in events a second; 0 = never.
    pub(crate) check_rows: u32,
    pub(crate) proxies: Proxies,
    pub(crate) look_ups_max: usize,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) plain_http: bool,
}

impl Serving {
    /// The defaults of `serve` at an address.
    pub(crate) fn at(listen: SocketAddr) -> Self {
        Self {
            listen,
            check_rows: CHECK_ROWS,
            proxies: Proxies::default(),
            look_ups_max: Limits::default().look_ups_max,
            metrics_listen: None,
            plain_http: false,
        }
    }
}

/// Whether people reach the server over HTTPS, by the domain in the log's origin; that of a trial is localhost.
fn is_https(opened: &Opened, serving: &Serving) -> bool {
    let origin = opened.handle().publisher().origin();
    let domain = origin.split('/').next().unwrap_or_default();
    !serving.plain_http && domain != "localhost"
}

/// Serves an open folder until it is told to stop.
pub(crate) fn serve(opened: Opened, serving: &Serving) -> anyhow::Result<Ending> {
    let &Serving { listen, check_rows, proxies, look_ups_max, metrics_listen, .. } = serving;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the server's threads cannot be started")?;
    let mut deps = Deps::new(opened.handle().clone(), Arc::clone(&opened.projections));
    deps.proxies = proxies;
    deps.limits.look_ups_max = look_ups_max;
    deps.https = is_https(&opened, serving);
    deps.facts = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let checks = Arc::new(RowChecks::default());
    deps.row_checks = (check_rows > 0).then(|| Arc::clone(&checks));
    let (handle, projections) = (opened.handle().clone(), Arc::clone(&opened.projections));
    let checker = (check_rows > 0).then(|| row_checks::start(handle, projections, checks, check_rows)).transpose();
    let checker = checker.context("the thread that checks the read models cannot be started")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let metrics = match metrics_listen {
            Some(listen) => Some(TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?),
            None => None,
        };
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let telling = tokio::spawn(tell_when_ready(Arc::clone(&opened.projections), opened.handle().end(), address));
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let served = zhixin_gateway::serve(listener, metrics, deps, stop).await.context("the server stopped");
        telling.abort();
        served
    })?;
    drop(checker);
    // Requests that still hold a thread are given the time they have; then everything is flushed.
    runtime.shutdown_timeout(Duration::from_secs(10));
    opened.close()?;
    Ok(Ending::Well)
}

/// Says that the server is ready once every read model reflects the log below `end`, and until then how far each is.
async fn tell_when_ready(projections: Arc<Projections>, end: u64, address: SocketAddr) {
    let waiting = Arc::clone(&projections);
    let soon = tokio::task::spawn_blocking(move || waiting.wait_for(end, CATCH_UP_SILENT)).await;
    if !soon.unwrap_or(false) {
        out::note(&format!(
            "zhixin listens on http://{address}/ and takes commands, but is not ready: read models are being brought up from the log"
        ));
        let bar = Bar::new("read models", end);
        let mut ticks = tokio::time::interval(PROGRESS_EVERY);
        while projections.position() < end {
            if let Some(fault) = projections.fault() {
                drop(bar);
                return out::note(&format!(
                    "the read models stopped ({fault}) and nothing of theirs is answered; see ops/runbooks/derived.md"
                ));
            }
            let behind = ModelName::ALL.into_iter().filter(|model| projections.position_of(*model) < end);
            let behind: Vec<_> = behind.map(ModelName::name).collect();
            bar.set(&format!("not answered yet: {}", behind.join(", ")), projections.progress(), end);
            ticks.tick().await;
        }
    }
    out::line(&format!("zhixin serves http://{address}/"));
}
