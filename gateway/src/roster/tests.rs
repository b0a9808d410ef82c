//! Rosters as people really send them, and as attackers would. All people are generated: address code 999999 and births
//! in the nineteenth century, so that no number can belong to anybody.

#![expect(clippy::format_collect, clippy::format_push_string, reason = "plainer, and a test file is made once")]

mod files;
mod formats;
mod hostile;
mod rows;
mod workbooks;

use super::*;

/// Reads with the default limits.
fn read_default(bytes: &[u8]) -> Result<RosterFile, RosterRefusal> {
    read(bytes, &RosterLimits::default())
}

fn codes(row: &RejectedRow) -> Vec<&'static str> {
    row.errors.iter().map(RowError::code).collect()
}

fn refusal_code(bytes: &[u8]) -> &'static str {
    let code = read_default(bytes).expect_err("the file is refused").code();
    assert!(RosterRefusal::MEANINGS.iter().any(|known| known.0 == code), "{code} is in the list");
    code
}

#[test]
fn codes_are_distinct_and_texts_are_in_both_languages() {
    let faults = RosterFault::ALL.into_iter().map(RosterFault::code);
    let all: Vec<&str> =
        faults.chain(RosterWarning::ALL.into_iter().map(RosterWarning::code)).chain(RosterRefusal::MEANINGS.map(|known| known.0)).collect();
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    for warning in RosterWarning::ALL {
        assert!(!warning.message_zh().is_ascii() && warning.message_en().is_ascii());
    }
    for fault in RosterFault::ALL {
        let error = RowError { earlier_row: Some(7), ..RowError::new(fault, RosterColumn::Name) };
        assert!(error.code().starts_with("ROSTER-"));
        assert!(error.message_zh().contains(|c: char| !c.is_ascii()), "{}", error.message_zh());
        assert!(error.message_en().is_ascii() && error.message_en().ends_with("(row 7)"), "{}", error.message_en());
    }
}
