//! When writing has stopped, whoever watches the process is told, although reading goes on.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::StatusCode;
use serde_json::json;
use world::World;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};

#[tokio::test(flavor = "multi_thread")]
async fn readyz_and_status_say_that_writing_has_stopped() {
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = MemoryLog::open(&backend, writer).unwrap();
    let mut world = World::with(|options| options.event_log = Some(Box::new(log))).await;
    assert!(world.projections.wait_for(world.handle.end(), std::time::Duration::from_secs(20)));
    assert_eq!(world.get("", "/readyz").await.status, StatusCode::OK);
    backend.trouble([Trouble::UnknownLost]);
    let target = json!({ "year": 2026, "line": "digital", "unit": "32", "people": 9, "document_number": "下达2" });
    let answer = world.command("national_office", "set-target", target).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
    let ready = world.get("", "/readyz").await;
    assert!(ready.status == StatusCode::SERVICE_UNAVAILABLE && ready.text().contains("已停止写入"), "{}", ready.text());
    let status = world.get("", "/api/v1/status").await.json();
    assert_eq!(status["healthy"], false);
    assert!(status["troubles"][0]["en"].as_str().unwrap().contains("writing has stopped"), "{status}");
    assert!(world.get("", "/status").await.text().contains("已停止写入"));
}
