//! What a person contributes to the figures: the pure fold of the person's facts and those of the classes they name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zhixin_events::{CertificateId, CivilDate, ClassId, Grade, Line, OccupationId, ReportingUnit, TalentCategory, TrainerId};

use super::key::year_and_month;
use crate::facts::{Dated, void};

/// The columns that are counted, in the order of their bytes in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Enrolled,
    Completed,
    Certified,
}

impl Measure {
    pub(super) const ALL: [Self; 3] = [Self::Enrolled, Self::Completed, Self::Certified];

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.byte() == byte)
    }

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
    Reopened { corrects: u64 },
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
    TestCorrected { passed: bool, corrects: u64 },
    TestVoided { corrects: u64 },
    Annulled { corrects: u64 },
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
    let (mut plan, mut closings) = (None, Vec::new());
    for fact in facts {
        match fact.fact {
            ClassFact::Planned(told) => plan = Some(told),
            ClassFact::Closed(on) => closings.push((fact.position, on)),
            ClassFact::Cancelled => return None,
            ClassFact::Reopened { corrects } => closings.retain(|(position, _)| *position != corrects),
        }
    }
    plan.map(|plan| {
        let (year, month) = year_and_month(closings.last().map_or(plan.ends_on, |(_, on)| *on));
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
    let mut seats: Vec<Seat> = Vec::new();
    let mut tests: Vec<Test> = Vec::new();
    let mut certificates: Vec<(CertificateId, Order)> = Vec::new();
    let mut revoked: Vec<CertificateId> = Vec::new();
    for fact in facts.filter(|fact| fact.fact.class == class) {
        match fact.fact.what {
            Enrolment::Registered(category) => seats.push(Seat { category, order: fact.order(), held: true }),
            Enrolment::Withdrawn => {
                for seat in &mut seats {
                    seat.held = false;
                }
                tests.clear();
            }
            Enrolment::Annulled { corrects } => seats.retain(|seat| seat.order.1 != corrects),
            Enrolment::Tested { passed } => tests.push(Test { passed, order: fact.order(), corrects: None }),
            Enrolment::TestCorrected { passed, corrects } => tests.push(Test { passed, order: fact.order(), corrects: Some(corrects) }),
            Enrolment::TestVoided { corrects } => void(&mut tests, corrects, |test| (test.order.1, test.corrects)),
            Enrolment::Issued(certificate) => certificates.push((certificate, fact.order())),
            Enrolment::Revoked(certificate) => revoked.push(certificate),
        }
    }
    Standing {
        category: seats.last().and_then(|seat| seat.category),
        seat: seats.last().filter(|seat| seat.held).map(|seat| seat.order),
        completed: tests.last().filter(|test| test.passed).map(|test| test.order),
        certified: certificates.iter().find(|(certificate, _)| !revoked.contains(certificate)).map(|(_, order)| *order),
    }
}

/// A registration that stands, also after the seat was given up.
struct Seat {
    category: Option<TalentCategory>,
    order: Order,
    held: bool,
}

/// A statement about a test.
struct Test {
    passed: bool,
    order: Order,
    corrects: Option<u64>,
}

/// The facts of a class, in the order of folds.
pub(super) type ClassFacts = Arc<Vec<Dated<ClassFact>>>;

/// Facts of a class, put in that order.
pub(super) fn class_facts(mut facts: Vec<Dated<ClassFact>>) -> ClassFacts {
    facts.sort_by_key(Dated::order);
    Arc::new(facts)
}

/// How a class counts on a day, from its facts below a position.
pub(super) fn counting_on(facts: &[Dated<ClassFact>], day: CivilDate, below: u64) -> Option<Counting> {
    counting(facts.iter().take_while(|fact| fact.effective_on <= day).filter(|fact| fact.position < below))
}

/// Whether the fact at this position changes how a class counts, on any day.
pub(super) fn counts_otherwise(facts: &[Dated<ClassFact>], position: u64) -> bool {
    facts.iter().any(|fact| counting_on(facts, fact.effective_on, position) != counting_on(facts, fact.effective_on, position + 1))
}

/// A person with the classes that the facts name; all lists in the order of folds.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    facts: Vec<Dated<PersonFact>>,
    classes: Vec<(ClassId, ClassFacts)>,
}

/// An enrolment that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) class: ClassId,
    pub(super) counting: Counting,
    pub(super) standing: Standing,
}

impl Entity {
    /// A person's facts, in any order, with those of their classes.
    pub(super) fn new<E>(mut facts: Vec<Dated<PersonFact>>, mut class: impl FnMut(ClassId) -> Result<ClassFacts, E>) -> Result<Self, E> {
        facts.sort_by_key(Dated::order);
        let mut classes: Vec<(ClassId, ClassFacts)> = Vec::new();
        for fact in &facts {
            if classes.iter().all(|(known, _)| *known != fact.fact.class) {
                classes.push((fact.fact.class, class(fact.fact.class)?));
            }
        }
        Ok(Self { facts, classes })
    }

    /// What counts on a day, known below a position, by class.
    pub(super) fn on(&self, day: CivilDate, below: u64) -> Vec<Counted> {
        let facts = &self.facts[..self.facts.partition_point(|fact| fact.effective_on <= day)];
        let counted = self.classes.iter().filter_map(|(class, told)| {
            let counting = counting_on(told, day, below)?;
            let facts = facts.iter().filter(|fact| fact.position < below);
            Some(Counted { class: *class, counting, standing: standing(*class, facts) })
        });
        counted.collect()
    }

    /// The events that may change what the person contributes, each with its day: the person's own, and later ones of their classes.
    pub(super) fn events(&self) -> impl Iterator<Item = (u64, CivilDate)> {
        let first = self.facts.iter().map(|fact| fact.position).min().unwrap_or(u64::MAX);
        let told = self.classes.iter().flat_map(|(_, facts)| facts.iter()).map(|fact| (fact.position, fact.effective_on));
        let own = self.facts.iter().map(|fact| (fact.position, fact.effective_on));
        own.chain(told.filter(move |(position, _)| *position > first))
    }

    /// The days from `from` on which anything known below a position changes, in order, `from` itself first.
    pub(super) fn days(&self, from: CivilDate, below: u64) -> Vec<CivilDate> {
        let told = self.classes.iter().flat_map(|(_, facts)| facts.iter()).map(|fact| (fact.position, fact.effective_on));
        let own = self.facts.iter().map(|fact| (fact.position, fact.effective_on));
        let mut days: Vec<_> = own.chain(told).filter(|(position, day)| *position < below && *day > from).map(|(_, day)| day).collect();
        days.push(from);
        days.sort_unstable();
        days.dedup();
        days
    }
}
