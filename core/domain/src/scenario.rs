//! Given / when / then: a small world in memory that folds events, runs commands as the engine does, and compares.

use std::collections::BTreeMap;
use std::sync::Arc;

use zhixin_events::access::{AccountOpened, OrganisationRegistered};
use zhixin_events::class::{PlannedModule, RunPlanned};
use zhixin_events::directory::{OccupationAdded, OccupationDirectionsSet, TrainerListed, TrainerRemoved, TrainerSuspended};
use zhixin_events::document::{PackFigure, RulePackPublished};
use zhixin_events::field::Digest32;
use zhixin_events::person::{PersonErased, PersonRegistered};
use zhixin_events::*;

use crate::certificate::IssueTrainingCertificate;
use crate::class::register_trainee::Trainee;
use crate::class::{HoldSession, OpenRun, RecordAttendance, RecordCompletionTest, RegisterTrainee};
use crate::command::Command;
use crate::decision::{Decision, FRESH_IDS, Inputs, Known, NewEvent, Reads};
use crate::person::comparable_name;
use crate::refusal::Refusal;
use crate::rules::{Packs, Rules};
use crate::state::{Fact, States, SubjectState};

/// An account and the role it acts in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor(pub(crate) AccountId, pub(crate) Role);

pub(crate) const SYSTEM: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 9]), Role::System);
pub(crate) const OPERATOR: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 1]), Role::Operator);
pub(crate) const NATIONAL: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 2]), Role::NationalOffice);
pub(crate) const PROVINCIAL: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 3]), Role::ProvincialOffice);
pub(crate) const TRAINER_STAFF: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 4]), Role::Trainer);
/// Staff of another trainer.
pub(crate) const OTHER_STAFF: Actor = Actor(AccountId::from_bytes([0, 0, 0, 0, 0, 5]), Role::Trainer);

/// Jiangsu.
pub(crate) const JIANGSU: ReportingUnit = ReportingUnit::JIANGSU;
pub(crate) const ORGANISATION: OrganisationId = OrganisationId::from_bytes([1, 0, 0, 0, 0, 1]);
pub(crate) const OTHER_ORGANISATION: OrganisationId = OrganisationId::from_bytes([1, 0, 0, 0, 0, 2]);
pub(crate) const OCCUPATION: OccupationId = OccupationId::from_bytes([2, 0, 0, 0, 0, 1]);
pub(crate) const TRAINER: TrainerId = TrainerId::from_bytes([3, 0, 0, 0, 0, 1]);
pub(crate) const PERSON: PersonId = PersonId::from_bytes([5, 0, 0, 0, 0, 1]);
pub(crate) const OTHER_PERSON: PersonId = PersonId::from_bytes([5, 0, 0, 0, 0, 2]);
/// Nothing bears this id.
pub(crate) const NOBODY: [u8; 6] = [9; 6];
pub(crate) const CLASS: ClassId = ClassId::from_bytes([4, 0, 0, 0, 0, 1]);

/// The day on which every scenario takes place.
pub(crate) const TODAY: CivilDate = CivilDate(20_148);

/// The day on which what every scenario starts from took place.
const SETUP: CivilDate = CivilDate(TODAY.0 - 300);

/// A world with the accounts, organisations, an occupation and a rule pack, in which more has happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    subjects: BTreeMap<Subject, (u32, SubjectState)>,
    identities: Vec<(crate::decision::Identity, PersonId)>,
    packs: Packs,
    facts: Vec<NewEvent>,
    fresh: u8,
    stated: Option<CivilDate>,
}

/// The world that every scenario starts from, in which these facts have happened too.
pub(crate) fn given(facts: impl IntoIterator<Item = NewEvent>) -> World {
    let mut world = World::default();
    let account = |actor: Actor, unit, organisation| {
        let event = AccountOpened { account: actor.0, roles: vec![actor.1], unit, organisation };
        NewEvent::new(event, SETUP, [Subject::account(actor.0)])
    };
    let organisation = |id, code: &str| {
        let uscc = Uscc::parse(code).unwrap();
        let event = OrganisationRegistered { organisation: id, name: "某大学".to_owned(), uscc, unit: JIANGSU, check_overridden: false };
        NewEvent::new(event, SETUP, [Subject::organisation(id), Subject::of_text(SubjectKind::OrganisationCode, code).unwrap()])
    };
    let base = [
        account(SYSTEM, None, None),
        account(OPERATOR, None, None),
        account(NATIONAL, None, None),
        account(PROVINCIAL, Some(JIANGSU), None),
        account(TRAINER_STAFF, None, Some(ORGANISATION)),
        account(OTHER_STAFF, None, Some(OTHER_ORGANISATION)),
        organisation(ORGANISATION, "91350100M000100Y43"),
        organisation(OTHER_ORGANISATION, "91512081MA62K0260E"),
        pack(&[
            ("record.backdate_days_max", "60"),
            ("training.attendance_min_bp", "9000"),
            ("training.hours_min/2-02-10-09/junior", "160"),
            ("training.content/2-02-10-09/junior", "A,B"),
            ("completion_test.pass_mark", "60"),
            ("certificate.number_scheme", "zx-1"),
            ("completion_test.attempts_max", "2"),
            ("hours.test_required", "yes"),
            ("day.hours_max_tenths", "80"),
            ("programme.first_year", "2021"),
            ("programme.last_year", "2030"),
            ("directory.validity_years", "3"),
        ]),
        NewEvent::new(
            OccupationAdded {
                occupation: OCCUPATION,
                name_zh: "人工智能工程技术人员".to_owned(),
                name_en: "Artificial intelligence engineer".to_owned(),
                code: "2-02-10-09".to_owned(),
                code_edition: PlanYear::new(2015),
            },
            SETUP,
            [Subject::occupation(OCCUPATION), Subject::of_text(SubjectKind::OccupationCode, "2-02-10-09").unwrap()],
        ),
        NewEvent::new(
            OccupationDirectionsSet { occupation: OCCUPATION, grade: Grade::Junior, directions: vec![], source: "测试".to_owned() },
            SETUP,
            [Subject::occupation(OCCUPATION)],
        ),
    ];
    for fact in base.into_iter().chain(facts) {
        world.record(&fact);
    }
    world
}

/// A pack of test figures for the whole country.
pub(crate) fn pack(figures: &[(&str, &str)]) -> NewEvent {
    pack_of(None, figures)
}

/// A pack of test figures of a territory.
pub(crate) fn pack_of(unit: Option<ReportingUnit>, figures: &[(&str, &str)]) -> NewEvent {
    let figure = |(key, value): &(&str, &str)| PackFigure {
        key: (*key).to_owned(),
        value: Some((*value).to_owned()),
        unit: FigureUnit::Count,
        effective_from: TODAY.plus_days(-3_000),
        effective_until: None,
        source: "made up".to_owned(),
        mark: SourceMark::TestData,
    };
    let name = unit.map_or_else(|| "figures".to_owned(), |unit| format!("figures-{unit}"));
    let subject = Subject::pack(&name).unwrap();
    let event = RulePackPublished {
        name,
        edition: 1,
        title: "测试".to_owned(),
        unit,
        figures: figures.iter().map(figure).collect(),
        digest: Digest32([0; 32]),
    };
    NewEvent::new(event, SETUP, [subject])
}

/// The trainer was listed for the occupation.
pub(crate) fn trainer_listed() -> NewEvent {
    let event = TrainerListed {
        trainer: TRAINER,
        organisation: ORGANISATION,
        name: "某大学".to_owned(),
        unit: JIANGSU,
        directory_number: DirectoryNumber::new(17),
        occupations: vec![OCCUPATION],
        listed_from: SETUP,
        listed_until: TODAY.plus_days(300),
        national_base: true,
        document_number: "第1号".to_owned(),
    };
    let subjects = [
        Subject::trainer(TRAINER),
        Subject::organisation(ORGANISATION),
        Subject::directory_number(DirectoryNumber::new(17)),
        Subject::trainer_of_organisation(ORGANISATION),
    ];
    NewEvent::new(event, SETUP, subjects)
}

/// The trainer was suspended yesterday.
pub(crate) fn trainer_suspended() -> NewEvent {
    let event = TrainerSuspended { trainer: TRAINER, ground: ListingGround::Violation, document_number: "第2号".to_owned() };
    NewEvent::new(event, TODAY.plus_days(-1), [Subject::trainer(TRAINER), Subject::organisation(ORGANISATION)])
}

/// The listed trainer planned a run of two modules, A and B, with two seats, forty days ago.
pub(crate) fn planned_run() -> World {
    planned_run_from(TODAY.plus_days(-10))
}

/// The same from another day on, planned thirty days before it.
pub(crate) fn planned_run_from(starts_on: CivilDate) -> World {
    let module = |code: &str| PlannedModule { code: code.to_owned(), name: format!("模块{code}"), hours: HoursTenths::new(80) };
    let event = RunPlanned {
        class: CLASS,
        title: "人工智能初级班".to_owned(),
        line: Line::Digital,
        trainer: TRAINER,
        organisation: ORGANISATION,
        unit: JIANGSU,
        division: JIANGSU.division(),
        occupation: OCCUPATION,
        direction: None,
        grade: Grade::Junior,
        mode: DeliveryMode::InPerson,
        starts_on,
        ends_on: starts_on.plus_days(20),
        seats: PeopleCount::new(2),
        modules: vec![module("A"), module("B")],
    };
    given([trainer_listed()]).happened(NewEvent::new(event, starts_on.plus_days(-30), [Subject::class(CLASS), Subject::trainer(TRAINER)]))
}

/// A person was registered.
pub(crate) fn person_registered(person: PersonId) -> NewEvent {
    let event = PersonRegistered { person, document_kind: DocumentKind::IdentityCard, number_override: false };
    NewEvent::new(event, TODAY.plus_days(-20), [Subject::person(person)])
}

/// The data of a person were erased.
pub(crate) fn person_erased(person: PersonId) -> NewEvent {
    NewEvent::new(PersonErased { person, ground: ErasureGround::PersonRequest }, TODAY, [Subject::person(person)])
}

/// The trainer was removed yesterday.
pub(crate) fn trainer_removed() -> NewEvent {
    let event = TrainerRemoved { trainer: TRAINER, ground: ListingGround::Violation, document_number: "第3号".to_owned() };
    NewEvent::new(
        event,
        TODAY.plus_days(-1),
        [Subject::trainer(TRAINER), Subject::organisation(ORGANISATION), Subject::trainer_of_organisation(ORGANISATION)],
    )
}

/// A text that must not show.
pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// Gives somebody known a seat.
pub(crate) fn register(person: PersonId) -> RegisterTrainee {
    RegisterTrainee { class: CLASS, person: Trainee::Known(person), category: None, employer: None, title_level: None, job: None }
}

/// The run was opened thirty days ago and the person has a seat for twenty; the other person is known and has none.
pub(crate) fn seated_run() -> World {
    planned_run()
        .after_on(TODAY.plus_days(-30), TRAINER_STAFF, OpenRun { class: CLASS })
        .happened(person_registered(PERSON))
        .happened(person_registered(OTHER_PERSON))
        .after_on(TODAY.plus_days(-20), TRAINER_STAFF, register(PERSON))
}

/// A session of a module, held so many days ago for eight hours.
pub(crate) fn session(number: u16, module: &str, days_ago: i32) -> HoldSession {
    HoldSession {
        class: CLASS,
        session: SessionNumber::new(number),
        held_on: TODAY.plus_days(days_ago.saturating_neg()),
        module: module.to_owned(),
        hours: HoursTenths::new(80),
        mode: DeliveryMode::InPerson,
    }
}

/// The attendance of the person at a session.
pub(crate) fn attendance(session: u16, attendance: Attendance) -> RecordAttendance {
    RecordAttendance { class: CLASS, session: SessionNumber::new(session), person: PERSON, attendance }
}

/// Two sessions were held, one of each module, and the person was there.
pub(crate) fn taught_run() -> World {
    seated_run()
        .after(TRAINER_STAFF, session(1, "A", 3))
        .after(TRAINER_STAFF, session(2, "B", 2))
        .after(TRAINER_STAFF, attendance(1, Attendance::Present))
        .after(TRAINER_STAFF, attendance(2, Attendance::Present))
}

/// The completion test of the person.
pub(crate) fn test_of(points: u8) -> RecordCompletionTest {
    RecordCompletionTest { class: CLASS, person: PERSON, points: Points::new(points) }
}

/// And the completion test of the person was marked.
pub(crate) fn tested_run(points: u8) -> World {
    taught_run().after(TRAINER_STAFF, test_of(points))
}

/// And the certificate was issued.
pub(crate) fn certified_run() -> World {
    tested_run(80).after(TRAINER_STAFF, IssueTrainingCertificate { class: CLASS, person: PERSON })
}

/// Whether a subject is free or held, and nothing else.
pub(crate) fn is_claim(subject: &Subject) -> bool {
    matches!(SubjectState::new(subject.kind()), SubjectState::Claim(_))
}

impl World {
    fn record(&mut self, fact: &NewEvent) -> Position {
        let position = Position(u64::try_from(self.facts.len()).unwrap());
        self.facts.push(fact.clone());
        if let Event::Document(event) = &fact.event {
            self.packs.apply(event, position);
        }
        for subject in &fact.subjects {
            let (ordinal, state) = self.subjects.entry(*subject).or_insert_with(|| (0, SubjectState::new(subject.kind())));
            *ordinal = ordinal.saturating_add(1);
            state.apply(subject, &Fact { event: &fact.event, position, effective_on: fact.effective_on }).unwrap();
        }
        position
    }

    /// The world in which this happened too.
    #[expect(clippy::needless_pass_by_value, reason = "a scenario reads as a chain of facts, made where they are told")]
    #[track_caller]
    pub(crate) fn happened(mut self, fact: NewEvent) -> Self {
        self.record(&fact);
        self
    }

    /// The world in which the next commands state this effective date.
    pub(crate) const fn effective_on(mut self, date: CivilDate) -> Self {
        self.stated = Some(date);
        self
    }

    /// The world after a command that must be accepted and states its effective date.
    #[track_caller]
    pub(crate) fn after_on(mut self, date: CivilDate, actor: Actor, command: impl Into<Command>) -> Self {
        let stated = self.stated.replace(date);
        let mut world = self.after(actor, command);
        world.stated = stated;
        world
    }

    /// The world after a command that must be accepted.
    #[track_caller]
    pub(crate) fn after(mut self, actor: Actor, command: impl Into<Command>) -> Self {
        let command = command.into();
        let decision = self.decide(actor, &command).unwrap_or_else(|refusal| panic!("{} was refused: {refusal}", command.name()));
        self.identities.extend(decision.identities);
        for event in decision.events {
            self.record(&event);
        }
        self.fresh = self.fresh.saturating_add(1);
        self
    }

    /// Runs a command and records what it comes to, if it is accepted.
    pub(crate) fn attempt(&mut self, actor: Actor, stated: Option<CivilDate>, command: &Command) -> Result<Vec<Event>, Refusal> {
        self.stated = stated;
        let decision = self.decide(actor, command)?;
        self.identities.extend(decision.identities);
        for event in &decision.events {
            self.record(event);
        }
        self.fresh = self.fresh.wrapping_add(1);
        Ok(decision.events.into_iter().map(|event| event.event).collect())
    }

    /// Runs a command without recording what it comes to.
    pub(crate) fn when(&self, actor: Actor, command: impl Into<Command>) -> Outcome {
        Outcome(self.decide(actor, &command.into()))
    }

    /// The certificate issued last, by id.
    pub(crate) fn certificate(&self) -> CertificateId {
        let of_certificate = |(subject, _): (&Subject, &SubjectState)| subject.kind() == SubjectKind::Certificate;
        let found = self.states().filter(|entry| of_certificate(*entry)).last();
        CertificateId::from_bytes(found.and_then(|(subject, _)| subject.first_id()).unwrap())
    }

    /// Every subject with its state.
    pub(crate) fn states(&self) -> impl Iterator<Item = (&Subject, &SubjectState)> {
        self.subjects.iter().map(|(subject, (_, state))| (subject, state))
    }

    /// Every subject with its state, had the facts been told in the order of their dates: what read models show.
    ///
    /// Claims are left out: only decisions ask for them.
    pub(crate) fn states_by_date(&self) -> Vec<(Subject, SubjectState)> {
        let mut facts: Vec<_> = (0..).map(Position).zip(&self.facts).collect();
        facts.sort_by_key(|(position, fact)| (fact.effective_on, *position));
        let mut states: BTreeMap<Subject, SubjectState> = BTreeMap::new();
        for (position, fact) in facts {
            for subject in fact.subjects.iter().filter(|subject| !is_claim(subject)) {
                let state = states.entry(*subject).or_insert_with(|| SubjectState::new(subject.kind()));
                state.apply(subject, &Fact { event: &fact.event, position, effective_on: fact.effective_on }).unwrap();
            }
        }
        states.into_iter().collect()
    }

    fn decide(&self, actor: Actor, command: &Command) -> Result<Decision, Refusal> {
        let mut states = States::default();
        let load = |states: &mut States, subject: Subject| {
            let (ordinal, state) = self.subjects.get(&subject).cloned().unwrap_or_else(|| (0, SubjectState::new(subject.kind())));
            states.insert(subject, ordinal, Arc::new(state));
        };
        load(&mut states, Subject::account(actor.0));
        for round in 0..=4 {
            let Reads::More { subjects, identities } = command.reads(&states) else { break };
            assert!(round < 4, "{} reads in more than four rounds", command.name());
            for subject in subjects {
                load(&mut states, subject);
            }
            for identity in identities {
                let found = self.identities.iter().find(|(known, _)| known.is_same_document(&identity));
                let known = found.map_or(Known::Nobody, |(known, person)| {
                    let same = comparable_name(known.name.expose()) == comparable_name(identity.name.expose());
                    if same { Known::Person(*person) } else { Known::OtherName }
                });
                states.insert_identity(&identity, known);
            }
        }
        let fresh = std::array::from_fn::<_, FRESH_IDS, _>(|index| [7, 7, 7, 7, self.fresh, u8::try_from(index).unwrap()]);
        let inputs = Inputs {
            actor: actor.0,
            role: actor.1,
            now: TODAY.at_minute(600),
            today: TODAY,
            stated_effective_on: self.stated,
            rules: Rules::new(&self.packs),
            fresh,
        };
        let decision = command.decide(&states, &inputs)?;
        for subject in decision.events.iter().flat_map(|event| &event.subjects) {
            assert!(
                states.holds(subject) || !self.subjects.contains_key(subject),
                "{} names {subject} and did not read it",
                command.name()
            );
        }
        Ok(decision)
    }
}

/// What a command came to.
#[derive(Debug)]
#[must_use]
pub(crate) struct Outcome(Result<Decision, Refusal>);

impl Outcome {
    /// It was refused; this is the refusal.
    #[track_caller]
    pub(crate) fn refusal(self) -> Refusal {
        match self.0 {
            Err(refusal) => refusal,
            Ok(decision) => panic!("accepted, but should be refused: {decision:?}"),
        }
    }
    /// It was refused so.
    #[track_caller]
    pub(crate) fn then_refused(self, refusal: impl Into<Refusal>) {
        let expected = refusal.into();
        match self.0 {
            Err(refusal) => {
                assert_eq!((refusal.code, refusal.kind), (expected.code, expected.kind), "{refusal}");
                assert!(expected.about.is_none() || refusal.about == expected.about, "{:?}", refusal.about);
            }
            Ok(decision) => panic!("accepted, but should be refused as {}: {decision:?}", expected.code),
        }
    }
    /// It was accepted with this one event.
    #[track_caller]
    pub(crate) fn then_one(self, event: impl Into<Event>) {
        let events: Vec<_> = self.then_accepted().events.into_iter().map(|event| event.event).collect();
        assert_eq!(events, [event.into()]);
    }
    /// It was accepted.
    #[track_caller]
    pub(crate) fn then_accepted(self) -> Decision {
        self.0.unwrap_or_else(|refusal| panic!("refused: {refusal}"))
    }
}
