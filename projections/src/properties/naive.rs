//! What every query should answer: straight maps filled by one pass over the sorted events of a view, sharing nothing with the models.

use std::collections::{BTreeMap, BTreeSet};

use crate::AsOf;
use crate::quota::{CountUnit, Group, GroupBy, QuotaQuery, RegionOf};
use crate::trainers::TrainerStatus;
use zhixin_events::certificate::{CertificateEvent, TrainingCertificateIssued};
use zhixin_events::class::{ClassEvent, RunPlanned};
use zhixin_events::directory::{DirectoryEvent, TrainerListed};
use zhixin_events::hours::HoursEvent;
use zhixin_events::person::PersonEvent;
use zhixin_events::plan::PlanEvent;
use zhixin_events::*;

use super::history::Told;

type Seat = (ClassId, PersonId);

/// Everything, by the plainest means.
#[derive(Default)]
pub(super) struct World {
    pub(super) plans: BTreeMap<ClassId, RunPlanned>,
    pub(super) opened: BTreeSet<ClassId>,
    pub(super) taught: BTreeMap<(ClassId, SessionNumber), (u64, HoursTenths)>,
    pub(super) closings: BTreeMap<ClassId, Vec<(u64, CivilDate)>>,
    pub(super) cancelled: BTreeSet<ClassId>,
    /// Registrations that stand, and whether their seat is still held.
    pub(super) registered: BTreeMap<Seat, Vec<(u64, Option<TalentCategory>, bool)>>,
    /// Statements about tests that stand: position, whether passed, which one it corrects.
    pub(super) tests: BTreeMap<Seat, Vec<(u64, bool, Option<u64>)>>,
    pub(super) issued: BTreeMap<CertificateId, TrainingCertificateIssued>,
    pub(super) revoked: BTreeSet<CertificateId>,
    pub(super) attendance: BTreeMap<(Seat, SessionNumber), Attendance>,
    pub(super) hours: BTreeMap<Seat, (u64, HoursTenths)>,
    pub(super) known: BTreeSet<Seat>,
    pub(super) names: BTreeMap<PersonId, Vec<u64>>,
    pub(super) last_names: BTreeMap<PersonId, u64>,
    pub(super) targets: BTreeMap<(PlanYear, Line, ReportingUnit), i64>,
    pub(super) listed: BTreeMap<TrainerId, TrainerListed>,
    pub(super) standing: BTreeMap<TrainerId, TrainerStatus>,
    pub(super) occupations: BTreeMap<OccupationId, String>,
    pub(super) codes: BTreeMap<OccupationId, BTreeMap<PlanYear, (String, Option<String>)>>,
    pub(super) directions: BTreeMap<(OccupationId, Grade), Vec<String>>,
}

impl World {
    pub(super) fn new(told: &[Told], as_of: AsOf) -> Self {
        let known = &told[..told.len().min(usize::try_from(as_of.position).unwrap())];
        let mut events: Vec<_> = known.iter().enumerate().filter(|(_, (on, _))| *on <= as_of.effective_by).collect();
        events.sort_by_key(|(position, (on, _))| (*on, *position));
        let mut world = Self::default();
        for (position, (_, event)) in events {
            world.happens(u64::try_from(position).unwrap(), event);
        }
        world
    }

    fn happens(&mut self, position: u64, event: &Event) {
        match event {
            Event::Class(event) => self.happens_in_class(position, event),
            Event::Directory(event) => self.happens_in_directory(event),
            Event::Certificate(CertificateEvent::TrainingCertificateIssued(event)) => {
                self.known.insert((event.class, event.person));
                self.issued.insert(event.certificate, event.clone());
            }
            Event::Certificate(CertificateEvent::TrainingCertificateRevoked(event)) => {
                self.revoked.insert(event.certificate);
            }
            Event::Plan(PlanEvent::TargetSet(event)) => {
                self.targets.insert((event.year, event.line, event.unit), i64::from(event.people.get()));
            }
            Event::Plan(PlanEvent::TargetAdjusted(event)) => {
                self.targets.insert((event.year, event.line, event.unit), i64::from(event.people.get()));
            }
            Event::Person(PersonEvent::PersonNameCorrected(event)) => {
                self.names.entry(event.person).or_default().push(position);
                self.last_names.insert(event.person, position);
            }
            Event::Person(PersonEvent::PersonRegistered(event)) => {
                self.last_names.insert(event.person, position);
            }
            Event::Hours(HoursEvent::HoursPosted(event)) => {
                self.known.insert((event.class, event.person));
                self.hours.insert((event.class, event.person), (position, event.professional));
            }
            Event::Hours(HoursEvent::HoursReversed(event)) => {
                self.known.insert((event.class, event.person));
                let seat = (event.class, event.person);
                if self.hours.get(&seat).is_some_and(|posted| posted.0 == event.corrects) {
                    self.hours.remove(&seat);
                }
            }
            Event::Person(_) | Event::Document(_) | Event::Access(_) => {}
        }
    }

    fn happens_in_class(&mut self, position: u64, event: &ClassEvent) {
        match event {
            ClassEvent::RunPlanned(event) => {
                self.plans.insert(event.class, event.clone());
            }
            ClassEvent::RunOpened(event) => {
                self.opened.insert(event.class);
            }
            ClassEvent::SessionHeld(event) => {
                self.taught.insert((event.class, event.session), (position, event.hours));
            }
            ClassEvent::SessionCorrected(event) => {
                if let Some(taught) = self.taught.get_mut(&(event.class, event.session)).filter(|taught| taught.0 == event.corrects) {
                    *taught = (position, event.hours);
                }
            }
            ClassEvent::SessionAnnulled(event) => {
                let key = (event.class, event.session);
                if self.taught.get(&key).is_some_and(|taught| taught.0 == event.corrects) {
                    self.taught.remove(&key);
                }
            }
            ClassEvent::RunClosed(event) => {
                self.closings.entry(event.class).or_default().push((position, event.closed_on));
            }
            ClassEvent::RunReopened(event) => {
                self.closings.entry(event.class).or_default().retain(|(closing, _)| *closing != event.corrects);
            }
            ClassEvent::RunCancelled(event) => {
                self.cancelled.insert(event.class);
            }
            ClassEvent::TraineeRegistered(event) => {
                let seat = (event.class, event.person);
                self.known.insert(seat);
                self.registered.entry(seat).or_default().push((position, event.category, true));
            }
            ClassEvent::RegistrationAnnulled(event) => {
                let seat = (event.class, event.person);
                self.known.insert(seat);
                self.registered.entry(seat).or_default().retain(|(registration, ..)| *registration != event.corrects);
            }
            ClassEvent::TraineeWithdrawn(event) => {
                let seat = (event.class, event.person);
                self.known.insert(seat);
                self.registered.entry(seat).or_default().iter_mut().for_each(|registration| registration.2 = false);
                self.tests.remove(&seat);
            }
            ClassEvent::AttendanceRecorded(event) => {
                self.known.insert((event.class, event.person));
                self.attendance.insert(((event.class, event.person), event.session), event.attendance);
            }
            ClassEvent::AttendanceCorrected(event) => {
                self.known.insert((event.class, event.person));
                self.attendance.insert(((event.class, event.person), event.session), event.after);
            }
            ClassEvent::CompletionTestRecorded(event) => {
                self.known.insert((event.class, event.person));
                self.tests.entry((event.class, event.person)).or_default().push((position, event.passed, None));
            }
            ClassEvent::CompletionTestCorrected(event) => {
                self.known.insert((event.class, event.person));
                self.tests.entry((event.class, event.person)).or_default().push((position, event.passed, Some(event.corrects)));
            }
            ClassEvent::CompletionTestVoided(event) => {
                self.known.insert((event.class, event.person));
                self.void((event.class, event.person), event.corrects);
            }
            ClassEvent::RosterImportStarted(_) | ClassEvent::RosterImportFinished(_) => {}
        }
    }

    fn void(&mut self, seat: Seat, corrects: u64) {
        let tests = self.tests.entry(seat).or_default();
        let mut gone = BTreeSet::from([corrects]);
        for (at, _, corrects) in tests.iter().rev() {
            if gone.contains(at) {
                gone.extend(*corrects);
            }
        }
        tests.retain(|(at, ..)| !gone.contains(at));
    }

    fn happens_in_directory(&mut self, event: &DirectoryEvent) {
        match event {
            DirectoryEvent::OccupationAdded(event) => {
                self.occupations.insert(event.occupation, event.name_zh.clone());
                self.codes.insert(event.occupation, BTreeMap::from([(event.code_edition, (event.code.clone(), None))]));
                self.directions.retain(|(occupation, _), _| *occupation != event.occupation);
            }
            DirectoryEvent::OccupationCodeAssigned(event) => {
                if let Some(codes) = self.codes.get_mut(&event.occupation) {
                    codes.insert(event.code_edition, (event.code.clone(), event.source.clone()));
                }
            }
            DirectoryEvent::OccupationDirectionsSet(event) => {
                if self.occupations.contains_key(&event.occupation) {
                    self.directions.insert((event.occupation, event.grade), event.directions.clone());
                }
            }
            DirectoryEvent::TrainerListed(event) => {
                self.listed.insert(event.trainer, event.clone());
                self.standing.insert(event.trainer, TrainerStatus::Listed);
            }
            DirectoryEvent::TrainerSuspended(event) => self.move_trainer(event.trainer, TrainerStatus::Listed, TrainerStatus::Suspended),
            DirectoryEvent::TrainerReinstated(event) => self.move_trainer(event.trainer, TrainerStatus::Suspended, TrainerStatus::Listed),
            DirectoryEvent::TrainerRemoved(event) => {
                self.move_trainer(event.trainer, TrainerStatus::Listed, TrainerStatus::Removed);
                self.move_trainer(event.trainer, TrainerStatus::Suspended, TrainerStatus::Removed);
            }
            DirectoryEvent::TrainerRenewed(event) => {
                if let Some(listed) = self.listed.get_mut(&event.trainer) {
                    listed.listed_until = event.listed_until;
                }
            }
            DirectoryEvent::TrainerOccupationsChanged(event) => {
                if let Some(listed) = self.listed.get_mut(&event.trainer) {
                    listed.occupations.clone_from(&event.occupations);
                }
            }
        }
    }

    fn move_trainer(&mut self, trainer: TrainerId, from: TrainerStatus, to: TrainerStatus) {
        self.standing.entry(trainer).and_modify(|standing| {
            if *standing == from {
                *standing = to;
            }
        });
    }

    /// Enrolled, completed, certified.
    fn measures(&self, seat: Seat) -> [bool; 3] {
        let completed = self.passed(seat).unwrap_or(false);
        let certified =
            self.issued.values().any(|issued| (issued.class, issued.person) == seat && !self.revoked.contains(&issued.certificate));
        [self.holds_seat(seat) || completed, completed, certified]
    }

    /// Rows and total of a quota query: enrolled, completed, certified.
    pub(super) fn quota(&self, query: &QuotaQuery) -> (BTreeMap<Group, [i64; 3]>, [i64; 3]) {
        let mut groups: BTreeMap<Group, [Vec<PersonId>; 3]> = BTreeMap::new();
        let mut total: [Vec<PersonId>; 3] = Default::default();
        for seat in &self.known {
            let Some(plan) = self.plans.get(&seat.0) else { continue };
            let end = self.closed(seat.0).unwrap_or(plan.ends_on);
            let wanted = !self.cancelled.contains(&seat.0)
                && end.year() == i32::from(query.year.get())
                && query.line.is_none_or(|line| plan.line == line)
                && query.region.is_none_or(|region| plan.unit == region);
            if !wanted {
                continue;
            }
            let group = match query.group_by {
                GroupBy::Region if query.region_of == RegionOf::Place => Group::Region(plan.division.province_code()),
                GroupBy::Region => Group::Region(plan.unit.code()),
                GroupBy::Month => Group::Month(end.month()),
                GroupBy::Occupation => Group::Occupation(plan.occupation),
                GroupBy::Direction => Group::Direction(plan.occupation, plan.direction.clone()),
                GroupBy::Grade => Group::Grade(plan.grade),
                GroupBy::OccupationGrade => Group::OccupationGrade(plan.occupation, plan.grade),
                GroupBy::Trainer => Group::Trainer(plan.trainer),
                GroupBy::Category => Group::Category(self.category(*seat)),
            };
            for (measure, counts) in self.measures(*seat).into_iter().enumerate() {
                if counts {
                    groups.entry(group.clone()).or_default()[measure].push(seat.1);
                    total[measure].push(seat.1);
                }
            }
        }
        let count = |persons: &Vec<PersonId>| match query.unit {
            CountUnit::Trainings => i64::try_from(persons.len()).unwrap(),
            CountUnit::Persons => i64::try_from(persons.iter().collect::<BTreeSet<_>>().len()).unwrap(),
        };
        (groups.into_iter().map(|(group, measures)| (group, measures.each_ref().map(count))).collect(), total.each_ref().map(count))
    }

    /// The sum of the targets of a year, line and region.
    pub(super) fn target(&self, year: PlanYear, line: Option<Line>, region: Option<ReportingUnit>) -> Option<i64> {
        let wanted = self.targets.iter().filter(|((of, on, unit), _)| {
            *of == year && line.is_none_or(|line| *on == line) && region.is_none_or(|region| *unit == region)
        });
        let people: Vec<i64> = wanted.map(|(_, people)| *people).collect();
        (!people.is_empty()).then(|| people.iter().sum())
    }

    pub(super) fn closed(&self, class: ClassId) -> Option<CivilDate> {
        self.closings.get(&class).and_then(|closings| closings.last()).map(|(_, on)| *on)
    }

    pub(super) fn holds_seat(&self, seat: Seat) -> bool {
        self.registered.get(&seat).and_then(|list| list.last()).is_some_and(|registration| registration.2)
    }

    pub(super) fn category(&self, seat: Seat) -> Option<TalentCategory> {
        self.registered.get(&seat).and_then(|list| list.last()).and_then(|registration| registration.1)
    }

    pub(super) fn passed(&self, seat: Seat) -> Option<bool> {
        self.tests.get(&seat).and_then(|tests| tests.last()).map(|test| test.1)
    }

    pub(super) fn class_status(&self, class: ClassId) -> ClassStatus {
        if self.cancelled.contains(&class) {
            ClassStatus::Cancelled
        } else if self.closed(class).is_some() {
            ClassStatus::Closed
        } else if self.taught.keys().any(|(of, _)| *of == class) {
            ClassStatus::Teaching
        } else if self.opened.contains(&class) {
            ClassStatus::Open
        } else {
            ClassStatus::Planned
        }
    }

    pub(super) fn attended(&self, seat: Seat) -> u32 {
        let present = |session: &SessionNumber| self.attendance.get(&(seat, *session)) == Some(&Attendance::Present);
        self.taught.iter().filter(|((class, session), _)| *class == seat.0 && present(session)).map(|(_, (_, hours))| hours.get()).sum()
    }

    /// Where the name of a holder stands.
    pub(super) fn name_position(&self, issued: &TrainingCertificateIssued) -> u64 {
        let corrections = self.names.get(&issued.person).cloned().unwrap_or_default();
        corrections.into_iter().rfind(|position| *position > issued.name_position).unwrap_or(issued.name_position)
    }
}
