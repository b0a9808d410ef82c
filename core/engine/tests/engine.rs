//! The engine as its callers see it: durable answers, repeats, the overlay, snapshots, forgetting, and refusing to sign a fork.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "backup/watched.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod watched;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use watched::{Watch, Watched};
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_domain::class::{OpenRun, PlanRun, RegisterTrainee};
use zhixin_domain::directory::{AddOccupation, ListTrainer, ReinstateTrainer, SuspendTrainer};
use zhixin_domain::document::PublishRulePack;
use zhixin_domain::person::ErasePerson;
use zhixin_domain::plan::{AdjustTarget, SetTarget};
use zhixin_domain::{Command, Refusal};
use zhixin_engine::answer::{Accepted, CommandError, Submission, Unavailable};
use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::engine::{Engine, EngineOptions};
use zhixin_engine::entropy::SeededEntropy;
use zhixin_engine::fault::OpenFault;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::history;
use zhixin_engine::log::{LogId, LogKey, LogPurpose, MemoryBackend, MemoryLog, Trouble, Writer};
use zhixin_engine::merkle::{self, leaf_hash};
use zhixin_engine::read_log::Reading;
use zhixin_engine::vault_keys::MasterKeyFile;
use zhixin_events::class::PlannedModule;
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::*;

const JIANGSU: ReportingUnit = ReportingUnit::JIANGSU;

fn options(dir: &Path) -> EngineOptions {
    let master = dir.join("master");
    if !master.exists() {
        MasterKeyFile::new(&master).create(&SeededEntropy::new(1)).unwrap();
    }
    let start = CivilDate::parse("2025-03-03").unwrap().at_minute(600);
    EngineOptions {
        publish_every: Duration::from_millis(1),
        segment_bytes: 1 << 20,
        ..EngineOptions::new(
            &dir.join("data"),
            &master,
            LogPurpose::Demo,
            Arc::new(SimulatedClock::new(start)),
            Arc::new(SeededEntropy::new(2)),
        )
    }
}

fn open(dir: &Path) -> Engine {
    Engine::open(options(dir)).unwrap()
}

fn accept(handle: &EngineHandle, submission: Submission) -> Accepted {
    let name = submission.command.name();
    handle.execute_blocking(submission).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn result(accepted: &Accepted, name: &str) -> String {
    let found = accepted.result.iter().find(|(key, _)| *key == name);
    found.map_or_else(|| panic!("no {name} in {accepted:?}"), |(_, value)| value.clone())
}

/// Who acts in these tests.
struct Cast {
    national: AccountId,
    staff: AccountId,
    trainer: TrainerId,
    class: ClassId,
}

fn submission(handle: &EngineHandle, actor: AccountId, role: Role, command: impl Into<Command>, key: &str) -> Submission {
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

fn open_account(handle: &EngineHandle, role: Role, organisation: Option<OrganisationId>) -> AccountId {
    let command = OpenAccount { roles: vec![role], unit: None, organisation };
    result(&accept(handle, handle.system_submission(command, role.name())), "account").parse().unwrap()
}

fn figures() -> PublishRulePack {
    let figure = |(key, value): (&str, &str)| PackFigure {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        unit: FigureUnit::Text,
        effective_from: CivilDate::parse("2021-01-01").unwrap(),
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

/// A listed trainer with an open run.
fn set_up(handle: &EngineHandle) -> Cast {
    accept(handle, handle.system_submission(figures(), "figures"));
    let national = open_account(handle, Role::NationalOffice, None);
    let by_office = |command: Command, key: &str| accept(handle, submission(handle, national, Role::NationalOffice, command, key));
    let uscc = "91350100M000100Y43".to_owned();
    let registered = by_office(RegisterOrganisation { name: "某大学".to_owned(), uscc, unit: JIANGSU }.into(), "organisation");
    let organisation: OrganisationId = result(&registered, "organisation").parse().unwrap();
    let added = AddOccupation {
        name_zh: "人工智能工程技术人员".to_owned(),
        name_en: "Artificial intelligence engineer".to_owned(),
        code: "2-02-10-09".to_owned(),
        code_edition: PlanYear::new(2015),
    };
    let occupation: OccupationId = result(&by_office(added.into(), "occupation"), "occupation").parse().unwrap();
    let listed = ListTrainer {
        organisation,
        directory_number: DirectoryNumber::new(1),
        occupations: vec![occupation],
        listed_from: CivilDate::parse("2025-01-01").unwrap(),
        listed_until: None,
        national_base: true,
        document_number: "第1号".to_owned(),
    };
    let trainer: TrainerId = result(&by_office(listed.into(), "trainer"), "trainer").parse().unwrap();
    let staff = open_account(handle, Role::Trainer, Some(organisation));
    let planned = PlanRun {
        title: "初级班".to_owned(),
        trainer,
        division: JIANGSU.division(),
        occupation,
        direction: None,
        grade: Grade::Junior,
        mode: DeliveryMode::InPerson,
        starts_on: CivilDate::parse("2025-03-03").unwrap(),
        ends_on: CivilDate::parse("2025-04-03").unwrap(),
        seats: PeopleCount::new(100),
        modules: vec![PlannedModule { code: "A".to_owned(), name: "模块".to_owned(), hours: HoursTenths::new(80) }],
    };
    let class: ClassId = result(&accept(handle, submission(handle, staff, Role::Trainer, planned, "plan")), "class").parse().unwrap();
    accept(handle, submission(handle, staff, Role::Trainer, OpenRun { class }, "open"));
    Cast { national, staff, trainer, class }
}

fn set_target(people: u32) -> SetTarget {
    SetTarget {
        year: PlanYear::new(2025),
        line: Line::Digital,
        unit: JIANGSU,
        people: PeopleCount::new(people),
        document_number: "第2号".to_owned(),
    }
}

fn adjust_target(people: u32) -> AdjustTarget {
    AdjustTarget {
        year: PlanYear::new(2025),
        line: Line::Digital,
        unit: JIANGSU,
        people: PeopleCount::new(people),
        document_number: "第3号".to_owned(),
    }
}

/// A generated person: an address code that was never issued, a birth year before the numbers existed.
fn described(serial: u32) -> PersonDescription {
    let body = format!("99999918990101{serial:03}");
    let check = document_number::identity_check_character(&body).unwrap();
    PersonDescription {
        document_kind: DocumentKind::IdentityCard,
        document_number: Secret::new(format!("{body}{check}")),
        name: Secret::new("测试甲乙丙".to_owned()),
        phone: None,
        override_reason: None,
    }
}

fn register(class: ClassId, serial: u32) -> RegisterTrainee {
    RegisterTrainee { class, person: Trainee::Described(described(serial)), category: None, employer: None, title_level: None, job: None }
}

fn refusal(error: CommandError) -> Refusal {
    let CommandError::Refused(refusal) = error else { panic!("not a refusal: {error}") };
    refusal
}

fn indexed(handle: &EngineHandle) {
    assert!(handle.wait_indexed(handle.end(), Duration::from_mins(1)));
}

#[test]
fn answers_are_durable_and_survive_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let cast = set_up(engine.handle());
    let accepted = accept(engine.handle(), submission(engine.handle(), cast.staff, Role::Trainer, register(cast.class, 1), "one"));
    assert_eq!(
        accepted.events.iter().map(|event| event.event_type).collect::<Vec<_>>(),
        ["person.person-registered", "class.trainee-registered"]
    );
    let end = engine.handle().end();
    engine.close();
    let engine = open(dir.path());
    assert_eq!(engine.handle().end(), end);
    let again = engine.handle().execute_blocking(submission(engine.handle(), cast.staff, Role::Trainer, register(cast.class, 1), "two"));
    assert_eq!(refusal(again.unwrap_err()).code, "CLASS-0004", "the person is found again by number");
}

#[test]
fn a_repeated_command_gets_the_first_answer_and_another_body_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let first = accept(handle, submission(handle, cast.national, Role::NationalOffice, set_target(10), "key"));
    let end = handle.end();
    for _ in 0..2 {
        let repeated = accept(handle, submission(handle, cast.national, Role::NationalOffice, set_target(10), "key"));
        assert_eq!(repeated, Accepted { replayed: true, ..first.clone() });
        let other = handle.execute_blocking(submission(handle, cast.national, Role::NationalOffice, set_target(11), "key"));
        assert_eq!(other, Err(CommandError::KeyReused));
        indexed(handle);
    }
    assert_eq!(handle.end(), end);
}

/// A repeat is known also when the command loop has left it to the index, and after a restart.
#[test]
fn a_repeat_long_afterwards_gets_the_first_answer() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let cast = set_up(engine.handle());
    let by_office = |handle: &EngineHandle, command: Command, key: &str| {
        accept(handle, submission(handle, cast.national, Role::NationalOffice, command, key))
    };
    let first = by_office(engine.handle(), set_target(10).into(), "key");
    // More commands than are served on one view of the index.
    for people in 11..150 {
        by_office(engine.handle(), adjust_target(people).into(), &format!("later-{people}"));
        indexed(engine.handle());
    }
    let repeated = Accepted { replayed: true, ..first };
    assert_eq!(by_office(engine.handle(), set_target(10).into(), "key"), repeated);
    engine.close();
    let engine = open(dir.path());
    assert_eq!(by_office(engine.handle(), set_target(10).into(), "key"), repeated);
}

#[test]
fn if_match_refuses_a_subject_that_has_moved() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let target = Subject::target(PlanYear::new(2025), Line::Digital, JIANGSU);
    let with = |ordinal, key| Submission {
        if_match: vec![(target, ordinal)],
        ..submission(
            handle,
            cast.national,
            Role::NationalOffice,
            if ordinal == 0 { set_target(5).into() } else { Command::from(adjust_target(6)) },
            key,
        )
    };
    accept(handle, with(0, "a"));
    accept(handle, with(1, "b"));
    let moved = handle.execute_blocking(with(1, "c"));
    assert_eq!(moved, Err(CommandError::HasMoved { subject: target, expected: 1, found: 2 }));
}

fn memory_engine(dir: &Path) -> (Engine, Arc<MemoryBackend>) {
    let backend = MemoryBackend::new(LogKey::new(LogId([3; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let log = MemoryLog::open(&backend, writer).unwrap();
    let engine = Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..options(dir) }).unwrap();
    (engine, backend)
}

/// The second command is decided on the pending first one; when the first cannot be appended, both are dropped, and the log goes on.
#[test]
fn a_batch_decided_on_a_pending_one_is_dropped_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, backend) = memory_engine(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let send = |command: Command, key: &str| handle.submit(submission(handle, cast.national, Role::NationalOffice, command, key)).unwrap();
    let end = handle.end();
    backend.hold();
    backend.trouble([Trouble::Full]);
    let set = send(set_target(10).into(), "set");
    let adjusted = send(adjust_target(20).into(), "adjust");
    // A repeat of what is pending is answered at once: by then both were decided.
    assert_eq!(send(set_target(10).into(), "set").blocking_recv().unwrap(), Err(CommandError::StillRunning));
    backend.release();
    assert_eq!(set.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full)));
    assert_eq!(adjusted.blocking_recv().unwrap(), Err(CommandError::Unavailable(Unavailable::Full)));
    assert_eq!(handle.end(), end);
    let refused = send(adjust_target(20).into(), "adjust").blocking_recv().unwrap();
    assert_eq!(refusal(refused.unwrap_err()).code, "PLAN-0003", "the overlay is gone: nothing is set");
    let set = accept(handle, submission(handle, cast.national, Role::NationalOffice, set_target(10), "set"));
    assert_eq!((set.position.0, set.replayed), (end, false));
    assert!(send(adjust_target(20).into(), "adjust").blocking_recv().unwrap().is_ok());
}

#[test]
fn a_refusal_that_saw_a_pending_state_waits_until_it_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, backend) = memory_engine(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let send = |key: &str| handle.submit(submission(handle, cast.national, Role::NationalOffice, set_target(10), key)).unwrap();
    backend.hold();
    let set = send("set");
    let mut twice = send("again");
    assert_eq!(send("set").blocking_recv().unwrap(), Err(CommandError::StillRunning));
    assert_eq!(twice.try_recv(), Err(TryRecvError::Empty), "the refusal saw a state that may still vanish");
    backend.release();
    assert!(set.blocking_recv().unwrap().is_ok());
    assert_eq!(refusal(twice.blocking_recv().unwrap().unwrap_err()).code, "PLAN-0002");
}

#[test]
fn an_unknown_outcome_stops_writing_and_is_settled_by_reopening() {
    for (trouble, recorded) in [(Trouble::UnknownWritten, true), (Trouble::UnknownLost, false)] {
        let dir = tempfile::tempdir().unwrap();
        let (engine, backend) = memory_engine(dir.path());
        let cast = set_up(engine.handle());
        let set =
            |handle: &EngineHandle| handle.execute_blocking(submission(handle, cast.national, Role::NationalOffice, set_target(10), "set"));
        backend.trouble([trouble]);
        assert_eq!(set(engine.handle()), Err(CommandError::Unavailable(Unavailable::OutcomeUnknown)));
        assert_eq!(set(engine.handle()), Err(CommandError::Unavailable(Unavailable::OutcomeUnknown)), "nothing more is taken");
        engine.close();
        let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
        let log = MemoryLog::open(&backend, writer).unwrap();
        let engine = Engine::open(EngineOptions { event_log: Some(Box::new(log)), ..options(dir.path()) }).unwrap();
        assert_eq!(set(engine.handle()).unwrap().replayed, recorded, "{trouble:?}");
    }
}

/// A trainer is suspended and reinstated over and over; after a restart its state is loaded from the last snapshot and what follows it.
#[test]
fn loading_a_subject_of_ten_thousand_events_reads_at_most_1024_of_them() {
    const EVENTS: u32 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let change = |number: u32| -> Command {
        let document_number = format!("第{number}号");
        if number.is_multiple_of(2) {
            SuspendTrainer { trainer: cast.trainer, ground: ListingGround::Violation, document_number }.into()
        } else {
            ReinstateTrainer { trainer: cast.trainer, document_number }.into()
        }
    };
    let by_office = |handle: &EngineHandle, number: u32| {
        submission(handle, cast.national, Role::NationalOffice, change(number), &format!("change-{number}"))
    };
    for chunk in (0..EVENTS).collect::<Vec<_>>().chunks(500) {
        let answers: Vec<_> = chunk.iter().map(|number| handle.submit(by_office(handle, *number)).unwrap()).collect();
        for answer in answers {
            answer.blocking_recv().unwrap().unwrap();
        }
    }
    engine.close();

    let watch = Arc::new(Watch::default());
    let secrets_key = {
        let engine = open(dir.path());
        let key = engine.handle().log_key().clone();
        engine.close();
        key
    };
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let segments = zhixin_store::segments::SegmentOptions { segment_bytes: 1 << 20, ..Default::default() };
    let (log, _) = zhixin_engine::log::EmbeddedLog::open(&dir.path().join("data/log"), secrets_key, writer, segments).unwrap();
    let event_log = Some(Watched::over(log, &watch));
    let engine = Engine::open(EngineOptions { event_log, ..options(dir.path()) }).unwrap();
    let positions = engine.handle().view().unwrap().positions(&Subject::trainer(cast.trainer), 0..u64::MAX).unwrap();
    let last_snapshot = positions.len() / 1_024 * 1_024;
    assert!(positions.len() > EVENTS as usize && history::SNAPSHOT_EVERY == 1_024);
    watch.read.lock().unwrap().clear();
    accept(engine.handle(), by_office(engine.handle(), EVENTS));
    let read = watch.read.lock().unwrap().clone();
    let (tail, before): (BTreeSet<u64>, BTreeSet<u64>) = read.iter().partition(|position| positions[last_snapshot..].contains(position));
    // The organisation is named by the same events, so it is as long: each of the two is folded from its own snapshot.
    assert!(tail.iter().eq(&positions[last_snapshot..]) && read.len() == 2 * tail.len() + before.len());
    assert!(tail.len() + before.len() <= 1_024, "{} events of each, {before:?} of the account and others", tail.len());
}

#[test]
fn derived_rows_can_be_deleted_and_come_back_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let cast = set_up(engine.handle());
    for serial in 1..40 {
        accept(engine.handle(), submission(engine.handle(), cast.staff, Role::Trainer, register(cast.class, serial), &serial.to_string()));
    }
    indexed(engine.handle());
    let digest = engine.handle().view().unwrap().digest().unwrap();
    engine.close();
    for folder in ["derived", "snapshots", "reads-derived"] {
        fs::remove_dir_all(dir.path().join("data").join(folder)).unwrap();
    }
    let engine = open(dir.path());
    assert_eq!(engine.handle().view().unwrap().digest().unwrap(), digest);
    let again = engine.handle().execute_blocking(submission(engine.handle(), cast.staff, Role::Trainer, register(cast.class, 7), "new"));
    assert_eq!(refusal(again.unwrap_err()).code, "CLASS-0004");
}

#[test]
fn every_leaf_is_in_the_tree_and_the_checkpoint_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let handle = engine.handle();
    set_up(handle);
    indexed(handle);
    let view = handle.view().unwrap();
    for position in 0..handle.end() {
        let leaf = handle.leaf(position).unwrap();
        assert_eq!(merkle::tiles::leaf_at(&view.tree(), position).unwrap(), leaf_hash(leaf.as_bytes()));
    }
    let signed = (view.reached(), merkle::tiles::root_at(&view.tree(), handle.end()).unwrap());
    drop(view);
    engine.close();
    let engine = open(dir.path());
    let origin = engine.handle().publisher().origin().to_owned();
    let file = fs::read_to_string(dir.path().join("data.checkpoint")).unwrap();
    let note = file.split_once("note\n").unwrap().1;
    let checkpoint = merkle::Checkpoint::open(note.as_bytes(), &origin, &[engine.handle().publisher().verifier()]).unwrap();
    assert_eq!((checkpoint.size(), *checkpoint.root()), signed);
}

fn reading(cast: &Cast, person: PersonId) -> Reading {
    Reading {
        reader: cast.staff,
        role: Role::Trainer,
        purpose: ReadPurpose::ClassAdministration,
        case_reference: None,
        fields: vec!["name".to_owned()],
        persons: vec![person],
    }
}

fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { bytes_of(&path) } else { fs::read(&path).unwrap() });
    }
    bytes
}

fn copy_folder(from: &Path, to: &Path) {
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

#[test]
fn an_erased_person_is_forgotten_and_the_proof_stays() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let handle = engine.handle();
    let cast = set_up(handle);
    let accepted = accept(handle, submission(handle, cast.staff, Role::Trainer, register(cast.class, 1), "one"));
    let other = accept(handle, submission(handle, cast.staff, Role::Trainer, register(cast.class, 2), "two"));
    let person: PersonId = result(&accepted, "person").parse().unwrap();
    let opened = handle.open_persons(&reading(&cast, person), &[accepted.position.0]).unwrap();
    assert_eq!(opened[0].1.iter().find(|field| field.field == "name").unwrap().value.expose(), "测试甲乙丙");
    indexed(handle);
    let before = merkle::tiles::root_at(&handle.view().unwrap().tree(), handle.end()).unwrap();
    let size = handle.end();
    copy_folder(&dir.path().join("data/vault"), &dir.path().join("old-vault"));

    let erase = ErasePerson { person, ground: ErasureGround::PersonRequest };
    handle.erase(submission(handle, cast.national, Role::NationalOffice, erase, "erase"), person).unwrap();
    assert!(handle.open_persons(&reading(&cast, person), &[accepted.position.0]).unwrap()[0].1.is_empty());
    assert!(
        handle.open_persons(&reading(&cast, person), &[other.position.0]).unwrap()[0].1.is_empty(),
        "the record does not name the other"
    );
    let stays: PersonId = result(&other, "person").parse().unwrap();
    assert!(!handle.open_persons(&reading(&cast, stays), &[other.position.0]).unwrap()[0].1.is_empty(), "others stay");
    let unnamed = Reading { fields: vec!["phone".to_owned()], ..reading(&cast, stays) };
    assert!(handle.open_persons(&unnamed, &[other.position.0]).unwrap()[0].1.is_empty(), "the record does not name the field");
    indexed(handle);
    assert_eq!(merkle::tiles::root_at(&handle.view().unwrap().tree(), size).unwrap(), before, "the old tree is a prefix of the new one");
    let again = accept(handle, submission(handle, cast.staff, Role::Trainer, register(cast.class, 1), "anew"));
    assert_ne!(result(&again, "person"), person.to_string(), "the number leads to nobody: a new person");
    engine.close();

    let clear = bytes_of(&dir.path().join("data"));
    for secret in ["测试甲乙丙".to_owned(), described(1).document_number.expose().clone()] {
        assert!(!clear.windows(secret.len()).any(|window| window == secret.as_bytes()), "in the clear");
    }
    // An older vault with today's master key opens nothing at all.
    fs::remove_dir_all(dir.path().join("data/vault")).unwrap();
    copy_folder(&dir.path().join("old-vault"), &dir.path().join("data/vault"));
    assert!(matches!(Engine::open(options(dir.path())), Err(OpenFault::Keys(_))));
}

#[test]
fn personal_data_are_withheld_when_the_reading_cannot_be_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let backend = MemoryBackend::new(LogKey::new(LogId([8; 16]), [4; 32]));
    let writer = Writer { node: "test".to_owned(), code_version: "0".to_owned(), purpose: LogPurpose::Demo, now_ms: 0 };
    let reads = MemoryLog::open(&backend, writer).unwrap();
    let engine = Engine::open(EngineOptions { read_log: Some(Box::new(reads)), ..options(dir.path()) }).unwrap();
    let handle = engine.handle();
    let cast = set_up(handle);
    let accepted = accept(handle, submission(handle, cast.staff, Role::Trainer, register(cast.class, 1), "one"));
    let person: PersonId = result(&accepted, "person").parse().unwrap();
    assert!(handle.open_persons(&reading(&cast, person), &[accepted.position.0]).is_ok());
    assert_eq!(handle.read_log().reader().end(), 1);
    backend.trouble([Trouble::Full]);
    assert!(handle.open_persons(&reading(&cast, person), &[accepted.position.0]).is_err());
}

#[test]
fn an_old_copy_of_the_folder_cannot_sign_a_fork() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let cast = set_up(engine.handle());
    engine.close();
    copy_folder(&dir.path().join("data"), &dir.path().join("old"));
    let engine = open(dir.path());
    accept(engine.handle(), submission(engine.handle(), cast.national, Role::NationalOffice, set_target(10), "set"));
    engine.close();
    fs::remove_dir_all(dir.path().join("data")).unwrap();
    copy_folder(&dir.path().join("old"), &dir.path().join("data"));
    let refused = Engine::open(options(dir.path()));
    assert!(matches!(refused, Err(OpenFault::Log(_))), "the checkpoint file knows more: {refused:?}");
    fs::remove_file(dir.path().join("data.checkpoint")).unwrap();
    let refused = Engine::open(options(dir.path()));
    assert!(matches!(refused, Err(OpenFault::CheckpointFileLost { .. })), "nor without the file: {refused:?}");
}
