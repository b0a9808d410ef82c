//! The workbook people fill in, and the same workbook carrying their rejected rows back.
//!
//! Both are the same bytes for the same input: the creation date is fixed, because a file that differs on every download
//! cannot be compared with a golden one.

use std::collections::BTreeMap;

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet, XlsxError,
};
use zhixin_events::document_number::DocumentKind;

use super::header::{RETURNED, RosterColumn};
use super::workbook::SHEET;
use super::{Private, RejectedRow, RowError};

/// Name and version of the template, in its hidden sheet. A change of the columns is a new version.
pub const TEMPLATE_ID: &str = "zhixin-roster/1";

/// Sheet of instructions.
const HELP: &str = "填写说明";
/// Hidden sheet that names the template.
const HIDDEN: &str = "_template";
/// Last row with drop-downs, counted from 0: the heading and the rows of one import.
const LAST_ROW: u32 = 10_000;
/// Excel's built-in number format for text.
const TEXT: u8 = 49;
/// Choices of the column 人员类别.
const CATEGORIES: [&str; 3] = ["高层次", "急需紧缺", "骨干"];
/// Choices offered for the column 职称级别; others may be typed.
const TITLES: [&str; 5] = ["正高级", "副高级", "中级", "助理级", "员级"];

/// A workbook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The writer refused; with the bounds of a roster it never should.
    #[error("the workbook could not be written")]
    Workbook(#[source] XlsxError),
}

/// The empty template.
///
/// # Errors
/// [`WriteFault::Workbook`].
pub fn template() -> Result<Vec<u8>, WriteFault> {
    write(&[]).map_err(WriteFault::Workbook)
}

/// The template with rejected rows: faulty cells red with a note, and four columns that say what is wrong.
/// The corrected workbook can be uploaded as it is. It holds personal data in the clear: keep it sealed.
///
/// # Errors
/// [`WriteFault::Workbook`].
pub fn returned(rows: &[ReturnedRow]) -> Result<Vec<u8>, WriteFault> {
    write(rows).map_err(WriteFault::Workbook)
}

/// A row on its way back: what it holds, and why it was not taken.
#[derive(Debug, Clone)]
pub struct ReturnedRow {
    /// Excel's row number in the file it came in.
    pub row_number: u32,
    /// Its cells.
    pub cells: BTreeMap<RosterColumn, Private>,
    /// Column, if it is about one, code and text in Chinese.
    pub errors: Vec<(Option<RosterColumn>, String, String)>,
}

impl From<&RejectedRow> for ReturnedRow {
    fn from(row: &RejectedRow) -> Self {
        let error = |error: &RowError| (Some(error.column), error.code().to_owned(), error.message_zh());
        Self { row_number: row.row_number, cells: row.cells.clone(), errors: row.errors.iter().map(error).collect() }
    }
}

fn write(rejected: &[ReturnedRow]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title("学员名单").set_creation_datetime(&created));
    let sheet = book.add_worksheet().set_name(SHEET)?;
    write_headings(sheet, !rejected.is_empty())?;
    for (row, rejected) in (1u32..).zip(rejected) {
        write_rejected(sheet, row, rejected)?;
    }
    write_help(book.add_worksheet().set_name(HELP)?)?;
    let hidden = book.add_worksheet().set_name(HIDDEN)?;
    hidden.write_string(0, 0, TEMPLATE_ID)?;
    hidden.set_very_hidden(true);
    book.save_to_buffer()
}

fn write_headings(sheet: &mut Worksheet, with_errors: bool) -> Result<(), XlsxError> {
    let heading = Format::new().set_bold().set_border(FormatBorder::Thin).set_background_color(Color::RGB(0x00DD_E8F5));
    let needed = heading.clone().set_font_color(Color::RGB(0x00B3_261E));
    let text = Format::new().set_num_format_index(TEXT);
    for (at, column) in (0u16..).zip(RosterColumn::ALL) {
        sheet.set_column_width(at, width(column))?;
        // Text, so that Excel never turns digits into a number.
        sheet.set_column_format(at, &text)?;
        let format = if column.is_required() { &needed } else { &heading };
        sheet.write_string_with_format(0, at, column.header_zh(), format)?;
        let note = format!("{}\n{}", column.header_en(), help(column).0);
        sheet.insert_note(0, at, &plain_note(note))?;
        if let Some(choices) = choices(column) {
            let strict = column != RosterColumn::TitleLevel;
            let list = DataValidation::new().allow_list_strings(&choices)?.show_error_message(strict);
            sheet.add_data_validation(1, at, LAST_ROW, at, &list)?;
        }
    }
    if with_errors {
        for (at, title) in (columns()..).zip(RETURNED) {
            sheet.set_column_width(at, 24)?;
            sheet.write_string_with_format(0, at, title, &heading)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

fn write_rejected(sheet: &mut Worksheet, row: u32, rejected: &ReturnedRow) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format_index(TEXT);
    let faulty = text.clone().set_background_color(Color::RGB(0x00F9_D2CF)).set_font_color(Color::RGB(0x00B3_261E));
    let wrapped = text.clone().set_text_wrap().set_align(FormatAlign::Top);
    let joined = |texts: Vec<&str>| texts.join("\n");
    for (at, column) in (0u16..).zip(RosterColumn::ALL) {
        let cell = rejected.cells.get(&column).map_or("", |cell| cell.expose());
        let notes: Vec<&str> = rejected.errors.iter().filter(|error| error.0 == Some(column)).map(|error| error.2.as_str()).collect();
        if notes.is_empty() {
            sheet.write_string_with_format(row, at, cell, &text)?;
        } else {
            sheet.write_string_with_format(row, at, cell, &faulty)?;
            sheet.insert_note(row, at, &plain_note(notes.join("\n")))?;
        }
    }
    let columns = columns();
    sheet.write_string_with_format(row, columns, rejected.row_number.to_string(), &text)?;
    let parts: [String; 3] = [
        joined(rejected.errors.iter().filter_map(|error| error.0).map(RosterColumn::header_zh).collect()),
        joined(rejected.errors.iter().map(|error| error.1.as_str()).collect()),
        joined(rejected.errors.iter().map(|error| error.2.as_str()).collect()),
    ];
    for (at, part) in (columns.saturating_add(1)..).zip(parts) {
        sheet.write_string_with_format(row, at, part, &wrapped)?;
    }
    Ok(())
}

fn write_help(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (at, width) in [(0, 20), (1, 10), (2, 60), (3, 60)] {
        sheet.set_column_width(at, width)?;
    }
    for (at, title) in (0u16..).zip(["列 / Column", "必填 / Needed", "说明", "Meaning"]) {
        sheet.write_string_with_format(0, at, title, &bold)?;
    }
    for (row, column) in (1u32..).zip(RosterColumn::ALL) {
        let (zh, en) = help(column);
        sheet.write_string(row, 0, format!("{} / {}", column.header_zh(), column.header_en()))?;
        sheet.write_string(row, 1, if column.is_required() { "是 / yes" } else { "否 / no" })?;
        sheet.write_string_with_format(row, 2, zh, &wrapped)?;
        sheet.write_string_with_format(row, 3, en, &wrapped)?;
    }
    sheet.write_string(12, 0, format!("模板版本 / Template: {TEMPLATE_ID}"))?;
    Ok(())
}

fn columns() -> u16 {
    u16::try_from(RosterColumn::ALL.len()).unwrap_or(u16::MAX)
}

fn plain_note(text: String) -> Note {
    Note::new(text).add_author_prefix(false).set_width(260)
}

fn width(column: RosterColumn) -> u32 {
    match column {
        RosterColumn::Name | RosterColumn::Category | RosterColumn::TitleLevel => 12,
        RosterColumn::Phone => 16,
        RosterColumn::DocumentKind | RosterColumn::DocumentNumber | RosterColumn::EmployerUscc => 24,
        RosterColumn::EmployerName | RosterColumn::OverrideReason | RosterColumn::NumberReason => 32,
    }
}

fn choices(column: RosterColumn) -> Option<Vec<&'static str>> {
    match column {
        RosterColumn::DocumentKind => Some(DocumentKind::ALL.map(DocumentKind::name_zh).to_vec()),
        RosterColumn::Category => Some(CATEGORIES.to_vec()),
        RosterColumn::TitleLevel => Some(TITLES.to_vec()),
        RosterColumn::Name
        | RosterColumn::DocumentNumber
        | RosterColumn::Phone
        | RosterColumn::EmployerName
        | RosterColumn::EmployerUscc
        | RosterColumn::OverrideReason
        | RosterColumn::NumberReason => None,
    }
}

fn help(column: RosterColumn) -> (&'static str, &'static str) {
    match column {
        RosterColumn::Name => ("与证件一致，不超过 50 个字", "As on the document, at most 50 characters"),
        RosterColumn::DocumentKind => ("不填即为居民身份证", "An identity card where left empty"),
        RosterColumn::DocumentNumber => (
            "必须是文本；身份证为 18 位。存为数值的号码后几位会丢失，一律退回",
            "Must be text; 18 characters for an identity card. A number cell loses the last digits and is rejected",
        ),
        RosterColumn::Phone => ("手机或固定电话，可带区号", "Mobile or landline, area code allowed"),
        RosterColumn::EmployerName => ("单位全称", "Full name of the employer"),
        RosterColumn::EmployerUscc => ("单位的 18 位统一社会信用代码", "The employer's code of 18 characters"),
        RosterColumn::Category => ("从列表中选择，可不填", "Choose from the list, or leave empty"),
        RosterColumn::TitleLevel => ("从列表中选择或按证书填写", "Choose from the list or write as certified"),
        RosterColumn::OverrideReason => (
            "仅当信用代码校验位不符但登记证确实如此时填写依据",
            "Only where the check character of the code does not match although the certificate says so: the evidence",
        ),
        RosterColumn::NumberReason => (
            "仅当身份证校验位不符但证件确实如此时填写依据",
            "Only where the check character of the number does not match although the document says so: the evidence",
        ),
    }
}
