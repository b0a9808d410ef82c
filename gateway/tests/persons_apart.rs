//! What one trainer learns of a person whom another trainer has taught: nothing without the name, and then only what concerns its own class.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{Answer, ID_NUMBER, PERSON_NAME, World};

const BOUNDARY: &str = "b0undary";

fn described(class: &str, name: &str) -> Value {
    json!({ "class": class, "person": { "document_kind": "identity_card", "document_number": ID_NUMBER, "name": name } })
}

async fn trial(world: &World, class: &str, rows: &str) -> Answer {
    let ask = world.request(Method::POST, &format!("/api/v1/classes/{class}/roster?dry_run=true")).by(world, "other_trainer");
    let form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
         姓名,证件号码\n{rows}\r\n--{BOUNDARY}--\r\n"
    );
    world.send(ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(form)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_another_name_seats_nobody_and_tells_nothing() {
    let mut world = World::new().await;
    let class = world.second_trainer().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    // At once, before the index knows the person, and after.
    for _ in 0..2 {
        let refused = world.command("other_trainer", "register-trainee", described(&class, "张伟")).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "PERSON-0006".to_owned()), "{}", refused.text());
        assert!(!refused.text().contains(PERSON_NAME) && !refused.text().contains(&person), "{}", refused.text());
        world.caught_up();
    }
    let report = trial(&world, &class, &format!("张伟,{ID_NUMBER}")).await;
    assert_eq!(report.json()["rejected"][0]["errors"][0]["code"], json!("ROSTER-NAME-DIFFERS"), "{}", report.text());
    assert!(!report.text().contains(PERSON_NAME) && !report.text().contains(&person), "{}", report.text());
    let report = trial(&world, &class, &format!("王 小 明,{ID_NUMBER}")).await.json();
    assert_eq!((&report["accepted"], &report["rejected"]), (&json!(1), &json!([])));
    let unborn = trial(&world, &class, "张伟,110105209912310029").await.json();
    assert_eq!(unborn["rejected"][0]["errors"][0]["code"], json!("ROSTER-ID-BORN-LATER"), "{unborn}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_states_wrong_names_again_and_again_waits() {
    let mut world = World::new().await;
    let class = world.second_trainer().await;
    world.enrol(PERSON_NAME, ID_NUMBER).await;
    let mut codes = Vec::new();
    for _ in 0..21 {
        codes.push(world.command("other_trainer", "register-trainee", described(&class, "张伟")).await.code());
    }
    assert_eq!((codes.iter().filter(|code| *code == "PERSON-0006").count(), codes[20].as_str()), (20, "RATE-0001"));
    let report = trial(&world, &class, &format!("{PERSON_NAME},{ID_NUMBER}")).await;
    assert_eq!(report.code(), "RATE-0001", "not even the right name is told apart: {}", report.text());
    let waits = world.command("other_trainer", "register-trainee", described(&class, PERSON_NAME)).await;
    assert_eq!(waits.code(), "RATE-0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_name_is_the_one_that_finds_the_person_from_then_on() {
    let mut world = World::new().await;
    let class = world.second_trainer().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.accepted("provincial_office", "correct-person-name", json!({ "person": person, "name": "王晓明" })).await;
    let old = world.command("other_trainer", "register-trainee", described(&class, PERSON_NAME)).await;
    assert_eq!(old.code(), "PERSON-0006");
    let found = world.accepted("other_trainer", "register-trainee", described(&class, "王晓明")).await;
    assert_eq!(found["person"], json!(person));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_person_a_trainer_sees_only_what_concerns_its_own_classes() {
    let mut world = World::new().await;
    let class = world.second_trainer().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.certify(&person).await;
    // The completion test; then the class was closed and the certificate issued, which is public.
    let elsewhere = world.handle.end() - 3;
    world.accepted("other_trainer", "register-trainee", described(&class, PERSON_NAME)).await;
    world.accepted("other_trainer", "withdraw-trainee", json!({ "class": class, "person": person, "ground": "asked" })).await;
    world.caught_up();
    let path = format!("/api/v1/subjects/person/{person}/timeline");
    for (who, events) in [("other_trainer", 2), ("other_province", 2), ("national_office", 7)] {
        let told = world.get(who, &path).await.json();
        let events_told = told["events"].as_array().unwrap();
        assert_eq!(events_told.len(), events, "{who}: {told}");
        let foreign = told.to_string().contains(&world.ids["class"]) || told.to_string().contains(&world.ids["certificate"]);
        assert_eq!(foreign, who == "national_office", "{who}: {told}");
    }
    let page = world.get("other_trainer", &format!("/subjects/person/{person}")).await.text();
    assert!(!page.contains(&format!("/events/{elsewhere}")), "{page}");
    assert_eq!(world.get("other_trainer", &format!("/api/v1/events/{elsewhere}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("trainer", &format!("/api/v1/events/{elsewhere}")).await.status, StatusCode::OK);
}
