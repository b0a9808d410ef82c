//! Class: training runs of listed trainers, from the plan to the last correction.
//!
//! Life cycle: planned, open, teaching (from the first session), closed or cancelled. Attendance is one event per person and session; what
//! was recorded wrongly is corrected by a later event that carries the effective date of what it corrects.
//! Sources: Plan 3.3-3, 3.3-5, 3.3-8, 4.2-1.

mod attendance_corrected_v1;
mod attendance_recorded_v1;
mod completion_test_corrected_v1;
mod completion_test_recorded_v1;
mod completion_test_voided_v1;
mod planned_module;
mod registration_annulled_v1;
mod roster_import_finished_v1;
mod roster_import_started_v1;
mod run_cancelled_v1;
mod run_closed_v1;
mod run_opened_v1;
mod run_planned_v1;
mod run_reopened_v1;
mod session_annulled_v1;
mod session_corrected_v1;
mod session_held_v1;
mod stated_employer;
mod trainee_registered_v1;
mod trainee_withdrawn_v1;

pub use planned_module::PlannedModule;
pub use stated_employer::StatedEmployer;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum ClassEvent in Class {
        /// A trainer planned a run for an occupation, direction and grade.
        RunPlanned = run_planned_v1::RunPlannedV1,
        /// Enrolment of a run was opened.
        RunOpened = run_opened_v1::RunOpenedV1,
        /// A person took a seat in a run.
        TraineeRegistered = trainee_registered_v1::TraineeRegisteredV1,
        /// A person gave up a seat.
        TraineeWithdrawn = trainee_withdrawn_v1::TraineeWithdrawnV1,
        /// A session of a run was held.
        SessionHeld = session_held_v1::SessionHeldV1,
        /// Whether a person was at a session.
        AttendanceRecorded = attendance_recorded_v1::AttendanceRecordedV1,
        /// A recorded attendance was wrong.
        AttendanceCorrected = attendance_corrected_v1::AttendanceCorrectedV1,
        /// The completion test of a person was marked.
        CompletionTestRecorded = completion_test_recorded_v1::CompletionTestRecordedV1,
        /// A recorded completion test was wrong.
        CompletionTestCorrected = completion_test_corrected_v1::CompletionTestCorrectedV1,
        /// A run ended.
        RunClosed = run_closed_v1::RunClosedV1,
        /// A run was given up.
        RunCancelled = run_cancelled_v1::RunCancelledV1,
        /// An import of a roster began.
        RosterImportStarted = roster_import_started_v1::RosterImportStartedV1,
        /// An import of a roster ended.
        RosterImportFinished = roster_import_finished_v1::RosterImportFinishedV1,
        /// What was recorded of a session was wrong.
        SessionCorrected = session_corrected_v1::SessionCorrectedV1,
        /// A recorded session was not held, or not on that day.
        SessionAnnulled = session_annulled_v1::SessionAnnulledV1,
        /// A run had not ended, or not on that day.
        RunReopened = run_reopened_v1::RunReopenedV1,
        /// A recorded completion test was never taken by the person.
        CompletionTestVoided = completion_test_voided_v1::CompletionTestVoidedV1,
        /// A registration was recorded wrongly.
        RegistrationAnnulled = registration_annulled_v1::RegistrationAnnulledV1,
    }
}
