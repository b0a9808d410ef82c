//! Signing in against those who would rather somebody did not, or did so for them; and changing the own password.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::json;
use world::{Answer, Ask, PASSWORD, World};

const FORM: &str = "application/x-www-form-urlencoded";

fn form(world: &World, path: &str, body: &str) -> Ask {
    world.request(Method::POST, path).header("content-type", FORM).header("host", "zhixin.test").body(body.to_owned())
}

fn sign_in_form(world: &World) -> Ask {
    form(world, "/signin", &format!("account=trainer&password={}", PASSWORD.replace(' ', "+")))
}

async fn signed_in_from(world: &World, address: &str, password: &str) -> Answer {
    let ask = world.request(Method::POST, "/api/v1/sessions").from(address);
    world.send(ask.body(json!({ "account": "trainer", "password": password }).to_string())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_signs_nobody_in() {
    let world = World::new().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://zhixin.test.evil.example"),
    ] {
        let answer = world.send(sign_in_form(&world).header(name, value)).await;
        assert_eq!((answer.status, answer.headers.contains_key("set-cookie")), (StatusCode::FORBIDDEN, false), "{name}: {value}");
        let body = json!({ "account": "trainer", "password": PASSWORD }).to_string();
        let program = world.request(Method::POST, "/api/v1/sessions").header("host", "zhixin.test").header(name, value);
        assert_eq!(world.send(program.body(body)).await.code(), "AUTH-0005", "{name}: {value}");
    }
    for (name, value) in [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", "https://ZHIXIN.test")] {
        assert_eq!(world.send(sign_in_form(&world).header(name, value)).await.status, StatusCode::SEE_OTHER, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_cookie_is_kept_to_it_and_to_the_host() {
    let mut world = World::new().await;
    let plain = world.send(sign_in_form(&world).header("x-forwarded-proto", "https")).await;
    let cookie = plain.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("zhixin_session=") && !cookie.contains("Secure"), "nobody is trusted to say so: {cookie}");
    assert!(!plain.headers.contains_key("strict-transport-security"));

    let mut deps = zhixin_gateway::Deps::new(world.handle.clone(), world.projections.clone());
    deps.proxies.trusted = 1;
    world.router = zhixin_gateway::app(deps);
    let behind = world.send(sign_in_form(&world).header("x-forwarded-proto", "https")).await;
    let cookie = behind.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-zhixin_session=") && cookie.contains("; Secure") && cookie.contains("Path=/;"), "{cookie}");
    assert!(behind.headers.contains_key("strict-transport-security"));
    let (pair, _) = cookie.split_once(';').unwrap();
    for (proto, status) in [("https", StatusCode::OK), ("http", StatusCode::UNAUTHORIZED)] {
        let current = world.request(Method::GET, "/api/v1/sessions/current").header("cookie", pair).header("x-forwarded-proto", proto);
        assert_eq!(world.send(current).await.status, status, "{proto}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_from_everywhere_do_not_keep_the_owner_out() {
    let world = World::new().await;
    let owner = "192.0.2.1";
    assert_eq!(signed_in_from(&world, owner, PASSWORD).await.status, StatusCode::CREATED);
    for attacker in 1..=20 {
        let address = format!("203.0.113.{attacker}");
        assert_eq!(signed_in_from(&world, &address, "wrong password").await.status, StatusCode::UNAUTHORIZED, "{address}");
    }
    // Elsewhere the name is barred, for a right password too, and it says for how long.
    let barred = signed_in_from(&world, "203.0.113.99", PASSWORD).await;
    assert_eq!((barred.status.as_u16(), &barred.headers["retry-after"]), (429, &axum::http::HeaderValue::from_static("900")));
    assert!(barred.text().contains("15 分钟"), "{}", barred.text());
    let page = world.send(sign_in_form(&world).from("203.0.113.99")).await;
    assert!(page.status == StatusCode::TOO_MANY_REQUESTS && page.text().contains("15 分钟"), "{}", page.text());
    // Where its owner has signed in before, it is not.
    assert_eq!(signed_in_from(&world, owner, PASSWORD).await.status, StatusCode::CREATED);
    for _ in 0..5 {
        assert_eq!(signed_in_from(&world, owner, "wrong password").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(signed_in_from(&world, owner, PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_password_is_changed_and_the_other_sessions_end() {
    let world = World::new().await;
    let other = world.sign_in("trainer", PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    let change = |old: &str, new: &str| {
        let ask = world.request(Method::POST, "/api/v1/sessions/current/password").by(&world, "trainer");
        world.send(ask.body(json!({ "old_password": old, "new_password": new }).to_string()))
    };
    let current = || world.get("trainer", "/api/v1/sessions/current");
    let wrong = change("wrong password", "another horse").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::UNAUTHORIZED, "AUTH-0004"));
    let short = change(PASSWORD, "short").await;
    assert_eq!((short.status, short.code().as_str()), (StatusCode::BAD_REQUEST, "REQ-0004"));
    assert_eq!(world.sign_in("trainer", PASSWORD).await.status, StatusCode::CREATED);
    assert_eq!(change(PASSWORD, "another horse").await.status, StatusCode::NO_CONTENT);
    assert_eq!(current().await.status, StatusCode::OK);
    let ended = world.request(Method::GET, "/api/v1/sessions/current").header("authorization", &format!("Bearer {other}"));
    assert_eq!(world.send(ended).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.sign_in("trainer", PASSWORD).await.status, StatusCode::UNAUTHORIZED);

    // On the page; a password that the sign-in page shows stays.
    let csrf = current().await.json()["csrf"].as_str().unwrap().to_owned();
    assert!(world.get("trainer", "/password").await.text().contains("name=\"new_password_again\""));
    let post = |csrf: &str, new: &str, again: &str| {
        let body = format!("csrf={csrf}&old_password=another+horse&new_password={new}&new_password_again={again}");
        world.send(form(&world, "/password", &body).by(&world, "trainer"))
    };
    assert_eq!(post("wrong", "third+horse", "third+horse").await.status, StatusCode::FORBIDDEN);
    let differs = post(&csrf, "third+horse", "fourth+horse").await;
    assert!(differs.status == StatusCode::BAD_REQUEST && differs.text().contains("id=\"new_password_again-error\""));
    let done = post(&csrf, "third+horse", "third+horse").await;
    assert_eq!((done.status, done.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/?done=password"));
    assert_eq!(world.sign_in("trainer", "third horse").await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_sign_in_page_shows_stays_as_it_is() {
    let world = World::new().await;
    let account = world.ids["auditor"].parse().unwrap();
    zhixin_gateway::accounts::create_demo_credentials(&world.handle, "shown", account, PASSWORD).unwrap();
    let token = world.sign_in("shown", PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
    let ask = world.request(Method::POST, "/api/v1/sessions/current/password").header("authorization", &format!("Bearer {token}"));
    let answer = world.send(ask.body(json!({ "old_password": PASSWORD, "new_password": "another horse" }).to_string())).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "AUTH-0002"));
    assert_eq!(world.sign_in("shown", PASSWORD).await.status, StatusCode::CREATED);
}
