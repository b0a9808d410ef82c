//! Commands on the directories of occupations and trainers; what may be asked of them is in [`queries`].

pub(crate) mod queries;

use zhixin_engine::domain::directory::{
    AddOccupation, AssignOccupationCode, ChangeTrainerOccupations, ListTrainer, ReinstateTrainer, RemoveTrainer, RenewTrainer,
    SetOccupationDirections, SuspendTrainer,
};
use zhixin_events::{CivilDate, DirectoryNumber, Grade, ListingGround, OccupationId, OrganisationId, PlanYear, SourceMark, TrainerId};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[
    route::<AddOccupation>(),
    route::<AssignOccupationCode>(),
    route::<SetOccupationDirections>(),
    route::<ListTrainer>(),
    route::<SuspendTrainer>(),
    route::<ReinstateTrainer>(),
    route::<RemoveTrainer>(),
    route::<ChangeTrainerOccupations>(),
    route::<RenewTrainer>(),
];

body! {
    /// Adds an occupation to the directory.
    AddOccupation {
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// Code in the classification.
        code: String,
        /// Edition of the classification.
        code_edition: PlanYear,
    } => Self { name_zh, name_en, code, code_edition }
}

body! {
    /// Assigns an occupation a code in another edition.
    AssignOccupationCode {
        /// The occupation.
        occupation: OccupationId,
        /// Its code there.
        code: String,
        /// The edition.
        code_edition: PlanYear,
        /// How sure the code is.
        mark: SourceMark,
        /// Document or table it is taken from.
        source: String,
    } => Self { occupation, code, code_edition, mark, source }
}

body! {
    /// Sets the directions of an occupation for a grade; an empty list means none.
    SetOccupationDirections {
        /// The occupation.
        occupation: OccupationId,
        /// The grade.
        grade: Grade,
        /// The directions.
        directions: Vec<String>,
        /// Standard that says so.
        source: String,
    } => Self { occupation, grade, directions, source }
}

body! {
    /// Lists a trainer.
    ListTrainer {
        /// The organisation.
        organisation: OrganisationId,
        /// Its number in the directory.
        directory_number: DirectoryNumber,
        /// Occupations it is listed for.
        occupations: Vec<OccupationId>,
        /// First day of the listing.
        listed_from: CivilDate,
        /// Last day, where the announcement names it; else it follows from the rule packs.
        listed_until: Option<CivilDate>,
        /// Number of the announcement.
        document_number: String,
        /// Whether it is a national base.
        national_base: bool,
    } => Self { organisation, directory_number, occupations, listed_from, listed_until, document_number, national_base }
}

body! {
    /// Suspends a trainer.
    SuspendTrainer {
        /// The trainer.
        trainer: TrainerId,
        /// Why.
        ground: ListingGround,
        /// Number of the decision.
        document_number: String,
    } => Self { trainer, ground, document_number }
}

body! {
    /// Reinstates a suspended trainer.
    ReinstateTrainer {
        /// The trainer.
        trainer: TrainerId,
        /// Number of the decision.
        document_number: String,
    } => Self { trainer, document_number }
}

body! {
    /// Removes a trainer from the directory.
    RemoveTrainer {
        /// The trainer.
        trainer: TrainerId,
        /// Why.
        ground: ListingGround,
        /// Number of the decision.
        document_number: String,
    } => Self { trainer, ground, document_number }
}

body! {
    /// Changes the occupations of a trainer.
    ChangeTrainerOccupations {
        /// The trainer.
        trainer: TrainerId,
        /// Occupations from now on.
        occupations: Vec<OccupationId>,
        /// Number of the decision.
        document_number: String,
    } => Self { trainer, occupations, document_number }
}

body! {
    /// Extends the term of a trainer's listing.
    RenewTrainer {
        /// The trainer.
        trainer: TrainerId,
        /// Last day, where the announcement names it; else it follows from the rule packs.
        listed_until: Option<CivilDate>,
        /// Number of the announcement.
        document_number: String,
    } => Self { trainer, listed_until, document_number }
}
