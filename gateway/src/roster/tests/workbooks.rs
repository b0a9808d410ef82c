//! Workbooks with the habits of Excel, WPS and LibreOffice, and our own template.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};

use super::files::{by_hand, identity, inline_row, roster, row, xlsx};
use super::*;

#[test]
fn headings_are_found_under_titles_and_between_notes() {
    let file = read_default(&xlsx(&[
        ("封面", vec![row!["数字技术工程师培育项目"]]),
        (
            "学员",
            vec![
                row!["2026年第一期培训班学员名单"],
                row!["填报单位：某某大学", "", "", "填报日期：2026年1月1日"],
                row![],
                row!["序 号", "学员\n姓名", "身份证号码（必填）", "＊手机", "单位名称", "民族", "备注"],
                row![1.0, "王五", identity(1), "", "", "汉", ""],
                row![2.0],
                row![3.0, "", identity(2)],
                row!["注：请如实填写"],
                row!["填表人：赵六", "", "", "负责人："],
                row!["合计", "2人"],
            ],
        ),
    ]))
    .unwrap();
    assert_eq!(file.header_row, 4);
    assert_eq!(file.columns, [RosterColumn::Name, RosterColumn::DocumentNumber, RosterColumn::Phone, RosterColumn::EmployerName]);
    assert_eq!(file.ignored_columns, ["序 号", "民族", "备注"]);
    assert_eq!(file.ignored_rows, [6, 8, 9, 10]);
    assert_eq!(file.accepted.iter().map(|row| row.row_number).collect::<Vec<_>>(), [5]);
    assert_eq!(file.rejected.iter().map(|row| row.row_number).collect::<Vec<_>>(), [7]);
}

#[test]
fn headings_are_understood_in_their_usual_forms() {
    for (name, number) in [
        ("姓 名", "身份证号"),
        ("*学员姓名", "公民身份号码"),
        ("姓名:", "证件号码(18位)"),
        ("FULL NAME", "ID No."),
        ("Name (as on document)", "Document Number"),
        ("ｎａｍｅ", "【必填】证件号"),
    ] {
        let file = read_default(&roster(vec![row![name, number], row!["王五", identity(1)]])).unwrap();
        assert_eq!(file.columns, [RosterColumn::Name, RosterColumn::DocumentNumber], "{name} {number}");
    }
}

/// Merged cells: only the left upper one of a merged block holds the text.
#[test]
fn two_rows_of_headings_are_read_as_one() {
    let file = read_default(&roster(vec![
        row!["姓名", "证件", "", "工作单位", "", "联系电话"],
        row!["", "类型", "号码", "名称", "统一社会信用代码", ""],
        row!["王五", "护照", "E12345678", "某某大学", "91350100M000100Y43", ""],
    ]))
    .unwrap();
    assert_eq!(file.header_row, 2);
    let row = &file.accepted[0];
    assert_eq!(row.document.expose(), "E12345678");
    assert_eq!(row.employer_name.as_ref().unwrap().expose(), "某某大学");
    assert!(row.employer_uscc.is_some());
    // A first trainee right under one row of headings is not taken for a second row of them.
    let file = read_default(&roster(vec![row!["姓名", "证件号码", "", ""], row!["王五", identity(1), "电话", ""]])).unwrap();
    assert_eq!((file.header_row, file.accepted.len()), (1, 1));
}

#[test]
fn headings_repeated_on_every_printed_page_are_skipped() {
    let heading = || row!["姓名", "证件号码"];
    let file = read_default(&roster(vec![heading(), row!["王五", identity(1)], heading(), row!["赵六", identity(2)]]));
    let file = file.unwrap();
    assert_eq!((file.accepted.len(), file.ignored_rows), (2, vec![3]));
}

#[test]
fn sheet_named_as_in_the_template_is_preferred() {
    let rows = |n| vec![row!["姓名", "证件号码"], row!["王五", identity(n)]];
    let file = read_default(&xlsx(&[("去年", rows(1)), ("名单", rows(2))])).unwrap();
    assert_eq!(file.accepted[0].document.expose(), identity(2));
    let file = read_default(&xlsx(&[("名单", vec![row!["空"]]), ("Sheet2", rows(3))])).unwrap();
    assert_eq!(file.accepted[0].document.expose(), identity(3));
}

#[test]
fn formatted_empty_rows_to_the_last_of_excel_are_ignored() {
    let mut data = inline_row(1, &["姓名", "证件号码"]) + &inline_row(2, &["王五", &identity(1)]);
    for row in 3..=1_048_576u32 {
        data += &format!(r#"<row r="{row}" s="1" customFormat="1" ht="14.25"><c r="A{row}" s="1"/><c r="B{row}" s="2"/></row>"#);
    }
    let file = read_default(&by_hand(&data, &[])).unwrap();
    assert_eq!((file.accepted.len(), file.rejected.len(), file.ignored_rows.len()), (1, 0, 0));
}

#[test]
fn row_numbers_are_those_of_excel() {
    let data = inline_row(7, &["姓名", "证件号码"]) + &inline_row(40, &["王五", &identity(1)]) + &inline_row(1_048_576, &["赵六", ""]);
    let file = read_default(&by_hand(&data, &[])).unwrap();
    assert_eq!((file.header_row, file.accepted[0].row_number, file.rejected[0].row_number), (7, 40, 1_048_576));
}

#[test]
fn error_values_and_formulas_are_read_as_shown() {
    let data = inline_row(1, &["姓名", "证件号码", "手机"])
        + &format!(r#"<row r="2"><c t="str"><f>A1&amp;"x"</f><v>王五</v></c><c t="str"><f>T(1)</f><v>{}</v></c></row>"#, identity(1))
        + &format!(
            r#"<row r="3"><c t="e"><v>#N/A</v></c><c t="inlineStr"><is><t>{}</t></is></c><c t="e"><v>#REF!</v></c></row>"#,
            identity(2)
        );
    let file = read_default(&by_hand(&data, &[])).unwrap();
    assert_eq!(file.accepted[0].name.expose(), "王五");
    assert_eq!(codes(&file.rejected[0]), ["ROSTER-CELL-ERROR", "ROSTER-CELL-ERROR"]);
}

#[test]
fn more_rows_than_allowed_are_refused_and_exactly_as_many_are_read() {
    let limits = RosterLimits { row_count_max: 5, ..RosterLimits::default() };
    let of = |count| {
        let rows: Vec<_> = (0..count).map(|n| row!["王五", identity(n)]).collect();
        roster([vec![row!["姓名", "证件号码"]], rows].concat())
    };
    assert_eq!(read(&of(5), &limits).unwrap().accepted.len(), 5);
    for count in [6, 500] {
        assert_eq!(read(&of(count), &limits).unwrap_err(), RosterRefusal::TooManyRows { limit: 5 });
    }
}

/// See the README beside the file for how it was made.
#[test]
fn workbook_written_by_libreoffice_is_read() {
    let file = read_default(include_bytes!("../../../tests/fixtures/roster/libreoffice.xlsx")).unwrap();
    assert_eq!((file.format, file.header_row), (RosterFormat::Xlsx, 3));
    assert_eq!(file.ignored_columns, ["序号"]);
    assert_eq!(file.accepted.iter().map(|row| row.row_number).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(file.accepted[0].name.expose(), "王五");
    assert_eq!(file.accepted[0].document.expose(), identity(1));
    assert_eq!(file.accepted[0].phone.as_ref().unwrap().expose(), "13800000001");
    assert_eq!(file.accepted[1].employer_uscc.unwrap().as_str(), "91350100M000100Y43");
    let rejected: Vec<_> = file.rejected.iter().map(|row| (row.row_number, codes(row))).collect();
    assert_eq!(rejected, [(6, vec!["ROSTER-ID-DIGITS-LOST"]), (7, vec!["ROSTER-NAME-EMPTY", "ROSTER-ID-CHECKSUM"])]);
    assert_eq!(file.ignored_rows, [9]);
}

#[test]
fn template_is_the_same_on_every_download_and_holds_no_trainee() {
    let bytes = template().unwrap();
    assert_eq!(bytes, template().unwrap());
    assert_eq!(read_default(&bytes).unwrap_err(), RosterRefusal::NoRows { header_row: 1 });
    let book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.clone())).unwrap();
    assert_eq!(book.sheet_names(), ["名单", "填写说明", "_template"]);
    let sheet = part(&bytes, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("居民身份证,护照") && sheet.contains("高层次,急需紧缺,骨干"), "drop-downs");
    assert!(part(&bytes, "xl/styles.xml").contains("numFmtId=\"49\""), "text columns");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let hidden = book.worksheet_range("_template").unwrap();
    assert_eq!(hidden.get_value((0, 0)), Some(&Data::String(TEMPLATE_ID.to_owned())));
}

#[test]
fn rejected_rows_go_back_in_the_template_and_can_be_uploaded_again() {
    let mut rows = vec![row!["姓名", "证件号码", "电话"], row!["王五", identity(1), ""]];
    rows.push(row!["赵六", "1", "x"]);
    rows.push(row!["=1+1", identity(1), ""]);
    let file = read_default(&roster(rows)).unwrap();
    assert_eq!((file.accepted.len(), file.rejected.len()), (1, 2));
    let rows: Vec<_> = file.rejected.iter().map(ReturnedRow::from).collect();
    let back = returned(&rows).unwrap();
    assert_eq!(back, returned(&rows).unwrap());
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(back.clone())).unwrap();
    let sheet = book.worksheet_range("名单").unwrap();
    let text = |row, column| match sheet.get_value((row, column)) {
        Some(Data::String(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!([text(0, 10), text(0, 11), text(0, 12), text(0, 13)], ["原行号", "错误列", "错误代码", "错误说明"]);
    assert_eq!([text(1, 10), text(1, 11)], ["3", "证件号码\n手机号码"]);
    assert_eq!(text(1, 12), "ROSTER-ID-LENGTH\nROSTER-PHONE-FORM");
    assert_eq!(text(1, 13), "证件号码位数不对\n电话号码格式不对");
    // A text that looks like a formula stays a text.
    assert_eq!(text(2, 0), "=1+1");
    assert_eq!(text(2, 13), "姓名含有数字、问号或其他符号\n与前面的行是同一证件（第 2 行）");
    let styles = part(&back, "xl/styles.xml");
    assert!(styles.contains("FFF9D2CF") && styles.contains("FFB3261E"), "faulty cells are red");
    assert!(part(&back, "xl/comments1.xml").contains("电话号码格式不对"), "faulty cells have a note");
    // Uploaded unchanged it says the same, without complaining about its own columns.
    let again = read_default(&back).unwrap();
    assert_eq!(again.ignored_columns, Vec::<String>::new());
    assert_eq!(codes(&again.rejected[0]), codes(&file.rejected[0]));
}

fn part(archive: &[u8], name: &str) -> String {
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Ten thousand rows, the most of one import: the bound of the text kept is far from met.
#[test]
fn largest_roster_fits_the_default_limits() {
    let rows: Vec<_> = (0..10_000u32)
        .map(|n| row!["王五", "护照", format!("E{n:08}"), 13_800_000_000.0, "某某大学某某学院", "91350100M000100Y43", "骨干", "中级"])
        .collect();
    let heading: Vec<files::In> = RosterColumn::ALL.into_iter().take(8).map(|column| column.header_zh().into()).collect();
    let file = read_default(&roster([vec![heading], rows].concat())).unwrap();
    assert_eq!((file.accepted.len(), file.rejected.len()), (10_000, 0));
}
