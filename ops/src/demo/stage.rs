//! Everything the demonstration knows while it runs: the schedule, and the ids that the record has given so far.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::Context as _;
use zhixin_domain::Command;
use zhixin_engine::answer::Accepted;
use zhixin_engine::handle::EngineHandle;
use zhixin_events::{AccountId, CivilDate, OccupationId, PersonId, ReportingUnit, Role};

use super::accounts::{Holder, PROVINCES};
use super::agenda::Task;
use super::desk::{Expected, Order};
use super::occupations::OCCUPATIONS;
use super::schedule::{Run, Schedule, Seat};
use super::{DemoPlan, office, steps};

/// What is to be learned from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// The id of an account.
    Account(Holder),
    /// The id of an occupation.
    Occupation(usize),
    /// The id of the organisation of a trainer.
    Organisation(usize),
    /// The id of an employer.
    Employer(usize),
    /// The id of a listing.
    Listed(usize),
    /// The id of a class.
    Planned(usize),
    /// The id of an import.
    Importing(usize),
    /// The person in a seat.
    Registered(usize, usize),
    /// The certificate of a seat.
    Issued(usize, usize),
}

/// What is known.
pub(crate) struct Stage<'a> {
    pub(crate) handle: &'a EngineHandle,
    pub(crate) scale: u32,
    pub(crate) year: u16,
    pub(crate) seed: u64,
    pub(crate) schedule: Schedule,
    pub(crate) accounts: BTreeMap<Holder, AccountId>,
    pub(crate) occupations: Vec<Option<OccupationId>>,
    /// Seats that were registered, certificates issued, hours posted.
    pub(crate) registrations: u64,
    pub(crate) certificates: u64,
}

/// An id that an earlier moment has given.
///
/// # Errors
/// It has not: the agenda is out of order.
pub(crate) fn known<T: Copy>(id: Option<T>, what: &'static str) -> anyhow::Result<T> {
    id.with_context(|| format!("{what} is not known yet"))
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub(crate) fn new(handle: &'a EngineHandle, plan: &DemoPlan, schedule: Schedule) -> Self {
        Self {
            handle,
            scale: plan.scale,
            year: plan.year,
            seed: plan.seed,
            schedule,
            accounts: BTreeMap::new(),
            occupations: vec![None; OCCUPATIONS.len()],
            registrations: 0,
            certificates: 0,
        }
    }

    /// The commands of a task on its day.
    ///
    /// # Errors
    /// Something is not known yet.
    pub(crate) fn orders(&self, task: Task) -> anyhow::Result<Vec<Order<Then>>> {
        match task {
            Task::Run(run, step) => steps::orders(self, run, step),
            Task::Found
            | Task::PublishCalendar(_)
            | Task::OpenOffices
            | Task::AddOccupations
            | Task::DescribeOccupations
            | Task::RegisterTrainers(_)
            | Task::ListTrainers(_)
            | Task::RegisterEmployers
            | Task::SetTargets
            | Task::AdjustTargets
            | Task::Suspend
            | Task::Reinstate
            | Task::Remove
            | Task::PlanAfterRemoval
            | Task::WidenTrainer => office::orders(self, task),
        }
    }

    /// An order of somebody, to be accepted.
    ///
    /// # Errors
    /// The account is not opened yet.
    pub(crate) fn order(&self, holder: Holder, command: impl Into<Command>, then: Then) -> anyhow::Result<Order<Then>> {
        let actor = known(self.accounts.get(&holder).copied(), "an account")?;
        Ok(order(actor, holder.role(), command, then))
    }

    /// An order of the process itself.
    pub(crate) fn system_order(&self, command: impl Into<Command>, then: Then) -> Order<Then> {
        order(self.handle.system_account(), Role::System, command, then)
    }

    /// The office that answers for a unit: its own where it has an account, else the national one.
    pub(crate) fn office_of(&self, unit: ReportingUnit) -> Holder {
        let place = self.schedule.employers.iter().take(PROVINCES).position(|employer| employer.unit == unit);
        place.map_or(Holder::National, Holder::Provincial)
    }

    /// A run.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn run(&self, run: usize) -> anyhow::Result<&Run> {
        self.schedule.runs.get(run).context("no such run")
    }

    /// A seat of a run.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn seat(&self, run: usize, seat: usize) -> anyhow::Result<&Seat> {
        self.run(run)?.seats.get(seat).context("no such seat")
    }

    /// The person in a seat.
    ///
    /// # Errors
    /// The seat is not taken yet.
    pub(crate) fn person(&self, run: usize, seat: usize) -> anyhow::Result<PersonId> {
        known(self.seat(run, seat)?.id, "a person")
    }

    /// Notes what an answer tells.
    ///
    /// # Errors
    /// The answer does not tell it.
    pub(crate) fn learn(&mut self, then: Then, accepted: &Accepted) -> anyhow::Result<()> {
        let schedule = &mut self.schedule;
        match then {
            Then::Nothing => {}
            Then::Account(holder) => {
                self.accounts.insert(holder, told(accepted, "account")?);
            }
            Then::Occupation(index) => put(self.occupations.get_mut(index), told(accepted, "occupation")?),
            Then::Organisation(index) => {
                put(schedule.trainers.get_mut(index).map(|trainer| &mut trainer.organisation), told(accepted, "organisation")?);
            }
            Then::Employer(index) => {
                put(schedule.employers.get_mut(index).map(|employer| &mut employer.organisation), told(accepted, "organisation")?);
            }
            Then::Listed(index) => put(schedule.trainers.get_mut(index).map(|trainer| &mut trainer.id), told(accepted, "trainer")?),
            Then::Planned(run) => put(schedule.runs.get_mut(run).map(|run| &mut run.class), told(accepted, "class")?),
            Then::Importing(run) => put(schedule.runs.get_mut(run).map(|run| &mut run.job), told(accepted, "job")?),
            Then::Registered(run, seat) => {
                self.registrations += 1;
                let seat = schedule.runs.get_mut(run).and_then(|run| run.seats.get_mut(seat));
                put(seat.map(|seat| &mut seat.id), told(accepted, "person")?);
            }
            Then::Issued(run, seat) => {
                self.certificates += 1;
                let seat = schedule.runs.get_mut(run).and_then(|run| run.seats.get_mut(seat));
                put(seat.map(|seat| &mut seat.certificate), told(accepted, "certificate")?);
            }
        }
        Ok(())
    }
}

fn order(actor: AccountId, role: Role, command: impl Into<Command>, then: Then) -> Order<Then> {
    Order { actor, role, command: command.into(), effective_on: None, expected: Expected::Accepted, erases: None, then }
}

impl<T> Order<T> {
    /// States when it took place.
    pub(crate) const fn dated(mut self, day: CivilDate) -> Self {
        self.effective_on = Some(day);
        self
    }
}

impl Order<Then> {
    /// It must be refused with this code.
    pub(crate) const fn refused(mut self, code: &'static str) -> Self {
        self.expected = Expected::Refused(code);
        self.then = Then::Nothing;
        self
    }
    /// It erases a person.
    pub(crate) const fn erasing(mut self, person: PersonId) -> Self {
        self.erases = Some(person);
        self
    }
}

fn put<T>(place: Option<&mut Option<T>>, value: T) {
    if let Some(place) = place {
        *place = Some(value);
    }
}

fn told<T: FromStr>(accepted: &Accepted, name: &'static str) -> anyhow::Result<T> {
    let text = accepted.result.iter().find(|(told, _)| *told == name).map(|(_, text)| text);
    text.and_then(|text| text.parse().ok()).with_context(|| format!("an answer does not tell the {name}"))
}
