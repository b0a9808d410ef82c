//! Directory: occupations and trainers.
//!
//! An occupation keeps one id whatever its codes; the directions of a grade are listed, none (an empty list), or not yet known (no entry).
//! A trainer is listed for occupations over a term, once per organisation (claim `trainer_of_organisation`); renewed, suspended and
//! reinstated; removed for good; expired when the term ends. While suspended it plans, opens and enrols nothing, and finishes the runs it
//! opened (ours). After a removal, certificates already issued stay valid unless revoked. Sources: Plan 3.3-2 to 3.3-4, 3.3-8; SOURCES 2.1, 3.

pub mod add_occupation;
pub mod assign_occupation_code;
pub mod change_trainer_occupations;
pub mod list_trainer;
pub mod listing;
pub mod occupation_code;
pub mod reinstate_trainer;
pub mod remove_trainer;
pub mod renew_trainer;
pub mod set_occupation_directions;
pub mod state;
pub mod suspend_trainer;

pub use add_occupation::AddOccupation;
pub use assign_occupation_code::AssignOccupationCode;
pub use change_trainer_occupations::ChangeTrainerOccupations;
pub use list_trainer::ListTrainer;
pub use reinstate_trainer::ReinstateTrainer;
pub use remove_trainer::RemoveTrainer;
pub use renew_trainer::RenewTrainer;
pub use set_occupation_directions::SetOccupationDirections;
pub use suspend_trainer::SuspendTrainer;
