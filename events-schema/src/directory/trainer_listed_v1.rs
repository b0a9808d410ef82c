//! Wire struct `TrainerListedV1`, tag `0x0804`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CivilDate, DirectoryNumber, OccupationId, OrganisationId, ReportingUnit, TrainerId};

wire! {
    /// A trainer entered the directory.
    ///
    /// Source: Plan 3.3-4, 3.3-8.
    pub struct TrainerListedV1 {
        /// The entry.
        open trainer: TrainerId,
        /// The organisation.
        open organisation: OrganisationId,
        /// Name of the organisation as listed.
        open name: String,
        /// Reporting unit it lies in.
        open unit: ReportingUnit,
        /// Its number in the directory.
        open directory_number: DirectoryNumber,
        /// Occupations it is listed for.
        open occupations: Vec<OccupationId>,
        /// First day of the listing.
        open listed_from: CivilDate,
        /// Last day of the listing.
        open listed_until: CivilDate,
        /// Whether it is a national base; those are preferred.
        open national_base: bool,
        /// Number of the announcement.
        open document_number: String,
    }
}
