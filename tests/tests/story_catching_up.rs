//! A server whose read models lie behind its log: what it says of itself, and that it never denies what is recorded.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zhixin_tests::system::{Demo, text};

/// Aim: a certificate that is good is never called unknown. Method: the rows are deleted, and while the server starts and builds them anew the
/// newest certificate is asked for without a pause; every answer is 200 or 503, and 200 from the first moment at which `/readyz` or the line
/// on standard output has said that the server is ready.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_certificate_is_never_unknown_while_read_models_catch_up() -> anyhow::Result<()> {
    let demo = Demo::make(100)?;
    let folder = demo.folder();
    let events = folder.run(&["events"])?.ended(0)?;
    let issued = events.lines().into_iter().rev().find(|line| line.contains("\"certificate.training-certificate-issued\"")).unwrap();
    let number = text(&serde_json::from_str(issued)?, "/x/number")?;
    let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    fs::remove_dir_all(folder.data().join("rows"))?;

    let http = reqwest::Client::builder().no_proxy().build()?;
    let ready = Arc::new(AtomicBool::new(false));
    let asking = tokio::spawn({
        let ready = Arc::clone(&ready);
        async move {
            let mut answers = Vec::new();
            loop {
                let mut ready_before = ready.load(Ordering::SeqCst);
                let last = ready_before;
                let get = |path: &str| http.get(format!("http://{free}{path}")).send();
                let (Ok(readyz), Ok(found)) = (get("/readyz").await, get(&format!("/api/v1/certificates/{number}")).await) else {
                    continue;
                };
                ready_before |= readyz.status() == 200;
                answers.push((ready_before, found.status().as_u16()));
                if last {
                    return answers;
                }
            }
        }
    });
    // It is asked for more often than one caller may ask.
    let server = folder.serve(&["--listen", &free.to_string(), "--look-ups-max", "0"])?;
    ready.store(true, Ordering::SeqCst);
    let answers = asking.await?;
    assert!(answers.iter().all(|(ready, status)| *status == 200 || (!ready && *status == 503)), "{answers:?}");
    server.stop()
}
