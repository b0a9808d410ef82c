//! Report of a roster read on trial: what would be written, what would not, and the confirmation.

use askama::Template;

use super::Frame;
use super::frame::Page;
use crate::text::{Lang, Phrase};

/// A row that will be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptedRow {
    /// Row number as the spreadsheet shows it.
    pub row: u32,
    /// Name as the uploader may see it.
    pub name: String,
    /// Employer.
    pub employer: String,
    /// A remark, such as an unknown county code; may be empty.
    pub note: String,
}

/// One thing wrong with a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowProblem {
    /// Stable code, such as `ROSTER-ID-CHECKSUM`.
    pub code: String,
    /// Column of the file.
    pub column: String,
    /// What is wrong.
    pub message: String,
}

/// A row that will not be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultyRow {
    /// Row number as the spreadsheet shows it.
    pub row: u32,
    /// Name as the uploader may see it; may be empty.
    pub name: String,
    /// Everything wrong with it, at least one.
    pub problems: Vec<RowProblem>,
    /// The reason typed so far, sent as `override-ROW`; none if no reason makes the row fit.
    pub reason: Option<String>,
}

/// A row that repeats another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DuplicateRow {
    /// Row number as the spreadsheet shows it.
    pub row: u32,
    /// Name as the uploader may see it.
    pub name: String,
    /// What it repeats: a row of the file or a trainee of the class.
    pub duplicate_of: String,
}

/// Where the import stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ImportStage {
    /// Nothing is written; it waits to be confirmed.
    #[default]
    Waiting,
    /// Rows are being written: how many have an answer, of how many.
    Running {
        /// Rows with an answer.
        done: u32,
        /// Rows to be written.
        of: u32,
    },
    /// Every row has its answer.
    Done {
        /// Rows written.
        written: u32,
    },
    /// The import was refused as a whole.
    Refused,
}

/// The report; its form posts `csrf` and reasons to `confirm_action`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReportView {
    /// Frame.
    pub frame: Frame,
    /// Name of the class.
    pub class_name: String,
    /// Page of the class.
    pub class_href: String,
    /// File name.
    pub file: String,
    /// Format of the file.
    pub format: String,
    /// Name of the sheet of a workbook.
    pub sheet: Option<String>,
    /// Where the import stands.
    pub stage: ImportStage,
    /// Rows that would be written.
    pub accepted: Vec<AcceptedRow>,
    /// Rows with problems.
    pub faulty: Vec<FaultyRow>,
    /// Rows that repeat others.
    pub duplicates: Vec<DuplicateRow>,
    /// The day on which the seats are taken, in words.
    pub day: String,
    /// Seats of the class, and those that are free.
    pub seats: Option<(u32, u32)>,
    /// Where the confirmation posts.
    pub confirm_action: String,
    /// Marked copy of the file for download, if there is one.
    pub marked_file: Option<String>,
    /// Why the confirmation just sent was not taken.
    pub refused: Option<String>,
    /// Until when the report can be confirmed, in words.
    pub expires: String,
}

impl ImportReportView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        ImportReport { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "import_report.html")]
struct ImportReport<'a> {
    p: Page<'a>,
    v: &'a ImportReportView,
}

impl ImportReport<'_> {
    fn title(&self) -> Phrase {
        let t = &self.p.t.classes;
        if self.v.stage == ImportStage::Waiting { t.report_title } else { t.import_report_title }
    }

    fn refused(&self) -> usize {
        self.v.faulty.len() + self.v.duplicates.len()
    }

    fn rows(&self) -> usize {
        self.v.accepted.len() + self.refused()
    }

    fn overridable(&self) -> usize {
        self.v.faulty.iter().filter(|row| row.reason.is_some()).count()
    }
}
