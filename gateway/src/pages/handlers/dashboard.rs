//! `/`: the dashboard.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use zhixin_events::{CivilDate, Grade, Line, PlanYear, ReportingUnit};
use zhixin_projections::ModelName;
use zhixin_projections::quota::{CountUnit, Group, GroupBy, QuotaAnswer, QuotaQuery, QuotaRow, RegionOf, RowKey};

use super::frame::{Asked, html};
use super::select;
use crate::app::App;
use crate::auth::Caller;
use crate::pages::views::{self, DashboardView, Frame, Headline, MapMeasure, MonthPoint, Nav, Select, StackRow, UnitRow, with_param};
use crate::problem::{Kind, Problem};
use crate::text::{Lang, Texts};
use crate::v1::moment::Moment;
use crate::v1::names::{self, Names};
use crate::v1::quota;

pub(super) async fn show(State(app): State<App>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::new(caller, uri);
    app.blocking(move |app| {
        let moment = Moment::of_page(app, &asked.query)?;
        let mut question = quota::question(&asked.query, &moment)?;
        if asked.query.text("year").is_none() {
            question.year = latest_year(app, &question)?;
        }
        if asked.query.text("unit").is_none() {
            question.unit = headline_unit(app, &moment)?;
        }
        let view = Page { app, asked: &asked, question, names: Names::of(app, moment.view, asked.lang)?, moment }.view()?;
        html(view.render(asked.lang))
    })
    .await
}

/// The year to begin with: the latest with targets, else the latest that is over and has counts, and this year when there is none yet.
///
/// Why: in January, before the year's targets are set, and in a demonstration, this year's page would be empty but for a stray event.
fn latest_year(app: &App, question: &QuotaQuery) -> Result<PlanYear, Problem> {
    let this_year = question.year;
    let years = zhixin_projections::quota::years(&app.rows(ModelName::Quota)?)?;
    let mut years: Vec<PlanYear> = years.into_iter().filter(|year| *year <= this_year).collect();
    years.sort_unstable();
    for year in years.iter().rev() {
        if quota::ask(app, &QuotaQuery { year: *year, ..*question })?.total.target.is_some() {
            return Ok(*year);
        }
    }
    Ok(years.into_iter().rev().find(|year| *year < this_year).unwrap_or(this_year))
}

/// What a headline counts: a reading of 每年培训100万名 that the rule packs settle. Source: Plan 2-1; the figure is `dashboard.headline_unit`.
fn headline_unit(app: &App, moment: &Moment) -> Result<CountUnit, Problem> {
    let packs = app.engine().packs(moment.view.position)?;
    let figure = packs.find("dashboard.headline_unit", None, moment.view.effective_by);
    let trainings = figure.and_then(|figure| figure.row.value.as_deref()) == Some("person_trainings");
    Ok(if trainings { CountUnit::Trainings } else { CountUnit::Persons })
}

struct Page<'a> {
    app: &'a App,
    asked: &'a Asked,
    question: QuotaQuery,
    names: Names,
    moment: Moment,
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl Page<'_> {
    fn ask(&self, change: impl FnOnce(&mut QuotaQuery)) -> Result<QuotaAnswer, Problem> {
        let mut question = self.question;
        change(&mut question);
        quota::ask(self.app, &question)
    }

    fn view(&self) -> Result<DashboardView, Problem> {
        let lang = self.asked.lang;
        let rows = quota::ask(self.app, &self.question)?;
        let frame = self.asked.data_frame(self.app, Nav::Dashboard, &[], &self.moment, &[ModelName::Quota])?;
        let is_live = self.moment.is_newest && self.asked.query.text("effective_by").is_none();
        let live = self.moment.position().filter(|_| is_live).map(|position| format!("/api/v1/live?after={position}"));
        let frame = Frame { live, ..frame };
        let year = self.question.year;
        Ok(DashboardView {
            frame,
            year: year.get().into(),
            scope: self.question.region.map(|unit| (names::unit(lang, unit).to_owned(), format!("/?year={year}"))),
            filters: self.filters(),
            unit: match self.question.unit {
                CountUnit::Persons => views::CountUnit::Persons,
                CountUnit::Trainings => views::CountUnit::Trainings,
            },
            measure: if self.asked.query.text("map") == Some("count") { MapMeasure::Count } else { MapMeasure::Percent },
            headlines: [Some(Line::Advanced), Some(Line::Capability), Some(Line::Digital), None]
                .into_iter()
                .map(|line| self.headline(line))
                .collect::<Result<_, _>>()?,
            units: self.units()?,
            months: self.months(self.question.line)?.iter().map(|row| self.month(row)).collect::<Result<_, _>>()?,
            grades: Grade::ALL.iter().map(|grade| names::grade(lang, *grade).to_owned()).collect(),
            occupations: self.occupations()?,
            occupations_total: self.occupations_total()?,
            group_label: group_name(lang, self.question.group_by).to_owned(),
            rows: rows.rows.iter().map(|row| self.row(row)).collect::<Result<_, _>>()?,
            total: self.row(&rows.total)?,
            offer: self.year_with_targets()?,
            rule: quota::rule(lang, self.question.unit).to_owned(),
            csv_units: self.csv(GroupBy::Region),
            csv_months: self.csv(GroupBy::Month),
            csv_occupations: self.csv(GroupBy::OccupationGrade),
            csv_rows: self.csv(self.question.group_by),
        })
    }

    /// The latest other year with targets and this page for it, where the year shown has none.
    fn year_with_targets(&self) -> Result<Option<(u16, String)>, Problem> {
        let has_targets = |year| Ok::<_, Problem>(self.ask(|question| question.year = year)?.total.target.is_some());
        if has_targets(self.question.year)? {
            return Ok(None);
        }
        let years = zhixin_projections::quota::years(&self.app.rows(ModelName::Quota)?)?;
        for year in years.into_iter().rev().filter(|year| *year != self.question.year) {
            if has_targets(year)? {
                return Ok(Some((
                    year.get(),
                    with_param(&self.asked.query.href("/", &["year", "lang", "mode", "as_of", "effective_by"]), "year", &year.to_string()),
                )));
            }
        }
        Ok(None)
    }

    fn filters(&self) -> Vec<Select> {
        let (lang, question, t) = (self.asked.lang, &self.question, Texts::of(self.asked.lang));
        let line = question.line.map_or("all", Line::name);
        let lines = [None, Some(Line::Advanced), Some(Line::Capability), Some(Line::Digital)];
        let units = std::iter::once((String::new(), t.dashboard.national.to_string()))
            .chain(ReportingUnit::all().map(|unit| (unit.to_string(), names::unit(lang, unit).to_owned())));
        let map = self.asked.query.text("map").unwrap_or("percent");
        vec![
            select(
                "year",
                t.dashboard.year,
                PlanYear::programme().map(|year| (year.to_string(), year.to_string())),
                &question.year.to_string(),
            ),
            select(
                "line",
                t.dashboard.line,
                lines.map(|line| (line.map_or("all", Line::name).to_owned(), names::line(lang, line).to_owned())),
                line,
            ),
            select("region", t.dashboard.region, units, &question.region.map(|unit| unit.to_string()).unwrap_or_default()),
            select(
                "unit",
                t.dashboard.unit,
                [("persons".to_owned(), t.frame.persons.to_string()), ("trainings".to_owned(), t.frame.trainings.to_string())],
                question.unit.name(),
            ),
            select(
                "group_by",
                t.dashboard.group_by,
                GroupBy::ALL.map(|group| (group.name().to_owned(), group_name(lang, group).to_owned())),
                question.group_by.name(),
            ),
            select(
                "map",
                t.dashboard.map_by,
                [("percent".to_owned(), t.dashboard.map_percent.to_string()), ("count".to_owned(), t.dashboard.map_count.to_string())],
                map,
            ),
        ]
    }

    /// The key of a row in the answer to a question.
    fn key(question: &QuotaQuery, group: Group) -> String {
        RowKey {
            year: question.year,
            line: question.line,
            unit: question.unit,
            region_of: question.region_of,
            region: question.region,
            group,
        }
        .to_string()
    }

    fn headline(&self, line: Option<Line>) -> Result<Headline, Problem> {
        let total = |unit| {
            self.ask(|question| (question.line, question.unit, question.group_by) = (line, unit, GroupBy::Grade)).map(|answer| answer.total)
        };
        let (persons, trainings) = (total(CountUnit::Persons)?, total(CountUnit::Trainings)?);
        let shown = if self.question.unit == CountUnit::Persons { &persons } else { &trainings };
        let target = shown.target.map(count);
        Ok(Headline {
            key: shown.key.to_string(),
            id: line.map_or("all", Line::name).to_owned(),
            label: line.map_or_else(
                || Texts::of(self.asked.lang).labels.total.to_string(),
                |line| names::line(self.asked.lang, Some(line)).to_owned(),
            ),
            completed_persons: count(persons.completed),
            completed_trainings: count(trainings.completed),
            target,
            expected: target.and_then(|target| expected(target, self.question.year, self.moment.view.effective_by)),
            percent_bp: quota::percent_bp(shown),
            by_month: self.months(line)?.iter().map(|row| count(row.completed)).collect(),
        })
    }

    /// Twelve rows, one a month.
    fn months(&self, line: Option<Line>) -> Result<Vec<QuotaRow>, Problem> {
        let answer = self.ask(|question| (question.line, question.group_by) = (line, GroupBy::Month))?;
        let empty = |month| QuotaRow {
            key: RowKey { group: Group::Month(month), ..answer.total.key.clone() },
            target: None,
            enrolled: 0,
            completed: 0,
            certified: 0,
        };
        let row = |month: u8| answer.rows.iter().find(|row| row.key.group == Group::Month(month)).cloned().unwrap_or_else(|| empty(month));
        Ok((1..=12).map(row).collect())
    }

    fn month(&self, row: &QuotaRow) -> Result<MonthPoint, Problem> {
        let by = self.moment.view.effective_by;
        let open = matches!(row.key.group, Group::Month(month) if month == by.month() && i32::from(row.key.year.get()) == by.year());
        Ok(MonthPoint {
            key: row.key.to_string(),
            label: quota::label(&row.key.group, &self.names)?,
            completed: count(row.completed),
            open,
        })
    }

    /// Every reporting unit, the one with the highest share first.
    fn units(&self) -> Result<Vec<UnitRow>, Problem> {
        let answer =
            self.ask(|question| (question.group_by, question.region_of, question.region) = (GroupBy::Region, RegionOf::Organiser, None))?;
        let mut question = self.question;
        (question.region_of, question.region) = (RegionOf::Organiser, None);
        let mut units = Vec::new();
        for unit in ReportingUnit::all().filter(|unit| self.question.region.is_none_or(|only| only == *unit)) {
            let group = Group::Region(unit.code());
            let row = if let Some(row) = answer.rows.iter().find(|row| row.key.group == group) {
                self.row(row)?
            } else {
                let label = names::unit(self.asked.lang, unit).to_owned();
                views::QuotaRow { key: Self::key(&question, group), label, ..views::QuotaRow::default() }
            };
            let href = Some(self.narrowed(unit));
            units.push(UnitRow { tile: Some(unit.to_string()), row: views::QuotaRow { href, ..row } });
        }
        units.sort_by_key(|unit| std::cmp::Reverse((unit.row.percent_bp, unit.row.completed)));
        Ok(units)
    }

    /// This page for one unit.
    fn narrowed(&self, unit: ReportingUnit) -> String {
        let question = &self.question;
        let line = question.line.map_or("all", Line::name);
        format!("/?year={}&line={line}&unit={}&group_by={}&region={unit}", question.year, question.unit.name(), question.group_by.name())
    }

    /// Occupations by grade. The figure of an occupation is its own, not a sum: a person in two grades counts once in it.
    fn occupations(&self) -> Result<Vec<StackRow>, Problem> {
        let occupations = self.ask(|question| question.group_by = GroupBy::Occupation)?;
        let by_grade = self.ask(|question| question.group_by = GroupBy::OccupationGrade)?;
        let row = |row: &QuotaRow| {
            let Group::Occupation(id) = row.key.group else { return Err(Kind::Internal.into()) };
            Ok(StackRow {
                label: self.names.occupation(id)?,
                parts: Grade::ALL.iter().map(|grade| completed(&by_grade, Group::OccupationGrade(id, *grade))).collect(),
                total: (row.key.to_string(), count(row.completed)),
            })
        };
        let mut rows: Vec<StackRow> = occupations.rows.iter().map(row).collect::<Result<_, Problem>>()?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.total.1));
        Ok(rows)
    }

    /// All occupations together, by grade.
    fn occupations_total(&self) -> Result<StackRow, Problem> {
        let answer = self.ask(|question| question.group_by = GroupBy::Grade)?;
        Ok(StackRow {
            label: self.names.texts().labels.total.to_string(),
            parts: Grade::ALL.iter().map(|grade| completed(&answer, Group::Grade(*grade))).collect(),
            total: (answer.total.key.to_string(), count(answer.total.completed)),
        })
    }

    fn row(&self, row: &QuotaRow) -> Result<views::QuotaRow, Problem> {
        let href = match &row.key.group {
            Group::Region(code) => ReportingUnit::new(*code).ok().map(|unit| self.narrowed(unit)),
            Group::Trainer(id) => Some(format!("/directories/trainers/{id}")),
            Group::Total
            | Group::Month(_)
            | Group::Occupation(_)
            | Group::Direction(..)
            | Group::Grade(_)
            | Group::OccupationGrade(..)
            | Group::Category(_) => None,
        };
        Ok(views::QuotaRow {
            key: row.key.to_string(),
            label: quota::label(&row.key.group, &self.names)?,
            href,
            target: row.target.map(count),
            enrolled: count(row.enrolled),
            completed: count(row.completed),
            certified: count(row.certified),
            percent_bp: quota::percent_bp(row),
        })
    }

    fn csv(&self, group: GroupBy) -> String {
        let question = &self.question;
        let line = question.line.map_or("all", Line::name);
        let (unit, region_of) = (question.unit.name(), question.region_of.name());
        let (year, group) = (question.year, group.name());
        let href = format!("/api/v1/quota.csv?year={year}&line={line}&unit={unit}&group_by={group}&region_of={region_of}");
        question.region.map_or(href.clone(), |unit| with_param(&href, "region", &unit.to_string()))
    }
}

/// Key and completed of a group of an answer, which leaves out rows without any figure.
fn completed(answer: &QuotaAnswer, group: Group) -> (String, u64) {
    let found = answer.rows.iter().find(|row| row.key.group == group).map_or(0, |row| count(row.completed));
    (RowKey { group, ..answer.total.key.clone() }.to_string(), found)
}

/// Name of a grouping.
fn group_name(lang: Lang, group: GroupBy) -> &'static str {
    let labels = &Texts::of(lang).labels;
    match group {
        GroupBy::Region => labels.by_region,
        GroupBy::Month => labels.by_month,
        GroupBy::Occupation => labels.by_occupation,
        GroupBy::Direction => labels.by_direction,
        GroupBy::Grade => labels.by_grade,
        GroupBy::OccupationGrade => labels.by_occupation_grade,
        GroupBy::Trainer => labels.by_trainer,
        GroupBy::Category => labels.by_category,
    }
    .as_str()
}

/// Where one should be on a day, going evenly; none outside the year.
fn expected(target: u64, year: PlanYear, on: CivilDate) -> Option<u64> {
    let first = CivilDate::from_ymd(year.get().into(), 1, 1)?;
    let after = CivilDate::from_ymd(i32::from(year.get()).saturating_add(1), 1, 1)?;
    let days = u64::try_from(after.days_since(first)).ok()?;
    let gone = u64::try_from(on.days_since(first)).ok()?.saturating_add(1);
    (gone <= days).then(|| target.saturating_mul(gone).div_euclid(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_even_pace_ends_at_the_target_with_the_year() {
        let day = |month, day| CivilDate::from_ymd(2025, month, day).unwrap();
        let year = PlanYear::new(2025);
        assert_eq!(expected(365, year, day(1, 1)), Some(1));
        assert_eq!(expected(365, year, day(12, 31)), Some(365));
        assert_eq!(expected(365, PlanYear::new(2024), day(1, 1)), None);
        assert_eq!(expected(365, PlanYear::new(2026), day(1, 1)), None);
    }
}
