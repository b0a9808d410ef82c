//! An uploaded roster while it waits: its rows sealed in the vault under the uploader's account for 24 hours, the file itself never kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zhixin_engine::domain::class::register_trainee::{PersonDescription, Trainee};
use zhixin_engine::domain::class::{Employer, EmployerDescription, RegisterTrainee};
use zhixin_events::digest::{base64url, from_base64url, sha256};
use zhixin_events::field::Digest32;
use zhixin_events::{
    AccountId, CivilDate, ClassId, DocumentKind, JobId, OrganisationId, Role, Secret, Subject, SubjectKind, TalentCategory, Timestamp,
};

use crate::app::App;
use crate::auth::Acting;
use crate::problem::{Kind, Problem};
use crate::roster::{self, RejectedRow, ReturnedRow, RosterColumn, RosterFile, RosterFormat, RosterLimits, Row};
use crate::text::Lang;
use crate::v1::{names, story};

/// Codes of cells whose digits a spreadsheet had lost.
const LOST: [&str; 2] = ["ROSTER-ID-DIGITS-LOST", "ROSTER-USCC-DIGITS-LOST"];
/// How long rows wait to be confirmed, and how long a report is kept. Unit: milliseconds.
pub(crate) const KEPT_MS: i64 = 24 * 3_600_000;
/// Begins the names under which uploads are kept.
const NAMES: &str = "roster-";

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Read; nothing is written.
    Waiting,
    /// Confirmed; its rows are being written.
    Running,
    /// Every row has its answer.
    Done,
    /// The import was refused as a whole.
    Refused,
}

impl State {
    /// Its text in answers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A row that can be written.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Accepted {
    pub(crate) row: u32,
    pub(crate) name: String,
    kind: DocumentKind,
    number: String,
    number_reason: Option<String>,
    phone: Option<String>,
    pub(crate) employer: String,
    employer_code: Option<String>,
    category: Option<TalentCategory>,
    #[serde(default)]
    title_level: Option<String>,
    #[serde(default)]
    code_reason: Option<String>,
    pub(crate) notes: Vec<(String, String)>,
}

/// One thing wrong with a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) column: (String, String),
    pub(crate) message: (String, String),
    pub(crate) earlier_row: Option<u32>,
}

/// A row that cannot be written.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Rejected {
    pub(crate) row: u32,
    pub(crate) name: String,
    pub(crate) faults: Vec<Fault>,
    /// A reason typed by the uploader makes it a row that can be written.
    pub(crate) may_override: bool,
    cells: BTreeMap<String, String>,
}

/// An upload as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) class: String,
    account: String,
    role: Role,
    pub(crate) file: String,
    pub(crate) format: String,
    #[serde(default)]
    pub(crate) sheet: Option<String>,
    digest: String,
    uploaded_ms: i64,
    /// Rows read from the file.
    pub(crate) rows: u32,
    /// When the seats were taken, if that was stated.
    #[serde(default)]
    pub(crate) effective_on: Option<CivilDate>,
    pub(crate) accepted: Vec<Accepted>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) state: State,
    pub(crate) job: Option<String>,
    /// Why rows that could be written would be or were refused: code and both sentences, by row.
    pub(crate) refusals: BTreeMap<u32, (String, String, String)>,
    pub(crate) written: u32,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("id", &self.id).field("class", &self.class).field("state", &self.state).finish_non_exhaustive()
    }
}

const fn format_name(format: RosterFormat) -> &'static str {
    match format {
        RosterFormat::Xlsx => "XLSX",
        RosterFormat::CsvUtf8 => "CSV UTF-8",
        RosterFormat::CsvGb18030 => "CSV GB18030",
    }
}

impl Upload {
    /// Keeps what was read of a file.
    pub(crate) fn new(
        acting: &Acting,
        class: ClassId,
        file_name: &str,
        bytes: &[u8],
        read: &RosterFile,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut id = [0; 6];
        getrandom::fill(&mut id).map_err(|_| Problem::from(Kind::Storage))?;
        Ok(Self {
            id: zhixin_events::ids::to_text(id),
            class: class.to_string(),
            account: acting.account.to_string(),
            role: acting.role,
            file: file_name.chars().filter(|c| !c.is_control()).take(120).collect(),
            format: format_name(read.format).to_owned(),
            sheet: read.sheet.clone(),
            digest: base64url(&sha256(&[bytes])),
            uploaded_ms: now.0,
            rows: u32::try_from(read.accepted.len().saturating_add(read.rejected.len())).unwrap_or(u32::MAX),
            effective_on: None,
            accepted: read.accepted.iter().map(Accepted::of).collect(),
            rejected: read.rejected.iter().map(Rejected::of).collect(),
            state: State::Waiting,
            job: None,
            refusals: BTreeMap::new(),
            written: 0,
        })
    }

    pub(crate) fn class(&self) -> Option<ClassId> {
        self.class.parse().ok()
    }
    pub(crate) fn actor(&self) -> Option<(AccountId, Role)> {
        Some((self.account.parse().ok()?, self.role))
    }
    pub(crate) fn digest(&self) -> Option<Digest32> {
        from_base64url(&self.digest).and_then(|bytes| bytes.try_into().ok()).map(Digest32)
    }
    /// Rows that the rules let be written, as far as is known.
    pub(crate) fn promised(&self) -> impl Iterator<Item = &Accepted> {
        self.accepted.iter().filter(|row| !self.refusals.contains_key(&row.row))
    }
    /// Until when it is kept.
    pub(crate) const fn kept_until(&self) -> Timestamp {
        Timestamp(self.uploaded_ms.saturating_add(KEPT_MS))
    }

    /// Takes a rejected row after all, with the reason typed by the uploader.
    pub(crate) fn take_with_reason(&mut self, row: u32, reason: &str) -> Result<(), Problem> {
        let Some(at) = self.rejected.iter().position(|rejected| rejected.row == row && rejected.may_override) else { return Ok(()) };
        let taken = self.rejected.get(at).and_then(|rejected| rejected.read_with_reason(reason));
        let (zh, en) = (
            format!("第 {row} 行的理由不能接受：至少写 4 个字，说明为何无误"),
            format!("the reason for row {row} does not do: write at least four letters on why it is right"),
        );
        let taken = taken.ok_or_else(|| Problem::saying(Kind::OutOfRange, zh, en))?;
        self.rejected.remove(at);
        self.accepted.push(taken);
        self.accepted.sort_by_key(|accepted| accepted.row);
        Ok(())
    }

    /// Forgets what identifies people, once every row has its answer.
    pub(crate) fn forget_persons(&mut self) {
        self.accepted.clear();
        self.rejected.iter_mut().for_each(|rejected| {
            rejected.cells.clear();
            rejected.name.clear();
        });
    }

    fn name_of(id: &str) -> String {
        format!("{NAMES}{id}")
    }

    /// Writes it to the vault. Blocks.
    pub(crate) fn keep(&self, app: &App) -> Result<(), Problem> {
        let bytes = serde_json::to_vec(self).map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
        Ok(app.engine().stash(&Self::name_of(&self.id), &bytes)?)
    }

    /// Reads it from the vault. Blocks.
    pub(crate) fn load(app: &App, id: &str) -> Result<Option<Self>, Problem> {
        let bytes = app.engine().unstash(&Self::name_of(id))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// The upload of this account; 404 for anybody else's. Blocks.
    pub(crate) fn of(app: &App, acting: &Acting, id: &str) -> Result<Self, Problem> {
        let _form: JobId = crate::v1::input::path_word("id", id)?;
        let now = app.engine().now()?;
        let found = Self::load(app, id)?.filter(|upload| upload.account == acting.account.to_string());
        found.filter(|upload| upload.state == State::Running || now <= upload.kept_until()).ok_or_else(|| Kind::NotFound.into())
    }

    /// Keeps the workbook of the rows that were not taken, as far as is known, beside; none if there are none. Blocks.
    pub(crate) fn keep_returned(&self, app: &App) -> Result<(), Problem> {
        let name = format!("back-{}", Self::name_of(&self.id));
        let rows = self.returned_rows();
        if rows.is_empty() {
            return Ok(app.engine().drop_stash(&name)?);
        }
        let workbook = roster::returned(&rows).map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
        Ok(app.engine().stash(&name, &workbook)?)
    }

    /// The rows that were not taken, in the order of the file.
    fn returned_rows(&self) -> Vec<ReturnedRow> {
        let refused = self.accepted.iter().filter_map(|row| {
            let (code, zh, _) = self.refusals.get(&row.row)?;
            Some(ReturnedRow { row_number: row.row, cells: row.cells(), errors: vec![(None, code.clone(), zh.clone())] })
        });
        let mut rows: Vec<ReturnedRow> = self.rejected.iter().map(Rejected::returned).chain(refused).collect();
        rows.sort_by_key(|row| row.row_number);
        rows
    }
    /// The workbook of the rejected rows.
    pub(crate) fn returned(&self, app: &App) -> Result<Vec<u8>, Problem> {
        let found = app.engine().unstash(&format!("back-{}", Self::name_of(&self.id)))?;
        found.map(|bytes| bytes.to_vec()).ok_or_else(|| Kind::NotFound.into())
    }

    /// Drops what is kept too long; gives the uploads whose import was interrupted. Blocks.
    pub(crate) fn sweep(app: &App) -> Result<Vec<String>, Problem> {
        let now = app.engine().now()?;
        let mut interrupted = Vec::new();
        for name in app.engine().stashed()? {
            let Some(id) = name.strip_prefix(NAMES) else { continue };
            match Self::load(app, id)? {
                Some(upload) if upload.state == State::Running => interrupted.push(upload.id),
                Some(upload) if now <= upload.kept_until() => {}
                Some(_) | None => {
                    app.engine().drop_stash(&format!("back-{name}"))?;
                    app.engine().drop_stash(&name)?;
                }
            }
        }
        Ok(interrupted)
    }
}

fn exposed(text: Option<&Secret<String>>) -> Option<String> {
    text.map(|text| text.expose().clone())
}

impl Accepted {
    fn of(row: &Row) -> Self {
        Self {
            row: row.row_number,
            name: row.name.expose().clone(),
            kind: row.document.kind(),
            number: row.document.expose().to_owned(),
            number_reason: exposed(row.number_override_reason.as_ref()),
            phone: exposed(row.phone.as_ref()),
            employer: exposed(row.employer_name.as_ref()).unwrap_or_default(),
            employer_code: row.employer_uscc.map(|code| code.to_string()),
            category: row.category,
            title_level: exposed(row.title_level.as_ref()),
            code_reason: exposed(row.override_reason.as_ref()),
            notes: row.warnings.iter().map(|warning| (warning.message_zh().to_owned(), warning.message_en().to_owned())).collect(),
        }
    }

    /// The row as it would stand in a file, for the workbook that goes back.
    fn cells(&self) -> BTreeMap<RosterColumn, Secret<String>> {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        let category = self.category.map_or("", |category| names::category(Lang::Zh, Some(category)));
        [
            (RosterColumn::Name, self.name.clone()),
            (RosterColumn::DocumentKind, self.kind.name_zh().to_owned()),
            (RosterColumn::DocumentNumber, self.number.clone()),
            (RosterColumn::Phone, given(&self.phone)),
            (RosterColumn::EmployerName, self.employer.clone()),
            (RosterColumn::EmployerUscc, given(&self.employer_code)),
            (RosterColumn::Category, category.to_owned()),
            (RosterColumn::TitleLevel, given(&self.title_level)),
            (RosterColumn::OverrideReason, given(&self.code_reason)),
            (RosterColumn::NumberReason, given(&self.number_reason)),
        ]
        .map(|(column, text)| (column, Secret::new(text)))
        .into()
    }

    /// The employer: the registered organisation with its code, or what the row says. Blocks.
    fn employer(&self, app: &App) -> Result<Option<Employer>, Problem> {
        if let Some(organisation) = self.employer_code.as_deref().map(|code| organisation_of(app, code)).transpose()?.flatten() {
            return Ok(Some(Employer::Registered(organisation)));
        }
        let name = Some(self.employer.clone()).filter(|name| !name.is_empty());
        let description =
            EmployerDescription { name, uscc: self.employer_code.clone(), override_reason: self.code_reason.clone().map(Secret::new) };
        Ok((description != EmployerDescription::default()).then_some(Employer::Described(description)))
    }

    /// The command that gives this person a seat. Blocks: an employer is looked up by its code.
    pub(crate) fn command(&self, app: &App, class: ClassId, job: JobId) -> Result<RegisterTrainee, Problem> {
        let secret = |text: &Option<String>| text.clone().map(Secret::new);
        Ok(RegisterTrainee {
            class,
            person: Trainee::Described(PersonDescription {
                document_kind: self.kind,
                document_number: Secret::new(self.number.clone()),
                name: Secret::new(self.name.clone()),
                phone: secret(&self.phone),
                override_reason: secret(&self.number_reason),
            }),
            category: self.category,
            employer: self.employer(app)?,
            title_level: self.title_level.clone(),
            job: Some(job),
        })
    }
}

/// The registered organisation with this code, if there is one. Blocks.
fn organisation_of(app: &App, code: &str) -> Result<Option<OrganisationId>, Problem> {
    let Ok(claim) = Subject::of_text(SubjectKind::OrganisationCode, code) else { return Ok(None) };
    let first = story::first_of(app, &claim)?;
    Ok(first.and_then(|first| first.open.get("organisation").and_then(|id| id.as_str()).and_then(|id| id.parse().ok())))
}

impl Rejected {
    fn of(row: &RejectedRow) -> Self {
        let cells: BTreeMap<String, String> =
            row.cells.iter().map(|(column, cell)| (column.header_zh().to_owned(), cell.expose().clone())).collect();
        let fault = |error: &roster::RowError| Fault {
            code: error.code().to_owned(),
            column: (error.column.header_zh().to_owned(), error.column.header_en().to_owned()),
            message: (error.message_zh(), error.message_en()),
            earlier_row: error.earlier_row,
        };
        Self {
            row: row.row_number,
            name: cells.get(RosterColumn::Name.header_zh()).cloned().unwrap_or_default(),
            faults: row.errors.iter().map(fault).collect(),
            may_override: row.errors.iter().all(|error| error.fault.may_be_overridden()),
            cells,
        }
    }

    /// What was lost before the file came is not given back as if it were known: such a cell goes back empty.
    fn returned(&self) -> ReturnedRow {
        let column = |header: &str| RosterColumn::ALL.into_iter().find(|column| column.header_zh() == header);
        let is_lost = |header: &str| self.faults.iter().any(|fault| fault.column.0 == header && LOST.contains(&fault.code.as_str()));
        let cell = |(header, cell): (&String, &String)| Some((column(header).filter(|_| !is_lost(header))?, Secret::new(cell.clone())));
        let error = |fault: &Fault| (column(&fault.column.0), fault.code.clone(), fault.message.0.clone());
        ReturnedRow {
            row_number: self.row,
            cells: self.cells.iter().filter_map(cell).collect(),
            errors: self.faults.iter().map(error).collect(),
        }
    }

    /// Reads the row again with a reason for its number or the code of its employer, as if the file had held it where it says none.
    fn read_with_reason(&self, reason: &str) -> Option<Accepted> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let read = |column: RosterColumn| self.cells.get(column.header_zh()).map_or("", String::as_str);
        let is_reason = |column| matches!(column, RosterColumn::NumberReason | RosterColumn::OverrideReason);
        let cell = |column: RosterColumn| if is_reason(column) && read(column).is_empty() { reason } else { read(column) };
        writer.write_record(RosterColumn::ALL.map(RosterColumn::header_zh)).ok()?;
        writer.write_record(RosterColumn::ALL.map(cell)).ok()?;
        let read = roster::read(&writer.into_inner().ok()?, &RosterLimits::default()).ok()?;
        read.accepted.first().map(|row| Accepted { row: self.row, ..Accepted::of(row) })
    }
}
