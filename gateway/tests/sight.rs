//! What a reader may see of the events behind a row, and the names of a roster: within the scope, at the moment asked, for a stated purpose.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::StatusCode;
use serde_json::json;
use world::{PERSON_NAME, World};

/// For each row and role the events that `/why` tells of it, or the status that says no.
const BEHIND_ROWS: &str = "\
row: nobody operator national_office provincial_office other_province trainer auditor investigator
quota: 401 403 1 1 1 1 1 1
certificates: 401 403 2 2 1 2 2 2
classes: 401 403 3 3 404 3 3 3
trainee: 401 403 4 4 404 4 4 4
trainers: 401 403 1 1 1 1 1 1
occupations: 401 403 2 2 2 2 2 2
";

#[tokio::test(flavor = "multi_thread")]
async fn the_events_behind_a_row_are_told_within_the_scope_alone() {
    let (world, _) = World::taught().await;
    let id = |name: &str| world.ids[name].clone();
    let (head, _) = BEHIND_ROWS.split_once('\n').unwrap();
    let mut told = format!("{head}\n");
    for (name, query) in [
        ("quota", "model=quota&row=2025:all:persons:organiser:-:total:-".to_owned()),
        ("certificates", format!("model=certificates&row={}", id("certificate"))),
        ("classes", format!("model=classes&row={}", id("class"))),
        ("trainee", format!("model=classes&row={}:{}", id("class"), id("person"))),
        ("trainers", format!("model=trainers&row={}", id("listed_trainer"))),
        ("occupations", format!("model=occupations&row={}", id("occupation"))),
    ] {
        told.push_str(name);
        told.push(':');
        for who in head.split(' ').skip(1).map(|who| if who == "nobody" { "" } else { who }) {
            let (answer, page) = (world.get(who, &format!("/api/v1/why?{query}")).await, world.get(who, &format!("/why?{query}")).await);
            assert_eq!(answer.status, page.status, "{query} as {who:?}");
            let seen = if answer.status == StatusCode::OK { answer.json()["count"].to_string() } else { answer.status.as_str().to_owned() };
            told.extend([" ", &seen]);
        }
        told.push('\n');
    }
    assert_eq!(told, BEHIND_ROWS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_the_one_that_was_known_at_the_moment_asked() {
    let (mut world, _) = World::taught().await;
    let before = world.handle.end() - 1;
    let corrected = json!({ "person": world.ids["person"], "name": "王晓明" });
    world.accepted("provincial_office", "correct-person-name", corrected).await;
    world.caught_up();
    let class = format!("/api/v1/classes/{}?names=1&purpose=class_administration", world.ids["class"]);
    let name = |path: String| {
        let world = &world;
        async move { world.get("trainer", &path).await.json()["roster"][0]["name"].clone() }
    };
    assert_eq!(name(class.clone()).await, json!("王晓明"));
    assert_eq!(name(format!("{class}&as_of=@{before}")).await, json!(PERSON_NAME));
    let page = world.get("trainer", &format!("/classes/{}?names=1&as_of=@{before}", world.ids["class"])).await.text();
    assert!(page.contains(PERSON_NAME) && !page.contains("王晓明"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_is_too_long_is_refused_and_is_no_reading() {
    let (world, _) = World::taught().await;
    let class = format!("/classes/{}", world.ids["class"]);
    let reads = || world.handle.read_log().reader().end();
    let before = reads();
    let query = |chars: usize| format!("names=1&purpose=audit&case={}", "1".repeat(chars));
    let page = world.get("auditor", &format!("{class}?{}", query(101))).await;
    assert!(page.status == StatusCode::BAD_REQUEST && !page.text().contains(PERSON_NAME), "{}", page.text());
    let answer = world.get("auditor", &format!("/api/v1{class}?{}", query(101))).await;
    assert_eq!((answer.code().as_str(), answer.json()["errors"][0]["parameter"].clone()), ("REQ-0004", json!("case")), "{}", answer.text());
    assert_eq!(reads(), before);
    assert!(world.get("auditor", &format!("{class}?{}", query(100))).await.text().contains(PERSON_NAME));
    assert_eq!(reads(), before + 1);
}
