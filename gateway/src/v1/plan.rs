//! Commands on yearly targets.

use zhixin_engine::domain::plan::{AdjustTarget, SetTarget};
use zhixin_events::{Line, PeopleCount, PlanYear, ReportingUnit};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[route::<SetTarget>(), route::<AdjustTarget>()];

body! {
    /// Sets the target of a year, a line and a reporting unit.
    SetTarget {
        /// Year the target counts toward.
        year: PlanYear,
        /// Line of the programme.
        line: Line,
        /// Reporting unit that is to reach it.
        unit: ReportingUnit,
        /// People to be trained in the year.
        people: PeopleCount,
        /// Number of the document that sets it.
        document_number: String,
    } => Self { year, line, unit, people, document_number }
}

body! {
    /// Changes a target in the course of the year.
    AdjustTarget {
        /// Year the target counts toward.
        year: PlanYear,
        /// Line of the programme.
        line: Line,
        /// Reporting unit that is to reach it.
        unit: ReportingUnit,
        /// People to be trained from now on.
        people: PeopleCount,
        /// Number of the document that changes it.
        document_number: String,
    } => Self { year, line, unit, people, document_number }
}
