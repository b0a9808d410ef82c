//! Commands on training certificates; what may be asked of them is in [`queries`].

pub(crate) mod queries;

use zhixin_engine::domain::certificate::{IssueTrainingCertificate, RevokeTrainingCertificate};
use zhixin_events::{CertificateId, ClassId, PersonId, RevocationGround};

use super::command::{CommandRoute, route};
use super::input::body;

pub(super) const COMMANDS: &[CommandRoute] = &[route::<IssueTrainingCertificate>(), route::<RevokeTrainingCertificate>()];

body! {
    /// Issues a training certificate.
    IssueTrainingCertificate {
        /// The run.
        class: ClassId,
        /// The holder.
        person: PersonId,
    } => Self { class, person }
}

body! {
    /// Takes a training certificate away.
    RevokeTrainingCertificate {
        /// The certificate.
        certificate: CertificateId,
        /// Why.
        ground: RevocationGround,
        /// Number of the decision.
        document_number: String,
    } => Self { certificate, ground, document_number }
}
