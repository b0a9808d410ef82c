//! State of a rule pack or a holiday calendar: which edition it has reached.

use serde::{Deserialize, Serialize};
use zhixin_events::document::DocumentEvent;
use zhixin_events::field::Digest32;
use zhixin_events::{ReportingUnit, Subject};

use crate::States;
use crate::state::SubjectState;

/// The edition in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EditionState {
    /// Its number, from 1; 0 before the first.
    pub edition: u32,
    /// Digest of the file it was read from, for packs.
    pub digest: Option<Digest32>,
    /// The territory that a pack holds for; none = the whole country.
    pub unit: Option<ReportingUnit>,
}

/// What a pack or calendar has reached.
pub(crate) fn edition_of(states: &States, subject: &Subject) -> EditionState {
    match states.get(subject) {
        Some(SubjectState::Edition(reached)) => reached.clone(),
        Some(_) | None => EditionState::default(),
    }
}

/// Folds a document event into the state of a subject that it concerns. None of them can break a history.
pub(crate) fn apply(state: &mut SubjectState, event: &DocumentEvent) {
    let SubjectState::Edition(reached) = state else { return };
    match event {
        DocumentEvent::RulePackPublished(pack) => {
            *reached = EditionState { edition: pack.edition, digest: Some(pack.digest), unit: pack.unit }
        }
        DocumentEvent::HolidayCalendarPublished(calendar) => {
            *reached = EditionState { edition: calendar.edition, ..EditionState::default() }
        }
    }
}
