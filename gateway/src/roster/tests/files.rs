//! Makers of files: workbooks cell by cell, archives part by part, text in any encoding.

use std::io::{Cursor, Write};

use rust_xlsxwriter::Workbook;
use zhixin_events::document_number::identity_check_character;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A cell of a made workbook.
#[derive(Clone)]
pub(super) enum In {
    Empty,
    Text(String),
    Number(f64),
}

impl From<&str> for In {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for In {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<f64> for In {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// A row of cells of any kind.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($crate::roster::tests::files::In::from($cell)),*] };
}
pub(super) use row;

/// The n-th generated identity number.
pub(super) fn identity(n: u32) -> String {
    let body = format!("999999{}{:02}{:02}{:03}", 1800 + n % 90, 1 + n % 12, 1 + n % 28, n % 1000);
    format!("{body}{}", identity_check_character(&body).unwrap())
}

/// A workbook of sheets of rows.
pub(super) fn xlsx(sheets: &[(&str, Vec<Vec<In>>)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (at_row, row) in (0u32..).zip(rows) {
            for (at, cell) in (0u16..).zip(row) {
                match cell {
                    In::Empty => continue,
                    In::Text(text) => sheet.write_string(at_row, at, text).unwrap(),
                    In::Number(number) => sheet.write_number(at_row, at, *number).unwrap(),
                };
            }
        }
    }
    book.save_to_buffer().unwrap()
}

pub(super) fn roster(rows: Vec<Vec<In>>) -> Vec<u8> {
    xlsx(&[("名单", rows)])
}

/// An archive of parts, packed.
pub(super) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook by hand: the data of its one sheet, and further parts.
pub(super) fn by_hand(sheet_data: &str, further: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{sheet_data}</sheetData></worksheet>"#
    );
    let mut parts = vec![
        ("[Content_Types].xml", CONTENT_TYPES.as_bytes()),
        ("_rels/.rels", RELS.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    parts.extend_from_slice(further);
    archive(&parts)
}

/// A row of inline texts, as a program other than Excel writes them.
pub(super) fn inline_row(number: u32, cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|text| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#)).collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}

/// Overwrites what the directory and the entry itself say about the unpacked size of a part.
pub(super) fn declare_size(archive: &mut [u8], name: &str, size: u32) {
    for (signature, size_at, name_at) in [(b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)] {
        let at = archive
            .windows(name_at + name.len())
            .position(|window| window.starts_with(signature) && window.ends_with(name.as_bytes()))
            .expect("the part is there");
        archive[at + size_at..at + size_at + 4].copy_from_slice(&size.to_le_bytes());
    }
}

pub(super) fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}
