//! Roster files (学员名单): bytes in, typed rows and row-level errors out. No HTTP, no engine, no clock.
//!
//! A file is read in four steps, each in its own module: `container` tells what the bytes are and bounds what they may
//! unpack to; `workbook` or `csv_text` turns them into a grid of cells with Excel's own row numbers; `header` finds the
//! row of headings; `row` reads the rows below it. [`template`] and [`returned`] write the workbook people fill in and the
//! one that carries their rejected rows back.
//!
//! Invariants: a refusal ([`RosterRefusal`]) means that nothing of the file was taken; a row is either accepted or
//! rejected with at least one error; no message, refusal or `Debug` output carries what a cell holds. Everything is bounded
//! by [`RosterLimits`]; sizes that a file declares about itself are believed only when they are too large.
//!
//! Sources: Plan 4.2-1 (学员名单均可上传); `GB 11643-1999`, `GB 32100-2015` by way of [`zhixin_events`].

mod container;
mod csv_text;
mod fault;
mod header;
mod refusal;
pub(crate) mod row;
mod sheet;
mod template;
mod workbook;

use zhixin_events::Secret;

pub(crate) use fault::meaning;
pub use fault::{RosterFault, RosterWarning, RowError};
pub use header::RosterColumn;
pub use refusal::{OtherFile, RosterRefusal};
pub use row::{RejectedRow, Row};
pub(crate) use sheet::half_width;
pub use template::{ReturnedRow, TEMPLATE_ID, WriteFault, returned, template};

/// A text about a person. Its `Debug` is blank.
pub type Private = Secret<String>;

/// Bounds of one reading. The defaults fit a roster of 10,000 in a workbook whose formatted rows reach Excel's last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterLimits {
    /// Bytes of the file itself.
    pub file_bytes_max: usize,
    /// Entries in the archive of a workbook.
    pub entry_count_max: usize,
    /// Bytes that all parts we read may unpack to, counted while unpacking.
    pub unpacked_bytes_max: u64,
    /// Bytes that a part kept in memory whole (the shared strings, the list of sheets) may unpack to.
    pub part_bytes_max: u64,
    /// Unpacked bytes per packed byte, looked at where a part is beyond 1 MiB. Formatted empty rows reach about 200.
    pub ratio_max: u64,
    /// Sheets looked at.
    pub sheet_count_max: usize,
    /// Cells looked at in all sheets together, empty ones included.
    pub cell_count_max: u64,
    /// Rows below the headings that hold anything.
    pub row_count_max: usize,
    /// Characters in one cell.
    pub cell_chars_max: usize,
    /// Bytes of text kept from one sheet; bounds what one shared string named by every cell can grow to.
    pub text_bytes_max: usize,
}

impl Default for RosterLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 10 << 20,
            entry_count_max: 1_000,
            unpacked_bytes_max: 256 << 20,
            part_bytes_max: 32 << 20,
            ratio_max: 400,
            sheet_count_max: 16,
            cell_count_max: 20_000_000,
            row_count_max: 10_000,
            cell_chars_max: 1_000,
            text_bytes_max: 32 << 20,
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterFormat {
    /// Office Open XML workbook, by Excel, WPS, LibreOffice or a program.
    Xlsx,
    /// Separated values in UTF-8, with or without a byte order mark.
    CsvUtf8,
    /// Separated values in GB18030 or its subsets GBK and GB2312.
    CsvGb18030,
}

/// A file that was read. Nothing is written anywhere yet.
#[derive(Debug)]
pub struct RosterFile {
    /// What the file is.
    pub format: RosterFormat,
    /// Name of the sheet of a workbook.
    pub sheet: Option<String>,
    /// Excel's number of the row of headings, the lower one if there are two.
    pub header_row: u32,
    /// Columns that were recognised, by position.
    pub columns: Vec<RosterColumn>,
    /// Headings that mean nothing to us; their cells are not read.
    pub ignored_columns: Vec<String>,
    /// Rows that hold something but no trainee: notes, totals, signatures.
    pub ignored_rows: Vec<u32>,
    /// Rows without an error, in order.
    pub accepted: Vec<Row>,
    /// Rows with at least one error, in order.
    pub rejected: Vec<RejectedRow>,
}

/// Reads a roster file on its own, without the record.
///
/// # Errors
/// Those of [`read_against`].
pub fn read(bytes: &[u8], limits: &RosterLimits) -> Result<RosterFile, RosterRefusal> {
    read_against(bytes, limits, &mut |_| None)
}

/// Reads a roster file; `against` says what the record or the calendar holds against a row that is well in itself.
///
/// # Errors
/// The first reason why nothing of the file can be taken, in the order of the steps above.
pub fn read_against(
    bytes: &[u8],
    limits: &RosterLimits,
    against: &mut dyn FnMut(&Row) -> Option<RowError>,
) -> Result<RosterFile, RosterRefusal> {
    let (format, name, sheet, header) = match container::open(bytes, limits)? {
        container::Container::Workbook(archive) => {
            let (name, sheet, header) = workbook::table(archive, limits)?;
            (RosterFormat::Xlsx, Some(name), sheet, header)
        }
        container::Container::Text(format, text) => {
            let sheet = csv_text::sheet(&text, limits)?;
            let header = header::find(&sheet)?.ok_or_else(RosterRefusal::no_header)?;
            (format, None, sheet, header)
        }
    };
    if sheet.overflow {
        return Err(RosterRefusal::TooManyRows { limit: limits.row_count_max });
    }
    let read = row::read_all(format, &sheet, header, limits, against)?;
    Ok(RosterFile { sheet: name, ..read })
}

#[cfg(test)]
mod tests;
