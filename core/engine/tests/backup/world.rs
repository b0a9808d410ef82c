//! A small world for the tests of `verify`, backups and blobs: an engine in a folder, with a class that takes trainees.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zhixin_domain::Command;
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_domain::class::{OpenRun, PlanRun, RegisterTrainee};
use zhixin_domain::directory::{AddOccupation, AssignOccupationCode, ListTrainer};
use zhixin_domain::document::PublishRulePack;
use zhixin_domain::person::ErasePerson;
use zhixin_engine::answer::{Accepted, Answer, Submission};
use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogPurpose;
use zhixin_engine::read_log::Reading;
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_events::class::PlannedModule;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::*;

/// A folder with everything an engine needs, gone at the end.
pub(crate) struct World {
    dir: tempfile::TempDir,
    /// Another one for every opening: who draws the same ids again finds them taken.
    seed: Cell<u64>,
}

/// Who acts, and the class they act in.
pub(crate) struct Cast {
    pub(crate) national: AccountId,
    pub(crate) staff: AccountId,
    pub(crate) class: ClassId,
    pub(crate) occupation: OccupationId,
}

/// A registered person, and the event that carries their sealed fields.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    pub(crate) person: PersonId,
    pub(crate) position: u64,
}

pub(crate) const NAME: &str = "试验者";

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap(), seed: Cell::new(seed * 1_000) };
        MasterKeyFile::new(&world.path("master")).create(&SeededEntropy::new(seed)).unwrap();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.path("data.checkpoint")
    }

    /// Opens `data` with a master key file of this folder.
    pub(crate) fn options(&self, master: &str) -> EngineOptions {
        let clock = SimulatedClock::new(CivilDate::parse("2025-03-03").unwrap().at_minute(540));
        self.seed.set(self.seed.get() + 1);
        let entropy = SeededEntropy::new(self.seed.get());
        EngineOptions {
            publish_every: Duration::from_millis(1),
            segment_bytes: 8 << 10,
            ..EngineOptions::new(&self.data(), &self.path(master), LogPurpose::Demo, Arc::new(clock), Arc::new(entropy))
        }
    }

    pub(crate) fn open(&self) -> Engine {
        Engine::open(self.options("master")).unwrap()
    }

    /// An engine that has taught so many, closed again.
    pub(crate) fn with_trainees(seed: u64, count: u32) -> (Self, Cast, Vec<Registered>) {
        let world = Self::new(seed);
        let engine = world.open();
        let cast = Cast::set_up(engine.handle());
        let registered = (0..count).map(|serial| cast.register(engine.handle(), serial)).collect();
        engine.close();
        (world, cast, registered)
    }
}

fn accept(handle: &EngineHandle, submission: Submission) -> Accepted {
    let name = submission.command.name();
    handle.execute_blocking(submission).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(accepted: &Accepted, name: &str) -> T {
    let value = accepted.result.iter().find(|(key, _)| *key == name);
    value.unwrap_or_else(|| panic!("no {name} in {accepted:?}")).1.parse().unwrap()
}

pub(crate) fn by(handle: &EngineHandle, actor: AccountId, role: Role, command: impl Into<Command>, key: &str) -> Submission {
    let command = command.into();
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

fn figures() -> PublishRulePack {
    let row = |key: &str, value: &str| PackFigure {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        unit: FigureUnit::Text,
        effective_from: CivilDate::parse("2020-01-01").unwrap(),
        effective_until: None,
        source: "for this test".to_owned(),
        mark: SourceMark::TestData,
    };
    PublishRulePack {
        name: "test-figures".to_owned(),
        title: "Figures of a test".to_owned(),
        unit: None,
        figures: vec![
            row("record.backdate_days_max", "30"),
            row("directory.validity_years", "3"),
            row("day.hours_max_tenths", "80"),
            row("programme.first_year", "2021"),
            row("programme.last_year", "2030"),
        ],
        digest: Digest32([7; 32]),
    }
}

impl Cast {
    /// Accounts, a listed trainer and an open class.
    pub(crate) fn set_up(handle: &EngineHandle) -> Self {
        accept(handle, handle.system_submission(figures(), "figures"));
        let account = |role: Role, organisation| {
            let command = OpenAccount { roles: vec![role], unit: None, organisation };
            id::<AccountId>(&accept(handle, handle.system_submission(command, role.name())), "account")
        };
        let unit = ReportingUnit::JIANGSU;
        let national = account(Role::NationalOffice, None);
        let office = |command: Command, key: &str| accept(handle, by(handle, national, Role::NationalOffice, command, key));
        let organisation = RegisterOrganisation { name: "试验学院".to_owned(), uscc: "91350100M000100Y43".to_owned(), unit };
        let organisation: OrganisationId = id(&office(organisation.into(), "organisation"), "organisation");
        let occupation = AddOccupation {
            name_zh: "大数据工程技术人员".to_owned(),
            name_en: "Big data engineer".to_owned(),
            code: "2-02-10-11".to_owned(),
            code_edition: PlanYear::new(2015),
        };
        let occupation: OccupationId = id(&office(occupation.into(), "occupation"), "occupation");
        let listing = ListTrainer {
            organisation,
            directory_number: DirectoryNumber::new(1),
            occupations: vec![occupation],
            listed_from: CivilDate::parse("2025-01-01").unwrap(),
            listed_until: None,
            national_base: false,
            document_number: "试1号".to_owned(),
        };
        let trainer: TrainerId = id(&office(listing.into(), "trainer"), "trainer");
        let staff = account(Role::Trainer, Some(organisation));
        let plan = PlanRun {
            title: "试验班".to_owned(),
            trainer,
            division: unit.division(),
            occupation,
            direction: None,
            grade: Grade::Junior,
            mode: DeliveryMode::InPerson,
            starts_on: CivilDate::parse("2025-03-03").unwrap(),
            ends_on: CivilDate::parse("2025-05-03").unwrap(),
            seats: PeopleCount::new(1_000),
            modules: vec![PlannedModule { code: "M".to_owned(), name: "模块".to_owned(), hours: HoursTenths::new(40) }],
        };
        let class: ClassId = id(&accept(handle, by(handle, staff, Role::Trainer, plan, "plan")), "class");
        accept(handle, by(handle, staff, Role::Trainer, OpenRun { class }, "open"));
        Self { national, staff, class, occupation }
    }

    /// Assigns a code, under a key of its own.
    pub(crate) fn assign_code(&self, handle: &EngineHandle, command: AssignOccupationCode) -> Answer {
        let key = command.code.clone();
        handle.execute_blocking(by(handle, self.national, Role::NationalOffice, command, &key))
    }

    /// Registers a generated person: an address code never issued, a birth year before the numbers existed.
    pub(crate) fn registering(&self, handle: &EngineHandle, serial: u32) -> Submission {
        let body = format!("99999918980202{serial:03}");
        let number = format!("{body}{}", document_number::identity_check_character(&body).unwrap());
        let person = PersonDescription {
            document_kind: DocumentKind::IdentityCard,
            document_number: Secret::new(number),
            name: Secret::new(NAME.to_owned()),
            phone: None,
            override_reason: None,
        };
        let command = RegisterTrainee {
            class: self.class,
            person: Trainee::Described(person),
            category: None,
            employer: None,
            title_level: None,
            job: None,
        };
        by(handle, self.staff, Role::Trainer, command, &format!("register-{serial}"))
    }

    /// The same, accepted.
    pub(crate) fn register(&self, handle: &EngineHandle, serial: u32) -> Registered {
        let accepted = accept(handle, self.registering(handle, serial));
        Registered { person: id(&accepted, "person"), position: accepted.position.0 }
    }

    pub(crate) fn erase(&self, handle: &EngineHandle, person: PersonId) {
        let command = ErasePerson { person, ground: ErasureGround::PersonRequest };
        handle.erase(by(handle, self.national, Role::NationalOffice, command, &format!("erase-{person}")), person).unwrap();
    }

    pub(crate) fn reading(&self, person: PersonId) -> Reading {
        Reading {
            reader: self.staff,
            role: Role::Trainer,
            purpose: ReadPurpose::ClassAdministration,
            case_reference: None,
            fields: vec!["name".to_owned()],
            persons: vec![person],
        }
    }

    /// The name in an event, if it opens.
    pub(crate) fn name_of(&self, handle: &EngineHandle, registered: Registered) -> Option<String> {
        let opened = handle.open_persons(&self.reading(registered.person), &[registered.position]).unwrap();
        opened[0].1.iter().find(|field| field.field == "name").map(|field| field.value.expose().clone())
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Flips one bit of a file.
pub(crate) fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// Files of a folder with this ending, in order.
pub(crate) fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    files
}
