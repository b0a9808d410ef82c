//! Sign-in, one command, one query, one page: the way through every layer.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::json;
use world::{ID_NUMBER, PERSON_NAME, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_counted_by_the_quota_that_waits_for_it() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let position = world.handle.end() - 1;
    let answer = world.get("", &format!("/api/v1/quota?year=2025&group_by=region&at_least={position}")).await;
    let body = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{body}");
    assert_eq!((body["total"]["target"].as_i64(), body["total"]["enrolled"].as_i64()), (Some(800), Some(1)), "{body}");
    assert!(body["position"].as_u64().unwrap() >= position);
    assert_eq!(person.len(), 10);
    assert!(answer.headers.contains_key("x-request-id"));
    assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_a_password_and_ends_when_asked() {
    let world = World::new().await;
    assert_eq!(world.sign_in("trainer", "wrong password").await.code(), "AUTH-0004");
    assert_eq!(world.sign_in("nobody", "wrong password").await.code(), "AUTH-0004");
    let answer = world.sign_in("trainer", world::PASSWORD).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let current = |pair: String| {
        let ask = world.request(Method::GET, "/api/v1/sessions/current").header("cookie", &pair);
        world.send(ask)
    };
    assert_eq!(current(pair.clone()).await.json()["role"], json!("trainer"));
    let foreign = world.request(Method::DELETE, "/api/v1/sessions").header("cookie", &pair).header("sec-fetch-site", "cross-site");
    assert_eq!(world.send(foreign).await.code(), "AUTH-0005");
    let ended = world.send(world.request(Method::DELETE, "/api/v1/sessions").header("cookie", &pair)).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(current(pair).await.code(), "AUTH-0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_are_counted_by_name_known_or_not() {
    let world = World::new().await;
    for login in ["trainer", "nobody"] {
        for _ in 0..5 {
            assert_eq!(world.sign_in(login, "wrong password").await.status, StatusCode::UNAUTHORIZED);
        }
        let answer = world.sign_in(login, world::PASSWORD).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "RATE-0001"));
        assert!(answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_used_is_over() {
    let world = World::new().await;
    world.clock.set(zhixin_events::Timestamp(world.now().0 + 31 * 60_000));
    assert_eq!(world.get("trainer", "/api/v1/sessions/current").await.code(), "AUTH-0001");
}
