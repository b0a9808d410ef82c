//! A class run with the forms of the pages alone, as a browser without scripts sends them.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::json;
use world::{Answer, ID_NUMBER, PERSON_NAME, World, id_number, today};

/// A form as a page shows it: the fields that a browser would send.
#[derive(Debug, Clone)]
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

impl Form {
    fn of(page: &str) -> Self {
        let start = page.find("<form class=\"stack act\"").unwrap_or_else(|| panic!("no form: {page}"));
        let html = page[start..].split("</form>").next().unwrap();
        let action = attribute(html.split('>').next().unwrap(), "action").unwrap().replace("&#38;", "&");
        let mut fields = Vec::new();
        for tag in html.split('<').skip(1) {
            let Some(name) = attribute(tag, "name") else { continue };
            let value = if tag.starts_with("input") && (!tag.contains("type=\"checkbox\"") || tag.contains(" checked")) {
                attribute(tag, "value").unwrap_or_default()
            } else if tag.starts_with("select") {
                let options = &html[html.find(tag).unwrap()..];
                let options = options.split("</select>").next().unwrap();
                options
                    .split("<option")
                    .find(|option| option.contains(" selected"))
                    .and_then(|one| attribute(one, "value"))
                    .unwrap_or_default()
            } else {
                continue;
            };
            fields.push((name.to_owned(), value.to_owned()));
        }
        Self { action, fields }
    }

    fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or_else(|| panic!("no field {name}: {self:?}"), |(_, value)| value)
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        let _there = self.get(name);
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Every row set to a value.
    fn rows(self, value: &str) -> Self {
        let rows: Vec<String> = self.fields.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with("rows/")).collect();
        rows.iter().fold(self, |form, row| form.set(row, value))
    }

    async fn send(&self, world: &World, who: &str) -> Answer {
        let encode = |text: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect::<String>()
        };
        let body: Vec<String> = self.fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let ask = world.request(Method::POST, &self.action).by(world, who);
        world.send(ask.header("content-type", "application/x-www-form-urlencoded").body(body.join("&"))).await
    }
}

async fn form(world: &World, path: &str) -> Form {
    world.caught_up();
    let page = world.get("trainer", path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text());
    Form::of(&page.text())
}

/// Sends a form that must be carried out; gives where it leads.
async fn sent(world: &World, form: &Form) -> String {
    let answer = form.send(world, "trainer").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}: {}", form.action, answer.text());
    answer.headers["location"].to_str().unwrap().to_owned()
}

async fn plan(world: &World) -> Form {
    let first = form(world, "/classes/plan").await;
    assert_eq!(first.get("trainer"), world.ids["listed_trainer"]);
    let day = |days: i32| today().plus_days(days).to_string();
    let path = format!("/classes/plan?trainer={}&occupation={}&grade=junior", first.get("trainer"), world.ids["occupation"]);
    let filled = form(world, &path).await.set("title", "表单班").set("division", "320100").set("mode", "in_person");
    let filled = filled.set("starts_on", &day(0)).set("ends_on", &day(5)).set("seats", "20");
    filled.set("modules/1/code", "A").set("modules/1/name", "基础").set("modules/1/hours_tenths", "8")
}

fn events(world: &World) -> u64 {
    world.handle.end()
}

/// From the plan to certificate and hours: each form leads to a page that shows what was done and what comes next.
#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_run_with_forms_alone() {
    let mut world = World::new().await;
    let planned = sent(&world, &plan(&world).await).await;
    let class = planned.split(['/', '?']).nth(2).unwrap().to_owned();
    let page = world.get("trainer", &planned).await.text();
    assert!(page.contains("培训班已计划") && page.contains(&format!("/classes/{class}/open\"")), "{page}");
    let path = |act: &str| format!("/classes/{class}/{act}");
    sent(&world, &form(&world, &path("open")).await).await;

    world.ids.insert("class", class.clone());
    let persons = [world.enrol(PERSON_NAME, ID_NUMBER).await, world.enrol("李四", &id_number(7)).await];
    let session = form(&world, &path("sessions")).await.set("module", "A");
    let next = sent(&world, &session).await;
    assert!(next.starts_with(&path("attendance?session=1")), "{next}");
    let attendance = form(&world, &next).await;
    let page = world.get("trainer", &next).await.text();
    assert!(page.contains(PERSON_NAME) && page.contains("已留下查阅记录"), "who may open names sees them: {page}");
    let marked = attendance.set(&format!("rows/{}", persons[1]), "absent").set("rest", "present");
    assert!(sent(&world, &marked).await.contains("done=attendance%3A2"), "both are recorded");

    let tests = form(&world, &path("tests")).await.set(&format!("rows/{}", persons[0]), "85");
    sent(&world, &tests).await;
    let issued = form(&world, &path("certificates")).await;
    assert!(issued.get(&format!("rows/{}", persons[0])) == "1" && !issued.fields.iter().any(|(name, _)| name.ends_with(&persons[1])));
    let page = world.get("trainer", &sent(&world, &issued).await).await.text();
    assert!(page.contains("已颁发 1 份证书") && page.contains("/verify/"), "{page}");
    sent(&world, &form(&world, &path("hours")).await).await;
    let closed = sent(&world, &form(&world, &path("close")).await).await;
    let page = world.get("trainer", &closed).await.text();
    assert!(page.contains("已结班") && !page.contains(&path("sessions\"")), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_twice_is_carried_out_once() {
    let world = World::new().await;
    let form = plan(&world).await;
    let first = sent(&world, &form).await;
    let end = events(&world);
    assert_eq!(sent(&world, &form).await, first, "and it leads to the same page");
    assert_eq!(events(&world), end);
    let other = form.set("title", "另一班").send(&world, "trainer").await;
    assert_eq!((other.status, events(&world)), (StatusCode::UNPROCESSABLE_ENTITY, end));
    assert!(other.text().contains("已经提交过一次") && other.text().contains("/problems/IDEM-0001"), "{}", other.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_stands_beside_its_field_with_what_was_typed() {
    let world = World::new().await;
    let end = events(&world);
    let form = plan(&world).await.set("title", "").set("division", "32").set("modules/1/hours_tenths", "八");
    let answer = form.send(&world, "trainer").await;
    let page = answer.text();
    assert_eq!((answer.status, events(&world)), (StatusCode::BAD_REQUEST, end), "{page}");
    for (field, message) in [("title", "请填写"), ("division", "六位行政区划代码"), ("modules/0/hours_tenths", "应为学时数")]
    {
        assert!(page.contains(&format!("<a href=\"#{field}\">")), "{field}: {page}");
        let beside = page.split(&format!("id=\"{field}-error\">")).nth(1).and_then(|rest| rest.split("</p>").next());
        assert!(beside.is_some_and(|beside| beside.contains(message)), "{field}: {beside:?}");
    }
    let again = Form::of(&page);
    assert_eq!((again.get("division"), again.get("modules/0/hours_tenths"), again.get("seats")), ("32", "八", "20"));
    assert_eq!(again.get("key"), form.get("key"));
    // What the rules say has a code with a page.
    let refused = plan(&world).await.set("ends_on", &today().plus_days(-1).to_string()).send(&world, "trainer").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("<a href=\"#ends_on\">") && refused.text().contains("/problems/CLASS-0012"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_refused_says_so_and_the_others_are_recorded() {
    let mut world = World::new().await;
    let (first, second) = (world.enrol(PERSON_NAME, ID_NUMBER).await, world.enrol("李四", &id_number(7)).await);
    let class = world.ids["class"].clone();
    sent(&world, &form(&world, &format!("/classes/{class}/sessions")).await.set("module", "A")).await;
    let attendance = form(&world, &format!("/classes/{class}/attendance?session=1")).await.set(&format!("rows/{second}"), "absent");
    sent(&world, &attendance.set("rest", "present")).await;
    let tests = form(&world, &format!("/classes/{class}/tests")).await;
    let none = tests.send(&world, "trainer").await;
    assert!(none.status == StatusCode::BAD_REQUEST && none.text().contains("没有选择任何一名学员"), "{}", none.text());
    let answer = tests.rows("70").send(&world, "trainer").await;
    let page = answer.text();
    assert!(answer.status.is_client_error() && page.contains("已登记 1 人，另有 1 人未登记"), "{page}");
    assert!(page.contains(&format!("<a href=\"#rows/{second}\">")) && page.contains("/problems/CLASS-00"), "{page}");
    let again = Form::of(&page);
    assert_eq!(again.get(&format!("rows/{second}")), "70");
    assert!(!again.fields.iter().any(|(name, _)| name.ends_with(&first)), "who is recorded is not asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_session_and_an_act_out_of_its_time_do_nothing() {
    let mut world = World::new().await;
    let form = plan(&world).await;
    let end = events(&world);
    let foreign = form.clone().set("csrf", "x").send(&world, "trainer").await;
    assert_eq!((foreign.status, events(&world)), (StatusCode::FORBIDDEN, end));
    let class = world.ids["class"].clone();
    for (act, why) in [("open", "班次已经开放"), ("attendance", "还没有学员"), ("close", "还没有登记课次"), ("reopen", "班次没有结班")]
    {
        let page = world.get("trainer", &format!("/classes/{class}/{act}")).await.text();
        assert!(page.contains(why) && !page.contains("class=\"stack act\""), "{act}: {page}");
    }
    // Of another trainer there is no class at all.
    let theirs = world.second_trainer().await;
    assert_eq!(world.get("trainer", &format!("/classes/{theirs}/open")).await.status, StatusCode::NOT_FOUND);
}

/// What was recorded wrongly is stated as it was.
#[tokio::test(flavor = "multi_thread")]
async fn corrections_are_made_with_forms_too() {
    let mut world = World::new().await;
    let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
    let class = world.ids["class"].clone();
    let path = |act: &str| format!("/classes/{class}/{act}");
    sent(&world, &form(&world, &path("sessions")).await.set("module", "A").set("hours_tenths", "7.5")).await;
    let fixed = form(&world, &path("correct-session?session=1")).await;
    assert_eq!((fixed.get("hours_tenths"), fixed.get("module")), ("7.5", "A"));
    sent(&world, &fixed.set("hours_tenths", "8").set("ground", "mistyped")).await;
    sent(&world, &form(&world, &path("attendance?session=1")).await.rows("absent")).await;
    let fixed = form(&world, &path("correct-attendance?session=1")).await;
    sent(&world, &fixed.set("person", &person).set("attendance", "present").set("reason", "签到表为准")).await;
    sent(&world, &form(&world, &path("tests")).await.rows("50")).await;
    sent(&world, &form(&world, &path("correct-test")).await.set("person", &person).set("points", "60").set("reason", "统分有误")).await;
    sent(&world, &form(&world, &path("hours")).await).await;
    world.caught_up();
    // Who issued them does not take them back.
    assert_eq!(world.get("trainer", &path("reverse-hours")).await.status, StatusCode::FORBIDDEN);
    let reversal = Form::of(&world.get("provincial_office", &path("reverse-hours")).await.text());
    let reversal = reversal.set("person", &person).set("ground", "conditions_not_met").send(&world, "provincial_office").await;
    assert_eq!(reversal.status, StatusCode::SEE_OTHER, "{}", reversal.text());
    sent(&world, &form(&world, &path("void-test")).await.set("person", &person).set("ground", "misattributed")).await;
    sent(&world, &form(&world, &path("close")).await).await;
    sent(&world, &form(&world, &path("reopen")).await.set("ground", "mistyped")).await;
    sent(&world, &form(&world, &path("annul-session")).await.set("session", "1").set("ground", "never_happened")).await;
    sent(&world, &form(&world, &path("withdraw")).await.set("person", &person).set("ground", "asked")).await;
    sent(&world, &form(&world, &path("cancel")).await.set("reason", "人数不足")).await;
    world.caught_up();
    let written = world.get("trainer", &format!("/api/v1/classes/{class}")).await.json();
    assert_eq!(written["class"]["status"], json!("cancelled"), "{written}");
}
