//! State of a person, and what each person event means for it.

use serde::{Deserialize, Serialize};
use zhixin_events::person::PersonEvent;
use zhixin_events::{CivilDate, Position};

use crate::state::{Fact, SubjectState};

/// A person: that they exist and whether they may be served, never who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonState {
    /// The event that carries the name in force.
    pub name_position: Option<Position>,
    /// When that event took place.
    pub named_on: CivilDate,
    /// The event that decided the erasure.
    pub erased_at: Option<Position>,
    /// Whether the keys are destroyed.
    pub erasure_completed: bool,
}

impl PersonState {
    /// Whether the erasure is decided.
    pub const fn is_erased(&self) -> bool {
        self.erased_at.is_some()
    }
}

/// Folds a person event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &PersonEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    let SubjectState::Person(person) = state else { return Ok(()) };
    match event {
        PersonEvent::PersonRegistered(_) | PersonEvent::PersonNameCorrected(_) => {
            (person.name_position, person.named_on) = (Some(fact.position), fact.effective_on);
        }
        PersonEvent::PersonErased(_) => person.erased_at = Some(fact.position),
        PersonEvent::ErasureCompleted(_) if !person.is_erased() => return Err("an erasure was completed that was never decided"),
        PersonEvent::ErasureCompleted(_) => person.erasure_completed = true,
    }
    Ok(())
}
