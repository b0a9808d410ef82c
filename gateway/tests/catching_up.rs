//! While a read model is behind the log as it was when the process opened, what it would show is answered with 503, never with "not there".
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use world::{ID_NUMBER, PERSON_NAME, World};
use zhixin_gateway::{Deps, app};
use zhixin_projections::{Projections, RowKind};

/// Read models of their own beside those of the world, at its present position.
fn read_models(world: &World, name: &str) -> Arc<Projections> {
    let opened = Projections::open(&world.dir.path().join(name), RowKind::Memory, Arc::clone(world.handle.reader()) as _).unwrap();
    assert!(opened.wait_for(world.handle.end(), std::time::Duration::from_secs(20)));
    Arc::new(opened)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_yet_is_never_said_not_to_exist() {
    // The read models stop before the certificate is issued, as if their rows were from an older folder; then a gateway opens on them.
    let mut world = World::new().await;
    let stopped = read_models(&world, "stopped");
    stopped.stop().unwrap();
    let (reached, person) = (stopped.position(), world.enrol(PERSON_NAME, ID_NUMBER).await);
    let number = world.certify(&person).await;
    let whole = std::mem::replace(&mut world.router, app(Deps::new(world.handle.clone(), stopped)));
    let class = world.ids["class"].clone();
    for path in [
        format!("/api/v1/certificates/{number}"),
        format!("/api/v1/persons/{person}/hours"),
        format!("/api/v1/classes/{class}"),
        format!("/api/v1/subjects/person/{person}/timeline"),
        "/api/v1/quota".to_owned(),
        "/api/v1/directories/trainers".to_owned(),
        "/api/v1/directories/occupations".to_owned(),
        format!("/api/v1/why?model=classes&row={class}"),
    ] {
        let answer = world.get("provincial_office", &path).await;
        let body = answer.json();
        assert_eq!((answer.status, body["code"].clone()), (StatusCode::SERVICE_UNAVAILABLE, json!("SYS-0007")), "{path}: {body}");
        assert_eq!(body["progress"], json!({ "reached": reached, "needed": world.handle.end() }), "{path}");
        assert_eq!(answer.headers["retry-after"], "2", "{path}");
    }
    for path in ["/".to_owned(), format!("/verify/{number}"), format!("/classes/{class}")] {
        let page = world.send(world.request(axum::http::Method::GET, &path).by(&world, "trainer").header("accept", "text/html")).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.text().contains(&format!("<progress value=\"{reached}\"")) && page.text().contains("SYS-0007"), "{}", page.text());
    }
    assert_eq!(world.get("", "/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let status = world.get("", "/status").await;
    assert!(status.status == StatusCode::OK && status.text().contains("正在生成"), "{}", status.text());
    // What needs no read model goes on: signing in, the proof, a command.
    assert_eq!(world.sign_in("trainer", world::PASSWORD).await.status, StatusCode::CREATED);
    assert_eq!(world.get("", "/log/checkpoint").await.status, StatusCode::OK);
    let target = json!({ "year": 2026, "line": "digital", "unit": "32", "people": 9, "document_number": "下达2" });
    world.accepted("national_office", "set-target", target).await;
    // Read models that have caught up answer.
    world.router = app(Deps::new(world.handle.clone(), read_models(&world, "current")));
    assert_eq!(world.get("", &format!("/api/v1/certificates/{number}")).await.status, StatusCode::OK);
    world.router = whole;
}
