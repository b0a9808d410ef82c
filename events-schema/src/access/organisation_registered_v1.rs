//! Wire struct `OrganisationRegisteredV1`, tag `0x1101`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{OrganisationId, ReportingUnit, Uscc};

wire! {
    /// An organisation became known to the programme.
    ///
    /// Source: Plan 3.3-4, 4.1-1.
    pub struct OrganisationRegisteredV1 {
        /// The organisation.
        open organisation: OrganisationId,
        /// Its name.
        open name: String,
        /// Its unified social credit code.
        open uscc: Uscc,
        /// Reporting unit it lies in.
        open unit: ReportingUnit,
        /// Whether the code was taken although its check character is wrong.
        open check_overridden: bool,
    }
}
