//! Importing a roster, in the interface and in the browser: read on trial, reported row by row, confirmed, written, returned.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{Answer, World, id_number};

const BOUNDARY: &str = "b0undary";
/// How long an import may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// Three good rows, one with a wrong check character, one that repeats the first, one without a name.
fn roster() -> String {
    let wrong = format!("{}{}", &id_number(4)[..17], if id_number(4).ends_with('1') { '2' } else { '1' });
    let rows = [
        format!("张一,{},13800000001", id_number(1)),
        format!("张二,{},", id_number(2)),
        format!("张三,{},", id_number(3)),
        format!("张四,{wrong},"),
        format!("张一,{},", id_number(1)),
        format!(",{},", id_number(5)),
    ];
    format!("姓名,证件号码,手机号码\n{}\n", rows.join("\n"))
}

fn form_on(csv: &str, csrf: &str, day: &str) -> String {
    form(csv, csrf).replacen(
        &format!("--{BOUNDARY}\r\n"),
        &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"effective_on\"\r\n\r\n{day}\r\n--{BOUNDARY}\r\n"),
        1,
    )
}

fn form(csv: &str, csrf: &str) -> String {
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--{BOUNDARY}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"名单.csv\"\r\nContent-Type: text/csv\r\n\r\n{csv}\r\n--{BOUNDARY}--\r\n"
    )
}

async fn upload(world: &World, query: &str, csv: &str) -> Answer {
    let ask = world.request(Method::POST, &format!("/api/v1/classes/{}/roster{query}", world.ids["class"])).by(world, "trainer");
    world.send(ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(form(csv, ""))).await
}

async fn upload_file(world: &World, workbook: &[u8]) -> Answer {
    let ask = world.request(Method::POST, &format!("/api/v1/classes/{}/roster", world.ids["class"])).by(world, "trainer");
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"back.xlsx\"\r\n\r\n");
    let body = [head.as_bytes(), workbook, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
    world.send(ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(body)).await
}

/// Asks for the job until every row has its answer; each look wakes the job or waits for the log.
async fn finished(world: &World, id: &str) -> Value {
    let looks = async {
        loop {
            let job = world.get("trainer", &format!("/api/v1/jobs/{id}")).await.json();
            if job["state"] != json!("running") {
                return job;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looks).await.expect("the import never ends")
}

async fn seated(world: &World) -> usize {
    world.caught_up();
    let class = world.get("trainer", &format!("/api/v1/classes/{}?limit=200", world.ids["class"])).await.json();
    class["roster"].as_array().unwrap().iter().filter(|row| row["seated"] == json!(true)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_reported_then_confirmed_then_written_row_by_row() {
    let world = World::new().await;
    let end = world.handle.end();
    let answer = upload(&world, "?dry_run=true", &roster()).await;
    let report = answer.json();
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{report}");
    assert_eq!((report["state"].clone(), report["rows"].clone(), report["accepted"].clone()), (json!("waiting"), json!(6), json!(3)));
    let codes: Vec<_> =
        report["rejected"].as_array().unwrap().iter().map(|row| (row["row"].clone(), row["errors"][0]["code"].clone())).collect();
    assert_eq!(
        codes,
        [(json!(5), json!("ROSTER-ID-CHECKSUM")), (json!(6), json!("ROSTER-DUPLICATE-IN-FILE")), (json!(7), json!("ROSTER-NAME-EMPTY")),]
    );
    assert!(!answer.text().contains("张") && !answer.text().contains(&id_number(1)), "the report shows what cells hold");
    assert_eq!(world.handle.end(), end, "a trial wrote something");

    let id = report["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.headers["location"].to_str().unwrap(), format!("/api/v1/jobs/{id}"));
    assert_eq!(world.get("auditor", &format!("/api/v1/jobs/{id}")).await.status, StatusCode::NOT_FOUND);
    let reads = world.handle.read_log().reader().end();
    let returned = world.get("trainer", &format!("/api/v1/jobs/{id}/returned")).await;
    assert!(returned.bytes.starts_with(b"PK") && world.handle.read_log().reader().end() == reads + 1);

    let confirm = world.request(Method::POST, &format!("/api/v1/jobs/{id}/confirm")).by(&world, "trainer");
    let body = json!({ "overrides": { "5": "证件原件如此" } }).to_string();
    assert_eq!(world.send(confirm.body(body)).await.status, StatusCode::ACCEPTED);
    let done = finished(&world, &id).await;
    assert_eq!((done["state"].clone(), done["written"].clone()), (json!("done"), json!(4)), "{done}");
    assert_eq!(done["rows"], json!(6), "what was read stays known when the rows are forgotten");
    assert_eq!(seated(&world).await, 4);
    let job = done["job"].as_str().unwrap();
    let story = world.get("trainer", &format!("/api/v1/subjects/job/{job}/timeline")).await.json();
    assert_eq!(story["events"][0]["open"], json!({ "accepted": 4, "class": world.ids["class"], "job": job, "refused": 2 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_file_writes_only_what_is_missing() {
    let world = World::new().await;
    let first = upload(&world, "?dry_run=false", &roster()).await.json();
    assert_eq!(finished(&world, first["id"].as_str().unwrap()).await["written"], json!(3));
    let again = upload(&world, "?dry_run=false", &roster()).await.json();
    let done = finished(&world, again["id"].as_str().unwrap()).await;
    assert_eq!((done["written"].clone(), done["refused"].as_array().unwrap().len()), (json!(0), 3), "{done}");
    assert_eq!(done["refused"][0]["code"], json!("CLASS-0004"));
    assert_eq!(seated(&world).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_interrupted_goes_on_when_the_gateway_starts_again() {
    // The rows wait confirmed, as after a kill between confirmation and the first row; a second gateway on the same engine finds them.
    let world = World::new().await;
    let report = upload(&world, "?dry_run=true", &roster()).await.json();
    let id = report["id"].as_str().unwrap();
    let kept = world.handle.unstash(&format!("roster-{id}")).unwrap().unwrap();
    let running = String::from_utf8(kept.to_vec()).unwrap().replace("\"Waiting\"", "\"Running\"");
    world.handle.stash(&format!("roster-{id}"), running.as_bytes()).unwrap();
    let _second = zhixin_gateway::app(zhixin_gateway::Deps::new(world.handle.clone(), world.projections.clone()));
    let done = async {
        let kept = || String::from_utf8(world.handle.unstash(&format!("roster-{id}")).unwrap().unwrap().to_vec()).unwrap();
        while !kept().contains("\"Done\"") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("the import did not go on");
    assert_eq!(seated(&world).await, 3);
    let kept = String::from_utf8(world.handle.unstash(&format!("roster-{id}")).unwrap().unwrap().to_vec()).unwrap();
    assert!(!kept.contains("张一"), "rows that were written are kept no longer");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_nobody_confirmed_are_dropped_after_a_day() {
    let mut world = World::new().await;
    let report = upload(&world, "", &roster()).await.json();
    let id = report["id"].as_str().unwrap().to_owned();
    world.clock.set(zhixin_events::Timestamp(world.now().0 + 25 * 3_600_000));
    world.renew_tokens().await;
    assert_eq!(world.get("trainer", &format!("/api/v1/jobs/{id}")).await.status, StatusCode::NOT_FOUND);
    upload(&world, "", &roster()).await;
    assert!(world.handle.unstash(&format!("roster-{id}")).unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_filled_from_a_file_in_the_browser() {
    let world = World::new().await;
    let class = format!("/classes/{}", world.ids["class"]);
    let page = world.get("trainer", &class).await.text();
    assert!(page.contains(&format!("action=\"{class}/import\"")) && page.contains("enctype=\"multipart/form-data\""), "{page}");
    let current = world.get("trainer", "/api/v1/sessions/current").await.json();
    let csrf = current["csrf"].as_str().unwrap();
    let post = |csrf: &str| {
        let ask = world.request(Method::POST, &format!("{class}/import")).by(&world, "trainer");
        ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(form(&roster(), csrf))
    };
    assert_eq!(world.send(post("wrong")).await.status, StatusCode::FORBIDDEN);
    let sent = world.send(post(csrf)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let report = sent.headers["location"].to_str().unwrap().to_owned();
    let page = world.get("trainer", &report).await.text();
    assert!(page.contains("张一") && page.contains("ROSTER-ID-CHECKSUM") && page.contains("override-5"), "{page}");
    let confirm = world.request(Method::POST, &format!("{report}/confirm")).by(&world, "trainer");
    let body = format!("csrf={csrf}&override-5=");
    let confirmed = world.send(confirm.header("content-type", "application/x-www-form-urlencoded").body(body)).await;
    assert_eq!((confirmed.status, confirmed.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, report.as_str()));
    finished(&world, report.strip_prefix("/imports/").unwrap()).await;
    let result = world.get("trainer", &report).await.text();
    assert!(result.contains("导入完成：写入 3 行，未写入 3 行") && !result.contains("name=\"override-5\""), "{result}");
    assert_eq!(seated(&world).await, 3);
    let page = world.get("trainer", &format!("{class}?names=1")).await.text();
    assert!(page.contains("张一") && page.contains("写入 3 行，未写入 3 行"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_promises_what_the_import_keeps() {
    let mut world = World::new().await;
    // A class of two seats: one is taken by somebody of the roster, so one of the two others finds no seat.
    let plan = json!({
        "title": "小班", "trainer": world.ids["listed_trainer"], "division": "320100", "occupation": world.ids["occupation"],
        "grade": "junior", "mode": "in_person", "starts_on": world::today().to_string(), "ends_on": world::today().plus_days(10).to_string(),
        "seats": 2, "modules": [{ "code": "A", "name": "基础", "hours_tenths": 80 }],
    });
    let class = world.accepted("trainer", "plan-run", plan).await["class"].as_str().unwrap().to_owned();
    let csv = format!("姓名,证件号码\n张一,{}\n张二,{}\n张三,{}\n", id_number(1), id_number(2), id_number(3));
    world.ids.insert("class", class.clone());
    world.caught_up();
    let closed = upload(&world, "?dry_run=true", &csv).await;
    assert_eq!((closed.status, closed.code()), (StatusCode::CONFLICT, "CLASS-0003".to_owned()), "{}", closed.text());
    world.accepted("trainer", "open-run", json!({ "class": class })).await;
    world.enrol("张一", &id_number(1)).await;
    world.caught_up();
    let end = world.handle.end();
    let report = upload(&world, "?dry_run=true", &csv).await.json();
    let told = |report: &Value| {
        let rows = report["refused"].as_array().unwrap().iter();
        rows.map(|row| (row["row"].as_u64().unwrap(), row["code"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let expected = vec![(2, "CLASS-0004".to_owned()), (4, "CLASS-0005".to_owned())];
    assert_eq!((report["accepted"].clone(), told(&report)), (json!(1), expected.clone()), "{report}");
    let full = report["refused"][1]["message"]["zh"].as_str().unwrap();
    assert!(full.contains("班次名额已满（2，") && !full.contains("未作任何改动"), "{full}");
    assert_eq!(world.handle.end(), end, "a rehearsal recorded something");
    let done = upload(&world, "?dry_run=false", &csv).await.json();
    let done = finished(&world, done["id"].as_str().unwrap()).await;
    assert_eq!((done["written"].clone(), told(&done)), (json!(1), expected), "{done}");
    // The workbook that goes back holds the rows that were not written, and no other.
    let back = world.get("trainer", &format!("/api/v1/jobs/{}/returned", done["id"].as_str().unwrap())).await.bytes;
    let again = upload_file(&world, &back).await.json();
    assert_eq!(told(&again), [(2, "CLASS-0004".to_owned()), (3, "CLASS-0005".to_owned())], "{again}");
}

/// A number whose digits a spreadsheet lost goes back empty: with zeros in their place it could be taken for one that a reason excuses.
#[tokio::test(flavor = "multi_thread")]
async fn digits_that_were_lost_do_not_come_back_as_if_they_were_known() {
    let world = World::new().await;
    let report = upload(&world, "?dry_run=true", "姓名,证件号码\n张一,3.20199198001011E+17\n").await.json();
    assert_eq!(report["rejected"][0]["errors"][0]["code"], json!("ROSTER-ID-DIGITS-LOST"), "{report}");
    let back = world.get("trainer", &format!("/api/v1/jobs/{}/returned", report["id"].as_str().unwrap())).await.bytes;
    let again = upload_file(&world, &back).await.json();
    let row = &again["rejected"][0];
    assert_eq!((&row["errors"][0]["code"], &row["may_override"]), (&json!("ROSTER-ID-EMPTY"), &json!(false)), "{again}");
}

/// People with employers: a registered one, one only named, one with its code, a code of wrong length, and wrong check characters with a
/// reason and without.
fn employed() -> String {
    let row = |n: u32, rest: &str| format!("张{},{},{rest}", ["一", "二", "三", "四", "五", "六"][n as usize - 1], id_number(n));
    let rows = [
        row(1, "写法不同的名称,91350100M000100Y43,,"),
        row(2, "某研究所,,,中级"),
        row(3, "某公司,11370100004188784H,,高级"),
        row(4, "某厂,9135010,说明也没有用,"),
        row(5, "甲厂,91350100M000100Y42,登记证如此,"),
        row(6, "乙厂,91350100M000100Y42,,"),
    ];
    format!("姓名,证件号码,工作单位,统一社会信用代码,校验说明,职称级别\n{}\n", rows.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employer_is_recorded_with_its_code_and_a_wrong_code_only_with_a_reason() {
    let world = World::new().await;
    let csv = employed();
    let end = world.handle.end();
    let report = upload(&world, "?dry_run=true", &csv).await.json();
    let rejected = |report: &Value| {
        let rows = report["rejected"].as_array().unwrap().iter();
        rows.map(|row| (row["errors"][0]["code"].as_str().unwrap().to_owned(), row["may_override"].as_bool().unwrap())).collect::<Vec<_>>()
    };
    let wrong = [("ROSTER-USCC-LENGTH".to_owned(), false), ("ROSTER-USCC-CHECKSUM".to_owned(), true)];
    assert_eq!((report["accepted"].clone(), rejected(&report)), (json!(4), wrong.to_vec()), "{report}");
    assert_eq!(world.handle.end(), end, "a trial wrote something");
    let id = report["id"].as_str().unwrap();
    // The rows that go back in a workbook are refused again for the same.
    let back = world.get("trainer", &format!("/api/v1/jobs/{id}/returned")).await.bytes;
    assert_eq!(rejected(&upload_file(&world, &back).await.json()), wrong);
    let page = world.get("trainer", &format!("/imports/{id}")).await.text();
    assert!(page.contains("override-7") && !page.contains("override-5"), "{page}");
    let csrf = world.get("trainer", "/api/v1/sessions/current").await.json()["csrf"].as_str().unwrap().to_owned();
    let confirm = world.request(Method::POST, &format!("/imports/{id}/confirm")).by(&world, "trainer");
    let confirm = confirm.header("content-type", "application/x-www-form-urlencoded");
    world.send(confirm.body(format!("csrf={csrf}&override-7=%E5%8E%9F%E4%BB%B6%E5%A6%82%E6%AD%A4"))).await;
    assert_eq!(finished(&world, id).await["written"], json!(5));
    world.caught_up();
    let class = format!("/api/v1/classes/{}", world.ids["class"]);
    let roster = world.get("trainer", &format!("{class}?limit=200&names=1&purpose=class_administration")).await.json();
    let of = |name: &str| roster["roster"].as_array().unwrap().iter().find(|row| row["name"] == json!(name)).unwrap().clone();
    let told = |name: &str| {
        let row = of(name);
        (row["employer"].clone(), row["employer_stated"].clone(), row["title_level"].clone(), row["employer_override_reason"].clone())
    };
    let stated = |name: &str, uscc: Value, over: bool| json!({ "name": name, "uscc": uscc, "uscc_override": over });
    let (right, code) = (json!("11370100004188784H"), json!("91350100M000100Y42"));
    assert_eq!(told("张一"), (json!(world.ids["organisation"]), json!(null), json!(null), json!(null)));
    assert_eq!(told("张二"), (json!(null), stated("某研究所", json!(null), false), json!("中级"), json!(null)));
    assert_eq!(told("张三"), (json!(null), stated("某公司", right, false), json!("高级"), json!(null)));
    assert_eq!(told("张五"), (json!(null), stated("甲厂", code.clone(), true), json!(null), json!("登记证如此")));
    assert_eq!(told("张六"), (json!(null), stated("乙厂", code, true), json!(null), json!("原件如此")));
    let page = world.get("trainer", &format!("/classes/{}?names=1", world.ids["class"])).await.text();
    assert!(page.contains("甲厂 · 91350100M000100Y42 · 代码校验不符，已说明理由 · 登记证如此"), "{page}");
    let closed = world.get("trainer", &class).await.text();
    assert!(closed.contains("甲厂") && !closed.contains("登记证如此"), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_which_no_seat_can_be_taken_is_refused_before_any_report() {
    let world = World::new().await;
    for (day, code) in [(world::today().plus_days(1), "TIME-0001"), (world::today().plus_days(-1), "TIME-0004")] {
        let ask = world.request(Method::POST, &format!("/api/v1/classes/{}/roster", world.ids["class"])).by(&world, "trainer");
        let ask = ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"));
        let answer = world.send(ask.body(form_on(&roster(), "", &day.to_string()))).await;
        assert_eq!((answer.status.is_client_error(), answer.code().as_str()), (true, code), "{}", answer.text());
    }
}
