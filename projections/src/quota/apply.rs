//! How events change the rows of the quota model.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
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
use zhixin_store::rows::RowFault;
use zhixin_store::table::Table;

use super::cell::{Cell, added_up, difference};
use super::cells;
use super::fold::{ClassFact, DirectionHash, Enrolment, Entity, PersonFact, Plan};
use super::key::year_and_month;
use super::{CERTIFICATE, CLASS, DIRECTION, PERSON, ROSTER, TARGET, YEAR};
use crate::facts::{self, Dated, key};
use crate::model::{ApplyFault, Model, Poison};

/// Classes whose facts are kept decoded. Why: an enrolment needs them, and the enrolments of a class come together.
const CLASSES_KEPT_MAX: usize = 4_096;

type ClassFacts = Arc<Vec<Dated<ClassFact>>>;

/// The model. What it keeps in memory is cache and what the running batch has not yet written.
#[derive(Debug, Default)]
pub struct Quota {
    classes: BTreeMap<ClassId, ClassFacts>,
    pending: BTreeMap<Cell, Vec<cells::Entry>>,
}

impl Model for Quota {
    fn apply(&mut self, table: &Table, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        match &event.event {
            Event::Plan(PlanEvent::TargetSet(set)) => Ok(tell_target(table, event, (set.year, set.line, set.unit), set.people)?),
            Event::Plan(PlanEvent::TargetAdjusted(adjusted)) => {
                Ok(tell_target(table, event, (adjusted.year, adjusted.line, adjusted.unit), adjusted.people)?)
            }
            Event::Class(what) => Ok(self.apply_class(table, event, what)?),
            Event::Certificate(CertificateEvent::TrainingCertificateIssued(issued)) => {
                let whose = [issued.class.to_bytes(), issued.person.to_bytes()].concat();
                table.put(&key(CERTIFICATE, &[&issued.certificate.to_bytes()]), whose);
                Ok(self.tell_person(table, event, issued.class, issued.person, Enrolment::Issued(issued.certificate))?)
            }
            Event::Certificate(CertificateEvent::TrainingCertificateRevoked(revoked)) => {
                let Some(whose) = table.get(&key(CERTIFICATE, &[&revoked.certificate.to_bytes()]))? else {
                    return Err(ApplyFault::Poison(Poison::UnknownCertificate));
                };
                let class = ClassId::from_bytes(facts::id_at(&whose, 0)?);
                let person = PersonId::from_bytes(facts::id_at(&whose, 6)?);
                Ok(self.tell_person(table, event, class, person, Enrolment::Revoked(revoked.certificate))?)
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
                | DirectoryEvent::TrainerOccupationsChanged(_),
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

    fn finish(&mut self, table: &Table) -> Result<(), RowFault> {
        let mut pending: Vec<_> = std::mem::take(&mut self.pending).into_iter().collect();
        pending.sort_unstable_by_key(|one| one.0);
        pending.iter().try_for_each(|(cell, entries)| cells::append(table, cell.as_bytes(), entries))
    }
}

/// The key of a target's facts.
pub(super) fn target_key(year: PlanYear, line: Line, unit: ReportingUnit) -> Vec<u8> {
    key(TARGET, &[&year.get().to_be_bytes(), &[line.code(), unit.code()]])
}

fn tell_target(
    table: &Table,
    event: &Recorded<'_>,
    (year, line, unit): (PlanYear, Line, ReportingUnit),
    people: PeopleCount,
) -> Result<(), RowFault> {
    facts::append(table, &target_key(year, line, unit), &Dated::told_by(event, people))
}

/// Names a direction in keys.
pub(super) fn direction_hash(direction: Option<&str>) -> DirectionHash {
    let mut hash = DirectionHash::default();
    if let Some(direction) = direction {
        hash.copy_from_slice(&Sha256::digest(direction.as_bytes())[..8]);
    }
    hash
}

impl Quota {
    fn apply_class(&mut self, table: &Table, event: &Recorded<'_>, what: &ClassEvent) -> Result<(), RowFault> {
        match what {
            ClassEvent::RunPlanned(planned) => self.plan(table, event, planned),
            ClassEvent::RunClosed(closed) => {
                index_year(table, closed.class, closed.closed_on);
                self.tell_class(table, event, closed.class, ClassFact::Closed(closed.closed_on))
            }
            ClassEvent::RunCancelled(cancelled) => self.tell_class(table, event, cancelled.class, ClassFact::Cancelled),
            ClassEvent::TraineeRegistered(registered) => {
                self.tell_person(table, event, registered.class, registered.person, Enrolment::Registered(registered.category))
            }
            ClassEvent::TraineeWithdrawn(withdrawn) => {
                self.tell_person(table, event, withdrawn.class, withdrawn.person, Enrolment::Withdrawn)
            }
            ClassEvent::CompletionTestRecorded(test) => {
                self.tell_person(table, event, test.class, test.person, Enrolment::Tested { passed: test.passed })
            }
            ClassEvent::CompletionTestCorrected(test) => {
                let what = Enrolment::Tested { passed: test.passed };
                self.tell_person(table, event, test.class, test.person, what)
            }
            ClassEvent::RunOpened(_)
            | ClassEvent::SessionHeld(_)
            | ClassEvent::AttendanceRecorded(_)
            | ClassEvent::AttendanceCorrected(_)
            | ClassEvent::RosterImportStarted(_)
            | ClassEvent::RosterImportFinished(_) => Ok(()),
        }
    }

    fn plan(&mut self, table: &Table, event: &Recorded<'_>, planned: &RunPlanned) -> Result<(), RowFault> {
        let direction = direction_hash(planned.direction.as_deref());
        if let Some(text) = &planned.direction {
            table.put(&key(DIRECTION, &[&planned.occupation.to_bytes(), &direction]), text.clone().into_bytes());
        }
        index_year(table, planned.class, planned.ends_on);
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
        self.tell_class(table, event, planned.class, ClassFact::Planned(plan))
    }

    /// A fact of a class: everyone on its roster is counted anew, if the class counts differently on any day.
    fn tell_class(&mut self, table: &Table, event: &Recorded<'_>, class: ClassId, fact: ClassFact) -> Result<(), RowFault> {
        let before = self.class(table, class)?;
        let fact = Dated::told_by(event, fact);
        facts::append(table, &key(CLASS, &[&class.to_bytes()]), &fact)?;
        self.classes.remove(&class);
        let after = self.class(table, class)?;
        let alone = |facts: &ClassFacts| Entity { facts: Vec::new(), classes: BTreeMap::from([(class, Arc::clone(facts))]) };
        let (one, other) = (alone(&before), alone(&after));
        if other.days(fact.effective_on).into_iter().all(|day| one.on(day) == other.on(day)) {
            return Ok(());
        }
        let mut roster = Vec::new();
        let view = table.writer_view()?;
        facts::scan(&view, &key(ROSTER, &[&class.to_bytes()]), None, |key, _| {
            roster.push(PersonId::from_bytes(facts::id_at(key, 7)?));
            Ok(ControlFlow::Continue(()))
        })?;
        let mut changes = Vec::new();
        for person in roster {
            let after = self.entity(table, person_facts(table, person)?)?;
            let mut earlier = after.clone();
            earlier.classes.insert(class, Arc::clone(&before));
            collect_changes(&earlier, &after, fact.effective_on, &mut changes);
        }
        self.post(event, changes);
        Ok(())
    }

    /// A fact of a person in a class.
    fn tell_person(
        &mut self,
        table: &Table,
        event: &Recorded<'_>,
        class: ClassId,
        person: PersonId,
        what: Enrolment,
    ) -> Result<(), RowFault> {
        let facts = person_facts(table, person)?;
        if facts.iter().all(|fact| fact.fact.class != class) {
            table.put(&key(ROSTER, &[&class.to_bytes(), &person.to_bytes()]), Vec::new());
        }
        let fact = Dated::told_by(event, PersonFact { class, what });
        facts::append(table, &key(PERSON, &[&person.to_bytes()]), &fact)?;
        let mut before = self.entity(table, facts)?;
        let mut after = before.clone();
        let at = after.facts.partition_point(|known| known.order() < fact.order());
        let from = fact.effective_on;
        after.facts.insert(at, fact);
        if let Entry::Vacant(vacant) = after.classes.entry(class) {
            vacant.insert(self.class(table, class)?);
            before.classes = after.classes.clone();
        }
        let mut changes = Vec::new();
        collect_changes(&before, &after, from, &mut changes);
        self.post(event, changes);
        Ok(())
    }

    /// The facts of a class in the order of folds.
    fn class(&mut self, table: &Table, class: ClassId) -> Result<ClassFacts, RowFault> {
        if let Some(facts) = self.classes.get(&class) {
            return Ok(Arc::clone(facts));
        }
        let mut facts: Vec<Dated<ClassFact>> = facts::read(table, &key(CLASS, &[&class.to_bytes()]))?;
        facts.sort_by_key(Dated::order);
        if self.classes.len() >= CLASSES_KEPT_MAX {
            self.classes.clear();
        }
        Ok(Arc::clone(self.classes.entry(class).or_insert(Arc::new(facts))))
    }

    fn entity(&mut self, table: &Table, facts: Vec<Dated<PersonFact>>) -> Result<Entity, RowFault> {
        let mut classes = BTreeMap::new();
        for fact in &facts {
            if let Entry::Vacant(vacant) = classes.entry(fact.fact.class) {
                vacant.insert(self.class(table, fact.fact.class)?);
            }
        }
        Ok(Entity { facts, classes })
    }

    /// Holds back what an event appends to cells until the end of the batch.
    fn post(&mut self, event: &Recorded<'_>, changes: Vec<((Cell, CivilDate), i64)>) {
        for ((cell, day), delta) in added_up(changes) {
            self.pending.entry(cell).or_default().push(cells::Entry { position: event.position.0, day: day.0, delta });
        }
    }
}

/// The facts of a person in the order of folds.
fn person_facts(table: &Table, person: PersonId) -> Result<Vec<Dated<PersonFact>>, RowFault> {
    let mut facts = facts::read(table, &key(PERSON, &[&person.to_bytes()]))?;
    facts.sort_by_key(Dated::order);
    Ok(facts)
}

/// How a person's contribution changes, as a step function: for each day on which the change itself changes, by how much.
fn collect_changes(before: &Entity, after: &Entity, from: CivilDate, changes: &mut Vec<((Cell, CivilDate), i64)>) {
    let mut standing = Vec::new();
    for day in after.days(from) {
        let now = difference(&before.on(day), &after.on(day));
        changes.extend(now.iter().map(|(cell, change)| ((*cell, day), *change)));
        changes.extend(standing.iter().map(|(cell, change): &(Cell, i64)| ((*cell, day), -*change)));
        standing = now;
    }
}

/// Notes a year in which a class may count.
fn index_year(table: &Table, class: ClassId, end: CivilDate) {
    let (year, _) = year_and_month(end);
    table.put(&key(YEAR, &[&year.to_be_bytes(), &class.to_bytes()]), Vec::new());
}
