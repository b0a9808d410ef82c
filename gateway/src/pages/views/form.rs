//! Forms: one view for everything that people record, with its fields and, where one thing is recorded of many, a row for each.

use askama::Template;

use super::frame::Page;
use super::{Choice, Fact, Frame, Link, Pager};
use crate::text::Lang;

/// How a field is filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Control {
    /// A line of text.
    #[default]
    Text,
    /// A number; says its step.
    Number(&'static str),
    /// A day.
    Date,
    /// One of a list.
    Choice(Vec<Choice>),
    /// Yes or no; its value is what yes sends.
    Tick,
    /// Sent as it is.
    Hidden,
}

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// Name, which is also its id: the JSON pointer of the field without its first slash.
    pub name: String,
    /// Label.
    pub label: String,
    /// Help under the label; may be empty.
    pub hint: String,
    /// How it is filled in.
    pub control: Control,
    /// What stands in it.
    pub value: String,
    /// It may not be left empty.
    pub required: bool,
}

/// One row of a table of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormRow {
    /// Whom or what it is about, as the reader may see it.
    pub head: String,
    /// What is known of it; may be empty.
    pub note: String,
    /// Its fields.
    pub cells: Vec<Input>,
}

/// A table of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormTable {
    /// Name of the table, under which problems of the whole table stand: the JSON pointer without its first slash.
    pub name: String,
    /// Caption.
    pub caption: String,
    /// Help; may be empty.
    pub hint: String,
    /// Headings: that of the rows, then one a field.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<FormRow>,
    /// Position in a long list.
    pub pager: Pager,
}

/// Something wrong with what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Name of the field; empty for the whole form.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// Its code, which has a page.
    pub code: String,
}

/// A form; posts to `action` with `csrf`, or is asked with GET where it has no `key`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormView {
    /// Frame.
    pub frame: Frame,
    /// What is done with it.
    pub title: String,
    /// What it does and what comes next, in a sentence.
    pub lead: String,
    /// More to know; may be empty.
    pub note: String,
    /// What it is about.
    pub facts: Vec<Fact>,
    /// Why it cannot be used now; then there are no fields.
    pub closed: Option<String>,
    /// Where it goes.
    pub action: String,
    /// Made anew for each form shown, so that it is carried out once.
    pub key: Option<String>,
    /// Its fields.
    pub inputs: Vec<Input>,
    /// A row for each of many.
    pub table: Option<FormTable>,
    /// What its button says.
    pub submit: String,
    /// It takes something away.
    pub is_grave: bool,
    /// Where to go instead.
    pub back: Link,
    /// What was wrong.
    pub told: Vec<Told>,
}

impl FormView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Form { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct Form<'a> {
    p: Page<'a>,
    v: &'a FormView,
}

impl Form<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        self.v.told.iter().find(|told| told.field == field).map(|told| told.message.as_str())
    }

    fn code_href(&self, code: &str) -> String {
        self.p.href(&format!("/problems/{code}"))
    }

    /// Whether a field stands on the page, so that a link can lead to it.
    fn has(&self, field: &str) -> bool {
        let cells = self.v.table.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        let shown = self.v.inputs.iter().chain(cells).any(|input| input.name == field && input.control != Control::Hidden);
        shown || self.v.table.as_ref().is_some_and(|table| table.name == field)
    }
}
