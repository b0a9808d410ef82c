//! Certificate: the training certificate (培训合格证书), issued by the trainer after its completion test.
//!
//! Issued once per person and class; revoked for cause. The grade certificate (专业技术等级证书) is another document and not here.
//! Sources: Plan 3.3-5, 4.2-5.

mod training_certificate_issued_v1;
mod training_certificate_revoked_v1;

use crate::macros::area_events;

area_events! {
    /// What can happen in this area.
    pub enum CertificateEvent in Certificate {
        /// A training certificate was issued.
        TrainingCertificateIssued = training_certificate_issued_v1::TrainingCertificateIssuedV1,
        /// A training certificate was taken away.
        TrainingCertificateRevoked = training_certificate_revoked_v1::TrainingCertificateRevokedV1,
    }
}
