//! Class: training runs of listed trainers.
//!
//! Life cycle: planned → open → teaching (with the first session) → closed, or cancelled before it is closed.
//! Invariants: a run is held only by a trainer listed on its days for its occupation (Plan 3.3-4, 3.3-5); a seat is taken by one person once
//! (claim `seat`); one attendance per person and session; the completion test is only for those with the hours and the content; a
//! certificate only for those who passed it (Plan 3.3-5). What was recorded wrongly is corrected, never edited.
//! Sources: Plan 3.3-3, 3.3-5, 3.3-8, 4.2-1; SOURCES 2.1.

pub mod annul_session;
pub mod cancel_run;
pub mod close_run;
pub mod completion;
pub mod correct_attendance;
pub mod correct_completion_test;
pub mod correct_registration;
pub mod correct_session;
pub mod employer;
pub mod finish_roster_import;
pub mod hold_session;
pub mod open_run;
pub mod plan_run;
pub mod record_attendance;
pub mod record_completion_test;
pub mod register_trainee;
pub mod reopen_run;
pub mod run;
pub mod start_roster_import;
pub mod state;
pub mod void_completion_test;
pub mod withdraw_trainee;

pub use annul_session::AnnulSession;
pub use cancel_run::CancelRun;
pub use close_run::CloseRun;
pub use correct_attendance::CorrectAttendance;
pub use correct_completion_test::CorrectCompletionTest;
pub use correct_registration::CorrectRegistration;
pub use correct_session::CorrectSession;
pub use employer::{Employer, EmployerDescription};
pub use finish_roster_import::FinishRosterImport;
pub use hold_session::HoldSession;
pub use open_run::OpenRun;
pub use plan_run::PlanRun;
pub use record_attendance::RecordAttendance;
pub use record_completion_test::RecordCompletionTest;
pub use register_trainee::RegisterTrainee;
pub use reopen_run::ReopenRun;
pub use start_roster_import::StartRosterImport;
pub use void_completion_test::VoidCompletionTest;
pub use withdraw_trainee::WithdrawTrainee;
