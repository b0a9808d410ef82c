//! Wire struct `TrainingCertificateIssuedV1`, tag `0x0a01`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CertificateId, CivilDate, ClassId, Grade, HoursTenths, OccupationId, PersonId, TrainerId};

wire! {
    /// A training certificate was issued.
    ///
    /// Source: Plan 3.3-5.
    pub struct TrainingCertificateIssuedV1 {
        /// The certificate.
        open certificate: CertificateId,
        /// Its number by our own numbering, marked as such until the official rule is known.
        open number: String,
        /// The run.
        open class: ClassId,
        /// The holder.
        masked person: PersonId,
        /// The issuer.
        open trainer: TrainerId,
        /// Occupation.
        open occupation: OccupationId,
        /// Direction, where the grade has any.
        open direction: Option<String>,
        /// Grade.
        open grade: Grade,
        /// Date on the certificate.
        open issued_on: CivilDate,
        /// Hours completed.
        masked hours: HoursTenths,
        /// Position of the event that carries the name it was issued to.
        masked name_position: u64,
    }
}
