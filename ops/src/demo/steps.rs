//! What trainers do in their runs, and what offices do about them: the commands of each step.

use zhixin_domain::Command;
use zhixin_domain::certificate::{IssueTrainingCertificate, RevokeTrainingCertificate};
use zhixin_domain::class::register_trainee::Trainee;
use zhixin_domain::class::{
    AnnulSession, CancelRun, CloseRun, CorrectAttendance, CorrectCompletionTest, CorrectRegistration, CorrectSession, HoldSession, OpenRun,
    PlanRun, RecordAttendance, RecordCompletionTest, ReopenRun, VoidCompletionTest, WithdrawTrainee,
};
use zhixin_domain::hours::{PostHours, ReverseHours};
use zhixin_domain::person::{CorrectPersonName, ErasePerson};
use zhixin_events::class::PlannedModule;
use zhixin_events::{
    Attendance, ClassId, CorrectionGround, DeliveryMode, DivisionCode, ErasureGround, HoursTenths, PeopleCount, PersonId, Points,
    ReportingUnit, RevocationGround, Secret, SessionNumber, WithdrawalGround,
};

use super::accounts::Holder;
use super::agenda::{Mend, Step};
use super::chance::Chance;
use super::desk::Order;
use super::fate::{CORRECTED_SESSION, Fate, LATE_SESSION, MISTYPED_SESSION, Slip, WITHDRAWN_BEFORE, slip_of};
use super::office::document;
use super::schedule::Run;
use super::stage::{Stage, Then, known};
use super::{enrolment, people};

/// Hours of a session.
const SESSION_HOURS: u32 = 80;
/// Runs in which trainers also try what must be refused.
const RUNS_WITH_ATTEMPTS: usize = 20;

pub(crate) type Orders = anyhow::Result<Vec<Order<Then>>>;

/// The commands of a step.
///
/// # Errors
/// Something is not known yet.
pub(crate) fn orders(stage: &Stage<'_>, index: usize, step: Step) -> Orders {
    let run = stage.run(index)?;
    let staff = Holder::Staff(run.trainer);
    match step {
        Step::Plan => Ok(vec![stage.order(staff, plan_run(stage, index)?, Then::Planned(index))?]),
        Step::OpenTooEarly => Ok(vec![stage.order(staff, OpenRun { class: class(run)? }, Then::Nothing)?.refused("CLASS-0002")]),
        Step::Open => Ok(vec![stage.order(staff, OpenRun { class: class(run)? }, Then::Nothing)?]),
        Step::StartImport => enrolment::start_import(stage, index),
        Step::ImportRows => enrolment::import_rows(stage, index),
        Step::FinishImport => enrolment::finish_import(stage, index),
        Step::EnrolFirst => enrolment::by_hand(stage, index, 0..run.first_half()),
        Step::EnrolSecond => enrolment::by_hand(stage, index, run.first_half()..run.seats.len()),
        Step::Hold(session) => hold(stage, index, session),
        Step::HoldGhost => {
            let day = run.sessions.last().copied().unwrap_or(run.tested).plus_days(1);
            let ghost = HoldSession { session: number(run.sessions.len())?, held_on: day, ..held(run, run.sessions.len() - 1)? };
            Ok(vec![stage.order(staff, ghost, Then::Nothing)?])
        }
        Step::MendSession => mend_session(stage, index),
        Step::RecordLate(seat) => {
            let command = attendance(run, LATE_SESSION, stage.person(index, seat)?, Attendance::Present)?;
            Ok(vec![stage.order(staff, command, Then::Nothing)?])
        }
        Step::Withdraw(seat) => withdraw(stage, index, seat),
        Step::ComeBack(seat) => {
            let known = Trainee::Known(stage.person(index, seat)?);
            Ok(vec![stage.order(staff, enrolment::registration(stage, index, seat, known, None)?, Then::Nothing)?])
        }
        Step::Test => test(stage, index),
        Step::Award => award(stage, index),
        Step::Close => {
            let closed_on = run.tested.plus_days(i32::from(slip_of(index) == Slip::Closing));
            Ok(vec![stage.order(staff, CloseRun { class: class(run)?, closed_on, late: None }, Then::Nothing)?])
        }
        Step::CloseAgain => {
            Ok(vec![stage.order(staff, CloseRun { class: class(run)?, closed_on: run.tested, late: None }, Then::Nothing)?])
        }
        Step::Reopen => {
            let (class, ground, note) = (class(run)?, CorrectionGround::Mistyped, Some(Secret::new("结班日期填错".to_owned())));
            Ok(vec![stage.order(staff, ReopenRun { class, ground, note }, Then::Nothing)?])
        }
        Step::TestOther(seat) => {
            let command = RecordCompletionTest { class: class(run)?, person: stage.person(index, seat)?, points: Points::new(31) };
            Ok(vec![dated(stage.order(staff, command, Then::Nothing)?, run, run.tested)])
        }
        Step::VoidTest(seat) => {
            let (class, person, ground) = (class(run)?, stage.person(index, seat)?, CorrectionGround::Misattributed);
            Ok(vec![stage.order(staff, VoidCompletionTest { class, person, ground, note: None }, Then::Nothing)?])
        }
        Step::MendSeat(seat) => mend_seat(stage, index, seat),
        Step::Cancel => {
            let reason = Secret::new("报名人数或办班条件变化，停办".to_owned());
            let command = CancelRun { class: class(run)?, reason, document_number: None };
            Ok(vec![stage.order(staff, command, Then::Nothing)?])
        }
        Step::Mend(seat, what) => mend(stage, index, seat, what),
    }
}

/// The registration of a seat, told anew as the papers show it.
fn mend_seat(stage: &Stage<'_>, index: usize, seat: usize) -> Orders {
    let run = stage.run(index)?;
    let person = stage.person(index, seat)?;
    let told = enrolment::registration(stage, index, seat, Trainee::Known(person), None)?;
    let command = CorrectRegistration {
        class: told.class,
        person,
        registered_on: run.starts().plus_days(-13),
        category: told.category,
        employer: told.employer,
        title_level: told.title_level,
        ground: CorrectionGround::PapersReviewed,
        note: None,
    };
    Ok(vec![stage.order(Holder::Staff(run.trainer), command, Then::Nothing)?])
}

/// The class of a run.
///
/// # Errors
/// It is not planned yet.
pub(crate) fn class(run: &Run) -> anyhow::Result<ClassId> {
    known(run.class, "a class")
}

/// The plan of a run.
///
/// # Errors
/// Trainer or occupation are not known yet.
pub(crate) fn plan_run(stage: &Stage<'_>, index: usize) -> anyhow::Result<PlanRun> {
    let run = stage.run(index)?;
    let trainer = stage.schedule.trainers.get(run.trainer);
    let unit = known(trainer.map(|trainer| trainer.unit), "a trainer")?;
    let mut modules: Vec<PlannedModule> = Vec::new();
    for session in 0..run.sessions.len() {
        let code = run.module_of(session);
        match modules.iter_mut().find(|module| module.code == code) {
            Some(module) => module.hours = module.hours.plus(HoursTenths::new(SESSION_HOURS)),
            None => modules.push(PlannedModule {
                code: code.to_owned(),
                name: module_name(code).to_owned(),
                hours: HoursTenths::new(SESSION_HOURS),
            }),
        }
    }
    Ok(PlanRun {
        title: run.title.clone(),
        trainer: known(trainer.and_then(|trainer| trainer.id), "a trainer")?,
        division: place(unit),
        occupation: known(stage.occupations.get(run.occupation).copied().flatten(), "an occupation")?,
        direction: run.direction.map(str::to_owned),
        grade: run.grade,
        mode: run.mode,
        starts_on: run.starts(),
        ends_on: run.tested,
        seats: PeopleCount::new(seats_planned(index, run)?),
        modules,
    })
}

/// Most runs have a few seats more than people; the second one is full.
fn seats_planned(index: usize, run: &Run) -> anyhow::Result<u32> {
    let taken = u32::try_from(run.seats.len())?;
    Ok(if index == enrolment::FULL_RUN { taken } else { (taken + 4).next_multiple_of(5) })
}

fn module_name(code: &str) -> &'static str {
    match code {
        "M1" => "专业基础",
        "M2" => "关键技术",
        "M3" => "工程实践",
        _ => "前沿专题",
    }
}

/// The seat of the unit's government; the Corps has one code.
fn place(unit: ReportingUnit) -> DivisionCode {
    let whole = unit.division();
    DivisionCode::new(whole.get() + 100).ok().filter(|_| unit != ReportingUnit::CORPS).unwrap_or(whole)
}

fn number(session: usize) -> anyhow::Result<SessionNumber> {
    Ok(SessionNumber::new(u16::try_from(session + 1)?))
}

fn attendance(run: &Run, session: usize, person: PersonId, attendance: Attendance) -> anyhow::Result<RecordAttendance> {
    Ok(RecordAttendance { class: class(run)?, session: number(session)?, person, attendance })
}

/// A session as it was held.
fn held(run: &Run, session: usize) -> anyhow::Result<HoldSession> {
    let online = run.mode == DeliveryMode::Mixed && session % 3 == 2;
    let mode = match run.mode {
        DeliveryMode::Mixed => {
            if online {
                DeliveryMode::Online
            } else {
                DeliveryMode::InPerson
            }
        }
        DeliveryMode::InPerson | DeliveryMode::Online => run.mode,
    };
    Ok(HoldSession {
        class: class(run)?,
        session: number(session)?,
        held_on: known(run.sessions.get(session).copied(), "a session")?,
        module: run.module_of(session).to_owned(),
        hours: HoursTenths::new(SESSION_HOURS),
        mode,
    })
}

fn hold(stage: &Stage<'_>, index: usize, session: usize) -> Orders {
    let run = stage.run(index)?;
    let staff = Holder::Staff(run.trainer);
    let mut command = held(run, session)?;
    if slip_of(index) == Slip::Hours && session == MISTYPED_SESSION {
        command.hours = HoursTenths::new(SESSION_HOURS / 2);
    }
    if slip_of(index) == Slip::Day && session + 1 == run.sessions.len() {
        command.held_on = command.held_on.plus_days(1);
    }
    let mut orders = vec![stage.order(staff, command, Then::Nothing)?];
    for (seat, person) in run.seats.iter().enumerate() {
        if let Some(how) = person.fate.attendance(session, run.sessions.len(), person.missed) {
            orders.push(stage.order(staff, attendance(run, session, stage.person(index, seat)?, how)?, Then::Nothing)?);
        }
    }
    Ok(orders)
}

fn mend_session(stage: &Stage<'_>, index: usize) -> Orders {
    let run = stage.run(index)?;
    let right = |session: usize, ground: CorrectionGround| -> anyhow::Result<Command> {
        let HoldSession { class, session, held_on, module, hours, mode } = held(run, session)?;
        let note = Some(Secret::new("与签到表核对后更正".to_owned()));
        Ok(CorrectSession { class, session, held_on, module, hours, mode, ground, note }.into())
    };
    let command = match slip_of(index) {
        Slip::Hours => right(MISTYPED_SESSION, CorrectionGround::Mistyped)?,
        Slip::Day => right(run.sessions.len() - 1, CorrectionGround::PapersReviewed)?,
        Slip::Ghost | Slip::Closing | Slip::Test | Slip::Seat => {
            let (session, ground) = (number(run.sessions.len())?, CorrectionGround::NeverHappened);
            AnnulSession { class: class(run)?, session, ground, note: None }.into()
        }
    };
    Ok(vec![stage.order(Holder::Staff(run.trainer), command, Then::Nothing)?])
}

fn withdraw(stage: &Stage<'_>, index: usize, seat: usize) -> Orders {
    let run = stage.run(index)?;
    let command = WithdrawTrainee { class: class(run)?, person: stage.person(index, seat)?, ground: WithdrawalGround::Asked, note: None };
    let order = stage.order(Holder::Staff(run.trainer), command, Then::Nothing)?;
    // Who leaves in the course of the run leaves after the last session attended; it is recorded before the next one.
    let left = run.sessions.get(WITHDRAWN_BEFORE - 1).filter(|_| stage.seat(index, seat).is_ok_and(|seat| seat.fate == Fate::Withdraws));
    Ok(vec![match left {
        Some(day) => order.dated(*day),
        None => order,
    }])
}

/// Points as they are right, and as they were typed at first.
fn points(stage: &Stage<'_>, index: usize, seat: usize) -> anyhow::Result<(Points, Points)> {
    let seat = stage.seat(index, seat)?;
    let mut chance = Chance::new(stage.seed, "points", seat.person * 1_000 + u64::try_from(index % 1_000)?);
    let drawn = u8::try_from(chance.below(36))?;
    Ok(match seat.fate {
        Fate::FailsTest => (Points::new(24 + drawn), Points::new(24 + drawn)),
        Fate::TestCorrected => (Points::new(64 + drawn / 4), Points::new(46 + drawn / 4)),
        Fate::Completes
        | Fate::Withdraws
        | Fate::ComesBack
        | Fate::TooFewHours
        | Fate::AttendanceCorrected
        | Fate::LateEntry
        | Fate::Revoked
        | Fate::Erased
        | Fate::NameCorrected
        | Fate::BackDated
        | Fate::BadNumber => (Points::new(64 + drawn), Points::new(64 + drawn)),
    })
}

/// Papers done in the new year state the day on which it took place.
fn dated(order: Order<Then>, run: &Run, day: zhixin_events::CivilDate) -> Order<Then> {
    if run.marked_late { order.dated(day) } else { order }
}

fn test(stage: &Stage<'_>, index: usize) -> Orders {
    let run = stage.run(index)?;
    let mut orders = Vec::new();
    for (seat, person) in run.seats.iter().enumerate() {
        let (_, points) = points(stage, index, seat)?;
        let command = RecordCompletionTest { class: class(run)?, person: stage.person(index, seat)?, points };
        let order = dated(stage.order(Holder::Staff(run.trainer), command, Then::Nothing)?, run, run.tested);
        if person.fate.is_tested() {
            orders.push(order);
        } else if person.fate == Fate::TooFewHours && index < RUNS_WITH_ATTEMPTS {
            orders.push(order.refused("CLASS-0026"));
        }
    }
    Ok(orders)
}

fn award(stage: &Stage<'_>, index: usize) -> Orders {
    let run = stage.run(index)?;
    let (class, staff) = (class(run)?, Holder::Staff(run.trainer));
    let mut orders = Vec::new();
    for (seat, trainee) in run.seats.iter().enumerate() {
        let person = stage.person(index, seat)?;
        let issue = stage.order(staff, IssueTrainingCertificate { class, person }, Then::Issued(index, seat))?;
        let issue = dated(issue, run, run.awarded);
        if trainee.fate.is_certified() {
            orders.push(issue);
            orders.push(dated(stage.order(staff, PostHours { class, person }, Then::Nothing)?, run, run.awarded));
        } else if trainee.fate == Fate::FailsTest && index < RUNS_WITH_ATTEMPTS {
            orders.push(issue.refused("CERT-0002"));
        }
    }
    Ok(orders)
}

/// What is put right, taken back or forgotten afterwards.
fn mend(stage: &Stage<'_>, index: usize, place: usize, what: Mend) -> Orders {
    let run = stage.run(index)?;
    let (class, person, seat) = (class(run)?, stage.person(index, place)?, stage.seat(index, place)?);
    let staff = Holder::Staff(run.trainer);
    let unit = known(stage.schedule.trainers.get(run.trainer).map(|trainer| trainer.unit), "a trainer")?;
    let office = stage.office_of(unit);
    match what {
        Mend::Attendance => {
            let reason = Secret::new("签到表核对有误，本人实际到课".to_owned());
            let session = number(CORRECTED_SESSION)?;
            let command = CorrectAttendance { class, session, person, attendance: Attendance::Present, reason };
            Ok(vec![stage.order(staff, command, Then::Nothing)?])
        }
        Mend::Test => {
            let reason = Secret::new("登分有误，复核试卷后更正".to_owned());
            let (points, _) = points(stage, index, place)?;
            Ok(vec![stage.order(staff, CorrectCompletionTest { class, person, points, reason }, Then::Nothing)?])
        }
        Mend::Name => {
            let name = people::person(stage.seed, seat.person).name;
            Ok(vec![stage.order(office, CorrectPersonName { person, name }, Then::Nothing)?])
        }
        Mend::Revoke => {
            let certificate = known(seat.certificate, "a certificate")?;
            let document_number = document(stage.year, 50 + place);
            let revoke = RevokeTrainingCertificate { certificate, ground: RevocationGround::Fraud, document_number };
            let reverse = ReverseHours { class, person, ground: RevocationGround::Fraud, note: None };
            Ok(vec![stage.order(office, revoke, Then::Nothing)?, stage.order(office, reverse, Then::Nothing)?])
        }
        Mend::Erase => {
            let command = ErasePerson { person, ground: ErasureGround::PersonRequest };
            Ok(vec![stage.order(Holder::National, command, Then::Nothing)?.erasing(person)])
        }
    }
}
