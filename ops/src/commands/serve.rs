//! `zhixin serve`: pages and API until SIGTERM or Ctrl-C; ends cleanly and loses nothing.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use zhixin_gateway::Deps;

use crate::cli::{Common, ServeArgs, Usage};
use crate::commands::user;
use crate::folder::{self, Opened};
use crate::{Ending, out};

pub(crate) fn run(common: &Common, args: &ServeArgs) -> anyhow::Result<Ending> {
    if args.log != "embedded" {
        return Err(
            Usage(format!("--log {}: this version keeps the log in the data folder; only `embedded` can be named", args.log)).into()
        );
    }
    let opened = folder::open(common, &args.domain)?;
    user::make_operator(&opened)?;
    serve(opened, args.listen)
}

/// Serves an open folder until it is told to stop.
pub(crate) fn serve(opened: Opened, listen: SocketAddr) -> anyhow::Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the server's threads cannot be started")?;
    let mut deps = Deps::new(opened.handle().clone(), std::sync::Arc::clone(&opened.projections));
    deps.facts = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        out::line(&format!("zhixin serves http://{address}/"));
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        zhixin_gateway::serve(listener, deps, stop).await.context("the server stopped")
    })?;
    // Requests that still hold a thread are given the time they have; then everything is flushed.
    runtime.shutdown_timeout(std::time::Duration::from_secs(10));
    opened.close()?;
    Ok(Ending::Well)
}
