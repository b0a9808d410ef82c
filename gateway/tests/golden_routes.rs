//! Every route × role, walked for real: who is let in, who is refused, for whom a thing does not exist. The list is golden; a route that is
//! not in it fails the test. `ZHIXIN_BLESS=1` writes it anew.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

#[path = "support/schema.rs"]
mod schema;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use world::{Answer, ID_NUMBER, PASSWORD, PERSON_NAME, World, id_number, today};
use zhixin_gateway::{RouteInfo, route_list};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden_routes.txt");
/// Nobody, then one account a role; `other_province` is an office of another province than everything lies in.
const WHO: [&str; 8] = ["", "operator", "national_office", "provincial_office", "other_province", "trainer", "auditor", "investigator"];
const BOUNDARY: &str = "zhixin-boundary";

/// A body for each command that gets as far as the question who may.
fn command_body(world: &World, name: &str) -> Value {
    let id = |name: &str| json!(world.ids[name]);
    let (class, person, trainer, occupation) = (id("class"), id("person"), id("listed_trainer"), id("occupation"));
    let day = |days: i32| json!(today().plus_days(days).to_string());
    let doc = json!("文号1");
    match name {
        "set-target" | "adjust-target" => json!({ "year": 2025, "line": "digital", "unit": "32", "people": 900, "document_number": doc }),
        "plan-run" => json!({
            "title": "又一班", "trainer": trainer, "division": "320100", "occupation": occupation, "grade": "junior", "mode": "online",
            "starts_on": day(0), "ends_on": day(1), "seats": 1, "modules": [{ "code": "A", "name": "基础", "hours_tenths": 80 }],
        }),
        "open-run" => json!({ "class": class }),
        "register-trainee" | "post-hours" | "issue-training-certificate" => {
            json!({ "class": class, "person": person })
        }
        "hold-session" => json!({ "class": class, "session": 2, "held_on": day(0), "module": "A", "hours_tenths": 80, "mode": "online" }),
        "correct-session" => json!({
            "class": class, "session": 1, "held_on": day(0), "module": "A", "hours_tenths": 70, "mode": "online", "ground": "mistyped",
        }),
        "annul-session" => json!({ "class": class, "session": 1, "ground": "never_happened" }),
        "record-attendance" => json!({ "class": class, "session": 1, "person": person, "attendance": "absent" }),
        "correct-attendance" => json!({ "class": class, "session": 1, "person": person, "attendance": "present", "reason": "登记有误" }),
        "record-completion-test" => json!({ "class": class, "person": person, "points": 70 }),
        "correct-completion-test" => json!({ "class": class, "person": person, "points": 70, "reason": "登记有误" }),
        "withdraw-trainee" => json!({ "class": class, "person": person, "ground": "asked" }),
        "reverse-hours" => json!({ "class": class, "person": person, "ground": "facts_corrected" }),
        "correct-registration" => json!({ "class": class, "person": person, "registered_on": day(0), "ground": "mistyped" }),
        "void-completion-test" => json!({ "class": class, "person": person, "ground": "misattributed" }),
        "reopen-run" => json!({ "class": class, "ground": "mistyped", "note": "日期有误" }),
        "close-run" => json!({ "class": class, "closed_on": day(10) }),
        "cancel-run" => json!({ "class": class, "reason": "人数不足" }),
        "start-roster-import" => json!({ "class": class, "rows": 1, "file_digest": "A".repeat(43) }),
        "finish-roster-import" => json!({ "job": id("job"), "accepted": 1, "refused": 0 }),
        "correct-person-name" => json!({ "person": person, "name": "王晓明" }),
        "erase-person" => json!({ "person": id("other_person"), "ground": "person_request" }),
        "add-occupation" => json!({ "name_zh": "新职业", "name_en": "New", "code": "2-02-10-10", "code_edition": 2022 }),
        "assign-occupation-code" => {
            json!({ "occupation": occupation, "code": "2-02-38-01", "code_edition": 2023, "mark": "official", "source": "人社厅发〔2022〕1号" })
        }
        "set-occupation-directions" => json!({ "occupation": occupation, "grade": "senior", "directions": [], "source": "标准" }),
        "list-trainer" => json!({
            "organisation": id("other_organisation"), "directory_number": 2, "occupations": [occupation], "listed_from": day(0),
            "document_number": doc, "national_base": true,
        }),
        "suspend-trainer" | "remove-trainer" => json!({ "trainer": trainer, "ground": "own_request", "document_number": doc }),
        "reinstate-trainer" | "renew-trainer" => json!({ "trainer": trainer, "document_number": doc }),
        "change-trainer-occupations" => json!({ "trainer": trainer, "occupations": [occupation], "document_number": doc }),
        "revoke-training-certificate" => json!({ "certificate": id("certificate"), "ground": "fraud", "document_number": doc }),
        "publish-rule-pack" => json!({
            "name": "golden", "title": "一", "digest": format!("AQ{}", "A".repeat(41)),
            "figures": [{ "key": "a", "value": "1", "unit": "text", "effective_from": "2021-01-01", "source": "一", "mark": "test_data" }],
        }),
        "publish-holiday-calendar" => json!({ "year": 2025, "days_off": ["2025-10-01"], "work_days": [], "source": "通知" }),
        "register-organisation" => json!({ "name": "又一单位", "uscc": "91350100M000100Y43", "unit": "32" }),
        "open-account" => json!({ "roles": ["auditor"] }),
        "change-account-roles" => json!({ "account": id("spare"), "roles": ["operator", "auditor"] }),
        "lock-account" | "unlock-account" => json!({ "account": id("spare") }),
        other => panic!("{other} has no body here: a new command needs one"),
    }
}

/// The path of a route with the things of the world in it.
fn path(world: &World, route: &RouteInfo) -> String {
    let id = |name: &str| world.ids[name].as_str();
    let number = id("number");
    let ids: BTreeMap<&str, &str> = [
        ("/classes/", id("class")),
        ("/directories/trainers/", id("listed_trainer")),
        ("/directories/occupations/", id("occupation")),
        ("/persons/", id("person")),
        ("/jobs/", id("upload")),
        ("/imports/", id("upload")),
    ]
    .into();
    let found = ids.iter().find(|(prefix, _)| route.path.contains(*prefix)).map_or("", |(_, id)| *id);
    let rest = if route.path.contains("entries") { "000.p/1" } else { "0/000.p/1" };
    // Nothing public lies at this position: the account of the process.
    let filled = route
        .path
        .replace("{number}", number)
        .replace("{position}", "0")
        .replace("{kind}/{id}", &format!("class/{}", id("class")))
        .replace("{id}", found)
        .replace("{code}", "AUTH-0001")
        .replace("{digest}/{name}", "0/app.css")
        .replace("{*file}", "index.css")
        .replace("{*rest}", rest);
    match route.path.as_str() {
        "/api/v1/why" | "/why" => format!("{filled}?row=2025:all:persons:organiser:-:total:-"),
        path if path.ends_with("/diff") => format!("{filled}?from=@0"),
        "/api/v1/live" => format!("{filled}?after=0&messages=1"),
        "/log/consistency" => format!("{filled}?from=0&to=1"),
        "/api/v1/subjects/{kind}/{id}/reads" => format!("/api/v1/subjects/person/{}/reads", id("person")),
        "/api/v1/classes/{id}" | "/classes/{id}" => format!("{filled}?names=1&purpose=class_administration"),
        _other => filled,
    }
}

/// A form with a file, for uploads.
fn multipart(csrf: &str) -> String {
    let part = |name: &str, value: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    // A day before the walk removes the trainer.
    let day = today().plus_days(9).to_string();
    let head = format!("{}{}--{BOUNDARY}\r\n", part("csrf", csrf), part("effective_on", &day));
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n姓名,证件号码\r\n李一,32019919800101055X\r\n";
    format!("{head}{file}--{BOUNDARY}--\r\n")
}

async fn ask(world: &mut World, route: &RouteInfo, who: &str) -> Answer {
    // A role opens names for its own purposes, an investigator for a case.
    let path = match who {
        "auditor" => path(world, route).replace("purpose=class_administration", "purpose=audit"),
        "investigator" => {
            path(world, route).replace("purpose=class_administration", "purpose=complaint").replace("names=1", "names=1&case=A1")
        }
        _other => path(world, route),
    };
    if let Some(name) = route.path.strip_prefix("/api/v1/commands/") {
        let body = command_body(world, name);
        return if who.is_empty() { world.command_with_key("", name, body, "k").await } else { world.command(who, name, body).await };
    }
    let method: Method = route.method.parse().unwrap();
    // Signing out and choosing a role would spoil the session for the rest of the walk.
    let spoils = method == Method::DELETE || route.path == "/signout";
    let mut ask = world.request(method.clone(), &path);
    if !who.is_empty() {
        let token = if spoils {
            world.sign_in(who, PASSWORD).await.json()["token"].as_str().unwrap().to_owned()
        } else {
            world.tokens[who].clone()
        };
        ask = ask.header("authorization", &format!("Bearer {token}"));
        if method == Method::POST && !route.path.starts_with("/api/") {
            let current = world.request(Method::GET, "/api/v1/sessions/current").header("authorization", &format!("Bearer {token}"));
            let csrf = world.send(current).await.json()["csrf"].as_str().unwrap().to_owned();
            return post_form(world, route, ask, &csrf, who).await;
        }
    } else if method == Method::POST && !route.path.starts_with("/api/") {
        return post_form(world, route, ask, "", who).await;
    }
    let ask = match (method, route.path.as_str()) {
        (Method::POST, "/api/v1/sessions") => ask.body(json!({ "account": "trainer", "password": PASSWORD }).to_string()),
        (Method::POST, "/api/v1/certificates/{number}/check") => ask.body(json!({ "name": "甲", "last_six": "000000" }).to_string()),
        (Method::POST, "/api/v1/jobs/{id}/confirm") => ask.body("{}"),
        (Method::POST, "/api/v1/classes/{id}/roster") => {
            ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(multipart(""))
        }
        _other => ask,
    };
    world.send(ask).await
}

async fn post_form(world: &World, route: &RouteInfo, ask: world::Ask, csrf: &str, who: &str) -> Answer {
    let role = if who == "other_province" { "provincial_office" } else { who };
    let ask = match route.path.as_str() {
        "/classes/{id}/import" => ask.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}")).body(multipart(csrf)),
        "/signin" => form(ask, &format!("account=trainer&password={}", PASSWORD.replace(' ', "+"))),
        "/role" => form(ask, &format!("csrf={csrf}&role={role}")),
        "/verify/{number}/check" => form(ask, "name=%E7%94%B2&last_six=000000"),
        _other => form(ask, &format!("csrf={csrf}")),
    };
    world.send(ask).await
}

fn form(ask: world::Ask, body: &str) -> world::Ask {
    ask.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
}

fn verdict(route: &RouteInfo, who: &str, answer: &Answer) -> &'static str {
    let problem = || format!("{} {} as {who:?}: {} {}", route.method, route.path, answer.status, answer.text());
    assert!(!answer.status.is_server_error(), "{}", problem());
    let is_command = route.path.starts_with("/api/v1/commands/");
    assert!(!is_command || answer.status != StatusCode::BAD_REQUEST, "{}: the body never got to the decision", problem());
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "no",
        StatusCode::NOT_FOUND if !route.path.starts_with("/assets/") && !route.path.starts_with("/docs/") => "hidden",
        _other => "yes",
    }
}

async fn walked() -> String {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let other = world.enrol("李四", &id_number(7)).await;
    let started = json!({ "class": world.ids["class"], "rows": 1, "file_digest": "A".repeat(43) });
    let job = world.accepted("trainer", "start-roster-import", started).await["job"].as_str().unwrap().to_owned();
    let spare = json!({ "roles": ["operator"] });
    let spare = world.accepted("operator", "open-account", spare).await["account"].as_str().unwrap().to_owned();
    for (name, id) in [("person", person.clone()), ("other_person", other), ("job", job), ("spare", spare)] {
        world.ids.insert(name, id);
    }
    let number = world.certify(&person).await;
    // Uploaded last: rows wait for a day only.
    let upload = world.request(Method::POST, &format!("/api/v1/classes/{}/roster", world.ids["class"])).by(&world, "trainer");
    let upload = upload.header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"));
    let faulty = multipart("").replace("李一,32019919800101055X", "李一,32019919800101055X\r\n,110105194912310021");
    let upload = world.send(upload.body(faulty)).await.json()["id"].as_str().unwrap().to_owned();
    world.ids.insert("upload", upload);
    world.ids.insert("number", number);
    let names = WHO.map(|who| if who.is_empty() { "nobody" } else { who });
    let document = world.get("", "/api/v1/openapi.json").await.json();
    let mut held = std::collections::BTreeSet::new();
    // Held before the walk, whose forms use up the checks of an hour.
    let check = route_list().into_iter().find(|route| route.path == "/api/v1/certificates/{number}/check").unwrap();
    let checked = ask(&mut world, &check, "").await;
    held.extend(hold(&document, &check, &checked));
    let mut list = format!("# route: {}\n", names.join(" "));
    for route in route_list() {
        let mut verdicts = Vec::new();
        for who in WHO {
            let answer = ask(&mut world, &route, who).await;
            held.extend(hold(&document, &route, &answer));
            verdicts.push(verdict(&route, who, &answer));
        }
        let verdicts = if verdicts.iter().all(|verdict| *verdict == "yes") { "public".to_owned() } else { verdicts.join(" ") };
        writeln!(list, "{} {}: {verdicts}", route.method, route.path).unwrap();
    }
    // Whatever is not described as an answer in JSON is a page, a file, or the document itself.
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let good = operation["responses"].as_object().unwrap().values().next().unwrap();
            let is_json = good.pointer("/content/application~1json").is_some();
            // A command that is refused in the walk has its accepted answer in other tests.
            let open_ended =
                ["/api/v1/openapi.json", "/log/leaf/{position}"].contains(&path.as_str()) || path.starts_with("/api/v1/commands/");
            assert!(
                !is_json || open_ended || held.contains(&format!("{method} {path}")),
                "no answer of {method} {path} was held against its schema"
            );
        }
    }
    list
}

/// Holds a good answer in JSON against what the interface document says of it; gives the operation.
fn hold(document: &Value, route: &RouteInfo, answer: &Answer) -> Option<String> {
    let media = answer.headers.get("content-type").and_then(|media| media.to_str().ok());
    let operation = format!("{} {}", route.method.to_lowercase(), route.path);
    let responses = &document["paths"].get(&route.path)?[route.method.to_lowercase()]["responses"];
    if !answer.status.is_success() || media != Some("application/json") {
        return None;
    }
    let described = &responses[answer.status.as_str()]["content"]["application/json"]["schema"];
    assert!(described.is_object(), "{operation}: {} is not described", answer.status);
    let open_ended = described == &json!({ "type": "object" });
    let faults = schema::faults(document, described, &answer.json(), "");
    assert!(faults.is_empty(), "{operation} does not answer as the document says:\n{}", faults.join("\n"));
    (!open_ended).then_some(operation)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_exactly_whom_the_golden_list_names() {
    let list = walked().await;
    if std::env::var_os("ZHIXIN_BLESS").is_some() {
        std::fs::write(GOLDEN, &list).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let different: Vec<&str> = list.lines().filter(|line| !golden.lines().any(|known| known == *line)).collect();
    assert!(different.is_empty(), "not as the golden list says:\n{}", different.join("\n"));
    assert_eq!(list.lines().count(), golden.lines().count(), "the golden list names routes that are no more");
}
