//! Issue a training certificate to a trainee who passed the completion test. Source: Plan 3.3-5; SOURCES 2.1, 2.2 (number).

use zhixin_events::certificate::TrainingCertificateIssued;
use zhixin_events::{CertificateId, ClassId, PersonId, RevocationGround, Subject, SubjectKind};

use crate::access::Action;
use crate::certificate::number::{NumberParts, SCHEME};
use crate::class::completion::passed_test;
use crate::class::run::{permitted_run, plan_of, require_taught, seated};
use crate::class::state::{ClassState, Trainee};
use crate::command::Decide;
use crate::decision::{Decision, Inputs, NewEvent, Reads};
use crate::refusal::{CommonRefusal, refusals};
use crate::rules::year_of;
use crate::{Refusal, States};

/// Issues the certificate of a person for a run, once; again only after a revocation whose cause was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueTrainingCertificate {
    /// The run.
    pub class: ClassId,
    /// The holder.
    pub person: PersonId,
}

refusals! {
    /// Why no certificate is issued; beside these, the run must have been taught, the seat held, and hours and content must still be complete.
    pub enum IssueTrainingCertificateRefusal {
        /// One per person and run.
        AlreadyIssued = "CERT-0001" Conflict "a certificate of the person for the run is in force",
        /// Who faked gets no other for this run. Source: Plan 4.4-7 (违规行为…依法依规处理); that it is for good is ours.
        RevokedForFraud = "CERT-0006" Conflict "a certificate of the person for the run was revoked for fraud",
        /// The cause of a revocation is mended by recording or correcting an attendance or a test. Source: ours.
        NothingMended = "CERT-0007" Conflict "no attendance or test of the person was recorded or corrected since the revocation",
        /// Only who passed. Source: Plan 3.3-5.
        TestNotPassed = "CERT-0002" Conflict "the completion test is not passed",
        /// The scheme has no number for this, or the number is given to another certificate.
        NoNumber = "CERT-0004" Conflict "the numbering scheme has no free number for the certificate",
    }
}

impl IssueTrainingCertificate {
    /// The series of the trainer in the year of the test: known from the record, so that it can be read before the decision.
    fn series(&self, states: &States) -> Option<Subject> {
        let class = states.class(self.class, "class").ok()?;
        let test = class.trainees.get(&self.person)?.test()?;
        Some(Subject::certificate_series(class.plan.as_ref()?.trainer, year_of(test.effective_on)))
    }

    /// The next number of the series, once all that it tells is loaded.
    fn number(&self, states: &States) -> Option<(String, Subject)> {
        let plan = plan_of(states, self.class)?;
        let test = states.class(self.class, "class").ok()?.trainees.get(&self.person)?.test()?;
        let number = NumberParts {
            trainer: states.trainer(plan.trainer, "class").ok()?.directory_number,
            occupation_code: states.occupation(plan.occupation, "class").ok()?.newest_code()?,
            grade: plan.grade,
            year: year_of(test.effective_on),
            ordinal: states.ordinal(&self.series(states)?).saturating_add(1),
        };
        let number = number.number()?;
        let claim = Subject::of_text(SubjectKind::CertificateNumber, &number).ok()?;
        Some((number, claim))
    }
}

/// Refuses unless the cause of a revocation is mended.
fn mended(class: &ClassState, trainee: &Trainee, person: Subject) -> Result<(), Refusal> {
    match trainee.revoked {
        None => Ok(()),
        Some((RevocationGround::Fraud, _)) => Err(IssueTrainingCertificateRefusal::RevokedForFraud.refusal().of(person)),
        Some((RevocationGround::ConditionsNotMet | RevocationGround::FactsCorrected, at)) if class.last_mark_at(trainee) > Some(at) => {
            Ok(())
        }
        Some((RevocationGround::ConditionsNotMet | RevocationGround::FactsCorrected, _)) => {
            Err(IssueTrainingCertificateRefusal::NothingMended.refusal().of(person))
        }
    }
}

impl Decide for IssueTrainingCertificate {
    const NAME: &'static str = "issue-training-certificate";

    fn reads(&self, loaded: &States) -> Reads {
        let mut wanted = vec![Subject::class(self.class), Subject::person(self.person), Subject::certificate_once(self.class, self.person)];
        if let Some(plan) = plan_of(loaded, self.class) {
            wanted.extend([Subject::trainer(plan.trainer), Subject::occupation(plan.occupation)]);
        }
        let series = self.series(loaded);
        if series.is_some_and(|series| loaded.holds(&series)) {
            wanted.extend(self.number(loaded).map(|(_, claim)| claim));
        }
        wanted.extend(series);
        Reads::subjects(loaded, wanted)
    }

    fn decide(&self, states: &States, inputs: &Inputs<'_>) -> Result<Decision, Refusal> {
        let (class, plan) = permitted_run(states, inputs, self.class, Action::IssueCertificates)?;
        require_taught(class, self.class)?;
        let trainee = seated(states, class, self.person)?;
        let (person, once) = (Subject::person(self.person), Subject::certificate_once(self.class, self.person));
        if states.is_held(&once) {
            return Err(IssueTrainingCertificateRefusal::AlreadyIssued.refusal().of(person));
        }
        mended(class, trainee, person)?;
        let not_passed = IssueTrainingCertificateRefusal::TestNotPassed;
        let test = passed_test(states, inputs, (class, plan), (trainee, person), not_passed)?;
        let effective_on = inputs.effective_after(test.effective_on.max(trainee.certificate_on), person)?;
        let scheme = inputs.rules.text("certificate.number_scheme", None, effective_on)?;
        if scheme != SCHEME {
            return Err(CommonRefusal::MalformedFigure.refusal().about("certificate.number_scheme"));
        }
        let free = self.number(states).zip(self.series(states)).filter(|((_, claim), _)| !states.is_held(claim));
        let ((number, claim), series) = free.ok_or_else(|| IssueTrainingCertificateRefusal::NoNumber.refusal().of(person))?;
        let [fresh, ..] = inputs.fresh;
        let certificate = CertificateId::from_bytes(fresh);
        let unknown = || CommonRefusal::UnknownSubject.refusal().at("person").of(person);
        let event = TrainingCertificateIssued {
            certificate,
            number,
            class: self.class,
            person: self.person,
            trainer: plan.trainer,
            occupation: plan.occupation,
            direction: plan.direction.clone(),
            grade: plan.grade,
            issued_on: effective_on,
            hours: class.hours_attended(trainee),
            name_position: states.person(self.person, "person")?.name_position.ok_or_else(unknown)?.0,
        };
        let subjects = [Subject::certificate(certificate), Subject::class(self.class), person, once, claim, series];
        Ok(Decision::one(NewEvent::new(event, effective_on, subjects)).in_story_of(class.first_position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::RevokeTrainingCertificate;
    use crate::certificate::number::is_number;
    use crate::class::completion::CompletionRefusal;
    use crate::class::run::RunRefusal;
    use crate::class::{CloseRun, CorrectAttendance, CorrectCompletionTest};
    use crate::scenario::{
        CLASS, NATIONAL, OTHER_PERSON, PERSON, TODAY, TRAINER, TRAINER_STAFF, World, certified_run, pack, person_erased, seated_run,
        secret, taught_run, test_of, tested_run, trainer_removed, trainer_suspended,
    };
    use zhixin_events::certificate::CertificateEvent;
    use zhixin_events::{Attendance, Event, HoursTenths, PlanYear, Points, RevocationGround, SessionNumber};

    const ISSUE: IssueTrainingCertificate = IssueTrainingCertificate { class: CLASS, person: PERSON };

    fn issued(world: &World) -> (TrainingCertificateIssued, Vec<Subject>) {
        let mut decision = world.when(TRAINER_STAFF, ISSUE).then_accepted();
        let event = decision.events.pop().unwrap();
        let Event::Certificate(CertificateEvent::TrainingCertificateIssued(issued)) = event.event else { panic!("another event") };
        (issued, event.subjects)
    }

    /// The attendance of the person at the first session was wrong.
    fn absent() -> CorrectAttendance {
        CorrectAttendance {
            class: CLASS,
            session: SessionNumber::new(1),
            person: PERSON,
            attendance: Attendance::Absent,
            reason: secret("点名有误"),
        }
    }

    fn scheme(scheme: Option<&str>) -> NewEvent {
        let figures = [
            ("training.attendance_min_bp", "9000"),
            ("training.hours_min/2-02-10-09/junior", "160"),
            ("training.content/2-02-10-09/junior", "A,B"),
        ];
        let figures: Vec<_> = figures.into_iter().chain(scheme.map(|scheme| ("certificate.number_scheme", scheme))).collect();
        pack(&figures)
    }

    #[test]
    fn certificate_is_numbered_in_the_series_of_trainer_and_year() {
        let (certificate, subjects) = issued(&tested_run(80));
        assert_eq!(certificate.number.get(..26), Some("T0000170202100912025000001"));
        assert!(is_number(&certificate.number));
        assert_eq!((certificate.issued_on, certificate.hours), (TODAY, HoursTenths::new(160)));
        let claims = [
            Subject::certificate(certificate.certificate),
            Subject::class(CLASS),
            Subject::person(PERSON),
            Subject::certificate_once(CLASS, PERSON),
            Subject::of_text(SubjectKind::CertificateNumber, &certificate.number).unwrap(),
            Subject::certificate_series(TRAINER, PlanYear::new(2025)),
        ];
        assert_eq!(subjects, claims);
    }

    #[test]
    fn certificate_is_issued_after_the_run_is_closed_and_while_the_trainer_is_suspended() {
        let closed = tested_run(80).after(TRAINER_STAFF, CloseRun { class: CLASS, closed_on: TODAY, late: None });
        closed.happened(trainer_suspended()).when(TRAINER_STAFF, ISSUE).then_accepted();
    }

    fn revoked(ground: RevocationGround) -> World {
        let certified = certified_run();
        certified.when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::AlreadyIssued);
        let certificate = certified.certificate();
        certified.after(NATIONAL, RevokeTrainingCertificate { certificate, ground, document_number: "第5号".to_owned() })
    }

    #[test]
    fn certificate_is_issued_again_under_the_next_number_once_the_cause_is_mended() {
        for ground in [RevocationGround::ConditionsNotMet, RevocationGround::FactsCorrected] {
            let revoked = revoked(ground);
            revoked.when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::NothingMended);
            let (class, person, points, reason) = (CLASS, PERSON, Points::new(70), secret("登分有误"));
            let mended = revoked.after(TRAINER_STAFF, CorrectCompletionTest { class, person, points, reason });
            let (again, _) = issued(&mended);
            assert_eq!(again.number.get(..26), Some("T0000170202100912025000002"));
        }
    }

    #[test]
    fn certificate_is_never_issued_again_after_a_fraud() {
        let revoked = revoked(RevocationGround::Fraud).after(TRAINER_STAFF, absent());
        let present = CorrectAttendance { attendance: Attendance::Present, ..absent() };
        let mended = revoked.after(TRAINER_STAFF, present);
        mended.when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::RevokedForFraud);
    }

    #[test]
    fn certificate_is_refused_before_the_test() {
        let early = tested_run(80).effective_on(TODAY.plus_days(-1));
        early.when(TRAINER_STAFF, ISSUE).then_refused(CommonRefusal::OutOfOrder);
    }

    #[test]
    fn certificate_is_issued_by_a_removed_trainer_for_a_test_passed_before() {
        let passed = taught_run().after_on(TODAY.plus_days(-1), TRAINER_STAFF, test_of(80)).happened(trainer_removed());
        passed.when(TRAINER_STAFF, ISSUE).then_accepted();
    }

    #[test]
    fn certificate_is_refused_without_a_passed_test() {
        taught_run().when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::TestNotPassed);
        tested_run(59).when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::TestNotPassed);
    }

    #[test]
    fn certificate_is_refused_when_a_correction_left_too_few_hours() {
        let corrected = tested_run(80).after(TRAINER_STAFF, absent());
        corrected.when(TRAINER_STAFF, ISSUE).then_refused(CompletionRefusal::HoursMissing);
    }

    #[test]
    fn certificate_is_refused_when_the_trainer_was_removed() {
        let removed = tested_run(80).happened(trainer_removed());
        removed.when(TRAINER_STAFF, ISSUE).then_refused(CompletionRefusal::TrainerRemoved);
    }

    #[test]
    fn certificate_is_refused_under_a_missing_or_unknown_scheme() {
        tested_run(80).happened(scheme(None)).when(TRAINER_STAFF, ISSUE).then_refused(CommonRefusal::MissingFigure);
        tested_run(80).happened(scheme(Some("zx-2"))).when(TRAINER_STAFF, ISSUE).then_refused(CommonRefusal::MalformedFigure);
    }

    /// No history leads here; a number held by another certificate is refused all the same.
    fn number_taken() -> World {
        let (certificate, subjects) = issued(&tested_run(80));
        let number = subjects.into_iter().filter(|subject| subject.kind() == SubjectKind::CertificateNumber);
        tested_run(80).happened(NewEvent::new(certificate, TODAY, number))
    }

    #[test]
    fn certificate_is_refused_without_a_free_number() {
        number_taken().when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::NoNumber);
    }

    #[test]
    fn refusals_come_in_their_order() {
        let other = IssueTrainingCertificate { person: OTHER_PERSON, ..ISSUE };
        seated_run().when(NATIONAL, other.clone()).then_refused(CommonRefusal::NotPermitted);
        seated_run().when(TRAINER_STAFF, other.clone()).then_refused(RunRefusal::NotTaught);
        taught_run().happened(person_erased(OTHER_PERSON)).when(TRAINER_STAFF, other.clone()).then_refused(CommonRefusal::PersonErased);
        taught_run().when(TRAINER_STAFF, other).then_refused(RunRefusal::NoSeat);
        let certified = certified_run().happened(trainer_removed());
        certified.when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::AlreadyIssued);
        let mended = revoked(RevocationGround::FactsCorrected).after(TRAINER_STAFF, absent());
        mended.when(TRAINER_STAFF, ISSUE).then_refused(CompletionRefusal::HoursMissing);
        let failed = tested_run(10).after(TRAINER_STAFF, absent()).happened(trainer_removed());
        failed.when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::TestNotPassed);
        let lacking = tested_run(80).after(TRAINER_STAFF, absent()).happened(trainer_removed());
        lacking.when(TRAINER_STAFF, ISSUE).then_refused(CompletionRefusal::HoursMissing);
        let tomorrow = TODAY.plus_days(1);
        let removed = tested_run(80).happened(trainer_removed()).effective_on(tomorrow);
        removed.when(TRAINER_STAFF, ISSUE).then_refused(CompletionRefusal::TrainerRemoved);
        let later = tested_run(80).happened(scheme(None)).effective_on(tomorrow);
        later.when(TRAINER_STAFF, ISSUE).then_refused(CommonRefusal::EffectiveInFuture);
        number_taken().happened(scheme(None)).when(TRAINER_STAFF, ISSUE).then_refused(CommonRefusal::MissingFigure);
        number_taken().when(TRAINER_STAFF, ISSUE).then_refused(IssueTrainingCertificateRefusal::NoNumber);
        tested_run(80).when(TRAINER_STAFF, ISSUE).then_accepted();
    }
}
