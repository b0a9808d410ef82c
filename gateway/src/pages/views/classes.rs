//! Classes: the list, and one class with roster, attendance, tests and certificates.

use askama::Template;

use super::frame::Page;
use super::{Fact, FieldError, Frame, Link, Pager, Select, Tag, error_of};

use crate::text::{Lang, Phrase};

/// One class in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassRow {
    /// Name and page.
    pub name: Link,
    /// Trainer and page.
    pub trainer: Link,
    /// Occupation, direction and grade.
    pub subject: String,
    /// First and last day, in words.
    pub dates: String,
    /// State.
    pub status: Tag,
    /// Registered trainees.
    pub registered: u64,
    /// Trainees who completed.
    pub completed: u64,
    /// Certificates issued and not revoked.
    pub certified: u64,
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassListView {
    /// Frame.
    pub frame: Frame,
    /// Filters: year, region, occupation, grade, status, trainer.
    pub filters: Vec<Select>,
    /// Classes on this page.
    pub rows: Vec<ClassRow>,
    /// Position in the whole list.
    pub pager: Pager,
    /// Address of the CSV.
    pub csv: String,
    /// Form to plan a class; none for readers who may not.
    pub plan: Option<String>,
}

impl ClassListView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        ClassList { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "class_list.html")]
struct ClassList<'a> {
    p: Page<'a>,
    v: &'a ClassListView,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    #[default]
    Later,
    /// Where the class is now.
    Now,
    /// Over.
    Done,
}

/// One step in the life of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Name of the step.
    pub label: String,
    /// How far it is.
    pub state: StepState,
    /// When, in words; may be empty.
    pub when: String,
}

/// A column of the attendance grid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Short date, such as `03-12`.
    pub date: String,
    /// Whole name, read out and shown as a tooltip.
    pub title: String,
    /// Continuing education hours.
    pub hours: u32,
}

/// One person in one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Attendance {
    /// Nothing recorded.
    #[default]
    Unrecorded,
    /// There.
    Present,
    /// Not there.
    Absent,
    /// Not there, with leave.
    Excused,
}

/// One trainee of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RosterRow {
    /// Name as the reader may see it, and the page of the person.
    pub name: Link,
    /// Employer.
    pub employer: String,
    /// One mark a session.
    pub attendance: Vec<Attendance>,
    /// Hours reached and hours required.
    pub hours: (u32, u32),
    /// Address of the events behind the row, for readers who may see them.
    pub why: Option<String>,
    /// State of the enrolment.
    pub status: Tag,
}

/// One sitting of the completion test.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRow {
    /// Trainee as the reader may see the name.
    pub name: String,
    /// Day.
    pub date: String,
    /// Which attempt.
    pub attempt: u32,
    /// Mark, in words; may be hidden.
    pub score: String,
    /// Passed or not.
    pub result: Tag,
    /// The event behind it.
    pub position: u64,
}

/// One certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateRow {
    /// Number and look-up page.
    pub number: Link,
    /// Holder as the reader may see the name.
    pub name: String,
    /// Day of issue.
    pub issued_on: String,
    /// Valid, revoked, awaiting proof.
    pub status: Tag,
}

/// The upload form; posts `file` and `csrf` to `action` as multipart, which answers with the trial report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportForm {
    /// Where the form posts.
    pub action: String,
    /// Template for download.
    pub template: String,
    /// Largest file, in words.
    pub limit: String,
    /// Why no roster can be uploaded now; then there is no form.
    pub closed: Option<String>,
    /// What was wrong with the last upload; field `file` or empty.
    pub errors: Vec<FieldError>,
}

/// Something to be done with the class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NextStep {
    /// What, and its form.
    pub link: Link,
    /// Of what or of how many; may be empty.
    pub note: String,
}

/// One class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassView {
    /// Frame.
    pub frame: Frame,
    /// Name.
    pub name: String,
    /// State.
    pub status: Tag,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// Facts.
    pub facts: Vec<Fact>,
    /// Address of the timeline.
    pub timeline: String,
    /// Address of the events behind the record, for readers who may see them.
    pub why: Option<String>,
    /// Names are masked for this reader.
    pub names_masked: bool,
    /// The reader may open the names for a case, and must name it: a form asks for it.
    pub needs_case: bool,
    /// What is to be done next.
    pub next: Vec<NextStep>,
    /// What else may be done.
    pub others: Vec<Link>,
    /// Who does what this reader does not.
    pub who: Vec<String>,
    /// Columns of the grid.
    pub sessions: Vec<Session>,
    /// Trainees.
    pub roster: Vec<RosterRow>,
    /// Position in the roster.
    pub pager: Pager,
    /// Sittings of the completion test.
    pub tests: Vec<TestRow>,
    /// Certificates.
    pub certificates: Vec<CertificateRow>,
    /// Upload form; none for readers who may not.
    pub import: Option<ImportForm>,
}

impl ClassView {
    /// The page.
    pub fn render(&self, lang: Lang) -> Result<String, askama::Error> {
        Class { p: Page::new(&self.frame, lang), v: self }.render()
    }
}

#[derive(Template)]
#[template(path = "class.html")]
struct Class<'a> {
    p: Page<'a>,
    v: &'a ClassView,
}

impl Class<'_> {
    fn mark(&self, attendance: Attendance) -> Mark {
        let t = &self.p.t.classes;
        match attendance {
            Attendance::Unrecorded => Mark { sign: "·", class: "none", word: t.unrecorded },
            Attendance::Present => Mark { sign: "✓", class: "good", word: t.present },
            Attendance::Absent => Mark { sign: "✗", class: "bad", word: t.absent },
            Attendance::Excused => Mark { sign: "○", class: "neutral", word: t.excused },
        }
    }

    /// The marks that need explaining, in order.
    fn marks(&self) -> [Mark; 4] {
        [Attendance::Present, Attendance::Excused, Attendance::Absent, Attendance::Unrecorded].map(|a| self.mark(a))
    }

    fn step(&self, state: StepState) -> (&'static str, Phrase) {
        let t = &self.p.t.classes;
        match state {
            StepState::Later => ("later", t.step_later),
            StepState::Now => ("now", t.step_now),
            StepState::Done => ("done", t.step_done),
        }
    }

    fn file_error(&self) -> Option<&str> {
        error_of(self.errors(), "file")
    }

    fn day_error(&self) -> Option<&str> {
        error_of(self.errors(), "effective_on")
    }

    fn errors(&self) -> &[FieldError] {
        self.v.import.as_ref().map_or(&[], |import| import.errors.as_slice())
    }
}

/// A mark of the grid: sign, colour, word.
struct Mark {
    sign: &'static str,
    class: &'static str,
    word: Phrase,
}
