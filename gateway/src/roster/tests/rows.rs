//! Cells into typed values, and every error of every row.

use proptest::prelude::*;
use zhixin_events::TalentCategory;
use zhixin_events::document_number::DocumentKind;

use super::files::{identity, roster, row};
use super::*;

const USCC: &str = "91350100M000100Y43";
/// Well shaped, wrong check character.
const USCC_WRONG: &str = "91350100M000100Y44";

fn full_heading() -> Vec<files::In> {
    RosterColumn::ALL.into_iter().map(|column| files::In::from(column.header_zh())).collect()
}

/// The one rejected row of a roster of one.
fn rejected(row: Vec<files::In>) -> RejectedRow {
    let mut file = read_default(&roster(vec![full_heading(), row])).unwrap();
    assert!(file.accepted.is_empty(), "the row is rejected");
    file.rejected.remove(0)
}

fn accepted(row: Vec<files::In>) -> Row {
    let mut file = read_default(&roster(vec![full_heading(), row])).unwrap();
    assert!(file.rejected.is_empty(), "{:?}", file.rejected);
    file.accepted.remove(0)
}

#[test]
fn full_row_is_read_into_typed_values() {
    let number = identity(1);
    let row =
        accepted(row![" 张\u{3000}三 ", "居民身份证", number.as_str(), "138-1234 5678", "某某大学", USCC, "急需紧缺", "副高级", "", ""]);
    assert_eq!(row.row_number, 2);
    assert_eq!(row.name.expose(), "张三");
    assert_eq!((row.document.kind(), row.document.expose()), (DocumentKind::IdentityCard, number.as_str()));
    assert_eq!(row.phone.unwrap().expose(), "13812345678");
    assert_eq!(row.employer_name.unwrap().expose(), "某某大学");
    assert_eq!(row.employer_uscc.unwrap().as_str(), USCC);
    assert_eq!(row.category, Some(TalentCategory::UrgentlyNeeded));
    assert_eq!(row.title_level.unwrap().expose(), "副高级");
    assert_eq!(row.warnings, [RosterWarning::IdAddressUnknown]);
}

#[test]
fn only_name_and_number_are_needed() {
    let file = read_default(&roster(vec![row!["Name", "ID number"], row!["Anne-Marie  O'Neil", identity(2)]])).unwrap();
    assert_eq!(file.columns, [RosterColumn::Name, RosterColumn::DocumentNumber]);
    let row = &file.accepted[0];
    assert_eq!(row.name.expose(), "Anne-Marie O'Neil");
    assert_eq!((&row.phone, &row.employer_uscc, row.category), (&None, &None, None));
}

#[test]
fn each_bad_cell_has_its_own_code() {
    let id = identity(3);
    let wrong_check = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
    let c = |name: &str, kind: &str, id: &str, phone: &str, uscc: &str, category: &str| {
        codes(&rejected(row![name, kind, id, phone, "", uscc, category, "", "", ""]))
    };
    assert_eq!(c("", "", &id, "", "", ""), ["ROSTER-NAME-EMPTY"]);
    assert_eq!(c("王?", "", &id, "", "", ""), ["ROSTER-NAME-CHARACTERS"]);
    assert_eq!(c("2", "", &id, "", "", ""), ["ROSTER-NAME-CHARACTERS"]);
    assert_eq!(c(&"王".repeat(51), "", &id, "", "", ""), ["ROSTER-NAME-LENGTH"]);
    assert_eq!(c("王五", "驾驶证", &id, "", "", ""), ["ROSTER-KIND-UNKNOWN"]);
    assert_eq!(c("王五", "", "", "", "", ""), ["ROSTER-ID-EMPTY"]);
    assert_eq!(c("王五", "", "9.9999918000101E+17", "", "", ""), ["ROSTER-ID-DIGITS-LOST"]);
    assert_eq!(c("王五", "", "999999000101001", "", "", ""), ["ROSTER-ID-15-DIGITS"]);
    assert_eq!(c("王五", "", &id[..17], "", "", ""), ["ROSTER-ID-LENGTH"]);
    assert_eq!(c("王五", "", &id.replace('9', "O"), "", "", ""), ["ROSTER-ID-CHARACTERS"]);
    assert_eq!(c("王五", "", "999999180013010019", "", "", ""), ["ROSTER-ID-DATE"]);
    assert_eq!(c("王五", "", &wrong_check, "", "", ""), ["ROSTER-ID-CHECKSUM"]);
    assert_eq!(c("王五", "护照", "E-1", "", "", ""), ["ROSTER-ID-LENGTH"]);
    assert_eq!(c("王五", "", &id, "12345", "", ""), ["ROSTER-PHONE-FORM"]);
    assert_eq!(c("王五", "", &id, "", "M000100Y4", ""), ["ROSTER-USCC-LENGTH"]);
    assert_eq!(c("王五", "", &id, "", "91350100M000100Y4Z", ""), ["ROSTER-USCC-CHARACTERS"]);
    assert_eq!(c("王五", "", &id, "", USCC_WRONG, ""), ["ROSTER-USCC-CHECKSUM"]);
    assert_eq!(c("王五", "", &id, "", "", "一般"), ["ROSTER-CATEGORY-UNKNOWN"]);
    assert_eq!(c(&"王".repeat(1001), "", &id, "", "", ""), ["ROSTER-CELL-TOO-LONG"]);
}

#[test]
fn one_row_holds_many_errors_in_the_order_of_its_columns() {
    let row = rejected(row!["", "", "1", "x", "", "y", "z", "", "", ""]);
    assert_eq!(
        codes(&row),
        ["ROSTER-NAME-EMPTY", "ROSTER-ID-LENGTH", "ROSTER-PHONE-FORM", "ROSTER-USCC-LENGTH", "ROSTER-CATEGORY-UNKNOWN"]
    );
    assert!(row.errors.is_sorted_by_key(|error| error.column));
    assert_eq!(row.cells[&RosterColumn::Phone].expose(), "x");
}

#[test]
fn number_cells_lose_identity_numbers_but_not_phones_or_passports() {
    let row = rejected(row!["王五", "", 999_999_180_001_010_010.0, "", "", "", "", "", "", ""]);
    assert_eq!(codes(&row), ["ROSTER-ID-DIGITS-LOST"]);
    let row = rejected(row!["王五", "", identity(4), "", "", 913_501_000_000_000_000.0, "", "", "", ""]);
    assert_eq!(codes(&row), ["ROSTER-USCC-DIGITS-LOST"]);
    let row = accepted(row!["王五", "护照", 123_456_789.0, 13_812_345_678.0, "", "", "", "", "", ""]);
    assert_eq!(row.document.expose(), "123456789");
    assert_eq!(row.phone.unwrap().expose(), "13812345678");
}

#[test]
fn separated_values_ending_in_the_zeros_of_excel_are_refused_even_with_a_matching_check() {
    let zeros = (0..1000)
        .map(|n| format!("9999991800{:02}{:02}{}00", 1 + n / 28 % 12, 1 + n % 28, n % 10))
        .find(|body| zhixin_events::document_number::identity_check_character(body) == Some('0'))
        .map(|body| format!("{body}0"))
        .unwrap();
    let file = read_default(format!("姓名,证件号码\n王五,{zeros}\n").as_bytes()).unwrap();
    assert_eq!(codes(&file.rejected[0]), ["ROSTER-ID-DIGITS-LOST"]);
    // In a text cell of a workbook nothing was lost.
    assert_eq!(accepted(row!["王五", "", zeros, "", "", "", "", "", "", ""]).row_number, 2);
}

#[test]
fn digits_kept_by_the_tricks_of_people_are_read() {
    let id = identity(5);
    for text in [format!("'{id}"), format!("`{id}"), format!("\u{200e}{id}\t"), id.to_lowercase()] {
        assert_eq!(accepted(row!["王五", "", text, "", "", "", "", "", "", ""]).document.expose(), id);
    }
    let csv = format!("姓名,证件号码\n王五,=\"{id}\"\n");
    assert_eq!(read_default(csv.as_bytes()).unwrap().accepted[0].document.expose(), id);
}

#[test]
fn wrong_credit_code_is_taken_with_a_reason_only() {
    let with = |reason: &str| row!["王五", "", identity(6), "", "", USCC_WRONG, "", "", reason, ""];
    let row = accepted(with("登记证原件如此"));
    assert_eq!(row.employer_uscc.unwrap().as_str(), USCC_WRONG);
    assert_eq!(row.override_reason.unwrap().expose(), "登记证原件如此");
    assert!(row.warnings.contains(&RosterWarning::UsccOverridden));
    assert_eq!(codes(&rejected(with("是"))), ["ROSTER-USCC-CHECKSUM", "ROSTER-REASON-SHORT"]);
    // A reason beside a right code is not an override and is not kept.
    let row = accepted(row!["王五", "", identity(6), "", "", USCC, "", "", "登记证原件如此", ""]);
    assert_eq!(row.override_reason, None);
}

#[test]
fn reason_for_a_credit_code_does_not_excuse_an_identity_number() {
    let id = identity(7);
    let wrong = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
    let row = rejected(row!["王五", "", wrong.as_str(), "", "", USCC_WRONG, "", "", "登记证原件如此", ""]);
    assert_eq!(codes(&row), ["ROSTER-ID-CHECKSUM"]);
    let row = accepted(row!["王五", "", wrong.as_str(), "", "", "", "", "", "", "证件原件如此"]);
    assert_eq!(row.number_override_reason.unwrap().expose(), "证件原件如此");
    assert!(row.warnings.contains(&RosterWarning::IdOverridden));
    // No reason makes an impossible date possible.
    let row = rejected(row!["王五", "", "999999180013010019", "", "", "", "", "", "", "证件原件如此"]);
    assert_eq!(codes(&row), ["ROSTER-ID-DATE"]);
}

#[test]
fn duplicate_names_the_earlier_row_whatever_its_spelling() {
    let id = (100..900).map(identity).find(|id| id.ends_with('X')).unwrap();
    let rows = vec![row!["姓名", "证件号码"], row!["王五", id.as_str()], row!["赵六", identity(8)], row!["王 五", id.to_lowercase()]];
    let file = read_default(&roster(rows)).unwrap();
    assert_eq!(file.accepted.len(), 2);
    let row = &file.rejected[0];
    assert_eq!((row.row_number, codes(row)), (4, vec!["ROSTER-DUPLICATE-IN-FILE"]));
    assert_eq!(row.errors[0].earlier_row, Some(2));
}

#[test]
fn one_document_under_two_names_is_doubtful_in_every_row() {
    let rows = vec![
        row!["姓名", "证件号码"],
        row!["王五", identity(7)],
        row!["赵六", identity(8)],
        row!["张三", identity(7)],
        row!["王 五", identity(7)],
    ];
    let file = read_default(&roster(rows)).unwrap();
    assert_eq!(file.accepted.iter().map(|row| row.row_number).collect::<Vec<_>>(), [3]);
    let wrong: Vec<_> = file.rejected.iter().map(|row| (row.row_number, codes(row), row.errors[0].earlier_row)).collect();
    let expected = [
        (2, vec!["ROSTER-NAME-CONFLICT"], Some(4)),
        (4, vec!["ROSTER-NAME-CONFLICT"], Some(2)),
        (5, vec!["ROSTER-DUPLICATE-IN-FILE"], Some(2)),
    ];
    assert_eq!(wrong, expected);
}

#[test]
fn what_is_held_against_a_row_from_outside_rejects_it() {
    let rows = vec![row!["姓名", "证件号码"], row!["王五", identity(7)], row!["赵六", identity(8)]];
    let against = |row: &Row| (row.row_number == 3).then_some(RowError::new(RosterFault::NameDiffers, RosterColumn::Name));
    let file = read_against(&roster(rows), &RosterLimits::default(), &mut { against }).unwrap();
    assert_eq!((file.accepted.len(), codes(&file.rejected[0])), (1, vec!["ROSTER-NAME-DIFFERS"]));
}

#[test]
fn nothing_printed_holds_what_a_cell_holds() {
    let secret = "李四光";
    let rows = vec![
        full_heading(),
        row![secret, "", identity(9), "13900001111", secret, "", "", secret, secret, secret],
        row![secret, secret, "13900001111", secret, secret, secret, secret, secret, secret, secret],
    ];
    let file = read_default(&roster(rows)).unwrap();
    let mut printed = format!("{file:?}");
    for row in &file.rejected {
        for error in &row.errors {
            printed += &format!("{error:?}{}{}", error.message_zh(), error.message_en());
        }
    }
    assert!(!printed.contains(secret) && !printed.contains(&identity(9)) && !printed.contains("1390000"), "{printed}");
}

proptest! {
    /// Excel's row numbers: blank lines count, and so does nothing else.
    #[test]
    fn row_numbers_are_those_of_the_lines(blanks in prop::collection::vec(0usize..4, 1..8), crlf in any::<bool>()) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("姓名,证件号码{end}");
        let (mut line, mut expected) = (1u32, Vec::new());
        for (n, blank) in (0u32..).zip(&blanks) {
            text += &end.repeat(*blank);
            text += &format!("王五,{}{end}", identity(n));
            line += u32::try_from(*blank).unwrap() + 1;
            expected.push(line);
        }
        let file = read_default(text.as_bytes()).unwrap();
        prop_assert_eq!(file.accepted.iter().map(|row| row.row_number).collect::<Vec<_>>(), expected);
    }

    /// Every generated person comes back as written, through both kinds of file.
    #[test]
    fn generated_rosters_come_back(numbers in prop::collection::btree_set(0u32..900, 1..20)) {
        let rows: Vec<_> = numbers.iter().map(|n| row!["王五", identity(*n)]).collect();
        let csv: String = numbers.iter().map(|n| format!("王五,{}\r\n", identity(*n))).collect();
        let book = roster([vec![row!["姓名", "证件号码"]], rows].concat());
        let distinct: std::collections::BTreeSet<_> = numbers.iter().map(|n| identity(*n)).collect();
        for bytes in [book, format!("姓名,证件号码\r\n{csv}").into_bytes()] {
            let file = read_default(&bytes).unwrap();
            let read: std::collections::BTreeSet<_> =
                file.accepted.iter().map(|row| row.document.expose().to_owned()).collect();
            let kept: std::collections::BTreeSet<_> = if file.format == RosterFormat::Xlsx {
                distinct.clone()
            } else {
                distinct.iter().filter(|id| !id.ends_with("000")).cloned().collect()
            };
            prop_assert_eq!(read, kept);
        }
    }
}
