//! State of a yearly target, and what each plan event means for it.

use serde::{Deserialize, Serialize};
use zhixin_events::plan::PlanEvent;
use zhixin_events::{CivilDate, PeopleCount};

use crate::state::{Fact, SubjectState};

/// A yearly target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetState {
    /// The figure in force.
    pub people: PeopleCount,
    /// When it was last set or adjusted.
    pub changed_on: CivilDate,
}

/// Folds a plan event into the state of a subject that it concerns. None of them can break a history.
pub(crate) fn apply(state: &mut SubjectState, event: &PlanEvent, fact: &Fact<'_>) {
    let people = match event {
        PlanEvent::TargetSet(event) => event.people,
        PlanEvent::TargetAdjusted(event) => event.people,
    };
    if let SubjectState::Target(target) = state {
        *target = TargetState { people, changed_on: fact.effective_on };
    }
}
