//! Person: registration, correction of the name, and erasure.
//!
//! A person is registered with the first seat, found again by the number of the document, and can be erased: from then on no data
//! are served and the keys are destroyed; counts and proofs stay. Sources: Plan 4.2-1; 个人信息保护法 Art. 47.

pub mod complete_erasure;
pub mod correct_person_name;
pub mod erase_person;
pub mod state;

pub use complete_erasure::CompleteErasure;
pub use correct_person_name::CorrectPersonName;
pub use erase_person::ErasePerson;

use zhixin_events::DocumentKind;
use zhixin_events::document_number::{DocumentNumber, DocumentNumberError};

/// What is wrong with the number of a document; never the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberFault {
    /// In words, for a refusal.
    pub(crate) what: &'static str,
    /// Whether an import may take it with a reason. Source: SOURCES 4.
    pub(crate) may_be_overridden: bool,
}

/// What is wrong with a number, if anything. Expects the normalised form.
pub(crate) fn number_fault(kind: DocumentKind, number: &str) -> Option<NumberFault> {
    match DocumentNumber::parse(kind, number) {
        Ok(parsed) if parsed.expose() == number => None,
        Ok(_) => Some(NumberFault { what: "the number is not in its normal form", may_be_overridden: false }),
        Err(DocumentNumberError::CheckCharacter) => Some(NumberFault { what: "the check character is wrong", may_be_overridden: true }),
        Err(_) => Some(NumberFault { what: "length, characters or date are wrong", may_be_overridden: false }),
    }
}
