//! Tables as CSV: UTF-8 with a byte order mark, because Excel would read another encoding otherwise.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use crate::problem::{Kind, Problem};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A table while it is written. Every row ends with its stamp: what is counted, and the moment it shows, so that a file that was sent on or
/// pasted into another still says so.
pub(super) struct Table {
    writer: csv::Writer<Vec<u8>>,
    stamp: Vec<String>,
}

impl Table {
    /// Begins with the headings; the stamp is headings and values.
    pub(super) fn new(head: &[String], stamp: impl IntoIterator<Item = (String, String)>) -> Self {
        let (stamp_head, values) = stamp.into_iter().unzip();
        let mut table = Self { writer: csv::Writer::from_writer(BYTE_ORDER_MARK.as_bytes().to_vec()), stamp: stamp_head };
        table.row(head);
        table.stamp = values;
        table
    }

    /// Adds a row of as many cells as there are headings.
    pub(super) fn row(&mut self, cells: &[String]) {
        let written = self.writer.write_record(cells.iter().chain(&self.stamp).map(|cell| inert(cell)));
        debug_assert!(written.is_ok(), "a table in memory takes every row of its own width");
    }

    /// The finished table as a download.
    pub(super) fn response(self, name: &str) -> Result<Response, Problem> {
        let bytes = self.writer.into_inner().map_err(|fault| Problem::from(Kind::Internal).because(&fault))?;
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| Problem::from(Kind::Internal))?;
        Ok(([(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")), (CONTENT_DISPOSITION, disposition)], bytes)
            .into_response())
    }
}

/// A cell that no spreadsheet takes for a formula.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_formulas_stay_names() {
        let mut table = Table::new(&["a".to_owned(), "b".to_owned()], [("unit".to_owned(), "persons".to_owned())]);
        table.row(&["=1+1".to_owned(), "某,大学".to_owned()]);
        assert_eq!(String::from_utf8(table.writer.into_inner().unwrap()).unwrap(), "\u{feff}a,b,unit\n'=1+1,\"某,大学\",persons\n");
    }
}
