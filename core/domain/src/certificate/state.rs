//! State of a certificate, and what each certificate event means for it and for the class it comes from.

use serde::{Deserialize, Serialize};
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::{ClassId, PersonId, Position};

use crate::state::{Fact, SubjectState};

/// A training certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CertificateState {
    /// Its number.
    pub number: String,
    /// The class it comes from.
    pub class: Option<ClassId>,
    /// Its holder.
    pub person: Option<PersonId>,
    /// The event that issued it.
    pub issued_at: Option<Position>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Folds a certificate event into the state of a subject that it concerns.
///
/// # Errors
/// The event does not fit the history.
pub(crate) fn apply(state: &mut SubjectState, event: &CertificateEvent, fact: &Fact<'_>) -> Result<(), &'static str> {
    match event {
        CertificateEvent::TrainingCertificateIssued(event) => {
            state.hold_claim(fact.position)?;
            if let SubjectState::Certificate(certificate) = state {
                *certificate = CertificateState {
                    number: event.number.clone(),
                    class: Some(event.class),
                    person: Some(event.person),
                    issued_at: Some(fact.position),
                    revoked: false,
                };
            }
            if let SubjectState::Class(class) = state {
                let trainee = class.trainees.get_mut(&event.person).ok_or("a certificate of somebody who never had a seat")?;
                (trainee.certificate, trainee.certificate_on) = (Some(event.certificate), fact.effective_on);
            }
        }
        CertificateEvent::TrainingCertificateRevoked(event) => {
            state.release_claim();
            if let SubjectState::Certificate(certificate) = state {
                certificate.revoked = true;
            }
            if let SubjectState::Class(class) = state {
                class.trainees.values_mut().filter(|trainee| trainee.certificate == Some(event.certificate)).for_each(|trainee| {
                    (trainee.certificate, trainee.certificate_on) = (None, fact.effective_on);
                    trainee.revoked = Some((event.ground, fact.position));
                });
            }
        }
    }
    Ok(())
}
