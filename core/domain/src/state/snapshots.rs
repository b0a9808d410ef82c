//! Snapshots of states outlive the program that wrote them: what they hold, byte for byte, for every kind that gets any.

use zhixin_events::{RevocationGround, SubjectKind, codec};

use super::STATE_VERSION;
use crate::certificate::RevokeTrainingCertificate;
use crate::hours::PostHours;
use crate::scenario::{CLASS, NATIONAL, PERSON, TRAINER_STAFF, World, certified_run, trainer_suspended};

/// Version, kind and bytes of each state, a line each.
const GOLDEN: &str = include_str!("snapshots.txt");

/// The states of all long subjects of two stories, in which every field of theirs is set once.
fn snapshots() -> String {
    let posted = certified_run().after(TRAINER_STAFF, PostHours { class: CLASS, person: PERSON }).happened(trainer_suspended());
    let revoked = certified_run();
    let certificate = revoked.certificate();
    let revoke = RevokeTrainingCertificate { certificate, ground: RevocationGround::Fraud, document_number: "第5号".to_owned() };
    let revoked = revoked.after(NATIONAL, revoke);
    let lines = |world: &World| {
        let long = world.states().filter(|(subject, _)| subject.kind().is_long());
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        long.map(|(subject, state)| format!("{STATE_VERSION} {subject} {}\n", hex(&codec::encode(state)))).collect::<Vec<_>>().concat()
    };
    lines(&posted) + &lines(&revoked)
}

/// Bytes that differ under the same version would be taken for the old ones: another shape decodes as something else, another fold is served on.
#[test]
fn a_state_that_is_stored_otherwise_has_another_version() {
    let found = snapshots();
    for kind in [SubjectKind::Class, SubjectKind::Organisation, SubjectKind::Trainer, SubjectKind::CertificateSeries] {
        assert!(kind.is_long() && found.contains(&format!("{STATE_VERSION} {}/", kind.name())), "no snapshot of {}", kind.name());
    }
    assert!(found == GOLDEN, "raise STATE_VERSION, unless nothing was released with it, and put this into snapshots.txt:\n{found}");
}
