//! Classes: the facts of a run, its sessions, and its roster.
//!
//! Rows: `C class` = the facts of the class and its sessions; `T class person` = the facts of one trainee ([`mod@roster`]), so that an
//! attendance event rewrites the row of one person and never that of a class with ten thousand; `Y year class`, `N trainer class` and
//! `O organisation class` lead lists; `P person class` leads from a person; `K certificate` = whose it is; `S person` = where the name of a
//! person stands sealed, and whether it was erased.
//! Source: Plan 3.3-3, 3.3-5, 3.3-8.

mod apply;
pub mod roster;
mod text;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use zhixin_events::class::PlannedModule;
use zhixin_events::{
    CivilDate, ClassId, ClassStatus, DeliveryMode, DivisionCode, Grade, HoursTenths, JobId, Line, OccupationId, OrganisationId,
    PeopleCount, PersonId, PlanYear, Position, ReportingUnit, SessionNumber, TrainerId,
};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

pub use self::apply::Classes;
pub use self::roster::{AttendanceRecord, HoursRecord, SessionAttendance, TestRecord, Trainee, TraineeCertificate, roster, trainee};
pub(crate) use self::text::dump;
use crate::facts::{self, Dated};
use crate::{AsOf, Page};

pub(super) const CLASS: u8 = b'C';
pub(super) const TRAINEE: u8 = b'T';
pub(super) const BY_YEAR: u8 = b'Y';
pub(super) const BY_TRAINER: u8 = b'N';
pub(super) const BY_ORGANISATION: u8 = b'O';
pub(super) const BY_PERSON: u8 = b'P';
pub(super) const CERTIFICATE: u8 = b'K';
pub(super) const PERSON: u8 = b'S';

/// A class as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassEntry {
    /// The run.
    pub class: ClassId,
    /// Its title.
    pub title: String,
    /// Line of the programme.
    pub line: Line,
    /// The listed trainer that holds it.
    pub trainer: TrainerId,
    /// The organisation behind the trainer.
    pub organisation: OrganisationId,
    /// Reporting unit of the organiser.
    pub unit: ReportingUnit,
    /// Place where it is held.
    pub division: DivisionCode,
    /// Occupation it trains for.
    pub occupation: OccupationId,
    /// Direction within the occupation, where the grade has any.
    pub direction: Option<String>,
    /// Grade it trains for.
    pub grade: Grade,
    /// How it is held.
    pub mode: DeliveryMode,
    /// First day planned.
    pub starts_on: CivilDate,
    /// Last day planned.
    pub ends_on: CivilDate,
    /// Last day, once it is closed.
    pub closed_on: Option<CivilDate>,
    /// Seats.
    pub seats: PeopleCount,
    /// Where it stands.
    pub status: ClassStatus,
    /// The event that planned it.
    pub position: Position,
}

impl ClassEntry {
    /// The day that decides in which year and month the class counts.
    pub fn counts_on(&self) -> CivilDate {
        self.closed_on.unwrap_or(self.ends_on)
    }
}

/// A session that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number in the run.
    pub session: SessionNumber,
    /// The day.
    pub held_on: CivilDate,
    /// Code of the module taught.
    pub module: String,
    /// Hours it counts for.
    pub hours: HoursTenths,
    /// How it was held.
    pub mode: DeliveryMode,
    /// The event that says so last: that it was held, or a correction.
    pub position: Position,
}

/// An import of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterImport {
    /// The import.
    pub job: JobId,
    /// Rows read from the file.
    pub rows: u32,
    /// Rows that became trainees and rows that did not; none while it runs.
    pub outcome: Option<(u32, u32)>,
    /// The event that began it.
    pub position: Position,
}

/// A class with all but its roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassDetail {
    /// The class.
    pub entry: ClassEntry,
    /// The plan by module.
    pub modules: Vec<PlannedModule>,
    /// Sessions held, by number.
    pub sessions: Vec<Session>,
    /// Imports of its roster, in order.
    pub imports: Vec<RosterImport>,
    /// Number of the decision that cancelled it, if one is named.
    pub cancelled_by: Option<String>,
    /// The events behind the status, in order: planned, opened, closed, reopened, cancelled.
    pub positions: Vec<Position>,
}

/// Which classes a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassFilter {
    /// Only those that end in a year.
    pub year: Option<PlanYear>,
    /// Only those of a trainer.
    pub trainer: Option<TrainerId>,
    /// Only those of an organisation.
    pub organisation: Option<OrganisationId>,
    /// Only those whose organiser reports to a unit.
    pub unit: Option<ReportingUnit>,
    /// Only those of a status.
    pub status: Option<ClassStatus>,
}

impl ClassFilter {
    fn wants(&self, entry: &ClassEntry) -> bool {
        self.year.is_none_or(|year| i32::from(year.get()) == entry.counts_on().year())
            && self.trainer.is_none_or(|trainer| entry.trainer == trainer)
            && self.organisation.is_none_or(|organisation| entry.organisation == organisation)
            && self.unit.is_none_or(|unit| entry.unit == unit)
            && self.status.is_none_or(|status| entry.status == status)
    }

    /// The narrowest index that holds every class wanted.
    fn prefix(&self) -> Vec<u8> {
        if let Some(trainer) = self.trainer {
            return facts::key(BY_TRAINER, &[&trainer.to_bytes()]);
        }
        if let Some(organisation) = self.organisation {
            return facts::key(BY_ORGANISATION, &[&organisation.to_bytes()]);
        }
        match self.year {
            Some(year) => facts::key(BY_YEAR, &[&year.get().to_be_bytes()]),
            None => vec![CLASS],
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ClassFact {
    Planned(Box<Plan>),
    Opened,
    SessionHeld { session: SessionNumber, held_on: CivilDate, module: String, hours: HoursTenths, mode: DeliveryMode },
    Closed { closed_on: CivilDate },
    Cancelled { document_number: Option<String> },
    ImportStarted { job: JobId, rows: u32 },
    ImportFinished { job: JobId, accepted: u32, refused: u32 },
    SessionCorrected { session: SessionNumber, module: String, hours: HoursTenths, mode: DeliveryMode, corrects: u64 },
    SessionAnnulled { session: SessionNumber, corrects: u64 },
    Reopened { corrects: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    title: String,
    line: Line,
    trainer: TrainerId,
    organisation: OrganisationId,
    unit: ReportingUnit,
    division: DivisionCode,
    occupation: OccupationId,
    direction: Option<String>,
    grade: Grade,
    mode: DeliveryMode,
    starts_on: CivilDate,
    ends_on: CivilDate,
    seats: PeopleCount,
    modules: Vec<PlannedModule>,
}

fn planned(class: ClassId, position: Position, plan: Plan) -> (ClassEntry, Vec<PlannedModule>) {
    let entry = ClassEntry {
        class,
        title: plan.title,
        line: plan.line,
        trainer: plan.trainer,
        organisation: plan.organisation,
        unit: plan.unit,
        division: plan.division,
        occupation: plan.occupation,
        direction: plan.direction,
        grade: plan.grade,
        mode: plan.mode,
        starts_on: plan.starts_on,
        ends_on: plan.ends_on,
        closed_on: None,
        seats: plan.seats,
        status: ClassStatus::Planned,
        position,
    };
    (entry, plan.modules)
}

/// The class as folded from facts in order; none if it is not planned.
///
/// The status follows from what stands: a session told late does not reopen a closed class, and one that is annulled never taught it.
fn fold(class: ClassId, facts: Vec<Dated<ClassFact>>) -> Option<ClassDetail> {
    let mut plan = None;
    let mut status = ClassStatus::Planned;
    let mut closings: Vec<(Position, CivilDate)> = Vec::new();
    let mut sessions: BTreeMap<SessionNumber, Session> = BTreeMap::new();
    let (mut imports, mut positions): (Vec<RosterImport>, Vec<_>) = (Vec::new(), Vec::new());
    let mut cancelled_by = None;
    for dated in facts {
        let position = dated.at();
        let reached = match dated.fact {
            ClassFact::Planned(told) => {
                plan = Some(planned(class, position, *told));
                ClassStatus::Planned
            }
            ClassFact::Opened => ClassStatus::Open,
            ClassFact::SessionHeld { session, held_on, module, hours, mode } => {
                sessions.insert(session, Session { session, held_on, module, hours, mode, position });
                continue;
            }
            ClassFact::SessionCorrected { session: number, module, hours, mode, corrects } => {
                if let Some(session) = sessions.get_mut(&number).filter(|session| session.position.0 == corrects) {
                    *session = Session { module, hours, mode, position, ..*session };
                }
                continue;
            }
            ClassFact::SessionAnnulled { session: number, corrects } => {
                sessions.retain(|session, held| *session != number || held.position.0 != corrects);
                continue;
            }
            ClassFact::Closed { closed_on } => {
                closings.push((position, closed_on));
                positions.push(position);
                continue;
            }
            ClassFact::Reopened { corrects } => {
                closings.retain(|(closing, _)| closing.0 != corrects);
                positions.push(position);
                continue;
            }
            ClassFact::Cancelled { document_number } => {
                cancelled_by = document_number;
                ClassStatus::Cancelled
            }
            ClassFact::ImportStarted { job, rows } => {
                imports.push(RosterImport { job, rows, outcome: None, position });
                continue;
            }
            ClassFact::ImportFinished { job, accepted, refused } => {
                imports.iter_mut().filter(|import| import.job == job).for_each(|import| import.outcome = Some((accepted, refused)));
                continue;
            }
        };
        status = status.max(reached);
        positions.push(position);
    }
    if !sessions.is_empty() {
        status = status.max(ClassStatus::Teaching);
    }
    if !closings.is_empty() {
        status = status.max(ClassStatus::Closed);
    }
    let (entry, modules) = plan?;
    let entry = ClassEntry { status, closed_on: closings.last().map(|(_, on)| *on), ..entry };
    Some(ClassDetail { entry, modules, sessions: sessions.into_values().collect(), imports, cancelled_by, positions })
}

/// One class; none if the view does not know it.
pub fn by_id(view: &TableView, class: ClassId, as_of: AsOf) -> Result<Option<ClassDetail>, RowFault> {
    Ok(fold(class, facts::read_in_view(view, &facts::key(CLASS, &[&class.to_bytes()]), as_of)?))
}

/// Classes by id, beginning after one.
pub fn list(
    view: &TableView,
    filter: &ClassFilter,
    as_of: AsOf,
    after: Option<ClassId>,
    limit: usize,
) -> Result<Page<ClassEntry, ClassId>, RowFault> {
    let mut items: Vec<ClassEntry> = Vec::new();
    let mut next = None;
    let prefix = filter.prefix();
    let after = after.map(|class| [prefix.as_slice(), &class.to_bytes()].concat());
    facts::scan(view, &prefix, after.as_deref(), |key, _| {
        let class = ClassId::from_bytes(facts::id_at(key, prefix.len())?);
        let Some(entry) = by_id(view, class, as_of)?.map(|detail| detail.entry).filter(|entry| filter.wants(entry)) else {
            return Ok(ControlFlow::Continue(()));
        };
        if items.len() == limit {
            next = items.last().map(|entry| entry.class);
            return Ok(ControlFlow::Break(()));
        }
        items.push(entry);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { items, next })
}

/// The classes of a person, each with the person's part in it, by class.
pub fn of_person(view: &TableView, person: PersonId, as_of: AsOf) -> Result<Vec<(ClassEntry, Trainee)>, RowFault> {
    let mut found = Vec::new();
    facts::scan(view, &facts::key(BY_PERSON, &[&person.to_bytes()]), None, |key, _| {
        let class = ClassId::from_bytes(facts::id_at(key, 7)?);
        if let (Some(detail), Some(trainee)) = (by_id(view, class, as_of)?, trainee(view, class, person, as_of)?) {
            found.push((detail.entry, trainee));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::compare;
    use crate::model::ModelName;
    use crate::properties::history::{Told, class_id, plan, trainer_id};
    use crate::properties::{at_end_of, day, rows};
    use zhixin_events::Attendance;
    use zhixin_events::class::{AttendanceCorrected, AttendanceRecorded, RunClosed, SessionHeld, TraineeRegistered};

    fn person(number: u16) -> PersonId {
        let [high, low] = number.to_be_bytes();
        PersonId::from_bytes([2, 0, 0, 0, high, low])
    }

    fn recorded(number: u16, attendance: Attendance) -> Told {
        (day(40), AttendanceRecorded { class: class_id(0), session: SessionNumber::new(1), person: person(number), attendance }.into())
    }

    fn story(trainees: u16) -> Vec<Told> {
        let class = class_id(0);
        let (session, module, hours) = (SessionNumber::new(1), "M1".to_owned(), HoursTenths::new(40));
        let held = SessionHeld { class, session, held_on: day(40), module, hours, mode: DeliveryMode::InPerson };
        let mut told = vec![(day(0), plan(0).into()), (day(40), held.into())];
        for number in 0..trainees {
            let registered = TraineeRegistered {
                class,
                person: person(number),
                category: None,
                employer: None,
                employer_stated: None,
                title_level: None,
                job: None,
            };
            told.push((day(30), registered.into()));
            told.push(recorded(number, Attendance::Present));
        }
        told
    }

    #[test]
    fn an_attendance_event_changes_one_small_row() {
        let before = story(500);
        let mut after = before.clone();
        after.push(recorded(123, Attendance::Absent));
        let difference = compare(&rows(ModelName::Classes, &before), &rows(ModelName::Classes, &after)).unwrap();
        assert_eq!((difference.differing, difference.only_live, difference.only_rebuilt), (1, 0, 0));
        assert!(difference.examples[0].rebuilt.as_ref().is_some_and(|row| row.len() < 64));
    }

    #[test]
    fn corrections_are_linked_to_what_they_correct() {
        let mut told = story(1);
        let corrects = u64::try_from(told.len()).unwrap() - 1;
        let (class, session, person) = (class_id(0), SessionNumber::new(1), person(0));
        let (before, after) = (Attendance::Present, Attendance::Absent);
        told.push((day(40), AttendanceCorrected { class, session, person, before, after, corrects }.into()));
        let view = rows(ModelName::Classes, &told);
        let as_known = |position| trainee(&view, class, person, AsOf { position, effective_by: day(50) }).unwrap().unwrap();
        assert_eq!(as_known(corrects + 1).attended.get(), 40);
        let corrected = as_known(corrects + 2);
        assert_eq!((corrected.attended.get(), corrected.attendance[0].attendance), (0, Attendance::Absent));
        let links: Vec<_> = corrected.attendance[0].records.iter().map(|record| (record.position.0, record.corrects)).collect();
        assert_eq!(links, [(corrects, None), (corrects + 1, Some(Position(corrects)))]);
    }

    #[test]
    fn roster_and_list_come_in_pages() {
        let mut told = story(5);
        told.extend((1..5).map(|number| (day(0), plan(number).into())));
        told.push((day(60), RunClosed { class: class_id(2), closed_on: day(200), late: None }.into()));
        let view = rows(ModelName::Classes, &told);
        let first = roster(&view, class_id(0), at_end_of(50), None, 3).unwrap();
        let second = roster(&view, class_id(0), at_end_of(50), first.next, 3).unwrap();
        assert_eq!((first.items.len(), second.items.len(), second.next), (3, 2, None));
        let page = |filter, after| list(&view, &filter, at_end_of(70), after, 2).unwrap();
        let first = page(ClassFilter::default(), None);
        assert_eq!(first.items.iter().map(|entry| entry.class).collect::<Vec<_>>(), [class_id(0), class_id(1)]);
        assert_eq!(page(ClassFilter::default(), first.next).items[0].class, class_id(2));
        let of_trainer = ClassFilter { trainer: Some(trainer_id(0)), status: Some(ClassStatus::Planned), ..ClassFilter::default() };
        assert_eq!(page(of_trainer, None).items.iter().map(|entry| entry.class).collect::<Vec<_>>(), [class_id(4)]);
        let of_organisation = ClassFilter { organisation: Some(plan(1).organisation), unit: Some(plan(3).unit), ..ClassFilter::default() };
        assert_eq!(page(of_organisation, None).items.iter().map(|entry| entry.class).collect::<Vec<_>>(), [class_id(3)]);
        assert_eq!(of_person(&view, person(0), at_end_of(50)).unwrap().len(), 1);
    }

    #[test]
    fn the_name_of_a_trainee_is_found_where_it_was_last_told() {
        use zhixin_events::person::{PersonErased, PersonNameCorrected, PersonRegistered};
        use zhixin_events::{DocumentKind, ErasureGround};
        let person = person(0);
        let mut told = story(1);
        let at = |told: &[Told]| u64::try_from(told.len()).unwrap();
        assert_eq!(trainee(&rows(ModelName::Classes, &told), class_id(0), person, at_end_of(50)).unwrap().unwrap().name_position, None);
        let registered = at(&told);
        told.push((day(5), PersonRegistered { person, document_kind: DocumentKind::Passport, number_override: false }.into()));
        told.push((day(45), PersonNameCorrected { person }.into()));
        told.push((day(60), PersonErased { person, ground: ErasureGround::PersonRequest }.into()));
        let view = rows(ModelName::Classes, &told);
        let on = |number| trainee(&view, class_id(0), person, at_end_of(number)).unwrap().unwrap();
        assert_eq!((on(44).name_position, on(45).name_position), (Some(Position(registered)), Some(Position(registered + 1))));
        assert!(on(44).erased, "an erasure is shown in views of the past too");
    }
}
