//! The whole system as its users meet it: the real binary, a folder of its own, HTTP on a free port, a browser.
//!
//! Start with [`Demo::shared`] (a small demonstration, made once for the tests that run at the same time), [`Demo::copy`] for a test that
//! writes, [`Folder::serve`] and [`Client`]. Nothing here waits for time to pass: a client waits for positions, and [`until`] asks again
//! until a deadline for the few things that no position stands for.

mod client;
mod course;
mod demo;
mod folder;
mod people;
mod scan;
mod server;

pub use client::{Client, Reply, encode};
pub use course::{Course, list, number, text};
pub use demo::{Account, Demo};
pub use folder::{Folder, Ran, binary, copy_folder, must_run};
pub use people::{Made, roster, uscc};
pub use scan::{Patterns, files_below};
pub use server::Server;

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

use anyhow::bail;

/// Longest wait for something that has no position. Unit: seconds.
const WAIT_S_MAX: u64 = 60;

/// Says aloud, past the capture of the test harness, that a test is not run, and why.
///
/// # Errors
/// Standard output is gone.
pub fn skipped(why: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "skipped: {why}")?;
    Ok(out.flush()?)
}

/// Asks again until there is an answer.
///
/// # Errors
/// The question fails, or a minute is over.
pub async fn until<T, F: Future<Output = anyhow::Result<Option<T>>>>(what: &str, mut ask: impl FnMut() -> F) -> anyhow::Result<T> {
    let asked = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
        }
    };
    match tokio::time::timeout(Duration::from_secs(WAIT_S_MAX), asked).await {
        Ok(answer) => answer,
        Err(_) => bail!("a minute is over, and still not: {what}"),
    }
}
