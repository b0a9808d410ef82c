//! Person: registration, correction of the name, and erasure.
//!
//! A person is registered with the first seat, found again by the number of the document together with the name, and can be erased: from
//! then on no data are served and the keys are destroyed; counts and proofs stay. A number alone finds nobody: it would hand anybody who
//! has come across it the name and the history. Sources: Plan 4.2-1; 个人信息保护法 Art. 47.

pub mod complete_erasure;
pub mod correct_person_name;
pub mod erase_person;
pub mod state;

pub use complete_erasure::CompleteErasure;
pub use correct_person_name::CorrectPersonName;
pub use erase_person::ErasePerson;

use zhixin_events::document_number::{DocumentNumber, DocumentNumberError};
use zhixin_events::{CivilDate, DocumentKind};

/// What is wrong with the number of a document; never the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberFault {
    /// What it is; none = it is not in its normal form.
    pub(crate) what: Option<DocumentNumberError>,
    /// Whether an import may take it with a reason. Source: SOURCES 4.
    pub(crate) may_be_overridden: bool,
    /// Whether it tells a date of birth that is still to come.
    pub(crate) is_unborn: bool,
}

/// What is wrong with a number on a day, if anything. Expects the normalised form.
pub(crate) fn number_fault(kind: DocumentKind, number: &str, today: CivilDate) -> Option<NumberFault> {
    let fault = |what| NumberFault { what, may_be_overridden: false, is_unborn: false };
    let check = match DocumentNumber::check(kind, number) {
        Ok(check) => check,
        Err(wrong) => return Some(fault(Some(wrong))),
    };
    let matches = check.matches();
    let parsed = check.into_number();
    if parsed.expose() != number {
        Some(fault(None))
    } else if is_unborn(&parsed, today) {
        Some(NumberFault { is_unborn: true, ..fault(None) })
    } else if matches {
        None
    } else {
        Some(NumberFault { may_be_overridden: true, ..fault(Some(DocumentNumberError::CheckCharacter)) })
    }
}

/// Whether the number of a document tells a date of birth after this day.
pub fn is_unborn(number: &DocumentNumber, today: CivilDate) -> bool {
    number.birth_date().and_then(|born| CivilDate::from_ymd(born.year(), born.month().into(), born.day())).is_some_and(|born| born > today)
}

/// The form in which names are compared: without blanks, full-width letters as plain ones, small letters, one sign for the dots between the
/// parts of a name. Spellings that differ only so are the same name.
pub fn comparable_name(name: &str) -> String {
    let plain = |c: char| match c {
        '‘' | '’' => '\'',
        '•' | '・' | '‧' | '･' | '．' | '.' => '·',
        '！'..='～' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    };
    name.chars().filter(|c| !c.is_whitespace()).map(plain).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_are_one_name_and_other_names_are_others() {
        for (one, other) in
            [("王芳", " 王　芳 "), ("阿依古丽·买买提", "阿依古丽•买买提"), ("Anna Lee", "ANNA  ＬＥＥ"), ("O.Neil", "o·neil")]
        {
            assert_eq!(comparable_name(one), comparable_name(other));
        }
        for (one, other) in [("王芳", "王方"), ("王芳", "王芳芳"), ("Anna Lee", "Anna Li")] {
            assert_ne!(comparable_name(one), comparable_name(other));
        }
    }
}
