//! Commands that publish rule packs and holiday calendars.

use zhixin_engine::domain::document::{PublishHolidayCalendar, PublishRulePack};
use zhixin_events::document::PackFigure;
use zhixin_events::field::Digest32;
use zhixin_events::{CivilDate, FigureUnit, PlanYear, ReportingUnit, SourceMark};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[route::<PublishRulePack>(), route::<PublishHolidayCalendar>()];

body! {
    /// One figure of a rule pack.
    PackFigure {
        /// What it settles.
        key: String,
        /// The value as text; absent when a text surely sets it but has not been read.
        value: Option<String>,
        /// Its unit.
        unit: FigureUnit,
        /// First day it holds.
        effective_from: CivilDate,
        /// Last day it holds; absent = until replaced.
        effective_until: Option<CivilDate>,
        /// Document and clause.
        source: String,
        /// How sure the source is.
        mark: SourceMark,
    } => Self { key, value, unit, effective_from, effective_until, source, mark }
}

body! {
    /// Publishes a rule pack whole, or its next edition.
    PublishRulePack {
        /// Name of the pack.
        name: String,
        /// Title for people.
        title: String,
        /// Territory; absent = the whole country.
        unit: Option<ReportingUnit>,
        /// Its figures.
        figures: Vec<PackFigure>,
        /// SHA-256 of the file it was read from.
        digest: Digest32,
    } => Self { name, title, unit, figures, digest }
}

body! {
    /// Publishes the holidays of a year.
    PublishHolidayCalendar {
        /// The year.
        year: PlanYear,
        /// Days off.
        days_off: Vec<CivilDate>,
        /// Weekend days on which offices work.
        work_days: Vec<CivilDate>,
        /// The notice.
        source: String,
    } => Self { year, days_off, work_days, source }
}
