//! State of a rule pack or a holiday calendar: which edition it has reached.

use serde::{Deserialize, Serialize};
use zhixin_events::Subject;
use zhixin_events::document::DocumentEvent;
use zhixin_events::field::Digest32;

use crate::States;
use crate::state::SubjectState;

/// The edition in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EditionState {
    /// Its number, from 1; 0 before the first.
    pub edition: u32,
    /// Digest of the file it was read from, for packs.
    pub digest: Option<Digest32>,
}

/// The edition that a pack or calendar has reached, and the digest of its file.
pub(crate) fn edition_of(states: &States, subject: &Subject) -> (u32, Option<Digest32>) {
    match states.get(subject) {
        Some(SubjectState::Edition(reached)) => (reached.edition, reached.digest),
        Some(_) | None => (0, None),
    }
}

/// Folds a document event into the state of a subject that it concerns. None of them can break a history.
pub(crate) fn apply(state: &mut SubjectState, event: &DocumentEvent) {
    let SubjectState::Edition(reached) = state else { return };
    match event {
        DocumentEvent::RulePackPublished(pack) => *reached = EditionState { edition: pack.edition, digest: Some(pack.digest) },
        DocumentEvent::HolidayCalendarPublished(calendar) => *reached = EditionState { edition: calendar.edition, digest: None },
    }
}
