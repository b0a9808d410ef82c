//! Take a training certificate away for cause. Source: Plan 3.3-5, 4.4-7; SOURCES 2.1 (ISSUED → REVOKED).

use zhixin_events::certificate::TrainingCertificateRevoked;
use zhixin_events::{CertificateId, RevocationGround, Subject};

use crate::access::Action;
use crate::class::run::permitted_run;
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::text::{DOCUMENT_NUMBER_CHARS, line_of_text};
use crate::{Refusal, States};

/// Revokes a certificate. Its number is never given again; another certificate may be issued once the cause is mended. Also for an erased
/// person: whoever checks the number must learn it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeTrainingCertificate {
    /// The certificate.
    pub certificate: CertificateId,
    /// Why.
    pub ground: RevocationGround,
    /// Number of the decision.
    pub document_number: String,
}

refusals! {
    /// Why a certificate is not revoked.
    pub enum RevokeTrainingCertificateRefusal {
        /// A certificate is revoked once.
        AlreadyRevoked = "CERT-0005" Conflict "the certificate is revoked already",
    }
}

impl Decide for RevokeTrainingCertificate {
    const NAME: &'static str = "revoke-training-certificate";

    fn reads(&self, loaded: &States) -> Reads {
        let mut wanted = vec![Subject::certificate(self.certificate)];
        if let Ok(certificate) = loaded.certificate(self.certificate, "certificate")
            && let Some((class, person)) = certificate.class.zip(certificate.person)
        {
            wanted.extend([Subject::class(class), Subject::person(person), Subject::certificate_once(class, person)]);
        }
        Reads::subjects(loaded, wanted)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let subject = Subject::certificate(self.certificate);
        let certificate = states.certificate(self.certificate, "certificate")?;
        let unknown = || CommonRefusal::UnknownSubject.refusal().at("certificate").of(subject);
        let (id, person) = certificate.class.zip(certificate.person).ok_or_else(unknown)?;
        let (class, _) = permitted_run(states, inputs, id, Action::RevokeCertificates)?;
        let document_number = line_of_text(&self.document_number, DOCUMENT_NUMBER_CHARS, "document_number")?;
        if certificate.revoked {
            return Err(RevokeTrainingCertificateRefusal::AlreadyRevoked.refusal().of(subject));
        }
        let event = TrainingCertificateRevoked {
            certificate: self.certificate,
            number: certificate.number.clone(),
            ground: self.ground,
            document_number,
        };
        let subjects = [subject, Subject::class(id), Subject::person(person), Subject::certificate_once(id, person)];
        let issued_on = class.trainees.get(&person).map(|trainee| trainee.certificate_on).unwrap_or_default();
        Ok(Decision::one(NewEvent::new(event, inputs.effective_after(issued_on, subject)?, subjects)).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NATIONAL, NOBODY, PERSON, PROVINCIAL, TODAY, TRAINER_STAFF, World, certified_run, person_erased};

    fn revoke(world: &World, document_number: &str) -> RevokeTrainingCertificate {
        RevokeTrainingCertificate {
            certificate: world.certificate(),
            ground: RevocationGround::Fraud,
            document_number: document_number.to_owned(),
        }
    }

    #[test]
    fn certificate_is_revoked_and_keeps_its_number() {
        let world = certified_run().happened(person_erased(PERSON));
        let decision = world.when(PROVINCIAL, revoke(&world, "第5号")).then_accepted();
        let [event] = decision.events.as_slice() else { panic!("one event") };
        let number = |subject: &Subject| subject.kind() == zhixin_events::SubjectKind::CertificateNumber;
        assert!(!event.subjects.iter().any(number), "the number stays claimed");
    }

    #[test]
    fn certificate_is_refused_when_revoked_already() {
        let world = certified_run();
        let revoke = revoke(&world, "第5号");
        world.after(NATIONAL, revoke.clone()).when(NATIONAL, revoke).then_refused(RevokeTrainingCertificateRefusal::AlreadyRevoked);
    }

    #[test]
    fn certificate_is_refused_before_it_was_issued() {
        let certified = certified_run();
        let revoke = revoke(&certified, "第5号");
        certified.effective_on(TODAY.plus_days(-1)).when(NATIONAL, revoke).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let world = certified_run();
        let (good, wrong) = (revoke(&world, "第5号"), revoke(&world, ""));
        let nothing = RevokeTrainingCertificate { certificate: CertificateId::from_bytes(NOBODY), ..wrong.clone() };
        let revoked = world.clone().after(NATIONAL, good.clone());
        revoked.when(TRAINER_STAFF, nothing).then_refused(CommonRefusal::UnknownSubject);
        revoked.when(TRAINER_STAFF, wrong.clone()).then_refused(CommonRefusal::NotPermitted);
        revoked.when(NATIONAL, wrong).then_refused(CommonRefusal::TextUnfit);
        revoked.when(NATIONAL, good.clone()).then_refused(RevokeTrainingCertificateRefusal::AlreadyRevoked);
        world.when(NATIONAL, good).then_accepted();
    }
}
