//! State of occupations and trainers, and what each directory event means for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::{CivilDate, DirectoryNumber, Grade, OccupationId, OrganisationId, PlanYear, ReportingUnit, Subject};

use crate::directory::occupation_code::code_claim;
use crate::state::{Fact, SubjectState};

/// An occupation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OccupationState {
    /// Its code in each edition of the classification: the one assigned last.
    pub codes: BTreeMap<PlanYear, String>,
    /// Directions by grade; a grade without an entry is not yet known, an empty list means none.
    pub directions: BTreeMap<Grade, Vec<String>>,
    /// When its codes or directions last changed.
    pub changed_on: CivilDate,
}

impl OccupationState {
    /// Its code in the newest edition.
    pub fn newest_code(&self) -> Option<&str> {
        self.codes.last_key_value().map(|(_, code)| code.as_str())
    }
    /// The code that assigning another in an edition takes away from it; none while it bears the same code in another edition.
    pub fn replaced_code(&self, edition: PlanYear) -> Option<&str> {
        let replaced = self.codes.get(&edition)?;
        self.codes.iter().all(|(other, code)| *other == edition || code != replaced).then_some(replaced)
    }
}

/// Where a trainer stands, beside the term of its listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListingStatus {
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
    /// First day of the listing.
    pub listed_from: CivilDate,
    /// Its entry as each change left it, with the date of the change, in their order: it is asked "on" a day.
    pub entries: Vec<(CivilDate, Entry)>,
}

/// What the directory says of a trainer until the next change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands.
    pub status: ListingStatus,
    /// Occupations it is listed for.
    pub occupations: Vec<OccupationId>,
    /// Last day of the listing.
    pub listed_until: CivilDate,
}

impl TrainerState {
    /// The newest entry with the date of its change; none before it is listed.
    pub fn newest(&self) -> Option<&(CivilDate, Entry)> {
        self.entries.last()
    }
    /// The entry on a day. A listing may be announced after its first day: then the first entry holds for the days before.
    pub fn on(&self, day: CivilDate) -> Option<&Entry> {
        self.entries.iter().rev().find(|(from, _)| *from <= day).or_else(|| self.entries.first()).map(|(_, entry)| entry)
    }
    /// The day on which it was removed, if it was.
    pub fn removed_on(&self) -> Option<CivilDate> {
        self.newest().filter(|(_, entry)| entry.status == ListingStatus::Removed).map(|(on, _)| *on)
    }
    /// Whether its entry is for an occupation on a day, whatever its status. Source: Plan 3.3-4, 3.3-5.
    fn is_entered_for(&self, occupation: OccupationId, on: CivilDate) -> bool {
        self.on(on).is_some_and(|entry| self.listed_from <= on && on <= entry.listed_until && entry.occupations.contains(&occupation))
    }
    /// Whether it is listed for an occupation on a day. Source: Plan 3.3-4, 3.3-5.
    pub fn is_listed_for(&self, occupation: OccupationId, on: CivilDate) -> bool {
        self.is_entered_for(occupation, on) && self.on(on).is_some_and(|entry| entry.status == ListingStatus::Listed)
    }
    /// Whether it may fill a run on a day: neither suspended nor removed then, and listed on that day or, before the run, on its first.
    /// Source: ours for the suspended (SOURCES 2.1).
    pub fn may_enrol(&self, occupation: OccupationId, starts_on: CivilDate, on: CivilDate) -> bool {
        self.on(on).is_some_and(|entry| entry.status == ListingStatus::Listed) && self.is_listed_for(occupation, on.max(starts_on))
    }
    /// Whether it may plan and open a run, told now to have been on a day: it is neither suspended nor removed by now, may fill it on that
    /// day, and is listed on its first. Why now: else one back-dated word would undo a suspension.
    pub fn may_open(&self, occupation: OccupationId, starts_on: CivilDate, on: CivilDate) -> bool {
        self.newest().is_some_and(|(_, entry)| entry.status == ListingStatus::Listed)
            && self.may_enrol(occupation, starts_on, on)
            && self.is_listed_for(occupation, starts_on)
    }
    /// Whether it may teach an opened run on a day: also while suspended, and on the day of its removal, but not after it. Source: ours
    /// (SOURCES 2.1).
    pub fn may_teach(&self, occupation: OccupationId, on: CivilDate) -> bool {
        self.is_entered_for(occupation, on) && self.removed_on().is_none_or(|removed_on| on <= removed_on)
    }
    /// Folds a change of the entry.
    fn change(&mut self, fact: &Fact<'_>, change: impl FnOnce(&mut Entry)) -> Result<(), &'static str> {
        let (_, mut entry) = self.newest().cloned().ok_or("a change of a trainer that was never listed")?;
        change(&mut entry);
        self.entries.push((fact.effective_on, entry));
        Ok(())
    }
}

/// Folds a directory event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, subject: &Subject, event: &DirectoryEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match state {
        SubjectState::Occupation(occupation) => apply_to_occupation(occupation, event, fact),
        SubjectState::Trainer(trainer) => apply_to_trainer(trainer, event, fact)?,
        SubjectState::Claim(_) if releases(event, subject) => state.release_claim(),
        SubjectState::Claim(_) => state.hold_claim(fact.position)?,
        SubjectState::Account(_)
        | SubjectState::Organisation(_)
        | SubjectState::Person(_)
        | SubjectState::Class(_)
        | SubjectState::Certificate(_)
        | SubjectState::Target(_)
        | SubjectState::Edition(_)
        | SubjectState::Job(_)
        | SubjectState::Series => {}
    }
    Ok(())
}

/// Whether an event gives a claim free: a listing that ended, or the code that another takes the place of.
fn releases(event: &DirectoryEvent, claim: &Subject) -> bool {
    match event {
        DirectoryEvent::TrainerRemoved(_) => true,
        DirectoryEvent::OccupationCodeAssigned(event) => code_claim(&event.code) != Some(*claim),
        DirectoryEvent::OccupationAdded(_)
        | DirectoryEvent::OccupationDirectionsSet(_)
        | DirectoryEvent::TrainerListed(_)
        | DirectoryEvent::TrainerSuspended(_)
        | DirectoryEvent::TrainerReinstated(_)
        | DirectoryEvent::TrainerOccupationsChanged(_)
        | DirectoryEvent::TrainerRenewed(_) => false,
    }
}

fn apply_to_occupation(occupation: &mut OccupationState, event: &DirectoryEvent, fact: &Fact<'_>) {
    match event {
        DirectoryEvent::OccupationAdded(event) => {
            occupation.codes.insert(event.code_edition, event.code.clone());
        }
        DirectoryEvent::OccupationCodeAssigned(event) => {
            occupation.codes.insert(event.code_edition, event.code.clone());
        }
        DirectoryEvent::OccupationDirectionsSet(event) => {
            occupation.directions.insert(event.grade, event.directions.clone());
        }
        DirectoryEvent::TrainerListed(_)
        | DirectoryEvent::TrainerSuspended(_)
        | DirectoryEvent::TrainerReinstated(_)
        | DirectoryEvent::TrainerRemoved(_)
        | DirectoryEvent::TrainerOccupationsChanged(_)
        | DirectoryEvent::TrainerRenewed(_) => return,
    }
    occupation.changed_on = fact.effective_on;
}

fn apply_to_trainer(trainer: &mut TrainerState, event: &DirectoryEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        DirectoryEvent::TrainerListed(event) => {
            let (status, occupations, listed_until) = (ListingStatus::Listed, event.occupations.clone(), event.listed_until);
            *trainer = TrainerState {
                organisation: Some(event.organisation),
                unit: Some(event.unit),
                directory_number: event.directory_number,
                listed_from: event.listed_from,
                entries: vec![(fact.effective_on, Entry { status, occupations, listed_until })],
            };
            Ok(())
        }
        DirectoryEvent::TrainerSuspended(_) => trainer.change(fact, |entry| entry.status = ListingStatus::Suspended),
        DirectoryEvent::TrainerReinstated(_) => trainer.change(fact, |entry| entry.status = ListingStatus::Listed),
        DirectoryEvent::TrainerRemoved(_) => trainer.change(fact, |entry| entry.status = ListingStatus::Removed),
        DirectoryEvent::TrainerRenewed(event) => trainer.change(fact, |entry| entry.listed_until = event.listed_until),
        DirectoryEvent::TrainerOccupationsChanged(event) => trainer.change(fact, |entry| entry.occupations.clone_from(&event.occupations)),
        DirectoryEvent::OccupationAdded(_) | DirectoryEvent::OccupationCodeAssigned(_) | DirectoryEvent::OccupationDirectionsSet(_) => {
            Ok(())
        }
    }
}
