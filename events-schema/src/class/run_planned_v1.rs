//! Wire struct `RunPlannedV1`, tag `0x0301`. Frozen: a change is a `V2` with a new tag.

use super::PlannedModule;
use crate::macros::wire;
use crate::{
    CivilDate, ClassId, DeliveryMode, DivisionCode, Grade, Line, OccupationId, OrganisationId, PeopleCount, ReportingUnit, TrainerId,
};

wire! {
    /// A trainer planned a run for an occupation, direction and grade.
    ///
    /// Source: Plan 3.3-3, 3.3-5.
    pub struct RunPlannedV1 {
        /// The run.
        open class: ClassId,
        /// Its title, a name of a course.
        open title: String,
        /// Line of the programme.
        open line: Line,
        /// The listed trainer that holds it.
        open trainer: TrainerId,
        /// The organisation behind the trainer.
        open organisation: OrganisationId,
        /// Reporting unit of the organiser.
        open unit: ReportingUnit,
        /// Place where it is held.
        open division: DivisionCode,
        /// Occupation it trains for.
        open occupation: OccupationId,
        /// Direction within the occupation, where the grade has any.
        open direction: Option<String>,
        /// Grade it trains for.
        open grade: Grade,
        /// How it is held.
        open mode: DeliveryMode,
        /// First day planned.
        open starts_on: CivilDate,
        /// Last day planned.
        open ends_on: CivilDate,
        /// Seats.
        open seats: PeopleCount,
        /// The plan by module.
        open modules: Vec<PlannedModule>,
    }
}
