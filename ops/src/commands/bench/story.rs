//! Events that a bench is made of: a programme told by made-up trainers, class by class, as bodies ready to be appended.
//!
//! Classes run side by side, so that a history is spread over the log as in life. A class: planned, opened, 40 seats (half of them taken by
//! persons new to the programme), days with two sessions each and the attendance of everybody in one commit, a completion test, for those who
//! pass hours and certificate in one commit, closed: about 500 events in 290 commits. Ordinals, claims and correlations are as the decide path
//! makes them; names and numbers are random bytes of the true length, as in a log whose vault holds no key.
//! Memory is bounded: a few hundred running classes, and 16 bytes for every person.

mod beginning;

use std::collections::{HashMap, VecDeque};

use zhixin_events::certificate::TrainingCertificateIssued;
use zhixin_events::class::{
    AttendanceRecorded, CompletionTestRecorded, PlannedModule, RunClosed, RunOpened, RunPlanned, SessionHeld, TraineeRegistered,
};
use zhixin_events::commit::{Envelope, EventRecord};
use zhixin_events::hours::HoursPosted;
use zhixin_events::person::PersonRegistered;
use zhixin_events::{
    AccountId, Attendance, CertificateId, CivilDate, ClassId, CommandId, Commit, DeliveryMode, DocumentKind, Event, Grade, HoursTenths,
    Line, OccupationId, OrganisationId, PeopleCount, PersonId, PlanYear, Points, Position, ReportingUnit, Role, SessionNumber, Subject,
    SubjectKind, TalentCategory, Timestamp, TrainerId, registry,
};
use zhixin_store::segments::BodyBuilder;

/// Trainees of a class.
const SEATS: u64 = 40;
/// Days of a class, each with two sessions.
const DAYS: u16 = 4;
/// Trainers listed in each unit.
const TRAINERS_PER_UNIT: u64 = 3;
/// Occupations.
const OCCUPATIONS: u64 = 16;
/// Days that the whole story takes.
const STORY_DAYS: i64 = 730;
/// Events for each class that runs at the same time: one class takes about a 40th of the story.
const EVENTS_PER_RUNNING_CLASS: u64 = 20_000;
/// Most classes at the same time.
const RUNNING_MAX: u64 = 2_000;
/// Length at which a prepared body is full. Unit: bytes.
const IMPORTED_BYTES: usize = 64 << 10;
const DAY_MS: i64 = 86_400_000;

/// A stream of random numbers that is the same every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
    fn fill<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for part in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            part.copy_from_slice(&random[..part.len()]);
        }
        bytes
    }
}

/// The id of the n-th thing of a kind: looks random, never twice.
fn id(number: u64) -> [u8; 6] {
    let [_, _, id @ ..] = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) & ((1 << 48) - 1)).to_be_bytes();
    id
}

/// A commit that waits for its batch, with the position it will have.
struct Pending {
    position: u64,
    commit: Commit,
}

struct Person {
    ordinal: u32,
    name_position: u64,
}

struct Trainer {
    id: TrainerId,
    organisation: OrganisationId,
    account: AccountId,
    unit: ReportingUnit,
}

/// A class that is being told.
struct Running {
    id: ClassId,
    trainer: usize,
    occupation: u64,
    first_position: u64,
    ordinal: u32,
    step: u16,
    trainees: Vec<u64>,
    starts_on: CivilDate,
}

/// Tells events, one body after another.
pub(crate) struct Story {
    random: Random,
    /// Position of the next event that is told.
    position: u64,
    now_ms: i64,
    /// Time between two commits.
    tick_ms: i64,
    pack: Position,
    ordinals: HashMap<Subject, u32>,
    persons: Vec<Person>,
    trainers: Vec<Trainer>,
    running: Vec<Running>,
    classes_told: u64,
    certificates_told: u64,
    pending: VecDeque<Pending>,
}

impl Story {
    /// A story of about so many events after a position, the same every time.
    pub(crate) fn new(first_position: u64, events: u64) -> Self {
        let commits = i64::try_from(events / 2).unwrap_or(i64::MAX).max(1);
        let mut story = Self {
            random: Random(1),
            position: first_position,
            now_ms: Self::begins_on().start().0,
            tick_ms: (STORY_DAYS * DAY_MS / commits).max(1),
            pack: Position(first_position),
            ordinals: HashMap::new(),
            persons: Vec::new(),
            trainers: Vec::new(),
            running: Vec::new(),
            classes_told: 0,
            certificates_told: 0,
            pending: VecDeque::new(),
        };
        story.tell_beginning();
        for _ in 0..(events / EVENTS_PER_RUNNING_CLASS).clamp(4, RUNNING_MAX) {
            let class = story.plan();
            story.running.push(class);
        }
        story
    }

    /// Its first day.
    pub(crate) fn begins_on() -> CivilDate {
        CivilDate::from_ymd(2024, 1, 1).unwrap_or_default()
    }

    /// The id of the n-th person of a story.
    pub(crate) fn person_id(number: u64) -> PersonId {
        PersonId::from_bytes(id(number))
    }

    /// How many persons are known so far.
    pub(crate) fn persons_told(&self) -> u64 {
        self.persons.len() as u64
    }

    /// The next body, of [`IMPORTED_BYTES`] and a commit at most. Answers also how many commits and events it holds.
    pub(crate) fn next_body(&mut self) -> (Vec<u8>, u64, u64) {
        while self.pending.is_empty() {
            self.step();
        }
        let (first, base) = self.pending.front().map_or((0, 0), |next| (next.position, next.commit.recorded_at.0));
        let mut body = BodyBuilder::new(first, base);
        let mut commits = 0;
        loop {
            while self.pending.is_empty() {
                self.step();
            }
            let Some(next) = self.pending.front() else { continue };
            let events = u32::try_from(next.commit.events.len()).unwrap_or(u32::MAX);
            if body.len() >= IMPORTED_BYTES || !body.push(events, &next.commit.encode(Timestamp(base))) {
                let events = body.next_position() - first;
                return (body.finish(), commits, events);
            }
            commits += 1;
            self.pending.pop_front();
        }
    }

    fn today(&self) -> CivilDate {
        Timestamp(self.now_ms).civil_date()
    }

    /// Records one commit; `events` name subjects without ordinals, whose numbers come from `ordinals` of the story unless given.
    fn tell(&mut self, actor: AccountId, role: Role, correlation: Option<u64>, packs: bool, events: Vec<EventRecord>) {
        self.now_ms += self.tick_ms;
        let commit = Commit {
            command_id: CommandId(self.random.fill()),
            fingerprint: self.random.fill(),
            salt: self.random.fill(),
            actor,
            role,
            recorded_at: Timestamp(self.now_ms),
            correlation: correlation.map(Position),
            packs: if packs { vec![self.pack] } else { Vec::new() },
            events,
        };
        let position = self.position;
        self.position += commit.events.len() as u64;
        self.pending.push_back(Pending { position, commit });
    }

    /// An event of today about subjects with their ordinals.
    fn event(&self, event: impl Into<Event>, subjects: Vec<(Subject, u32)>) -> EventRecord {
        let (tag, payload) = registry::encode(&event.into());
        let effective_on = self.today();
        EventRecord { tag, effective_on, causation: None, subjects, payload, envelopes: Vec::new(), sealed_digests: Vec::new() }
    }

    /// The next ordinal of a subject of which there are few.
    fn ordinal(&mut self, subject: Subject) -> (Subject, u32) {
        let ordinal = self.ordinals.entry(subject).or_default();
        *ordinal += 1;
        (subject, *ordinal)
    }

    fn person_ordinal(&mut self, number: u64) -> (Subject, u32) {
        let person = &mut self.persons[usize::try_from(number).unwrap_or(usize::MAX)];
        person.ordinal += 1;
        (Subject::person(Self::person_id(number)), person.ordinal)
    }

    /// Goes on with some running class; one that ends is followed by a new one.
    fn step(&mut self) {
        let at = usize::try_from(self.random.below(self.running.len() as u64)).unwrap_or_default();
        let mut class = self.running.swap_remove(at);
        match class.step {
            0 => self.fill_seats(&mut class),
            day if day <= DAYS => self.teach(&mut class, day),
            last => {
                if last == DAYS + 1 {
                    self.test(&mut class);
                } else {
                    self.certify_and_close(&mut class);
                    class = self.plan();
                    self.running.push(class);
                    return;
                }
            }
        }
        class.step += 1;
        self.running.push(class);
    }

    fn plan(&mut self) -> Running {
        let number = self.classes_told;
        self.classes_told += 1;
        let trainer = usize::try_from(self.random.below(self.trainers.len() as u64)).unwrap_or_default();
        let occupation = self.random.below(OCCUPATIONS);
        let (class, starts_on) = (ClassId::from_bytes(id(number)), self.today());
        let at = &self.trainers[trainer];
        let planned = RunPlanned {
            class,
            title: format!("数字技术工程师培训班{number}"),
            line: Line::Digital,
            trainer: at.id,
            organisation: at.organisation,
            unit: at.unit,
            division: at.unit.division(),
            occupation: OccupationId::from_bytes(id(occupation)),
            direction: None,
            grade: Grade::ALL[usize::try_from(number % 3).unwrap_or_default()],
            mode: DeliveryMode::InPerson,
            starts_on,
            ends_on: starts_on.plus_days(20),
            seats: PeopleCount::new(50),
            modules: vec![
                PlannedModule { code: "A".to_owned(), name: "专业基础".to_owned(), hours: HoursTenths::new(160) },
                PlannedModule { code: "B".to_owned(), name: "工程实践".to_owned(), hours: HoursTenths::new(160) },
            ],
        };
        let (trainer_subject, account) = (Subject::trainer(at.id), at.account);
        let subjects = vec![(Subject::class(class), 1), self.ordinal(trainer_subject)];
        let first_position = self.position;
        let planned = self.event(planned, subjects);
        self.tell(account, Role::Trainer, None, true, vec![planned]);
        let opened = self.event(RunOpened { class }, vec![(Subject::class(class), 2)]);
        self.tell(account, Role::Trainer, Some(first_position), true, vec![opened]);
        Running { id: class, trainer, occupation, first_position, ordinal: 2, step: 0, trainees: Vec::new(), starts_on }
    }

    fn account(&self, class: &Running) -> AccountId {
        self.trainers[class.trainer].account
    }

    fn fill_seats(&mut self, class: &mut Running) {
        let account = self.account(class);
        let categories = [None, Some(TalentCategory::Backbone), Some(TalentCategory::UrgentlyNeeded), Some(TalentCategory::HighLevel)];
        for _ in 0..SEATS {
            let known = self.random.below(self.persons_told());
            let is_new = self.persons.is_empty() || self.random.next().is_multiple_of(2) || class.trainees.contains(&known);
            let mut events = Vec::with_capacity(2);
            let number = if is_new { self.persons_told() } else { known };
            if is_new {
                self.persons.push(Person { ordinal: 0, name_position: self.position });
                events.push(self.register(number));
            }
            let person = Self::person_id(number);
            class.ordinal += 1;
            let category = categories[usize::try_from(self.random.below(4)).unwrap_or_default()];
            let registered = TraineeRegistered {
                class: class.id,
                person,
                category,
                employer: None,
                employer_stated: None,
                title_level: None,
                job: None,
            };
            let subjects =
                vec![(Subject::class(class.id), class.ordinal), self.person_ordinal(number), (Subject::seat(class.id, person), 1)];
            events.push(self.event(registered, subjects));
            self.tell(account, Role::Trainer, Some(class.first_position), true, events);
            class.trainees.push(number);
        }
    }

    fn register(&mut self, number: u64) -> EventRecord {
        let person = Self::person_id(number);
        let subject = self.person_ordinal(number);
        let event = PersonRegistered { person, document_kind: DocumentKind::IdentityCard, number_override: false };
        let mut record = self.event(event, vec![subject]);
        // Name and number: nonce, two fields of salt and value, tag.
        let sealed = self.random.fill::<104>().to_vec();
        record.envelopes.push(Envelope { holder: subject.0, key_version: 1, sealed });
        record.sealed_digests = vec![(3, self.random.fill()), (4, self.random.fill())];
        record
    }

    fn teach(&mut self, class: &mut Running, day: u16) {
        let account = self.account(class);
        let correlation = Some(class.first_position);
        let sessions = [SessionNumber::new(day * 2 - 1), SessionNumber::new(day * 2)];
        for session in sessions {
            class.ordinal += 1;
            let held = SessionHeld {
                class: class.id,
                session,
                held_on: self.today(),
                module: if day.is_multiple_of(2) { "A" } else { "B" }.to_owned(),
                hours: HoursTenths::new(40),
                mode: DeliveryMode::InPerson,
            };
            let held = self.event(held, vec![(Subject::class(class.id), class.ordinal)]);
            self.tell(account, Role::Trainer, correlation, true, vec![held]);
        }
        for at in 0..class.trainees.len() {
            let number = class.trainees[at];
            let mut events = Vec::with_capacity(2);
            for session in sessions {
                class.ordinal += 1;
                let attendance = if self.random.below(20) == 0 { Attendance::Absent } else { Attendance::Present };
                let event = AttendanceRecorded { class: class.id, session, person: Self::person_id(number), attendance };
                let subjects = vec![(Subject::class(class.id), class.ordinal), self.person_ordinal(number)];
                events.push(self.event(event, subjects));
            }
            self.tell(account, Role::Trainer, correlation, true, events);
        }
    }

    fn test(&mut self, class: &mut Running) {
        let account = self.account(class);
        let mut passed = Vec::with_capacity(class.trainees.len());
        for number in std::mem::take(&mut class.trainees) {
            class.ordinal += 1;
            let points = 55 + u8::try_from(self.random.below(45)).unwrap_or_default();
            let event = CompletionTestRecorded {
                class: class.id,
                person: Self::person_id(number),
                points: Points::new(points),
                passed: points >= 60,
                pass_mark: Points::new(60),
                hours_attended: HoursTenths::new(320),
            };
            if event.passed {
                passed.push(number);
            }
            let subjects = vec![(Subject::class(class.id), class.ordinal), self.person_ordinal(number)];
            let event = self.event(event, subjects);
            self.tell(account, Role::Trainer, Some(class.first_position), true, vec![event]);
        }
        class.trainees = passed;
    }

    fn certify_and_close(&mut self, class: &mut Running) {
        let account = self.account(class);
        let correlation = Some(class.first_position);
        let closed_on = self.today().max(class.starts_on);
        for number in std::mem::take(&mut class.trainees) {
            let hours = self.post_hours(class, number, closed_on);
            let certificate = self.certify(class, number, closed_on);
            self.tell(account, Role::Trainer, correlation, true, vec![hours, certificate]);
        }
        class.ordinal += 1;
        let closed = self.event(RunClosed { class: class.id, closed_on, late: None }, vec![(Subject::class(class.id), class.ordinal)]);
        self.tell(account, Role::Trainer, correlation, true, vec![closed]);
    }

    fn post_hours(&mut self, class: &mut Running, number: u64, on: CivilDate) -> EventRecord {
        let person = Self::person_id(number);
        class.ordinal += 1;
        let subjects =
            vec![(Subject::class(class.id), class.ordinal), self.person_ordinal(number), (Subject::hours_once(class.id, person), 1)];
        let event = HoursPosted { person, class: class.id, year: year_of(on), professional: HoursTenths::new(320) };
        self.event(event, subjects)
    }

    fn certify(&mut self, class: &mut Running, number: u64, on: CivilDate) -> EventRecord {
        let (person, trainer) = (Self::person_id(number), self.trainers[class.trainer].id);
        let certificate = CertificateId::from_bytes(id(self.certificates_told));
        self.certificates_told += 1;
        class.ordinal += 1;
        let series = self.ordinal(Subject::certificate_series(trainer, year_of(on)));
        let text = format!("ZX-{}-{:03}-{:06}", on.year(), class.trainer, series.1);
        let claim = Subject::of_text(SubjectKind::CertificateNumber, &text).ok().map(|claim| (claim, 1));
        let mut subjects = vec![
            (Subject::certificate(certificate), 1),
            (Subject::class(class.id), class.ordinal),
            self.person_ordinal(number),
            (Subject::certificate_once(class.id, person), 1),
        ];
        subjects.extend(claim);
        subjects.push(series);
        let event = TrainingCertificateIssued {
            certificate,
            number: text,
            class: class.id,
            person,
            trainer,
            occupation: OccupationId::from_bytes(id(class.occupation)),
            direction: None,
            grade: Grade::Junior,
            issued_on: on,
            hours: HoursTenths::new(320),
            name_position: self.persons[usize::try_from(number).unwrap_or(usize::MAX)].name_position,
        };
        self.event(event, subjects)
    }
}

fn year_of(on: CivilDate) -> PlanYear {
    PlanYear::new(u16::try_from(on.year()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhixin_store::segments::{BODY_BYTES_MAX, Body};

    /// Every body continues the one before, decodes, names ordinals that follow, and takes claims that are free.
    #[test]
    fn ordinals_follow_and_positions_are_dense() {
        let mut story = Story::new(1, 60_000);
        let mut ordinals: HashMap<Subject, u32> = HashMap::new();
        let (mut position, mut commits, mut last) = (1, 0, Timestamp::default());
        while position < 60_000 {
            let (bytes, commit_count, event_count) = story.next_body();
            assert!(bytes.len() <= BODY_BYTES_MAX);
            let body = Body::parse(&bytes).unwrap();
            assert_eq!(body.first_position(), position);
            for frame in body.frames() {
                let commit = Commit::decode(frame.bytes, Timestamp(body.base_ms())).unwrap();
                commit.check_canonical(frame.bytes, Timestamp(body.base_ms())).unwrap();
                assert!(commit.recorded_at >= last);
                last = commit.recorded_at;
                for recorded in commit.recorded(Position(frame.first_position)) {
                    for (subject, ordinal) in &recorded.unwrap().record.subjects {
                        let expected = ordinals.entry(*subject).or_default();
                        *expected += 1;
                        assert_eq!(ordinal, expected, "{subject}");
                        assert!(*ordinal == 1 || !subject.kind().is_claim());
                    }
                }
            }
            position += event_count;
            commits += commit_count;
            assert_eq!(body.next_position(), position);
        }
        let events_in_hundredths = (position - 1) * 100 / commits;
        assert!((170..190).contains(&events_in_hundredths), "{events_in_hundredths} events in 100 commits");
        assert!(last.civil_date().days_since(Story::begins_on()) < 1_000);
    }

    #[test]
    fn the_same_story_is_told_every_time() {
        let (mut one, mut other) = (Story::new(1, 10_000), Story::new(1, 10_000));
        assert_eq!(one.next_body(), other.next_body());
    }
}
