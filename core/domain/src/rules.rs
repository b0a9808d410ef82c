//! Rules as data: the figures of published packs, and the holiday calendar. Decisions read them from the record, never from files.

pub mod text;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use zhixin_events::document::{DocumentEvent, HolidayCalendarPublished, PackFigure, RulePackPublished};
use zhixin_events::{BasisPoints, CivilDate, HoursTenths, PlanYear, Points, Position, ReportingUnit, SourceMark};

use crate::Refusal;
use crate::refusal::CommonRefusal;

/// Every published pack and calendar: the fold of all document events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packs {
    packs: BTreeMap<String, (Position, RulePackPublished)>,
    calendars: BTreeMap<PlanYear, HolidayCalendarPublished>,
}

/// A figure as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure<'a> {
    /// Its row.
    pub row: &'a PackFigure,
    /// Name of the pack.
    pub pack: &'a str,
    /// Edition of the pack.
    pub edition: u32,
    /// The event that published the edition.
    pub position: Position,
}

impl Packs {
    /// Folds one event: a later edition replaces an earlier one of the same name.
    pub fn apply(&mut self, event: &DocumentEvent, position: Position) {
        match event {
            DocumentEvent::RulePackPublished(pack) => {
                self.packs.insert(pack.name.clone(), (position, pack.clone()));
            }
            DocumentEvent::HolidayCalendarPublished(calendar) => {
                self.calendars.insert(calendar.year, calendar.clone());
            }
        }
    }

    /// The figure with this key for a territory on a date. What stands in an official text goes before what repeats one, that before a default
    /// of ours, and test data come last; among equals a pack of the territory goes before one of the whole country, then the one published
    /// last. So a default that a new version ships never displaces what an office has published.
    pub fn find(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Option<Figure<'_>> {
        let rank = |figure: &Figure<'_>, local: bool| {
            let certainty = match figure.row.mark {
                SourceMark::Plan | SourceMark::Official => 3,
                SourceMark::Secondary => 2,
                SourceMark::Default => 1,
                SourceMark::TestData => 0,
            };
            (figure.row.value.is_some(), certainty, local, figure.position)
        };
        self.packs
            .iter()
            .filter(|(_, (_, pack))| pack.unit.is_none() || pack.unit == unit)
            .flat_map(|(name, (position, pack))| {
                let holds = move |row: &&PackFigure| {
                    row.key == key && row.effective_from <= on && row.effective_until.is_none_or(|until| on <= until)
                };
                pack.figures
                    .iter()
                    .filter(holds)
                    .map(move |row| (Figure { row, pack: name, edition: pack.edition, position: *position }, pack.unit.is_some()))
            })
            .max_by_key(|(figure, local)| rank(figure, *local))
            .map(|(figure, _)| figure)
    }

    /// Every pack in force, by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, Position, &RulePackPublished)> {
        self.packs.iter().map(|(name, (position, pack))| (name.as_str(), *position, pack))
    }

    /// The calendar of a year in force.
    pub fn calendar_of(&self, year: PlanYear) -> Option<&HolidayCalendarPublished> {
        self.calendars.get(&year)
    }

    /// Whether offices work on a day: the calendar of its year, else weekdays.
    pub fn is_working_day(&self, day: CivilDate) -> bool {
        match self.calendars.get(&year_of(day)) {
            Some(calendar) if calendar.work_days.contains(&day) => true,
            Some(calendar) if calendar.days_off.contains(&day) => false,
            Some(_) | None => !day.is_weekend(),
        }
    }

    /// The day that lies so many working days after another; counting starts on the next day (自…之日起).
    pub fn plus_working_days(&self, from: CivilDate, working_days: u32) -> CivilDate {
        let mut day = from;
        let mut left = working_days;
        while left > 0 {
            day = day.plus_days(1);
            if self.is_working_day(day) {
                left = left.saturating_sub(1);
            }
        }
        day
    }
}

/// The calendar year of a date.
pub(crate) fn year_of(date: CivilDate) -> PlanYear {
    u16::try_from(date.year()).map(PlanYear::new).unwrap_or_default()
}

/// The packs as a decision reads them: it notes each pack that it used.
#[derive(Debug)]
pub struct Rules<'a> {
    packs: &'a Packs,
    used: RefCell<BTreeSet<Position>>,
    territory: Cell<Option<ReportingUnit>>,
}

impl<'a> Rules<'a> {
    /// Reads these packs.
    pub const fn new(packs: &'a Packs) -> Self {
        Self { packs, used: RefCell::new(BTreeSet::new()), territory: Cell::new(None) }
    }
    /// Notes where the thing lies that is decided about, once the actor is known to be permitted to: whose figures hold for its dates.
    pub(crate) fn settle(&self, territory: Option<ReportingUnit>) {
        self.territory.set(territory);
    }
    /// Where the thing lies that is decided about; none = it lies in no territory, the packs of the whole country hold.
    pub(crate) fn territory(&self) -> Option<ReportingUnit> {
        self.territory.get()
    }
    /// The packs used so far, by the position of the event that published them.
    pub fn used(&self) -> Vec<Position> {
        self.used.borrow().iter().copied().collect()
    }
    /// The calendar.
    pub const fn calendar(&self) -> &'a Packs {
        self.packs
    }

    /// The text of a figure.
    ///
    /// # Errors
    /// `RULE-0001` when no pack sets it: nothing falls back.
    pub fn text(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<&'a str, Refusal> {
        let missing = || CommonRefusal::MissingFigure.refusal().about(key);
        let figure = self.packs.find(key, unit, on).ok_or_else(missing)?;
        let value = figure.row.value.as_deref().ok_or_else(missing)?;
        self.used.borrow_mut().insert(figure.position);
        Ok(value)
    }
    fn number<T: std::str::FromStr>(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<T, Refusal> {
        self.text(key, unit, on)?.parse().map_err(|_| CommonRefusal::MalformedFigure.refusal().about(key))
    }
    /// A count.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub fn count(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<u32, Refusal> {
        self.number(key, unit, on)
    }
    /// Hours, in tenths.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub fn hours(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<HoursTenths, Refusal> {
        self.number(key, unit, on).map(HoursTenths::new)
    }
    /// Points of a test.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub fn points(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<Points, Refusal> {
        self.number(key, unit, on).map(Points::new)
    }
    /// A share in basis points.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub fn share(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<BasisPoints, Refusal> {
        self.number(key, unit, on).map(BasisPoints::new)
    }
    /// Whether something holds, written `yes` or `no`.
    ///
    /// # Errors
    /// `RULE-0001`, `RULE-0002`.
    pub fn flag(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<bool, Refusal> {
        match self.text(key, unit, on)? {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(CommonRefusal::MalformedFigure.refusal().about(key)),
        }
    }
    /// A comma-separated list of codes; an empty text is an empty list.
    ///
    /// # Errors
    /// `RULE-0001`.
    pub fn list(&self, key: &str, unit: Option<ReportingUnit>, on: CivilDate) -> Result<Vec<&'a str>, Refusal> {
        Ok(self.text(key, unit, on)?.split(',').map(str::trim).filter(|code| !code.is_empty()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhixin_events::FigureUnit;
    use zhixin_events::field::Digest32;

    /// Packs with one figure each, published one after another: name, territory, mark, value.
    fn packs(told: &[(&str, Option<ReportingUnit>, SourceMark, Option<&str>)]) -> Packs {
        let mut packs = Packs::default();
        for (position, (name, unit, mark, value)) in (0..).zip(told) {
            let figure = PackFigure {
                key: "pass_mark".to_owned(),
                value: value.map(str::to_owned),
                unit: FigureUnit::Points,
                effective_from: CivilDate(0),
                effective_until: None,
                source: "made up".to_owned(),
                mark: *mark,
            };
            let (name, title, digest) = ((*name).to_owned(), "made up".to_owned(), Digest32([0; 32]));
            let pack = RulePackPublished { name, edition: 1, title, unit: *unit, figures: vec![figure], digest };
            packs.apply(&DocumentEvent::RulePackPublished(pack), Position(position));
        }
        packs
    }

    fn value(told: &[(&str, Option<ReportingUnit>, SourceMark, Option<&str>)], unit: Option<ReportingUnit>) -> Option<String> {
        packs(told).find("pass_mark", unit, CivilDate(9)).and_then(|figure| figure.row.value.clone())
    }

    #[test]
    fn the_more_certain_figure_goes_before_the_nearer_and_the_later_one() {
        let corps = Some(ReportingUnit::CORPS);
        let (official, default, test) = (SourceMark::Official, SourceMark::Default, SourceMark::TestData);
        let national = ("office", None, official, Some("60"));
        // Neither a default shipped later nor local test data displaces what an office has published.
        assert_eq!(value(&[national, ("shipped", None, default, Some("50"))], corps).as_deref(), Some("60"));
        assert_eq!(value(&[national, ("trial", corps, test, Some("1"))], corps).as_deref(), Some("60"));
        // Of equal certainty the local one goes first, for its territory alone, then the later one.
        let local = ("local", corps, official, Some("70"));
        assert_eq!(value(&[local, national], corps).as_deref(), Some("70"));
        assert_eq!(value(&[local, national], None).as_deref(), Some("60"));
        assert_eq!(value(&[national, ("later", None, SourceMark::Plan, Some("65"))], None).as_deref(), Some("65"));
        // A row without a value says only that a text sets it.
        assert_eq!(value(&[("empty", None, official, None), ("trial", None, test, Some("1"))], None).as_deref(), Some("1"));
        assert_eq!(value(&[("empty", None, official, None)], None), None);
    }
}
