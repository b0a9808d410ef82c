//! What a quota query asks, what it answers, and the stable text that names one row for `why`.

use std::fmt;
use std::str::FromStr;

use zhixin_events::{CivilDate, Grade, Line, OccupationId, PlanYear, ReportingUnit, TalentCategory, TrainerId};

use crate::AsOf;

/// What the rows of an answer stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupBy {
    /// A place of province level; which one is said by [`RegionOf`].
    Region,
    /// The month in which the class ends.
    Month,
    /// The occupation of the class.
    Occupation,
    /// The occupation and direction of the class.
    Direction,
    /// The grade of the class.
    Grade,
    /// The occupation and grade of the class.
    OccupationGrade,
    /// The trainer that holds the class.
    Trainer,
    /// Why the person counts among those the programme is for, as stated at registration.
    Category,
}

impl GroupBy {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Region, Self::Month, Self::Occupation, Self::Direction, Self::Grade, Self::OccupationGrade, Self::Trainer, Self::Category];

    /// Its text in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Month => "month",
            Self::Occupation => "occupation",
            Self::Direction => "direction",
            Self::Grade => "grade",
            Self::OccupationGrade => "occupation_grade",
            Self::Trainer => "trainer",
            Self::Category => "category",
        }
    }

    /// The grouping with this text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountUnit {
    /// Distinct persons: one in two occupations counts once in each row and once in the total.
    Persons,
    /// Trainings: one person in one class.
    Trainings,
}

impl CountUnit {
    /// Its text in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Trainings => "trainings",
        }
    }

    /// The unit with this text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Persons, Self::Trainings].into_iter().find(|unit| unit.name() == name)
    }
}

/// Whose region a class belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionOf {
    /// The reporting unit of the organiser; targets are set for these.
    Organiser,
    /// The province of the place where the class is held; there are no targets for these.
    Place,
}

impl RegionOf {
    /// Its text in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organiser => "organiser",
            Self::Place => "place",
        }
    }

    /// The choice with this text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Organiser, Self::Place].into_iter().find(|of| of.name() == name)
    }
}

/// A column of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// People to be trained, as set and adjusted.
    Target,
    /// A seat is held, or the class was completed.
    Enrolled,
    /// The completion test was passed.
    Completed,
    /// A training certificate was issued and is not revoked.
    Certified,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Target, Self::Enrolled, Self::Completed, Self::Certified];

    /// Its text in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Enrolled => "enrolled",
            Self::Completed => "completed",
            Self::Certified => "certified",
        }
    }

    /// The column with this text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A question to the quota model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaQuery {
    /// The plan year: the year in which classes end.
    pub year: PlanYear,
    /// One line of the programme; none = all.
    pub line: Option<Line>,
    /// What the rows stand for.
    pub group_by: GroupBy,
    /// What is counted.
    pub unit: CountUnit,
    /// What a region is.
    pub region_of: RegionOf,
    /// Only classes whose organiser reports to this unit, whatever `region_of` says; none = the whole country.
    pub region: Option<ReportingUnit>,
    /// The view.
    pub as_of: AsOf,
}

/// The group that one row stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Everything the query covers.
    Total,
    /// A place of province level by its two-digit code.
    Region(u8),
    /// A month, 1 to 12.
    Month(u8),
    /// An occupation.
    Occupation(OccupationId),
    /// A direction of an occupation; none = the class has no direction.
    Direction(OccupationId, Option<String>),
    /// A grade.
    Grade(Grade),
    /// A grade of an occupation.
    OccupationGrade(OccupationId, Grade),
    /// A trainer.
    Trainer(TrainerId),
    /// A talent category; none = not stated.
    Category(Option<TalentCategory>),
}

/// Names one row of any answer. Its text (`Display`, `FromStr`) is stable: it is the `row` of `why`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// The plan year.
    pub year: PlanYear,
    /// The line; none = all.
    pub line: Option<Line>,
    /// What is counted.
    pub unit: CountUnit,
    /// What a region is.
    pub region_of: RegionOf,
    /// Only classes of organisers that report to this unit.
    pub region: Option<ReportingUnit>,
    /// The group.
    pub group: Group,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRow {
    /// Its name.
    pub key: RowKey,
    /// People to be trained; none = no target is set for such a row. Unit: people.
    pub target: Option<i64>,
    /// Unit: that of the query.
    pub enrolled: i64,
    /// Unit: that of the query.
    pub completed: i64,
    /// Unit: that of the query.
    pub certified: i64,
}

/// The answer to a [`QuotaQuery`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaAnswer {
    /// How far into the log it looks: the position of the view, or of the rows where those reach less far. An exclusive end.
    pub position: u64,
    /// The rows by group; rows in which everything is zero and no target is set are left out.
    pub rows: Vec<QuotaRow>,
    /// The total. For persons it is its own count, never a sum of rows.
    pub total: QuotaRow,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total => f.write_str("total:-"),
            Self::Region(code) => write!(f, "region:{code:02}"),
            Self::Month(month) => write!(f, "month:{month:02}"),
            Self::Occupation(id) => write!(f, "occupation:{id}"),
            Self::Direction(id, None) => write!(f, "direction:{id}"),
            Self::Direction(id, Some(direction)) => write!(f, "direction:{id}:{direction}"),
            Self::Grade(grade) => write!(f, "grade:{grade}"),
            Self::OccupationGrade(id, grade) => write!(f, "occupation_grade:{id}:{grade}"),
            Self::Trainer(id) => write!(f, "trainer:{id}"),
            Self::Category(None) => f.write_str("category:-"),
            Self::Category(Some(category)) => write!(f, "category:{category}"),
        }
    }
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map_or("all", Line::name);
        write!(f, "{}:{line}:{}:{}:", self.year, self.unit.name(), self.region_of.name())?;
        match self.region {
            Some(unit) => write!(f, "{unit}:{}", self.group),
            None => write!(f, "-:{}", self.group),
        }
    }
}

/// Text that names no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of the quota model is written YEAR:LINE:UNIT:REGION_OF:REGION:GROUP:VALUE")]
pub struct RowKeyError;

impl FromStr for RowKey {
    type Err = RowKeyError;

    fn from_str(text: &str) -> Result<Self, RowKeyError> {
        parse(text).filter(|key| key.to_string() == text).ok_or(RowKeyError)
    }
}

fn parse(text: &str) -> Option<RowKey> {
    let mut parts = text.splitn(7, ':');
    let year = PlanYear::new(parts.next()?.parse().ok()?);
    let line = match parts.next()? {
        "all" => None,
        name => Some(Line::from_name(name)?),
    };
    let unit = CountUnit::from_name(parts.next()?)?;
    let region_of = RegionOf::from_name(parts.next()?)?;
    let region = match parts.next()? {
        "-" => None,
        code => Some(ReportingUnit::new(code.parse().ok()?).ok()?),
    };
    let (group, value) = (parts.next()?, parts.next()?);
    Some(RowKey { year, line, unit, region_of, region, group: parse_group(group, value)? })
}

fn parse_group(group: &str, value: &str) -> Option<Group> {
    if group == "total" {
        return Some(Group::Total);
    }
    Some(match GroupBy::from_name(group)? {
        GroupBy::Region => Group::Region(value.parse().ok()?),
        GroupBy::Month => Group::Month(value.parse().ok().filter(|month| (1..=12).contains(month))?),
        GroupBy::Occupation => Group::Occupation(value.parse().ok()?),
        GroupBy::Direction => match value.split_once(':') {
            None => Group::Direction(value.parse().ok()?, None),
            Some((id, direction)) => Group::Direction(id.parse().ok()?, Some(direction.to_owned())),
        },
        GroupBy::Grade => Group::Grade(Grade::from_name(value)?),
        GroupBy::OccupationGrade => {
            let (id, grade) = value.split_once(':')?;
            Group::OccupationGrade(id.parse().ok()?, Grade::from_name(grade)?)
        }
        GroupBy::Trainer => Group::Trainer(value.parse().ok()?),
        GroupBy::Category if value == "-" => Group::Category(None),
        GroupBy::Category => Group::Category(Some(TalentCategory::from_name(value)?)),
    })
}

/// The plan year and month in which a class that ends on this day counts.
pub(super) fn year_and_month(end: CivilDate) -> (u16, u8) {
    (u16::try_from(end.year()).unwrap_or_default(), end.month())
}
