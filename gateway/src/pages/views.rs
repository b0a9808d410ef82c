//! View structs of every page: plain data that the handlers fill, and `render` that turns them into HTML.
//!
//! Invariants: a view knows no HTTP, no storage and no permission; strings in it are already in the page's language, except
//! the fixed words, which come from [`crate::text`]; everything works without JavaScript; no inline script or style.
//! Names of persons arrive masked or opened by the handler, which also records that reading; a view never masks.
//! Start with [`Frame`], then [`DashboardView`].

pub mod assets;
mod classes;
mod dashboard;
mod form;
mod frame;
mod import_report;
mod occupations;
mod quota;
mod sign_in;
mod system;
mod timeline;
mod trainers;
mod url;
mod verify;
mod why;

pub use classes::{
    Attendance, CertificateRow, ClassListView, ClassRow, ClassView, ImportForm, NextStep, RosterRow, Session, Step, StepState, TestRow,
};
pub use dashboard::{CountUnit, DashboardView, MapMeasure, MonthPoint};
pub use form::{Control, FormRow, FormTable, FormView, Input, Told};
pub use frame::{Account, AsOf, Crumb, DataTime, Environment, Frame, Integrity, Nav, Quarantine};
pub use import_report::{AcceptedRow, DuplicateRow, FaultyRow, ImportReportView, ImportStage, RowProblem};
pub use occupations::{OccupationListView, OccupationRow};
pub use quota::{Headline, QuotaRow, StackRow, UnitRow};
pub use sign_in::{DemoAccount, PasswordView, SignInView};
pub use system::{CodeView, ErrorView, ModelStatus, StatusView};
pub use timeline::{Change, Day, Entry, Item, ItemKind, TimelineView};
pub use trainers::{Difference, DifferenceEntry, ListedOccupation, TrainerListView, TrainerRow, TrainerView};
pub use url::{decode, encode, with_param, without_params};
pub use verify::{CertificateFacts, CertificateState, CheckOutcome, VerifyFormView, VerifyView};
pub use why::{EventSubject, EventView, WhyEvent, WhyView};

use crate::charts::group_digits;

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// What is written.
    pub label: String,
    /// Address within the site, without language parameter.
    pub href: String,
}

/// One line of a summary list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// Name of the line.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Where the value leads, if anywhere.
    pub href: Option<String>,
}

/// One entry of a select list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Value sent by the form.
    pub value: String,
    /// What is written.
    pub label: String,
    /// Chosen now.
    pub selected: bool,
}

/// A select list of a filter form (a GET parameter).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    /// Parameter name.
    pub name: String,
    /// Label in front.
    pub label: String,
    /// Entries; the one for "all" is among them.
    pub choices: Vec<Choice>,
}

/// How a tag is coloured; its text says the same in words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Plain.
    #[default]
    Neutral,
    /// As it should be.
    Good,
    /// Needs a look.
    Warning,
    /// Wrong or overdue.
    Bad,
}

impl Tone {
    /// CSS class suffix.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// A state in a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tag {
    /// The word.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

/// Part of a long list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// Number of the first row shown, from 1.
    pub first: u64,
    /// Number of the last row shown.
    pub last: u64,
    /// Rows in all.
    pub total: u64,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

/// What is wrong with one field of a form, or with the whole form (`field` empty).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field, which is also its id.
    pub field: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// A count with thousands separators; takes whatever integer the template has at hand.
fn n(count: impl std::fmt::Display) -> String {
    group_digits(&count.to_string())
}

/// The message for a field, if it has one.
fn error_of<'a>(errors: &'a [FieldError], field: &str) -> Option<&'a str> {
    errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
}

#[cfg(test)]
mod tests;
