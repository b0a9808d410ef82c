//! Random histories: whatever is asked in whatever order and under whatever dates, nothing panics, no fold breaks, the sums agree, and the
//! order of the record and that of the dates tell the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::field::Digest32;
use zhixin_events::hours::HoursEvent;
use zhixin_events::*;

use crate::SubjectState;
use crate::certificate::{IssueTrainingCertificate, RevokeTrainingCertificate};
use crate::class::*;
use crate::command::{Command, result};
use crate::directory::{AssignOccupationCode, ReinstateTrainer, RemoveTrainer, RenewTrainer, SetOccupationDirections, SuspendTrainer};
use crate::hours::{PostHours, ReverseHours};
use crate::person::{CompleteErasure, CorrectPersonName, ErasePerson};
use crate::plan::{AdjustTarget, SetTarget};
use crate::scenario::{
    CLASS, JIANGSU, NATIONAL, OCCUPATION, OTHER_PERSON, OTHER_STAFF, PERSON, PROVINCIAL, SYSTEM, TODAY, TRAINER, TRAINER_STAFF, World,
    is_claim, person_registered, planned_run, register, secret, session, taught_run,
};

fn revoke(certificate: CertificateId) -> RevokeTrainingCertificate {
    RevokeTrainingCertificate { certificate, ground: RevocationGround::Fraud, document_number: "第5号".to_owned() }
}

fn person() -> impl Strategy<Value = PersonId> {
    select(vec![PERSON, OTHER_PERSON])
}

fn teaching() -> impl Strategy<Value = Command> {
    let attendance = || select(vec![Attendance::Present, Attendance::Present, Attendance::Absent, Attendance::Excused]);
    let number = || (0_u16..6).prop_map(SessionNumber::new);
    prop_oneof![
        3 => (0_u16..4, select(vec!["A", "B", "C"]), -1_i32..4, select(vec![80_u32, 80, 0, 81, 10]))
            .prop_map(|(number, module, days_ago, hours)| HoldSession { hours: HoursTenths::new(hours), ..session(number, module, days_ago) }.into()),
        1 => (number(), select(vec!["A", "B"]), -1_i32..14, select(vec![80_u32, 80, 10, 81])).prop_map(|(session, module, days_ago, hours)| CorrectSession {
            class: CLASS, session, held_on: TODAY.plus_days(days_ago.saturating_neg()), module: module.to_owned(), hours: HoursTenths::new(hours),
            mode: DeliveryMode::Online, ground: CorrectionGround::Mistyped, note: None,
        }.into()),
        1 => number().prop_map(|session| AnnulSession { class: CLASS, session, ground: CorrectionGround::NeverHappened, note: None }.into()),
        1 => person().prop_map(|person| VoidCompletionTest { class: CLASS, person, ground: CorrectionGround::Misattributed, note: None }.into()),
        8 => (number(), person(), attendance())
            .prop_map(|(session, person, attendance)| RecordAttendance { class: CLASS, session, person, attendance }.into()),
        2 => (number(), person(), attendance()).prop_map(|(session, person, attendance)| CorrectAttendance {
            class: CLASS, session, person, attendance, reason: secret("点名有误"),
        }.into()),
        4 => (person(), 50_u8..102)
            .prop_map(|(person, points)| RecordCompletionTest { class: CLASS, person, points: Points::new(points) }.into()),
        2 => (person(), 50_u8..102).prop_map(|(person, points)| CorrectCompletionTest {
            class: CLASS, person, points: Points::new(points), reason: secret("登分有误"),
        }.into()),
        3 => person().prop_map(|person| PostHours { class: CLASS, person }.into()),
        2 => person().prop_map(|person| ReverseHours { class: CLASS, person, ground: RevocationGround::FactsCorrected, note: None }.into()),
        3 => person().prop_map(|person| IssueTrainingCertificate { class: CLASS, person }.into()),
        3 => Just(revoke(CertificateId::from_bytes([0; 6])).into()),
    ]
}

/// What is told of the directory, of targets and of names.
fn keeping() -> impl Strategy<Value = Command> {
    let document_number = || "第8号".to_owned();
    let (year, line, unit) = (PlanYear::new(2025), Line::Digital, JIANGSU);
    prop_oneof![
        (select(vec![2015_u16, 2022]), 10_u8..40).prop_map(|(edition, code)| AssignOccupationCode {
            occupation: OCCUPATION,
            code: format!("2-02-38-{code}"),
            code_edition: PlanYear::new(edition),
            mark: SourceMark::Secondary,
            source: "大典".to_owned(),
        }
        .into()),
        (select(vec![Grade::Junior, Grade::Senior]), 0_u8..3).prop_map(|(grade, number)| SetOccupationDirections {
            occupation: OCCUPATION,
            grade,
            directions: (0..number).map(|number| format!("方向{number}")).collect(),
            source: "标准".to_owned(),
        }
        .into()),
        (1_u32..4).prop_map(move |people| SetTarget {
            year,
            line,
            unit,
            people: PeopleCount::new(people),
            document_number: document_number()
        }
        .into()),
        (1_u32..4).prop_map(move |people| AdjustTarget {
            year,
            line,
            unit,
            people: PeopleCount::new(people),
            document_number: document_number()
        }
        .into()),
        person().prop_map(|person| CorrectPersonName { person, name: secret("王芳") }.into()),
        Just(SuspendTrainer { trainer: TRAINER, ground: ListingGround::Violation, document_number: document_number() }.into()),
        Just(ReinstateTrainer { trainer: TRAINER, document_number: document_number() }.into()),
        (0_i32..900).prop_map(move |days| RenewTrainer {
            trainer: TRAINER,
            listed_until: Some(TODAY.plus_days(days)),
            document_number: document_number(),
        }
        .into()),
        Just(RemoveTrainer { trainer: TRAINER, ground: ListingGround::OwnRequest, document_number: document_number() }.into()),
    ]
}

/// The effective date that a command states.
fn stated() -> impl Strategy<Value = Option<CivilDate>> {
    prop_oneof![3 => Just(None), 1 => Just(Some(TODAY)), 3 => (1_i32..45).prop_map(|days| Some(TODAY.plus_days(days.saturating_neg())))]
}

fn managing() -> impl Strategy<Value = Command> {
    let document_number = || "第6号".to_owned();
    prop_oneof![
        4 => person().prop_map(|person| register(person).into()),
        1 => person().prop_map(|person| WithdrawTrainee { class: CLASS, person, ground: WithdrawalGround::Asked, note: None }.into()),
        2 => (person(), -1_i32..25, 0_usize..3).prop_map(|(person, days_ago, category)| CorrectRegistration {
            class: CLASS, person, registered_on: TODAY.plus_days(days_ago.saturating_neg()), category: TalentCategory::ALL.get(category).copied(),
            employer: None, title_level: None, ground: CorrectionGround::Mistyped, note: None,
        }.into()),
        2 => Just(ReopenRun { class: CLASS, ground: CorrectionGround::Mistyped, note: None }.into()),
        1 => Just(OpenRun { class: CLASS }.into()),
        1 => Just(StartRosterImport { class: CLASS, rows: 2, file_digest: Digest32([1; 32]) }.into()),
        1 => (0_u8..60, 0_u32..3).prop_map(|(fresh, accepted)| FinishRosterImport {
            job: JobId::from_bytes([7, 7, 7, 7, fresh, 0]), accepted, refused: 2_u32.saturating_sub(accepted),
        }.into()),
        1 => person().prop_map(|person| CompleteErasure { person }.into()),
        1 => Just(SuspendTrainer { trainer: TRAINER, ground: ListingGround::Violation, document_number: document_number() }.into()),
        2 => Just(ReinstateTrainer { trainer: TRAINER, document_number: document_number() }.into()),
    ]
}

/// What ends a run, a trainer or a person for good: rare, or no history would reach far.
fn ending() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => (0_i32..2).prop_map(|days| CloseRun { class: CLASS, closed_on: TODAY.plus_days(days.saturating_neg()), late: None }.into()),
        1 => Just(CancelRun { class: CLASS, reason: secret("教师生病"), document_number: None }.into()),
        1 => person().prop_map(|person| ErasePerson { person, ground: ErasureGround::PersonRequest }.into()),
        1 => Just(RemoveTrainer { trainer: TRAINER, ground: ListingGround::OwnRequest, document_number: "第7号".to_owned() }.into()),
    ]
}

/// Postings less reversals and issues less revocations, by person and by certificate.
#[derive(Default)]
struct Books {
    hours: BTreeMap<PersonId, i64>,
    certificates: BTreeMap<CertificateId, i64>,
    numbers: Vec<String>,
}

impl Books {
    fn enter(&mut self, event: &Event) {
        if let Event::Hours(event) = event {
            let (person, sign) = match event {
                HoursEvent::HoursPosted(event) => (event.person, 1),
                HoursEvent::HoursReversed(event) => (event.person, -1),
            };
            let sum = self.hours.entry(person).or_default();
            *sum = sum.saturating_add(sign);
        }
        if let Event::Certificate(event) = event {
            let (certificate, sign) = match event {
                CertificateEvent::TrainingCertificateIssued(event) => {
                    self.numbers.push(event.number.clone());
                    (event.certificate, 1)
                }
                CertificateEvent::TrainingCertificateRevoked(event) => (event.certificate, -1),
            };
            let sum = self.certificates.entry(certificate).or_default();
            *sum = sum.saturating_add(sign);
        }
    }

    fn standing<K>(sums: &BTreeMap<K, i64>) -> usize {
        assert!(sums.values().all(|sum| (0..=1).contains(sum)), "posted or issued once");
        sums.values().filter(|sum| **sum == 1).count()
    }
}

fn held(world: &World, kind: SubjectKind) -> usize {
    let is_held = |state: &SubjectState| matches!(state, SubjectState::Claim(claim) if claim.held_by.is_some());
    world.states().filter(|(subject, state)| subject.kind() == kind && is_held(state)).count()
}

fn check(world: &World, books: &Books) {
    assert_eq!(held(world, SubjectKind::HoursOnce), Books::standing(&books.hours), "claims on hours and the sum of postings");
    assert_eq!(
        held(world, SubjectKind::CertificateOnce),
        Books::standing(&books.certificates),
        "claims on certificates and those in force"
    );
    assert_eq!(held(world, SubjectKind::CertificateNumber), books.numbers.len(), "no number is given twice or back");
    let class = world.states().find_map(|(_, state)| if let SubjectState::Class(class) = state { Some(class) } else { None }).unwrap();
    assert_eq!(held(world, SubjectKind::Seat), class.seats_taken(), "claims on seats and seats taken");
    assert!(class.seats_taken() <= 2);
    for trainee in class.trainees.values() {
        let test = trainee.test().filter(|test| test.passed);
        assert!(test.is_none_or(|test| class.last_attended_on(trainee).is_none_or(|on| on <= test.effective_on)), "the test comes last");
        let passed = trainee.test().is_some_and(|test| test.passed);
        assert!(trainee.certificate.is_none() || passed, "a certificate in force only with a passed test");
        assert!(trainee.hours.is_none() || passed, "hours only with a passed test");
        assert!(!passed || trainee.seat().is_some(), "who passed keeps the seat");
    }
    let marks = |wanted: fn(&state::Trainee) -> bool| class.trainees.values().filter(|trainee| wanted(trainee)).count();
    assert_eq!(marks(|trainee| trainee.hours.is_some()), Books::standing(&books.hours));
    assert_eq!(marks(|trainee| trainee.certificate.is_some()), Books::standing(&books.certificates));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Each step asks one command of everybody who might do it; refusals change nothing.
    #[test]
    fn sums_agree_after_every_step_of_any_history(
        steps in proptest::collection::vec((prop_oneof![60 => teaching(), 12 => managing(), 1 => ending()], select(vec![None, None, None, Some(TODAY), Some(TODAY.plus_days(-2))])), 40..90),
    ) {
        let mut world = taught_run();
        let mut books = Books::default();
        for (mut command, stated) in steps {
            if let (Command::RevokeTrainingCertificate(_), Some((newest, _))) = (&command, books.certificates.last_key_value()) {
                command = revoke(*newest).into();
            }
            for actor in [OTHER_STAFF, TRAINER_STAFF, PROVINCIAL, NATIONAL, SYSTEM] {
                let before = world.states().count();
                if let Ok(events) = world.attempt(actor, stated, &command) {
                    let given = result(&events);
                    prop_assert!(given.iter().all(|(name, _)| given.iter().filter(|(other, _)| other == name).count() == 1));
                    for event in &events {
                        books.enter(event);
                    }
                    check(&world, &books);
                    break;
                }
                prop_assert_eq!(world.states().count(), before);
            }
        }
    }

    /// Decisions fold the facts of a thing as they were recorded, read models by their dates: both must come to the same.
    #[test]
    fn the_order_of_the_record_and_that_of_the_dates_tell_the_same(
        steps in proptest::collection::vec((prop_oneof![12 => teaching(), 8 => managing(), 4 => keeping(), 1 => ending()], stated()), 30..80),
    ) {
        let mut world = planned_run().happened(person_registered(PERSON)).happened(person_registered(OTHER_PERSON));
        for (mut command, stated) in steps {
            let newest = world.states().filter(|(subject, _)| subject.kind() == SubjectKind::Certificate).last().and_then(|(subject, _)| subject.first_id());
            if let (Command::RevokeTrainingCertificate(_), Some(newest)) = (&command, newest) {
                command = revoke(CertificateId::from_bytes(newest)).into();
            }
            for actor in [TRAINER_STAFF, NATIONAL, SYSTEM] {
                if world.attempt(actor, stated, &command).is_ok() {
                    break;
                }
            }
        }
        let by_record: Vec<_> = world.states().filter(|(subject, _)| !is_claim(subject)).map(|(subject, state)| (*subject, state.clone())).collect();
        prop_assert_eq!(by_record, world.states_by_date());
    }
}
