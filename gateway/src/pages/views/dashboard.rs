//! The dashboard: how far each line is, where, when and in which occupations.

use askama::Template;

use super::frame::Page;
use super::{Frame, Headline, QuotaRow, Select, StackRow, UnitRow, encode};
use crate::charts::{self, Bar, Bars, Bullet, Cell, Figure, Month, Months, Row, Table, Tile, TileMap, grouped, percent};
use crate::text::{Lang, Phrase};

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CountUnit {
    /// One person counts once.
    #[default]
    Persons,
    /// One person counts in every class.
    Trainings,
}

/// What colours the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MapMeasure {
    /// Completed of target.
    #[default]
    Percent,
    /// Completed.
    Count,
}

/// One month of the year shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthPoint {
    /// The `row` of `/why`.
    pub key: String,
    /// Short name.
    pub label: String,
    /// Completed in classes that ended in the month.
    pub completed: u64,
    /// The month is not over.
    pub open: bool,
}

/// The dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DashboardView {
    /// Frame.
    pub frame: Frame,
    /// Plan year.
    pub year: i32,
    /// Name of the territory shown when it is not the whole country, and the address of the whole country.
    pub scope: Option<(String, String)>,
    /// The latest year that has targets and its page, where the year shown has none.
    pub offer: Option<(u16, String)>,
    /// Filters: year, line, region, unit, `group_by`, `map`.
    pub filters: Vec<Select>,
    /// What rows, months and map count, and which of the two the headline compares with its target.
    pub unit: CountUnit,
    /// What colours the map.
    pub measure: MapMeasure,
    /// Cards: the three lines, then the total.
    pub headlines: Vec<Headline>,
    /// Reporting units in the order of their rank.
    pub units: Vec<UnitRow>,
    /// Months of the year in order.
    pub months: Vec<MonthPoint>,
    /// Names of the grades.
    pub grades: Vec<String>,
    /// Occupations, the one with most first.
    pub occupations: Vec<StackRow>,
    /// All occupations together.
    pub occupations_total: StackRow,
    /// Name of the grouping of `rows`.
    pub group_label: String,
    /// The chosen grouping.
    pub rows: Vec<QuotaRow>,
    /// Its total.
    pub total: QuotaRow,
    /// The counting rule in a sentence.
    pub rule: String,
    /// Address of the CSV for the units.
    pub csv_units: String,
    /// Address of the CSV for the months.
    pub csv_months: String,
    /// Address of the CSV for the occupations.
    pub csv_occupations: String,
    /// Address of the CSV for `rows`.
    pub csv_rows: String,
}

impl DashboardView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        let page = Page::new(&self.frame, lang);
        let ink = Ink { view: self, page };
        let cards = self.headlines.iter().map(|headline| ink.card(headline)).collect();
        Dashboard { p: page, v: self, cards, map: ink.map(), months: ink.months(), occupations: ink.occupations() }.render()
    }
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard<'a> {
    p: Page<'a>,
    v: &'a DashboardView,
    cards: Vec<Card<'a>>,
    map: String,
    months: String,
    occupations: String,
}

impl Dashboard<'_> {
    fn why(&self, key: &str, field: &str) -> String {
        why(self.p, key, field)
    }

    fn percent(bp: Option<&u64>) -> String {
        bp.copied().map_or_else(|| "–".to_owned(), percent)
    }

    fn target(target: Option<&u64>) -> String {
        target.copied().map_or_else(|| "–".to_owned(), grouped)
    }

    /// Length of the small bar in a table row, 0 to 100.
    fn bar(bp: Option<&u64>) -> u64 {
        bp.copied().unwrap_or(0).min(10_000) / 100
    }
}

/// A headline with its pictures and the word for its pace.
struct Card<'a> {
    h: &'a Headline,
    bullet: String,
    spark: String,
    pace: Option<(&'static str, Phrase)>,
}

fn why(page: Page<'_>, key: &str, field: &str) -> String {
    page.data(&format!("/why?model=quota&row={}&field={field}", encode(key)))
}

/// Draws the charts of one view.
struct Ink<'a> {
    view: &'a DashboardView,
    page: Page<'a>,
}

impl<'a> Ink<'a> {
    fn unit_word(&self) -> Phrase {
        match self.view.unit {
            CountUnit::Persons => self.page.t.frame.persons,
            CountUnit::Trainings => self.page.t.frame.trainings,
        }
    }

    fn figure(&self, id: &str, caption: &str, csv: &str, picture: &(String, String), table: &Table) -> String {
        let t = &self.page.t.frame;
        let csv = self.page.data(csv);
        Figure { id, caption, data_label: t.data_table.as_str(), csv: Some((t.csv.as_str(), &csv)) }.html(&picture.0, &picture.1, table)
    }

    fn card(&self, h: &'a Headline) -> Card<'a> {
        let t = &self.page.t.dashboard;
        let actual = match self.view.unit {
            CountUnit::Persons => h.completed_persons,
            CountUnit::Trainings => h.completed_trainings,
        };
        let goal = match h.target {
            Some(target) => t.bullet_target.with2(grouped(target), h.percent_bp.map_or_else(|| "–".to_owned(), percent)),
            None => t.no_target.to_string(),
        };
        let title = t.bullet_title.with3(&h.label, grouped(actual), goal);
        let pace = match (h.target, h.expected) {
            (Some(target), _) if actual >= target => Some(("good", t.pace_reached)),
            (Some(_), Some(expected)) if actual >= expected => Some(("good", t.pace_ahead)),
            (Some(_), Some(_)) => Some(("warning", t.pace_behind)),
            (None, _) | (_, None) => None,
        };
        let bullet = charts::bullet(&Bullet {
            id: &format!("bullet-{}", h.id),
            title: &title,
            actual,
            target: h.target,
            expected: h.expected.filter(|_| h.target.is_some()),
        });
        Card { h, bullet, spark: charts::sparkline(&format!("spark-{}", h.id), &t.spark.with(&h.label), &h.by_month), pace }
    }

    fn map(&self) -> String {
        let (t, v) = (&self.page.t.dashboard, self.view);
        let counts: Vec<u64> = v.units.iter().map(|u| u.row.completed).collect();
        let bands = match v.measure {
            MapMeasure::Percent => v.units.iter().map(|u| charts::band_of_percent(u.row.percent_bp)).collect(),
            MapMeasure::Count => charts::bands_of_counts(&counts),
        };
        let tiles: Vec<Tile> = v.units.iter().zip(bands).filter_map(|(unit, band)| self.tile(unit, band)).collect();
        let caption = self.map_caption();
        let percent_names = [t.band_1, t.band_2, t.band_3, t.band_4, t.band_5];
        let count_names = [t.count_1, t.count_2, t.count_3, t.count_4, t.count_5];
        let names = if v.measure == MapMeasure::Percent { percent_names } else { count_names };
        let picture = charts::tile_map(&TileMap {
            id: "map",
            title: &caption,
            chinese: self.page.t.lang == Lang::Zh,
            tiles: &tiles,
            band_names: names.map(Phrase::as_str),
            other_names: [t.band_none.as_str(), t.band_outside.as_str()],
        });
        let rows = v.units.iter().map(|unit| self.quota_row(&unit.row)).collect();
        self.figure("chart-map", &caption, &v.csv_units, &picture, &Table { head: self.quota_head(t.unit_column), rows, open: false })
    }

    fn map_caption(&self) -> String {
        let (t, v) = (&self.page.t.dashboard, self.view);
        let most = v.units.iter().map(|u| &u.row).max_by_key(|row| row.completed).filter(|row| row.completed > 0);
        match (v.measure, most) {
            (_, None) => t.map_caption_none.to_string(),
            (MapMeasure::Percent, Some(_)) => {
                let reached = v.units.iter().filter(|u| u.row.percent_bp.is_some_and(|bp| bp >= 10_000)).count();
                t.map_caption_percent.with2(v.units.len(), reached)
            }
            (MapMeasure::Count, Some(row)) => t.map_caption_count.with3(&row.label, grouped(row.completed), self.unit_word()),
        }
    }

    fn tile(&self, unit: &UnitRow, band: charts::Band) -> Option<Tile> {
        let (t, row) = (&self.page.t.dashboard, &unit.row);
        let count = format!("{} {}", grouped(row.completed), self.unit_word());
        let title = match row.percent_bp {
            Some(bp) => t.tile_title.with3(&row.label, count, percent(bp)),
            None => t.tile_title_no_target.with2(&row.label, count),
        };
        let value = match (self.view.measure, row.percent_bp) {
            (MapMeasure::Percent, Some(bp)) => format!("{}%", bp.saturating_add(50) / 100),
            (MapMeasure::Percent, None) => "–".to_owned(),
            (MapMeasure::Count, _) => grouped(row.completed),
        };
        let href = row.href.as_ref().map_or_else(|| why(self.page, &row.key, "completed"), |href| self.page.data(href));
        Some(Tile { code: unit.tile.clone()?, title, value, band, href })
    }

    fn quota_head(&self, first: Phrase) -> Vec<String> {
        let t = &self.page.t.dashboard;
        [first, t.target, t.enrolled, t.completed_column, t.certified, t.percent_short].map(|phrase| phrase.to_string()).into()
    }

    fn quota_row(&self, row: &QuotaRow) -> Row {
        let linked = |count: u64, field: &str| Cell::linked(grouped(count), why(self.page, &row.key, field));
        Row {
            name: Cell::plain(&row.label),
            cells: vec![
                row.target.map_or_else(|| Cell::plain("–"), |target| linked(target, "target")),
                linked(row.enrolled, "enrolled"),
                linked(row.completed, "completed"),
                linked(row.certified, "certified"),
                Cell::plain(row.percent_bp.map_or_else(|| "–".to_owned(), percent)),
            ],
        }
    }

    fn months(&self) -> String {
        let (t, v) = (&self.page.t.dashboard, self.view);
        let most = v.months.iter().max_by_key(|month| month.completed).filter(|month| month.completed > 0);
        let caption = most.map_or_else(
            || t.month_caption_none.to_string(),
            |month| t.month_caption.with3(&month.label, grouped(month.completed), self.unit_word()),
        );
        let data: Vec<Month> = v.months.iter().map(|m| Month { label: m.label.clone(), value: m.completed, open: m.open }).collect();
        let legend = if v.months.iter().any(|m| m.open) { format!("<p class=\"hint\">{}</p>", t.month_open) } else { String::new() };
        let picture = (charts::months(&Months { id: "months", title: &caption, months: &data }), legend);
        let rows = v.months.iter().map(|m| Row {
            name: Cell::plain(&m.label),
            cells: vec![Cell::linked(grouped(m.completed), why(self.page, &m.key, "completed"))],
        });
        let head = vec![t.month.to_string(), t.completed_column.to_string()];
        self.figure("chart-months", &caption, &v.csv_months, &picture, &Table { head, rows: rows.collect(), open: false })
    }

    fn occupations(&self) -> String {
        let (t, v) = (&self.page.t.dashboard, self.view);
        let most = v.occupations.iter().max_by_key(|row| row.total.1).filter(|row| row.total.1 > 0);
        let caption = most.map_or_else(
            || t.breakdown_caption_none.to_string(),
            |row| t.breakdown_caption.with3(&row.label, grouped(row.total.1), self.unit_word()),
        );
        let bar =
            |row: &StackRow| Bar { label: row.label.clone(), parts: row.parts.iter().map(|part| part.1).collect(), total: row.total.1 };
        let bars: Vec<Bar> = v.occupations.iter().map(bar).collect();
        let picture = charts::bars(&Bars { id: "occupations", title: &caption, series: &v.grades, bars: &bars });
        let cell = |(key, count): &(String, u64)| Cell::linked(grouped(*count), why(self.page, key, "completed"));
        let rows = v
            .occupations
            .iter()
            .chain([&v.occupations_total])
            .map(|row| Row { name: Cell::plain(&row.label), cells: row.parts.iter().chain([&row.total]).map(cell).collect() });
        let mut head = vec![self.page.t.frame.occupation.to_string()];
        head.extend(v.grades.iter().cloned());
        head.push(t.total.to_string());
        self.figure("chart-occupations", &caption, &v.csv_occupations, &picture, &Table { head, rows: rows.collect(), open: true })
    }
}
