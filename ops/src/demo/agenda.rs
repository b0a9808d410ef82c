//! What is done when: every task of the demonstration under its day and minute. Tasks of the same moment go to the engine together and so must
//! not need each other's ids; what a task needs has been learned at an earlier moment.

use std::collections::BTreeMap;

use zhixin_events::CivilDate;

use super::calendar::Calendar;
use super::fate::{CORRECTED_SESSION, Fate, LATE_SESSION, MISTYPED_SESSION, Slip, WITHDRAWN_BEFORE, slip_of};
use super::schedule::{Course, Run, Schedule};
use super::{DemoPlan, date};
use crate::packs;

/// Something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Figures of the demonstration; the operator's account.
    Found,
    /// The holiday calendar of a notice that comes out meanwhile; its place among those shipped.
    PublishCalendar(usize),
    /// Accounts of the offices.
    OpenOffices,
    /// The ten occupations.
    AddOccupations,
    /// Their later codes, and what is known of their directions.
    DescribeOccupations,
    /// The organisations of a batch of trainers.
    RegisterTrainers(usize),
    /// The listing of a batch, and the accounts of its staff.
    ListTrainers(usize),
    /// Organisations that send their people.
    RegisterEmployers,
    /// The targets of the year.
    SetTargets,
    /// Two units trade a part of their targets.
    AdjustTargets,
    /// One trainer is suspended.
    Suspend,
    /// And reinstated.
    Reinstate,
    /// One trainer is removed.
    Remove,
    /// The removed trainer tries to go on.
    PlanAfterRemoval,
    /// A trainer is listed for one more occupation.
    WidenTrainer,
    /// Something in a run.
    Run(usize, Step),
}

/// Something to be done in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Plans it.
    Plan,
    /// Tries to open it while the trainer is suspended.
    OpenTooEarly,
    /// Opens it.
    Open,
    /// Starts the import of the first half of the roster.
    StartImport,
    /// Its rows.
    ImportRows,
    /// Its end.
    FinishImport,
    /// The first half of the roster by hand.
    EnrolFirst,
    /// The second half by hand.
    EnrolSecond,
    /// Holds a session, counted from 0, and records the attendance.
    Hold(usize),
    /// Enters a session that was not held.
    HoldGhost,
    /// Puts right what was mistyped of a session.
    MendSession,
    /// Puts right the day on which a seat was taken.
    MendSeat(usize),
    /// Enters a test of the wrong person.
    TestOther(usize),
    /// Takes it back.
    VoidTest(usize),
    /// Takes back a closing under a wrong day.
    Reopen,
    /// Closes under the right one.
    CloseAgain,
    /// Records one attendance late.
    RecordLate(usize),
    /// Gives a seat up.
    Withdraw(usize),
    /// Takes it again.
    ComeBack(usize),
    /// The completion tests.
    Test,
    /// Certificates and hours.
    Award,
    /// Closes it.
    Close,
    /// Cancels it.
    Cancel,
    /// Puts right, takes back or forgets something about a seat.
    Mend(usize, Mend),
}

/// What is put right, taken back or forgotten afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mend {
    /// One attendance is corrected.
    Attendance,
    /// The name is corrected.
    Name,
    /// The test is corrected.
    Test,
    /// The certificate is revoked, the hours are taken back.
    Revoke,
    /// The person is erased.
    Erase,
}

/// The tasks by day and minute.
pub(crate) type Agenda = BTreeMap<(CivilDate, u32), Vec<Task>>;

struct Planner<'a> {
    calendar: &'a Calendar,
    agenda: Agenda,
}

impl Planner<'_> {
    /// Puts a task on the first working day from a date on.
    fn put(&mut self, day: CivilDate, minute: u32, task: Task) {
        self.agenda.entry((self.calendar.on_or_after(day), minute)).or_default().push(task);
    }
}

/// Makes the agenda of a schedule.
///
/// # Errors
/// The year has no such date.
pub(crate) fn make(plan: &DemoPlan, calendar: &Calendar, schedule: &Schedule) -> anyhow::Result<Agenda> {
    let mut planner = Planner { calendar, agenda: Agenda::new() };
    offices(&mut planner, plan)?;
    for (index, run) in schedule.runs.iter().enumerate() {
        match run.course {
            Course::Taught => {
                prepared(&mut planner, schedule, index, run);
                taught(&mut planner, index, run);
                ended(&mut planner, plan, index, run)?;
            }
            Course::Orphaned => {
                prepared(&mut planner, schedule, index, run);
                planner.put(date(plan.year, 8, 21)?, at(15, 0), Task::Run(index, Step::Cancel));
            }
            Course::Abandoned => {
                planner.put(run.planned, at(9, 30), Task::Run(index, Step::Plan));
                planner.put(run.opened, at(9, 30), Task::Run(index, Step::Open));
                planner.put(run.starts().plus_days(-3), at(15, 0), Task::Run(index, Step::Cancel));
            }
        }
    }
    Ok(planner.agenda)
}

/// Minutes after midnight.
const fn at(hour: u32, minute: u32) -> u32 {
    hour * 60 + minute
}

fn offices(planner: &mut Planner<'_>, plan: &DemoPlan) -> anyhow::Result<()> {
    let (before, year) = (plan.year - 1, plan.year);
    let founded = date(before, 3, 4)?;
    planner.put(founded, at(9, 0), Task::Found);
    planner.put(founded, at(9, 30), Task::OpenOffices);
    planner.put(founded, at(10, 0), Task::AddOccupations);
    planner.put(founded, at(10, 30), Task::DescribeOccupations);
    for (batch, day) in [date(before, 3, 18)?, date(before, 10, 21)?, date(year, 2, 12)?].into_iter().enumerate() {
        planner.put(day, at(9, 0), Task::RegisterTrainers(batch));
        planner.put(day.plus_days(1), at(14, 0), Task::ListTrainers(batch));
    }
    planner.put(date(before, 11, 11)?, at(9, 0), Task::RegisterEmployers);
    planner.put(date(before, 12, 20)?, at(9, 0), Task::SetTargets);
    planner.put(date(year, 4, 8)?, at(9, 0), Task::Suspend);
    planner.put(date(year, 4, 28)?, at(9, 0), Task::Reinstate);
    planner.put(date(year, 7, 15)?, at(9, 0), Task::AdjustTargets);
    planner.put(date(year, 8, 20)?, at(9, 0), Task::Remove);
    planner.put(date(year, 9, 3)?, at(9, 0), Task::PlanAfterRemoval);
    planner.put(date(year, 6, 3)?, at(9, 0), Task::WidenTrainer);
    let (from, to) = (plan.starts_at()?.civil_date(), plan.ends_before()?);
    for (index, calendar) in packs::calendars()?.into_iter().enumerate() {
        if calendar.issued > from && calendar.issued < to.plus_days(-14) {
            planner.put(calendar.issued.plus_days(1), at(8, 45), Task::PublishCalendar(index));
        }
    }
    Ok(())
}

/// Plan, opening and roster. The runs of a day share four slots, so that many commands go together.
fn prepared(planner: &mut Planner<'_>, schedule: &Schedule, index: usize, run: &Run) {
    let slot = u32::try_from(index % 4).unwrap_or_default() * 15;
    let starts = run.starts();
    let mut put = |day: CivilDate, minute: u32, step: Step| planner.put(day, minute + slot, Task::Run(index, step));
    let late = run.trainer == schedule.suspended;
    put(run.planned.plus_days(if late { -8 } else { 0 }), at(9, 0), Step::Plan);
    if late {
        // Before the reinstatement of 28 April; it opens the day after.
        put(run.opened.plus_days(-1), at(9, 0), Step::OpenTooEarly);
    }
    put(if late { starts.plus_days(-20) } else { run.opened }, at(10, 0), Step::Open);
    let first = starts.plus_days(if late { -15 } else { -26 });
    if run.imported {
        put(first, at(11, 0), Step::StartImport);
        put(first, at(13, 0), Step::ImportRows);
        put(first, at(14, 0), Step::FinishImport);
    } else {
        put(first, at(11, 0), Step::EnrolFirst);
    }
    if run.course == Course::Taught {
        put(starts.plus_days(-12), at(15, 0), Step::EnrolSecond);
        let usual = run.seats.iter().rposition(|seat| seat.fate == Fate::Completes).filter(|seat| *seat >= run.first_half());
        if let Some(seat) = usual.filter(|_| slip_of(index) == Slip::Seat) {
            put(starts.plus_days(-10), at(15, 0), Step::MendSeat(seat));
        }
    }
    for (seat, _) in run.seats.iter().enumerate().filter(|(_, seat)| seat.fate == Fate::ComesBack) {
        put(starts.plus_days(-8), at(16, 0), Step::Withdraw(seat));
        put(starts.plus_days(-4), at(16, 0), Step::ComeBack(seat));
    }
}

/// Sessions, and what is told of them later.
fn taught(planner: &mut Planner<'_>, index: usize, run: &Run) {
    let slot = u32::try_from(index % 4).unwrap_or_default() * 15;
    let calendar = planner.calendar;
    let mut put = |day: CivilDate, minute: u32, step: Step| planner.put(day, minute + slot, Task::Run(index, step));
    for (session, day) in run.sessions.iter().enumerate() {
        // Every seventh run enters a session four days late.
        let entered_late = index % 7 == 5 && session == 4;
        let next_day = slip_of(index) == Slip::Day && session + 1 == run.sessions.len();
        let told = if entered_late { day.plus_days(4) } else { calendar.after(*day, u32::from(next_day)) };
        put(told, at(17, 30), Step::Hold(session));
    }
    let last = run.sessions.last().copied().unwrap_or(run.tested);
    match slip_of(index) {
        Slip::Hours => put(run.sessions.get(MISTYPED_SESSION).copied().unwrap_or(last).plus_days(1), at(8, 0), Step::MendSession),
        Slip::Day => put(calendar.after(last, 2), at(9, 0), Step::MendSession),
        Slip::Ghost => {
            put(calendar.after(last, 1), at(17, 30), Step::HoldGhost);
            put(calendar.after(last, 2), at(9, 0), Step::MendSession);
        }
        Slip::Closing | Slip::Test | Slip::Seat => {}
    }
    let day = |session: usize| run.sessions.get(session).copied().unwrap_or(run.tested);
    for (seat, fate) in run.seats.iter().map(|seat| seat.fate).enumerate() {
        match fate {
            Fate::Withdraws => put(day(WITHDRAWN_BEFORE), at(8, 30), Step::Withdraw(seat)),
            Fate::LateEntry => put(calendar.after(day(LATE_SESSION), 4), at(8, 30), Step::RecordLate(seat)),
            Fate::AttendanceCorrected => put(day(CORRECTED_SESSION + 3), at(19, 0), Step::Mend(seat, Mend::Attendance)),
            Fate::NameCorrected => put(day(1), at(16, 0), Step::Mend(seat, Mend::Name)),
            Fate::Completes
            | Fate::ComesBack
            | Fate::TooFewHours
            | Fate::FailsTest
            | Fate::TestCorrected
            | Fate::Revoked
            | Fate::Erased
            | Fate::BackDated
            | Fate::BadNumber => {}
        }
    }
}

/// Tests, certificates, closing, and what comes after. One run does its papers only in the new year.
fn ended(planner: &mut Planner<'_>, plan: &DemoPlan, index: usize, run: &Run) -> anyhow::Result<()> {
    let calendar = planner.calendar;
    let slot = u32::try_from(index % 4).unwrap_or_default() * 15;
    let marked = if run.marked_late { calendar.on_or_after(date(plan.year + 1, 1, 6)?) } else { run.tested };
    let settled = if run.marked_late { calendar.after(marked, 3) } else { run.awarded };
    let mut put = |day: CivilDate, minute: u32, step: Step| planner.put(day, minute + slot, Task::Run(index, step));
    let usual = run.seats.iter().position(|seat| seat.fate == Fate::Completes);
    if let Some(seat) = usual.filter(|_| slip_of(index) == Slip::Test) {
        put(marked, at(14, 0), Step::TestOther(seat));
        put(marked, at(15, 0), Step::VoidTest(seat));
    }
    put(marked, at(16, 0), Step::Test);
    put(settled, at(10, 0), Step::Award);
    put(settled, at(16, 0), Step::Close);
    if slip_of(index) == Slip::Closing {
        put(calendar.after(settled, 1), at(9, 0), Step::Reopen);
        put(calendar.after(settled, 1), at(10, 0), Step::CloseAgain);
    }
    for (seat, fate) in run.seats.iter().map(|seat| seat.fate).enumerate() {
        match fate {
            Fate::TestCorrected => put(calendar.after(marked, 1), at(16, 0), Step::Mend(seat, Mend::Test)),
            Fate::Revoked => put(calendar.after(settled, 14), at(11, 0), Step::Mend(seat, Mend::Revoke)),
            Fate::Erased => put(calendar.after(settled, 10), at(13, 0), Step::Mend(seat, Mend::Erase)),
            Fate::Completes
            | Fate::Withdraws
            | Fate::ComesBack
            | Fate::TooFewHours
            | Fate::FailsTest
            | Fate::AttendanceCorrected
            | Fate::LateEntry
            | Fate::NameCorrected
            | Fate::BackDated
            | Fate::BadNumber => {}
        }
    }
    Ok(())
}
