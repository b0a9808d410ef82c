//! The trainer directory: list with editions and differences, and one trainer.

use askama::Template;

use super::frame::Page;
use super::{ClassRow, Day, Fact, Frame, Link, Pager, Select, Tag};
use crate::text::Lang;

/// One trainer in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrainerRow {
    /// Name and page.
    pub name: Link,
    /// Unified social credit code.
    pub uscc: String,
    /// Territory.
    pub region: String,
    /// Occupations it is listed for.
    pub occupations: Vec<String>,
    /// Listed, suspended, removed, expired.
    pub status: Tag,
    /// First and last day, in words.
    pub validity: String,
}

/// One entry that differs between two editions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DifferenceEntry {
    /// Trainer.
    pub name: Link,
    /// What differs, in words.
    pub detail: String,
    /// The event behind it.
    pub position: u64,
}

/// The difference between the edition shown and an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Name of the earlier edition.
    pub since: String,
    /// Entries that are new.
    pub added: Vec<DifferenceEntry>,
    /// Entries that are gone.
    pub removed: Vec<DifferenceEntry>,
    /// Entries that are otherwise.
    pub changed: Vec<DifferenceEntry>,
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrainerListView {
    /// Frame.
    pub frame: Frame,
    /// Search text (parameter `q`).
    pub query: String,
    /// Facets: region, occupation, status.
    pub facets: Vec<Select>,
    /// Edition picker (parameter `edition`).
    pub edition: Select,
    /// Earlier edition to compare with (parameter `since`).
    pub since: Select,
    /// Number and date of the edition shown.
    pub edition_shown: (String, String),
    /// What changed, when an earlier edition is chosen.
    pub difference: Option<Difference>,
    /// Trainers on this page.
    pub rows: Vec<TrainerRow>,
    /// Position in the whole list.
    pub pager: Pager,
    /// Address of the CSV.
    pub csv: String,
    /// Address of the JSON.
    pub json: String,
}

impl TrainerListView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        TrainerList { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "trainer_list.html")]
struct TrainerList<'a> {
    p: Page<'a>,
    v: &'a TrainerListView,
}

/// One occupation of a trainer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedOccupation {
    /// Occupation with its code.
    pub occupation: String,
    /// State.
    pub status: Tag,
    /// First day.
    pub from: String,
    /// Last day, or empty.
    pub until: String,
    /// Deciding document, or empty.
    pub decision: String,
    /// The event behind the row.
    pub position: u64,
}

/// One trainer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrainerView {
    /// Frame.
    pub frame: Frame,
    /// Name.
    pub name: String,
    /// State of the entry as a whole.
    pub status: Tag,
    /// Listed at the moment shown.
    pub listed: bool,
    /// Code, territory, kind, figures, …
    pub facts: Vec<Fact>,
    /// Occupations, also former ones.
    pub occupations: Vec<ListedOccupation>,
    /// Inclusion, changes, removal, newest first.
    pub history: Vec<Day>,
    /// Address of the full timeline.
    pub timeline: String,
    /// Address of the events behind the entry, for readers who may see them.
    pub why: Option<String>,
    /// Recent classes; none for readers who may see no classes.
    pub classes: Option<Vec<ClassRow>>,
    /// How to cite the entry.
    pub citation: String,
}

impl TrainerView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Trainer { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "trainer.html")]
struct Trainer<'a> {
    p: Page<'a>,
    v: &'a TrainerView,
}
