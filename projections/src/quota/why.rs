//! The events behind a figure.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use zhixin_events::{ClassId, PersonId, Position};
use zhixin_store::rows::RowFault;
use zhixin_store::table::TableView;

use super::answer::targets;
use super::apply::direction_hash;
use super::fold::{ClassFact, Counting, Measure, Order, PersonFact, Standing, counting, standing};
use super::key::{CountUnit, Field, Group, RegionOf, RowKey};
use super::{CLASS, PERSON, ROSTER, YEAR};
use crate::AsOf;
use crate::facts::{self, Dated, key};

/// The events that make a figure, by position: exactly as many as it counts; for a target, those that set what it adds up.
///
/// For trainings: the registration, test or issue behind each. For persons: of each person the one that took place first.
/// The classes of the year are read, and the rosters of those that belong to the row.
pub fn why(view: &TableView, row: &RowKey, field: Field, as_of: AsOf) -> Result<Vec<Position>, RowFault> {
    let measure = match field {
        Field::Target => {
            let mut told: Vec<_> = targets(view, row, as_of)?.unwrap_or_default().into_iter().map(|(_, position)| position).collect();
            told.sort_unstable();
            return Ok(told);
        }
        Field::Enrolled => Measure::Enrolled,
        Field::Completed => Measure::Completed,
        Field::Certified => Measure::Certified,
    };
    let mut trainings = Vec::new();
    let mut persons: BTreeMap<PersonId, Order> = BTreeMap::new();
    each_enrolment(view, row, as_of, |person, standing| {
        if let Some(order) = standing.event(measure) {
            trainings.push(Position(order.1));
            persons.entry(person).and_modify(|first| *first = order.min(*first)).or_insert(order);
        }
    })?;
    let mut positions = match row.unit {
        CountUnit::Trainings => trainings,
        CountUnit::Persons => persons.into_values().map(|(_, position)| Position(position)).collect(),
    };
    positions.sort_unstable();
    Ok(positions)
}

/// Calls `on_enrolment` for every enrolment that belongs to the row, whatever it amounts to.
fn each_enrolment(view: &TableView, row: &RowKey, as_of: AsOf, mut on_enrolment: impl FnMut(PersonId, &Standing)) -> Result<(), RowFault> {
    let mut classes = Vec::new();
    facts::scan(view, &key(YEAR, &[&row.year.get().to_be_bytes()]), None, |key, _| {
        classes.push(ClassId::from_bytes(facts::id_at(key, 3)?));
        Ok(ControlFlow::Continue(()))
    })?;
    for class in classes {
        let told: Vec<Dated<ClassFact>> = facts::read_in_view(view, &key(CLASS, &[&class.to_bytes()]), as_of)?;
        if !counting(told.iter()).is_some_and(|counting| holds_class(row, &counting)) {
            continue;
        }
        let mut roster = Vec::new();
        facts::scan(view, &key(ROSTER, &[&class.to_bytes()]), None, |key, _| {
            roster.push(PersonId::from_bytes(facts::id_at(key, 7)?));
            Ok(ControlFlow::Continue(()))
        })?;
        for person in roster {
            let told: Vec<Dated<PersonFact>> = facts::read_in_view(view, &key(PERSON, &[&person.to_bytes()]), as_of)?;
            let standing = standing(class, told.iter());
            if !matches!(row.group, Group::Category(category) if category != standing.category) {
                on_enrolment(person, &standing);
            }
        }
    }
    Ok(())
}

/// Whether the trainings of a class belong to a row; a category is a matter of each person.
fn holds_class(row: &RowKey, counting: &Counting) -> bool {
    let plan = &counting.plan;
    let grouped = match &row.group {
        Group::Total | Group::Category(_) => true,
        Group::Region(code) => match row.region_of {
            RegionOf::Organiser => plan.unit.code() == *code,
            RegionOf::Place => plan.place == *code,
        },
        Group::Month(month) => counting.month == *month,
        Group::Occupation(id) => plan.occupation == *id,
        Group::Direction(id, direction) => plan.occupation == *id && plan.direction == direction_hash(direction.as_deref()),
        Group::Grade(grade) => plan.grade == *grade,
        Group::OccupationGrade(id, grade) => plan.occupation == *id && plan.grade == *grade,
        Group::Trainer(id) => plan.trainer == *id,
    };
    grouped
        && counting.year == row.year.get()
        && row.line.is_none_or(|line| plan.line == line)
        && row.region.is_none_or(|unit| plan.unit == unit)
}
