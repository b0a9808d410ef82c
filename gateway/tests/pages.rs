//! The pages: every one of them in both languages, what is on it, and what must not be.
#![cfg(test)]

#[path = "support/world.rs"]
mod world;

use axum::http::{Method, StatusCode};
use serde_json::json;
use world::{ID_NUMBER, PERSON_NAME, World, today};

fn pages(world: &World, number: &str) -> Vec<String> {
    let id = |name: &str| &world.ids[name];
    vec![
        "/".to_owned(),
        "/?group_by=occupation&unit=trainings&map=count&region=32".to_owned(),
        "/?as_of=@3".to_owned(),
        "/signin".to_owned(),
        "/directories/trainers".to_owned(),
        "/directories/trainers?since=0".to_owned(),
        format!("/directories/trainers/{}", id("listed_trainer")),
        "/directories/occupations".to_owned(),
        "/classes?year=2025".to_owned(),
        format!("/classes/{}", id("class")),
        "/verify".to_owned(),
        format!("/verify/{number}"),
        format!("/subjects/class/{}", id("class")),
        format!("/subjects/person/{}", id("person")),
        "/subjects/target/2025:digital:32".to_owned(),
        "/why?model=quota&row=2025:all:persons:organiser:-:total:-&field=completed".to_owned(),
        "/why?model=quota&row=2025:all:persons:organiser:-:total:-&field=completed_trainings".to_owned(),
        "/why?model=quota&row=2025:digital:persons:organiser:-:region:32&field=target".to_owned(),
        "/events/3".to_owned(),
        "/status".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_renders_in_both_languages_without_a_name_or_number() {
    let (world, number) = World::taught().await;
    for path in pages(&world, &number) {
        for lang in ["zh-CN", "en"] {
            let joint = if path.contains('?') { '&' } else { '?' };
            let asked = if lang == "en" { format!("{path}{joint}lang=en") } else { path.clone() };
            let page = world.get("provincial_office", &asked).await;
            let text = page.text();
            assert_eq!(page.status, StatusCode::OK, "{asked}: {text}");
            assert!(text.contains(&format!("<html lang=\"{lang}\">")), "{asked}");
            assert!(!text.contains(PERSON_NAME) && !text.contains(ID_NUMBER), "{asked} shows who somebody is");
            assert!(!text.contains("<script>") && !text.contains(" style=\""), "{asked} has something inline");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_leads_to_exactly_its_events() {
    let (world, _) = World::taught().await;
    let dashboard = world.get("", "/?year=2025").await.text();
    let cell =
        format!("row=2025%3Aall%3Apersons%3Aorganiser%3A-%3Aoccupation_grade%3A{}%3Ajunior&amp;field=completed", world.ids["occupation"]);
    assert!(dashboard.contains(&cell), "{dashboard}");
    for group_by in ["occupation", "occupation_grade"] {
        figures_lead_to_their_events(&world, group_by).await;
    }
    let page = world.get("provincial_office", "/why?model=quota&row=2025:digital:persons:organiser:-:region:32&field=target").await.text();
    assert!(page.contains("逐条复算结果为 800，与页面数字一致"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_of_trainers_comes_page_by_page() {
    let mut world = World::new().await;
    let listing = json!({ "organisation": world.ids["other_organisation"], "directory_number": 2, "occupations": [world.ids["occupation"]], "listed_from": today().to_string(), "document_number": "公告2", "national_base": false });
    let second = world.accepted("national_office", "list-trainer", listing).await["trainer"].clone();
    world.caught_up();
    let first = world.get("", "/api/v1/directories/trainers?limit=1").await.json();
    assert_eq!((first["trainers"].as_array().map(Vec::len), &first["trainers"][0]["id"]), (Some(1), &first["next"]), "{first}");
    // Who was on the page before may have left the list meanwhile.
    let removal = json!({ "trainer": first["next"], "ground": "own_request", "document_number": "公告3" });
    world.accepted("national_office", "remove-trainer", removal).await;
    world.caught_up();
    let rest = world.get("", &format!("/api/v1/directories/trainers?limit=1&after={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!((&rest["trainers"][0]["id"], &rest["next"]), (&second, &serde_json::Value::Null), "{rest}");
    assert_eq!(world.get("", "/api/v1/directories/trainers?limit=1001").await.code(), "REQ-0004");
}

async fn figures_lead_to_their_events(world: &World, group_by: &str) {
    let quota = world.get("", &format!("/api/v1/quota?year=2025&line=digital&group_by={group_by}")).await.json();
    let row = &quota["rows"][0];
    assert_eq!((row["enrolled"].clone(), row["completed"].clone(), row["certified"].clone()), (json!(1), json!(1), json!(1)), "{quota}");
    for field in ["enrolled", "completed", "certified"] {
        let path = format!("/api/v1/why?model=quota&row={}&field={field}", row["key"].as_str().unwrap());
        let why = world.get("provincial_office", &path).await.json();
        assert_eq!((why["figure"].clone(), why["count"].clone()), (row[field].clone(), json!(1)), "{why}");
        assert!(why["events"][0]["sentence"]["zh"].as_str().is_some_and(|sentence| !sentence.is_empty()));
        // Another province sees that the figure has an event, not which.
        let foreign = world.get("other_province", &path).await.json();
        assert_eq!(foreign["count"], json!(1));
        let public = field == "certified";
        assert_eq!(foreign["events"][0].get("type").is_some(), public, "{foreign}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_leads_to_its_events_and_claims_no_count() {
    let (world, number) = World::taught().await;
    let id = |name: &str| world.ids[name].as_str();
    let (class, trainer) = (id("class"), id("listed_trainer"));
    for (path, rows, signs) in [
        (
            format!("/classes/{class}"),
            vec![format!("classes&#38;row={class}"), format!("classes&#38;row={class}%3A{}", id("person"))],
            class,
        ),
        (format!("/verify/{number}"), vec![format!("certificates&#38;row={}", id("certificate"))], number.as_str()),
        (format!("/directories/trainers/{trainer}"), vec![format!("trainers&#38;row={trainer}")], trainer),
        ("/directories/occupations".to_owned(), vec![format!("occupations&#38;row={}", id("occupation"))], "/directories/occupations"),
    ] {
        let page = world.get("provincial_office", &path).await.text();
        for row in rows {
            let href = format!("/why?model={row}");
            assert!(page.contains(&format!("href=\"{href}\"")), "{path} does not lead to {href}: {page}");
            let why = world.get("provincial_office", &href.replace("&#38;", "&")).await.text();
            assert!(why.contains("<h1>来源事件</h1>") && why.contains("<a href=\"/events/"), "{why}");
            assert!(why.contains(signs), "it names the record: {why}");
            assert!(!["统计口径", "复算", "计入"].iter().any(|word| why.contains(word)), "{why}");
        }
        // Who may not follow the way is not sent on it.
        assert!(!world.get("", &path).await.text().contains("/why?"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_tells_on_which_day_a_certificate_was_issued() {
    let (world, number) = World::taught().await;
    let certificate = world.get("", &format!("/api/v1/certificates/{number}")).await.json()["certificate"].clone();
    let class = world.get("provincial_office", &format!("/classes/{}", world.ids["class"])).await.text();
    let (_, row) = class.split_once(&format!(">{number}</a>")).unwrap();
    let (row, _) = row.split_once("</tr>").unwrap();
    assert!(row.contains(certificate["issued_on"].as_str().unwrap()), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_called_by_their_names_and_kinds_in_the_language_of_the_page() {
    let (world, number) = World::taught().await;
    let class = world.get("provincial_office", &format!("/subjects/class/{}", world.ids["class"])).await.text();
    assert!(class.contains("<span class=\"hint\">培训班 · 变更记录</span><br>人工智能初级班"), "{class}");
    assert!(class.contains("<a href=\"/classes\">培训班</a>"), "the breadcrumb leads to the list: {class}");
    let certificate = world.get("", &format!("/subjects/certificate/{}", world.ids["certificate"])).await.text();
    assert!(certificate.contains(&format!("证书 · 变更记录</span><br>{number}")), "{certificate}");
    let target = world.get("", "/subjects/target/2025:digital:32?lang=en").await.text();
    assert!(target.contains("2025 Digital technology engineers Jiangsu"), "{target}");
    let issued = world.get("", &format!("/api/v1/certificates/{number}")).await.json()["certificate"]["issued_position"].to_string();
    let event = world.get("provincial_office", &format!("/events/{issued}")).await.text();
    assert!(event.contains(&format!("证书 {number}")) && event.contains("培训班 人工智能初级班"), "{event}");
    // The event is open to anyone, the class that it names is not.
    let public = world.get("", &format!("/events/{issued}")).await.text();
    assert!(public.contains(&format!("证书 {number}")) && !public.contains("人工智能初级班"), "{public}");
    let status = world.get("", "/status").await.text();
    assert!(status.contains("证书登记") && !status.contains(">quota<"), "{status}");
    let signin = world.get("trainer", "/?lang=en&done=signed-in").await.text();
    assert!(signin.contains("You are signed in.") && !signin.contains("done=signed-in"), "{signin}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_without_targets_offers_the_last_one_that_has_them() {
    let (world, _) = World::taught().await;
    let page = world.get("", "/?year=2026&line=digital").await.text();
    assert!(page.contains("<a href=\"/?line=digital&#38;year=2025\">查看 2025 年</a>"), "{page}");
    assert!(!world.get("", "/?year=2025").await.text().contains("尚未下达目标。"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_of_the_directory_shows_the_removed_trainer_too() {
    let (mut world, _) = World::taught().await;
    let removal = json!({ "trainer": world.ids["listed_trainer"], "ground": "own_request", "document_number": "公告2" });
    world.accepted("national_office", "remove-trainer", removal).await;
    world.caught_up();
    assert!(!world.get("", "/directories/trainers").await.text().contains("某大学 32"));
    let all = world.get("", "/directories/trainers?status=all").await.text();
    assert!(all.contains("某大学 32") && all.contains("/api/v1/directories/trainers.csv?status=all"), "{all}");
    let listed = world.get("", "/api/v1/directories/trainers?status=all").await.json();
    assert_eq!(listed["trainers"][0]["status"], json!("removed"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_moment_shows_what_was_known_then_on_either_axis() {
    let (world, _) = World::taught().await;
    let total = |query: String| {
        let path = format!("/api/v1/quota?year=2025{query}");
        let world = &world;
        async move { world.get("", &path).await.json() }
    };
    let now = total(String::new()).await;
    let position = now["position"].as_u64().unwrap();
    assert_eq!(position, world.handle.end() - 1);
    let same = total(format!("&as_of=@{position}")).await;
    assert_eq!((same["rows"].clone(), same["total"].clone()), (now["rows"].clone(), now["total"].clone()));
    let first_day = today();
    let then = total(format!("&as_of={first_day}")).await;
    assert_eq!((then["total"]["enrolled"].clone(), then["total"]["certified"].clone()), (json!(1), json!(0)), "{then}");
    assert_eq!(then["effective_by"], json!(first_day.to_string()));
    let by = total(format!("&effective_by={}", first_day.plus_days(-1))).await;
    assert_eq!(by["total"]["enrolled"], json!(0));
    let page = world.get("", &format!("/?year=2025&as_of={first_day}")).await.text();
    assert!(page.contains("历史视图"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_back_to_the_page_and_the_form_is_bound_to_the_session() {
    let (world, _) = World::taught().await;
    let form =
        |path: &str, body: String| world.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").body(body);
    let wrong = world.send(form("/signin", "account=trainer&password=wrong&return_to=%2Fclasses".to_owned())).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("value=\"trainer\"") && !wrong.text().contains("value=\"wrong\""));
    let body = format!("account=Trainer&password={}&return_to=%2Fclasses", world::PASSWORD.replace(' ', "+"));
    let answer = world.send(form("/signin", body)).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/classes?done=signed-in"));
    let cookie = answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = world.send(world.request(Method::GET, "/classes").header("cookie", &cookie)).await.text();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let refused = world.send(form("/signout", "csrf=other".to_owned()).header("cookie", &cookie)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let out = world.send(form("/signout", format!("csrf={csrf}")).header("cookie", &cookie)).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(world.send(world.request(Method::GET, "/classes").header("cookie", &cookie)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_finds_certificates_and_nothing_about_classes() {
    let (world, number) = World::taught().await;
    let found = world.get("", &format!("/verify?number={}", number.to_lowercase())).await;
    assert_eq!((found.status, found.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, format!("/verify/{number}").as_str()));
    let page = world.get("", &format!("/verify/{number}")).await;
    assert!(page.text().contains("band-good"), "{}", page.text());
    let slip = world.get("", "/verify/T000").await;
    assert!(slip.status == StatusCode::NOT_FOUND && slip.text().contains("很可能输入有误"), "{}", slip.text());
    let wide: String = number.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    let typed: Vec<String> = format!(" {}－{}", &wide[..9], &wide[9..]).bytes().map(|byte| format!("%{byte:02X}")).collect();
    let typed = typed.concat();
    let found = world.get("", &format!("/verify?number={typed}")).await;
    assert_eq!(found.headers["location"].to_str().unwrap(), format!("/verify/{number}"));
    let empty = world.get("", "/verify?number=%20%E3%80%80").await;
    assert!(empty.status == StatusCode::BAD_REQUEST && empty.text().contains("请输入证书编号"), "{}", empty.text());
    let check = world.request(Method::POST, &format!("/verify/{number}/check")).header("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(check.body("name=%E7%8E%8B%E5%B0%8F%E6%98%8E&last_six=31002X&csrf=")).await.text();
    assert!(answer.contains("✓ 一致") && !answer.contains("✗ 不一致"), "{answer}");
    for path in
        ["/classes".to_owned(), format!("/classes/{}", world.ids["class"]), "/why?row=2025:all:persons:organiser:-:total:-".to_owned()]
    {
        assert_eq!(world.get("", &path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_an_account_leads_to_signing_in_and_back() {
    let (world, number) = World::taught().await;
    let class = format!("/classes/{}", world.ids["class"]);
    let page = world.get("", &format!("{class}?names=1&lang=en")).await.text();
    let way = format!("/signin?return_to={}&#38;lang=en", class.replace('/', "%2F") + "%3Fnames%3D1%26lang%3Den");
    assert!(page.contains(&format!("<a class=\"button\" href=\"{way}\">Sign in</a>")), "{page}");
    assert!(!page.contains("Bearer"), "advice for programs is not for people: {page}");
    let form = |path: &str, body: &str| {
        world.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
    };
    // The language chosen on the sign-in page goes on, whatever the page was asked in.
    let body = format!("account=trainer&password={}&return_to=%2Fclasses%3Flang%3Den", world::PASSWORD.replace(' ', "+"));
    for (asked, led) in [("/signin", "/classes?done=signed-in"), ("/signin?lang=en", "/classes?lang=en&done=signed-in")] {
        assert_eq!(world.send(form(asked, &body)).await.headers["location"].to_str().unwrap(), led);
    }
    // What was posted cannot be asked for: its problem and its address both lead to the page of the form.
    let posted = world.send(form("/role?lang=en", "role=trainer")).await;
    assert!(posted.status == StatusCode::UNAUTHORIZED && posted.text().contains("return_to=%2F%3Flang%3Den"), "{}", posted.text());
    let check = world.get("", &format!("/verify/{number}/check?lang=en")).await;
    let back = format!("/verify/{number}?lang=en");
    assert_eq!((check.status, check.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, back.as_str()));
    assert_eq!(world.get("", "/signin").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_route_for_programs() {
    let (world, _) = World::taught().await;
    let description = world.get("", "/api/v1/openapi.json").await.json();
    for route in zhixin_gateway::route_list().iter().filter(|route| !route.summary.is_empty()) {
        let operation = &description["paths"][route.path.replace("{*", "{")][route.method.to_lowercase()];
        assert!(operation["responses"]["default"].is_object(), "{} {}", route.method, route.path);
    }
    let body = &description["paths"]["/api/v1/commands/set-target"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["properties"]["people"]["maximum"], json!(100_000_000));
    let viewer = world.get("", "/docs/").await;
    assert!(viewer.text().contains("swagger-ui"), "{}", viewer.text());
    let metrics = world.get("operator", "/metrics").await.text();
    assert!(metrics.contains("zhixin_requests_total{method=\"GET\",route=\"/api/v1/openapi.json\",status=\"200\"} 1"), "{metrics}");
    assert!(!metrics.contains(&world.ids["class"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_error_code_shows_what_to_do() {
    let (world, _) = World::taught().await;
    let page = world.get("", "/problems/AUTH-0001").await;
    assert!(page.status == StatusCode::OK && page.text().contains("可以这样做") && page.text().contains("main-nav"), "{}", page.text());
    // A problem of a roster names its page too.
    let roster = world.get("", "/problems/ROSTER-FILE-DAMAGED").await;
    assert!(roster.status == StatusCode::OK && roster.text().contains("工作簿损坏或不完整"), "{}", roster.text());
    let missing = world.get("", "/problems/NONE-0000").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_before_its_time_says_so_and_leads_back_to_now() {
    let (world, _) = World::taught().await;
    let class = format!("/classes/{}", world.ids["class"]);
    let before = world.get("trainer", &format!("{class}?as_of=@3")).await;
    let text = before.text();
    assert!(before.status == StatusCode::NOT_FOUND && text.contains("还没有计划"), "{text}");
    assert!(text.contains(&format!("<a class=\"button\" href=\"{class}\">回到最新数据</a>")), "{text}");
    // Somebody who may not see it now learns nothing.
    let foreign = world.get("other_province", &format!("{class}?as_of=@3")).await;
    assert!(foreign.status == StatusCode::NOT_FOUND && !foreign.text().contains("还没有计划"));
    // The menu keeps the moment.
    let then = world.get("trainer", "/?as_of=@12").await.text();
    assert!(then.contains("href=\"/classes?as_of=%4012\""), "{then}");
    // A day by which something had taken place is no earlier state of the record.
    let by = world.get("trainer", &format!("/?effective_by={}", today())).await.text();
    assert!(by.contains("按生效日期不晚于") && !by.contains("不是最新数据"), "{by}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_to_nothing_is_called_so() {
    let mut world = World::new().await;
    world.enrol(PERSON_NAME, ID_NUMBER).await;
    let class = format!("/classes/{}", world.ids["class"]);
    world.caught_up();
    assert!(world.get("trainer", &class).await.text().contains("已报名"));
    world.accepted("trainer", "cancel-run", json!({ "class": world.ids["class"], "reason": "人数不足" })).await;
    world.caught_up();
    let page = world.get("trainer", &class).await.text();
    assert!(!page.contains("已报名") && !page.contains("授课中") && page.contains("已取消"), "{page}");
    assert!(!page.contains("迟到"), "{page}");

    let mut world = World::new().await;
    world.enrol(PERSON_NAME, ID_NUMBER).await;
    let class = json!(world.ids["class"]);
    let session =
        json!({ "class": class, "session": 1, "held_on": today().to_string(), "module": "A", "hours_tenths": 80, "mode": "in_person" });
    world.accepted("trainer", "hold-session", session).await;
    world.accepted("trainer", "close-run", json!({ "class": class, "closed_on": today().to_string() })).await;
    world.caught_up();
    let page = world.get("trainer", &format!("/classes/{}", world.ids["class"])).await.text();
    assert!(page.contains("未完成") && !page.contains("已报名"), "{page}");
    let table = world.get("trainer", "/api/v1/classes.csv").await.text();
    let mut rows = table.lines();
    assert!(rows.next().unwrap().contains("报名,完成,发证") && rows.next().unwrap().contains("已结班,1,0,0"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_family_name_is_masked_as_a_whole() {
    let mut world = World::new().await;
    let person = world.enrol("欧阳小明", ID_NUMBER).await;
    let number = world.certify(&person).await;
    let page = world.get("", &format!("/verify/{number}")).await.text();
    assert!(page.contains("欧阳*") && !page.contains("欧*"), "{page}");
}
