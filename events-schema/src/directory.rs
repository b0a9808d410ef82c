//! Directory: occupations and trainers.
//!
//! An occupation keeps one id whatever its codes; its directions are listed, none, or not yet known, for each grade. A trainer is listed
//! for occupations over a term; suspended, reinstated, renewed, removed. Sources: Plan 3.3-2 to 3.3-4; SOURCES 2.1, 3.

mod occupation_added_v1;
mod occupation_code_assigned_v1;
mod occupation_code_assigned_v2;
mod occupation_directions_set_v1;
mod trainer_listed_v1;
mod trainer_occupations_changed_v1;
mod trainer_reinstated_v1;
mod trainer_removed_v1;
mod trainer_renewed_v1;
mod trainer_suspended_v1;

use crate::macros::area_events;

pub use occupation_code_assigned_v1::OccupationCodeAssignedV1;

area_events! {
    /// What can happen in this area.
    pub enum DirectoryEvent in Directory {
        /// An occupation entered the directory.
        OccupationAdded = occupation_added_v1::OccupationAddedV1,
        /// An occupation got a code in another edition of the classification.
        OccupationCodeAssigned = occupation_code_assigned_v2::OccupationCodeAssignedV2,
        /// The directions of an occupation for a grade became known.
        OccupationDirectionsSet = occupation_directions_set_v1::OccupationDirectionsSetV1,
        /// A trainer entered the directory.
        TrainerListed = trainer_listed_v1::TrainerListedV1,
        /// A trainer may hold no further runs for now.
        TrainerSuspended = trainer_suspended_v1::TrainerSuspendedV1,
        /// A suspended trainer may hold runs again.
        TrainerReinstated = trainer_reinstated_v1::TrainerReinstatedV1,
        /// A trainer left the directory for good.
        TrainerRemoved = trainer_removed_v1::TrainerRemovedV1,
        /// The occupations of a listed trainer changed.
        TrainerOccupationsChanged = trainer_occupations_changed_v1::TrainerOccupationsChangedV1,
        /// The term of a trainer's listing was extended.
        TrainerRenewed = trainer_renewed_v1::TrainerRenewedV1,
    }
}
