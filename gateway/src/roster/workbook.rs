//! Office Open XML workbooks, read cell by cell through calamine from the archive that `container` made.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::header::{self, Header};
use super::sheet::{Cell, Sheet};
use super::{RosterLimits, RosterRefusal};

/// Sheet of our template; looked at first wherever it stands.
pub(super) const SHEET: &str = "名单";

/// The sheet with a roster, its name and its headings: 名单 if it has any, else the first visible one.
pub(super) fn table(archive: Vec<u8>, limits: &RosterLimits) -> Result<(String, Sheet, Header), RosterRefusal> {
    // calamine computes positions unchecked: a cell reference such as A99999999999 overflows, which panics where
    // overflow is checked. The archive is ours alone, so nothing half-changed survives the unwinding.
    catch_unwind(AssertUnwindSafe(|| find_table(archive, limits))).unwrap_or(Err(RosterRefusal::Workbook))
}

fn find_table(archive: Vec<u8>, limits: &RosterLimits) -> Result<(String, Sheet, Header), RosterRefusal> {
    let understood = |_: calamine::XlsxError| RosterRefusal::Workbook;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(archive)).map_err(understood)?;
    let mut names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .filter(|sheet| sheet.visible == SheetVisible::Visible || sheet.name.trim() == SHEET)
        .map(|sheet| sheet.name.clone())
        .collect();
    names.sort_by_key(|name| name.trim() != SHEET);
    let mut refusal = RosterRefusal::no_header();
    let mut cells_left = limits.cell_count_max;
    for name in names.iter().take(limits.sheet_count_max) {
        let sheet = read_sheet(&mut book, name, &mut cells_left, limits)?;
        match header::find(&sheet) {
            Ok(Some(header)) => return Ok((name.clone(), sheet, header)),
            Ok(None) => {}
            // Kept for the case that no other sheet fits: it names what this one lacks.
            Err(near_miss) => {
                if refusal == RosterRefusal::no_header() {
                    refusal = near_miss;
                }
            }
        }
    }
    Err(refusal)
}

fn read_sheet(book: &mut Xlsx<Cursor<Vec<u8>>>, name: &str, cells_left: &mut u64, limits: &RosterLimits) -> Result<Sheet, RosterRefusal> {
    let mut sheet = Sheet::new(true, limits);
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| RosterRefusal::Workbook)?;
    while let Some(cell) = reader.next_cell().map_err(|_| RosterRefusal::Workbook)? {
        *cells_left = cells_left.checked_sub(1).ok_or(RosterRefusal::UnpacksTooLarge)?;
        let (row, column) = cell.get_position();
        let row = row.saturating_add(1);
        match cell.get_value() {
            DataRef::Empty => {}
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                sheet.put_text(row, column, text)?;
            }
            DataRef::SharedString(text) => sheet.put_text(row, column, text)?,
            DataRef::Int(value) => sheet.put(row, column, Cell::Number(value.to_string()))?,
            DataRef::Float(value) => sheet.put(row, column, Cell::Number(value.to_string()))?,
            DataRef::DateTime(value) => sheet.put(row, column, Cell::Number(value.as_f64().to_string()))?,
            DataRef::Bool(value) => sheet.put_text(row, column, if *value { "TRUE" } else { "FALSE" })?,
            DataRef::Error(_) => sheet.put(row, column, Cell::Error)?,
        }
    }
    Ok(sheet)
}
