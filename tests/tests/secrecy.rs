//! Nothing that identifies a person leaves the vault but in an answer to somebody who may see it.
//!
//! The people are those of the demonstration; their names, numbers and phones come from its own generator, so that the list is whole.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Context as _;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use zhixin_tests::system::{Client, Demo, Patterns, Reply, encode, list, roster, text};

#[path = "secrecy/generator.rs"]
mod generator;

use generator::people;

/// What settles every choice of the demonstration; a wrong one would make another list, which the test notices.
const SEED: u64 = 73;

/// Everybody whom the demonstration may have made up: who has a seat, and who was refused.
fn people() -> Vec<people::Person> {
    let strangers = people::PEOPLE_MAX - 10_000;
    (0..120).chain(strangers..strangers + 40).map(|index| people::person(SEED, index)).collect()
}

/// Follows every page of a list.
async fn pages(client: &Client, path: &str, member: &str) -> anyhow::Result<Vec<serde_json::Value>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = client.ask(&format!("{path}limit=200{after}")).await?;
        found.extend(list(&page, &format!("/{member}"))?.iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(found),
        }
    }
}

/// What is not an answer to the asker alone: addresses that a page or an answer leads to, headers, and problems whole.
#[derive(Default)]
struct Overheard {
    text: String,
    problems: usize,
}

impl Overheard {
    fn note(&mut self, reply: &Reply) -> anyhow::Result<()> {
        for (name, value) in &reply.headers {
            writeln!(self.text, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        if reply.header("content-type").starts_with("application/problem+json") {
            self.text.push_str(reply.text()?);
            self.problems += 1;
        } else if reply.header("content-type").starts_with("text/html") {
            let page = reply.text()?;
            for attribute in ["href=\"", "action=\"", "src=\"", "data-live=\""] {
                self.text.extend(page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).flat_map(|link| [link, "\n"]));
            }
        }
        Ok(())
    }
}

/// Everything that staff may do with names: rosters, pages, look-ups, checks. Gives the names read.
async fn use_names(
    public: &Client,
    staff: &[Client],
    people: &[people::Person],
    heard: &mut Overheard,
) -> anyhow::Result<(BTreeSet<String>, String)> {
    let (mut names, mut shown) = (BTreeSet::new(), String::new());
    for client in staff {
        for class in pages(client, "/api/v1/classes?", "classes").await? {
            let class = text(&class, "/id")?;
            let path = format!("/api/v1/classes/{class}?names=1&purpose=class_administration&");
            for trainee in pages(client, &path, "roster").await? {
                names.extend(trainee["name"].as_str().map(str::to_owned));
                let number = trainee["certificate"]["number"].as_str().map(str::to_owned);
                let Some(number) = number else { continue };
                heard.note(&public.get(&format!("/api/v1/certificates/{number}")).await?)?;
                heard.note(&public.get(&format!("/verify/{number}")).await?)?;
                let person = people.iter().find(|person| Some(person.name.expose().as_str()) == trainee["name"].as_str());
                let Some(person) = person else { continue };
                let last_six: String = person.number.expose().chars().skip(person.number.expose().chars().count() - 6).collect();
                let body = json!({ "name": person.name.expose(), "last_six": last_six });
                heard.note(&public.post(&format!("/api/v1/certificates/{number}/check"), &body).await?)?;
            }
            for page in [
                format!("/classes/{class}?names=1&purpose=class_administration"),
                format!("/subjects/class/{class}"),
                format!("/classes/{class}/roster"),
            ] {
                let page = client.get(&page).await?;
                heard.note(&page)?;
                shown.push_str(page.text()?);
            }
        }
    }
    Ok((names, shown))
}

/// Requests that fail, full of what identifies people, in every place of a request.
async fn fail_with_names(
    public: &Client,
    staff: &Client,
    class: &str,
    people: &[people::Person],
    heard: &mut Overheard,
) -> anyhow::Result<()> {
    for person in people.iter().take(12) {
        let (name, number, phone) = (person.name.expose(), person.number.expose(), person.phone.expose());
        let described = json!({ "document_kind": "identity_card", "document_number": number, "name": name, "phone": phone });
        let mut replies = Vec::new();
        for body in [
            json!({ "class": class, "person": described }),
            json!({ "class": class, "person": { "document_kind": name, "document_number": 1, "name": [number], "phone": { phone: 1 } } }),
            json!({ "class": number, "person": phone, name: name, "category": name }),
            json!([name, number, phone]),
        ] {
            replies.push(staff.command_with_key("register-trainee", &body, number).await?);
            replies.push(public.post("/api/v1/commands/register-trainee", &body).await?);
        }
        replies.push(public.post("/api/v1/sessions", &json!({ "account": name, "password": number })).await?);
        replies.push(public.post("/api/v1/sessions", &json!({ "account": phone, "password": name, "more": number })).await?);
        for value in [name, number, phone] {
            let value = encode(value);
            for path in [
                "certificates/",
                "subjects/person/",
                "classes/",
                "quota?region=",
                "quota?year=",
                "why?row=",
                "jobs/",
                "directories/trainers/",
            ] {
                replies.push(staff.get(&format!("/api/v1/{path}{value}")).await?);
            }
            replies.push(staff.get(&format!("/api/v1/quota?{value}=1")).await?);
            for path in ["/verify/", "/nothing/", "/log/leaf/", "/subjects/person/", "/?region=", "/signin?return_to=/"] {
                staff.get(&format!("{path}{value}")).await?;
            }
            let broken = staff.request(Method::POST, "/api/v1/commands/register-trainee").header("content-type", "application/json");
            replies.push(staff.send(broken.header("idempotency-key", "broken").body(format!("{{\"name\":\"{name}\",{number}"))).await?);
            let form = staff.request(Method::POST, "/verify").form(&[("number", number), ("name", name), ("last_six", phone)]);
            staff.send(form).await?;
        }
        for reply in &replies {
            assert!(reply.status >= 400, "{} was accepted", reply.asked);
            assert!(reply.status < 500, "{}: {}\n{}", reply.asked, reply.status, reply.text()?);
            heard.note(reply)?;
        }
    }
    Ok(())
}

/// Plans and opens a run like one that was held, since enrolment for those of the demonstration is long over; none where the trainer is not
/// listed by now.
async fn open_another(staff: &Client) -> anyhow::Result<Option<String>> {
    let classes = pages(staff, "/api/v1/classes?", "classes").await?;
    let like = text(classes.first().context("a class")?, "/id")?;
    let known = staff.ask(&format!("/api/v1/classes/{like}")).await?;
    let mut plan = serde_json::Map::new();
    for name in ["title", "trainer", "division", "occupation", "direction", "grade", "mode"] {
        plan.insert(name.to_owned(), known["class"][name].clone());
    }
    let today = staff.today().await?;
    plan.insert("modules".to_owned(), known["class"]["modules"].clone());
    plan.insert("seats".to_owned(), json!(100));
    plan.insert("starts_on".to_owned(), json!(today.to_string()));
    plan.insert("ends_on".to_owned(), json!(today.plus_days(20).to_string()));
    let planned = staff.try_command("plan-run", &plan.into()).await?;
    if planned.status != 200 {
        assert_eq!(planned.code()?, "CLASS-0002");
        return Ok(None);
    }
    let class = text(&planned.json()?, "/result/class")?;
    staff.command("open-run", json!({ "class": class })).await?;
    Ok(Some(class))
}

/// Uploads a roster of people of the demonstration with faults; it waits, sealed, to be confirmed.
async fn leave_a_roster_waiting(staff: &Client, class: &str, people: &[people::Person]) -> anyhow::Result<Reply> {
    let bad: Vec<_> = people.iter().map(|person| people::with_wrong_check(&person.number)).collect();
    let mut rows: Vec<[&str; 3]> =
        people.iter().map(|person| [person.name.expose().as_str(), person.number.expose(), person.phone.expose()]).collect();
    rows.extend(
        people.iter().zip(&bad).map(|(person, bad)| [person.name.expose().as_str(), bad.expose().as_str(), person.phone.expose().as_str()]),
    );
    let form = Form::new().part("file", Part::bytes(roster(&rows)?).file_name("roster.xlsx"));
    let upload = staff.request(Method::POST, &format!("/api/v1/classes/{class}/roster?dry_run=true")).multipart(form);
    staff.send(upload).await?.has_status(202)
}

/// Aim: names, numbers and phones are in no log line, metric, problem, address, leaf, read model or file in the clear. Method: the server runs
/// at its most talkative while everything is done with the data, well and badly; then everything it wrote is searched, in every encoding.
#[tokio::test]
async fn nothing_that_identifies_a_person_lies_open() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let people = people();
    let all = people.iter().flat_map(|person| {
        let wrong = people::with_wrong_check(&person.number);
        [&person.name, &person.name_mistyped, &person.number, &wrong, &person.phone].map(|text| text.expose().clone())
    });
    let patterns = Patterns::new(all);
    // Every certificate is looked up here, by one caller.
    let server = folder.serve(&["-vv", "--look-ups-max", "0"])?;
    let public = Client::of(&server)?;
    let mut staff = Vec::new();
    for account in demo.accounts_in("trainer").chain([demo.account("national_office")?]) {
        staff.push(public.sign_in(account).await?);
    }
    let mut heard = Overheard::default();
    let (names, shown) = use_names(&public, &staff, &people, &mut heard).await?;
    let made: BTreeSet<&str> = people.iter().flat_map(|person| [person.name.expose().as_str(), person.name_mistyped.expose()]).collect();
    assert!(names.len() > 70 && names.iter().all(|name| made.contains(name.as_str())), "the list is another: {names:?}");
    assert!(patterns.found_in(shown.as_bytes()).len() > 20, "the pages show names to who may see them, and the search finds them");

    let trainer = staff.first().context("a trainer")?;
    let classes = pages(trainer, "/api/v1/classes?", "classes").await?;
    let class = text(classes.first().context("a class")?, "/id")?;
    fail_with_names(&public, trainer, &class, &people, &mut heard).await?;
    let mut opened = None;
    for member in &staff[..staff.len() - 1] {
        opened = open_another(member).await?.map(|class| (member, class));
        if opened.is_some() {
            break;
        }
    }
    let (trainer, open) = opened.context("a trainer that is listed by now")?;
    let report = leave_a_roster_waiting(trainer, &open, &people[..20]).await?;
    heard.note(&report)?;
    heard.text.push_str(report.text()?);
    let returned = trainer.get(&format!("/api/v1/jobs/{}/returned", text(&report.json()?, "/id")?)).await?.has_status(200)?;
    heard.note(&returned)?;
    let operator = public.sign_in(demo.account("operator")?).await?;
    heard.text.push_str(operator.get("/metrics").await?.has_status(200)?.text()?);
    heard.text.push_str(public.get("/api/v1/status").await?.has_status(200)?.text()?);
    assert!(heard.problems > 300, "only {} problems", heard.problems);
    assert_eq!(
        patterns.found_in(heard.text.as_bytes()).into_keys().collect::<Vec<_>>(),
        [""; 0],
        "in a problem, header, address or metric"
    );
    let logged = server.logged()?;
    assert!(logged.lines().count() > 500, "the server logs what it does");
    assert_eq!(patterns.found_below(folder.path())?, [] as [String; 0], "in a file while the server runs");
    server.stop()?;
    assert_eq!(patterns.found_below(folder.path())?, [] as [String; 0], "in a file");
    for words in [
        &["events"][..],
        &["replay", "--model", "classes"],
        &["replay", "--model", "certificates"],
        &["replay", "--model", "quota"],
        &["user", "list"],
        &["doctor"],
    ] {
        let ran = folder.run(words)?.ended(0)?;
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(patterns.found_in(said.as_bytes()).into_keys().collect::<Vec<_>>(), [""; 0], "{words:?}");
    }
    Ok(())
}
