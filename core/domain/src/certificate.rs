//! Certificate: the training certificate (培训合格证书), issued by the trainer after its completion test.
//!
//! Issued once per person and class (claim `certificate_once`), numbered in the series of its trainer and year, revoked for cause. The grade
//! certificate is another document with another issuer. Sources: Plan 3.3-5, 4.2-5; SOURCES 2.2 (numbering: ours until the official
//! rule is known).

pub mod issue_training_certificate;
pub mod number;
pub mod revoke_training_certificate;
pub mod state;

pub use issue_training_certificate::IssueTrainingCertificate;
pub use revoke_training_certificate::RevokeTrainingCertificate;
