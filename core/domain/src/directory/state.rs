//! State of occupations and trainers, and what each directory event means for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::{CivilDate, DirectoryNumber, Grade, OccupationId, OrganisationId, ReportingUnit};

use crate::state::{Fact, SubjectState};

/// An occupation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OccupationState {
    /// Its codes, the one it entered with first.
    pub codes: Vec<String>,
    /// Directions by grade; a grade without an entry is not yet known, an empty list means none.
    pub directions: BTreeMap<Grade, Vec<String>>,
}

/// Where a trainer stands, beside the term of its listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ListingStatus {
    /// Never listed.
    #[default]
    Unlisted,
    /// Listed.
    Listed,
    /// Suspended.
    Suspended,
    /// Removed for good.
    Removed,
}

/// A trainer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrainerState {
    /// The organisation.
    pub organisation: Option<OrganisationId>,
    /// The reporting unit it lies in.
    pub unit: Option<ReportingUnit>,
    /// Its number in the directory.
    pub directory_number: DirectoryNumber,
    /// Occupations it is listed for.
    pub occupations: Vec<OccupationId>,
    /// First day of the listing.
    pub listed_from: CivilDate,
    /// Last day of the listing.
    pub listed_until: CivilDate,
    /// Where it stands.
    pub status: ListingStatus,
}

impl TrainerState {
    /// Whether it may hold runs for an occupation on a day. Source: Plan 3.3-4, 3.3-5.
    pub fn is_listed_for(&self, occupation: OccupationId, on: CivilDate) -> bool {
        self.status == ListingStatus::Listed && self.listed_from <= on && on <= self.listed_until && self.occupations.contains(&occupation)
    }
}

/// Folds a directory event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &DirectoryEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        DirectoryEvent::OccupationAdded(event) => {
            if let SubjectState::Occupation(occupation) = state {
                occupation.codes.push(event.code.clone());
            }
            state.hold_claim(fact.position)?;
        }
        DirectoryEvent::OccupationCodeAssigned(event) => {
            if let SubjectState::Occupation(occupation) = state {
                occupation.codes.push(event.code.clone());
            }
            state.hold_claim(fact.position)?;
        }
        DirectoryEvent::OccupationDirectionsSet(event) => {
            if let SubjectState::Occupation(occupation) = state {
                occupation.directions.insert(event.grade, event.directions.clone());
            }
        }
        DirectoryEvent::TrainerListed(event) => {
            if let SubjectState::Trainer(trainer) = state {
                *trainer = TrainerState {
                    organisation: Some(event.organisation),
                    unit: Some(event.unit),
                    directory_number: event.directory_number,
                    occupations: event.occupations.clone(),
                    listed_from: event.listed_from,
                    listed_until: event.listed_until,
                    status: ListingStatus::Listed,
                };
            }
            state.hold_claim(fact.position)?;
        }
        DirectoryEvent::TrainerSuspended(_) => set_status(state, ListingStatus::Suspended),
        DirectoryEvent::TrainerReinstated(_) => set_status(state, ListingStatus::Listed),
        DirectoryEvent::TrainerRemoved(_) => set_status(state, ListingStatus::Removed),
        DirectoryEvent::TrainerOccupationsChanged(event) => {
            if let SubjectState::Trainer(trainer) = state {
                trainer.occupations.clone_from(&event.occupations);
            }
        }
    }
    Ok(())
}

fn set_status(state: &mut SubjectState, status: ListingStatus) {
    if let SubjectState::Trainer(trainer) = state {
        trainer.status = status;
    }
}
