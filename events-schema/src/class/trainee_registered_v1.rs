//! Wire struct `TraineeRegisteredV1`, tag `0x0303`. Frozen: a change is a `V2` with a new tag.

use super::StatedEmployer;
use crate::macros::wire;
use crate::{ClassId, JobId, OrganisationId, PersonId, TalentCategory};

wire! {
    /// A person took a seat in a run.
    ///
    /// Source: Plan 3.3-5, 4.2-1.
    pub struct TraineeRegisteredV1 {
        /// The run.
        open class: ClassId,
        /// The person.
        masked person: PersonId,
        /// Why the person counts among those the programme is for; absent when not stated.
        masked category: Option<TalentCategory>,
        /// Employer, where it is a registered organisation.
        masked employer: Option<OrganisationId>,
        /// Employer as the roster states it, where it is no registered organisation.
        masked employer_stated: Option<StatedEmployer>,
        /// Level of the professional title as the roster states it: titles of regions differ, so no list is forced on them.
        masked title_level: Option<String>,
        /// The import that brought the row, if one did.
        open job: Option<JobId>,
    }
    sealed {
        /// Why a code of the employer that the standard refuses was taken.
        employer_override_reason of Person,
    }
}
