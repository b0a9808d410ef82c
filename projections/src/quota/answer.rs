//! Queries of the quota model.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use zhixin_events::{Grade, Line, OccupationId, PeopleCount, PlanYear, Position, ReportingUnit, TalentCategory, TrainerId};
use zhixin_store::rows::{RowFault, RowGet as _, RowView as _};
use zhixin_store::table::TableView;

use super::apply::{direction_hash, target_key};
use super::cell::{Cell, CellGroup};
use super::cells;
use super::fold::Measure;
use super::key::{CountUnit, Field, Group, GroupBy, QuotaAnswer, QuotaQuery, QuotaRow, RegionOf, RowKey};
use super::{DIRECTION, TARGET};
use crate::AsOf;
use crate::facts::{self, CORRUPT};

/// Answers a question.
pub fn query(view: &TableView, query: &QuotaQuery) -> Result<QuotaAnswer, RowFault> {
    let key =
        |group| RowKey { year: query.year, line: query.line, unit: query.unit, region_of: query.region_of, region: query.region, group };
    let mut rows = Vec::new();
    for group in groups(view, query)? {
        let row = row(view, &key(group), query.as_of)?;
        if row.target.is_some() || row.enrolled != 0 || row.completed != 0 || row.certified != 0 {
            rows.push(row);
        }
    }
    rows.sort_by(|one, other| one.key.group.cmp(&other.key.group));
    let position = query.as_of.position.min(view.checkpoint().position);
    Ok(QuotaAnswer { position, rows, total: row(view, &key(Group::Total), query.as_of)? })
}

/// One row of any answer, by its name.
pub fn row(view: &TableView, key: &RowKey, as_of: AsOf) -> Result<QuotaRow, RowFault> {
    let target = targets(view, key, as_of)?.map(|told| told.iter().map(|(people, _)| people).sum());
    Ok(QuotaRow {
        key: key.clone(),
        target,
        enrolled: figure(view, key, Measure::Enrolled, as_of)?,
        completed: figure(view, key, Measure::Completed, as_of)?,
        certified: figure(view, key, Measure::Certified, as_of)?,
    })
}

/// The lines whose cells make a figure: persons have cells for all lines together, trainings are added up.
fn lines(unit: CountUnit, line: Option<Line>) -> Vec<Option<Line>> {
    match (unit, line) {
        (CountUnit::Persons, line) => vec![line],
        (CountUnit::Trainings, Some(line)) => vec![Some(line)],
        (CountUnit::Trainings, None) => Line::ALL.iter().copied().map(Some).collect(),
    }
}

fn figure(view: &TableView, key: &RowKey, measure: Measure, as_of: AsOf) -> Result<i64, RowFault> {
    lines(key.unit, key.line)
        .into_iter()
        .filter_map(|line| cell(key, line))
        .try_fold(0, |sum, cell| Ok(sum + cells::figure(view, cell.measure(measure).as_bytes(), as_of)?))
}

/// The cell of a row without its measure; none if no class can be in it.
fn cell(key: &RowKey, line: Option<Line>) -> Option<Cell> {
    let start = |region| Cell::start(key.year.get(), key.unit, line, region);
    let filtered = |group: CellGroup| start(key.region).with(&[group.byte()]);
    let organiser = |code: u8| start(None).with(&[CellGroup::Organiser.byte(), code]);
    Some(match (&key.group, key.region) {
        (Group::Total, None) => start(None).with(&[CellGroup::Total.byte()]),
        (Group::Total, Some(region)) => organiser(region.code()),
        (Group::Region(code), region) => match key.region_of {
            RegionOf::Place => filtered(CellGroup::Place).with(&[*code]),
            RegionOf::Organiser if region.is_none_or(|only| only.code() == *code) => organiser(*code),
            RegionOf::Organiser => return None,
        },
        (Group::Month(month), _) => filtered(CellGroup::Month).with(&[*month]),
        (Group::Occupation(id), _) => filtered(CellGroup::Occupation).with(&id.to_bytes()),
        (Group::Direction(id, direction), _) => {
            filtered(CellGroup::Direction).with(&id.to_bytes()).with(&direction_hash(direction.as_deref()))
        }
        (Group::Grade(grade), _) => filtered(CellGroup::Grade).with(&[grade.code()]),
        (Group::OccupationGrade(id, grade), _) => filtered(CellGroup::OccupationGrade).with(&[grade.code()]).with(&id.to_bytes()),
        (Group::Trainer(id), _) => filtered(CellGroup::Trainer).with(&id.to_bytes()),
        (Group::Category(category), _) => filtered(CellGroup::Category).with(&[category.map_or(0, TalentCategory::code)]),
    })
}

/// Every group that may have a row.
fn groups(view: &TableView, query: &QuotaQuery) -> Result<BTreeSet<Group>, RowFault> {
    let group = match (query.group_by, query.region_of) {
        (GroupBy::Region, RegionOf::Organiser) => return Ok(organisers(query)),
        (GroupBy::Region, RegionOf::Place) => CellGroup::Place,
        (GroupBy::Month, _) => CellGroup::Month,
        (GroupBy::Occupation, _) => CellGroup::Occupation,
        (GroupBy::Direction, _) => CellGroup::Direction,
        (GroupBy::Grade, _) => CellGroup::Grade,
        (GroupBy::OccupationGrade, _) => CellGroup::OccupationGrade,
        (GroupBy::Trainer, _) => CellGroup::Trainer,
        (GroupBy::Category, _) => CellGroup::Category,
    };
    let mut found = BTreeSet::new();
    for line in lines(query.unit, query.line) {
        let prefix = Cell::start(query.year.get(), query.unit, line, query.region).with(&[group.byte()]);
        for value in cells::values(view, prefix.as_bytes(), group.value_len())? {
            found.insert(named(view, group, &value)?);
        }
    }
    Ok(found)
}

/// The units that may organise: all of them, so that one with a target and no class is shown.
fn organisers(query: &QuotaQuery) -> BTreeSet<Group> {
    let wanted = |unit: &ReportingUnit| query.region.is_none_or(|only| only == *unit);
    ReportingUnit::all().filter(wanted).map(|unit| Group::Region(unit.code())).collect()
}

fn named(view: &TableView, group: CellGroup, value: &[u8]) -> Result<Group, RowFault> {
    let code = || value.first().copied().ok_or(CORRUPT);
    let grade = || Grade::from_code(code()?).ok_or(CORRUPT);
    Ok(match group {
        CellGroup::Total => Group::Total,
        CellGroup::Organiser | CellGroup::Place => Group::Region(code()?),
        CellGroup::Month => Group::Month(code()?),
        CellGroup::Occupation => Group::Occupation(OccupationId::from_bytes(facts::id_at(value, 0)?)),
        CellGroup::Direction => {
            let occupation = OccupationId::from_bytes(facts::id_at(value, 0)?);
            let text = view.get(&facts::key(DIRECTION, &[value]))?;
            let text = text.map(|text| String::from_utf8(text).map_err(|_| CORRUPT)).transpose()?;
            Group::Direction(occupation, text)
        }
        CellGroup::Grade => Group::Grade(grade()?),
        CellGroup::OccupationGrade => Group::OccupationGrade(OccupationId::from_bytes(facts::id_at(value, 1)?), grade()?),
        CellGroup::Trainer => Group::Trainer(TrainerId::from_bytes(facts::id_at(value, 0)?)),
        CellGroup::Category => match code()? {
            0 => Group::Category(None),
            code => Group::Category(Some(TalentCategory::from_code(code).ok_or(CORRUPT)?)),
        },
    })
}

/// The targets that a row adds up, each with the event that set it; none where there can be or is no target.
pub(super) fn targets(view: &TableView, key: &RowKey, as_of: AsOf) -> Result<Option<Vec<(i64, Position)>>, RowFault> {
    if key.region_of == RegionOf::Place {
        return Ok(None);
    }
    let unit = match (&key.group, key.region) {
        (Group::Total, region) => region,
        (Group::Region(code), region) if region.is_none_or(|only| only.code() == *code) => match ReportingUnit::new(*code) {
            Ok(unit) => Some(unit),
            Err(_) => return Ok(None),
        },
        (
            Group::Region(_)
            | Group::Month(_)
            | Group::Occupation(_)
            | Group::Direction(..)
            | Group::Grade(_)
            | Group::OccupationGrade(..)
            | Group::Trainer(_)
            | Group::Category(_),
            _,
        ) => return Ok(None),
    };
    let mut told = Vec::new();
    let mut add = |bytes: &[u8]| -> Result<(), RowFault> {
        let facts = facts::in_view(facts::decode::<PeopleCount>(bytes)?, as_of);
        told.extend(facts.last().map(|fact| (i64::from(fact.fact.get()), fact.at())));
        Ok(())
    };
    if let Some(unit) = unit {
        for line in Line::ALL.iter().filter(|line| key.line.is_none_or(|only| only == **line)) {
            view.get(&target_key(key.year, *line, unit))?.map_or(Ok(()), |bytes| add(&bytes))?;
        }
    } else {
        let mut prefix = facts::key(TARGET, &[&key.year.get().to_be_bytes()]);
        prefix.extend(key.line.map(Line::code));
        facts::scan(view, &prefix, None, |_, bytes| add(bytes).map(ControlFlow::Continue))?;
    }
    Ok((!told.is_empty()).then_some(told))
}

/// Every row of the view as (name, canonical text), for `replay`: for all regions together, every line, unit and grouping.
pub(crate) fn dump(view: &TableView, as_of: AsOf) -> Result<Vec<(String, String)>, RowFault> {
    let mut rows = Vec::new();
    for year in years(view)? {
        for line in [None].into_iter().chain(Line::ALL.iter().copied().map(Some)) {
            for unit in [CountUnit::Persons, CountUnit::Trainings] {
                for group_by in GroupBy::ALL {
                    let places: &[_] =
                        if group_by == GroupBy::Region { &[RegionOf::Organiser, RegionOf::Place] } else { &[RegionOf::Organiser] };
                    for region_of in places {
                        let question = QuotaQuery { year, line, group_by, unit, region_of: *region_of, region: None, as_of };
                        let answer = query(view, &question)?;
                        rows.extend(answer.rows.iter().chain([&answer.total]).map(|row| (row.key.to_string(), text(row))));
                    }
                }
            }
        }
    }
    rows.sort();
    rows.dedup();
    Ok(rows)
}

/// The years in which anything counts or has a target, as known now.
///
/// # Errors
/// The rows cannot be read.
pub fn years(view: &TableView) -> Result<BTreeSet<PlanYear>, RowFault> {
    let year =
        |bytes: Option<&[u8]>| bytes.and_then(|two| two.try_into().ok()).map(|two| PlanYear::new(u16::from_be_bytes(two))).ok_or(CORRUPT);
    let mut years = BTreeSet::new();
    for value in cells::values(view, &[], 2)? {
        years.insert(year(Some(&value))?);
    }
    facts::scan(view, &[TARGET], None, |key, _| {
        years.insert(year(key.get(1..3))?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(years)
}

fn text(row: &QuotaRow) -> String {
    use zhixin_events::json::Json;
    Json::object([
        (Field::Target.name(), row.target.map_or(Json::Null, Json::Integer)),
        (Field::Enrolled.name(), Json::Integer(row.enrolled)),
        (Field::Completed.name(), Json::Integer(row.completed)),
        (Field::Certified.name(), Json::Integer(row.certified)),
    ])
    .to_canonical()
}
