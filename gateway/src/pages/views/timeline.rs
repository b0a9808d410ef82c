//! The timeline of any record: what happened, by whom, before and after, with its proof.

use askama::Template;

use super::frame::Page;
use super::{Frame, Link, Tag};
use crate::text::Lang;

/// A field before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Name of the field.
    pub field: String,
    /// Value before; none if there was none.
    pub before: Option<String>,
    /// Value after; none if it was removed.
    pub after: Option<String>,
}

/// Whether an item changed something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ItemKind {
    /// A fact.
    #[default]
    Fact,
    /// Somebody looked; shown to auditors only.
    Read,
}

/// One event of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Fact or reading.
    pub kind: ItemKind,
    /// Time of day, in words.
    pub time: String,
    /// Same as a machine reads it (RFC 3339).
    pub machine_time: String,
    /// Who did what, as one sentence.
    pub sentence: String,
    /// Role of the actor.
    pub role: String,
    /// Who read, with what else they read.
    pub reader: Option<Box<Link>>,
    /// Effective date, where it is not the day of recording.
    pub effective_on: Option<String>,
    /// Fields that changed.
    pub changes: Vec<Change>,
    /// Position of the event; of a reading, in the log of reads.
    pub position: u64,
    /// First eight hexadecimal digits of the leaf hash.
    pub hash: String,
    /// Event that this one corrects.
    pub corrects: Option<u64>,
    /// Event that corrects this one.
    pub corrected_by: Option<u64>,
    /// No longer holds.
    pub voided: bool,
}

/// One entry of a day: an item, or a long run of alike ones under one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One event.
    One(Item),
    /// Many of a kind.
    Run {
        /// What they have in common.
        sentence: String,
        /// The events.
        items: Vec<Item>,
    },
}

/// A day, newest entry first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// Date, in words.
    pub date: String,
    /// Entries.
    pub entries: Vec<Entry>,
}

/// The timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimelineView {
    /// Frame.
    pub frame: Frame,
    /// Kind of record, such as "class".
    pub kind: String,
    /// Name of the record.
    pub title: String,
    /// Page of the record itself.
    pub record_href: Option<String>,
    /// State at the moment shown.
    pub status: Tag,
    /// Ordinal of its last event.
    pub version: u64,
    /// First day of the filter (`from`), ISO or empty.
    pub from: String,
    /// Last day of the filter (`to`), ISO or empty.
    pub to: String,
    /// Whether readings can be shown (auditors), and are.
    pub reads: Option<bool>,
    /// Days, newest first.
    pub days: Vec<Day>,
    /// Address of older entries.
    pub older: Option<String>,
}

impl TimelineView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Timeline { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct Timeline<'a> {
    p: Page<'a>,
    v: &'a TimelineView,
}
