//! Commands on classes: plan, open, enrol, teach, test, close. What may be asked of them is in [`queries`].

pub(crate) mod queries;

use serde_json::{Value, json};
use zhixin_engine::domain::class::close_run::Lateness;
use zhixin_engine::domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_engine::domain::class::{
    AnnulSession, CancelRun, CloseRun, CorrectAttendance, CorrectCompletionTest, CorrectRegistration, CorrectSession, Employer,
    EmployerDescription, FinishRosterImport, HoldSession, OpenRun, PlanRun, RecordAttendance, RecordCompletionTest, RegisterTrainee,
    ReopenRun, StartRosterImport, VoidCompletionTest, WithdrawTrainee,
};
use zhixin_events::class::PlannedModule;
use zhixin_events::document_number::DocumentNumber;
use zhixin_events::field::Digest32;
use zhixin_events::{
    Attendance, CivilDate, ClassId, CorrectionGround, DeliveryMode, DivisionCode, DocumentKind, Grade, HoursTenths, JobId, LateGround,
    OccupationId, OrganisationId, PeopleCount, PersonId, Points, Secret, SessionNumber, TalentCategory, TrainerId, WithdrawalGround,
};

use super::command::{CommandRoute, route};
use super::input::{Errors, Field, body};

pub(super) const COMMANDS: &[CommandRoute] = &[
    route::<PlanRun>(),
    route::<OpenRun>(),
    route::<RegisterTrainee>(),
    route::<CorrectRegistration>(),
    route::<WithdrawTrainee>(),
    route::<HoldSession>(),
    route::<CorrectSession>(),
    route::<AnnulSession>(),
    route::<RecordAttendance>(),
    route::<CorrectAttendance>(),
    route::<RecordCompletionTest>(),
    route::<CorrectCompletionTest>(),
    route::<VoidCompletionTest>(),
    route::<CloseRun>(),
    route::<ReopenRun>(),
    route::<CancelRun>(),
    route::<StartRosterImport>(),
    route::<FinishRosterImport>(),
];

body! {
    /// One module of the plan of a run.
    PlannedModule {
        /// Code, unique within the run.
        code: String,
        /// Name for people.
        name: String,
        /// Hours planned. Unit: tenths of a continuing-education hour.
        hours_tenths: HoursTenths,
    } => Self { code, name, hours: hours_tenths }
}

body! {
    /// Plans a run of a listed trainer.
    PlanRun {
        /// Its title, a name of a course.
        title: String,
        /// The trainer that holds it.
        trainer: TrainerId,
        /// Place where it is held.
        division: DivisionCode,
        /// Occupation it trains for.
        occupation: OccupationId,
        /// Direction within the occupation, where the grade has any.
        direction: Option<String>,
        /// Grade it trains for.
        grade: Grade,
        /// How it is held.
        mode: DeliveryMode,
        /// First day planned.
        starts_on: CivilDate,
        /// Last day planned.
        ends_on: CivilDate,
        /// Seats.
        seats: PeopleCount,
        /// The plan by module.
        modules: Vec<PlannedModule>,
    } => Self { title, trainer, division, occupation, direction, grade, mode, starts_on, ends_on, seats, modules }
}

body! {
    /// Opens enrolment of a run.
    OpenRun {
        /// The run.
        class: ClassId,
    } => Self { class }
}

body! {
    /// Somebody as a roster describes them.
    PersonDescription {
        /// Kind of the document.
        document_kind: DocumentKind,
        /// Its number.
        document_number: Secret<String>,
        /// Name as on the document.
        name: Secret<String>,
        /// Phone, if given.
        phone: Option<Secret<String>>,
        /// Why a number with a wrong check character is taken; only for an import.
        override_reason: Option<Secret<String>>,
    } => Self { document_kind, document_number: normalised(document_kind, document_number), name, phone, override_reason }
}

/// The number as the record writes it, where its form allows; the decision judges it.
fn normalised(kind: DocumentKind, number: Secret<String>) -> Secret<String> {
    match DocumentNumber::check(kind, number.expose()) {
        Ok(checked) => Secret::new(checked.into_number().expose().to_owned()),
        Err(_) => number,
    }
}

impl Field for Trainee {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        match value {
            Value::String(_) => PersonId::read(value, at, errors).map(Self::Known),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                PersonDescription::read(value, at, errors).map(Self::Described)
            }
        }
    }
    fn schema() -> Value {
        json!({ "oneOf": [PersonId::schema(), PersonDescription::schema()] })
    }
}

body! {
    /// An employer that is no registered organisation, as a roster describes it.
    EmployerDescription {
        /// Its name.
        name: Option<String>,
        /// Its unified social credit code.
        uscc: Option<String>,
        /// Why a code with a wrong check character is taken; only for an import.
        override_reason: Option<Secret<String>>,
    } => Self { name, uscc, override_reason }
}

impl Field for Employer {
    fn read(value: &Value, at: &str, errors: &mut Errors) -> Option<Self> {
        match value {
            Value::String(_) => OrganisationId::read(value, at, errors).map(Self::Registered),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                EmployerDescription::read(value, at, errors).map(Self::Described)
            }
        }
    }
    fn schema() -> Value {
        json!({ "oneOf": [OrganisationId::schema(), EmployerDescription::schema()] })
    }
}

body! {
    /// Gives a person a seat in a run; somebody described by document is found by the number or registered.
    RegisterTrainee {
        /// The run.
        class: ClassId,
        /// The person: an id, or a description.
        person: Trainee,
        /// Why the person counts among those the programme is for.
        category: Option<TalentCategory>,
        /// The employer: the id of a registered organisation, or a description.
        employer: Option<Employer>,
        /// Level of the professional title, as written.
        title_level: Option<String>,
        /// The import that brings the row.
        job: Option<JobId>,
    } => Self { class, person, category, employer, title_level, job }
}

body! {
    /// Gives up the seat of a person.
    WithdrawTrainee {
        /// The run.
        class: ClassId,
        /// The person.
        person: PersonId,
        /// Why.
        ground: WithdrawalGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, person, ground, note }
}

body! {
    /// States the registration of somebody who holds a seat as it was.
    CorrectRegistration {
        /// The run.
        class: ClassId,
        /// The person.
        person: PersonId,
        /// The day on which the seat was taken.
        registered_on: CivilDate,
        /// Why the person counts among those the programme is for.
        category: Option<TalentCategory>,
        /// The employer: the id of a registered organisation, or a description. What is absent is stated to be none.
        employer: Option<Employer>,
        /// Level of the professional title, as written.
        title_level: Option<String>,
        /// Why.
        ground: CorrectionGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, person, registered_on, category, employer, title_level, ground, note }
}

body! {
    /// Records a session that was held.
    HoldSession {
        /// The run.
        class: ClassId,
        /// Its number in the run, from 1.
        session: SessionNumber,
        /// The day.
        held_on: CivilDate,
        /// Code of the module taught.
        module: String,
        /// Hours it counts for. Unit: tenths of a continuing-education hour.
        hours_tenths: HoursTenths,
        /// How it was held.
        mode: DeliveryMode,
    } => Self { class, session, held_on, module, hours: hours_tenths, mode }
}

body! {
    /// States a recorded session as it was; on another day it stands, with its attendances, under the next number.
    CorrectSession {
        /// The run.
        class: ClassId,
        /// The session.
        session: SessionNumber,
        /// The day.
        held_on: CivilDate,
        /// Code of the module taught.
        module: String,
        /// Hours it counts for. Unit: tenths of a continuing-education hour.
        hours_tenths: HoursTenths,
        /// How it was held.
        mode: DeliveryMode,
        /// Why.
        ground: CorrectionGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, session, held_on, module, hours: hours_tenths, mode, ground, note }
}

body! {
    /// Takes back a session that was not held.
    AnnulSession {
        /// The run.
        class: ClassId,
        /// The session.
        session: SessionNumber,
        /// Why.
        ground: CorrectionGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, session, ground, note }
}

body! {
    /// Records whether a person was at a session.
    RecordAttendance {
        /// The run.
        class: ClassId,
        /// The session.
        session: SessionNumber,
        /// The person.
        person: PersonId,
        /// What is recorded.
        attendance: Attendance,
    } => Self { class, session, person, attendance }
}

body! {
    /// Corrects a recorded attendance.
    CorrectAttendance {
        /// The run.
        class: ClassId,
        /// The session.
        session: SessionNumber,
        /// The person.
        person: PersonId,
        /// What is true.
        attendance: Attendance,
        /// Why.
        reason: Secret<String>,
    } => Self { class, session, person, attendance, reason }
}

body! {
    /// Records the completion test of a person.
    RecordCompletionTest {
        /// The run.
        class: ClassId,
        /// The person.
        person: PersonId,
        /// Points reached, of 100.
        points: Points,
    } => Self { class, person, points }
}

body! {
    /// Corrects a recorded completion test.
    CorrectCompletionTest {
        /// The run.
        class: ClassId,
        /// The person.
        person: PersonId,
        /// What is true.
        points: Points,
        /// Why.
        reason: Secret<String>,
    } => Self { class, person, points, reason }
}

body! {
    /// Takes back a completion test that was recorded of the wrong person.
    VoidCompletionTest {
        /// The run.
        class: ClassId,
        /// The person of whom it was recorded.
        person: PersonId,
        /// Why.
        ground: CorrectionGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, person, ground, note }
}

body! {
    /// Why something is told later than late entries may be told.
    Lateness {
        /// Why.
        ground: LateGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { ground, note }
}

body! {
    /// Closes a run that was taught to the end.
    CloseRun {
        /// The run.
        class: ClassId,
        /// Last day; the year and month it counts in.
        closed_on: CivilDate,
        /// Why it is told later than late entries may be told; with it the day may lie further back.
        late: Option<Lateness>,
    } => Self { class, closed_on, late }
}

body! {
    /// Takes back the closing of a run.
    ReopenRun {
        /// The run.
        class: ClassId,
        /// Why.
        ground: CorrectionGround,
        /// Why, in words.
        note: Option<Secret<String>>,
    } => Self { class, ground, note }
}

body! {
    /// Gives up a run.
    CancelRun {
        /// The run.
        class: ClassId,
        /// Why.
        reason: Secret<String>,
        /// Number of the decision, if there is one.
        document_number: Option<String>,
    } => Self { class, reason, document_number }
}

body! {
    /// Starts the import of a roster.
    StartRosterImport {
        /// The run.
        class: ClassId,
        /// Rows read from the file.
        rows: u32,
        /// SHA-256 of the file.
        file_digest: Digest32,
    } => Self { class, rows, file_digest }
}

body! {
    /// Finishes the import of a roster.
    FinishRosterImport {
        /// The import.
        job: JobId,
        /// Rows that became trainees.
        accepted: u32,
        /// Rows that did not.
        refused: u32,
    } => Self { job, accepted, refused }
}
