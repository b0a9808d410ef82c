//! Wire struct `TrainingCertificateRevokedV1`, tag `0x0a02`. Frozen: a change is a `V2` with a new tag.

use crate::macros::wire;
use crate::{CertificateId, RevocationGround};

wire! {
    /// A training certificate was taken away.
    ///
    /// Source: Plan 3.3-5, 4.4-7.
    pub struct TrainingCertificateRevokedV1 {
        /// The certificate.
        open certificate: CertificateId,
        /// Its number.
        open number: String,
        /// Why.
        open ground: RevocationGround,
        /// Number of the decision.
        open document_number: String,
    }
}
