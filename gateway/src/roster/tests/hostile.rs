//! Files made to hurt: bombs, lies about sizes, damage. Each is refused by code, quickly, and without a panic.

use proptest::prelude::*;

use super::files::{archive, by_hand, declare_size, identity, inline_row, roster, row};
use super::*;

const SHEET: &str = "xl/worksheets/sheet1.xml";

fn one_row() -> String {
    inline_row(1, &["姓名", "证件号码"]) + &inline_row(2, &["王五", &identity(1)])
}

#[test]
fn workbook_made_by_hand_is_read() {
    assert_eq!(read_default(&by_hand(&one_row(), &[])).unwrap().accepted.len(), 1);
}

#[test]
fn bomb_is_refused_by_what_it_declares_and_by_ratio() {
    let bomb = |mebibytes: usize| by_hand(&(one_row() + &" ".repeat(mebibytes << 20)), &[]);
    let large = bomb(300);
    assert!(large.len() < 1 << 20, "a small file");
    let any_ratio = RosterLimits { ratio_max: u64::MAX, ..RosterLimits::default() };
    assert_eq!(read(&large, &any_ratio).unwrap_err(), RosterRefusal::UnpacksTooLarge);
    let medium = bomb(100);
    assert_eq!(refusal_code(&medium), "ROSTER-FILE-UNPACKS-TOO-LARGE");
    assert_eq!(read(&medium, &any_ratio).unwrap().accepted.len(), 1);
}

/// It unpacks no further than it declared.
#[test]
fn bomb_that_declares_a_small_size_is_damaged() {
    let mut bomb = by_hand(&(one_row() + &" ".repeat(64 << 20)), &[]);
    declare_size(&mut bomb, SHEET, 1_000);
    assert_eq!(refusal_code(&bomb), "ROSTER-FILE-DAMAGED");
}

#[test]
fn declared_sizes_are_believed_only_when_too_large() {
    let mut huge = by_hand(&one_row(), &[]);
    declare_size(&mut huge, SHEET, 0xf000_0000);
    assert_eq!(refusal_code(&huge), "ROSTER-FILE-UNPACKS-TOO-LARGE");
    let mut untrue = by_hand(&one_row(), &[]);
    declare_size(&mut untrue, SHEET, 100_000_000);
    assert_eq!(refusal_code(&untrue), "ROSTER-FILE-DAMAGED");
}

#[test]
fn parts_kept_in_memory_have_their_own_bound() {
    let strings = format!("<sst>{}</sst>", "<si><t>x</t></si>".repeat(3_000_000));
    let file = by_hand(&one_row(), &[("xl/sharedStrings.xml", strings.as_bytes())]);
    assert_eq!(refusal_code(&file), "ROSTER-FILE-UNPACKS-TOO-LARGE");
}

#[test]
fn too_many_entries_are_refused() {
    let names: Vec<String> = (0..1_001).map(|n| format!("xl/{n}.xml")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert_eq!(refusal_code(&archive(&parts)), "ROSTER-FILE-UNPACKS-TOO-LARGE");
}

/// The reader would set memory aside by this count and the process would end.
#[test]
fn declared_count_of_shared_strings_is_not_believed() {
    let strings = br#"<?xml version="1.0"?><sst uniqueCount="400000000000000"><si><t>x</t></si></sst>"#;
    let file = by_hand(&one_row(), &[("xl/sharedStrings.xml", strings)]);
    assert_eq!(read_default(&file).unwrap().accepted.len(), 1);
}

#[test]
fn one_long_string_named_by_every_cell_is_bounded() {
    let long = "王".repeat(900);
    let strings = format!("<sst><si><t>{long}</t></si></sst>");
    let cells = r#"<c t="s"><v>0</v></c>"#.repeat(60);
    let rows: String = (3..3_000).map(|n| format!(r#"<row r="{n}">{cells}</row>"#)).collect();
    let file = by_hand(&(one_row() + &rows), &[("xl/sharedStrings.xml", strings.as_bytes())]);
    assert_eq!(refusal_code(&file), "ROSTER-FILE-TOO-MUCH-TEXT");
}

#[test]
fn missing_shared_strings_are_a_refusal() {
    let data = r#"<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>"#;
    assert_eq!(refusal_code(&by_hand(data, &[])), "ROSTER-FILE-WORKBOOK");
}

#[test]
fn impossible_cell_references_are_a_refusal() {
    for reference in ["A99999999999", "ZZZZZZZZZZZ1", "A0", "1", "甲1"] {
        let data = one_row() + &format!(r#"<row r="3"><c r="{reference}"><v>1</v></c></row>"#);
        assert_eq!(refusal_code(&by_hand(&data, &[])), "ROSTER-FILE-WORKBOOK", "{reference}");
    }
}

#[test]
fn parts_in_utf16_are_refused() {
    let strings: Vec<u8> = "\u{feff}<sst uniqueCount=\"9\"/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = by_hand(&one_row(), &[("xl/sharedStrings.xml", &strings)]);
    assert_eq!(refusal_code(&file), "ROSTER-FILE-WORKBOOK");
}

#[test]
fn macros_external_links_and_styles_are_never_opened() {
    let noise: &[u8] = b"\0not xml";
    let parts = ["xl/vbaProject.bin", "xl/media/a.png", "xl/styles.xml", "xl/theme/theme1.xml"].map(|name| (name, noise));
    assert_eq!(read_default(&by_hand(&one_row(), &parts)).unwrap().accepted.len(), 1);
}

#[test]
fn truncated_workbook_is_damaged_at_every_length() {
    let whole = roster(vec![row!["姓名", "证件号码"], row!["王五", identity(1)]]);
    for length in (2..whole.len()).step_by(7) {
        assert_eq!(refusal_code(&whole[..length]), "ROSTER-FILE-DAMAGED", "{length} of {}", whole.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = by_hand(&one_row(), &[]);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Err(refusal) = read_default(&bytes) {
            prop_assert!(!refusal.message_en().is_empty());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read_default(&bytes).is_err());
    }

    #[test]
    fn arbitrary_separated_text_never_panics(text in "[姓名证件号码,\"=\r\n;\t0-9EX+ a王·]{0,200}") {
        let text = format!("姓名,证件号码,手机,统一社会信用代码,校验说明\n{text}");
        if let Ok(file) = read_default(text.as_bytes()) {
            prop_assert!(file.rejected.iter().all(|row| !row.errors.is_empty()));
        }
    }
}
