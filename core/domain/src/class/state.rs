//! State of a class and of an import, and what each class event means for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_events::class::{ClassEvent, PlannedModule};
use zhixin_events::{
    Attendance, CertificateId, CivilDate, ClassId, ClassStatus, Grade, HoursTenths, Line, OccupationId, OrganisationId, PeopleCount,
    PersonId, PlanYear, Points, Position, ReportingUnit, RevocationGround, SessionNumber, TrainerId,
};

use crate::state::{Fact, SubjectState};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassState {
    /// The plan; absent before it is planned.
    pub plan: Option<RunPlan>,
    /// Where it stands; absent before it is planned.
    pub status: Option<ClassStatus>,
    /// When it last came to another status; the first session aside, which any earlier one may precede.
    pub status_on: CivilDate,
    /// When enrolment was opened.
    pub opened_on: CivilDate,
    /// Sessions held, by number.
    pub sessions: BTreeMap<SessionNumber, Session>,
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

/// A session that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The day.
    pub held_on: CivilDate,
    /// Module taught.
    pub module: String,
    /// Hours it counts for.
    pub hours: HoursTenths,
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

/// A person in a class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trainee {
    /// Whether the seat is held.
    pub seated: bool,
    /// When it was last taken or given up.
    pub seat_on: CivilDate,
    /// Attendance by session.
    pub attendance: BTreeMap<SessionNumber, AttendanceMark>,
    /// The last completion test.
    pub test: Option<TestMark>,
    /// Completion tests recorded.
    pub attempts: u32,
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
    /// The last event that recorded or corrected an attendance or a test.
    pub fn last_mark_at(&self) -> Option<Position> {
        self.attendance.values().map(|mark| mark.position).chain(self.test.map(|mark| mark.position)).max()
    }
}

impl ClassState {
    /// Seats taken.
    pub fn seats_taken(&self) -> usize {
        self.trainees.values().filter(|trainee| trainee.seated).count()
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
    /// The day before which the run can neither close nor be cancelled.
    pub fn last_fact_on(&self) -> CivilDate {
        self.sessions.values().map(|session| session.held_on).fold(self.status_on, CivilDate::max)
    }
    fn attended<'a>(&'a self, trainee: &'a Trainee) -> impl Iterator<Item = &'a Session> {
        trainee
            .attendance
            .iter()
            .filter(|(_, mark)| mark.attendance == Attendance::Present)
            .filter_map(|(number, _)| self.sessions.get(number))
    }
    fn reach(&mut self, status: ClassStatus, fact: &Fact<'_>) {
        (self.status, self.status_on) = (Some(status), fact.effective_on);
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
    if let ClassEvent::TraineeWithdrawn(_) = event {
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

fn apply_to_class(class: &mut ClassState, event: &ClassEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        ClassEvent::RunPlanned(event) => {
            class.plan = Some(RunPlan {
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
            });
            class.reach(ClassStatus::Planned, fact);
            class.first_position = Some(fact.position);
        }
        ClassEvent::RunOpened(_) => {
            class.reach(ClassStatus::Open, fact);
            class.opened_on = fact.effective_on;
        }
        ClassEvent::TraineeRegistered(event) => {
            let trainee = class.trainees.entry(event.person).or_default();
            (trainee.seated, trainee.seat_on) = (true, fact.effective_on);
        }
        ClassEvent::TraineeWithdrawn(event) => {
            let trainee = class.trainee(event.person)?;
            (trainee.seated, trainee.seat_on) = (false, fact.effective_on);
        }
        ClassEvent::SessionHeld(event) => {
            class.status = Some(ClassStatus::Teaching);
            let session = Session { held_on: event.held_on, module: event.module.clone(), hours: event.hours };
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
            let trainee = class.trainee(event.person)?;
            (trainee.test, trainee.attempts) = (Some(mark), trainee.attempts.saturating_add(1));
        }
        ClassEvent::CompletionTestCorrected(event) => {
            let mark = TestMark { points: event.points, passed: event.passed, position: fact.position, effective_on: fact.effective_on };
            class.trainee(event.person)?.test = Some(mark);
        }
        ClassEvent::RunClosed(_) => class.reach(ClassStatus::Closed, fact),
        ClassEvent::RunCancelled(_) => class.reach(ClassStatus::Cancelled, fact),
        ClassEvent::RosterImportStarted(_) | ClassEvent::RosterImportFinished(_) => {}
    }
    Ok(())
}
