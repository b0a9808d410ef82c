//! A class from its plan to a certificate and to the figure that counts it, by the forms of the pages alone, as a trainer of the demonstration.

use anyhow::Context as _;
use zhixin_events::CivilDate;
use zhixin_tests::system::{Client, Demo, Made, roster};

use super::driver::{Browser, DESK, PHONE};
use super::{sign_in, sign_out};

/// Sessions of a day each, which together have the hours that the rules of the demonstration want.
const SESSIONS: i32 = 8;
const SEND: &str = "form.act .actions button";

/// Types a day, as the browser takes it in English.
async fn fill_day(browser: &Browser, css: &str, day: CivilDate) -> anyhow::Result<()> {
    Ok(browser.find(css).await?.send_keys(format!("{:02}{:02}{:04}", day.month(), day.day(), day.year())).await?)
}

async fn choose(browser: &Browser, field: &str, value: &str) -> anyhow::Result<()> {
    browser.click(&format!("[id='{field}'] option{value}")).await
}

/// Plans and opens a class that began some days ago; gives its path.
async fn plan(browser: &Browser, today: CivilDate) -> anyhow::Result<String> {
    browser.go("/classes").await?;
    browser.follow("a[href^='/classes/plan']", "/classes/plan").await?;
    choose(browser, "occupation", ":nth-child(2)").await?;
    choose(browser, "grade", "[value='junior']").await?;
    browser.follow(SEND, "/classes/plan?").await?;
    browser.fill("#title", "浏览器办的班").await?;
    if browser.has("#direction").await? {
        choose(browser, "direction", ":nth-child(2)").await?;
    }
    choose(browser, "mode", "[value='in_person']").await?;
    fill_day(browser, "#starts_on", today.plus_days(-10)).await?;
    fill_day(browser, "#ends_on", today.plus_days(-1)).await?;
    fill_day(browser, "#effective_on", today.plus_days(-20)).await?;
    browser.fill("#seats", "20").await?;
    for (row, (code, hours)) in [("M1", "24"), ("M2", "24"), ("M3", "16")].into_iter().enumerate() {
        for (member, text) in [("code", code), ("name", code), ("hours_tenths", hours)] {
            browser.fill(&format!("[id='modules/{row}/{member}']"), text).await?;
        }
    }
    browser.fill("#division", "32").await?;
    browser.follow(SEND, "/classes/plan").await?;
    assert!(browser.text(".error-summary").await?.contains("六位"), "what is wrong is told");
    browser.picture("form-plan-wrong", DESK).await?;
    browser.picture("form-plan-wrong", PHONE).await?;
    browser.fill("#division", "320100").await?;
    browser.click(SEND).await?;
    browser.find(".notice-good").await?;
    let path = browser.path().await?.split('?').next().context("a path")?.to_owned();
    browser.picture("class-planned", DESK).await?;
    browser.follow(".next a[href*='/open']", &format!("{path}/open")).await?;
    fill_day(browser, "#effective_on", today.plus_days(-20)).await?;
    browser.follow(SEND, &format!("{path}?")).await?;
    Ok(path)
}

/// Two people from an Excel file, who took their seats before the first session.
async fn import(browser: &Browser, path: &str, file: &str, today: CivilDate) -> anyhow::Result<()> {
    browser.choose_file("#file", file).await?;
    fill_day(browser, "#effective_on", today.plus_days(-15)).await?;
    browser.follow("form[enctype] button", "/imports/").await?;
    browser.click(".sticky button").await?;
    browser.reload_until(".notice strong", "写入 2 行").await?;
    browser.go(path).await?;
    browser.reload_until("table.grid caption", "2 名学员").await
}

/// The sessions with their attendance: one of the two misses the last one.
async fn teach(browser: &Browser, path: &str, today: CivilDate) -> anyhow::Result<()> {
    for session in 0..SESSIONS {
        browser.go(&format!("{path}/sessions")).await?;
        let module = ["M1", "M2", "M3"][usize::try_from(session / 3)?];
        choose(browser, "module", &format!("[value='{module}']")).await?;
        let held_on = today.plus_days(session - 10);
        browser.find("#held_on").await?.clear().await?;
        fill_day(browser, "#held_on", held_on).await?;
        browser.follow(SEND, &format!("{path}/attendance?")).await?;
        if session + 1 == SESSIONS {
            browser.click("table.entry tbody tr:first-child option[value='absent']").await?;
            browser.picture("form-attendance", DESK).await?;
            browser.picture("form-attendance", PHONE).await?;
        }
        choose(browser, "rest", "[value='present']").await?;
        browser.follow(SEND, &format!("{path}?")).await?;
        assert!(browser.text(".notice-good").await?.contains('2'), "both are recorded");
    }
    Ok(())
}

/// The test, of which one of the two falls short of hours; then certificate, hours and closing. Gives the number of the certificate.
async fn finish(browser: &Browser, path: &str, today: CivilDate) -> anyhow::Result<String> {
    let last = today.plus_days(-1);
    browser.go(&format!("{path}/tests")).await?;
    for row in 1..=2 {
        browser.fill(&format!("table.entry tbody tr:nth-child({row}) input"), "85").await?;
    }
    browser.find("#effective_on").await?.clear().await?;
    fill_day(browser, "#effective_on", last).await?;
    browser.follow(SEND, &format!("{path}/tests")).await?;
    assert!(browser.text(".error-summary").await?.contains("已登记 1 人"), "one is recorded, one is told why not");
    browser.picture("form-tests", DESK).await?;
    for act in ["certificates", "hours", "close"] {
        browser.go(path).await?;
        browser.follow(&format!(".next a[href$='/{act}']"), &format!("{path}/{act}")).await?;
        browser.follow(SEND, &format!("{path}?")).await?;
        browser.find(".notice-good").await?;
    }
    browser.picture("class-certified", DESK).await?;
    browser.picture("class-certified", PHONE).await?;
    browser.text("a.mono[href^='/verify/']").await
}

/// The whole way; `file` is where the roster is written.
pub(super) async fn run(browser: &Browser, demo: &Demo, client: &Client, file: &str) -> anyhow::Result<()> {
    let today = client.today().await?;
    let made: Vec<Made> = (90..92).map(Made::new).collect();
    let rows: Vec<[&str; 3]> = made.iter().map(|made| [made.name.as_str(), made.number.as_str(), made.phone.as_str()]).collect();
    std::fs::write(file, roster(&rows)?)?;
    // The first ones are those that the demonstration suspends and removes.
    let trainer = demo.accounts.iter().rfind(|account| account.role == "trainer").context("a trainer")?;
    sign_in(browser, trainer).await?;
    let path = plan(browser, today).await?;
    import(browser, &path, file, today).await?;
    teach(browser, &path, today).await?;
    let number = finish(browser, &path, today).await?;
    sign_out(browser).await?;
    browser.go(&format!("/verify/{number}")).await?;
    assert!(browser.text("dl.facts").await?.contains('*'), "anybody finds the certificate, with its holder masked");
    sign_in(browser, demo.account("national_office")?).await?;
    browser.go(&format!("/?year={}&line=digital", today.plus_days(-1).year())).await?;
    browser.follow("tfoot a[href*='field=certified']", "/why?").await?;
    assert!(browser.has(".recount.good").await?, "the events recount to the figure");
    sign_out(browser).await
}
