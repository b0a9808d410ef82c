//! Wire struct `PersonalDataReadV1`, tag `0x1106`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{AccountId, PersonId, ReadPurpose};

wire! {
    /// Personal data were opened for somebody. Recorded in the log of reads, before the data are sent.
    ///
    /// Nobody can act on behalf of somebody else yet: whoever is signed in reads for themselves, in the role that the commit's header names. A
    /// delegation would bring a `V2` with a field `on_behalf_of` beside `reader`.
    ///
    /// Source: 个人信息保护法 Art. 54, 55.
    pub struct PersonalDataReadV1 {
        /// Who read; the system account for the public.
        open reader: AccountId,
        /// Why.
        open purpose: ReadPurpose,
        /// The number of the case it was for. Open, for it names no person: nothing but letters of the alphabet, digits and a few signs is taken.
        open case_reference: Option<String>,
        /// Names of the fields opened, never values.
        open fields: Vec<String>,
        /// Whose.
        masked persons: Vec<PersonId>,
    }
}
