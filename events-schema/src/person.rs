//! Person: registration and erasure.
//!
//! Events carry a `PersonId`; name, document number and phone travel sealed under the key of that person. Erasing destroys the key: counts,
//! money and proofs stay. Sources: Plan 4.2-1, 4.2-3; 个人信息保护法 Art. 47.

mod erasure_completed_v1;
mod person_erased_v1;
mod person_name_corrected_v1;
mod person_registered_v1;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum PersonEvent in Person {
        /// A person became known to the programme.
        PersonRegistered = person_registered_v1::PersonRegisteredV1,
        /// The name of a person was recorded wrongly or changed.
        PersonNameCorrected = person_name_corrected_v1::PersonNameCorrectedV1,
        /// The erasure of a person was decided; from here no data of the person are served.
        PersonErased = person_erased_v1::PersonErasedV1,
        /// The keys of an erased person are destroyed, and the group key that wrapped them.
        ErasureCompleted = erasure_completed_v1::ErasureCompletedV1,
    }
}
