//! How events change the rows of classes.

use zhixin_events::access::AccessEvent;
use zhixin_events::certificate::CertificateEvent;
use zhixin_events::class::{ClassEvent, RunPlanned};
use zhixin_events::directory::DirectoryEvent;
use zhixin_events::document::DocumentEvent;
use zhixin_events::hours::HoursEvent;
use zhixin_events::person::PersonEvent;
use zhixin_events::plan::PlanEvent;
use zhixin_events::{CivilDate, ClassId, Event, PersonId, Recorded};
use zhixin_store::rows::RowFault;

use super::roster::{PersonFact, Told, TraineeFact};
use super::{BY_ORGANISATION, BY_PERSON, BY_TRAINER, BY_YEAR, CERTIFICATE, CLASS, ClassFact, PERSON, Plan, TRAINEE};
use crate::facts::{self, Dated};
use crate::model::{ApplyFault, Model, Poison, Rows};

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Classes;

impl Model for Classes {
    fn tell(&mut self, rows: &mut dyn Rows, event: &Recorded<'_>) -> Result<(), ApplyFault> {
        match &event.event {
            Event::Class(what) => apply_class(rows, event, what),
            Event::Hours(HoursEvent::HoursPosted(posted)) => {
                let fact = TraineeFact::HoursPosted { year: posted.year, hours: posted.professional };
                tell_trainee(rows, event, posted.class, posted.person, fact)
            }
            Event::Hours(HoursEvent::HoursReversed(reversed)) => {
                let fact = TraineeFact::HoursReversed { year: reversed.year, hours: reversed.professional, corrects: reversed.corrects };
                tell_trainee(rows, event, reversed.class, reversed.person, fact)
            }
            Event::Certificate(CertificateEvent::TrainingCertificateIssued(issued)) => {
                let (class, person) = (issued.class.to_bytes(), issued.person.to_bytes());
                rows.put(&facts::key(CERTIFICATE, &[&issued.certificate.to_bytes()]), &[class, person].concat())?;
                let fact = TraineeFact::Issued { certificate: issued.certificate, number: issued.number.clone() };
                tell_trainee(rows, event, issued.class, issued.person, fact)
            }
            Event::Certificate(CertificateEvent::TrainingCertificateRevoked(revoked)) => {
                let Some(whose) = rows.get(&facts::key(CERTIFICATE, &[&revoked.certificate.to_bytes()]))? else {
                    return Err(ApplyFault::Poison(Poison::UnknownCertificate));
                };
                let class = ClassId::from_bytes(facts::id_at(&whose, 0)?);
                let person = PersonId::from_bytes(facts::id_at(&whose, 6)?);
                let fact = TraineeFact::Revoked { certificate: revoked.certificate, ground: revoked.ground };
                tell_trainee(rows, event, class, person, fact)
            }
            Event::Person(PersonEvent::PersonRegistered(registered)) => tell_person(rows, event, registered.person, PersonFact::Named),
            Event::Person(PersonEvent::PersonNameCorrected(corrected)) => tell_person(rows, event, corrected.person, PersonFact::Named),
            Event::Person(PersonEvent::PersonErased(erased)) => tell_person(rows, event, erased.person, PersonFact::Erased),
            Event::Plan(PlanEvent::TargetSet(_) | PlanEvent::TargetAdjusted(_))
            | Event::Person(PersonEvent::ErasureCompleted(_))
            | Event::Directory(
                DirectoryEvent::OccupationAdded(_)
                | DirectoryEvent::OccupationCodeAssigned(_)
                | DirectoryEvent::OccupationDirectionsSet(_)
                | DirectoryEvent::TrainerListed(_)
                | DirectoryEvent::TrainerSuspended(_)
                | DirectoryEvent::TrainerReinstated(_)
                | DirectoryEvent::TrainerRemoved(_)
                | DirectoryEvent::TrainerOccupationsChanged(_)
                | DirectoryEvent::TrainerRenewed(_),
            )
            | Event::Document(DocumentEvent::RulePackPublished(_) | DocumentEvent::HolidayCalendarPublished(_))
            | Event::Access(
                AccessEvent::OrganisationRegistered(_)
                | AccessEvent::AccountOpened(_)
                | AccessEvent::AccountRolesChanged(_)
                | AccessEvent::AccountLocked(_)
                | AccessEvent::AccountUnlocked(_)
                | AccessEvent::PersonalDataRead(_),
            ) => Ok(()),
        }
    }
}

fn apply_class(rows: &mut dyn Rows, event: &Recorded<'_>, what: &ClassEvent) -> Result<(), ApplyFault> {
    match what {
        ClassEvent::RunPlanned(planned) => plan(rows, event, planned),
        ClassEvent::RunOpened(opened) => tell_class(rows, event, opened.class, ClassFact::Opened),
        ClassEvent::SessionHeld(held) => {
            let (session, held_on, module, hours, mode) = (held.session, held.held_on, held.module.clone(), held.hours, held.mode);
            let fact = ClassFact::SessionHeld { session, held_on, module, hours, mode };
            tell_class(rows, event, held.class, fact)
        }
        ClassEvent::SessionCorrected(corrected) => {
            let (session, module, corrects) = (corrected.session, corrected.module.clone(), corrected.corrects);
            let fact = ClassFact::SessionCorrected { session, module, hours: corrected.hours, mode: corrected.mode, corrects };
            tell_class(rows, event, corrected.class, fact)
        }
        ClassEvent::SessionAnnulled(annulled) => {
            let fact = ClassFact::SessionAnnulled { session: annulled.session, corrects: annulled.corrects };
            tell_class(rows, event, annulled.class, fact)
        }
        ClassEvent::RunClosed(closed) => {
            index_year(rows, closed.class, closed.closed_on)?;
            tell_class(rows, event, closed.class, ClassFact::Closed { closed_on: closed.closed_on })
        }
        ClassEvent::RunReopened(reopened) => tell_class(rows, event, reopened.class, ClassFact::Reopened { corrects: reopened.corrects }),
        ClassEvent::CompletionTestVoided(voided) => {
            tell_trainee(rows, event, voided.class, voided.person, TraineeFact::TestVoided { corrects: voided.corrects })
        }
        ClassEvent::RegistrationAnnulled(annulled) => {
            tell_trainee(rows, event, annulled.class, annulled.person, TraineeFact::Annulled { corrects: annulled.corrects })
        }
        ClassEvent::RunCancelled(cancelled) => {
            let fact = ClassFact::Cancelled { document_number: cancelled.document_number.clone() };
            tell_class(rows, event, cancelled.class, fact)
        }
        ClassEvent::RosterImportStarted(started) => {
            tell_class(rows, event, started.class, ClassFact::ImportStarted { job: started.job, rows: started.rows })
        }
        ClassEvent::RosterImportFinished(finished) => {
            let fact = ClassFact::ImportFinished { job: finished.job, accepted: finished.accepted, refused: finished.refused };
            tell_class(rows, event, finished.class, fact)
        }
        ClassEvent::TraineeRegistered(registered) => {
            let fact = TraineeFact::Registered(Told::of(registered));
            let lead = facts::key(BY_PERSON, &[&registered.person.to_bytes(), &registered.class.to_bytes()]);
            rows.put(&lead, &[])?;
            tell_trainee(rows, event, registered.class, registered.person, fact)
        }
        ClassEvent::TraineeWithdrawn(withdrawn) => tell_trainee(rows, event, withdrawn.class, withdrawn.person, TraineeFact::Withdrawn),
        ClassEvent::AttendanceRecorded(recorded) => {
            let fact = TraineeFact::Attendance { session: recorded.session, attendance: recorded.attendance, corrects: None };
            tell_trainee(rows, event, recorded.class, recorded.person, fact)
        }
        ClassEvent::AttendanceCorrected(corrected) => {
            let corrects = Some(corrected.corrects);
            let fact = TraineeFact::Attendance { session: corrected.session, attendance: corrected.after, corrects };
            tell_trainee(rows, event, corrected.class, corrected.person, fact)
        }
        ClassEvent::CompletionTestRecorded(test) => {
            let (points, passed, pass_mark) = (test.points, test.passed, test.pass_mark);
            let fact = TraineeFact::Test { points, passed, pass_mark, attended: Some(test.hours_attended), corrects: None };
            tell_trainee(rows, event, test.class, test.person, fact)
        }
        ClassEvent::CompletionTestCorrected(test) => {
            let (points, passed, pass_mark) = (test.points, test.passed, test.pass_mark);
            let fact = TraineeFact::Test { points, passed, pass_mark, attended: None, corrects: Some(test.corrects) };
            tell_trainee(rows, event, test.class, test.person, fact)
        }
    }
}

fn plan(rows: &mut dyn Rows, event: &Recorded<'_>, planned: &RunPlanned) -> Result<(), ApplyFault> {
    let class = planned.class.to_bytes();
    rows.put(&facts::key(BY_TRAINER, &[&planned.trainer.to_bytes(), &class]), &[])?;
    rows.put(&facts::key(BY_ORGANISATION, &[&planned.organisation.to_bytes(), &class]), &[])?;
    index_year(rows, planned.class, planned.ends_on)?;
    let plan = Plan {
        title: planned.title.clone(),
        line: planned.line,
        trainer: planned.trainer,
        organisation: planned.organisation,
        unit: planned.unit,
        division: planned.division,
        occupation: planned.occupation,
        direction: planned.direction.clone(),
        grade: planned.grade,
        mode: planned.mode,
        starts_on: planned.starts_on,
        ends_on: planned.ends_on,
        seats: planned.seats,
        modules: planned.modules.clone(),
    };
    tell_class(rows, event, planned.class, ClassFact::Planned(Box::new(plan)))
}

/// Notes a year in which a class may count: a list reads the notes and then looks at the class.
fn index_year(rows: &mut dyn Rows, class: ClassId, end: CivilDate) -> Result<(), RowFault> {
    let year = u16::try_from(end.year()).unwrap_or_default();
    rows.put(&facts::key(BY_YEAR, &[&year.to_be_bytes(), &class.to_bytes()]), &[])
}

fn tell_class(rows: &mut dyn Rows, event: &Recorded<'_>, class: ClassId, fact: ClassFact) -> Result<(), ApplyFault> {
    Ok(facts::append(rows, &facts::key(CLASS, &[&class.to_bytes()]), &Dated::told_by(event, fact))?)
}

fn tell_trainee(rows: &mut dyn Rows, event: &Recorded<'_>, class: ClassId, person: PersonId, fact: TraineeFact) -> Result<(), ApplyFault> {
    let key = facts::key(TRAINEE, &[&class.to_bytes(), &person.to_bytes()]);
    Ok(facts::append(rows, &key, &Dated::told_by(event, fact))?)
}

fn tell_person(rows: &mut dyn Rows, event: &Recorded<'_>, person: PersonId, fact: PersonFact) -> Result<(), ApplyFault> {
    Ok(facts::append(rows, &facts::key(PERSON, &[&person.to_bytes()]), &Dated::told_by(event, fact))?)
}
