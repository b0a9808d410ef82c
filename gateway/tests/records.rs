//! What pages and tables tell of records: at the moment asked, with the same filters as the page, and what changed by its name.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::StatusCode;
use serde_json::{Value, json};
use world::{ID_NUMBER, PERSON_NAME, World, id_number, today};
use zhixin_gateway::{Deps, Limits, app};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_corrected_later_is_marked_on_every_page_of_its_history() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let class = world.ids["class"].clone();
    let session =
        json!({ "class": class, "session": 1, "held_on": today().to_string(), "module": "A", "hours_tenths": 80, "mode": "in_person" });
    world.accepted("trainer", "hold-session", session).await;
    let absent = json!({ "class": class, "session": 1, "person": person, "attendance": "absent" });
    world.accepted("trainer", "record-attendance", absent).await;
    let present = json!({ "class": class, "session": 1, "person": person, "attendance": "present", "reason": "登记有误" });
    let corrected = world.command("trainer", "correct-attendance", present).await.json()["position"].as_u64().unwrap();
    world.caught_up();
    let page = |query: String| {
        let (world, path) = (&world, format!("/subjects/class/{class}{query}"));
        async move { world.get("trainer", &path).await.text() }
    };
    let link = format!("href=\"/events/{corrected}\"");
    let older = page(format!("?before={corrected}")).await;
    assert!(older.contains("已作废") && older.contains(&link), "{older}");
    assert!(page(String::new()).await.contains("已作废"));
    let then = page(format!("?as_of=@{}", corrected - 1)).await;
    assert!(!then.contains("已作废"), "what was not known then is not told: {then}");
}

/// A run of eight and a half hours over two days, with one certificate; gives its number.
async fn half_hours(world: &mut World) -> String {
    let day = |days: i32| json!(today().plus_days(days).to_string());
    let plan = json!({
        "title": "半学时班", "trainer": world.ids["listed_trainer"], "division": "320100", "occupation": world.ids["occupation"],
        "grade": "junior", "mode": "in_person", "starts_on": day(0), "ends_on": day(1), "seats": 1,
        "modules": [{ "code": "A", "name": "基础", "hours_tenths": 85 }],
    });
    let class = world.accepted("trainer", "plan-run", plan).await["class"].as_str().unwrap().to_owned();
    world.accepted("trainer", "open-run", json!({ "class": class })).await;
    world.ids.insert("class", class.clone());
    let person = world.enrol(PERSON_NAME, &id_number(1)).await;
    for (session, hours) in [(1, 80), (2, 5)] {
        world.clock.set(today().plus_days(session - 1).at_minute(9 * 60));
        world.renew_tokens().await;
        let held = json!({ "class": class, "session": session, "held_on": day(session - 1), "module": "A", "hours_tenths": hours, "mode": "in_person" });
        world.accepted("trainer", "hold-session", held).await;
        world
            .accepted(
                "trainer",
                "record-attendance",
                json!({ "class": class, "session": session, "person": person, "attendance": "present" }),
            )
            .await;
    }
    world.accepted("trainer", "record-completion-test", json!({ "class": class, "person": person, "points": 80 })).await;
    world.accepted("trainer", "close-run", json!({ "class": class, "closed_on": day(1) })).await;
    let issued = world.accepted("trainer", "issue-training-certificate", json!({ "class": class, "person": person })).await;
    world.ids.insert("certificate", issued["certificate"].as_str().unwrap().to_owned());
    world.caught_up();
    issued["number"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_as_it_stood_with_its_hours_in_full() {
    let mut world = World::new().await;
    let number = half_hours(&mut world).await;
    let issued = world.handle.end() - 1;
    let revoke = json!({ "certificate": world.ids["certificate"], "ground": "fraud", "document_number": "撤1" });
    world.accepted("national_office", "revoke-training-certificate", revoke).await;
    world.caught_up();
    let page = |query: String| {
        let (world, path) = (&world, format!("/verify/{number}{query}"));
        async move { world.get("", &path).await }
    };
    let now = page(String::new()).await.text();
    assert!(now.contains("band-bad") && now.contains("<dd>8.5</dd>"), "{now}");
    let then = page(format!("?as_of=@{issued}")).await.text();
    assert!(then.contains("band-good") && then.contains("历史视图"), "{then}");
    let before = page(format!("?as_of=@{}", issued - 1)).await;
    assert!(before.status == StatusCode::NOT_FOUND && before.text().contains("历史视图"), "{}", before.text());
    assert_eq!(page("?as_of=2999-01-01".to_owned()).await.status, StatusCode::BAD_REQUEST);
}

/// The address of the table that a page offers.
fn csv_of(page: &str, path: &str) -> String {
    let rest = page.split(&format!("href=\"{path}")).nth(1).unwrap_or_else(|| panic!("no {path} in {page}"));
    format!("{path}{}", rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_holds_what_its_page_shows_and_says_of_which_moment() {
    let mut world = World::new().await;
    let first = world.handle.end() - 1;
    let listing = json!({
        "organisation": world.ids["other_organisation"], "directory_number": 2, "occupations": [world.ids["occupation"]],
        "listed_from": today().to_string(), "document_number": "公告2", "national_base": false,
    });
    world.accepted("national_office", "list-trainer", listing).await;
    world.caught_up();
    let table = |page: String, path: &'static str| {
        let world = &world;
        async move {
            let csv = csv_of(&world.get("", &page).await.text(), path);
            let answer = world.get("", &csv).await;
            assert_eq!(answer.status, StatusCode::OK, "{csv}: {}", answer.text());
            (csv, answer.text())
        }
    };
    let path = "/api/v1/directories/trainers.csv";
    for (query, wanted) in [
        (String::new(), [true, true]),
        ("?q=51".to_owned(), [false, true]),
        ("?q=91350100M000100Y43".to_owned(), [true, false]),
        (format!("?edition={first}"), [true, false]),
        (format!("?edition={first}&as_of=@{}&q=51", first - 1), [false, false]),
    ] {
        let (csv, text) = table(format!("/directories/trainers{query}"), path).await;
        assert_eq!([text.contains("某大学 32"), text.contains("某大学 51")], wanted, "{query} leads to {csv}: {text}");
    }
    let (_, text) = table(format!("/directories/trainers?edition={first}"), path).await;
    assert!(text.lines().nth(1).unwrap().contains(&format!(",{first},")), "{text}");
    let (csv, text) = table(format!("/?year=2025&unit=trainings&region_of=place&as_of=@{first}"), "/api/v1/quota.csv").await;
    assert!(csv.contains("region_of=place"), "{csv}");
    let (head, rows) = text.split_once('\n').unwrap();
    assert!(head.ends_with("计数单位,数据截至,事件号,发生日期截至"), "{head}");
    assert!(rows.lines().all(|row| row.contains(",人次,") && row.contains(&format!(",{first},"))), "{rows}");
    let quota: Value = world.get("", "/api/v1/quota?year=2025&unit=trainings").await.json();
    assert_eq!(quota["unit"], json!("trainings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_classes_is_whole_or_refused() {
    let mut world = World::new().await;
    let rows = world.get("national_office", "/api/v1/classes.csv").await.text();
    assert!(rows.contains("人工智能初级班") && rows.lines().count() == 2, "{rows}");
    half_hours(&mut world).await;
    let limits = Limits { table_rows_max: 1, ..Limits::default() };
    world.router = app(Deps { limits, ..Deps::new(world.handle.clone(), world.projections.clone()) });
    let cut = world.get("national_office", "/api/v1/classes.csv").await;
    assert_eq!((cut.status, cut.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "REQ-0003"), "{}", cut.text());
    let narrowed = world.get("national_office", "/api/v1/classes.csv?status=closed").await;
    assert!(narrowed.status == StatusCode::OK && narrowed.text().contains("半学时班"), "{}", narrowed.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_in_the_directory_is_called_by_its_name() {
    let mut world = World::new().await;
    let national = "national_office";
    let since = world.handle.end() - 1;
    let other = json!({ "name_zh": "大数据工程技术人员", "name_en": "Big data engineer", "code": "2-02-10-11", "code_edition": 2022 });
    let other = world.accepted(national, "add-occupation", other).await["occupation"].clone();
    let trainer = world.ids["listed_trainer"].clone();
    let swapped = json!({ "trainer": trainer, "occupations": [other], "document_number": "公告3" });
    world.accepted(national, "change-trainer-occupations", swapped).await;
    world.caught_up();
    let path = format!("/directories/trainers?since={since}");
    let page = world.get("", &path).await.text();
    assert!(page.contains("新增职业 大数据工程技术人员；不再培训 人工智能工程技术人员"), "{page}");
    assert!(page.contains("文号 公告1 → 公告3"), "{page}");
    let swapped_at = world.handle.end() - 1;
    world.accepted(national, "renew-trainer", json!({ "trainer": trainer, "document_number": "公告4" })).await;
    world.caught_up();
    let page = world.get("", &format!("/directories/trainers?since={swapped_at}")).await.text();
    assert!(page.contains("有效期至 2028-06-01 → ") && !page.contains("新增职业"), "{page}");
}
