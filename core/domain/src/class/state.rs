//! State of a class and of an import, and what each class event means for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_events::class::{ClassEvent, PlannedModule, RunPlanned, StatedEmployer};
use zhixin_events::{
    Attendance, CertificateId, CivilDate, ClassId, ClassStatus, DeliveryMode, Grade, HoursTenths, Line, OccupationId, OrganisationId,
    PeopleCount, PersonId, PlanYear, Points, Position, ReportingUnit, RevocationGround, SessionNumber, TalentCategory, TrainerId,
};

use crate::state::{Fact, SubjectState};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassState {
    /// The plan; absent before it is planned.
    pub plan: Option<RunPlan>,
    /// When it was planned.
    pub planned_on: CivilDate,
    /// When enrolment was opened.
    pub opened_on: Option<CivilDate>,
    /// The closing that stands, by the event that says so; a view by date may see one that is taken back beside the right one.
    pub closings: BTreeMap<Position, CivilDate>,
    /// Whether it was given up.
    pub cancelled: bool,
    /// Sessions held, by number.
    pub sessions: BTreeMap<SessionNumber, Session>,
    /// Sessions recorded but not held, or not on that day, with the events that say so. Their numbers stay used.
    pub annulled: BTreeMap<SessionNumber, Position>,
    /// Everybody who ever had a seat.
    pub trainees: BTreeMap<PersonId, Trainee>,
    /// The first event of its story.
    pub first_position: Option<Position>,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Line of the programme.
    pub line: Line,
    /// The trainer.
    pub trainer: TrainerId,
    /// The organisation behind it.
    pub organisation: OrganisationId,
    /// Reporting unit of the organiser.
    pub unit: ReportingUnit,
    /// Occupation.
    pub occupation: OccupationId,
    /// Direction, where the grade has any.
    pub direction: Option<String>,
    /// Grade.
    pub grade: Grade,
    /// First day planned.
    pub starts_on: CivilDate,
    /// Last day planned.
    pub ends_on: CivilDate,
    /// Seats.
    pub seats: PeopleCount,
    /// Modules.
    pub modules: Vec<PlannedModule>,
}

impl RunPlan {
    fn of(event: &RunPlanned) -> Self {
        Self {
            line: event.line,
            trainer: event.trainer,
            organisation: event.organisation,
            unit: event.unit,
            occupation: event.occupation,
            direction: event.direction.clone(),
            grade: event.grade,
            starts_on: event.starts_on,
            ends_on: event.ends_on,
            seats: event.seats,
            modules: event.modules.clone(),
        }
    }
}

/// A session that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The day.
    pub held_on: CivilDate,
    /// Module taught.
    pub module: String,
    /// Hours it counts for.
    pub hours: HoursTenths,
    /// How it was held.
    pub mode: DeliveryMode,
    /// The event that says so.
    pub position: Position,
}

/// A recorded attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendanceMark {
    /// What holds now.
    pub attendance: Attendance,
    /// The event that says so.
    pub position: Position,
    /// When it took place.
    pub effective_on: CivilDate,
}

/// A marked completion test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMark {
    /// Points.
    pub points: Points,
    /// Whether they suffice.
    pub passed: bool,
    /// The event that says so.
    pub position: Position,
    /// When it took place.
    pub effective_on: CivilDate,
}

/// Hours that were posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursMark {
    /// Year they count in.
    pub year: PlanYear,
    /// How many.
    pub professional: HoursTenths,
    /// The event that posted them.
    pub position: Position,
    /// When it took place.
    pub effective_on: CivilDate,
}

/// A seat that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// When it was taken.
    pub taken_on: CivilDate,
    /// Why the person counts among those the programme is for.
    pub category: Option<TalentCategory>,
    /// Employer, where it is a registered organisation.
    pub employer: Option<OrganisationId>,
    /// Employer as the roster states it, where it is none.
    pub employer_stated: Option<StatedEmployer>,
    /// Level of the professional title, as written.
    pub title_level: Option<String>,
    /// The event that says so.
    pub position: Position,
}

/// A person in a class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trainee {
    /// The seat, if one is held; a view by date may see one that is taken back beside the right one.
    pub seats: Vec<Seat>,
    /// When the first seat was taken that was given up since.
    pub first_seat_on: Option<CivilDate>,
    /// When a seat was last given up.
    pub left_on: Option<CivilDate>,
    /// Attendance by session.
    pub attendance: BTreeMap<SessionNumber, AttendanceMark>,
    /// Completion tests, in order.
    pub tests: Vec<TestMark>,
    /// Training certificate in force.
    pub certificate: Option<CertificateId>,
    /// When a certificate was last issued or revoked.
    pub certificate_on: CivilDate,
    /// Why a certificate was revoked last, and the event that says so.
    pub revoked: Option<(RevocationGround, Position)>,
    /// Hours posted.
    pub hours: Option<HoursMark>,
    /// When hours were last posted, even if they were taken back.
    pub hours_on: CivilDate,
}

impl Trainee {
    /// The seat held.
    pub fn seat(&self) -> Option<&Seat> {
        self.seats.last()
    }
    /// When the seat was last taken or given up.
    pub fn seat_on(&self) -> CivilDate {
        self.seat().map(|seat| seat.taken_on).or(self.left_on).unwrap_or_default()
    }
    /// When a seat was first taken.
    pub fn enrolled_on(&self) -> CivilDate {
        self.first_seat_on.unwrap_or_else(|| self.seat_on())
    }
    fn test_at(&mut self, position: u64) -> Result<&mut TestMark, &'static str> {
        self.tests.iter_mut().find(|mark| mark.position.0 == position).ok_or("a completion test is corrected that does not stand")
    }
    fn void_test(&mut self, position: u64) -> Result<(), &'static str> {
        let voided = self.test_at(position)?.position;
        self.tests.retain(|mark| mark.position != voided);
        Ok(())
    }
    fn annul_seat(&mut self, position: u64) -> Result<(), &'static str> {
        let known = self.seats.len();
        self.seats.retain(|seat| seat.position.0 != position);
        if self.seats.len() == known { Err("a registration is annulled that does not stand") } else { Ok(()) }
    }
    fn leave(&mut self, on: CivilDate) {
        self.first_seat_on = self.first_seat_on.or(self.seats.first().map(|seat| seat.taken_on));
        self.seats.clear();
        self.left_on = Some(on);
    }
    /// The last completion test.
    pub fn test(&self) -> Option<TestMark> {
        self.tests.last().copied()
    }
}

impl ClassState {
    /// Where it stands; absent before it is planned.
    pub fn status(&self) -> Option<ClassStatus> {
        self.plan.as_ref()?;
        Some(if self.cancelled {
            ClassStatus::Cancelled
        } else if !self.closings.is_empty() {
            ClassStatus::Closed
        } else if !self.sessions.is_empty() {
            ClassStatus::Teaching
        } else if self.opened_on.is_some() {
            ClassStatus::Open
        } else {
            ClassStatus::Planned
        })
    }
    /// Its last day, once it is closed, and the event that says so.
    pub fn closing(&self) -> Option<(Position, CivilDate)> {
        self.closings.last_key_value().map(|(position, closed_on)| (*position, *closed_on))
    }
    /// The last event that recorded or corrected an attendance or the test of a trainee, or a session that the trainee has an attendance at.
    pub fn last_mark_at(&self, trainee: &Trainee) -> Option<Position> {
        let sessions = trainee
            .attendance
            .keys()
            .filter_map(|number| self.annulled.get(number).copied().or_else(|| self.sessions.get(number).map(|session| session.position)));
        sessions.chain(trainee.attendance.values().map(|mark| mark.position)).chain(trainee.test().map(|mark| mark.position)).max()
    }
    /// Seats taken.
    pub fn seats_taken(&self) -> usize {
        self.trainees.values().filter(|trainee| trainee.seat().is_some()).count()
    }
    /// Hours of the sessions held up to a day.
    pub fn hours_held_by(&self, day: CivilDate) -> HoursTenths {
        let held = self.sessions.values().filter(|session| session.held_on <= day);
        held.fold(HoursTenths::default(), |sum, session| sum.plus(session.hours))
    }
    /// Hours of the sessions held on a day.
    pub fn hours_held_on(&self, day: CivilDate) -> HoursTenths {
        let held = self.sessions.values().filter(|session| session.held_on == day);
        held.fold(HoursTenths::default(), |sum, session| sum.plus(session.hours))
    }
    /// Hours a trainee attended; excused is not attended.
    pub fn hours_attended(&self, trainee: &Trainee) -> HoursTenths {
        self.attended(trainee).fold(HoursTenths::default(), |sum, session| sum.plus(session.hours))
    }
    /// Whether a trainee attended a session of a module.
    pub fn attended_module(&self, trainee: &Trainee, module: &str) -> bool {
        self.attended(trainee).any(|session| session.module == module)
    }
    /// The last day on which a trainee attended a session.
    pub fn last_attended_on(&self, trainee: &Trainee) -> Option<CivilDate> {
        self.attended(trainee).map(|session| session.held_on).max()
    }
    /// The day before which nothing of the teaching takes place.
    pub fn begun_on(&self) -> CivilDate {
        self.opened_on.unwrap_or(self.planned_on)
    }
    /// The day before which the run cannot be cancelled.
    pub fn last_fact_on(&self) -> CivilDate {
        self.sessions.values().map(|session| session.held_on).fold(self.begun_on(), CivilDate::max)
    }
    fn attended<'a>(&'a self, trainee: &'a Trainee) -> impl Iterator<Item = &'a Session> {
        trainee
            .attendance
            .iter()
            .filter(|(_, mark)| mark.attendance == Attendance::Present)
            .filter_map(|(number, _)| self.sessions.get(number))
    }
    fn trainee(&mut self, person: PersonId) -> Result<&mut Trainee, &'static str> {
        self.trainees.get_mut(&person).ok_or("a fact about somebody who never had a seat")
    }
}

/// The import of a roster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobState {
    /// The class.
    pub class: Option<ClassId>,
    /// Rows read.
    pub rows: u32,
    /// Rows that became trainees.
    pub accepted: u32,
    /// Whether it ended.
    pub finished: bool,
}

/// Folds a class event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &ClassEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    if let ClassEvent::TraineeRegistered(_) = event {
        state.hold_claim(fact.position)?;
    }
    if let ClassEvent::TraineeWithdrawn(_) | ClassEvent::RegistrationAnnulled(_) = event {
        state.release_claim();
    }
    if let SubjectState::Job(job) = state {
        apply_to_job(job, event);
    }
    if let SubjectState::Class(class) = state {
        apply_to_class(class, event, fact)?;
    }
    Ok(())
}

fn apply_to_job(job: &mut JobState, event: &ClassEvent) {
    if let ClassEvent::RosterImportStarted(event) = event {
        job.class = Some(event.class);
        job.rows = event.rows;
    }
    if let ClassEvent::TraineeRegistered(_) = event {
        job.accepted = job.accepted.saturating_add(1);
    }
    if let ClassEvent::RosterImportFinished(_) = event {
        job.finished = true;
    }
}

/// Folds a class event into the state of its class.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply_to_class(class: &mut ClassState, event: &ClassEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        ClassEvent::RunPlanned(event) => {
            class.plan = Some(RunPlan::of(event));
            class.planned_on = fact.effective_on;
            class.first_position = Some(fact.position);
        }
        ClassEvent::RunOpened(_) => class.opened_on = Some(fact.effective_on),
        ClassEvent::TraineeRegistered(event) => {
            let seat = Seat {
                taken_on: fact.effective_on,
                category: event.category,
                employer: event.employer,
                employer_stated: event.employer_stated.clone(),
                title_level: event.title_level.clone(),
                position: fact.position,
            };
            class.trainees.entry(event.person).or_default().seats.push(seat);
        }
        ClassEvent::RegistrationAnnulled(event) => class.trainee(event.person)?.annul_seat(event.corrects)?,
        ClassEvent::TraineeWithdrawn(event) => class.trainee(event.person)?.leave(fact.effective_on),
        ClassEvent::SessionHeld(event) => {
            let (held_on, module) = (event.held_on, event.module.clone());
            let session = Session { held_on, module, hours: event.hours, mode: event.mode, position: fact.position };
            if class.sessions.insert(event.session, session).is_some() {
                return Err("a session was held twice");
            }
        }
        ClassEvent::AttendanceRecorded(event) => {
            let mark = AttendanceMark { attendance: event.attendance, position: fact.position, effective_on: fact.effective_on };
            class.trainee(event.person)?.attendance.insert(event.session, mark);
        }
        ClassEvent::AttendanceCorrected(event) => {
            let mark = AttendanceMark { attendance: event.after, position: fact.position, effective_on: fact.effective_on };
            class.trainee(event.person)?.attendance.insert(event.session, mark);
        }
        ClassEvent::CompletionTestRecorded(event) => {
            let mark = TestMark { points: event.points, passed: event.passed, position: fact.position, effective_on: fact.effective_on };
            class.trainee(event.person)?.tests.push(mark);
        }
        ClassEvent::CompletionTestCorrected(event) => {
            let mark = TestMark { points: event.points, passed: event.passed, position: fact.position, effective_on: fact.effective_on };
            *class.trainee(event.person)?.test_at(event.corrects)? = mark;
        }
        ClassEvent::CompletionTestVoided(event) => class.trainee(event.person)?.void_test(event.corrects)?,
        ClassEvent::SessionCorrected(event) => {
            let session = class.sessions.get_mut(&event.session).ok_or("a session is corrected that was not held")?;
            let (held_on, module) = (session.held_on, event.module.clone());
            *session = Session { held_on, module, hours: event.hours, mode: event.mode, position: fact.position };
        }
        ClassEvent::SessionAnnulled(event) => {
            class.sessions.remove(&event.session).ok_or("a session is annulled that was not held")?;
            class.annulled.insert(event.session, fact.position);
        }
        ClassEvent::RunClosed(event) => {
            class.closings.insert(fact.position, event.closed_on);
        }
        ClassEvent::RunReopened(event) => {
            class.closings.remove(&Position(event.corrects)).ok_or("a closing is taken back that does not stand")?;
        }
        ClassEvent::RunCancelled(_) => class.cancelled = true,
        ClassEvent::RosterImportStarted(_) | ClassEvent::RosterImportFinished(_) => {}
    }
    Ok(())
}
