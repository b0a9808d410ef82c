//! Readings of personal data: recorded before anything is shown, and nothing is shown when they cannot be.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{ID_NUMBER, PERSON_NAME, World};
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};

fn reads(world: &World) -> u64 {
    world.handle.read_log().reader().end()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_opens_names_answers_503_when_the_reading_cannot_be_recorded() {
    // A log of reads that loses its next append: from then on it takes no record until a restart.
    let backend = MemoryBackend::new(LogKey::new(LogId([7; 16]), [8; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = MemoryLog::open(&backend, writer).unwrap();
    let mut world = World::with(|options| options.read_log = Some(Box::new(log))).await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let number = world.certify(&person).await;
    assert_eq!(world.get("", &format!("/api/v1/certificates/{number}")).await.status, StatusCode::OK);
    Arc::clone(&backend).trouble([Trouble::UnknownLost]);
    let class = &world.ids["class"];
    for (who, path) in [
        ("", format!("/api/v1/certificates/{number}")),
        ("", format!("/verify/{number}")),
        ("trainer", format!("/api/v1/classes/{class}?names=1&purpose=class_administration")),
        ("trainer", format!("/classes/{class}?names=1")),
        ("auditor", "/log/tile/entries/000.p/1".to_owned()),
    ] {
        let answer = world.get(who, &path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(!answer.text().contains("王"), "{path} shows a name");
        if path.starts_with("/api") || path.starts_with("/log") {
            assert_eq!((answer.code().as_str(), answer.headers.contains_key("retry-after")), ("SYS-0003", true), "{path}");
        }
    }
    let check = world.request(Method::POST, &format!("/api/v1/certificates/{number}/check"));
    let answer = world.send(check.body(json!({ "name": PERSON_NAME, "last_six": "31002X" }).to_string())).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "SYS-0003"));
    // What opens nothing goes on.
    assert_eq!(world.get("", "/api/v1/quota").await.status, StatusCode::OK);
    assert_eq!(world.get("trainer", &format!("/api/v1/classes/{class}")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_shows_the_first_character_of_the_name_and_is_recorded() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let number = world.certify(&person).await;
    let before = reads(&world);
    let answer = world.get("", &format!("/api/v1/certificates/{}", number.to_lowercase())).await;
    let body = answer.json()["certificate"].clone();
    assert_eq!((body["status"].clone(), body["holder"].clone()), (json!("valid"), json!("王*")), "{body}");
    assert_eq!(reads(&world), before + 1);
    assert!(!answer.text().contains(PERSON_NAME) && !answer.text().contains(ID_NUMBER));
    let page = world.get("", &format!("/verify/{number}")).await.text();
    assert!(page.contains("王*") && !page.contains(PERSON_NAME), "{page}");
    let certificate = world.ids["certificate"].clone();
    let revoke = json!({ "certificate": certificate, "ground": "fraud", "document_number": "撤1" });
    let position = world.command("national_office", "revoke-training-certificate", revoke).await.json()["position"].clone();
    let body = world.get("", &format!("/api/v1/certificates/{number}?at_least={position}")).await.json()["certificate"].clone();
    assert_eq!((body["status"].clone(), body["revoked"]["ground"].clone()), (json!("revoked"), json!("fraud")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_yes_or_no_five_times_an_hour_and_every_try_is_recorded() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let number = world.certify(&person).await;
    let check = |name: &'static str, last_six: &'static str| {
        let ask = world.request(Method::POST, &format!("/api/v1/certificates/{number}/check"));
        world.send(ask.body(json!({ "name": name, "last_six": last_six }).to_string()))
    };
    let before = reads(&world);
    let both = |agrees: bool| json!({ "agrees": agrees });
    assert_eq!(check(PERSON_NAME, "31002x").await.json(), both(true));
    assert_eq!(check("王小红", "31002X").await.json(), both(false));
    assert_eq!(check(PERSON_NAME, "310021").await.json(), both(false));
    assert_eq!(check("", "").await.json(), both(false));
    assert_eq!(check(" 王小明 ", " 31002X ").await.json(), both(true));
    assert_eq!(reads(&world), before + 5);
    let sixth = check(PERSON_NAME, "31002X").await;
    assert_eq!((sixth.status.as_u16(), sixth.code().as_str()), (429, "RATE-0001"));
    assert_eq!(sixth.headers["retry-after"], "3600");
    assert_eq!(reads(&world), before + 5);
    world.clock.set(zhixin_events::Timestamp(world.now().0 + 3_600_000));
    assert_eq!(check(PERSON_NAME, "31002X").await.json(), both(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_of_many_certificates_from_one_address_are_counted_together() {
    let world = World::new().await;
    let check = |number: String| {
        let ask = world.request(Method::POST, &format!("/api/v1/certificates/{number}/check"));
        world.send(ask.body(json!({ "name": PERSON_NAME, "last_six": "31002X" }).to_string()))
    };
    for number in 0..30 {
        assert_eq!(check(format!("T{number}")).await.status, StatusCode::NOT_FOUND);
    }
    let next = check("T31".to_owned()).await;
    assert_eq!((next.status.as_u16(), &next.headers["retry-after"]), (429, &axum::http::HeaderValue::from_static("3600")));
    let form = world.request(Method::POST, "/verify/T31/check").header("content-type", "application/x-www-form-urlencoded");
    let page = world.send(form.body("name=a&last_six=000000")).await;
    assert_eq!((page.status.as_u16(), &page.headers["retry-after"]), (429, &axum::http::HeaderValue::from_static("3600")));
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_from_one_address_are_counted_and_the_page_says_for_how_long() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let number = world.certify(&person).await;
    let mut deps = zhixin_gateway::Deps::new(world.handle.clone(), world.projections.clone());
    deps.limits.look_ups_max = 3;
    world.router = zhixin_gateway::app(deps);
    let (program, page) = (format!("/api/v1/certificates/{number}"), format!("/verify/{number}"));
    for (path, status) in [(&program, 200), (&page, 200), (&"/verify/T1".to_owned(), 404), (&program, 429), (&page, 429)] {
        let answer = world.get("", path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        if status == 429 {
            assert_eq!(answer.headers["retry-after"], "600");
            assert!(answer.text().contains("10 分钟") && !answer.text().contains("王*"), "{}", answer.text());
        }
    }
    let form = world.request(Method::POST, &format!("/verify/{number}/check")).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.send(form.body("")).await.status.as_u16(), 429, "a form without a name shows no certificate either");
    world.clock.set(zhixin_events::Timestamp(world.now().0 + 600_000));
    assert_eq!(world.get("", &program).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_opens_names_for_its_own_purposes_and_an_investigator_for_a_case_only() {
    let mut world = World::new().await;
    world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.caught_up();
    let class = format!("/classes/{}", world.ids["class"]);
    let before = reads(&world);
    for (who, query, status) in [
        ("investigator", "purpose=class_administration&case=A1", 403),
        ("investigator", "purpose=own_data&case=A1", 403),
        ("investigator", "purpose=complaint", 400),
        ("investigator", "purpose=complaint&case=+", 400),
        ("investigator", "purpose=complaint&case=%E7%8E%8B%E5%B0%8F%E6%98%8E1", 400),
        ("investigator", "purpose=complaint&case=abc", 400),
        ("auditor", "purpose=class_administration", 403),
        ("trainer", "purpose=audit", 403),
    ] {
        let answer = world.get(who, &format!("/api/v1{class}?names=1&{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{who} {query}: {}", answer.text());
        let page = world.get(who, &format!("{class}?names=1&{query}")).await;
        assert_eq!(page.status.as_u16(), status, "{who} {query}");
    }
    assert_eq!(world.get("investigator", &format!("{class}?names=1")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(reads(&world), before);
    assert!(world.get("investigator", &class).await.text().contains("name=\"case\""), "a form asks for the case");
    assert!(!world.get("trainer", &class).await.text().contains("name=\"case\""));
    let document = "&case=%E3%80%942025%E3%80%953%E5%8F%B7";
    for (who, query) in [
        ("investigator", "&case=A1"),
        ("investigator", document),
        ("auditor", ""),
        ("trainer", ""),
        ("provincial_office", "&purpose=inspection"),
    ] {
        let page = world.get(who, &format!("{class}?names=1{query}")).await.text();
        assert!(page.contains(PERSON_NAME), "{who}: {page}");
    }
    assert_eq!(reads(&world), before + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_a_roster_need_the_scope_and_leave_a_record_of_who_and_why() {
    let mut world = World::new().await;
    world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.caught_up();
    let path = format!("/api/v1/classes/{}?names=1&purpose=inspection&case=JC-2025-7", world.ids["class"]);
    let before = reads(&world);
    assert_eq!(world.get("other_province", &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("operator", &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reads(&world), before);
    assert_eq!(world.get("provincial_office", &path).await.json()["roster"][0]["name"], json!(PERSON_NAME));
    assert_eq!(reads(&world), before + 1);
    let bare = world.get("provincial_office", &path.replace("names=1", "names=0")).await.json();
    assert_eq!(bare["roster"][0].get("name"), None::<&Value>);
    assert_eq!(reads(&world), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_who_opened_whose_data_and_why_beside_the_changes() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    world.certify(&person).await;
    let roster = format!("/api/v1/classes/{}?names=1", world.ids["class"]);
    world.get("trainer", &format!("{roster}&purpose=class_administration")).await;
    let inspection = world.get("provincial_office", &format!("{roster}&purpose=inspection&case=JC-2025-7")).await;
    assert_eq!(inspection.json()["roster"][0]["name"], json!(PERSON_NAME));

    let path = format!("/api/v1/subjects/person/{person}/reads");
    for (who, status) in [("", 401), ("provincial_office", 403), ("trainer", 403), ("auditor", 200)] {
        assert_eq!(world.get(who, &path).await.status.as_u16(), status, "{who:?}");
    }
    assert_eq!(world.get("auditor", &path.replace("person/", "class/")).await.status, StatusCode::NOT_FOUND);
    let newest = world.get("auditor", &format!("{path}?limit=1")).await.json();
    let read = &newest["reads"][0];
    assert_eq!(newest["reads"].as_array().map(Vec::len), Some(1), "{newest}");
    let told = json!({
        "position": read["position"], "recorded_at": read["recorded_at"], "reader": world.ids["provincial_office"],
        "role": "provincial_office", "purpose": "inspection", "case": "JC-2025-7", "fields": ["name"], "persons": 1,
    });
    assert_eq!(read, &told);
    let older = world.get("auditor", &format!("{path}?before={}", newest["next"])).await.json();
    assert_eq!(older["reads"][0]["reader"], json!(world.ids["trainer"]), "{older}");
    assert_eq!(world.get("auditor", &format!("{path}?as_of=@0")).await.json()["reads"], json!([]));
    let by_account = format!("/api/v1/subjects/account/{}/reads", world.ids["trainer"]);
    assert_eq!(world.get("auditor", &by_account).await.json()["reads"][0]["purpose"], json!("class_administration"));

    let page = format!("/subjects/person/{person}");
    let bare = world.get("auditor", &page).await.text();
    assert!(bare.contains("id=\"f-reads\"") && !bare.contains("JC-2025-7"), "{bare}");
    let shown = world.get("auditor", &format!("{page}?reads=1")).await.text();
    assert!(shown.contains("查阅姓名（用途：检查），案号 JC-2025-7"), "{shown}");
    assert!(shown.contains(&format!("/subjects/account/{}?reads=1", world.ids["provincial_office"])), "{shown}");
    let foreign = world.get("provincial_office", &format!("{page}?reads=1")).await.text();
    assert!(!foreign.contains("f-reads") && !foreign.contains("JC-2025-7"), "{foreign}");

    // Two by two, over both logs: every item once, and each log in its own order.
    let marks = |text: &str| {
        let ids = text.split("<div class=\"item").skip(1).filter_map(|rest| rest.split("id=\"").nth(1)?.split('"').next());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    let (mut walked, mut next) = (Vec::new(), Some(format!("{page}?reads=1&limit=2")));
    while let Some(path) = next {
        let text = world.get("auditor", &path).await.text();
        walked.extend(marks(&text));
        let links = text.split("<p><a href=\"").skip(1).filter_map(|rest| rest.split_once("\">"));
        let mut older = links.filter(|(_, label)| label.split('<').next().is_some_and(|label| label.ends_with('›')));
        next = older.next().map(|(href, _)| href.replace("&#38;", "&"));
        assert!(walked.len() < 100, "the pages do not end: {walked:?}");
    }
    let (of_reads, of_changes): (Vec<String>, Vec<String>) = walked.into_iter().partition(|mark| mark.starts_with('r'));
    let (all_reads, all_changes): (Vec<String>, Vec<String>) = marks(&shown).into_iter().partition(|mark| mark.starts_with('r'));
    assert_eq!((of_reads, of_changes), (all_reads, all_changes));
}
