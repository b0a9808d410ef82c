//! A small world: accounts, a listed trainer, and scripts of commands. A script is a pure function of its number and of the answers before,
//! so whoever runs it again sends the same commands and must get the same answers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zhixin_domain::Command;
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_domain::class::{HoldSession, OpenRun, PlanRun, RecordAttendance, RegisterTrainee};
use zhixin_domain::directory::{AddOccupation, ListTrainer};
use zhixin_domain::document::PublishRulePack;
use zhixin_domain::plan::{AdjustTarget, SetTarget};
use zhixin_engine::answer::{Accepted, Answer, Submission};
use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Writer};
use zhixin_engine::read_log::Reading;
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_events::class::PlannedModule;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::*;

/// Small, so that the log rolls over every few hundred commands.
const SEGMENT_BYTES: u64 = 128 << 10;
const FIRST_DAY: &str = "2025-03-03";

fn day(text: &str) -> CivilDate {
    CivilDate::parse(text).expect("a date of this file")
}

/// How these tests open a folder: everything real but clock, randomness and the log of reads. `seed` differs from one process to the next.
pub fn options(dir: &Path, seed: u64) -> EngineOptions {
    let master = dir.join("master");
    if !master.exists() {
        MasterKeyFile::new(&master).create(&SeededEntropy::new(1)).unwrap();
    }
    let reads = MemoryBackend::new(LogKey::new(LogId([7; 16]), [7; 32]));
    let writer = Writer { node: "reads".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    EngineOptions {
        publish_every: Duration::from_millis(5),
        segment_bytes: SEGMENT_BYTES,
        read_log: Some(Box::new(MemoryLog::open(&reads, writer).unwrap())),
        ..EngineOptions::new(
            &dir.join("data"),
            &master,
            LogPurpose::Demo,
            Arc::new(SimulatedClock::new(day(FIRST_DAY).at_minute(600))),
            Arc::new(SeededEntropy::new(seed)),
        )
    }
}

/// Opens a folder.
pub fn open(dir: &Path, seed: u64) -> Engine {
    Engine::open(options(dir, seed)).unwrap_or_else(|fault| panic!("{}", zhixin_engine::appender::log_chain(&fault)))
}

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Sets targets, erases persons.
    pub national: AccountId,
    /// Runs classes.
    pub staff: AccountId,
    trainer: TrainerId,
    occupation: OccupationId,
}

impl Cast {
    /// A command of the national office.
    pub fn by_office(&self, handle: &EngineHandle, command: impl Into<Command>, key: &str) -> Submission {
        submission(handle, self.national, Role::NationalOffice, command.into(), key)
    }
    /// A command of the trainer.
    pub fn by_staff(&self, handle: &EngineHandle, command: impl Into<Command>, key: &str) -> Submission {
        submission(handle, self.staff, Role::Trainer, command.into(), key)
    }
}

fn submission(handle: &EngineHandle, actor: AccountId, role: Role, command: Command, key: &str) -> Submission {
    Submission {
        actor,
        role,
        command_id: handle.command_id(&actor, command.name(), key),
        fingerprint: handle.fingerprint(format!("{command:?}").as_bytes()),
        effective_on: None,
        if_match: Vec::new(),
        command,
    }
}

fn accept(handle: &EngineHandle, submission: Submission) -> Accepted {
    let name = submission.command.name();
    handle.execute_blocking(submission).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn made<T: std::str::FromStr>(accepted: &Accepted, name: &str) -> T {
    let found = accepted.result.iter().find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok());
    found.unwrap_or_else(|| panic!("no {name} in {accepted:?}"))
}

/// The person that a registration made.
pub fn person_of(accepted: &Accepted) -> PersonId {
    made(accepted, "person")
}

fn figures() -> PublishRulePack {
    let figure = |(key, value): (&str, &str)| PackFigure {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        unit: FigureUnit::Text,
        effective_from: day("2021-01-01"),
        effective_until: None,
        source: "made up".to_owned(),
        mark: SourceMark::TestData,
    };
    let known = [
        ("record.backdate_days_max", "60"),
        ("directory.validity_years", "3"),
        ("day.hours_max_tenths", "80"),
        ("programme.first_year", "2021"),
        ("programme.last_year", "2030"),
    ];
    PublishRulePack {
        name: "figures".to_owned(),
        title: "Figures".to_owned(),
        unit: None,
        figures: known.into_iter().map(figure).collect(),
        digest: Digest32([1; 32]),
    }
}

/// The world that scripts act in: made by the first process, repeated by every later one.
pub fn set_up(handle: &EngineHandle) -> Cast {
    accept(handle, handle.system_submission(figures(), "figures"));
    let account = |role: Role, organisation| {
        let command = OpenAccount { roles: vec![role], unit: None, organisation };
        made(&accept(handle, handle.system_submission(command, role.name())), "account")
    };
    let national = account(Role::NationalOffice, None);
    let by_office = |command: Command, key: &str| accept(handle, submission(handle, national, Role::NationalOffice, command, key));
    let unit = ReportingUnit::JIANGSU;
    let organisation = RegisterOrganisation { name: "某大学".to_owned(), uscc: "91350100M000100Y43".to_owned(), unit };
    let organisation = made(&by_office(organisation.into(), "organisation"), "organisation");
    let occupation = AddOccupation {
        name_zh: "人工智能工程技术人员".to_owned(),
        name_en: "Artificial intelligence engineer".to_owned(),
        code: "2-02-10-09".to_owned(),
        code_edition: PlanYear::new(2015),
    };
    let occupation = made(&by_office(occupation.into(), "occupation"), "occupation");
    let listed = ListTrainer {
        organisation,
        directory_number: DirectoryNumber::new(1),
        occupations: vec![occupation],
        listed_from: day("2025-01-01"),
        listed_until: None,
        national_base: true,
        document_number: "第1号".to_owned(),
    };
    let trainer = made(&by_office(listed.into(), "trainer"), "trainer");
    let target = SetTarget {
        year: PlanYear::new(2025),
        line: Line::Digital,
        unit,
        people: PeopleCount::new(1),
        document_number: "第2号".to_owned(),
    };
    by_office(target.into(), "target");
    Cast { national, staff: account(Role::Trainer, Some(organisation)), trainer, occupation }
}

/// A reading of the name of a person by the trainer.
pub fn reading(cast: &Cast, person: PersonId) -> Reading {
    Reading {
        reader: cast.staff,
        role: Role::Trainer,
        purpose: ReadPurpose::ClassAdministration,
        case_reference: None,
        fields: vec!["name".to_owned()],
        persons: vec![person],
    }
}

/// The sealed name of the person that a step registers.
pub fn name_of(script: u32, step: u32) -> String {
    format!("测试{script}之{step}")
}

/// A generated person: an address code that was never issued, a birth date before the numbers existed.
fn described(script: u32, step: u32) -> PersonDescription {
    let serial = script * 1_000 + step;
    let (number, rest) = (serial % 999 + 1, serial / 999);
    let (date, rest) = (rest % 28 + 1, rest / 28);
    let body = format!("999999{}{:02}{date:02}{number:03}", 1800 + rest / 12, rest % 12 + 1);
    let check = document_number::identity_check_character(&body).expect("17 digits");
    PersonDescription {
        document_kind: DocumentKind::IdentityCard,
        document_number: Secret::new(format!("{body}{check}")),
        name: Secret::new(name_of(script, step)),
        phone: None,
        override_reason: None,
    }
}

/// One step of a script, answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The script.
    pub script: u32,
    /// Its number in the script, from 0.
    pub step: u32,
    /// Identifies its command.
    pub command_id: CommandId,
    /// Its answer.
    pub accepted: Accepted,
}

impl Step {
    /// Whether it registered a person, whose sealed name must open.
    pub fn registers(&self) -> bool {
        self.step >= 3 && (self.step - 3).is_multiple_of(3)
    }
}

/// An endless sequence of commands: a run planned, opened and taught, then trainees registered and their attendance recorded, and now and
/// then a target adjusted that all scripts fight for.
#[derive(Debug)]
pub struct Script {
    number: u32,
    next: u32,
    class: Option<ClassId>,
    person: Option<PersonId>,
}

impl Script {
    /// The script of a number.
    pub fn new(number: u32) -> Self {
        Self { number, next: 0, class: None, person: None }
    }

    /// Sends the next command.
    ///
    /// # Errors
    /// What the engine says; the same step is sent again then.
    pub fn step(&mut self, handle: &EngineHandle, cast: &Cast) -> Result<Step, zhixin_engine::answer::CommandError> {
        let (script, step) = (self.number, self.next);
        let submission = self.submission(handle, cast);
        let command_id = submission.command_id;
        let answer: Answer = handle.execute_blocking(submission);
        let accepted = answer?;
        let answered = Step { script, step, command_id, accepted };
        if step == 0 {
            self.class = Some(made(&answered.accepted, "class"));
        }
        if answered.registers() {
            self.person = Some(person_of(&answered.accepted));
        }
        self.next += 1;
        Ok(answered)
    }

    fn submission(&self, handle: &EngineHandle, cast: &Cast) -> Submission {
        let key = format!("{}-{}", self.number, self.next);
        let class = || self.class.expect("step 0 planned the run");
        match self.next {
            0 => cast.by_staff(handle, self.plan(cast), &key),
            1 => cast.by_staff(handle, OpenRun { class: class() }, &key),
            2 => {
                let (module, hours, mode) = ("A".to_owned(), HoursTenths::new(60), DeliveryMode::InPerson);
                let session = SessionNumber::new(1);
                cast.by_staff(handle, HoldSession { class: class(), session, held_on: day(FIRST_DAY), module, hours, mode }, &key)
            }
            step => match (step - 3) % 3 {
                0 => {
                    let person = Trainee::Described(described(self.number, step));
                    cast.by_staff(
                        handle,
                        RegisterTrainee { class: class(), person, category: None, employer: None, title_level: None, job: None },
                        &key,
                    )
                }
                1 => {
                    let (session, attendance) = (SessionNumber::new(1), Attendance::Present);
                    let person = self.person.expect("the step before registered a person");
                    cast.by_staff(handle, RecordAttendance { class: class(), session, person, attendance }, &key)
                }
                _ => cast.by_office(handle, self.adjusted(), &key),
            },
        }
    }

    fn plan(&self, cast: &Cast) -> PlanRun {
        PlanRun {
            title: format!("第{}班", self.number),
            trainer: cast.trainer,
            division: ReportingUnit::JIANGSU.division(),
            occupation: cast.occupation,
            direction: None,
            grade: Grade::Junior,
            mode: DeliveryMode::InPerson,
            starts_on: day(FIRST_DAY),
            ends_on: day("2025-04-03"),
            seats: PeopleCount::new(5_000),
            modules: vec![PlannedModule { code: "A".to_owned(), name: "模块".to_owned(), hours: HoursTenths::new(80) }],
        }
    }

    fn adjusted(&self) -> AdjustTarget {
        AdjustTarget {
            year: PlanYear::new(2025),
            line: Line::Digital,
            unit: ReportingUnit::JIANGSU,
            people: PeopleCount::new(10 + self.number * 1_000 + self.next),
            document_number: "第3号".to_owned(),
        }
    }
}
