//! Decisions that no command of the domain comes to: each is refused with what is wrong, and the thread that decides goes on.

use tokio::sync::oneshot;
use zhixin_domain::Command;
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_events::access::{AccessEvent, OrganisationRegistered};
use zhixin_events::{CivilDate, Event, OrganisationId, ReportingUnit, Role, SubjectKind, Uscc};
use zhixin_store::rows::{RowKind, open_rows};

use super::*;
use crate::clock::SimulatedClock;
use crate::engine::{Engine, EngineOptions};
use crate::entropy::SeededEntropy;
use crate::log::LogPurpose;
use crate::vault_keys::MasterKeyFile;

const KNOWN: &str = "91350100M000100Y43";
const OTHER: &str = "11370100004188784H";

/// An engine with an organisation, and a command loop of our own over its log; what that decides goes nowhere.
struct Loop {
    _dir: tempfile::TempDir,
    engine: Engine,
    decider: Decider,
    pipeline: Arc<Pipeline>,
    organisation: Subject,
}

fn register(uscc: &str) -> RegisterOrganisation {
    RegisterOrganisation { name: "某大学".to_owned(), uscc: uscc.to_owned(), unit: ReportingUnit::JIANGSU }
}

impl Loop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let master = dir.path().join("master");
        MasterKeyFile::new(&master).create(&SeededEntropy::new(1)).unwrap();
        let clock = Arc::new(SimulatedClock::new(CivilDate::parse("2025-03-03").unwrap().at_minute(600)));
        let data = dir.path().join("data");
        let options = EngineOptions::new(&data, &master, LogPurpose::Demo, clock, Arc::new(SeededEntropy::new(2)));
        let engine = Engine::open(EngineOptions { segment_bytes: 1 << 20, ..options }).unwrap();
        let handle = engine.handle().clone();
        let national =
            handle.system_submission(OpenAccount { roles: vec![Role::NationalOffice], unit: None, organisation: None }, "national");
        let opened = handle.execute_blocking(national).unwrap();
        let actor = opened.result.iter().find(|(key, _)| *key == "account").unwrap().1.parse().unwrap();
        let submission = |command: Command| Submission { actor, role: Role::NationalOffice, ..handle.system_submission(command, "first") };
        let registered = handle.execute_blocking(submission(register(KNOWN).into())).unwrap();
        assert!(handle.wait_indexed(handle.end(), INDEX_WAIT));
        let shared = handle.shared();
        let pipeline = Arc::new(Pipeline::new(handle.end()));
        let around = Surroundings {
            clock: Arc::clone(&shared.clock),
            entropy: Arc::clone(&shared.entropy),
            log_id: shared.log_key.log_id(),
            reader: Arc::clone(&shared.reader),
            index: Arc::clone(&shared.index),
            snapshots: Arc::new(Table::new(open_rows(RowKind::Memory, dir.path()).unwrap()).unwrap()),
            indexed: Arc::clone(&shared.indexed),
            unflushed: Arc::clone(&shared.unflushed),
            pipeline: Arc::clone(&pipeline),
            keys: Arc::clone(&shared.keys),
            identities: shared.identities.clone(),
            seen: Arc::new(SeenCommands::new()),
        };
        let decider = Decider::new(around, handle.packs(u64::MAX).unwrap(), Timestamp::default(), 1 << 20);
        let organisation = registered.events[0].subjects.iter().map(|(subject, _)| *subject);
        let organisation = organisation.into_iter().find(|subject| subject.kind() == SubjectKind::Organisation).unwrap();
        Self { _dir: dir, engine, decider, pipeline, organisation }
    }

    /// A command of the system's account that reads the claim of a code.
    fn submission(&self, uscc: &str, key: &str) -> Submission {
        self.engine.handle().system_submission(register(uscc), key)
    }

    fn answer(&mut self, submission: &Submission, decide: Decide<'_>) -> Answer {
        let (reply, mut answer) = oneshot::channel();
        self.decider.serve_by(submission, reply, decide);
        answer.try_recv().unwrap()
    }

    /// The broken decision left nothing behind: an honest one joins a batch as if nothing had been.
    fn goes_on(&mut self) {
        let (reply, mut answer) = oneshot::channel();
        let opened = OpenAccount { roles: vec![Role::Auditor], unit: None, organisation: None };
        let submission = self.engine.handle().system_submission(opened, "auditor");
        self.decider.serve(&submission, reply);
        assert!(answer.try_recv().is_err(), "it waits for its batch");
        assert!(self.pipeline.take().is_some_and(|forming| forming.number == 1));
    }
}

fn registered(subjects: impl IntoIterator<Item = Subject>, inputs: &Inputs<'_>) -> Decision {
    let event = OrganisationRegistered {
        organisation: OrganisationId::from_bytes(inputs.fresh[0]),
        name: "某大学".to_owned(),
        uscc: Uscc::parse(KNOWN).unwrap(),
        unit: ReportingUnit::JIANGSU,
        check_overridden: false,
    };
    Decision::one(NewEvent::new(event, inputs.today, subjects))
}

fn fresh(inputs: &Inputs<'_>) -> Subject {
    Subject::organisation(OrganisationId::from_bytes(inputs.fresh[0]))
}

#[test]
fn an_event_that_names_a_subject_twice_is_a_broken_command_and_the_loop_goes_on() {
    let mut world = Loop::new();
    let submission = world.submission(OTHER, "twice");
    let answer = world.answer(&submission, &|_, inputs| Ok(registered([fresh(inputs), fresh(inputs)], inputs)));
    let Err(CommandError::Broken { command, breach: Breach::NamedTwice(subject) }) = answer else { panic!("{answer:?}") };
    assert_eq!((command, subject.kind()), ("register-organisation", SubjectKind::Organisation));
    world.goes_on();
}

#[test]
fn an_event_that_names_an_unread_subject_is_a_broken_command_and_the_loop_goes_on() {
    let mut world = Loop::new();
    let (submission, unread) = (world.submission(OTHER, "unread"), world.organisation);
    let answer = world.answer(&submission, &|_, inputs| Ok(registered([unread], inputs)));
    assert_eq!(answer, Err(CommandError::Broken { command: "register-organisation", breach: Breach::Unread(unread) }));
    world.goes_on();
}

#[test]
fn an_event_that_does_not_fold_is_refused_and_neither_recorded_nor_remembered() {
    let mut world = Loop::new();
    let submission = world.submission(KNOWN, "does not fold");
    let claim = Subject::of_text(SubjectKind::OrganisationCode, KNOWN).unwrap();
    for _ in 0..2 {
        // The claim is held: no second organisation can hold it.
        let answer = world.answer(&submission, &|states, inputs| {
            assert_eq!(states.ordinal(&claim), 1, "the state is what the log says, also the second time");
            Ok(registered([fresh(inputs), claim], inputs))
        });
        assert_eq!(answer, Err(Unavailable::Poisoned(claim).into()));
    }
    world.goes_on();
}

#[test]
fn a_commit_longer_than_its_limits_is_refused_and_nothing_of_it_stays() {
    let mut world = Loop::new();
    let submission = world.submission(OTHER, "too large");
    let of = |count: usize, name: &str, inputs: &Inputs<'_>| {
        let mut decision = registered([fresh(inputs)], inputs);
        let Event::Access(AccessEvent::OrganisationRegistered(event)) = &mut decision.events[0].event else { panic!("it registers") };
        event.name = name.to_owned();
        decision.events = vec![decision.events[0].clone(); count];
        Ok(decision)
    };
    for (count, bytes, limit) in [(1_001, 1, "a commit holds 1 to 1,000 events"), (300, 1_000, "a commit holds 256 KiB")] {
        let answer = world.answer(&submission, &|_, inputs| of(count, &"n".repeat(bytes), inputs));
        assert_eq!(answer, Err(CommandError::TooLarge(limit)));
    }
    world.goes_on();
}
