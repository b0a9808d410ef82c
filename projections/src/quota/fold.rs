//! What a person contributes to the figures: the pure fold of the person's facts and those of the classes they name.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhixin_events::{CertificateId, CivilDate, ClassId, Grade, Line, OccupationId, ReportingUnit, TalentCategory, TrainerId};

use super::key::year_and_month;
use crate::facts::Dated;

/// The columns that are counted, in the order of their bytes in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Enrolled,
    Completed,
    Certified,
}

impl Measure {
    pub(super) const ALL: [Self; 3] = [Self::Enrolled, Self::Completed, Self::Certified];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Enrolled => 1,
            Self::Completed => 2,
            Self::Certified => 3,
        }
    }
}

/// Names a direction in keys: the first bytes of the SHA-256 of its text; zeroes = none.
pub(super) type DirectionHash = [u8; 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ClassFact {
    Planned(Plan),
    Closed(CivilDate),
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) line: Line,
    pub(super) trainer: TrainerId,
    pub(super) unit: ReportingUnit,
    /// Two-digit code of the province in which it is held.
    pub(super) place: u8,
    pub(super) occupation: OccupationId,
    pub(super) direction: DirectionHash,
    pub(super) grade: Grade,
    pub(super) ends_on: CivilDate,
}

/// A fact of a person in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PersonFact {
    pub(super) class: ClassId,
    pub(super) what: Enrolment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Enrolment {
    Registered(Option<TalentCategory>),
    Withdrawn,
    Tested { passed: bool },
    Issued(CertificateId),
    Revoked(CertificateId),
}

/// How a class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counting {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) plan: Plan,
}

/// How a class counts after these facts, which are in order; none if it is not planned or was cancelled.
pub(super) fn counting<'a>(facts: impl Iterator<Item = &'a Dated<ClassFact>>) -> Option<Counting> {
    let (mut plan, mut closed) = (None, None);
    for fact in facts {
        match fact.fact {
            ClassFact::Planned(told) => plan = Some(told),
            ClassFact::Closed(on) => closed = Some(on),
            ClassFact::Cancelled => return None,
        }
    }
    plan.map(|plan| {
        let (year, month) = year_and_month(closed.unwrap_or(plan.ends_on));
        Counting { year, month, plan }
    })
}

/// Place of an event in a fold.
pub(super) type Order = (CivilDate, u64);

/// What one enrolment amounts to, with the event behind each figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Standing {
    pub(super) category: Option<TalentCategory>,
    seat: Option<Order>,
    completed: Option<Order>,
    certified: Option<Order>,
}

impl Standing {
    /// The event that makes the measure count; none = it does not count.
    pub(super) fn event(&self, measure: Measure) -> Option<Order> {
        match measure {
            Measure::Enrolled => self.seat.or(self.completed),
            Measure::Completed => self.completed,
            Measure::Certified => self.certified,
        }
    }
}

/// What the enrolment in one class amounts to after these facts, which are in order.
pub(super) fn standing<'a>(class: ClassId, facts: impl Iterator<Item = &'a Dated<PersonFact>>) -> Standing {
    let mut standing = Standing::default();
    let mut certificates: Vec<(CertificateId, Order)> = Vec::new();
    let mut revoked: Vec<CertificateId> = Vec::new();
    for fact in facts.filter(|fact| fact.fact.class == class) {
        match fact.fact.what {
            Enrolment::Registered(category) => {
                standing.category = category;
                standing.seat = Some(fact.order());
            }
            Enrolment::Withdrawn => (standing.seat, standing.completed) = (None, None),
            Enrolment::Tested { passed } => standing.completed = passed.then(|| fact.order()),
            Enrolment::Issued(certificate) => certificates.push((certificate, fact.order())),
            Enrolment::Revoked(certificate) => revoked.push(certificate),
        }
    }
    standing.certified = certificates.iter().find(|(certificate, _)| !revoked.contains(certificate)).map(|(_, order)| *order);
    standing
}

/// A person with the classes that the facts name; all lists in the order of folds.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    pub(super) facts: Vec<Dated<PersonFact>>,
    pub(super) classes: BTreeMap<ClassId, Arc<Vec<Dated<ClassFact>>>>,
}

/// An enrolment that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) class: ClassId,
    pub(super) counting: Counting,
    pub(super) standing: Standing,
}

impl Entity {
    /// What counts on a day, by class.
    pub(super) fn on(&self, day: CivilDate) -> Vec<Counted> {
        let facts = &self.facts[..self.facts.partition_point(|fact| fact.effective_on <= day)];
        let counted = self.classes.iter().filter_map(|(class, told)| {
            let counting = counting(told.iter().take_while(|fact| fact.effective_on <= day))?;
            Some(Counted { class: *class, counting, standing: standing(*class, facts.iter()) })
        });
        counted.collect()
    }

    /// The days from `from` on which anything changes, in order, `from` itself first.
    pub(super) fn days(&self, from: CivilDate) -> Vec<CivilDate> {
        let told = self.classes.values().flat_map(|facts| facts.iter()).map(|fact| fact.effective_on);
        let mut days: Vec<_> = self.facts.iter().map(|fact| fact.effective_on).chain(told).filter(|day| *day > from).collect();
        days.push(from);
        days.sort_unstable();
        days.dedup();
        days
    }
}
