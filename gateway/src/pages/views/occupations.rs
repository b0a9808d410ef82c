//! The directory of occupations.

use askama::Template;

use super::frame::Page;
use super::{Frame, Link};
use crate::text::Lang;

/// One occupation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OccupationRow {
    /// Name and history.
    pub name: Link,
    /// Name in the other language.
    pub other_name: String,
    /// Codes with their editions, oldest first.
    pub codes: Vec<String>,
    /// Directions for each grade, in words.
    pub directions: Vec<Vec<String>>,
    /// Address of the trainers listed for it.
    pub trainers: String,
    /// Address of the events behind the entry, for readers who may see them.
    pub why: Option<String>,
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OccupationListView {
    /// Frame.
    pub frame: Frame,
    /// Title of the page.
    pub title: String,
    /// Heading of the codes.
    pub code_label: String,
    /// Names of the grades.
    pub grades: Vec<String>,
    /// Occupations by code.
    pub rows: Vec<OccupationRow>,
}

impl OccupationListView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        OccupationList { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "occupation_list.html")]
struct OccupationList<'a> {
    p: Page<'a>,
    v: &'a OccupationListView,
}
