//! The directory of trainers, as a history of editions.
//!
//! Rows: `T trainer` = its facts; `E position` = the trainer that the event changed. Every change makes an edition, named by the position
//! of its event; the directory of any view is the fold of the facts of every trainer. A listing that ran out or has not begun is seen from the
//! date asked for, there is no event for it. Source: Plan 3.3-4, 3.3-8.

mod text;

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use zhixin_events::access::AccessEvent;
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::class::ClassEvent;
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::document::DocumentEvent;
use zhixin_events::hours::HoursEvent;
use zhixin_events::person::PersonEvent;
use zhixin_events::plan::PlanEvent;
use zhixin_events::{
    CivilDate, DirectoryNumber, Event, ListingGround, OccupationId, OrganisationId, Position, Recorded, ReportingUnit, TrainerId,
};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

pub(crate) use self::text::dump;
use crate::facts::{self, Dated};
use crate::model::{ApplyFault, Model, Rows};
use crate::{AsOf, Page};

const TRAINER: u8 = b'T';
const EDITION: u8 = b'E';

/// Where a trainer stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrainerStatus {
    /// In the directory, from a later day on.
    NotYet,
    /// In the directory.
    Listed,
    /// In the directory, but may hold no further runs for now.
    Suspended,
    /// Its term is over: the last day of the listing lies before the day asked for.
    Expired,
    /// Left the directory for good.
    Removed,
}

impl TrainerStatus {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::NotYet, Self::Listed, Self::Suspended, Self::Expired, Self::Removed];

    /// Its text in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::Listed => "listed",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Removed => "removed",
        }
    }

    /// Whether such a trainer stands in the directory.
    pub const fn is_in_directory(self) -> bool {
        matches!(self, Self::Listed | Self::Suspended)
    }
}

/// A trainer as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainerEntry {
    /// The entry.
    pub trainer: TrainerId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its name as listed.
    pub name: String,
    /// Reporting unit it lies in.
    pub unit: ReportingUnit,
    /// Its number in the directory.
    pub directory_number: DirectoryNumber,
    /// Occupations it is listed for.
    pub occupations: Vec<OccupationId>,
    /// First day of the listing.
    pub listed_from: CivilDate,
    /// Last day of the listing.
    pub listed_until: CivilDate,
    /// Whether it is a national base.
    pub national_base: bool,
    /// Where it stands on the last day of the view.
    pub status: TrainerStatus,
    /// Why it is suspended or removed.
    pub ground: Option<ListingGround>,
    /// Number of the announcement or decision behind the newest edition; none when a reinstatement or the like names none.
    pub document_number: String,
    /// The newest edition of the entry.
    pub edition: Position,
    /// When that edition took effect.
    pub edition_on: CivilDate,
}

/// What an edition changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditionKind {
    /// A trainer was listed.
    Listed,
    /// A trainer was suspended.
    Suspended,
    /// A trainer was reinstated.
    Reinstated,
    /// A trainer was removed.
    Removed,
    /// The occupations of a trainer changed.
    OccupationsChanged,
    /// The term of a listing was extended.
    Renewed,
}

impl EditionKind {
    /// Its text in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Removed => "removed",
            Self::OccupationsChanged => "occupations_changed",
            Self::Renewed => "renewed",
        }
    }
}

/// One change of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edition {
    /// The event that made it; its name.
    pub position: Position,
    /// When it took effect.
    pub effective_on: CivilDate,
    /// The trainer.
    pub trainer: TrainerId,
    /// What changed.
    pub kind: EditionKind,
}

/// Which trainers a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrainerFilter {
    /// Only those of a reporting unit.
    pub unit: Option<ReportingUnit>,
    /// Only those listed for an occupation.
    pub occupation: Option<OccupationId>,
    /// Only those of this status; none = those in the directory, listed or suspended.
    pub status: Option<TrainerStatus>,
}

/// How the directory differs between two views. A trainer that expired or was removed is no longer in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrainerDiff {
    /// In the directory of the second view only.
    pub added: Vec<TrainerEntry>,
    /// In the directory of the first view only; shown as they were there.
    pub removed: Vec<TrainerEntry>,
    /// In both, but not the same: before and after.
    pub changed: Vec<(TrainerEntry, TrainerEntry)>,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Trainers;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum TrainerFact {
    Listed(Listing),
    Suspended { ground: ListingGround, document_number: String },
    Reinstated { document_number: String },
    Removed { ground: ListingGround, document_number: String },
    OccupationsChanged { occupations: Vec<OccupationId>, document_number: String },
    Renewed { listed_until: CivilDate, document_number: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listing {
    organisation: OrganisationId,
    name: String,
    unit: ReportingUnit,
    directory_number: DirectoryNumber,
    occupations: Vec<OccupationId>,
    listed_from: CivilDate,
    listed_until: CivilDate,
    national_base: bool,
    document_number: String,
}

impl Model for Trainers {
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        let (trainer, fact) = match &event.event {
            Event::Directory(DirectoryEvent::TrainerListed(listed)) => (
                listed.trainer,
                TrainerFact::Listed(Listing {
                    organisation: listed.organisation,
                    name: listed.name.clone(),
                    unit: listed.unit,
                    directory_number: listed.directory_number,
                    occupations: listed.occupations.clone(),
                    listed_from: listed.listed_from,
                    listed_until: listed.listed_until,
                    national_base: listed.national_base,
                    document_number: listed.document_number.clone(),
                }),
            ),
            Event::Directory(DirectoryEvent::TrainerSuspended(suspended)) => {
                (suspended.trainer, TrainerFact::Suspended { ground: suspended.ground, document_number: suspended.document_number.clone() })
            }
            Event::Directory(DirectoryEvent::TrainerReinstated(reinstated)) => {
                (reinstated.trainer, TrainerFact::Reinstated { document_number: reinstated.document_number.clone() })
            }
            Event::Directory(DirectoryEvent::TrainerRemoved(removed)) => {
                (removed.trainer, TrainerFact::Removed { ground: removed.ground, document_number: removed.document_number.clone() })
            }
            Event::Directory(DirectoryEvent::TrainerOccupationsChanged(changed)) => (
                changed.trainer,
                TrainerFact::OccupationsChanged {
                    occupations: changed.occupations.clone(),
                    document_number: changed.document_number.clone(),
                },
            ),
            Event::Directory(DirectoryEvent::TrainerRenewed(renewed)) => (
                renewed.trainer,
                TrainerFact::Renewed { listed_until: renewed.listed_until, document_number: renewed.document_number.clone() },
            ),
            Event::Directory(
                DirectoryEvent::OccupationAdded(_) | DirectoryEvent::OccupationCodeAssigned(_) | DirectoryEvent::OccupationDirectionsSet(_),
            )
            | Event::Plan(PlanEvent::TargetSet(_) | PlanEvent::TargetAdjusted(_))
            | Event::Class(
                ClassEvent::RunPlanned(_)
                | ClassEvent::RunOpened(_)
                | ClassEvent::TraineeRegistered(_)
                | ClassEvent::TraineeWithdrawn(_)
                | ClassEvent::SessionHeld(_)
                | ClassEvent::SessionCorrected(_)
                | ClassEvent::SessionAnnulled(_)
                | ClassEvent::RunReopened(_)
                | ClassEvent::CompletionTestVoided(_)
                | ClassEvent::RegistrationAnnulled(_)
                | ClassEvent::AttendanceRecorded(_)
                | ClassEvent::AttendanceCorrected(_)
                | ClassEvent::CompletionTestRecorded(_)
                | ClassEvent::CompletionTestCorrected(_)
                | ClassEvent::RunClosed(_)
                | ClassEvent::RunCancelled(_)
                | ClassEvent::RosterImportStarted(_)
                | ClassEvent::RosterImportFinished(_),
            )
            | Event::Person(
                PersonEvent::PersonRegistered(_)
                | PersonEvent::PersonNameCorrected(_)
                | PersonEvent::PersonErased(_)
                | PersonEvent::ErasureCompleted(_),
            )
            | Event::Hours(HoursEvent::HoursPosted(_) | HoursEvent::HoursReversed(_))
            | Event::Certificate(CertificateEvent::TrainingCertificateIssued(_) | CertificateEvent::TrainingCertificateRevoked(_))
            | Event::Document(DocumentEvent::RulePackPublished(_) | DocumentEvent::HolidayCalendarPublished(_))
            | Event::Access(
                AccessEvent::OrganisationRegistered(_)
                | AccessEvent::AccountOpened(_)
                | AccessEvent::AccountRolesChanged(_)
                | AccessEvent::AccountLocked(_)
                | AccessEvent::AccountUnlocked(_)
                | AccessEvent::PersonalDataRead(_),
            ) => return Ok(()),
        };
        let fact = Dated::told_by(event, fact);
        facts::append(rows, &facts::key(TRAINER, &[&trainer.to_bytes()]), &fact)?;
        rows.put(&facts::key(EDITION, &[&fact.position.to_be_bytes()]), &trainer.to_bytes())?;
        Ok(())
    }
}

/// The trainer as folded from facts in order; none before it is listed.
fn fold(trainer: TrainerId, facts: Vec<Dated<TrainerFact>>, on: CivilDate) -> Option<TrainerEntry> {
    let mut entry: Option<TrainerEntry> = None;
    for Dated { position, effective_on, fact } in facts {
        let edition = Position(position);
        if let TrainerFact::Listed(listing) = fact {
            entry = Some(TrainerEntry {
                trainer,
                organisation: listing.organisation,
                name: listing.name,
                unit: listing.unit,
                directory_number: listing.directory_number,
                occupations: listing.occupations,
                listed_from: listing.listed_from,
                listed_until: listing.listed_until,
                national_base: listing.national_base,
                status: TrainerStatus::Listed,
                ground: None,
                document_number: listing.document_number,
                edition,
                edition_on: effective_on,
            });
            continue;
        }
        let Some(entry) = &mut entry else { continue };
        (entry.edition, entry.edition_on) = (edition, effective_on);
        match fact {
            TrainerFact::Listed(_) => {}
            TrainerFact::Suspended { ground, document_number } => {
                entry.document_number = document_number;
                if entry.status != TrainerStatus::Removed {
                    (entry.status, entry.ground) = (TrainerStatus::Suspended, Some(ground));
                }
            }
            TrainerFact::Reinstated { document_number } => {
                entry.document_number = document_number;
                if entry.status == TrainerStatus::Suspended {
                    (entry.status, entry.ground) = (TrainerStatus::Listed, None);
                }
            }
            TrainerFact::Removed { ground, document_number } => {
                entry.document_number = document_number;
                (entry.status, entry.ground) = (TrainerStatus::Removed, Some(ground));
            }
            TrainerFact::OccupationsChanged { occupations, document_number } => {
                entry.document_number = document_number;
                entry.occupations = occupations;
            }
            TrainerFact::Renewed { listed_until, document_number } => {
                (entry.listed_until, entry.document_number) = (listed_until, document_number);
            }
        }
    }
    if let Some(entry) = entry.as_mut().filter(|entry| entry.status != TrainerStatus::Removed) {
        if entry.listed_until < on {
            entry.status = TrainerStatus::Expired;
        } else if on < entry.listed_from && entry.status == TrainerStatus::Listed {
            entry.status = TrainerStatus::NotYet;
        }
    }
    entry
}

/// One trainer, whatever its status; none if the view does not know it.
pub fn by_id(view: &TableView, trainer: TrainerId, as_of: AsOf) -> Result<Option<TrainerEntry>, RowFault> {
    let facts = facts::read_in_view(view, &facts::key(TRAINER, &[&trainer.to_bytes()]), as_of)?;
    Ok(fold(trainer, facts, as_of.effective_by))
}

/// The events that made an entry what it is, in the order of the log; empty if the view does not know the trainer.
pub fn events(view: &TableView, trainer: TrainerId, as_of: AsOf) -> Result<Vec<Position>, RowFault> {
    facts::events::<TrainerFact>(view, &facts::key(TRAINER, &[&trainer.to_bytes()]), as_of)
}

/// Every trainer that the view knows, whatever its status, by id.
fn all(view: &TableView, as_of: AsOf) -> Result<Vec<TrainerEntry>, RowFault> {
    let mut entries = Vec::new();
    facts::scan(view, &[TRAINER], None, |key, value| {
        let trainer = TrainerId::from_bytes(facts::id_at(key, 1)?);
        entries.extend(fold(trainer, facts::in_view(facts::decode(value)?, as_of), as_of.effective_by));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(entries)
}

/// The directory, by directory number.
pub fn list(view: &TableView, filter: &TrainerFilter, as_of: AsOf) -> Result<Vec<TrainerEntry>, RowFault> {
    let mut entries = all(view, as_of)?;
    entries.retain(|entry| {
        filter.unit.is_none_or(|unit| entry.unit == unit)
            && filter.occupation.is_none_or(|occupation| entry.occupations.contains(&occupation))
            && filter.status.map_or(entry.status.is_in_directory(), |status| entry.status == status)
    });
    entries.sort_by_key(|entry| (entry.directory_number, entry.trainer));
    Ok(entries)
}

/// How the directory changed from one view to another.
pub fn diff(view: &TableView, from: AsOf, to: AsOf) -> Result<TrainerDiff, RowFault> {
    let mut before = all(view, from)?;
    let mut after = all(view, to)?;
    before.retain(|entry| entry.status.is_in_directory());
    after.retain(|entry| entry.status.is_in_directory());
    let mut diff = TrainerDiff::default();
    for entry in &before {
        match after.iter().find(|other| other.trainer == entry.trainer) {
            None => diff.removed.push(entry.clone()),
            Some(other) if other != entry => diff.changed.push((entry.clone(), other.clone())),
            Some(_) => {}
        }
    }
    after.retain(|entry| before.iter().all(|other| other.trainer != entry.trainer));
    diff.added = after;
    Ok(diff)
}

/// The changes of the directory that the view knows, in the order in which they were recorded.
pub fn editions(view: &TableView, as_of: AsOf, after: Option<Position>, limit: usize) -> Result<Page<Edition, Position>, RowFault> {
    let mut items: Vec<Edition> = Vec::new();
    let mut next = None;
    let after = after.map(|position| facts::key(EDITION, &[&position.0.to_be_bytes()]));
    facts::scan(view, &[EDITION], after.as_deref(), |key, value| {
        let position = key.get(1..).and_then(|eight| eight.try_into().ok()).map(u64::from_be_bytes).ok_or(facts::CORRUPT)?;
        let trainer = TrainerId::from_bytes(facts::id_at(value, 0)?);
        let Some(edition) = edition(view, trainer, position)?.filter(|edition| as_of.shows(position, edition.effective_on)) else {
            return Ok(ControlFlow::Continue(()));
        };
        if items.len() == limit {
            next = items.last().map(|edition| edition.position);
            return Ok(ControlFlow::Break(()));
        }
        items.push(edition);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { items, next })
}

fn edition(view: &TableView, trainer: TrainerId, position: u64) -> Result<Option<Edition>, RowFault> {
    let facts: Vec<Dated<TrainerFact>> = facts::read(view, &facts::key(TRAINER, &[&trainer.to_bytes()]))?;
    Ok(facts.into_iter().find(|fact| fact.position == position).map(|fact| Edition {
        position: Position(position),
        effective_on: fact.effective_on,
        trainer,
        kind: match fact.fact {
            TrainerFact::Listed(_) => EditionKind::Listed,
            TrainerFact::Suspended { .. } => EditionKind::Suspended,
            TrainerFact::Reinstated { .. } => EditionKind::Reinstated,
            TrainerFact::Removed { .. } => EditionKind::Removed,
            TrainerFact::OccupationsChanged { .. } => EditionKind::OccupationsChanged,
            TrainerFact::Renewed { .. } => EditionKind::Renewed,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelName;
    use crate::properties::history::{Told, occupation_id, trainer_id};
    use crate::properties::{at_end_of, day, rows};
    use zhixin_events::directory::{TrainerOccupationsChanged, TrainerReinstated, TrainerRemoved, TrainerRenewed, TrainerSuspended};

    fn listed(number: u8, on: i32, until: i32) -> Told {
        let event = zhixin_events::directory::TrainerListed {
            trainer: trainer_id(number),
            organisation: OrganisationId::from_bytes([5; 6]),
            name: format!("机构{number}"),
            unit: ReportingUnit::new(31).unwrap(),
            directory_number: DirectoryNumber::new(u32::from(number)),
            occupations: vec![occupation_id(1)],
            listed_from: day(on),
            listed_until: day(until),
            national_base: false,
            document_number: "文1".into(),
        };
        (day(on), event.into())
    }

    fn story() -> Vec<Told> {
        let document_number = || "文2".to_owned();
        vec![
            listed(1, 0, 100),
            listed(2, 5, 300),
            (
                day(10),
                TrainerSuspended { trainer: trainer_id(1), ground: ListingGround::Violation, document_number: document_number() }.into(),
            ),
            (day(20), TrainerReinstated { trainer: trainer_id(1), document_number: document_number() }.into()),
            (
                day(30),
                TrainerRemoved { trainer: trainer_id(2), ground: ListingGround::OwnRequest, document_number: document_number() }.into(),
            ),
            (
                day(15),
                TrainerOccupationsChanged {
                    trainer: trainer_id(1),
                    occupations: vec![occupation_id(9)],
                    document_number: document_number(),
                }
                .into(),
            ),
        ]
    }

    #[test]
    fn status_follows_the_day_asked_for() {
        let view = rows(ModelName::Trainers, &story());
        let status = |number, day| by_id(&view, trainer_id(number), at_end_of(day)).unwrap().map(|entry| entry.status);
        assert_eq!(status(1, -1), None);
        assert_eq!(
            [0, 9, 10, 19, 20, 100, 101].map(|day| status(1, day).unwrap().name()),
            ["listed", "listed", "suspended", "suspended", "listed", "listed", "expired"]
        );
        assert_eq!([29, 30, 400].map(|day| status(2, day).unwrap().name()), ["listed", "removed", "removed"]);
        let told = |day| events(&view, trainer_id(1), at_end_of(day)).unwrap();
        assert_eq!((told(-1), told(12), told(15)), (vec![], [0, 2].map(Position).into(), [0, 2, 5].map(Position).into()));
        assert_eq!(by_id(&view, trainer_id(1), at_end_of(12)).unwrap().unwrap().ground, Some(ListingGround::Violation));
    }

    #[test]
    fn listing_announced_before_its_first_day_is_not_yet_in_the_directory() {
        let mut announced = listed(1, 40, 100);
        announced.0 = day(0);
        let renewed = TrainerRenewed { trainer: trainer_id(1), listed_until: day(200), document_number: "文3".to_owned() };
        let view = rows(ModelName::Trainers, &[announced, (day(120), renewed.into())]);
        let status = |day| by_id(&view, trainer_id(1), at_end_of(day)).unwrap().unwrap().status.name();
        assert_eq!([0, 39, 40, 101, 120, 200, 201].map(status), ["not_yet", "not_yet", "listed", "expired", "listed", "listed", "expired"]);
        assert!(list(&view, &TrainerFilter::default(), at_end_of(39)).unwrap().is_empty());
    }

    #[test]
    fn diff_tells_added_removed_and_changed() {
        let view = rows(ModelName::Trainers, &story());
        let names = |entries: &[TrainerEntry]| entries.iter().map(|entry| entry.trainer).collect::<Vec<_>>();
        let found = diff(&view, at_end_of(3), at_end_of(16)).unwrap();
        assert_eq!((names(&found.added), found.removed.len(), found.changed.len()), (vec![trainer_id(2)], 0, 1));
        let (before, after) = &found.changed[0];
        assert_eq!((before.occupations[0], after.occupations[0]), (occupation_id(1), occupation_id(9)));
        assert_eq!(after.edition, Position(5));
        let found = diff(&view, at_end_of(40), at_end_of(200)).unwrap();
        assert_eq!((found.added.len(), names(&found.removed), found.changed.len()), (0, vec![trainer_id(1)], 0));
        assert_eq!(diff(&view, at_end_of(40), at_end_of(40)).unwrap(), TrainerDiff::default());
    }

    #[test]
    fn list_is_filtered_and_editions_come_in_pages() {
        let view = rows(ModelName::Trainers, &story());
        let count = |filter| list(&view, &filter, at_end_of(16)).unwrap().len();
        assert_eq!(count(TrainerFilter::default()), 2);
        assert_eq!(count(TrainerFilter { occupation: Some(occupation_id(9)), ..TrainerFilter::default() }), 1);
        assert_eq!(count(TrainerFilter { status: Some(TrainerStatus::Expired), ..TrainerFilter::default() }), 0);
        assert_eq!(count(TrainerFilter { unit: Some(ReportingUnit::CORPS), ..TrainerFilter::default() }), 0);
        let first = editions(&view, at_end_of(20), None, 3).unwrap();
        assert_eq!(first.items.iter().map(|edition| edition.kind.name()).collect::<Vec<_>>(), ["listed", "listed", "suspended"]);
        let second = editions(&view, at_end_of(20), first.next, 3).unwrap();
        assert_eq!(second.items.iter().map(|edition| edition.position.0).collect::<Vec<_>>(), [3, 5]);
        assert_eq!(second.next, None);
    }
}
