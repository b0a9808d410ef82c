//! The register of training certificates.
//!
//! Rows: `C certificate` = its facts; `N number` = the certificate of that number; `P person` = what moves or forbids a name; `H person
//! certificate` = the certificates of a person. The holder's name is never here: an entry holds the position of the event that carries
//! it sealed. A correction of the name moves that position; an erasure is shown in every view, also of the past, so that the edge serves
//! no name. Source: Plan 3.3-5.

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
    CertificateId, CivilDate, ClassId, Event, Grade, HoursTenths, OccupationId, PersonId, Position, Recorded, RevocationGround, TrainerId,
};
use zhixin_store::rows::{RowFault, RowGet as _};
use zhixin_store::table::TableView;

use crate::facts::{self, Dated};
use crate::model::{ApplyFault, Model, Poison, Rows};
use crate::{AsOf, Page};

const CERTIFICATE: u8 = b'C';
const NUMBER: u8 = b'N';
const PERSON: u8 = b'P';

/// Longest number that is taken. Unit: bytes. Why: it is part of a key.
const NUMBER_BYTES_MAX: usize = 200;

/// Whether a certificate is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Issued, not revoked.
    Valid,
    /// Taken away.
    Revoked {
        /// When that took effect.
        on: CivilDate,
        /// Why.
        ground: RevocationGround,
        /// Number of the decision.
        document_number: String,
        /// The event.
        position: Position,
    },
}

/// A certificate as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateEntry {
    /// The certificate.
    pub certificate: CertificateId,
    /// Its number.
    pub number: String,
    /// The run.
    pub class: ClassId,
    /// The holder.
    pub person: PersonId,
    /// The issuer.
    pub trainer: TrainerId,
    /// Occupation.
    pub occupation: OccupationId,
    /// Direction, where the grade has any.
    pub direction: Option<String>,
    /// Grade.
    pub grade: Grade,
    /// Date on the certificate.
    pub issued_on: CivilDate,
    /// Hours completed.
    pub hours: HoursTenths,
    /// The event that carries the holder's name sealed.
    pub name_position: Position,
    /// Whether the holder's data are erased: then no name may be served. Present knowledge, whatever the view.
    pub erased: bool,
    /// The event that issued it.
    pub position: Position,
    /// Whether it is good.
    pub status: CertificateStatus,
}

/// Which certificates a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CertificateFilter {
    /// Only those of an issuer.
    pub trainer: Option<TrainerId>,
    /// Only those of an occupation.
    pub occupation: Option<OccupationId>,
    /// Only those that are revoked (`true`) or valid (`false`).
    pub revoked: Option<bool>,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Certificates;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum CertificateFact {
    Issued(Issue),
    Revoked { ground: RevocationGround, document_number: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Issue {
    number: String,
    class: ClassId,
    person: PersonId,
    trainer: TrainerId,
    occupation: OccupationId,
    direction: Option<String>,
    grade: Grade,
    issued_on: CivilDate,
    hours: HoursTenths,
    name_position: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum PersonFact {
    NameCorrected,
    Erased,
}

impl Model for Certificates {
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        match &event.event {
            Event::Certificate(CertificateEvent::TrainingCertificateIssued(issued)) => {
                if issued.number.len() > NUMBER_BYTES_MAX {
                    return Err(ApplyFault::Poison(Poison::TooLong));
                }
                let issue = Issue {
                    number: issued.number.clone(),
                    class: issued.class,
                    person: issued.person,
                    trainer: issued.trainer,
                    occupation: issued.occupation,
                    direction: issued.direction.clone(),
                    grade: issued.grade,
                    issued_on: issued.issued_on,
                    hours: issued.hours,
                    name_position: issued.name_position,
                };
                let certificate = issued.certificate.to_bytes();
                rows.put_new(&facts::key(NUMBER, &[issued.number.as_bytes()]), &certificate)?;
                append(rows, CERTIFICATE, certificate, event, CertificateFact::Issued(issue))
            }
            Event::Certificate(CertificateEvent::TrainingCertificateRevoked(revoked)) => {
                let certificate = revoked.certificate.to_bytes();
                if rows.get(&facts::key(CERTIFICATE, &[&certificate]))?.is_none() {
                    return Err(ApplyFault::Poison(Poison::UnknownCertificate));
                }
                let fact = CertificateFact::Revoked { ground: revoked.ground, document_number: revoked.document_number.clone() };
                append(rows, CERTIFICATE, certificate, event, fact)
            }
            Event::Person(PersonEvent::PersonNameCorrected(corrected)) => {
                append(rows, PERSON, corrected.person.to_bytes(), event, PersonFact::NameCorrected)
            }
            Event::Person(PersonEvent::PersonErased(erased)) => append(rows, PERSON, erased.person.to_bytes(), event, PersonFact::Erased),
            Event::Person(PersonEvent::PersonRegistered(_) | PersonEvent::ErasureCompleted(_))
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
            | Event::Hours(HoursEvent::HoursPosted(_) | HoursEvent::HoursReversed(_))
            | Event::Directory(
                DirectoryEvent::OccupationAdded(_)
                | DirectoryEvent::OccupationCodeAssigned(_)
                | DirectoryEvent::OccupationDirectionsSet(_)
                | DirectoryEvent::TrainerListed(_)
                | DirectoryEvent::TrainerSuspended(_)
                | DirectoryEvent::TrainerReinstated(_)
                | DirectoryEvent::TrainerRemoved(_)
                | DirectoryEvent::TrainerOccupationsChanged(_)
                | DirectoryEvent::TrainerRenewed(_),
            )
            | Event::Document(DocumentEvent::RulePackPublished(_) | DocumentEvent::HolidayCalendarPublished(_))
            | Event::Access(
                AccessEvent::OrganisationRegistered(_)
                | AccessEvent::AccountOpened(_)
                | AccessEvent::AccountRolesChanged(_)
                | AccessEvent::AccountLocked(_)
                | AccessEvent::AccountUnlocked(_)
                | AccessEvent::PersonalDataRead(_),
            ) => Ok(()),
        }
    }
}

fn append<T: Serialize>(rows: &mut dyn Rows, space: u8, id: [u8; 6], event: &Recorded<'_>, fact: T) -> Result<(), ApplyFault> {
    Ok(facts::append(rows, &facts::key(space, &[&id]), &Dated::told_by(event, fact))?)
}

/// The certificate as folded from facts in order, the name not yet looked up; none before it is issued.
///
/// A revocation counts whatever its place in the order: one that took effect before the date of issue still takes the certificate away.
fn fold(certificate: CertificateId, facts: Vec<Dated<CertificateFact>>) -> Option<CertificateEntry> {
    let mut entry = None;
    let mut status = CertificateStatus::Valid;
    for dated in facts {
        let (position, on) = (dated.at(), dated.effective_on);
        match dated.fact {
            CertificateFact::Issued(issue) => {
                entry = Some(CertificateEntry {
                    certificate,
                    number: issue.number,
                    class: issue.class,
                    person: issue.person,
                    trainer: issue.trainer,
                    occupation: issue.occupation,
                    direction: issue.direction,
                    grade: issue.grade,
                    issued_on: issue.issued_on,
                    hours: issue.hours,
                    name_position: Position(issue.name_position),
                    erased: false,
                    position,
                    status: CertificateStatus::Valid,
                });
            }
            CertificateFact::Revoked { ground, document_number } => {
                status = CertificateStatus::Revoked { on, ground, document_number, position };
            }
        }
    }
    entry.map(|entry| CertificateEntry { status, ..entry })
}

/// Finds where the name stands: at the newest correction of the view that was recorded after the name it was issued to.
fn look_up_name(view: &TableView, mut entry: CertificateEntry, as_of: AsOf) -> Result<CertificateEntry, RowFault> {
    let person: Vec<Dated<PersonFact>> = facts::read(view, &facts::key(PERSON, &[&entry.person.to_bytes()]))?;
    entry.erased = person.iter().any(|fact| fact.fact == PersonFact::Erased);
    let issued_to = entry.name_position;
    let corrections = facts::in_view(person, as_of).into_iter().filter(|fact| fact.fact == PersonFact::NameCorrected);
    if let Some(newest) = corrections.rev().find(|fact| fact.at() > issued_to) {
        entry.name_position = newest.at();
    }
    Ok(entry)
}

/// One certificate; none if the view does not know it.
pub fn by_id(view: &TableView, certificate: CertificateId, as_of: AsOf) -> Result<Option<CertificateEntry>, RowFault> {
    let facts = facts::read_in_view(view, &facts::key(CERTIFICATE, &[&certificate.to_bytes()]), as_of)?;
    fold(certificate, facts).map(|entry| look_up_name(view, entry, as_of)).transpose()
}

/// The certificate of a number; none if the view does not know it.
pub fn by_number(view: &TableView, number: &str, as_of: AsOf) -> Result<Option<CertificateEntry>, RowFault> {
    if number.len() > NUMBER_BYTES_MAX {
        return Ok(None);
    }
    match view.get(&facts::key(NUMBER, &[number.as_bytes()]))? {
        Some(id) => by_id(view, CertificateId::from_bytes(facts::id_at(&id, 0)?), as_of),
        None => Ok(None),
    }
}

/// The register by number, beginning after a number.
pub fn list(
    view: &TableView,
    filter: &CertificateFilter,
    as_of: AsOf,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<CertificateEntry, String>, RowFault> {
    let mut items: Vec<CertificateEntry> = Vec::new();
    let mut next = None;
    let after = after.map(|number| facts::key(NUMBER, &[number.as_bytes()]));
    facts::scan(view, &[NUMBER], after.as_deref(), |_, id| {
        let wanted = |entry: &CertificateEntry| {
            filter.trainer.is_none_or(|trainer| entry.trainer == trainer)
                && filter.occupation.is_none_or(|occupation| entry.occupation == occupation)
                && filter.revoked.is_none_or(|revoked| revoked == (entry.status != CertificateStatus::Valid))
        };
        let Some(entry) = by_id(view, CertificateId::from_bytes(facts::id_at(id, 0)?), as_of)?.filter(wanted) else {
            return Ok(ControlFlow::Continue(()));
        };
        if items.len() == limit {
            next = items.last().map(|entry| entry.number.clone());
            return Ok(ControlFlow::Break(()));
        }
        items.push(entry);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { items, next })
}

/// Every certificate of the view as (id, canonical text), for `replay`.
pub(crate) fn dump(view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    let mut rows = Vec::new();
    facts::scan(view, &[CERTIFICATE], None, |key, _| {
        let entry = by_id(view, CertificateId::from_bytes(facts::id_at(key, 1)?), as_of)?;
        rows.extend(entry.map(|entry| (entry.certificate.to_string(), text(&entry))));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

fn text(entry: &CertificateEntry) -> String {
    use zhixin_events::json::Json;
    let number = |number: u64| Json::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let revoked = match &entry.status {
        CertificateStatus::Valid => Json::Null,
        CertificateStatus::Revoked { on, ground, document_number, position } => Json::object([
            ("on", Json::Text(on.to_string())),
            ("ground", Json::Static(ground.name())),
            ("document_number", Json::Text(document_number.clone())),
            ("position", number(position.0)),
        ]),
    };
    Json::object([
        ("number", Json::Text(entry.number.clone())),
        ("class", Json::Text(entry.class.to_string())),
        ("person", Json::Text(entry.person.to_string())),
        ("trainer", Json::Text(entry.trainer.to_string())),
        ("occupation", Json::Text(entry.occupation.to_string())),
        ("direction", entry.direction.clone().map_or(Json::Null, Json::Text)),
        ("grade", Json::Static(entry.grade.name())),
        ("issued_on", Json::Text(entry.issued_on.to_string())),
        ("hours_tenths", Json::Integer(i64::from(entry.hours.get()))),
        ("name_position", number(entry.name_position.0)),
        ("erased", Json::Bool(entry.erased)),
        ("position", number(entry.position.0)),
        ("revoked", revoked),
    ])
    .to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelName, quarantined};
    use crate::properties::history::{Told, class_id, occupation_id, person_id, trainer_id};
    use crate::properties::{at_end_of, day, rows};
    use zhixin_events::certificate::{TrainingCertificateIssued, TrainingCertificateRevoked};
    use zhixin_events::person::{PersonErased, PersonNameCorrected};

    fn certificate(number: u8) -> CertificateId {
        CertificateId::from_bytes([6, 0, 0, 0, 0, number])
    }

    fn issued(number: u8) -> Told {
        let event = TrainingCertificateIssued {
            certificate: certificate(number),
            number: format!("ZX-{number}"),
            class: class_id(1),
            person: person_id(number),
            trainer: trainer_id(number % 2),
            occupation: occupation_id(1),
            direction: None,
            grade: Grade::Junior,
            issued_on: day(10),
            hours: HoursTenths::new(900),
            name_position: 1,
        };
        (day(10), event.into())
    }

    fn corrected(on: i32) -> Told {
        (day(on), PersonNameCorrected { person: person_id(1) }.into())
    }

    #[test]
    fn entry_follows_revocation_name_and_erasure() {
        let revoked = TrainingCertificateRevoked {
            certificate: certificate(1),
            number: "ZX-1".into(),
            ground: RevocationGround::Fraud,
            document_number: "文1".into(),
        };
        let erased = PersonErased { person: person_id(1), ground: zhixin_events::ErasureGround::PersonRequest };
        // The correction at 1 is the name it was issued to; that at 4 took place before it, that at 3 after.
        let told =
            vec![corrected(1), corrected(2), issued(1), corrected(20), corrected(1), (day(30), revoked.into()), (day(40), erased.into())];
        let view = rows(ModelName::Certificates, &told);
        let at = |day| by_number(&view, "ZX-1", at_end_of(day)).unwrap();
        assert_eq!(at(9), None);
        let [issued, renamed, revoked] = [10, 20, 30].map(|day| at(day).unwrap());
        assert_eq!((issued.name_position, renamed.name_position), (Position(4), Position(3)));
        assert_eq!((&issued.status, &renamed.status), (&CertificateStatus::Valid, &CertificateStatus::Valid));
        assert!(matches!(revoked.status, CertificateStatus::Revoked { position: Position(5), on, .. } if on == day(30)));
        assert!(issued.erased && revoked.erased, "an erasure is shown in views of the past too");
        let before = AsOf { position: 3, effective_by: day(50) };
        assert_eq!(by_id(&view, certificate(1), before).unwrap().unwrap().name_position, Position(1));
    }

    #[test]
    fn register_comes_in_pages_by_number() {
        let view = rows(ModelName::Certificates, &(0..7).map(issued).collect::<Vec<_>>());
        let (mut after, mut numbers, mut pages) = (None, Vec::new(), 0);
        loop {
            let page = list(&view, &CertificateFilter::default(), at_end_of(10), after.as_deref(), 3).unwrap();
            numbers.extend(page.items.into_iter().map(|entry| entry.number));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((pages, numbers), (3, (0..7).map(|number| format!("ZX-{number}")).collect()));
        let odd = CertificateFilter { trainer: Some(trainer_id(1)), revoked: Some(false), ..CertificateFilter::default() };
        assert_eq!(list(&view, &odd, at_end_of(10), None, 9).unwrap().items.len(), 3);
        assert_eq!(by_number(&view, &"9".repeat(400), at_end_of(10)).unwrap(), None);
    }

    #[test]
    fn number_that_is_too_long_is_quarantined() {
        let (on, event) = issued(1);
        let Event::Certificate(CertificateEvent::TrainingCertificateIssued(mut long)) = event else { unreachable!("made above") };
        long.number = "9".repeat(NUMBER_BYTES_MAX + 1);
        let view = rows(ModelName::Certificates, &[(on, long.into())]);
        assert_eq!(quarantined(&view, ModelName::Certificates).unwrap()[0].reason, Poison::TooLong);
        assert_eq!(list(&view, &CertificateFilter::default(), at_end_of(10), None, 9).unwrap().items, []);
    }
}
