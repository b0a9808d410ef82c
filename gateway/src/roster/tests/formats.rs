//! What the bytes are: encodings, marks, separators, and files of other kinds.

use super::files::{archive, gb18030, identity};
use super::*;

fn csv(separator: &str) -> String {
    format!("姓名{separator}证件号码\r\n王五{separator}{}\r\n", identity(1))
}

#[test]
fn encodings_of_excel_and_wps_are_told_apart() {
    let text = csv(",");
    for (bytes, format) in [
        (text.clone().into_bytes(), RosterFormat::CsvUtf8),
        (format!("\u{feff}{text}").into_bytes(), RosterFormat::CsvUtf8),
        (gb18030(&text), RosterFormat::CsvGb18030),
        // Four-byte characters are what GB18030 has and GBK lacks: U+3400 and U+20000.
        (gb18030(&text.replace("王五", "㐀𠀀")), RosterFormat::CsvGb18030),
    ] {
        let file = read_default(&bytes).unwrap();
        assert_eq!((file.format, file.accepted.len()), (format, 1));
    }
    let rare = read_default(&gb18030(&text.replace("王五", "㐀𠀀"))).unwrap();
    assert_eq!(rare.accepted[0].name.expose(), "㐀𠀀");
}

#[test]
fn undecodable_bytes_are_refused_with_their_offset() {
    let offset = |bytes: &[u8]| match read_default(bytes) {
        Err(RosterRefusal::Encoding { offset }) => offset,
        other => panic!("{:?}", other.map(|_| ())),
    };
    let mut gb = gb18030("姓名,证件号码\r\n");
    let at = gb.len();
    gb.extend_from_slice(b"\xff\xff,1");
    assert_eq!(offset(&gb), at);
    let mut euro = gb18030("姓名,证件号码\r\n");
    euro.extend_from_slice(b"\x80,1");
    assert_eq!(offset(&euro), at);
    // Cut in the middle of a character.
    assert_eq!(offset(&gb18030("姓名,王")[..6]), 5);
    // With the mark the text promised to be UTF-8, and GB18030 is not tried.
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend_from_slice(&gb18030("姓名"));
    assert_eq!(offset(&marked), 3);
}

#[test]
fn files_of_other_kinds_are_refused_by_kind() {
    let utf16: Vec<u8> = csv("\t").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xff\xfe".to_vec(), utf16.clone()].concat();
    let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, code) in [
        (Vec::new(), "ROSTER-FILE-EMPTY"),
        (utf16, "ROSTER-FILE-UTF16"),
        (marked, "ROSTER-FILE-UTF16"),
        ([ole.clone(), vec![0; 600]].concat(), "ROSTER-FILE-XLS"),
        ([ole, vec![0; 512], locked].concat(), "ROSTER-FILE-LOCKED"),
        (b"%PDF-1.7\n".to_vec(), "ROSTER-FILE-PDF"),
        (b"\xef\xbb\xbf <HTML><table>".to_vec(), "ROSTER-FILE-HTML"),
        (archive(&[("word/document.xml", b"<w/>")]), "ROSTER-FILE-TYPE"),
        (archive(&[("xl/workbook.bin", b"x")]), "ROSTER-FILE-TYPE"),
        ([vec![1, 2, 3], vec![0; 64]].concat(), "ROSTER-FILE-TYPE"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "ROSTER-FILE-TYPE"),
        (vec![b'a'; (10 << 20) + 1], "ROSTER-FILE-TOO-LARGE"),
        ("姓名,电话\n王五,13800000000\n".into(), "ROSTER-COLUMN-MISSING"),
        ("你好\n".into(), "ROSTER-COLUMN-MISSING"),
        ("姓名,姓名,证件号码\n".into(), "ROSTER-COLUMN-TWICE"),
        ("姓名,证件号码\n\n,\n".into(), "ROSTER-FILE-NO-ROWS"),
        ("姓名,证件号码\n\"王五,1\n".into(), "ROSTER-FILE-OPEN-QUOTE"),
    ] {
        assert_eq!(refusal_code(&bytes), code);
        let refusal = read_default(&bytes).unwrap_err();
        assert!(refusal.message_zh().contains(|c: char| !c.is_ascii()) && refusal.message_en().is_ascii());
    }
}

#[test]
fn separators_quotes_and_the_directive_of_excel_are_understood() {
    for separator in [",", ";", "\t"] {
        assert_eq!(read_default(csv(separator).as_bytes()).unwrap().accepted.len(), 1);
    }
    let text = format!("sep=;\r\n姓名;证件号码;单位\r\n王五;\"{}\";\"甲\"\"乙\"\";\r\n部\"\r\n", identity(1));
    let file = read_default(text.as_bytes()).unwrap();
    let row = &file.accepted[0];
    assert_eq!((row.row_number, row.employer_name.as_ref().unwrap().expose().as_str()), (2, "甲\"乙\";\r\n部"));
    // Lines that end as on an old Mac.
    assert_eq!(read_default(csv(",").replace("\r\n", "\r").as_bytes()).unwrap().accepted.len(), 1);
}

#[test]
fn missing_columns_are_listed_with_what_is_needed() {
    let refusal = read_default("姓名,电话\n王五,1\n".as_bytes()).unwrap_err();
    assert_eq!(refusal, RosterRefusal::MissingColumns { missing: vec![RosterColumn::DocumentNumber] });
    assert_eq!(refusal.message_zh(), "表头缺少 证件号码；必须有：姓名、证件号码");
    assert_eq!(refusal.message_en(), "the headings lack Document number; needed: Name, Document number");
}
