//! State of a class and of an import, and what each class event means for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_events::class::{ClassEvent, PlannedModule};
use zhixin_events::{
    Attendance, CertificateId, CivilDate, ClassId, ClassStatus, Grade, HoursTenths, Line, OccupationId, OrganisationId, PeopleCount,
    PersonId, PlanYear, Points, Position, ReportingUnit, SessionNumber, TrainerId,
};

use crate::state::{Fact, SubjectState};

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassState {
    /// The plan; absent before it is planned.
    pub plan: Option<RunPlan>,
    /// Where it stands; absent before it is planned.
    pub status: Option<ClassStatus>,
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
    /// Attendance by session.
    pub attendance: BTreeMap<SessionNumber, AttendanceMark>,
    /// Completion test.
    pub test: Option<TestMark>,
    /// Training certificate in force.
    pub certificate: Option<CertificateId>,
    /// Hours posted.
    pub hours: Option<HoursMark>,
}

impl ClassState {
    /// Seats taken.
    pub fn seats_taken(&self) -> usize {
        self.trainees.values().filter(|trainee| trainee.seated).count()
    }
    /// Hours of all sessions held.
    pub fn hours_held(&self) -> HoursTenths {
        self.sessions.values().fold(HoursTenths::default(), |sum, session| sum.plus(session.hours))
    }
    /// Hours a trainee attended; excused is not attended.
    pub fn hours_attended(&self, trainee: &Trainee) -> HoursTenths {
        self.attended(trainee).fold(HoursTenths::default(), |sum, session| sum.plus(session.hours))
    }
    /// Whether a trainee attended a session of a module.
    pub fn attended_module(&self, trainee: &Trainee, module: &str) -> bool {
        self.attended(trainee).any(|session| session.module == module)
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
            class.status = Some(ClassStatus::Planned);
            class.first_position = Some(fact.position);
        }
        ClassEvent::RunOpened(_) => class.status = Some(ClassStatus::Open),
        ClassEvent::TraineeRegistered(event) => class.trainees.entry(event.person).or_default().seated = true,
        ClassEvent::TraineeWithdrawn(event) => class.trainee(event.person)?.seated = false,
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
            class.trainee(event.person)?.test = Some(mark);
        }
        ClassEvent::CompletionTestCorrected(event) => {
            let mark = TestMark { points: event.points, passed: event.passed, position: fact.position, effective_on: fact.effective_on };
            class.trainee(event.person)?.test = Some(mark);
        }
        ClassEvent::RunClosed(_) => class.status = Some(ClassStatus::Closed),
        ClassEvent::RunCancelled(_) => class.status = Some(ClassStatus::Cancelled),
        ClassEvent::RosterImportStarted(_) | ClassEvent::RosterImportFinished(_) => {}
    }
    Ok(())
}
