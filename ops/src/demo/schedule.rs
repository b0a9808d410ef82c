//! Who trains whom, when: trainers by unit, runs over the year, seats with their people and fates. A pure function of the plan; the ids that the
//! record gives are noted in it as they come.
//!
//! Two trainers have stories of their own: one is suspended in spring and reinstated, one is removed in August with a run still open.

use zhixin_events::{
    Attendance, CertificateId, CivilDate, ClassId, DeliveryMode, Grade, JobId, OrganisationId, PersonId, ReportingUnit, TrainerId,
};

use super::calendar::Calendar;
use super::chance::Chance;
use super::fate::{self, Fate, Setting};
use super::occupations::{OCCUPATIONS, grade_name};
use super::organisations::{self, Kind};
use super::units;
use super::{DemoPlan, date};

/// Registrations for every hundred people of the target: some withdraw, some fail.
const REGISTRATIONS_BP: u32 = 10_800;
/// Digital technology engineers a year. Source: Plan 3.3-1.
pub(crate) const ENGINEERS_PER_YEAR: u32 = 80_000;
/// Fewest seats of a unit that trains at all.
const SEATS_MIN: u32 = 6;
/// Runs for which a unit has one more trainer.
const RUNS_PER_TRAINER: usize = 16;
/// Days from the first start of a run to the last.
const START_DAYS: u64 = 263;

/// A run that starts later, by month and day, leaves no time for anything to happen after its certificates.
const EARLY_UNTIL: (u8, u8) = (10, 15);

/// A trainer and what the record calls it.
#[derive(Debug)]
pub(crate) struct Trainer {
    pub(crate) unit: ReportingUnit,
    pub(crate) name: String,
    pub(crate) uscc: String,
    pub(crate) occupations: Vec<usize>,
    pub(crate) national_base: bool,
    /// Which announcement lists it, from 0.
    pub(crate) batch: usize,
    pub(crate) organisation: Option<OrganisationId>,
    pub(crate) id: Option<TrainerId>,
}

/// An organisation that sends its people.
#[derive(Debug)]
pub(crate) struct Employer {
    pub(crate) unit: ReportingUnit,
    pub(crate) name: String,
    pub(crate) uscc: String,
    pub(crate) organisation: Option<OrganisationId>,
}

/// A seat of a run.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Index of the person.
    pub(crate) person: u64,
    pub(crate) fate: Fate,
    /// The session that somebody who completes misses.
    pub(crate) missed: Option<(usize, Attendance)>,
    pub(crate) id: Option<PersonId>,
    pub(crate) certificate: Option<CertificateId>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// From plan to certificates.
    Taught,
    /// The trainer is removed when some are enrolled already; cancelled.
    Orphaned,
    /// Cancelled before anybody enrols.
    Abandoned,
}

/// A run and what the record calls it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) trainer: usize,
    pub(crate) course: Course,
    pub(crate) title: String,
    pub(crate) occupation: usize,
    pub(crate) grade: Grade,
    pub(crate) direction: Option<&'static str>,
    pub(crate) mode: DeliveryMode,
    /// Whether the first half of the roster comes by import.
    pub(crate) imported: bool,
    pub(crate) planned: CivilDate,
    pub(crate) opened: CivilDate,
    pub(crate) sessions: Vec<CivilDate>,
    pub(crate) tested: CivilDate,
    pub(crate) awarded: CivilDate,
    /// Whether tests and certificates are recorded only in the new year.
    pub(crate) marked_late: bool,
    pub(crate) seats: Vec<Seat>,
    pub(crate) class: Option<ClassId>,
    pub(crate) job: Option<JobId>,
}

impl Run {
    /// First day.
    pub(crate) fn starts(&self) -> CivilDate {
        self.sessions.first().copied().unwrap_or_default()
    }
    /// Seats of the first half of the roster.
    pub(crate) fn first_half(&self) -> usize {
        self.seats.len().div_ceil(2)
    }
    /// Code of the module of a session: basics, key technologies, practice, and an optional outlook.
    pub(crate) fn module_of(&self, session: usize) -> &'static str {
        match session * 10 / self.sessions.len().max(1) {
            0..=2 => "M1",
            3..=5 => "M2",
            6..=8 => "M3",
            _ => "M4",
        }
    }
}

/// The whole year.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) trainers: Vec<Trainer>,
    pub(crate) employers: Vec<Employer>,
    pub(crate) runs: Vec<Run>,
    /// Which trainer is suspended for a while.
    pub(crate) suspended: usize,
    /// Which trainer is removed.
    pub(crate) removed: usize,
    /// People so far.
    pub(crate) people: u64,
}

/// A unit with its runs.
struct Territory {
    unit: ReportingUnit,
    sizes: Vec<u32>,
}

/// Sessions of a grade: ten per cent more hours than the figures of the demonstration want, so that one may be missed.
const fn sessions_of(grade: Grade) -> usize {
    match grade {
        Grade::Junior => 10,
        Grade::Intermediate => 11,
        Grade::Senior => 13,
    }
}

/// Makes the schedule.
pub(crate) fn make(plan: &DemoPlan, calendar: &Calendar) -> anyhow::Result<Schedule> {
    let territories = territories(plan);
    let mut schedule = Schedule { trainers: Vec::new(), employers: Vec::new(), runs: Vec::new(), suspended: 0, removed: 0, people: 0 };
    let mut runs = Vec::new();
    for (place, territory) in territories.iter().enumerate() {
        let first = schedule.trainers.len();
        let count = 1 + territory.sizes.len() / RUNS_PER_TRAINER;
        let special = place < 2;
        for number in 1..=count + usize::from(special) {
            add_trainer(&mut schedule, plan, territory.unit, number);
        }
        // The last trainer of the two greatest units is the one with a story, and holds the first run there.
        let storied = first + count;
        if place == 0 {
            schedule.removed = storied;
        }
        if place == 1 {
            schedule.suspended = storied;
        }
        for (number, seats) in territory.sizes.iter().enumerate() {
            let trainer = if special && number == 0 { storied } else { first + number % count };
            runs.push((trainer, *seats));
        }
        let (number, kind) = (u32::try_from(900_000 + place)?, Kind::Company);
        schedule.employers.push(Employer {
            unit: territory.unit,
            name: organisations::name(territory.unit, kind, 1),
            uscc: organisations::uscc(territory.unit, kind, number),
            organisation: None,
        });
    }
    add_runs(&mut schedule, plan, calendar, &runs)?;
    add_given_up_runs(&mut schedule, plan, calendar)?;
    deal_batches(&mut schedule, plan)?;
    Ok(schedule)
}

/// Units that train, the greatest first, with the seats of each of their runs.
fn territories(plan: &DemoPlan) -> Vec<Territory> {
    let total = ENGINEERS_PER_YEAR / plan.scale * REGISTRATIONS_BP / 10_000;
    let count = usize::try_from(total / 14).unwrap_or(usize::MAX).clamp(6, 32);
    let chosen: Vec<_> = units::heaviest_first().into_iter().take(count).collect();
    let weights: Vec<u64> =
        chosen.iter().map(|(unit, weight)| weight * (85 + Chance::new(plan.seed, "zeal", u64::from(unit.code())).below(31))).collect();
    let least = SEATS_MIN.min(total / u32::try_from(count).unwrap_or(1));
    let above = total.saturating_sub(least * u32::try_from(count).unwrap_or(0));
    let size = (12 + total / 72).clamp(12, 40);
    let shares = units::share(above, &weights);
    let split = |seats: u32| {
        let runs = ((seats + size / 2) / size).max(1);
        units::share(seats, &vec![1; usize::try_from(runs).unwrap_or(1)])
    };
    chosen.into_iter().zip(shares).map(|((unit, _), above)| Territory { unit, sizes: split(least + above) }).collect()
}

fn add_trainer(schedule: &mut Schedule, plan: &DemoPlan, unit: ReportingUnit, number: usize) {
    let index = schedule.trainers.len();
    let mut chance = Chance::new(plan.seed, "trainer", u64::try_from(index).unwrap_or_default());
    let kind = Kind::TRAINERS.get((number - 1) % 3).copied().unwrap_or(Kind::Centre);
    let (first, count) = (chance.index(OCCUPATIONS.len()), 2 + chance.index(5));
    schedule.trainers.push(Trainer {
        unit,
        name: organisations::name(unit, kind, 1 + (number - 1) / 3),
        uscc: organisations::uscc(unit, kind, u32::try_from(index + 1).unwrap_or(u32::MAX)),
        occupations: (0..count).map(|step| (first + step * 3) % OCCUPATIONS.len()).collect(),
        national_base: chance.happens(3_000),
        batch: 0,
        organisation: None,
        id: None,
    });
}

/// Makes the runs, orders them by start, then gives each its seats.
fn add_runs(schedule: &mut Schedule, plan: &DemoPlan, calendar: &Calendar, runs: &[(usize, u32)]) -> anyhow::Result<()> {
    let spread = |number: u64| ((number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff) * START_DAYS) >> 32;
    let storied = [schedule.removed, schedule.suspended];
    let last = (0_u64..).zip(runs).filter(|(_, (trainer, _))| !storied.contains(trainer)).max_by_key(|(number, _)| spread(*number));
    let last = last.map(|(number, _)| number);
    let mut made = Vec::new();
    for (number, (trainer, seats)) in (0_u64..).zip(runs) {
        let start = if *trainer == schedule.removed {
            date(plan.year, 3, 3)?
        } else if *trainer == schedule.suspended {
            date(plan.year, 5, 19)?
        } else {
            // However few runs there are, one is late enough to leave its papers for the new year.
            let days = if last == Some(number) { START_DAYS } else { spread(number) };
            date(plan.year, 2, 20)?.plus_days(i32::try_from(days)?)
        };
        made.push((new_run(schedule, plan, calendar, number, *trainer, start), *seats));
    }
    made.sort_by_key(|(run, _)| (run.starts(), run.trainer));
    let latest = made.iter().enumerate().max_by_key(|(_, (run, _))| run.tested).map(|(index, _)| index);
    let (mut number, mut courses) = (0, vec![0_u32; schedule.trainers.len()]);
    for (index, (mut run, seats)) in made.into_iter().enumerate() {
        run.imported = index % 2 == 0;
        run.marked_late = latest == Some(index);
        entitle(&mut run, plan, &mut courses);
        for place in 0..usize::try_from(seats)? {
            let seat = new_seat(schedule, plan, &run, (number, place, usize::try_from(seats)?));
            run.seats.push(seat);
            number += 1;
        }
        schedule.runs.push(run);
    }
    Ok(())
}

/// A run that is taught, still without title and seats.
fn new_run(schedule: &Schedule, plan: &DemoPlan, calendar: &Calendar, number: u64, trainer: usize, start: CivilDate) -> Run {
    let mut chance = Chance::new(plan.seed, "run", number);
    let offered = schedule.trainers.get(trainer).map(|trainer| trainer.occupations.as_slice()).unwrap_or_default();
    let occupation = chance.pick(offered).copied().unwrap_or_default();
    let grade = match chance.below(20) {
        0..=9 => Grade::Junior,
        10..=16 => Grade::Intermediate,
        _ => Grade::Senior,
    };
    let directions = OCCUPATIONS.get(occupation).and_then(|occupation| occupation.directions_of(grade)).unwrap_or_default();
    let direction = chance.pick(directions).copied();
    let mode = match chance.below(10) {
        0..=5 => DeliveryMode::InPerson,
        6..=7 => DeliveryMode::Mixed,
        _ => DeliveryMode::Online,
    };
    let mut sessions = vec![calendar.on_or_after(start)];
    while let Some(last) = sessions.last().filter(|_| sessions.len() < sessions_of(grade)) {
        let gap = if chance.happens(5_000) { 1 } else { 2 };
        sessions.push(calendar.after(*last, gap));
    }
    let tested = calendar.after(sessions.last().copied().unwrap_or(start), 3);
    Run {
        trainer,
        course: Course::Taught,
        title: String::new(),
        occupation,
        grade,
        direction,
        mode,
        imported: false,
        planned: calendar.on_or_after(start.plus_days(-38)),
        opened: calendar.on_or_after(start.plus_days(-33)),
        tested,
        awarded: calendar.after(tested, 5),
        sessions,
        marked_late: false,
        seats: Vec::new(),
        class: None,
        job: None,
    }
}

fn entitle(run: &mut Run, plan: &DemoPlan, courses: &mut [u32]) {
    let Some(course) = courses.get_mut(run.trainer) else { return };
    *course += 1;
    let name = OCCUPATIONS.get(run.occupation).map_or("", |occupation| occupation.name_zh);
    run.title = format!("{name}（{}）培训班 {}年第{course}期", grade_name(run.grade), plan.year);
}

/// A seat: now and then of somebody who completed an earlier run, and at least once.
fn new_seat(schedule: &mut Schedule, plan: &DemoPlan, run: &Run, (number, place, seats): (u64, usize, usize)) -> Seat {
    let mut chance = Chance::new(plan.seed, "seat", number);
    let forced = run.marked_late && place == 0;
    let again = (forced || chance.happens(200)).then(|| earlier_trainee(schedule, run, &mut chance)).flatten();
    let missed = chance.happens(1_000).then(|| {
        let how = if chance.happens(6_000) { Attendance::Excused } else { Attendance::Absent };
        (chance.index(run.sessions.len()), how)
    });
    let (person, fate) = if let Some(person) = again {
        (person, Fate::Completes)
    } else {
        let person = schedule.people;
        schedule.people += 1;
        let early = (run.starts().month(), run.starts().day()) <= EARLY_UNTIL;
        let imported = run.imported && place < seats.div_ceil(2);
        (person, fate::of(plan.seed, Setting { number, person, imported, early }))
    };
    Seat { person, fate, missed, id: None, certificate: None }
}

/// Somebody with an ordinary story in a run that ended before this one enrols, and who is not in this one.
fn earlier_trainee(schedule: &Schedule, run: &Run, chance: &mut Chance) -> Option<u64> {
    let ended = schedule.runs.partition_point(|earlier| earlier.starts().plus_days(90) < run.starts());
    (0..20).find_map(|_| {
        let earlier = chance.pick(schedule.runs.get(..ended)?)?;
        let seat = chance.pick(&earlier.seats).filter(|seat| seat.fate == Fate::Completes)?;
        run.seats.iter().all(|other| other.person != seat.person).then_some(seat.person)
    })
}

/// The runs that come to nothing: one whose trainer is removed, and a few that are given up before anybody enrols.
fn add_given_up_runs(schedule: &mut Schedule, plan: &DemoPlan, calendar: &Calendar) -> anyhow::Result<()> {
    let taught = schedule.runs.len();
    let mut orphan = new_run(schedule, plan, calendar, u64::MAX, schedule.removed, date(plan.year, 9, 8)?);
    orphan.course = Course::Orphaned;
    orphan.title = format!("数字技术工程师秋季培训班 {}年", plan.year);
    for _ in 0..6 {
        let seat = Seat { person: schedule.people, fate: Fate::Completes, missed: None, id: None, certificate: None };
        schedule.people += 1;
        orphan.seats.push(seat);
    }
    schedule.runs.push(orphan);
    let regular: Vec<usize> =
        (0..schedule.trainers.len()).filter(|index| ![schedule.removed, schedule.suspended].contains(index)).collect();
    for number in 0..(taught / 40).max(1) {
        let mut chance = Chance::new(plan.seed, "abandoned", u64::try_from(number)?);
        let Some(trainer) = chance.pick(&regular).copied() else { continue };
        let start = date(plan.year, 4, 1)?.plus_days(i32::try_from(chance.below(200))?);
        let mut run = new_run(schedule, plan, calendar, 1_000_000 + u64::try_from(number)?, trainer, start);
        run.course = Course::Abandoned;
        run.title = format!("数字技术工程师加开班 {}年第{}期", plan.year, number + 1);
        schedule.runs.push(run);
    }
    Ok(())
}

/// Which announcement lists whom: most in the year before, a few newcomers in February, if nothing of theirs is planned before that.
fn deal_batches(schedule: &mut Schedule, plan: &DemoPlan) -> anyhow::Result<()> {
    let newcomers_from = date(plan.year, 2, 20)?;
    let special = [schedule.removed, schedule.suspended];
    for index in 0..schedule.trainers.len() {
        let earliest = schedule.runs.iter().filter(|run| run.trainer == index).min_by_key(|run| run.planned);
        let may_be_new = earliest.is_none_or(|run| run.planned >= newcomers_from);
        let batch = match index % 4 {
            3 if may_be_new && !special.contains(&index) => 2,
            2 if !special.contains(&index) => 1,
            _ => 0,
        };
        if let Some(trainer) = schedule.trainers.get_mut(index) {
            trainer.batch = batch;
        }
    }
    Ok(())
}
