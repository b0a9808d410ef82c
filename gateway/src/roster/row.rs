//! Rows below the headings, parsed into typed values with every error of every cell.

use std::collections::BTreeMap;
use std::fmt;

use zhixin_engine::domain::person::comparable_name;
use zhixin_events::document_number::{DocumentKind, DocumentNumber, DocumentNumberError, DocumentNumberWarning};
use zhixin_events::uscc::{Uscc, UsccError, UsccFault, UsccWarning};
use zhixin_events::{Secret, TalentCategory};

use super::fault::{RosterFault, RosterWarning, RowError};
use super::header::{Header, RosterColumn};
use super::sheet::{Cell, Sheet, fold, is_blank};
use super::{Private, RosterFile, RosterFormat, RosterLimits, RosterRefusal};

/// A row without errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Excel's row number.
    pub row_number: u32,
    /// Name as on the document, spaces mended.
    pub name: Private,
    /// Document with its kind.
    pub document: DocumentNumber,
    /// Why the number is right although its check character is not; absent where it is.
    pub number_override_reason: Option<Private>,
    /// Phone: digits, perhaps after a plus.
    pub phone: Option<Private>,
    /// Employer as written.
    pub employer_name: Option<Private>,
    /// Employer's credit code.
    pub employer_uscc: Option<Uscc>,
    /// Why the code is right although the standard refuses it; absent where it does not.
    pub override_reason: Option<Private>,
    /// Why the person counts among those the programme is for.
    pub category: Option<TalentCategory>,
    /// Level of the professional title as written: titles of regions differ, so no list is forced on them.
    pub title_level: Option<Private>,
    /// What a person should look at.
    pub warnings: Vec<RosterWarning>,
}

/// A row with at least one error, and its cells for the workbook that goes back.
#[derive(Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Excel's row number.
    pub row_number: u32,
    /// Everything wrong, in the order of the columns.
    pub errors: Vec<RowError>,
    /// Cells as read.
    pub cells: BTreeMap<RosterColumn, Private>,
}

impl fmt::Debug for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedRow").field("row_number", &self.row_number).field("errors", &self.errors).finish_non_exhaustive()
    }
}

const NAME_CHARS_MAX: usize = 50;
const EMPLOYER_CHARS_MAX: usize = 200;
const REASON_CHARS_MIN: usize = 4;

/// How lines that are no trainees begin.
const NOTES: [&str; 19] = [
    "注:",
    "注1",
    "备注",
    "说明",
    "填表",
    "填报",
    "制表",
    "审核",
    "合计",
    "总计",
    "共计",
    "经办",
    "负责人",
    "联系人",
    "单位盖章",
    "单位(",
    "note",
    "total",
    "remark",
];

pub(super) fn read_all(
    format: RosterFormat,
    sheet: &Sheet,
    header: Header,
    limits: &RosterLimits,
    against: &mut dyn FnMut(&Row) -> Option<RowError>,
) -> Result<RosterFile, RosterRefusal> {
    let mut file = RosterFile {
        format,
        sheet: None,
        header_row: header.row,
        columns: header.columns.values().copied().collect(),
        ignored_columns: header.ignored,
        ignored_rows: Vec::new(),
        accepted: Vec::new(),
        rejected: Vec::new(),
    };
    let mut seen = Seen::default();
    let mut read = Vec::new();
    for (number, cells) in sheet.rows.range(header.row.saturating_add(1)..) {
        let known: BTreeMap<RosterColumn, &Cell> = cells.iter().filter_map(|(at, cell)| Some((*header.columns.get(at)?, cell))).collect();
        let is_heading_again = known.iter().all(|(column, cell)| RosterColumn::of_heading(cell.text()) == Some(*column));
        if known.is_empty() || is_heading_again || is_note(cells, &known) {
            file.ignored_rows.push(*number);
            continue;
        }
        let row = Reading::new(sheet.typed, &known).row(*number, &mut seen);
        read.push((*number, known, row));
    }
    for (row_number, known, row) in read {
        let mut wrong = |row: &Row| seen.conflict_of(row_number).or_else(|| against(row));
        match row.and_then(|row| wrong(&row).map_or(Ok(row), |error| Err(vec![error]))) {
            Ok(row) => file.accepted.push(row),
            Err(errors) => file.rejected.push(RejectedRow {
                row_number,
                errors,
                cells: known.iter().map(|(column, cell)| (*column, Secret::new(cell.text().to_owned()))).collect(),
            }),
        }
    }
    let count = file.accepted.len().saturating_add(file.rejected.len());
    if count > limits.row_count_max {
        return Err(RosterRefusal::TooManyRows { limit: limits.row_count_max });
    }
    if count == 0 {
        return Err(RosterRefusal::NoRows { header_row: header.row });
    }
    Ok(file)
}

/// A line under the roster: begins as one and has no document number.
fn is_note(cells: &BTreeMap<u32, Cell>, known: &BTreeMap<RosterColumn, &Cell>) -> bool {
    let first = cells.values().next().map(|cell| fold(cell.text())).unwrap_or_default();
    let numbered = known.get(&RosterColumn::DocumentNumber).is_some_and(|cell| {
        matches!(cell, Cell::Error | Cell::TooLong)
            || cell.text().chars().filter(char::is_ascii_digit).count() >= 5 && !fold(cell.text()).contains(':')
    });
    !numbered && NOTES.iter().any(|note| first.starts_with(note))
}

/// The reading of one row; collects what is wrong.
struct Reading<'a> {
    typed: bool,
    cells: &'a BTreeMap<RosterColumn, &'a Cell>,
    errors: Vec<RowError>,
    warnings: Vec<RosterWarning>,
}

/// The documents of the rows above.
#[derive(Default)]
struct Seen {
    /// By document, the first row with it and the name there.
    first: BTreeMap<(DocumentKind, String), (u32, Option<String>)>,
    /// Of such rows, those whose document stands further down with another name, and where.
    conflicts: BTreeMap<u32, u32>,
}

impl Seen {
    /// What is wrong with a row that repeats a document. A name that cannot be read conflicts with none.
    fn note(&mut self, document: &DocumentNumber, name: Option<&Private>, row: u32) -> Option<RowError> {
        let name = name.map(|name| comparable_name(name.expose()));
        let key = (document.kind(), document.expose().to_owned());
        let Some((earlier, its_name)) = self.first.get(&key) else {
            self.first.insert(key, (row, name));
            return None;
        };
        let other_name = its_name.as_ref().zip(name.as_ref()).is_some_and(|(one, other)| one != other);
        let error = if other_name {
            self.conflicts.entry(*earlier).or_insert(row);
            RowError::new(RosterFault::NameConflict, RosterColumn::Name)
        } else {
            RowError::new(RosterFault::DuplicateInFile, RosterColumn::DocumentNumber)
        };
        Some(RowError { earlier_row: Some(*earlier), ..error })
    }

    /// The error of a row whose document stands further down with another name.
    fn conflict_of(&self, row: u32) -> Option<RowError> {
        let other = *self.conflicts.get(&row)?;
        Some(RowError { earlier_row: Some(other), ..RowError::new(RosterFault::NameConflict, RosterColumn::Name) })
    }
}

impl<'a> Reading<'a> {
    fn new(typed: bool, cells: &'a BTreeMap<RosterColumn, &'a Cell>) -> Self {
        Self { typed, cells, errors: Vec::new(), warnings: Vec::new() }
    }

    fn row(mut self, row_number: u32, seen: &mut Seen) -> Result<Row, Vec<RowError>> {
        let name = self.name();
        let document = self.document();
        if let Some((document, _)) = &document {
            self.errors.extend(seen.note(document, name.as_ref(), row_number));
        }
        let phone = self.phone();
        let employer_name = self.short(RosterColumn::EmployerName, EMPLOYER_CHARS_MAX, RosterFault::EmployerLength);
        let (employer_uscc, override_reason) = self.uscc().unzip();
        let category = self.category();
        let title_level = self.short(RosterColumn::TitleLevel, NAME_CHARS_MAX, RosterFault::CellTooLong);
        match (name, document) {
            (Some(name), Some((document, number_override_reason))) if self.errors.is_empty() => Ok(Row {
                row_number,
                name,
                document,
                number_override_reason,
                phone,
                employer_name,
                employer_uscc,
                override_reason: override_reason.flatten(),
                category,
                title_level,
                warnings: self.warnings,
            }),
            (_, _) => {
                self.errors.sort_by_key(|error| error.column);
                Err(self.errors)
            }
        }
    }

    fn fail<T>(&mut self, fault: RosterFault, column: RosterColumn) -> Option<T> {
        self.errors.push(RowError::new(fault, column));
        None
    }

    /// The text of a cell without blanks around it; nothing if it is empty, an error if it cannot be read.
    fn text(&mut self, column: RosterColumn) -> Option<&'a str> {
        match self.cells.get(&column)? {
            Cell::Error => self.fail(RosterFault::CellError, column),
            Cell::TooLong => self.fail(RosterFault::CellTooLong, column),
            Cell::Text(text) | Cell::Number(text) => Some(unquoted(text)).filter(|text| !text.is_empty()),
        }
    }

    fn is_unreadable(&self, column: RosterColumn) -> bool {
        matches!(self.cells.get(&column), Some(Cell::Error | Cell::TooLong))
    }

    fn name(&mut self) -> Option<Private> {
        let Some(text) = self.text(RosterColumn::Name) else {
            let unreadable = self.is_unreadable(RosterColumn::Name);
            return if unreadable { None } else { self.fail(RosterFault::NameEmpty, RosterColumn::Name) };
        };
        let name = mended_name(text);
        if name.chars().count() > NAME_CHARS_MAX {
            return self.fail(RosterFault::NameLength, RosterColumn::Name);
        }
        if !name.chars().any(is_letter) || !name.chars().all(|c| is_letter(c) || " ·-'’.,".contains(c)) {
            return self.fail(RosterFault::NameCharacters, RosterColumn::Name);
        }
        Some(Secret::new(name))
    }

    fn document(&mut self) -> Option<(DocumentNumber, Option<Private>)> {
        const COLUMN: RosterColumn = RosterColumn::DocumentNumber;
        let kind = self.kind();
        let Some(text) = self.text(COLUMN) else {
            return if self.is_unreadable(COLUMN) { None } else { self.fail(RosterFault::IdEmpty, COLUMN) };
        };
        if self.digits_lost(COLUMN, text, kind == Some(DocumentKind::IdentityCard)) {
            return self.fail(RosterFault::IdDigitsLost, COLUMN);
        }
        let check = match DocumentNumber::check(kind?, text) {
            Ok(check) => check,
            Err(error) => return self.fail(id_fault(error), COLUMN),
        };
        let reason = if check.matches() { None } else { self.reason(RosterColumn::NumberReason) };
        if !check.matches() {
            if reason.is_none() {
                return self.fail(RosterFault::IdChecksum, COLUMN);
            }
            self.warnings.push(RosterWarning::IdOverridden);
        }
        let document = check.into_number();
        self.warnings.extend(document.warning().map(|warning| match warning {
            DocumentNumberWarning::AddressUnknown => RosterWarning::IdAddressUnknown,
            DocumentNumberWarning::LooksLikeResidencePermit => RosterWarning::IdLooksLikePermit,
        }));
        Some((document, reason))
    }

    /// Kind of the document; an identity card where nothing is said.
    fn kind(&mut self) -> Option<DocumentKind> {
        const COLUMN: RosterColumn = RosterColumn::DocumentKind;
        let Some(text) = self.text(COLUMN) else {
            return (!self.is_unreadable(COLUMN)).then_some(DocumentKind::IdentityCard);
        };
        kind_of(&fold(text)).or_else(|| self.fail(RosterFault::KindUnknown, COLUMN))
    }

    /// Whether Excel has thrown digits away: a number of more than 15, scientific notation, or, in separated values where
    /// a number and a text look alike, an identity number of 18 that ends in the three zeros Excel leaves. Why refuse the
    /// last even when the check character happens to match: one in eleven would, and would name another person.
    fn digits_lost(&self, column: RosterColumn, text: &str, is_identity_card: bool) -> bool {
        let folded = fold(text);
        let digits = folded.chars().filter(char::is_ascii_digit).count();
        let in_number = matches!(self.cells.get(&column), Some(Cell::Number(_))) && digits > 15;
        let ends_in_zeros = !self.typed && is_identity_card && digits == 18 && folded.ends_with("000");
        in_number || is_scientific(&folded) || ends_in_zeros
    }

    fn phone(&mut self) -> Option<Private> {
        let text = self.text(RosterColumn::Phone)?;
        let phone: String = fold(text).chars().filter(|c| !"-()/".contains(*c)).collect();
        let digits = phone.strip_prefix('+').unwrap_or(&phone);
        if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.fail(RosterFault::Phone, RosterColumn::Phone);
        }
        Some(Secret::new(phone))
    }

    fn short(&mut self, column: RosterColumn, chars_max: usize, fault: RosterFault) -> Option<Private> {
        let text = self.text(column)?;
        if text.chars().count() > chars_max {
            return self.fail(fault, column);
        }
        Some(Secret::new(text.to_owned()))
    }

    fn uscc(&mut self) -> Option<(Uscc, Option<Private>)> {
        const COLUMN: RosterColumn = RosterColumn::EmployerUscc;
        let text = self.text(COLUMN)?;
        if self.digits_lost(COLUMN, text, false) {
            return self.fail(RosterFault::UsccDigitsLost, COLUMN);
        }
        let check = match Uscc::check(text) {
            Ok(check) => check,
            Err(error) => return self.fail(uscc_fault(error), COLUMN),
        };
        let fault = check.fault().map(uscc_refused);
        let reason = fault.and_then(|_| self.reason(RosterColumn::OverrideReason));
        if let Some(fault) = fault {
            if reason.is_none() {
                return self.fail(fault, COLUMN);
            }
            self.warnings.push(RosterWarning::UsccOverridden);
        }
        for warning in check.warnings() {
            let warning = match warning {
                UsccWarning::OrganisationCheckCharacter => RosterWarning::UsccOrganisationCode,
                UsccWarning::DepartmentUnknown | UsccWarning::DivisionUnknown => RosterWarning::UsccRegistrarUnknown,
            };
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        Some((check.code(), reason))
    }

    /// A reason that says something; one that does not is an error beside the fault it was meant to excuse.
    fn reason(&mut self, column: RosterColumn) -> Option<Private> {
        let text = self.text(column)?;
        if text.chars().filter(|c| c.is_alphanumeric()).count() < REASON_CHARS_MIN {
            return self.fail(RosterFault::ReasonShort, column);
        }
        Some(Secret::new(text.to_owned()))
    }

    fn category(&mut self) -> Option<TalentCategory> {
        let text = fold(self.text(RosterColumn::Category)?);
        let known = match text.as_str() {
            "高层次" | "高层次人才" | "highlevel" | "high_level" => Some(TalentCategory::HighLevel),
            "急需紧缺" | "急需紧缺人才" | "urgentlyneeded" | "urgently_needed" => Some(TalentCategory::UrgentlyNeeded),
            "骨干" | "骨干人才" | "backbone" => Some(TalentCategory::Backbone),
            _ => None,
        };
        known.or_else(|| self.fail(RosterFault::CategoryUnknown, RosterColumn::Category))
    }
}

/// Trims blanks and the marks by which people force Excel to keep text: an apostrophe or a grave accent in front.
fn unquoted(text: &str) -> &str {
    text.trim_matches(is_blank).trim_start_matches(['\'', '‘', '’', '`']).trim_matches(is_blank)
}

fn is_scientific(folded: &str) -> bool {
    folded.split_once("e+").is_some_and(|(mantissa, exponent)| {
        !mantissa.is_empty()
            && !exponent.is_empty()
            && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.')
            && exponent.chars().all(|c| c.is_ascii_digit())
    })
}

/// Spaces that pad a Chinese name go; those in a foreign name become one each; dots between parts become one sign.
fn mended_name(text: &str) -> String {
    let dotted: String = text.chars().map(|c| if matches!(c, '•' | '・' | '‧') { '·' } else { c }).collect();
    let separator = if dotted.chars().any(|c| c.is_ascii_alphabetic()) { " " } else { "" };
    dotted.split(is_blank).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
}

/// Letters of any script, their accents, and the private-use code points in which rare Chinese characters still travel.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '\u{300}'..='\u{36f}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10fffd}')
}

fn kind_of(folded: &str) -> Option<DocumentKind> {
    let known = |kind: &DocumentKind| {
        let aliases: &[&str] = match kind {
            DocumentKind::IdentityCard => &["身份证", "二代身份证", "中国居民身份证", "identitycard", "idcard"],
            DocumentKind::Passport => &["外国护照", "中国护照"],
            DocumentKind::PermanentResidenceCard => &["永居证", "外国人永久居留证", "永久居留身份证", "permanentresidencecard"],
            DocumentKind::HongKongMacaoResidencePermit => &["港澳居住证", "港澳台居民居住证(港澳)", "hongkongmacaoresidencepermit"],
            DocumentKind::TaiwanResidencePermit => &["台湾居住证", "taiwanresidencepermit"],
        };
        folded == kind.name() || folded == kind.name_zh() || aliases.contains(&folded)
    };
    DocumentKind::ALL.into_iter().find(known)
}

/// What keeps a text from being a credit code.
pub(crate) const fn uscc_fault(error: UsccError) -> RosterFault {
    match error {
        UsccError::ExcludedLetter { .. } | UsccError::Character { .. } => RosterFault::UsccCharacters,
        UsccError::Empty | UsccError::OrganisationCodeOnly | UsccError::RegistrationNumber | UsccError::Length { .. } => {
            RosterFault::UsccLength
        }
    }
}

/// Why the standard refuses a credit code.
pub(crate) const fn uscc_refused(fault: UsccFault) -> RosterFault {
    match fault {
        UsccFault::CheckCharacter => RosterFault::UsccChecksum,
        UsccFault::DivisionNotDigits => RosterFault::UsccDivision,
    }
}

/// What keeps a text from being the number of a document.
pub(crate) const fn id_fault(error: DocumentNumberError) -> RosterFault {
    match error {
        DocumentNumberError::Empty => RosterFault::IdEmpty,
        DocumentNumberError::FifteenDigits => RosterFault::IdFifteenDigits,
        DocumentNumberError::Length { .. } => RosterFault::IdLength,
        DocumentNumberError::Character { .. } => RosterFault::IdCharacters,
        DocumentNumberError::DateImpossible | DocumentNumberError::DateNotInCalendar => RosterFault::IdDate,
        DocumentNumberError::CheckCharacter => RosterFault::IdChecksum,
    }
}
