//! Wire struct `PersonRegisteredV1`, tag `0x0501`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{DocumentKind, PersonId};

wire! {
    /// A person became known to the programme.
    ///
    /// Source: Plan 4.2-1.
    pub struct PersonRegisteredV1 {
        /// The person.
        masked person: PersonId,
        /// Kind of the identity document.
        masked document_kind: DocumentKind,
        /// Whether the number was taken although its check character is wrong.
        masked number_override: bool,
    }
    sealed {
        /// Name as on the document.
        name of Person,
        /// Number of the document.
        document_number of Person,
        /// Phone, if given.
        phone of Person,
        /// Why a number with a wrong check character was taken.
        override_reason of Person,
    }
}
