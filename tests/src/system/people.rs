//! Made-up people and organisations for the tests, and rosters of them as Excel files.
//!
//! Numbers lie where none is issued: division 98 for people, 99 for organisations (the demonstration's people have 99). Names are of
//! characters that no other text of the system uses, so that they can be looked for.

use anyhow::Context as _;
use rust_xlsxwriter::Workbook;
use zhixin_events::document_number::identity_check_character;
use zhixin_events::uscc::{check_character, organisation_check_character};

/// Somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Name.
    pub name: String,
    /// Number of the identity card.
    pub number: String,
    /// Phone.
    pub phone: String,
}

/// Characters of names: rare ones, in no text of ours.
const FIRST: [&str; 10] = ["龘", "鬯", "鼐", "麴", "夔", "黻", "彧", "翀", "璟", "翮"];
const LAST: [&str; 10] = ["鸾", "骞", "珩", "瑀", "赟", "翯", "颢", "垚", "翾", "骙"];

impl Made {
    /// The person with this index, below 10,000.
    pub fn new(index: u16) -> Self {
        let pick = |list: &[&'static str; 10], at: u16| list.get(usize::from(at % 10)).copied().unwrap_or_default();
        let name = format!("闻人{}{}", pick(&FIRST, index / 10), pick(&LAST, index));
        let body = format!("98{:04}19900315{:03}", index, index % 500);
        let check = identity_check_character(&body).unwrap_or_default();
        Self { name, number: format!("{body}{check}"), phone: format!("1980{index:06}") }
    }

    /// The last six characters of the number.
    pub fn last_six(&self) -> &str {
        self.number.get(12..).unwrap_or_default()
    }
}

/// The credit code of a made-up organisation.
pub fn uscc(index: u16) -> String {
    let organisation = format!("TE{index:06}");
    let body = format!("129999{:02}{organisation}{}", index % 100, organisation_check_character(&organisation).unwrap_or_default());
    format!("{body}{}", check_character(&body).unwrap_or_default())
}

/// A roster as an Excel file: a title in the first row, headings in the third, then one row a person with these texts for name, number and phone.
///
/// # Errors
/// The workbook cannot be written.
pub fn roster(rows: &[[&str; 3]]) -> anyhow::Result<Vec<u8>> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "学员名单")?;
    for (column, heading) in (0u16..).zip(["序号", "姓名", "证件号码", "手机号码"]) {
        sheet.write_string(2, column, heading)?;
    }
    for (row, cells) in (3u32..).zip(rows) {
        sheet.write_number(row, 0, row - 2)?;
        for (column, cell) in (1u16..).zip(cells) {
            sheet.write_string(row, column, *cell)?;
        }
    }
    book.save_to_buffer().context("write a workbook")
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhixin_events::DocumentKind;
    use zhixin_events::document_number::DocumentNumber;
    use zhixin_events::uscc::Uscc;

    #[test]
    fn made_up_numbers_have_right_check_characters_and_differ() {
        let people: Vec<Made> = (0..100).map(Made::new).collect();
        let numbers: std::collections::BTreeSet<_> = people.iter().map(|made| (&made.number, &made.name)).collect();
        assert_eq!(numbers.len(), 100);
        for made in &people {
            assert!(DocumentNumber::check(DocumentKind::IdentityCard, &made.number).unwrap().accept().is_ok());
        }
        assert!((0..100).all(|index| Uscc::parse(&uscc(index)).is_ok()));
    }
}
