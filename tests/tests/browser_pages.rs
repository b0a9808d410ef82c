//! The pages in a real browser, as somebody in an office uses them; once with JavaScript and once without. Pictures go to `target/screens`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "browser/by_forms.rs"]
mod by_forms;
#[path = "browser/driver.rs"]
mod driver;

use anyhow::Context as _;
use driver::{Browser, DESK, PHONE};
use serde_json::Value;
use zhixin_tests::system::{Account, Client, Course, Demo, Made, roster, skipped, text, until};

/// Signs in: first with a wrong password, which is told, then with the right one.
async fn sign_in(browser: &Browser, Account { login, password, .. }: &Account) -> anyhow::Result<()> {
    browser.go("/").await?;
    browser.follow("a[href^='/signin']", "/signin").await?;
    browser.picture("sign-in", DESK).await?;
    browser.picture("sign-in", PHONE).await?;
    browser.fill("#account", login).await?;
    browser.fill("#password", "wrong-password").await?;
    browser.click("form.stack button").await?;
    let summary = browser.text(".error-summary").await?;
    assert!(!summary.is_empty(), "a wrong password is told");
    browser.picture("sign-in-wrong", DESK).await?;
    browser.fill("#account", login).await?;
    browser.fill("#password", password).await?;
    browser.follow("form.stack button", "/").await?;
    assert!(browser.text(".who").await?.contains(login), "the page says who is signed in");
    Ok(())
}

async fn sign_out(browser: &Browser) -> anyhow::Result<()> {
    browser.go("/").await?;
    browser.click("form[action^='/signout'] button").await?;
    browser.find("a[href^='/signin']").await.map(drop)
}

/// From the dashboard of the demonstration's year to the events behind a figure, and to one of them.
async fn follow_a_figure(browser: &Browser) -> anyhow::Result<()> {
    browser.go("/").await?;
    browser.picture("dashboard-default", DESK).await?;
    browser.go(&format!("/?year={}&line=digital", Demo::YEAR)).await?;
    browser.picture("dashboard", DESK).await?;
    browser.picture("dashboard", PHONE).await?;
    assert!(browser.has("svg .tile").await?, "the map of the units");
    let row = "table.rank tbody tr:first-child";
    let figure = browser.text(&format!("{row} td:nth-child(4) a")).await?;
    browser.follow(&format!("{row} td:nth-child(4) a"), "/why?").await?;
    assert_eq!(browser.text(".figure-number").await?, figure, "the page tells the figure that was clicked");
    assert!(browser.has(".recount.good").await?, "the events recount to it");
    browser.picture("why", DESK).await?;
    browser.picture("why", PHONE).await?;
    browser.follow("table.list tbody tr:first-child th a", "/events/").await?;
    assert!(browser.has("a[href^='/log/proof/']").await?, "the event has a proof");
    assert!(browser.text("pre.json").await?.contains("\"t\":"), "who may see it sees the entry itself");
    browser.picture("event", DESK).await
}

/// Uploads an Excel file with a good, a faulty and a repeated row, looks at the report and confirms it.
async fn import_a_file(browser: &Browser, course: &Course, file: &str, javascript: bool) -> anyhow::Result<()> {
    browser.go("/classes").await?;
    browser.picture("classes", DESK).await?;
    browser.follow(&format!("a[href^='/classes/{}']", course.class), "/classes/").await?;
    browser.picture("class-empty", DESK).await?;
    browser.choose_file("#file", file).await?;
    browser.follow("form[enctype] button", "/imports/").await?;
    let counts = browser.text(".notice strong").await?;
    assert!(["4", "2"].iter().all(|count| counts.contains(count)), "{counts}");
    browser.picture("import-report", DESK).await?;
    browser.picture("import-report", PHONE).await?;
    browser.click(".sticky button").await?;
    if javascript {
        browser.picture("import-confirm", DESK).await?;
        browser.click("dialog [data-yes]").await?;
    }
    browser.arrives("/imports/").await?;
    browser.reload_until(".notice strong", "写入 2 行").await?;
    browser.picture("import-done", DESK).await?;
    browser.follow(".notice a", "/classes/").await?;
    browser.reload_until("table.grid caption", "2 名学员").await?;
    browser.picture("class", DESK).await?;
    browser.picture("class", PHONE).await
}

/// Looks a certificate up as anybody would, and checks name and last six characters.
async fn look_up(browser: &Browser, number: &str, made: &Made) -> anyhow::Result<()> {
    browser.go("/verify").await?;
    browser.picture("verify-form", DESK).await?;
    browser.fill("#number", number).await?;
    browser.follow("form.stack button", &format!("/verify/{number}")).await?;
    assert_eq!(browser.text(".band-word").await?, "有效");
    assert!(browser.text("dl.facts").await?.contains("闻*"), "the holder is masked");
    browser.picture("verify", DESK).await?;
    browser.picture("verify", PHONE).await?;
    browser.fill("#name", &made.name).await?;
    browser.fill("#last_six", "000000").await?;
    browser.click("form.stack button").await?;
    let result = browser.text(".check-result").await?;
    assert!(!result.contains('✓') && result.contains('✗'), "one answer for both: {result}");
    assert!(!browser.path().await?.contains("000000"), "what was typed is in no address");
    browser.picture("verify-checked", DESK).await?;
    browser.go("/verify/T00000000000000000000000000").await?;
    browser.picture("verify-unknown", DESK).await
}

/// The history of the class, and as of a day before its first session.
async fn look_back(browser: &Browser, course: &Course) -> anyhow::Result<()> {
    browser.go(&format!("/classes/{}", course.class)).await?;
    browser.follow("nav.on-page a[href^='/subjects/class/']", "/subjects/class/").await?;
    browser.picture("timeline", DESK).await?;
    browser.picture("timeline", PHONE).await?;
    assert!(!browser.has(".notice-past").await?);
    let day = course.today.plus_days(-30);
    browser.go(&format!("/?year={}", Demo::YEAR)).await?;
    let before = browser.text(".data-time").await?;
    browser.find("#as_of").await?.send_keys(format!("{:02}{:02}{:04}", day.month(), day.day(), day.year())).await?;
    browser.follow("form.as-of button", &format!("/?year={}&as_of={day}", Demo::YEAR)).await?;
    assert!(browser.has(".notice-past").await?, "an earlier moment says so");
    assert_ne!(browser.text(".data-time").await?, before);
    browser.picture("dashboard-as-of", DESK).await?;
    browser.follow(".notice-past a", &format!("/?year={}", Demo::YEAR)).await?;
    assert!(!browser.has(".notice-past").await?);
    Ok(())
}

/// The figures of a page that stays open follow what is recorded: somebody is enrolled over the interface meanwhile.
async fn watch(browser: &Browser, course: &Course, made: &Made) -> anyhow::Result<()> {
    let mut course = course.clone();
    course.plan_and_open(1).await?;
    browser.go(&format!("/?year={}&region={}", course.last_day().year(), Course::UNIT)).await?;
    // After a reload this would be an element of a page that is gone, and asking it would fail.
    let enrolled = browser.find("tfoot a[href*='field=enrolled']").await?;
    let after = enrolled.text().await?.parse::<u64>()?.saturating_add(1).to_string();
    let report = course.upload(roster(&[[&made.name, &made.number, &made.phone]])?, true).await?;
    course.confirm(&report).await?;
    until("the figure follows", || async { Ok((enrolled.text().await? == after).then_some(())) }).await
}

/// The remaining pages, in both languages and in larger type.
async fn look_around(browser: &Browser, course: &Course) -> anyhow::Result<()> {
    for (name, path) in [
        ("trainers", "/directories/trainers".to_owned()),
        ("trainer", format!("/directories/trainers/{}", course.trainer)),
        ("status", "/status".to_owned()),
        ("dashboard-en", format!("/?year={}&lang=en", Demo::YEAR)),
        ("dashboard-elder", format!("/?year={}&mode=elder", Demo::YEAR)),
        ("not-found", "/classes/0000000000".to_owned()),
    ] {
        browser.go(&path).await?;
        assert!(!browser.text("h1").await?.is_empty(), "{path} has a heading");
        browser.picture(name, DESK).await?;
    }
    browser.go("/docs").await?;
    Ok(())
}

/// The whole walk of a member of staff, then signing out.
async fn walk(javascript: bool) -> anyhow::Result<()> {
    if let Some(why) = driver::missing()? {
        return skipped(&why);
    }
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (server, mut course) = Course::prepare(&demo, &folder).await?;
    let made: Vec<Made> = (80..85).map(Made::new).collect();
    // A first class is run to its certificates over the interface; a second one is open for the browser.
    let first = [[made[0].name.as_str(), made[0].number.as_str(), made[0].phone.as_str()]];
    let certified = course.run_through(roster(&first)?, 1).await?;
    let (_, _, number) = certified.first().context("a certificate")?;
    course.plan_and_open(20).await?;
    let mut rows: Vec<[&str; 3]> = made[1..3].iter().map(|made| [made.name.as_str(), made.number.as_str(), made.phone.as_str()]).collect();
    rows.push([made[3].name.as_str(), "98000119900315", made[3].phone.as_str()]);
    rows.push(rows[0]);
    let file = folder.path().join("名单.xlsx");
    std::fs::write(&file, roster(&rows)?)?;

    let browser = Browser::open(&server.base, javascript).await?;
    look_up(&browser, number, &made[0]).await?;
    sign_in(&browser, demo.account("national_office")?).await?;
    follow_a_figure(&browser).await?;
    if javascript {
        watch(&browser, &course, &made[4]).await?;
    }
    look_around(&browser, &course).await?;
    sign_out(&browser).await?;
    sign_in(&browser, &course.staff_account).await?;
    import_a_file(&browser, &course, file.to_str().context("a path")?, javascript).await?;
    look_back(&browser, &course).await?;
    sign_out(&browser).await?;
    browser.close().await?;
    let written = course.staff.ask(&format!("/api/v1/classes/{}", course.class)).await?;
    assert_eq!(written["roster"].as_array().map(Vec::len), Some(2), "what the browser confirmed is written");
    let title = text(&written, "/class/title")?;
    assert!(!title.is_empty() && written["class"]["status"] != Value::Null);
    server.stop()
}

#[tokio::test]
async fn staff_find_their_way_with_javascript() -> anyhow::Result<()> {
    walk(true).await
}

#[tokio::test]
async fn staff_find_their_way_without_javascript() -> anyhow::Result<()> {
    walk(false).await
}

#[tokio::test]
async fn a_trainer_runs_a_class_by_forms_without_javascript() -> anyhow::Result<()> {
    if let Some(why) = driver::missing()? {
        return skipped(&why);
    }
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let server = folder.serve(&[])?;
    let file = folder.path().join("名单.xlsx");
    let browser = Browser::open(&server.base, false).await?;
    let ran = by_forms::run(&browser, &demo, &Client::of(&server)?, file.to_str().context("a path")?).await;
    if ran.is_err() {
        browser.picture("by-forms-failed", DESK).await?;
    }
    ran?;
    browser.close().await?;
    server.stop()
}
