//! The roster of a class: for each trainee the seat, attendance by session, test, certificate and hours, each with the events behind it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use zhixin_events::class::{StatedEmployer, TraineeRegistered};
use zhixin_events::{
    Attendance, CertificateId, CivilDate, ClassId, HoursTenths, JobId, OrganisationId, PersonId, PlanYear, Points, Position,
    RevocationGround, SessionNumber, TalentCategory,
};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

use super::{PERSON, Session, TRAINEE, by_id};
use crate::facts::{self, Dated};
use crate::{AsOf, Page};

/// One statement about an attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttendanceRecord {
    /// The event.
    pub position: Position,
    /// When it took effect.
    pub effective_on: CivilDate,
    /// What it says.
    pub attendance: Attendance,
    /// The statement that it corrects; none = the first.
    pub corrects: Option<Position>,
}

/// The attendance of a person at a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAttendance {
    /// The session.
    pub session: SessionNumber,
    /// What holds: what the last statement says.
    pub attendance: Attendance,
    /// Every statement of the view, in order, corrections included.
    pub records: Vec<AttendanceRecord>,
}

/// One statement about a completion test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestRecord {
    /// The event.
    pub position: Position,
    /// When it took effect.
    pub effective_on: CivilDate,
    /// Points reached.
    pub points: Points,
    /// Whether they reach the pass mark.
    pub passed: bool,
    /// The pass mark that settled it.
    pub pass_mark: Points,
    /// Hours attended, as recorded with the test; a correction does not say them.
    pub attended: Option<HoursTenths>,
    /// The statement that it corrects; none = the first.
    pub corrects: Option<Position>,
}

/// The certificate of a trainee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraineeCertificate {
    /// The certificate.
    pub certificate: CertificateId,
    /// Its number.
    pub number: String,
    /// The event that issued it.
    pub position: Position,
    /// The event that took it away, and why.
    pub revoked: Option<(Position, RevocationGround)>,
}

/// Hours posted to the record of a trainee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoursRecord {
    /// Year they count in.
    pub year: PlanYear,
    /// Hours of professional subjects.
    pub hours: HoursTenths,
    /// The event.
    pub position: Position,
}

/// A trainee as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trainee {
    /// The class.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// The event that carries the person's name sealed: the newest of the view; none = the view knows none.
    pub name_position: Option<Position>,
    /// Whether the person's data are erased: then no name may be served. Present knowledge, whatever the view.
    pub erased: bool,
    /// The event by which the seat is held; none = no seat is held now.
    pub seat: Option<Position>,
    /// The event by which the last seat was given up; none = it never was, or a seat is held again.
    pub withdrawn: Option<Position>,
    /// Why the person counts among those the programme is for, as last stated.
    pub category: Option<TalentCategory>,
    /// Employer, where it is a registered organisation.
    pub employer: Option<OrganisationId>,
    /// Employer as the roster states it, where it is none.
    pub employer_stated: Option<StatedEmployer>,
    /// Level of the professional title, as the roster states it.
    pub title_level: Option<String>,
    /// The event that tells of the seat last held, employer and title with it, and carries sealed why a code was taken.
    pub told_by: Option<Position>,
    /// The import that brought the row.
    pub job: Option<JobId>,
    /// Attendance by session.
    pub attendance: Vec<SessionAttendance>,
    /// Hours of the sessions held that were attended whole.
    pub attended: HoursTenths,
    /// Every statement about the completion test, in order; the last holds. Giving up the seat ends them; what is voided goes with all it corrected.
    pub tests: Vec<TestRecord>,
    /// The certificate.
    pub certificate: Option<TraineeCertificate>,
    /// Hours posted and not taken back.
    pub hours: Option<HoursRecord>,
    /// Every event of the view about this trainee, in the order of the fold.
    pub positions: Vec<Position>,
}

impl Trainee {
    /// The statement about the completion test that holds.
    pub fn test(&self) -> Option<&TestRecord> {
        self.tests.last()
    }

    /// How often the test was sat: a correction is no other sitting.
    pub fn sittings(&self) -> usize {
        self.tests.iter().filter(|test| test.corrects.is_none()).count()
    }

    /// Somebody of whom nothing is told yet.
    const fn nobody(class: ClassId, person: PersonId, positions: Vec<Position>) -> Self {
        Self {
            class,
            person,
            name_position: None,
            erased: false,
            seat: None,
            withdrawn: None,
            category: None,
            employer: None,
            employer_stated: None,
            title_level: None,
            told_by: None,
            job: None,
            attendance: Vec::new(),
            attended: HoursTenths::new(0),
            tests: Vec::new(),
            certificate: None,
            hours: None,
            positions,
        }
    }

    /// Whether the completion test is passed.
    pub fn has_completed(&self) -> bool {
        self.test().is_some_and(|test| test.passed)
    }

    /// Whether a certificate is held.
    pub fn is_certified(&self) -> bool {
        self.certificate.as_ref().is_some_and(|certificate| certificate.revoked.is_none())
    }
}

/// What happened to a person as far as a roster must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PersonFact {
    Named,
    Erased,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TraineeFact {
    Registered(Told),
    Withdrawn,
    Attendance { session: SessionNumber, attendance: Attendance, corrects: Option<u64> },
    Test { points: Points, passed: bool, pass_mark: Points, attended: Option<HoursTenths>, corrects: Option<u64> },
    Issued { certificate: CertificateId, number: String },
    Revoked { certificate: CertificateId, ground: RevocationGround },
    HoursPosted { year: PlanYear, hours: HoursTenths },
    HoursReversed { year: PlanYear, hours: HoursTenths, corrects: u64 },
    TestVoided { corrects: u64 },
    Annulled { corrects: u64 },
}

/// What a registration says beside who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) category: Option<TalentCategory>,
    pub(super) employer: Option<OrganisationId>,
    pub(super) employer_stated: Option<StatedEmployer>,
    pub(super) title_level: Option<String>,
    pub(super) job: Option<JobId>,
}

impl Told {
    pub(super) fn of(event: &TraineeRegistered) -> Self {
        Self {
            category: event.category,
            employer: event.employer,
            employer_stated: event.employer_stated.clone(),
            title_level: event.title_level.clone(),
            job: event.job,
        }
    }
}

/// A registration that stands, also after the seat was given up.
struct Registration {
    position: Position,
    told: Told,
    held: bool,
}

/// The trainee as folded from facts in order; none without facts. A revocation alone tells nothing of a person in a class.
fn fold(class: ClassId, person: PersonId, facts: Vec<Dated<TraineeFact>>, sessions: &[Session]) -> Option<Trainee> {
    if facts.iter().all(|fact| matches!(fact.fact, TraineeFact::Revoked { .. })) {
        return None;
    }
    let positions = facts.iter().map(Dated::at).collect();
    let mut trainee = Trainee::nobody(class, person, positions);
    let mut attendance: BTreeMap<SessionNumber, Vec<AttendanceRecord>> = BTreeMap::new();
    let mut revoked = BTreeMap::new();
    let mut registrations: Vec<Registration> = Vec::new();
    for Dated { position, effective_on, fact } in facts {
        let position = Position(position);
        match fact {
            TraineeFact::Registered(told) => {
                trainee.withdrawn = None;
                registrations.push(Registration { position, told, held: true });
            }
            TraineeFact::Withdrawn => {
                trainee.withdrawn = Some(position);
                for registration in &mut registrations {
                    registration.held = false;
                }
                trainee.tests.clear();
            }
            TraineeFact::Annulled { corrects } => registrations.retain(|registration| registration.position.0 != corrects),
            TraineeFact::TestVoided { corrects } => {
                facts::void(&mut trainee.tests, corrects, |test| (test.position.0, test.corrects.map(|position| position.0)));
            }
            TraineeFact::Attendance { session, attendance: said, corrects } => attendance
                .entry(session)
                .or_default()
                .push(AttendanceRecord { position, effective_on, attendance: said, corrects: corrects.map(Position) }),
            TraineeFact::Test { points, passed, pass_mark, attended, corrects } => {
                let corrects = corrects.map(Position);
                trainee.tests.push(TestRecord { position, effective_on, points, passed, pass_mark, attended, corrects });
            }
            TraineeFact::Issued { certificate, number } => {
                trainee.certificate = Some(TraineeCertificate { certificate, number, position, revoked: None });
            }
            TraineeFact::Revoked { certificate, ground } => {
                revoked.insert(certificate, (position, ground));
            }
            TraineeFact::HoursPosted { year, hours } => trainee.hours = Some(HoursRecord { year, hours, position }),
            TraineeFact::HoursReversed { corrects, .. } => {
                trainee.hours = trainee.hours.filter(|posted| posted.position.0 != corrects);
            }
        }
    }
    if let Some(Registration { position, told, held }) = registrations.pop() {
        trainee.seat = held.then_some(position);
        trainee.told_by = Some(position);
        (trainee.category, trainee.employer, trainee.job) = (told.category, told.employer, told.job);
        (trainee.employer_stated, trainee.title_level) = (told.employer_stated, told.title_level);
    }
    if let Some(certificate) = &mut trainee.certificate {
        certificate.revoked = revoked.get(&certificate.certificate).copied();
    }
    let last = |records: Vec<AttendanceRecord>| records.last().map(|record| record.attendance).map(|attendance| (attendance, records));
    trainee.attendance = attendance
        .into_iter()
        .filter_map(|(session, records)| last(records).map(|(attendance, records)| SessionAttendance { session, attendance, records }))
        .collect();
    trainee.attended = attended(&trainee.attendance, sessions);
    Some(trainee)
}

fn attended(attendance: &[SessionAttendance], sessions: &[Session]) -> HoursTenths {
    let present = |session: &&Session| attendance.iter().any(|one| one.session == session.session && one.attendance == Attendance::Present);
    sessions.iter().filter(present).fold(HoursTenths::new(0), |sum, session| sum.plus(session.hours))
}

/// Finds where the name of a trainee stands.
fn look_up_name(view: &TableView, trainee: &mut Trainee, as_of: AsOf) -> Result<(), RowFault> {
    let told: Vec<Dated<PersonFact>> = facts::read(view, &facts::key(PERSON, &[&trainee.person.to_bytes()]))?;
    trainee.erased = told.iter().any(|fact| fact.fact == PersonFact::Erased);
    let told = facts::in_view(told, as_of);
    trainee.name_position = told.iter().rev().find(|fact| fact.fact == PersonFact::Named).map(Dated::at);
    Ok(())
}

/// One trainee of a class; none if the view knows nothing of the person there.
pub fn trainee(view: &TableView, class: ClassId, person: PersonId, as_of: AsOf) -> Result<Option<Trainee>, RowFault> {
    let facts = facts::read_in_view(view, &facts::key(TRAINEE, &[&class.to_bytes(), &person.to_bytes()]), as_of)?;
    let sessions = by_id(view, class, as_of)?.map(|detail| detail.sessions).unwrap_or_default();
    let mut trainee = fold(class, person, facts, &sessions);
    if let Some(trainee) = &mut trainee {
        look_up_name(view, trainee, as_of)?;
    }
    Ok(trainee)
}

/// Everyone of whom the view knows anything in a class, by person, beginning after one; also those who gave up their seat.
pub fn roster(
    view: &TableView,
    class: ClassId,
    as_of: AsOf,
    after: Option<PersonId>,
    limit: usize,
) -> Result<Page<Trainee, PersonId>, RowFault> {
    let mut items: Vec<Trainee> = Vec::new();
    let mut next = None;
    let sessions = by_id(view, class, as_of)?.map(|detail| detail.sessions).unwrap_or_default();
    let prefix = facts::key(TRAINEE, &[&class.to_bytes()]);
    let after = after.map(|person| [prefix.as_slice(), &person.to_bytes()].concat());
    facts::scan(view, &prefix, after.as_deref(), |key, value| {
        let person = PersonId::from_bytes(facts::id_at(key, 7)?);
        let Some(mut trainee) = fold(class, person, facts::in_view(facts::decode(value)?, as_of), &sessions) else {
            return Ok(ControlFlow::Continue(()));
        };
        if items.len() == limit {
            next = items.last().map(|trainee| trainee.person);
            return Ok(ControlFlow::Break(()));
        }
        look_up_name(view, &mut trainee, as_of)?;
        items.push(trainee);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { items, next })
}
