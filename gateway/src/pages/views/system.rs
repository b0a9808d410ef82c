//! Errors and the state of the system.

use askama::Template;

use super::frame::Page;
use super::{Fact, FieldError, Frame, Tag};

use crate::text::Lang;

/// A problem, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorView {
    /// Frame.
    pub frame: Frame,
    /// HTTP status.
    pub status: u16,
    /// Stable code, such as `CERT-0012`.
    pub code: String,
    /// What it is, in a few words.
    pub title: String,
    /// What happened, in a sentence.
    pub detail: String,
    /// What one can do, one sentence each.
    pub advice: Vec<String>,
    /// Single problems; `field` is a path into the input, or empty.
    pub errors: Vec<FieldError>,
    /// Page about the code, if there is one.
    pub code_href: Option<String>,
    /// Request number.
    pub request_id: String,
    /// How far what has to be done first is, and how far it has to get; the page then renews itself.
    pub progress: Option<(u64, u64)>,
    /// Signing in is what helps: the page offers it, with the way back.
    pub sign_in: bool,
    /// An earlier moment was asked for: the page offers the latest.
    pub past: bool,
}

impl ErrorView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Problem { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct Problem<'a> {
    p: Page<'a>,
    v: &'a ErrorView,
}

/// What a code means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeView {
    /// Frame.
    pub frame: Frame,
    /// The code.
    pub code: String,
    /// What it is, in a few words.
    pub title: String,
    /// Heading and text: meaning, cause, what to do.
    pub parts: Vec<(String, String)>,
}

impl CodeView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Code { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "code.html")]
struct Code<'a> {
    p: Page<'a>,
    v: &'a CodeView,
}

/// How far a read model is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelStatus {
    /// Name.
    pub name: String,
    /// Position reflected.
    pub position: u64,
    /// Events behind the log.
    pub lag: u64,
    /// Records left out.
    pub quarantined: u64,
    /// State in a word.
    pub state: Tag,
}

/// The state of the system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusView {
    /// Frame.
    pub frame: Frame,
    /// Everything is as it should be.
    pub healthy: bool,
    /// Sentences about what is not.
    pub attention: Vec<String>,
    /// Position of the last durable event.
    pub head: u64,
    /// Chain value at the head, hexadecimal.
    pub chain: String,
    /// Events covered by the last signed checkpoint.
    pub checkpoint_size: u64,
    /// When it was signed, in words.
    pub checkpoint_time: String,
    /// Its root, base64.
    pub checkpoint_root: String,
    /// Read models.
    pub models: Vec<ModelStatus>,
    /// Last backup, restore, full check: none says "never".
    pub last_backup: Option<String>,
    /// When the folder was last restored.
    pub last_restore: Option<String>,
    /// Last full check of the history.
    pub last_verify: Option<String>,
    /// Anything else worth showing: version, disk, start time.
    pub facts: Vec<Fact>,
}

impl StatusView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Status { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "status.html")]
struct Status<'a> {
    p: Page<'a>,
    v: &'a StatusView,
}

impl Status<'_> {
    fn or_never<'s>(&self, moment: Option<&'s str>) -> &'s str {
        moment.unwrap_or(self.p.t.system.status_never.as_str())
    }
}
