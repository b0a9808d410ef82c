//! Commands over HTTP: repeats, conditions, refusals.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{ID_NUMBER, PERSON_NAME, World};

fn target(people: u32) -> Value {
    json!({ "year": 2025, "line": "digital", "unit": "33", "people": people, "document_number": "下达2" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_answers_as_the_first_time_and_says_so() {
    let world = World::new().await;
    let first = world.command_with_key("national_office", "set-target", target(10), "same").await;
    let end = world.handle.end();
    let again = world.command_with_key("national_office", "set-target", target(10), "same").await;
    assert_eq!((first.status, again.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(first.json(), again.json());
    assert_eq!((first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"].to_str().ok()), (None, Some("true")));
    assert_eq!(first.headers["zhixin-position"], again.headers["zhixin-position"]);
    assert_eq!(world.handle.end(), end);
    let other = world.command_with_key("national_office", "set-target", target(11), "same").await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "IDEM-0001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_and_spacing_of_a_body_do_not_matter_to_a_repeat() {
    let world = World::new().await;
    world.command_with_key("national_office", "set-target", target(10), "same").await;
    let body = "{ \"people\": 10, \"document_number\": \"下达2\", \"unit\": \"33\",\n \"line\": \"digital\", \"year\": 2025 }";
    let ask = world.request(Method::POST, "/api/v1/commands/set-target").by(&world, "national_office").header("idempotency-key", "same");
    assert_eq!(world.send(ask.body(body)).await.headers["idempotent-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_something_that_moved_is_refused() {
    let world = World::new().await;
    let body = json!({ "year": 2025, "line": "digital", "unit": "32", "people": 900, "document_number": "调整1" });
    let ask = |key: &'static str, ordinal: u32| {
        let ask =
            world.request(Method::POST, "/api/v1/commands/adjust-target").by(&world, "national_office").header("idempotency-key", key);
        world.send(ask.header("if-match", &format!("\"target/2025:digital:32:{ordinal}\"")).body(body.to_string()))
    };
    let moved = ask("a", 7).await;
    assert_eq!((moved.status.as_u16(), moved.code().as_str()), (412, "COND-0001"));
    assert_eq!(moved.json()["errors"][0]["header"], json!("If-Match"));
    let met = ask("b", 1).await;
    assert_eq!(met.status, StatusCode::OK, "{}", met.text());
    assert_eq!(met.json()["events"][0]["subjects"]["target/2025:digital:32"], json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_etag_of_a_record_is_what_a_command_on_it_names() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let number = world.certify(&person).await;
    let id = |name: &str| world.ids[name].clone();
    let paths = [
        format!("/api/v1/classes/{}", id("class")),
        format!("/api/v1/directories/occupations/{}", id("occupation")),
        format!("/api/v1/certificates/{number}"),
        format!("/api/v1/directories/trainers/{}", id("listed_trainer")),
    ];
    for (path, subject) in paths.iter().zip(["class", "occupation", "certificate", "trainer"]) {
        let answer = world.get("national_office", path).await;
        let tag = answer.headers["etag"].to_str().unwrap().to_owned();
        assert!(tag.starts_with(&format!("\"{subject}/")), "{path}: {tag}");
    }
    // Read, change, and change once more by what was read: the second has moved.
    let tag = world.get("", &paths[3]).await.headers["etag"].clone();
    let body = json!({ "trainer": id("listed_trainer"), "ground": "own_request", "document_number": "暂停1" });
    let ask = |name: &str, key: &str| {
        let ask = world.request(Method::POST, &format!("/api/v1/commands/{name}")).by(&world, "national_office");
        world.send(ask.header("idempotency-key", key).header("if-match", tag.to_str().unwrap()).body(body.to_string()))
    };
    assert_eq!(ask("suspend-trainer", "a").await.status, StatusCode::OK);
    assert_eq!(ask("remove-trainer", "b").await.code(), "COND-0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_the_status_of_their_kind() {
    let mut world = World::new().await;
    let again = world
        .command(
            "national_office",
            "set-target",
            json!({ "year": 2025, "line": "digital", "unit": "32", "people": 1, "document_number": "a" }),
        )
        .await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "PLAN-0002"));
    let outside = world
        .command(
            "national_office",
            "set-target",
            json!({ "year": 2099, "line": "digital", "unit": "32", "people": 1, "document_number": "a" }),
        )
        .await;
    assert_eq!((outside.status.as_u16(), outside.code().as_str()), (422, "PLAN-0001"));
    let foreign = world.command("trainer", "set-target", target(1)).await;
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (403, "AUTH-0002"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_has_no_name_any_more() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let names = format!("/api/v1/classes/{}?names=1&purpose=class_administration&at_least={}", world.ids["class"], world.handle.end() - 1);
    assert_eq!(world.get("trainer", &names).await.json()["roster"][0]["name"], json!(PERSON_NAME));
    world.accepted("national_office", "erase-person", json!({ "person": person, "ground": "person_request" })).await;
    let roster = world.get("trainer", &names).await.json()["roster"].clone();
    assert_eq!((roster[0]["person"].clone(), roster[0]["name"].clone()), (json!(person), Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_values_with_their_unit_and_things_by_their_kind() {
    let mut world = World::new().await;
    let plan = |title: &str, modules: Value| {
        json!({
            "title": title, "trainer": world.ids["listed_trainer"], "division": "320100", "occupation": world.ids["occupation"],
            "grade": "junior", "mode": "online", "starts_on": world::today().to_string(), "ends_on": world::today().to_string(), "seats": 1,
            "modules": modules,
        })
    };
    let module = |code: &str, hours: u32| json!([{ "code": code, "name": "基础", "hours_tenths": hours }]);
    let cases = [
        (plan("班", module("A", 79)), "CLASS-0046", "规定的学时，按此计划没有人能够结业（8 学时）；未作任何改动。"),
        (plan("班", module("B", 80)), "CLASS-0047", "按此计划没有人能够结业（A）；未作任何改动。"),
        (plan("", module("A", 80)), "TEXT-0001", "（1 至 100 个字符）。"),
    ];
    for (body, code, said) in cases {
        let answer = world.command("trainer", "plan-run", body).await;
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(answer.code() == code && detail.ends_with(said), "{code}: {detail}");
    }
    let class = world.ids["class"].clone();
    let again = world.command("trainer", "open-run", json!({ "class": class })).await.json()["detail"].to_string();
    assert!(again.contains(&format!("（培训班 {class}）")), "{again}");
}
