//! The demonstration: a believable year of the programme at a fraction of its size, driven through the real commands.
//!
//! Everybody in it is made up, and every number lies where none is issued (see [`people`] and [`organisations`]). The year is not perfect: people
//! stay away, fail, withdraw and come back; entries come late and are corrected; a certificate is revoked, a trainer suspended and reinstated,
//! another removed, a person erased; and some commands are refused, as they must be.
//! The same plan gives the same leaves and root: choices come from the seed, command ids from a counter, and the simulated clock is set only
//! while no command is on its way. Start with [`agenda`] (what happens when), then [`schedule`] (who and where) and [`fate`] (what goes wrong).

pub(crate) mod accounts;
mod agenda;
mod calendar;
mod chance;
mod desk;
mod enrolment;
mod fate;
mod occupations;
mod office;
mod organisations;
pub(crate) mod people;
mod schedule;
mod stage;
mod steps;
#[cfg(test)]
mod tests;
mod units;

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use zhixin_engine::clock::SimulatedClock;
use zhixin_engine::handle::EngineHandle;
use zhixin_engine::log::LogPurpose;
use zhixin_events::{CivilDate, Timestamp};

pub(crate) use self::accounts::DemoAccount;
use self::calendar::Calendar;
use self::desk::Desk;
use self::stage::Stage;
use crate::packs;

/// What is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DemoPlan {
    /// The programme is this many times greater: 100 gives 800 digital technology engineers, 1 the 80,000 of the nation.
    pub(crate) scale: u32,
    /// The year.
    pub(crate) year: u16,
    /// Settles every choice.
    pub(crate) seed: u64,
}

impl DemoPlan {
    /// Least and greatest scale.
    pub(crate) const SCALES: std::ops::RangeInclusive<u32> = 1..=1_000;
    /// Years that can be shown: the year before needs figures too, and the papers of the last one are done in the next.
    pub(crate) const YEARS: std::ops::RangeInclusive<u16> = 2022..=2030;

    /// The time at which the log must begin: the clock to open the engine with.
    ///
    /// # Errors
    /// There is no such year.
    pub(crate) fn starts_at(&self) -> anyhow::Result<Timestamp> {
        ensure!(Self::YEARS.contains(&self.year), "the demonstration shows a year from 2022 to 2030");
        Ok(date(self.year - 1, 3, 1)?.at_minute(8 * 60))
    }

    /// A day by which all is over. The caller refuses a year that would end in the future.
    ///
    /// # Errors
    /// There is no such year.
    pub(crate) fn ends_before(&self) -> anyhow::Result<CivilDate> {
        date(self.year + 1, 1, 31)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What is being done.
    pub(crate) phase: &'static str,
    /// Tasks done.
    pub(crate) done: u64,
    /// Tasks in all.
    pub(crate) total: u64,
}

/// What there is afterwards.
#[derive(Debug, Clone)]
pub(crate) struct DemoSummary {
    /// Accounts to sign in to; their credentials are for the caller to store.
    pub(crate) accounts: Vec<DemoAccount>,
    /// People made up for it: indices 0 to below this of [`people::person`].
    pub(crate) people: u64,
    /// Seats taken.
    pub(crate) registrations: u64,
    /// Certificates issued, the revoked ones among them.
    pub(crate) certificates: u64,
    /// Commands accepted.
    pub(crate) accepted: u64,
    /// Commands refused, as they were to be, by code.
    pub(crate) refused: BTreeMap<&'static str, u64>,
    /// Events in the log.
    pub(crate) events: u64,
}

impl DemoSummary {
    fn log(&self) {
        let Self { accounts, people, registrations, certificates, accepted, refused, events } = self;
        tracing::info!(people, registrations, certificates, accepted, ?refused, events, "the demonstration is told");
        for DemoAccount { role, login, title, .. } in accounts {
            tracing::info!(role = role.name(), login, title, "an account to sign in to");
        }
    }
}

/// Fills a demo log that was opened at [`DemoPlan::starts_at`] and holds nothing yet but its beginning, and the shipped packs if need be.
/// It blocks, so never call it from an asynchronous task.
///
/// # Errors
/// The plan has no meaning, the log is not an empty demo log, or a command did not come to what it had to.
pub(crate) fn fill(
    handle: &EngineHandle,
    clock: &SimulatedClock,
    plan: &DemoPlan,
    progress: &dyn Fn(Progress),
) -> anyhow::Result<DemoSummary> {
    ensure!(DemoPlan::SCALES.contains(&plan.scale), "the scale is a number from 1 to 1000");
    ensure!(handle.purpose() == LogPurpose::Demo, "only a demo log can be filled with a demonstration");
    let starts_at = plan.starts_at()?;
    ensure!(handle.now()? <= starts_at, "the clock is past the beginning of the demonstration");
    clock.set(starts_at);
    packs::publish_shipped(handle)?;

    let calendar = Calendar::shipped()?;
    let schedule = schedule::make(plan, &calendar)?;
    let agenda = agenda::make(plan, &calendar, &schedule)?;
    let ends_before = plan.ends_before()?;
    ensure!(agenda.keys().all(|(day, _)| *day < ends_before), "the agenda runs past {ends_before}");
    let total = agenda.values().map(Vec::len).sum::<usize>().try_into()?;
    let mut stage = Stage::new(handle, plan, schedule);
    let mut desk = Desk::new(handle);
    let mut done = 0;
    for ((day, minute), tasks) in agenda {
        clock.set(day.at_minute(minute));
        let mut orders = Vec::new();
        for task in &tasks {
            orders.extend(stage.orders(*task).with_context(|| format!("{task:?} on {day}"))?);
        }
        let learned = desk.give(orders).with_context(|| format!("{tasks:?} on {day}"))?;
        for (then, accepted) in learned {
            stage.learn(then, &accepted)?;
        }
        done += u64::try_from(tasks.len())?;
        progress(Progress { phase: phase(plan, day), done, total });
    }
    let summary = DemoSummary {
        accounts: accounts::to_sign_in(&stage),
        people: stage.schedule.people,
        registrations: stage.registrations,
        certificates: stage.certificates,
        accepted: desk.accepted,
        refused: desk.refused,
        events: handle.end(),
    };
    summary.log();
    Ok(summary)
}

fn phase(plan: &DemoPlan, day: CivilDate) -> &'static str {
    match (day.year().cmp(&i32::from(plan.year)), day.month()) {
        (std::cmp::Ordering::Less, _) => "the year before: occupations, trainers, targets",
        (std::cmp::Ordering::Greater, _) => "the new year: late papers",
        (std::cmp::Ordering::Equal, 1..=3) => "the year: first quarter",
        (std::cmp::Ordering::Equal, 4..=6) => "the year: second quarter",
        (std::cmp::Ordering::Equal, 7..=9) => "the year: third quarter",
        (std::cmp::Ordering::Equal, _) => "the year: fourth quarter",
    }
}

/// A date that there is.
fn date(year: u16, month: u8, day: u8) -> anyhow::Result<CivilDate> {
    CivilDate::from_ymd(i32::from(year), month, day).with_context(|| format!("there is no {year}-{month}-{day}"))
}
