//! From a figure to its events, and one event by itself.

use askama::Template;

use super::frame::Page;
use super::{Fact, Frame, Link, Pager};

use crate::text::{Lang, Phrase};

/// One event behind a figure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhyEvent {
    /// Position.
    pub position: u64,
    /// Time, in words.
    pub time: String,
    /// What happened, in a sentence.
    pub sentence: String,
    /// The record it belongs to; none if the reader may not see it.
    pub subject: Option<Link>,
    /// What it adds to the figure; 0 if it only matters for the rule.
    pub counts: i64,
}

/// A figure, its rule and its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhyView {
    /// Frame.
    pub frame: Frame,
    /// The figure as the page before showed it.
    pub figure: String,
    /// What the figure says, in a sentence.
    pub label: String,
    /// Year, line, unit, group: what was counted; or the record.
    pub scope: Vec<Fact>,
    /// The counting rule in words; none for a record, which counts nothing.
    pub rule: Option<String>,
    /// The figure recounted from all its events.
    pub recount: u64,
    /// Recount and figure agree.
    pub agrees: bool,
    /// Events on this page.
    pub events: Vec<WhyEvent>,
    /// Position in all events.
    pub pager: Pager,
    /// Where the figure stands.
    pub back: Option<String>,
}

impl WhyView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Why { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "why.html")]
struct Why<'a> {
    p: Page<'a>,
    v: &'a WhyView,
}

impl Why<'_> {
    fn title(&self) -> Phrase {
        if self.v.rule.is_some() { self.p.t.timeline.why_title } else { self.p.t.frame.why_row }
    }

    fn signed(counts: i64) -> String {
        match counts.signum() {
            1 => format!("+{counts}"),
            0 => "0".to_owned(),
            _ => format!("−{}", counts.unsigned_abs()),
        }
    }
}

/// A record that an event concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventSubject {
    /// Kind and name.
    pub label: String,
    /// Its timeline, if the reader may see it.
    pub href: Option<String>,
    /// Ordinal of the event in that record.
    pub ordinal: u64,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventView {
    /// Frame.
    pub frame: Frame,
    /// Position.
    pub position: u64,
    /// What happened, in a sentence.
    pub sentence: String,
    /// Type, such as `certificate.issued`.
    pub event_type: String,
    /// When it was recorded, in words.
    pub recorded_at: String,
    /// Effective date, in words.
    pub effective_on: String,
    /// Actor or role, in words.
    pub by: String,
    /// Records it concerns.
    pub subjects: Vec<EventSubject>,
    /// Leaf hash, 64 hexadecimal digits.
    pub leaf_hash: String,
    /// Canonical JSON; none if the reader may not see it.
    pub json: Option<String>,
    /// Position before, if there is one.
    pub previous: Option<u64>,
    /// Position after, if there is one.
    pub next: Option<u64>,
}

impl EventView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Event { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "event.html")]
struct Event<'a> {
    p: Page<'a>,
    v: &'a EventView,
}
