//! State of a yearly target, and what each plan event means for it.

use serde::{Deserialize, Serialize};
use zhixin_events::PeopleCount;
use zhixin_events::plan::PlanEvent;

use crate::state::SubjectState;

/// A yearly target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetState {
    /// The figure in force.
    pub people: PeopleCount,
}

/// Folds a plan event into the state of a subject that it concerns. None of them can break a history.
pub(crate) fn apply(state: &mut SubjectState, event: &PlanEvent) {
    let people = match event {
        PlanEvent::TargetSet(event) => event.people,
        PlanEvent::TargetAdjusted(event) => event.people,
    };
    if let SubjectState::Target(target) = state {
        target.people = people;
    }
}
