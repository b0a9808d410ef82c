//! A small world behind the gateway: an engine in a temporary folder, one account a role, a listed trainer with an open class, and requests
//! without a network.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of the world")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::domain::access::OpenAccount;
use zhixin_engine::domain::document::PublishRulePack;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogPurpose;
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{CivilDate, FigureUnit, ReportingUnit, Role, SourceMark, Timestamp};
use zhixin_gateway::{Deps, accounts, app};
use zhixin_projections::{Projections, RowKind};

pub const PASSWORD: &str = "correct horse battery";
pub const ID_NUMBER: &str = "11010519491231002X";
pub const PERSON_NAME: &str = "王小明";

/// An identity number in a range that is not issued, with its right check character.
pub fn id_number(serial: u32) -> String {
    let body = format!("32019919800101{serial:03}");
    let check = zhixin_events::document_number::identity_check_character(&body).unwrap();
    format!("{body}{check}")
}

/// The day on which the world begins.
pub fn today() -> CivilDate {
    CivilDate::from_ymd(2025, 6, 2).unwrap()
}

pub struct World {
    pub handle: EngineHandle,
    pub router: Router,
    pub clock: Arc<SimulatedClock>,
    pub tokens: BTreeMap<&'static str, String>,
    pub ids: BTreeMap<&'static str, String>,
    pub projections: Arc<Projections>,
    keys: u32,
    // Dropped last, in this order: threads first, then the folder.
    _engine: Engine,
    pub dir: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    /// A world with accounts, a trainer and an open class.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, with one person who was taught and tested; and the number of the certificate issued.
    pub async fn taught() -> (Self, String) {
        let mut world = Self::new().await;
        let person = world.enrol(PERSON_NAME, ID_NUMBER).await;
        let number = world.certify(&person).await;
        world.ids.insert("person", person);
        (world, number)
    }

    /// The same, over an engine with a log of the test's own, say.
    pub async fn with(change: impl FnOnce(&mut EngineOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("master.key");
        MasterKeyFile::new(&key).create(&SeededEntropy::new(1)).unwrap();
        let clock = Arc::new(SimulatedClock::new(today().at_minute(9 * 60)));
        let entropy = Arc::new(SeededEntropy::new(2));
        let theirs: Arc<SimulatedClock> = Arc::clone(&clock);
        let mut options = EngineOptions::new(&dir.path().join("data"), &key, LogPurpose::Demo, theirs, entropy);
        options.rows = RowKind::Memory;
        options.segment_bytes = 1 << 20;
        options.publish_every = Duration::from_millis(1);
        change(&mut options);
        let engine = Engine::open(options).unwrap();
        let handle = engine.handle().clone();
        let feed = Arc::clone(handle.reader());
        let projections = Arc::new(Projections::open(&dir.path().join("data"), RowKind::Memory, feed).unwrap());
        let router = app(Deps::new(handle.clone(), Arc::clone(&projections)));
        let mut world =
            Self { handle, router, clock, tokens: BTreeMap::new(), ids: BTreeMap::new(), projections, keys: 0, _engine: engine, dir };
        world.fill().await;
        world
    }

    async fn account(&mut self, name: &'static str, role: Role, unit: Option<ReportingUnit>, own: bool) {
        let organisation = own.then(|| self.ids["organisation"].parse().unwrap());
        self.account_of(name, OpenAccount { roles: vec![role], unit, organisation }).await;
    }

    async fn account_of(&mut self, name: &'static str, command: OpenAccount) {
        let accepted = self.handle.execute(self.handle.system_submission(command, name)).await.unwrap();
        let account = accepted.result[0].1.parse().unwrap();
        accounts::create_credentials(&self.handle, name, account, PASSWORD).unwrap();
        let token = self.sign_in(name, PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
        self.tokens.insert(name, token);
        self.ids.insert(name, accepted.result[0].1.clone());
    }

    async fn fill(&mut self) {
        let figures = [
            ("record.backdate_days_max", "60"),
            ("training.attendance_min_bp", "9000"),
            ("training.hours_min/2-02-10-09/junior", "80"),
            ("training.content/2-02-10-09/junior", "A"),
            ("completion_test.pass_mark", "60"),
            ("completion_test.attempts_max", "2"),
            ("hours.test_required", "yes"),
            ("certificate.number_scheme", "zx-1"),
            ("day.hours_max_tenths", "80"),
            ("directory.validity_years", "3"),
            ("programme.first_year", "2021"),
            ("programme.last_year", "2030"),
        ];
        let figure = |(key, value): (&str, &str)| PackFigure {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            unit: FigureUnit::Text,
            effective_from: CivilDate::from_ymd(2021, 1, 1).unwrap(),
            effective_until: None,
            source: "test".to_owned(),
            mark: SourceMark::TestData,
        };
        let pack = PublishRulePack {
            name: "test".to_owned(),
            title: "Test figures".to_owned(),
            unit: None,
            figures: figures.map(figure).to_vec(),
            digest: Digest32([1; 32]),
        };
        self.handle.execute(self.handle.system_submission(pack, "pack")).await.unwrap();
        self.account("national_office", Role::NationalOffice, None, false).await;
        for (name, code, unit) in [("organisation", "91350100M000100Y43", "32"), ("other_organisation", "91512081MA62K0260E", "51")] {
            let body = json!({ "name": format!("某大学 {unit}"), "uscc": code, "unit": unit });
            let id = self.accepted("national_office", "register-organisation", body).await["organisation"].clone();
            self.ids.insert(name, id.as_str().unwrap().to_owned());
        }
        self.account("operator", Role::Operator, None, false).await;
        self.account("provincial_office", Role::ProvincialOffice, Some(ReportingUnit::JIANGSU), false).await;
        self.account("other_province", Role::ProvincialOffice, Some(ReportingUnit::new(51).unwrap()), false).await;
        self.account("trainer", Role::Trainer, None, true).await;
        self.account("auditor", Role::Auditor, None, false).await;
        self.account("investigator", Role::Investigator, Some(ReportingUnit::JIANGSU), false).await;
        self.directories().await;
        self.class().await;
        self.caught_up();
    }

    async fn directories(&mut self) {
        let national = "national_office";
        let occupation = json!({ "name_zh": "人工智能工程技术人员", "name_en": "Artificial intelligence engineer", "code": "2-02-10-09", "code_edition": 2022 });
        let id = self.accepted(national, "add-occupation", occupation).await["occupation"].clone();
        self.ids.insert("occupation", id.as_str().unwrap().to_owned());
        let directions = json!({ "occupation": id, "grade": "junior", "directions": [], "source": "标准" });
        self.accepted(national, "set-occupation-directions", directions).await;
        let organisation = self.ids["organisation"].clone();
        let listing = json!({ "organisation": organisation, "directory_number": 1, "occupations": [id], "listed_from": today().to_string(), "document_number": "公告1", "national_base": false });
        let trainer = self.accepted(national, "list-trainer", listing).await["trainer"].clone();
        self.ids.insert("listed_trainer", trainer.as_str().unwrap().to_owned());
        let target = json!({ "year": 2025, "line": "digital", "unit": "32", "people": 800, "document_number": "下达1" });
        self.accepted(national, "set-target", target).await;
    }

    async fn class(&mut self) {
        let plan = json!({
            "title": "人工智能初级班", "trainer": self.ids["listed_trainer"], "division": "320100", "occupation": self.ids["occupation"],
            "grade": "junior", "mode": "in_person", "starts_on": today().to_string(), "ends_on": today().plus_days(10).to_string(),
            "seats": 30, "modules": [{ "code": "A", "name": "基础", "hours_tenths": 80 }],
        });
        let class = self.accepted("trainer", "plan-run", plan).await["class"].clone();
        self.ids.insert("class", class.as_str().unwrap().to_owned());
        self.accepted("trainer", "open-run", json!({ "class": class })).await;
    }

    /// Lists a second trainer, in another province, with an account `other_trainer` and an open class; gives the class.
    pub async fn second_trainer(&mut self) -> String {
        let organisation = self.ids["other_organisation"].clone();
        let theirs = OpenAccount { roles: vec![Role::Trainer], unit: None, organisation: Some(organisation.parse().unwrap()) };
        self.account_of("other_trainer", theirs).await;
        let listing = json!({ "organisation": organisation, "directory_number": 2, "occupations": [self.ids["occupation"]], "listed_from": today().to_string(), "document_number": "公告2", "national_base": false });
        let trainer = self.accepted("national_office", "list-trainer", listing).await["trainer"].clone();
        let plan = json!({
            "title": "另一个班", "trainer": trainer, "division": "510100", "occupation": self.ids["occupation"],
            "grade": "junior", "mode": "in_person", "starts_on": today().to_string(), "ends_on": today().plus_days(10).to_string(),
            "seats": 30, "modules": [{ "code": "A", "name": "基础", "hours_tenths": 80 }],
        });
        let class = self.accepted("other_trainer", "plan-run", plan).await["class"].as_str().unwrap().to_owned();
        self.accepted("other_trainer", "open-run", json!({ "class": class })).await;
        self.caught_up();
        class
    }

    /// Gives somebody a seat, and gives their id.
    pub async fn enrol(&mut self, name: &str, number: &str) -> String {
        let person = json!({ "document_kind": "identity_card", "document_number": number, "name": name });
        let body = json!({ "class": self.ids["class"], "person": person });
        self.accepted("trainer", "register-trainee", body).await["person"].as_str().unwrap().to_owned()
    }

    /// Teaches the class, tests the person and issues a certificate; gives its number.
    pub async fn certify(&mut self, person: &str) -> String {
        let class = self.ids["class"].clone();
        let session =
            json!({ "class": class, "session": 1, "held_on": today().to_string(), "module": "A", "hours_tenths": 80, "mode": "in_person" });
        self.accepted("trainer", "hold-session", session).await;
        let attended = json!({ "class": class, "session": 1, "person": person, "attendance": "present" });
        self.accepted("trainer", "record-attendance", attended).await;
        self.accepted("trainer", "record-completion-test", json!({ "class": class, "person": person, "points": 80 })).await;
        self.clock.set(today().plus_days(10).at_minute(9 * 60));
        self.renew_tokens().await;
        self.accepted("trainer", "close-run", json!({ "class": class, "closed_on": today().plus_days(10).to_string() })).await;
        let issued = self.accepted("trainer", "issue-training-certificate", json!({ "class": class, "person": person })).await;
        self.ids.insert("certificate", issued["certificate"].as_str().unwrap().to_owned());
        self.caught_up();
        issued["number"].as_str().unwrap().to_owned()
    }

    /// Signs everybody in again, after the clock went on.
    pub async fn renew_tokens(&mut self) {
        let names: Vec<&'static str> = self.tokens.keys().copied().collect();
        for name in names {
            let token = self.sign_in(name, PASSWORD).await.json()["token"].as_str().unwrap().to_owned();
            self.tokens.insert(name, token);
        }
    }

    /// Waits until index and read models reflect everything, and a checkpoint covers it.
    pub fn caught_up(&self) {
        let end = self.handle.end();
        assert!(self.handle.wait_indexed(end, Duration::from_secs(20)));
        assert!(self.projections.wait_for(end, Duration::from_secs(20)));
        while self.handle.published().is_none_or(|published| published.size < end) {
            std::thread::yield_now();
        }
    }

    pub async fn sign_in(&self, login: &str, password: &str) -> Answer {
        self.send(self.request(Method::POST, "/api/v1/sessions").body(json!({ "account": login, "password": password }).to_string())).await
    }

    #[expect(clippy::unused_self, reason = "reads as what it is: a request to this world")]
    pub fn request(&self, method: Method, path: &str) -> Ask {
        let builder = Request::builder().method(method).uri(path);
        Ask { builder: builder.header("content-type", "application/json"), body: Body::empty() }
    }

    pub async fn send(&self, ask: Ask) -> Answer {
        let request = ask.builder.body(ask.body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, bytes: to_bytes(body, usize::MAX).await.unwrap().to_vec() }
    }

    /// A query as somebody; as nobody when the name is empty.
    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).by(self, who)).await
    }

    /// A command as somebody.
    pub async fn command(&mut self, who: &str, name: &str, body: Value) -> Answer {
        self.keys += 1;
        let key = format!("key-{}", self.keys);
        self.command_with_key(who, name, body, &key).await
    }

    pub async fn command_with_key(&self, who: &str, name: &str, body: Value, key: &str) -> Answer {
        let ask = self.request(Method::POST, &format!("/api/v1/commands/{name}")).by(self, who).header("idempotency-key", key);
        self.send(ask.body(body.to_string())).await
    }

    /// A command that must be accepted; gives its result.
    pub async fn accepted(&mut self, who: &str, name: &str, body: Value) -> Value {
        let answer = self.command(who, name, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
        answer.json()["result"].clone()
    }

    pub fn now(&self) -> Timestamp {
        self.handle.now().unwrap()
    }
}

/// A request in the making.
pub struct Ask {
    builder: axum::http::request::Builder,
    body: Body,
}

impl Ask {
    pub fn by(self, world: &World, who: &str) -> Self {
        if who.is_empty() { self } else { self.header("authorization", &format!("Bearer {}", world.tokens[who])) }
    }
    /// From an address, as if over a connection.
    pub fn from(self, address: &str) -> Self {
        let peer = std::net::SocketAddr::new(address.parse().unwrap(), 4_711);
        Self { builder: self.builder.extension(axum::extract::ConnectInfo(peer)), body: self.body }
    }
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if name == "content-type" {
            self.builder.headers_mut().unwrap().remove(name);
        }
        Self { builder: self.builder.header(name, value), body: self.body }
    }
    pub fn body(self, body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..self }
    }
}
