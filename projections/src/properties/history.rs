//! Believable random histories: made of small numbers, told as events, laid out in real batch bodies behind an in-memory feed.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zhixin_events::certificate::{TrainingCertificateIssued, TrainingCertificateRevoked};
use zhixin_events::class::*;
use zhixin_events::commit::EventRecord;
use zhixin_events::directory::*;
use zhixin_events::hours::{HoursPosted, HoursReversed};
use zhixin_events::person::{PersonErased, PersonNameCorrected, PersonRegistered};
use zhixin_events::plan::{TargetAdjusted, TargetSet};
use zhixin_events::*;
use zhixin_store::feed::{Batch, Feed, FeedFault};
use zhixin_store::segments::BodyBuilder;

/// The first day of every history.
pub(crate) fn first_day() -> CivilDate {
    CivilDate::from_ymd(2024, 10, 1).unwrap()
}

/// One event with the day it took place; its position is its index.
pub(crate) type Told = (CivilDate, Event);

/// One step of a history: what happens, to which of the few things, how late it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    what: u8,
    class: u8,
    person: u8,
    detail: u8,
    late_days: u16,
}

/// Steps in which the common acts are common.
pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let late = prop_oneof![4 => Just(0_u16), 2 => 0..20_u16, 1 => 0..200_u16];
    let step = (0..100_u8, 0..5_u8, 0..6_u8, any::<u8>(), late).prop_map(|(what, class, person, detail, late_days)| Step {
        what,
        class,
        person,
        detail,
        late_days,
    });
    prop::collection::vec(step, 1..most)
}

/// So many steps, the same every time.
pub(crate) fn some_steps(count: u64) -> Vec<Step> {
    let part = |seed: u64, below: u64| u8::try_from(seed % below).unwrap();
    let step = |index: u64| {
        let seed = index.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Step {
            what: part(seed >> 33, 100),
            class: part(seed >> 41, 5),
            person: part(seed >> 47, 6),
            detail: part(seed >> 52, 256),
            late_days: u16::from(part(seed >> 27, 40)),
        }
    };
    (1..=count).map(step).collect()
}

pub(crate) fn class_id(number: u8) -> ClassId {
    ClassId::from_bytes([1, 0, 0, 0, 0, number])
}
pub(crate) fn person_id(number: u8) -> PersonId {
    PersonId::from_bytes([2, 0, 0, 0, 0, number])
}
pub(crate) fn trainer_id(number: u8) -> TrainerId {
    TrainerId::from_bytes([3, 0, 0, 0, 0, number])
}
pub(crate) fn occupation_id(number: u8) -> OccupationId {
    OccupationId::from_bytes([4, 0, 0, 0, 0, number])
}
fn organisation_id(number: u8) -> OrganisationId {
    OrganisationId::from_bytes([5, 0, 0, 0, 0, number])
}
fn pick<T: Copy>(from: &[T], by: u8) -> T {
    from[usize::from(by) % from.len()]
}
fn unit(by: u8) -> ReportingUnit {
    pick(&[11, 31, 66].map(|code| ReportingUnit::new(code).unwrap()), by)
}
fn category(by: u8) -> Option<TalentCategory> {
    pick(&[None, Some(TalentCategory::HighLevel), Some(TalentCategory::Backbone)], by)
}

/// What has happened so far, as far as later steps refer to it.
#[derive(Default)]
struct Past {
    attendance: Vec<(u64, CivilDate, AttendanceRecorded)>,
    /// The last statements about sessions.
    sessions: Vec<(u64, CivilDate, SessionHeld)>,
    tests: Vec<(u64, CivilDate, CompletionTestRecorded)>,
    certificates: Vec<(CertificateId, String)>,
    hours: Vec<(u64, HoursPosted)>,
    seats: Vec<(u64, CivilDate, ClassId, PersonId)>,
    closings: Vec<(u64, CivilDate, ClassId, CivilDate)>,
}

/// The events of a history. Classes are planned first; the rest comes as the steps say, in whatever order.
pub(crate) fn tell(steps: &[Step]) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let mut past = Past::default();
    for number in 0..5 {
        told.push((first_day().plus_days(i32::from(number) * 3), plan(number).into()));
    }
    for (index, step) in steps.iter().enumerate() {
        let today = first_day().plus_days(20 + i32::try_from(index).unwrap() * 3);
        let on = today.plus_days(-i32::from(step.late_days));
        let position = u64::try_from(told.len()).unwrap();
        let before = told.len();
        told.extend(one(*step, on, position, &mut past));
        if told.len() == before {
            past.sessions.push((position, on, session(*step, on)));
            told.push((on, session(*step, on).into()));
        }
    }
    told
}

/// One of the five runs.
pub(crate) fn plan(number: u8) -> RunPlanned {
    let starts_on = first_day().plus_days(30 + i32::from(number) * 25);
    RunPlanned {
        class: class_id(number),
        title: format!("班{number}"),
        line: pick(&[Line::Digital, Line::Capability], number / 2),
        trainer: trainer_id(number % 2),
        organisation: organisation_id(number % 2),
        unit: unit(number),
        division: DivisionCode::new(pick(&[110_105, 310_000, 659_001, 810_000], number)).unwrap(),
        occupation: occupation_id(number % 2),
        direction: pick(&[None, Some("应用"), Some("运维")], number).map(str::to_owned),
        // Not in step with the occupation: a grade of one is not a grade of the other.
        grade: pick(Grade::ALL, number / 2),
        mode: DeliveryMode::InPerson,
        starts_on,
        ends_on: starts_on.plus_days(40),
        seats: PeopleCount::new(30),
        modules: Vec::new(),
    }
}

fn session(step: Step, on: CivilDate) -> SessionHeld {
    SessionHeld {
        class: class_id(step.class),
        session: SessionNumber::new(u16::from(step.detail % 4) + 1),
        held_on: on,
        module: "M1".into(),
        hours: HoursTenths::new(u32::from(step.detail % 3) * 5 + 10),
        mode: DeliveryMode::Online,
    }
}

/// The event of a step; none if it refers to something that has not happened.
fn one(step: Step, on: CivilDate, position: u64, past: &mut Past) -> Option<Told> {
    let (class, person, detail) = (class_id(step.class), person_id(step.person), step.detail);
    let event: Event = match step.what {
        0..24 => {
            past.seats.push((position, on, class, person));
            let employer_stated =
                (detail % 3 == 1).then(|| StatedEmployer { name: Some(format!("单位{detail}")), uscc: None, uscc_override: false });
            let title_level = (detail % 3 == 2).then(|| "中级".to_owned());
            TraineeRegistered { class, person, category: category(detail), employer: None, employer_stated, title_level, job: None }.into()
        }
        24..28 => TraineeWithdrawn { class, person, ground: WithdrawalGround::Asked }.into(),
        28..32 => return taken_back(step, past),
        32..35 => {
            past.sessions.push((position, on, session(step, on)));
            session(step, on).into()
        }
        35..38 => return corrected_session(detail, position, past),
        38..48 => {
            let session = SessionNumber::new(u16::from(detail % 4) + 1);
            let attendance = pick(Attendance::ALL, detail / 4);
            let event = AttendanceRecorded { class, session, person, attendance };
            past.attendance.push((position, on, event.clone()));
            event.into()
        }
        48..52 => return corrected_attendance(detail, past),
        52..64 => {
            let (points, pass_mark) = (Points::new(detail % 101), Points::new(60));
            let (passed, hours_attended) = (points >= pass_mark, HoursTenths::new(80));
            let event = CompletionTestRecorded { class, person, points, passed, pass_mark, hours_attended };
            past.tests.push((position, on, event.clone()));
            event.into()
        }
        64..69 => return corrected_test(detail, position, past),
        69..77 => {
            let number = format!("ZX-{position}");
            let certificate = CertificateId::from_bytes([6, 0, 0, 0, 0, u8::try_from(position % 250).unwrap()]);
            past.certificates.push((certificate, number.clone()));
            TrainingCertificateIssued {
                certificate,
                number,
                class,
                person,
                trainer: trainer_id(step.class % 2),
                occupation: occupation_id(step.class % 2),
                direction: None,
                grade: Grade::Junior,
                issued_on: on,
                hours: HoursTenths::new(80),
                name_position: 0,
            }
            .into()
        }
        77..81 => {
            let (certificate, number) = past.certificates.get(usize::from(detail) % past.certificates.len().max(1))?.clone();
            TrainingCertificateRevoked { certificate, number, ground: RevocationGround::Fraud, document_number: "文1".into() }.into()
        }
        81..83 => {
            let closed_on = on.plus_days(i32::from(detail % 60));
            past.closings.push((position, on, class, closed_on));
            RunClosed { class, closed_on, late: None }.into()
        }
        83 => RunCancelled { class, document_number: None }.into(),
        84 => RunOpened { class }.into(),
        85..100 => return other(step, on, position, past),
        _ => unreachable!("steps are below 100"),
    };
    Some((on, event))
}

/// A correction carries the effective date of what it corrects.
fn corrected_attendance(detail: u8, past: &Past) -> Option<Told> {
    let (corrects, on, told) = past.attendance.get(usize::from(detail) % past.attendance.len().max(1))?;
    let after = pick(Attendance::ALL, detail / 8);
    let event = AttendanceCorrected {
        class: told.class,
        session: told.session,
        person: told.person,
        before: told.attendance,
        after,
        corrects: *corrects,
    };
    Some((*on, event.into()))
}

/// Mostly another number of hours, sometimes none at all; a correction may be corrected again.
fn corrected_session(detail: u8, position: u64, past: &mut Past) -> Option<Told> {
    let index = usize::from(detail) % past.sessions.len().max(1);
    let (corrects, on, told) = past.sessions.get_mut(index)?;
    let (class, session, held_on, ground) = (told.class, told.session, told.held_on, CorrectionGround::Mistyped);
    let (event, on): (Event, _) = if detail.is_multiple_of(3) {
        (SessionAnnulled { class, session, held_on, moved_to: None, ground, corrects: *corrects }.into(), *on)
    } else {
        let (hours_before, hours) = (told.hours, HoursTenths::new(u32::from(detail)));
        let (module_before, mode_before) = (told.module.clone(), told.mode);
        let (module, mode, corrects) = ("M2".to_owned(), DeliveryMode::InPerson, std::mem::replace(corrects, position));
        let event = SessionCorrected { class, session, module_before, hours_before, mode_before, module, hours, mode, ground, corrects };
        (event.into(), *on)
    };
    Some((on, event))
}

/// A registration, a test or a closing is taken back; whatever was said of it last.
fn taken_back(step: Step, past: &Past) -> Option<Told> {
    let (index, ground) = (usize::from(step.detail), CorrectionGround::Misattributed);
    match step.class {
        0..2 => {
            let (corrects, on, class, person) = *past.seats.get(index % past.seats.len().max(1))?;
            Some((on, RegistrationAnnulled { class, person, ground, corrects }.into()))
        }
        2..4 => {
            let (corrects, on, test) = past.tests.get(index % past.tests.len().max(1))?;
            let (class, person, corrects) = (test.class, test.person, *corrects);
            Some((*on, CompletionTestVoided { class, person, ground, corrects }.into()))
        }
        _ => {
            let (corrects, on, class, closed_on) = *past.closings.get(index % past.closings.len().max(1))?;
            Some((on, RunReopened { class, closed_on, ground, corrects }.into()))
        }
    }
}

/// A correction corrects the last statement, or the first.
fn corrected_test(detail: u8, position: u64, past: &mut Past) -> Option<Told> {
    let index = usize::from(detail) % past.tests.len().max(1);
    let (last, on, told) = past.tests.get_mut(index)?;
    let corrects = &if detail.is_multiple_of(2) { std::mem::replace(last, position) } else { *last };
    let points = Points::new(detail % 101);
    let event = CompletionTestCorrected {
        class: told.class,
        person: told.person,
        points_before: told.points,
        points,
        passed: points >= told.pass_mark,
        pass_mark: told.pass_mark,
        corrects: *corrects,
    };
    Some((*on, event.into()))
}

/// The rarer acts: persons, hours, targets, directories.
fn other(step: Step, on: CivilDate, position: u64, past: &mut Past) -> Option<Told> {
    let (class, person, detail) = (class_id(step.class), person_id(step.person), step.detail);
    let (trainer, occupation, document_number) = (trainer_id(detail % 2), occupation_id(detail % 2), format!("文{position}"));
    let (year, line) = (PlanYear::new(2024 + u16::from(detail % 2)), pick(&[Line::Digital, Line::Capability], detail / 2));
    let event: Event = match step.what {
        85 => PersonRegistered { person, document_kind: DocumentKind::IdentityCard, number_override: false }.into(),
        86 => PersonNameCorrected { person }.into(),
        87 => PersonErased { person, ground: ErasureGround::PersonRequest }.into(),
        88 => {
            let event = HoursPosted { person, class, year, professional: HoursTenths::new(80) };
            past.hours.push((position, event.clone()));
            event.into()
        }
        89 => {
            let (corrects, told) = past.hours.get(usize::from(detail) % past.hours.len().max(1))?;
            let (person, class, year, professional) = (told.person, told.class, told.year, told.professional);
            HoursReversed { person, class, year, professional, corrects: *corrects, ground: RevocationGround::FactsCorrected }.into()
        }
        90 => TargetSet { year, line, unit: unit(step.class), people: PeopleCount::new(u32::from(detail)), document_number }.into(),
        91 => {
            let (people, people_before) = (PeopleCount::new(u32::from(detail) / 2), PeopleCount::new(9));
            TargetAdjusted { year, line, unit: unit(step.class), people, people_before, document_number }.into()
        }
        92 => TrainerListed {
            trainer,
            organisation: organisation_id(detail % 2),
            name: format!("机构{position}"),
            unit: unit(detail),
            directory_number: DirectoryNumber::new(u32::from(detail)),
            occupations: vec![occupation],
            listed_from: on.plus_days(i32::from(detail % 3) * 20),
            listed_until: on.plus_days(40 + i32::from(detail)),
            national_base: detail > 128,
            document_number,
        }
        .into(),
        93 => TrainerSuspended { trainer, ground: ListingGround::Violation, document_number }.into(),
        94 => TrainerReinstated { trainer, document_number }.into(),
        95 if detail > 160 => TrainerRenewed { trainer, listed_until: on.plus_days(i32::from(detail)), document_number }.into(),
        95 => TrainerRemoved { trainer, ground: ListingGround::OwnRequest, document_number }.into(),
        96 => TrainerOccupationsChanged { trainer, occupations: vec![occupation, occupation_id(7)], document_number }.into(),
        97 => {
            let (name_zh, name_en) = (format!("职业{position}"), format!("Occupation {position}"));
            OccupationAdded { occupation, name_zh, name_en, code: "2-02-38".into(), code_edition: PlanYear::new(2022) }.into()
        }
        98 => {
            let code_edition = PlanYear::new(2015 + u16::from(detail % 9));
            let source = (detail % 2 == 0).then(|| "大典".to_owned());
            OccupationCodeAssigned { occupation, code: format!("2-{detail}"), code_edition, mark: SourceMark::Official, source }.into()
        }
        _ => {
            let directions = pick(&[&[][..], &["应用"][..], &["应用", "运维"][..]], detail).iter().map(|&one| one.to_owned()).collect();
            OccupationDirectionsSet { occupation, grade: pick(Grade::ALL, detail), directions, source: "标准".into() }.into()
        }
    };
    Some((on, event))
}

/// A feed over batches in memory; its durable end can be held back.
pub(crate) struct MemoryFeed {
    batches: Vec<(u64, u64, [u8; 32], Vec<u8>)>,
    end: AtomicU64,
}

impl MemoryFeed {
    /// Lays events out in commits and batches of the sizes given, over and over.
    pub(crate) fn new(told: &[Told], sizes: &[usize]) -> Self {
        let mut chain = [7; 32];
        let (mut batches, mut rest, mut first) = (Vec::new(), told, 0_u64);
        for size in sizes.iter().copied().cycle() {
            if rest.is_empty() {
                break;
            }
            let (events, later) = rest.split_at(size.clamp(1, rest.len()));
            rest = later;
            let base = first_day().plus_days(20 + i32::try_from(first).unwrap()).start();
            let mut body = BodyBuilder::new(first, base.0);
            for events in events.chunks(3) {
                let commit = commit(events, first + u64::try_from(body.len()).unwrap(), Timestamp(base.0 + 5));
                assert!(body.push(u32::try_from(events.len()).unwrap(), &commit.encode(base)));
            }
            let next = body.next_position();
            let body = body.finish();
            chain = Sha256::new().chain_update(chain).chain_update(Sha256::digest(&body)).finalize().into();
            batches.push((first, next, chain, body));
            first = next;
        }
        Self { batches, end: AtomicU64::new(first) }
    }

    /// Hides what is not durable yet.
    pub(crate) fn hold_back(&self, end: u64) {
        let whole = self.batches.iter().map(|batch| batch.1).filter(|next| *next <= end).max();
        self.end.store(whole.unwrap_or(0), Ordering::SeqCst);
    }

    /// The batches.
    pub(crate) fn batches(&self) -> impl Iterator<Item = Batch<'_>> {
        self.batches.iter().map(|(first, next, chain, body)| Batch {
            epoch: 1,
            first_position: *first,
            next_position: *next,
            base_ms: 0,
            chain_after: *chain,
            body,
        })
    }
}

/// Tag and payload: of the newest version, and of an older one where the event is such that it could have been recorded then.
fn recorded(event: &Event) -> (u16, Vec<u8>) {
    if let Event::Directory(DirectoryEvent::OccupationCodeAssigned(assigned)) = event
        && assigned.source.is_none()
    {
        let OccupationCodeAssigned { occupation, code, code_edition, mark, .. } = assigned.clone();
        return (0x0802, codec::encode(&OccupationCodeAssignedV1 { occupation, code, code_edition, mark }));
    }
    registry::encode(event)
}

fn commit(events: &[Told], number: u64, recorded_at: Timestamp) -> Commit {
    let record = |(effective_on, event): &Told| {
        let (tag, payload) = recorded(event);
        EventRecord {
            tag,
            effective_on: *effective_on,
            causation: None,
            subjects: Vec::new(),
            payload,
            envelopes: Vec::new(),
            sealed_digests: Vec::new(),
        }
    };
    Commit {
        command_id: CommandId(u128::from(number).to_be_bytes()),
        fingerprint: [0; 8],
        salt: [0; 16],
        actor: AccountId::from_bytes([9; 6]),
        role: Role::System,
        recorded_at,
        correlation: None,
        packs: Vec::new(),
        events: events.iter().map(record).collect(),
    }
}

impl Feed for MemoryFeed {
    fn end(&self) -> u64 {
        self.end.load(Ordering::SeqCst)
    }

    fn read(&self, from: u64, on_batch: &mut dyn FnMut(&Batch<'_>) -> ControlFlow<()>) -> Result<(), FeedFault> {
        let end = self.end();
        for batch in self.batches().filter(|batch| batch.next_position > from && batch.next_position <= end) {
            if on_batch(&batch).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn wait_beyond(&self, position: u64, timeout: Duration) -> u64 {
        if self.end() <= position {
            std::thread::park_timeout(timeout.min(Duration::from_millis(5)));
        }
        self.end()
    }
}
