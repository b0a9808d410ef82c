//! What the offices do: figures, accounts, occupations, the directory of trainers, targets.

use anyhow::Context as _;
use zhixin_domain::access::{OpenAccount, RegisterOrganisation};
use zhixin_domain::class::PlanRun;
use zhixin_domain::directory::{
    AddOccupation, AssignOccupationCode, ChangeTrainerOccupations, ListTrainer, ReinstateTrainer, RemoveTrainer, SetOccupationDirections,
    SuspendTrainer,
};
use zhixin_domain::plan::{AdjustTarget, SetTarget};
use zhixin_events::{CivilDate, DirectoryNumber, Line, ListingGround, OccupationId, PeopleCount, PlanYear, ReportingUnit, TrainerId};

use super::accounts::{Holder, PROVINCES};
use super::agenda::Task;
use super::desk::Order;
use super::occupations::{EDITION_2015, EDITION_2022, OCCUPATIONS, Occupation};
use super::schedule::{ENGINEERS_PER_YEAR, Trainer};
use super::stage::{Stage, Then, known};
use super::{steps, units};
use crate::packs;

/// People a year by line. Source: Plan 3.1-1, 3.2-1, 3.3-1.
const LINES: [(Line, u32); 3] = [(Line::Advanced, 20_000), (Line::Capability, 900_000), (Line::Digital, ENGINEERS_PER_YEAR)];

type Orders = anyhow::Result<Vec<Order<Then>>>;

/// The commands of an office's task.
///
/// # Errors
/// Something is not known yet.
pub(crate) fn orders(stage: &Stage<'_>, task: Task) -> Orders {
    match task {
        Task::Found => found(stage),
        Task::PublishCalendar(index) => publish_calendar(stage, index),
        Task::OpenOffices => open_offices(stage),
        Task::AddOccupations => add_occupations(stage),
        Task::DescribeOccupations => describe_occupations(stage),
        Task::RegisterTrainers(batch) => register_trainers(stage, batch),
        Task::ListTrainers(batch) => list_trainers(stage, batch),
        Task::RegisterEmployers => register_employers(stage),
        Task::SetTargets => set_targets(stage),
        Task::AdjustTargets => adjust_targets(stage),
        Task::Suspend | Task::Reinstate | Task::Remove => change_listing(stage, task),
        Task::PlanAfterRemoval => plan_after_removal(stage),
        Task::WidenTrainer => widen_trainer(stage),
        Task::Run(run, step) => steps::orders(stage, run, step),
    }
}

/// A document number that says it is none.
pub(crate) fn document(year: u16, number: usize) -> String {
    format!("示例〔{year}〕{number}号")
}

fn account(holder: Holder, unit: Option<ReportingUnit>, trainer: Option<&Trainer>) -> OpenAccount {
    OpenAccount { roles: vec![holder.role()], unit, organisation: trainer.and_then(|trainer| trainer.organisation) }
}

fn found(stage: &Stage<'_>) -> Orders {
    let operator = Holder::Operator;
    Ok(vec![
        stage.system_order(packs::demo_figures()?, Then::Nothing),
        stage.system_order(account(operator, None, None), Then::Account(operator)),
    ])
}

fn publish_calendar(stage: &Stage<'_>, index: usize) -> Orders {
    let shipped = packs::calendars()?.into_iter().nth(index).context("there is no such calendar")?;
    Ok(vec![stage.system_order(shipped.publish, Then::Nothing)])
}

fn open_offices(stage: &Stage<'_>) -> Orders {
    let central = [Holder::National, Holder::Auditor, Holder::Investigator].map(|holder| (holder, None));
    let provincial = stage.schedule.employers.iter().take(PROVINCES).enumerate();
    let provincial = provincial.map(|(place, employer)| (Holder::Provincial(place), Some(employer.unit)));
    central
        .into_iter()
        .chain(provincial)
        .map(|(holder, unit)| stage.order(Holder::Operator, account(holder, unit, None), Then::Account(holder)))
        .collect()
}

fn add_occupations(stage: &Stage<'_>) -> Orders {
    let add = |(index, occupation): (usize, &Occupation)| {
        let command = AddOccupation {
            name_zh: occupation.name_zh.to_owned(),
            name_en: occupation.name_en.to_owned(),
            code: occupation.code_2015.to_owned(),
            code_edition: PlanYear::new(EDITION_2015),
        };
        stage.order(Holder::National, command, Then::Occupation(index))
    };
    OCCUPATIONS.iter().enumerate().map(add).collect()
}

fn occupation(stage: &Stage<'_>, index: usize) -> anyhow::Result<OccupationId> {
    known(stage.occupations.get(index).copied().flatten(), "an occupation")
}

fn describe_occupations(stage: &Stage<'_>) -> Orders {
    let mut orders = Vec::new();
    for (index, described) in OCCUPATIONS.iter().enumerate() {
        let id = occupation(stage, index)?;
        let command = AssignOccupationCode {
            occupation: id,
            code: described.code_2022.to_owned(),
            code_edition: PlanYear::new(EDITION_2022),
            mark: described.mark,
            source: Occupation::code_source(),
        };
        orders.push(stage.order(Holder::National, command, Then::Nothing)?);
        for (grade, directions) in described.directions {
            let command = SetOccupationDirections {
                occupation: id,
                grade: *grade,
                directions: directions.iter().map(|direction| (*direction).to_owned()).collect(),
                source: described.standard(),
            };
            orders.push(stage.order(Holder::National, command, Then::Nothing)?);
        }
    }
    Ok(orders)
}

fn of_batch<'s>(stage: &'s Stage<'_>, batch: usize) -> impl Iterator<Item = (usize, &'s Trainer)> {
    stage.schedule.trainers.iter().enumerate().filter(move |(_, trainer)| trainer.batch == batch)
}

fn register_trainers(stage: &Stage<'_>, batch: usize) -> Orders {
    let register = |(index, trainer): (usize, &Trainer)| {
        let command = RegisterOrganisation { name: trainer.name.clone(), uscc: trainer.uscc.clone(), unit: trainer.unit };
        stage.order(stage.office_of(trainer.unit), command, Then::Organisation(index))
    };
    of_batch(stage, batch).map(register).collect()
}

fn list_trainers(stage: &Stage<'_>, batch: usize) -> Orders {
    let today = stage.handle.now()?.civil_date();
    let mut orders = Vec::new();
    for (index, trainer) in of_batch(stage, batch) {
        orders.push(stage.order(Holder::National, listing(stage, index, trainer, batch, today)?, Then::Listed(index))?);
        let staff = Holder::Staff(index);
        orders.push(stage.order(Holder::Operator, account(staff, None, Some(trainer)), Then::Account(staff))?);
    }
    Ok(orders)
}

fn listing(stage: &Stage<'_>, index: usize, trainer: &Trainer, batch: usize, today: CivilDate) -> anyhow::Result<ListTrainer> {
    Ok(ListTrainer {
        organisation: known(trainer.organisation, "an organisation")?,
        directory_number: DirectoryNumber::new(u32::try_from(index + 1)?),
        occupations: trainer.occupations.iter().map(|index| occupation(stage, *index)).collect::<Result<_, _>>()?,
        listed_from: today,
        listed_until: None,
        document_number: document(u16::try_from(today.year())?, 10 + batch),
        national_base: trainer.national_base,
    })
}

fn register_employers(stage: &Stage<'_>) -> Orders {
    let register = |(index, employer): (usize, &super::schedule::Employer)| {
        let command = RegisterOrganisation { name: employer.name.clone(), uscc: employer.uscc.clone(), unit: employer.unit };
        stage.order(stage.office_of(employer.unit), command, Then::Employer(index))
    };
    stage.schedule.employers.iter().enumerate().map(register).collect()
}

/// Targets of all lines and units, each line summing to the plan's figure at the scale of the demonstration.
fn targets(scale: u32) -> Vec<(Line, ReportingUnit, u32)> {
    let units = units::weighted();
    let weights: Vec<u64> = units.iter().map(|(_, weight)| *weight).collect();
    let of_line = |(line, people): (Line, u32)| {
        let shares = units::share(people / scale, &weights);
        units.iter().zip(shares).map(move |((unit, _), share)| (line, *unit, share)).collect::<Vec<_>>()
    };
    LINES.into_iter().flat_map(of_line).collect()
}

fn set_targets(stage: &Stage<'_>) -> Orders {
    let set = |(line, unit, people): (Line, ReportingUnit, u32)| {
        let command = SetTarget {
            year: PlanYear::new(stage.year),
            line,
            unit,
            people: PeopleCount::new(people),
            document_number: document(stage.year - 1, 90),
        };
        stage.order(Holder::National, command, Then::Nothing)
    };
    targets(stage.scale).into_iter().map(set).collect()
}

/// The greatest unit takes a tenth of the second one's target, so that the line still sums to the plan's figure.
fn adjust_targets(stage: &Stage<'_>) -> Orders {
    let of_unit = |place: usize| {
        let unit = stage.schedule.employers.get(place)?.unit;
        targets(stage.scale).into_iter().find(|(line, of, _)| *line == Line::Digital && *of == unit)
    };
    let (Some((_, first, more)), Some((_, second, less))) = (of_unit(0), of_unit(1)) else { return Ok(Vec::new()) };
    let moved = (less / 10).max(1);
    let adjust = |(unit, people): (ReportingUnit, u32)| {
        let command = AdjustTarget {
            year: PlanYear::new(stage.year),
            line: Line::Digital,
            unit,
            people: PeopleCount::new(people),
            document_number: document(stage.year, 31),
        };
        stage.order(Holder::National, command, Then::Nothing)
    };
    [(second, less - moved), (first, more + moved)].into_iter().map(adjust).collect()
}

fn listed(stage: &Stage<'_>, index: usize) -> anyhow::Result<TrainerId> {
    known(stage.schedule.trainers.get(index).and_then(|trainer| trainer.id), "a trainer")
}

fn change_listing(stage: &Stage<'_>, task: Task) -> Orders {
    let office = Holder::National;
    let order = if task == Task::Remove {
        let trainer = listed(stage, stage.schedule.removed)?;
        let command = RemoveTrainer { trainer, ground: ListingGround::Violation, document_number: document(stage.year, 42) };
        stage.order(office, command, Then::Nothing)?
    } else if task == Task::Suspend {
        let trainer = listed(stage, stage.schedule.suspended)?;
        let command = SuspendTrainer { trainer, ground: ListingGround::ConditionsLost, document_number: document(stage.year, 12) };
        stage.order(office, command, Then::Nothing)?
    } else {
        let trainer = listed(stage, stage.schedule.suspended)?;
        stage.order(office, ReinstateTrainer { trainer, document_number: document(stage.year, 15) }, Then::Nothing)?
    };
    Ok(vec![order])
}

/// The removed trainer plans another run: refused. So is a run in the name of somebody else.
fn plan_after_removal(stage: &Stage<'_>) -> Orders {
    let removed = stage.schedule.removed;
    let Some(run) = stage.schedule.runs.iter().position(|run| run.trainer == removed) else { return Ok(Vec::new()) };
    let command: PlanRun = steps::plan_run(stage, run)?;
    let another = Holder::Staff(stage.schedule.suspended);
    Ok(vec![
        stage.order(Holder::Staff(removed), command.clone(), Then::Nothing)?.refused("CLASS-0002"),
        stage.order(another, command, Then::Nothing)?.refused("AUTH-0002"),
    ])
}

/// The reinstated trainer is listed for one more occupation.
fn widen_trainer(stage: &Stage<'_>) -> Orders {
    let index = stage.schedule.suspended;
    let Some(trainer) = stage.schedule.trainers.get(index) else { return Ok(Vec::new()) };
    let added = (0..OCCUPATIONS.len()).find(|occupation| !trainer.occupations.contains(occupation));
    let occupations = trainer.occupations.iter().copied().chain(added).map(|index| occupation(stage, index));
    let command = ChangeTrainerOccupations {
        trainer: listed(stage, index)?,
        occupations: occupations.collect::<Result<_, _>>()?,
        document_number: document(stage.year, 25),
    };
    Ok(vec![stage.order(Holder::National, command, Then::Nothing)?])
}
