//! A training run of the last days, held by a trainer that the national office has just listed: the steps that several stories share.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use zhixin_events::CivilDate;

use super::client::Client;
use super::demo::{Account, Demo};
use super::folder::Folder;
use super::people::uscc;
use super::server::Server;
use super::until;

/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The run and the people around it.
#[derive(Debug, Clone)]
pub struct Course {
    /// Nobody in particular.
    pub public: Client,
    /// The national office.
    pub national: Client,
    /// Staff of the trainer.
    pub staff: Client,
    /// How the staff sign in.
    pub staff_account: Account,
    /// The trainer.
    pub trainer: String,
    /// The occupation it trains for.
    pub occupation: String,
    /// The first direction of the occupation for the grade.
    pub direction: String,
    /// The run; empty until it is planned.
    pub class: String,
    /// The day on which all this happens.
    pub today: CivilDate,
}

/// A text of an answer.
///
/// # Errors
/// It is not there.
pub fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text.with_context(|| format!("a text at {pointer} of {value}"))
}

/// A number of an answer.
///
/// # Errors
/// It is not there.
pub fn number(value: &Value, pointer: &str) -> anyhow::Result<u64> {
    value.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("a number at {pointer} of {value}"))
}

/// A list of an answer.
///
/// # Errors
/// It is not there.
pub fn list<'v>(value: &'v Value, pointer: &str) -> anyhow::Result<&'v Vec<Value>> {
    value.pointer(pointer).and_then(Value::as_array).with_context(|| format!("a list at {pointer} of {value}"))
}

/// An occupation that has directions for the lowest grade, and the first of them.
async fn occupation_with_direction(client: &Client) -> anyhow::Result<(String, String)> {
    let answer = client.ask("/api/v1/directories/occupations").await?;
    for occupation in list(&answer, "/occupations")? {
        let junior = list(occupation, "/directions")?.iter().find(|of_grade| of_grade["grade"] == "junior");
        if let Some(Ok(direction)) = junior.map(|junior| text(junior, "/directions/0")) {
            return Ok((text(occupation, "/id")?, direction));
        }
    }
    bail!("no occupation has directions: {answer}")
}

/// Registers an organisation and lists it as a trainer from a month ago; gives the ids of trainer and organisation.
async fn list_trainer(national: &Client, today: CivilDate, occupation: &str) -> anyhow::Result<(String, String)> {
    let body = json!({ "name": "江苏示范测试学院", "uscc": uscc(32), "unit": "32" });
    let organisation = text(&national.command("register-organisation", body).await?, "/result/organisation")?;
    let listed_from = today.plus_days(-30).to_string();
    let body = json!({
        "organisation": organisation, "directory_number": 900_001, "occupations": [occupation], "listed_from": listed_from,
        "document_number": "示例〔测试〕1号", "national_base": false, "effective_on": listed_from,
    });
    let trainer = text(&national.command("list-trainer", body).await?, "/result/trainer")?;
    Ok((trainer, organisation))
}

impl Course {
    /// The reporting unit of the trainer.
    pub const UNIT: &'static str = "32";
    /// Days of the sessions, counted from today.
    pub const SESSION_DAYS: std::ops::Range<i32> = -10..-2;
    /// The last day, on which the test is taken and certificates are dated, counted from today.
    pub const LAST_DAY: i32 = -1;

    /// Lists a trainer, gives its staff an account at the command line between two runs of the server, and signs everybody in.
    ///
    /// # Errors
    /// A step fails.
    pub async fn prepare(demo: &Demo, folder: &Folder) -> anyhow::Result<(Server, Self)> {
        let server = folder.serve(&[])?;
        let national = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
        let today = national.today().await?;
        let (occupation, direction) = occupation_with_direction(&national).await?;
        let (trainer, organisation) = list_trainer(&national, today, &occupation).await?;
        server.stop()?;
        let words = ["user", "add", "test-staff", "--role", "trainer", "--organisation", &organisation, "--json"];
        let added: Value = serde_json::from_str(&folder.run(&words)?.ended(0)?.out)?;
        let staff_account = Account { role: "trainer".to_owned(), login: "test-staff".to_owned(), password: text(&added, "/password")? };
        let server = folder.serve(&[])?;
        let public = Client::of(&server)?;
        let national = public.sign_in(demo.account("national_office")?).await?;
        let staff = public.sign_in(&staff_account).await?;
        Ok((server, Self { public, national, staff, staff_account, trainer, occupation, direction, class: String::new(), today }))
    }

    /// The same people at another server of the same folder, whose read models may still be catching up.
    ///
    /// # Errors
    /// Somebody cannot sign in.
    pub async fn at(&self, server: &Server, demo: &Demo) -> anyhow::Result<Self> {
        let public = Client::of(server)?;
        public.wait_for_all().await?;
        let national = public.sign_in(demo.account("national_office")?).await?;
        let staff = public.sign_in(&self.staff_account).await?;
        Ok(Self { public, national, staff, ..self.clone() })
    }

    /// A day, counted from today.
    pub fn day(&self, days: i32) -> String {
        self.today.plus_days(days).to_string()
    }

    /// The last day of the run, in whose year and month it counts.
    pub fn last_day(&self) -> CivilDate {
        self.today.plus_days(Self::LAST_DAY)
    }

    /// Plans and opens the run, both dated back before its first day.
    ///
    /// # Errors
    /// It is refused.
    pub async fn plan_and_open(&mut self, seats: u32) -> anyhow::Result<()> {
        let module = |code: &str, name: &str, hours: u32| json!({ "code": code, "name": name, "hours_tenths": hours });
        let body = json!({
            "title": "测试培训班", "trainer": self.trainer, "division": "320100", "occupation": self.occupation, "direction": self.direction,
            "grade": "junior", "mode": "in_person", "starts_on": self.day(-10), "ends_on": self.day(Self::LAST_DAY), "seats": seats,
            "modules": [module("M1", "基础", 240), module("M2", "技术", 240), module("M3", "实践", 160)], "effective_on": self.day(-20),
        });
        self.class = text(&self.staff.command("plan-run", body).await?, "/result/class")?;
        self.staff.command("open-run", json!({ "class": self.class, "effective_on": self.day(-20) })).await?;
        Ok(())
    }

    /// Sends a roster of people who took their seats before the first session; `dry_run` only reads it.
    ///
    /// # Errors
    /// It is not taken.
    pub async fn upload(&self, file: Vec<u8>, dry_run: bool) -> anyhow::Result<Value> {
        let form = Form::new().part("file", Part::bytes(file).file_name("roster.xlsx").mime_str(XLSX)?);
        let form = form.text("effective_on", self.day(-15));
        let path = format!("/api/v1/classes/{}/roster?dry_run={dry_run}", self.class);
        self.staff.send(self.staff.request(Method::POST, &path).multipart(form)).await?.has_status(202)?.json()
    }

    /// Confirms a report and waits until every row has its answer.
    ///
    /// # Errors
    /// It is refused.
    pub async fn confirm(&self, report: &Value) -> anyhow::Result<Value> {
        let path = format!("/api/v1/jobs/{}", text(report, "/id")?);
        self.staff.post(&format!("{path}/confirm"), &json!({})).await?.has_status(202)?;
        let done = until("the import is done", || async {
            let job = self.staff.get(&path).await?.has_status(200)?.json()?;
            Ok((text(&job, "/state")? == "done").then_some(job))
        });
        let done = done.await?;
        self.staff.wait_for_all().await?;
        Ok(done)
    }

    /// The roster with names, which is a recorded reading: person by name, without the erased.
    ///
    /// # Errors
    /// It is refused.
    pub async fn roster_by_name(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let path = format!("/api/v1/classes/{}?names=1&purpose=class_administration&limit=200", self.class);
        let answer = self.staff.ask(&path).await?;
        let named = list(&answer, "/roster")?.iter().filter(|trainee| !trainee["name"].is_null());
        named.map(|trainee| Ok((text(trainee, "/name")?, text(trainee, "/person")?))).collect()
    }

    /// Holds the eight sessions of eight hours; `absent` says who is recorded as absent in which (from 1).
    ///
    /// # Errors
    /// It is refused.
    pub async fn teach(&self, persons: &[&str], absent: &[(&str, u16)]) -> anyhow::Result<()> {
        for (session, day) in (1u16..).zip(Self::SESSION_DAYS) {
            let module = if session <= 3 {
                "M1"
            } else if session <= 6 {
                "M2"
            } else {
                "M3"
            };
            let body = json!({
                "class": self.class, "session": session, "held_on": self.day(day), "module": module, "hours_tenths": 80, "mode": "in_person",
            });
            self.staff.command("hold-session", body).await?;
            for person in persons {
                let attendance = if absent.contains(&(*person, session)) { "absent" } else { "present" };
                let body = json!({ "class": self.class, "session": session, "person": person, "attendance": attendance });
                self.staff.command("record-attendance", body).await?;
            }
        }
        Ok(())
    }

    /// Records the completion test of the last day.
    ///
    /// # Errors
    /// It is refused.
    pub async fn test(&self, person: &str, points: u8) -> anyhow::Result<Value> {
        let body = json!({ "class": self.class, "person": person, "points": points, "effective_on": self.day(Self::LAST_DAY) });
        self.staff.command("record-completion-test", body).await
    }

    /// Issues a certificate dated on the last day: its id, number and position.
    ///
    /// # Errors
    /// It is refused.
    pub async fn certify(&self, person: &str) -> anyhow::Result<(String, String, u64)> {
        let body = json!({ "class": self.class, "person": person, "effective_on": self.day(Self::LAST_DAY) });
        let issued = self.staff.command("issue-training-certificate", body).await?;
        Ok((text(&issued, "/result/certificate")?, text(&issued, "/result/number")?, number(&issued, "/position")?))
    }

    /// Waits until a signed checkpoint covers a position.
    ///
    /// # Errors
    /// None does within a minute.
    pub async fn covered(&self, position: u64) -> anyhow::Result<()> {
        let covers = || async {
            let note = self.public.get("/log/checkpoint").await?.has_status(200)?;
            let size: u64 = note.text()?.lines().nth(1).context("a size in the second line")?.parse()?;
            Ok((size > position).then_some(()))
        };
        until("a checkpoint covers the event", covers).await
    }

    /// Everybody is there and passes, and the first ones are certified; gives person and certificate number of each.
    ///
    /// # Errors
    /// A step fails.
    pub async fn run_through(&mut self, file: Vec<u8>, count: usize) -> anyhow::Result<Vec<(String, String, String)>> {
        self.plan_and_open(20).await?;
        let report = self.upload(file, true).await?;
        let done = self.confirm(&report).await?;
        ensure!(number(&done, "/written")? == u64::try_from(count)?, "not every row was written: {done}");
        let roster = self.roster_by_name().await?;
        let persons: Vec<&str> = roster.values().map(String::as_str).collect();
        self.teach(&persons, &[]).await?;
        let mut certified = Vec::new();
        let mut last = 0;
        for (name, person) in &roster {
            self.test(person, 90).await?;
            let (_, number, position) = self.certify(person).await?;
            last = position;
            certified.push((name.clone(), person.clone(), number));
        }
        self.covered(last).await?;
        Ok(certified)
    }
}
