//! The directory of occupations: names, codes by edition of the classification, directions for each grade.
//!
//! Rows: `O occupation` = its facts. There are a few dozen occupations, so every query reads them all. Whether a grade has directions is
//! listed, none, or not yet known: the three are told apart, because a class for a grade with directions must name one.
//! Source: Plan 3.3-2, 3.3-3; SOURCES 3.

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
use zhixin_events::{Event, Grade, OccupationId, PlanYear, Position, Recorded, SourceMark};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

use crate::AsOf;
use crate::facts::{self, Dated};
use crate::model::{ApplyFault, Model, Rows};

const OCCUPATION: u8 = b'O';

/// The code of an occupation in one edition of the classification (国家职业分类大典).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupationCode {
    /// The edition.
    pub edition: PlanYear,
    /// The code.
    pub code: String,
    /// How sure it is; none where the occupation was added with it.
    pub mark: Option<SourceMark>,
    /// Document or table it was taken from, where that was recorded.
    pub source: Option<String>,
    /// The event that told it.
    pub position: Position,
}

/// The directions of an occupation for one grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directions {
    /// No standard has told yet.
    NotYetKnown,
    /// The grade has none.
    None {
        /// The standard that says so.
        source: String,
        /// The event that told it.
        position: Position,
    },
    /// The grade has these.
    Listed {
        /// Their names, in the order of the standard.
        directions: Vec<String>,
        /// The standard that says so.
        source: String,
        /// The event that told it.
        position: Position,
    },
}

/// An occupation as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupationEntry {
    /// The occupation, whatever its code.
    pub occupation: OccupationId,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Its codes, by edition.
    pub codes: Vec<OccupationCode>,
    /// Directions for each grade, in the order of the grades.
    pub directions: [(Grade, Directions); 3],
    /// The newest event that changed it.
    pub edition: Position,
}

impl OccupationEntry {
    /// The directions for a grade.
    pub fn directions_for(&self, grade: Grade) -> &Directions {
        let [junior, intermediate, senior] = &self.directions;
        match grade {
            Grade::Junior => &junior.1,
            Grade::Intermediate => &intermediate.1,
            Grade::Senior => &senior.1,
        }
    }

    /// The code in the newest edition.
    pub fn newest_code(&self) -> Option<&OccupationCode> {
        self.codes.last()
    }
}

/// How the directory differs between two views.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OccupationDiff {
    /// Known to the second view only.
    pub added: Vec<OccupationEntry>,
    /// Known to the first view only; shown as they were there.
    pub removed: Vec<OccupationEntry>,
    /// Known to both, but not the same: before and after.
    pub changed: Vec<(OccupationEntry, OccupationEntry)>,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Occupations;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum OccupationFact {
    Added { name_zh: String, name_en: String, code: String, code_edition: PlanYear },
    CodeAssigned { code: String, code_edition: PlanYear, mark: SourceMark, source: Option<String> },
    DirectionsSet { grade: Grade, directions: Vec<String>, source: String },
}

impl Model for Occupations {
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        let (occupation, fact) = match &event.event {
            Event::Directory(DirectoryEvent::OccupationAdded(added)) => {
                let (name_zh, name_en, code) = (added.name_zh.clone(), added.name_en.clone(), added.code.clone());
                (added.occupation, OccupationFact::Added { name_zh, name_en, code, code_edition: added.code_edition })
            }
            Event::Directory(DirectoryEvent::OccupationCodeAssigned(assigned)) => (
                assigned.occupation,
                OccupationFact::CodeAssigned {
                    code: assigned.code.clone(),
                    code_edition: assigned.code_edition,
                    mark: assigned.mark,
                    source: assigned.source.clone(),
                },
            ),
            Event::Directory(DirectoryEvent::OccupationDirectionsSet(set)) => (
                set.occupation,
                OccupationFact::DirectionsSet { grade: set.grade, directions: set.directions.clone(), source: set.source.clone() },
            ),
            Event::Directory(
                DirectoryEvent::TrainerListed(_)
                | DirectoryEvent::TrainerSuspended(_)
                | DirectoryEvent::TrainerReinstated(_)
                | DirectoryEvent::TrainerRemoved(_)
                | DirectoryEvent::TrainerOccupationsChanged(_)
                | DirectoryEvent::TrainerRenewed(_),
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
        Ok(facts::append(rows, &facts::key(OCCUPATION, &[&occupation.to_bytes()]), &Dated::told_by(event, fact))?)
    }
}

/// The occupation as folded from facts in order; none before it is added.
fn fold(occupation: OccupationId, facts: Vec<Dated<OccupationFact>>) -> Option<OccupationEntry> {
    let mut entry: Option<OccupationEntry> = None;
    for dated in facts {
        let position = dated.at();
        if let OccupationFact::Added { name_zh, name_en, code, code_edition } = dated.fact {
            entry = Some(OccupationEntry {
                occupation,
                name_zh,
                name_en,
                codes: vec![OccupationCode { edition: code_edition, code, mark: None, source: None, position }],
                directions: [Grade::Junior, Grade::Intermediate, Grade::Senior].map(|grade| (grade, Directions::NotYetKnown)),
                edition: position,
            });
            continue;
        }
        let Some(entry) = &mut entry else { continue };
        entry.edition = position;
        match dated.fact {
            OccupationFact::Added { .. } => {}
            OccupationFact::CodeAssigned { code, code_edition, mark, source } => {
                entry.codes.retain(|known| known.edition != code_edition);
                entry.codes.push(OccupationCode { edition: code_edition, code, mark: Some(mark), source, position });
                entry.codes.sort_by_key(|known| known.edition);
            }
            OccupationFact::DirectionsSet { grade, directions, source } => {
                let told = if directions.is_empty() {
                    Directions::None { source, position }
                } else {
                    Directions::Listed { directions, source, position }
                };
                entry.directions.iter_mut().filter(|(of, _)| *of == grade).for_each(|(_, known)| *known = told.clone());
            }
        }
    }
    entry
}

/// One occupation; none if the view does not know it.
pub fn by_id(view: &TableView, occupation: OccupationId, as_of: AsOf) -> Result<Option<OccupationEntry>, RowFault> {
    Ok(fold(occupation, facts::read_in_view(view, &facts::key(OCCUPATION, &[&occupation.to_bytes()]), as_of)?))
}

/// The events that made an entry what it is, in the order of the log; empty if the view does not know the occupation.
pub fn events(view: &TableView, occupation: OccupationId, as_of: AsOf) -> Result<Vec<Position>, RowFault> {
    facts::events::<OccupationFact>(view, &facts::key(OCCUPATION, &[&occupation.to_bytes()]), as_of)
}

/// Every occupation of the view, by newest code, then id.
pub fn list(view: &TableView, as_of: AsOf) -> Result<Vec<OccupationEntry>, RowFault> {
    let mut entries = Vec::new();
    facts::scan(view, &[OCCUPATION], None, |key, value| {
        let occupation = OccupationId::from_bytes(facts::id_at(key, 1)?);
        entries.extend(fold(occupation, facts::in_view(facts::decode(value)?, as_of)));
        Ok(ControlFlow::Continue(()))
    })?;
    entries.sort_by_cached_key(|entry| (entry.newest_code().map(|newest| newest.code.clone()), entry.occupation));
    Ok(entries)
}

/// How the directory changed from one view to another.
pub fn diff(view: &TableView, from: AsOf, to: AsOf) -> Result<OccupationDiff, RowFault> {
    let before = list(view, from)?;
    let mut after = list(view, to)?;
    let mut diff = OccupationDiff::default();
    for entry in &before {
        match after.iter().find(|other| other.occupation == entry.occupation) {
            None => diff.removed.push(entry.clone()),
            Some(other) if other != entry => diff.changed.push((entry.clone(), other.clone())),
            Some(_) => {}
        }
    }
    after.retain(|entry| before.iter().all(|other| other.occupation != entry.occupation));
    diff.added = after;
    Ok(diff)
}

/// Every occupation of the view as (id, canonical text), for `replay`.
pub(crate) fn dump(view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    use zhixin_events::json::Json;
    let code = |code: &OccupationCode| {
        Json::object([
            ("edition", Json::Integer(i64::from(code.edition.get()))),
            ("code", Json::Text(code.code.clone())),
            ("mark", code.mark.map_or(Json::Null, |mark| Json::Static(mark.name()))),
            ("source", code.source.clone().map_or(Json::Null, Json::Text)),
        ])
    };
    let directions = |known: &Directions| match known {
        Directions::NotYetKnown => Json::Null,
        Directions::None { .. } => Json::List(Vec::new()),
        Directions::Listed { directions, .. } => Json::List(directions.iter().cloned().map(Json::Text).collect()),
    };
    let text = |entry: &OccupationEntry| {
        let by_grade = entry.directions.iter().map(|(grade, known)| (grade.name().to_owned(), directions(known))).collect();
        Json::object([
            ("name_zh", Json::Text(entry.name_zh.clone())),
            ("name_en", Json::Text(entry.name_en.clone())),
            ("codes", Json::List(entry.codes.iter().map(code).collect())),
            ("directions", Json::Object(by_grade)),
            ("edition", Json::Integer(i64::try_from(entry.edition.0).unwrap_or(i64::MAX))),
        ])
        .to_canonical()
    };
    let mut rows: Vec<_> = list(view, as_of)?.iter().map(|entry| (entry.occupation.to_string(), text(entry))).collect();
    rows.sort();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelName;
    use crate::properties::history::{Told, occupation_id};
    use crate::properties::{at_end_of, day, rows};
    use zhixin_events::directory::{OccupationAdded, OccupationCodeAssigned, OccupationDirectionsSet};

    fn story() -> Vec<Told> {
        let occupation = occupation_id(1);
        let added = |number| OccupationAdded {
            occupation: occupation_id(number),
            name_zh: format!("职业{number}"),
            name_en: format!("Occupation {number}"),
            code: format!("2-02-10-0{number}"),
            code_edition: PlanYear::new(2015),
        };
        let code = |code: &str| {
            let (code, code_edition) = (code.to_owned(), PlanYear::new(2022));
            OccupationCodeAssigned { occupation, code, code_edition, mark: SourceMark::Secondary, source: Some("表".to_owned()) }
        };
        let set = |grade, directions: &[&str]| {
            let (directions, source) = (directions.iter().map(|&one| one.to_owned()).collect(), "标准".to_owned());
            OccupationDirectionsSet { occupation, grade, directions, source }
        };
        vec![
            (day(0), added(1).into()),
            (day(10), added(2).into()),
            (day(20), code("2-02-38-01").into()),
            (day(20), code("2-02-38-09").into()),
            (day(30), set(Grade::Junior, &[]).into()),
            (day(30), set(Grade::Senior, &["应用", "运维"]).into()),
        ]
    }

    #[test]
    fn codes_are_kept_by_edition_and_the_last_told_holds() {
        let view = rows(ModelName::Occupations, &story());
        let codes = |day| {
            let entry = by_id(&view, occupation_id(1), at_end_of(day)).unwrap().unwrap();
            entry.codes.into_iter().map(|code| (code.edition.get(), code.code, code.position.0)).collect::<Vec<_>>()
        };
        assert_eq!(codes(0), [(2015, "2-02-10-01".to_owned(), 0)]);
        assert_eq!(codes(20), [(2015, "2-02-10-01".to_owned(), 0), (2022, "2-02-38-09".to_owned(), 3)]);
    }

    #[test]
    fn directions_are_listed_none_or_not_yet_known() {
        let view = rows(ModelName::Occupations, &story());
        let entry = by_id(&view, occupation_id(1), at_end_of(30)).unwrap().unwrap();
        assert!(matches!(entry.directions_for(Grade::Junior), Directions::None { position: Position(4), .. }));
        assert_eq!(entry.directions_for(Grade::Intermediate), &Directions::NotYetKnown);
        assert!(matches!(entry.directions_for(Grade::Senior), Directions::Listed { directions, .. } if directions.len() == 2));
        assert_eq!(entry.edition, Position(5));
    }

    #[test]
    fn diff_tells_added_and_changed() {
        let view = rows(ModelName::Occupations, &story());
        let found = diff(&view, at_end_of(5), at_end_of(25)).unwrap();
        assert_eq!((found.added.len(), found.removed.len(), found.changed.len()), (1, 0, 1));
        let back = diff(&view, at_end_of(25), at_end_of(5)).unwrap();
        assert_eq!((back.added.len(), back.removed.len(), back.changed.len()), (0, 1, 1));
    }
}
