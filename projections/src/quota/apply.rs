//! How events change the rows of the quota model.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use zhixin_events::access::AccessEvent;
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::class::{ClassEvent, RunPlanned};
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::document::DocumentEvent;
use zhixin_events::hours::HoursEvent;
use zhixin_events::person::PersonEvent;
use zhixin_events::plan::PlanEvent;
use zhixin_events::{CivilDate, ClassId, Event, Line, PeopleCount, PersonId, PlanYear, Recorded, ReportingUnit};
use zhixin_store::gather::Gatherer;
use zhixin_store::rows::RowFault;
use zhixin_store::sorter::Sorted;
use zhixin_store::table::Table;

use super::cell::{Cell, Profile};
use super::cells;
use super::change::spread;
use super::fold::{ClassFact, ClassFacts, DirectionHash, Enrolment, Entity, Measure, PersonFact, Plan, class_facts, counts_otherwise};
use super::key::year_and_month;
use super::{CERTIFICATE, CLASS, DIRECTION, PERSON, ROSTER, TARGET, YEAR};
use crate::facts::{self, Dated, key};
use crate::model::{ApplyFault, Model, Poison, Rows};

/// Classes whose facts, and profiles whose cells, are kept. Why: the enrolments of a class come together.
const KEPT_MAX: usize = 4_096;

/// The model. What it keeps in memory is cache and what the running batch has not yet written.
#[derive(Debug, Default)]
pub struct Quota {
    classes: BTreeMap<ClassId, ClassFacts>,
    cells: BTreeMap<(Profile, Measure), Arc<[Cell]>>,
    pending: BTreeMap<Cell, Vec<cells::Entry>>,
}

/// Of whom an event told a fact.
enum Told {
    Nobody,
    Class(ClassId),
    Person(PersonId),
}

impl Model for Quota {
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        tell(rows, event).map(drop)
    }

    fn apply(&mut self, mut table: &Table, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        let told = tell(&mut table, event)?;
        Ok(self.count(table, event, &told)?)
    }

    fn finish(&mut self, table: &Table) -> Result<(), RowFault> {
        std::mem::take(&mut self.pending).iter().try_for_each(|(cell, entries)| cells::append(table, cell.as_bytes(), entries))
    }

    fn derive(&self, told: &Gatherer, scratch: &Path) -> Result<Option<Sorted>, RowFault> {
        super::derive::derive(told, scratch).map(Some)
    }
}

/// Writes the facts that an event tells.
fn tell(rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<Told, ApplyFault> {
    match &event.event {
        Event::Plan(PlanEvent::TargetSet(set)) => Ok(tell_target(rows, event, (set.year, set.line, set.unit), set.people)?),
        Event::Plan(PlanEvent::TargetAdjusted(adjusted)) => {
            Ok(tell_target(rows, event, (adjusted.year, adjusted.line, adjusted.unit), adjusted.people)?)
        }
        Event::Class(what) => Ok(tell_of_class(rows, event, what)?),
        Event::Certificate(CertificateEvent::TrainingCertificateIssued(issued)) => {
            let whose = [issued.class.to_bytes(), issued.person.to_bytes()].concat();
            rows.put(&key(CERTIFICATE, &[&issued.certificate.to_bytes()]), &whose)?;
            Ok(tell_person(rows, event, issued.class, issued.person, Enrolment::Issued(issued.certificate))?)
        }
        Event::Certificate(CertificateEvent::TrainingCertificateRevoked(revoked)) => {
            let Some(whose) = rows.get(&key(CERTIFICATE, &[&revoked.certificate.to_bytes()]))? else {
                return Err(ApplyFault::Poison(Poison::UnknownCertificate));
            };
            let class = ClassId::from_bytes(facts::id_at(&whose, 0)?);
            let person = PersonId::from_bytes(facts::id_at(&whose, 6)?);
            Ok(tell_person(rows, event, class, person, Enrolment::Revoked(revoked.certificate))?)
        }
        Event::Person(
            PersonEvent::PersonRegistered(_)
            | PersonEvent::PersonNameCorrected(_)
            | PersonEvent::PersonErased(_)
            | PersonEvent::ErasureCompleted(_),
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
        ) => Ok(Told::Nobody),
    }
}

/// The key of a target's facts.
pub(super) fn target_key(year: PlanYear, line: Line, unit: ReportingUnit) -> Vec<u8> {
    key(TARGET, &[&year.get().to_be_bytes(), &[line.code(), unit.code()]])
}

fn tell_target(
    rows: &mut dyn Rows,
    event: &Recorded<'_>,
    (year, line, unit): (PlanYear, Line, ReportingUnit),
    people: PeopleCount,
) -> Result<Told, RowFault> {
    facts::append(rows, &target_key(year, line, unit), &Dated::told_by(event, people)).map(|()| Told::Nobody)
}

/// Names a direction in keys.
pub(super) fn direction_hash(direction: Option<&str>) -> DirectionHash {
    let mut hash = DirectionHash::default();
    if let Some(direction) = direction {
        hash.copy_from_slice(&Sha256::digest(direction.as_bytes())[..8]);
    }
    hash
}

fn tell_of_class(rows: &mut dyn Rows, event: &Recorded<'_>, what: &ClassEvent) -> Result<Told, RowFault> {
    match what {
        ClassEvent::RunPlanned(planned) => plan(rows, event, planned),
        ClassEvent::RunClosed(closed) => {
            index_year(rows, closed.class, closed.closed_on)?;
            tell_class(rows, event, closed.class, ClassFact::Closed(closed.closed_on))
        }
        ClassEvent::RunReopened(reopened) => tell_class(rows, event, reopened.class, ClassFact::Reopened { corrects: reopened.corrects }),
        ClassEvent::RunCancelled(cancelled) => tell_class(rows, event, cancelled.class, ClassFact::Cancelled),
        ClassEvent::TraineeRegistered(registered) => {
            tell_person(rows, event, registered.class, registered.person, Enrolment::Registered(registered.category))
        }
        ClassEvent::TraineeWithdrawn(withdrawn) => tell_person(rows, event, withdrawn.class, withdrawn.person, Enrolment::Withdrawn),
        ClassEvent::CompletionTestRecorded(test) => {
            tell_person(rows, event, test.class, test.person, Enrolment::Tested { passed: test.passed })
        }
        ClassEvent::CompletionTestCorrected(test) => {
            tell_person(rows, event, test.class, test.person, Enrolment::TestCorrected { passed: test.passed, corrects: test.corrects })
        }
        ClassEvent::CompletionTestVoided(voided) => {
            tell_person(rows, event, voided.class, voided.person, Enrolment::TestVoided { corrects: voided.corrects })
        }
        ClassEvent::RegistrationAnnulled(annulled) => {
            tell_person(rows, event, annulled.class, annulled.person, Enrolment::Annulled { corrects: annulled.corrects })
        }
        ClassEvent::RunOpened(_)
        | ClassEvent::SessionHeld(_)
        | ClassEvent::SessionCorrected(_)
        | ClassEvent::SessionAnnulled(_)
        | ClassEvent::AttendanceRecorded(_)
        | ClassEvent::AttendanceCorrected(_)
        | ClassEvent::RosterImportStarted(_)
        | ClassEvent::RosterImportFinished(_) => Ok(Told::Nobody),
    }
}

fn plan(rows: &mut dyn Rows, event: &Recorded<'_>, planned: &RunPlanned) -> Result<Told, RowFault> {
    let direction = direction_hash(planned.direction.as_deref());
    if let Some(text) = &planned.direction {
        rows.put(&key(DIRECTION, &[&planned.occupation.to_bytes(), &direction]), text.as_bytes())?;
    }
    index_year(rows, planned.class, planned.ends_on)?;
    let plan = Plan {
        line: planned.line,
        trainer: planned.trainer,
        unit: planned.unit,
        place: planned.division.province_code(),
        occupation: planned.occupation,
        direction,
        grade: planned.grade,
        ends_on: planned.ends_on,
    };
    tell_class(rows, event, planned.class, ClassFact::Planned(plan))
}

/// Notes a year in which a class may count.
fn index_year(rows: &mut dyn Rows, class: ClassId, end: CivilDate) -> Result<(), RowFault> {
    let (year, _) = year_and_month(end);
    rows.put(&key(YEAR, &[&year.to_be_bytes(), &class.to_bytes()]), &[])
}

fn tell_class(rows: &mut dyn Rows, event: &Recorded<'_>, class: ClassId, fact: ClassFact) -> Result<Told, RowFault> {
    facts::append(rows, &key(CLASS, &[&class.to_bytes()]), &Dated::told_by(event, fact))?;
    Ok(Told::Class(class))
}

fn tell_person(rows: &mut dyn Rows, event: &Recorded<'_>, class: ClassId, person: PersonId, what: Enrolment) -> Result<Told, RowFault> {
    rows.put_new(&key(ROSTER, &[&class.to_bytes(), &person.to_bytes()]), &[])?;
    facts::append(rows, &key(PERSON, &[&person.to_bytes()]), &Dated::told_by(event, PersonFact { class, what }))?;
    Ok(Told::Person(person))
}

impl Quota {
    /// Holds back what an event appends to cells until the end of the batch. A fact of a class counts everyone on its roster anew, if the
    /// class counts differently on any day.
    fn count(&mut self, table: &Table, event: &Recorded<'_>, told: &Told) -> Result<(), RowFault> {
        let mut changes = Vec::new();
        let (position, from) = (event.position.0, event.effective_on());
        match told {
            Told::Nobody => return Ok(()),
            Told::Person(person) => self.entity(table, *person)?.changes(position, from, &mut changes),
            Told::Class(class) => {
                self.classes.remove(class);
                if !counts_otherwise(&self.class(table, *class)?, position) {
                    return Ok(());
                }
                let mut roster = Vec::new();
                facts::scan(&table.writer_view()?, &key(ROSTER, &[&class.to_bytes()]), None, |key, _| {
                    roster.push(PersonId::from_bytes(facts::id_at(key, 7)?));
                    Ok(ControlFlow::Continue(()))
                })?;
                for person in roster {
                    self.entity(table, person)?.changes(position, from, &mut changes);
                }
            }
        }
        let names = |profile: Profile, measure| Arc::clone(kept(&mut self.cells, (profile, measure), || profile.cells(measure).into()));
        for ((cell, day), delta) in spread(&changes, names) {
            self.pending.entry(cell).or_default().push(cells::Entry { position, day: day.0, delta });
        }
        Ok(())
    }

    fn class(&mut self, table: &Table, class: ClassId) -> Result<ClassFacts, RowFault> {
        if let Some(facts) = self.classes.get(&class) {
            return Ok(Arc::clone(facts));
        }
        let facts = class_facts(facts::read(table, &key(CLASS, &[&class.to_bytes()]))?);
        Ok(Arc::clone(kept(&mut self.classes, class, || facts)))
    }

    fn entity(&mut self, table: &Table, person: PersonId) -> Result<Entity, RowFault> {
        Entity::new(facts::read(table, &key(PERSON, &[&person.to_bytes()]))?, |class| self.class(table, class))
    }
}

/// A thing that is kept, or made; of too many all are forgotten.
fn kept<K: Ord, T>(known: &mut BTreeMap<K, T>, key: K, make: impl FnOnce() -> T) -> &T {
    if known.len() >= KEPT_MAX && !known.contains_key(&key) {
        known.clear();
    }
    known.entry(key).or_insert_with(make)
}
